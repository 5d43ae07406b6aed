package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/auth"
	"hearth/hub/chat"
	"hearth/store"
)

// cookie is one that an answer sets.
func cookie(a client.Answer, name string) *http.Cookie {
	for _, k := range (&http.Response{Header: a.Header}).Cookies() {
		if k.Name == name {
			return k
		}
	}
	return nil
}

func TestLoginOfTheOlderClient(t *testing.T) {
	for _, row := range []struct {
		name, public, session, device, challenge string
		secure                                   bool
	}{
		{"on this machine", "", "hearth_session", "hearth_device", "hearth_challenge", false},
		{"over https", "https://chat.example.org", "__Host-hearth_session", "__Host-hearth_device", "__Secure-hearth_challenge", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := apitest.New(t, publicURL(row.public))
			p := s.Person("P1", false) // this test carries its cookies itself
			a := ajax(t, p, "validateUserPhone", `["Denver","16505550102"]`)
			if wantStatus(t, a, 200); string(a.Body) != "true" {
				t.Errorf("%s", a.Body)
			}
			k := cookie(a, row.challenge)
			if k == nil || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/api/ajax" || k.Secure != row.secure || k.MaxAge != 600 {
				t.Fatalf("%v", k)
			}
			code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
			b := do(t, p, request{method: "POST", path: "/api/ajax", body: `{"action":"validateCode","payload":" ` + code + `\n"}`,
				header: http.Header{"Cookie": {row.challenge + "=" + k.Value}}})
			result(t, b)
			if strings.Contains(string(b.Body), code) || strings.Contains(string(b.Body), "0102") || strings.Contains(string(b.Body), "ey") {
				t.Errorf("a code, phone or token in %s", b.Body)
			}
			for _, name := range []string{row.session, row.device} {
				if k := cookie(b, name); k == nil || !k.HttpOnly || k.Value == "" || k.Secure != row.secure {
					t.Errorf("%s: %v", name, k)
				}
			}
			if k := cookie(b, row.challenge); k == nil || k.MaxAge >= 0 || k.Path != "/api/ajax" {
				t.Errorf("%v", k)
			}
			// It is a login like any other.
			p.SetToken(cookie(b, row.session).Value)
			wantStatus(t, get(t, p, "/api/me"), 200)
			if got := result(t, ajax(t, p, "getUserSessions", `{"record_id":"P1"}`)); len(got) < 100 {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestOlderLoginTellsNobodyWhoIsThere(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Auth.OTP = auth.OTP{MaxSends: 2} })
	for i := range 4 {
		known := ajax(t, s.Person("P1", true), "validateUserPhone", `["Denver","16505550102"]`)
		for _, body := range []string{`["Denver","16505550199"]`, `["Grumby","16505550102"]`, `["Hinkley","16505550106"]`} {
			unknown := ajax(t, s.Person("P1", true), "validateUserPhone", body)
			if k := cookie(unknown, "hearth_challenge"); (k != nil) != (known.Status == 200) {
				t.Errorf("%d. %s: %v", i, body, k)
			}
			unknown.Header.Del("Set-Cookie") // another challenge
			known.Header.Del("Set-Cookie")
			sameAnswers(t, fmt.Sprint(i, ". ", body), known, unknown)
		}
		if i < 2 {
			wantStatus(t, known, 200)
		} else if msg := said(t, known, 429, chat.TooManyTries); !strings.Contains(msg, " minutes") {
			t.Errorf("%q", msg)
		}
		s.Clock.Add(2 * time.Minute)
	}
}

func TestWrongCodeSpendsTheChallengeOfTheOlderClient(t *testing.T) {
	s := apitest.New(t)
	p := s.Person("P1", true)
	wantStatus(t, ajax(t, p, "validateUserPhone", `["Denver","16505550102"]`), 200)
	code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
	a := ajax(t, p, "validateCode", `"`+code[1:]+`x"`)
	if msg := said(t, a, 401, chat.InvalidCode); !strings.Contains(msg, "Reload the page") {
		t.Errorf("%q", msg)
	}
	if k := cookie(a, "hearth_challenge"); k == nil || k.MaxAge >= 0 {
		t.Errorf("%v", k)
	}
	said(t, ajax(t, p, "validateCode", `"`+code+`"`), 401, chat.InvalidCode)
	// A typing error that is none of a code is free.
	s.Clock.Add(2 * time.Minute)
	wantStatus(t, ajax(t, p, "validateUserPhone", `["Denver","16505550102"]`), 200)
	code = must[string](t)(s.SMS.Code(soon(t), "+16505550102", 1))
	said(t, ajax(t, p, "validateCode", `" "`), 400, chat.BadRequest)
	result(t, ajax(t, p, "validateCode", `"`+code+`"`))
	wantStatus(t, get(t, p, "/api/me"), 200)
}

func TestOneGuessOfTheOlderClientTriesOneCode(t *testing.T) {
	s := apitest.New(t)
	p, q := s.Person("P1", true), s.Person("P2", true)
	wantStatus(t, ajax(t, p, "validateUserPhone", `["Denver","16505550102"]`), 200)
	wantStatus(t, ajax(t, q, "validateUserPhone", `["Grumby","16505550103"]`), 200)
	code := must[string](t)(s.SMS.Code(soon(t), "+16505550103", 0))
	if code == must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0)) {
		t.Skip("the same code for both, once in a million")
	}
	said(t, ajax(t, p, "validateCode", `"`+code+`"`), 401, chat.InvalidCode)
	result(t, ajax(t, q, "validateCode", `"`+code+`"`))
}

func TestOriginRuleHoldsForAllOfTheBridge(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.API.AllowedOrigins = []string{"https://survey.example"} })
	p := s.Browser("P1")
	bearer, nobody := s.Login("P1"), s.Person("P1", false)
	const foreign = "https://evil.example"
	header := func(origin, site string) http.Header {
		return http.Header{"Origin": {origin}, "Sec-Fetch-Site": {site}}
	}
	for _, action := range []string{
		"validateUserPhone", "validateCode", "getUserSessions", "getParticipants", "updateParticipants", "getUserSurveys",
		"checkUserCompletion", "getWhiteboard", "setWhiteboard", "handleActions", "nonsense",
	} {
		for who, person := range map[string]*apitest.Person{"with a cookie": p, "without one": nobody} {
			for _, h := range []http.Header{
				header(foreign, "cross-site"), header("null", "cross-site"), {"Origin": nil, "Sec-Fetch-Site": {"cross-site"}},
				{"Origin": {p.Origin(), foreign}},
			} {
				a := do(t, person, request{method: "POST", path: "/api/ajax", body: `{"action":"` + action + `"}`, header: h})
				if a.Status != 403 || a.Problem().Code != chat.CrossOrigin {
					t.Errorf("%s %s, %v: %d %s", action, who, h, a.Status, a.Body)
				}
			}
		}
	}
	ask := func(p *apitest.Person, h http.Header) client.Answer {
		return do(t, p, request{method: "POST", path: "/api/ajax", body: `{"action":"getUserSessions"}`, header: h})
	}
	said(t, ask(p, http.Header{"Origin": nil}), 403, chat.CrossOrigin) // a cookie, and no word of where from
	for _, h := range []http.Header{header(p.Origin(), "same-origin"), header("https://survey.example", "cross-site"), {"Origin": nil, "Sec-Fetch-Site": {"none"}}} {
		wantStatus(t, ask(p, h), 200)
		wantStatus(t, ask(nobody, h), 200)
	}
	wantStatus(t, ask(nobody, nil), 200)
	wantStatus(t, ask(bearer, header(foreign, "cross-site")), 200) // no browser sends that by itself
}

func TestBridgeIsNotThereWhenItIsSwitchedOff(t *testing.T) {
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") })
	s := apitest.New(t, func(o *apitest.Options) { o.API.NoLegacy, o.API.Pages = true, pages })
	p := s.Login("P1")
	for _, a := range []client.Answer{
		ajax(t, p, "getUserSessions", ""), post(t, p, "/api/ajax", "x"), get(t, p, "/api/ajax"), get(t, p, "/static/jsmo.js"),
	} {
		if e := wantProblem(t, a, 404, chat.NotFound); !strings.Contains(e.Detail, "legacy.enabled") {
			t.Errorf("%q", e.Detail)
		}
	}
	wantStatus(t, get(t, p, "/"), 200)
	s = apitest.New(t, func(o *apitest.Options) { o.API.Pages = pages })
	p = s.Login("P1")
	wantStatus(t, get(t, p, "/static/jsmo.js"), 200)
	wantProblem(t, get(t, p, "/api/ajax"), 405, chat.MethodNotAllowed)
}

func TestWhatOfTheOlderClientCountsAsActivity(t *testing.T) {
	const idle = 30 * time.Minute
	say := `{"type":"message","sessionID":"TS1","body":"x"}`
	for _, row := range []struct {
		action, payload string
		is              bool
	}{
		{"getUserSessions", "", false},
		{"getUserSessions", `{"record_id":"P1"}`, false},
		{"getParticipants", `{"participants":["P1"]}`, false},
		{"handleActions", `{"sessionID":"TS2","maxID":null,"actionQueue":[]}`, false},
		{"handleActions", `{"sessionID":"TS2","maxID":null,"actionQueue":[` + say + `]}`, true},
		{"getUserSurveys", `{"participant_id":"P1","therapy_session_id":"TS2"}`, true},
		{"getWhiteboard", `{"record_id":"TS2"}`, true},
		{"updateParticipants", `{"record_id":"TS2","participant_id":"P1","action":"admit"}`, true},
		{"checkUserCompletion", `{"record_id":"TS2"}`, true},
		{"setWhiteboard", `{"record_id":"TS2","ts_whiteboard":"x"}`, true},
		{"nonsense", "", false},
	} {
		t.Run(row.action+row.payload, func(t *testing.T) {
			inMemory(t, func(t *testing.T, s *apitest.Server) {
				p := s.Login("P1")
				time.Sleep(idle / 2)
				ajax(t, p, row.action, row.payload)
				time.Sleep(idle/2 - time.Second)
				wantStatus(t, get(t, p, "/api/me"), 200)
				time.Sleep(3 * time.Second)
				if row.is {
					wantStatus(t, get(t, p, "/api/me"), 200)
					time.Sleep(idle / 2)
				}
				said(t, ajax(t, p, "getParticipants", `{"participants":[]}`), 401, chat.NotAuthenticated)
				if got := string(result(t, ajax(t, p, "getUserSessions", ""))); got != "[]" {
					t.Errorf("%s", got)
				}
			})
		})
	}
}

func TestWhoPollsInAnOpenTherapySessionStaysLoggedIn(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := olderPage(t, s.Login("P1"), apitest.Plain)
		for range 9 {
			p.poll()
			time.Sleep(70 * time.Second)
		}
		time.Sleep(3 * time.Hour) // the laptop was closed
		p.poll()
	})
}

func TestLogsHoldNothingOfTheOlderClient(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Roster = apitest.Sample(); o.Roster.People["P1"].Name = "Willy Gilligan" })
	p := s.Person("P1", true)
	ajax(t, p, "validateUserPhone", `["Denver","16505550102"]`)
	code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
	result(t, ajax(t, p, "validateCode", `"`+code+`"`))
	o := olderPage(t, p, apitest.Plain)
	o.poll(o.say("secret words", "01.000"), o.queued("delete", `"target":"pending-secret"`), o.say("secret words", "02.000", "secret person"))
	ajax(t, p, "nonsense-secret", `"secret"`)
	ajax(t, p, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":"secret board"}`)
	s.Disk.Break(false)
	o.call(o.say("secret again", "03.000"))
	s.Disk.Mend()
	log := s.Log.String()
	if log == "" {
		t.Fatal("nothing was logged: this test sees nothing")
	}
	var audit strings.Builder
	err := s.Store.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		fmt.Fprintf(&audit, "%+v\n", e)
		return true
	})
	if err != nil || audit.Len() == 0 {
		t.Fatal("nothing in the audit log", err)
	}
	for _, secret := range []string{"secret", code, "6505550102", "Denver", "Willy"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
		if strings.Contains(audit.String(), secret) {
			t.Errorf("%q is in the audit log:\n%s", secret, audit.String())
		}
	}
}
