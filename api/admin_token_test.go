package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

type listedToken struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Created  string `json:"created_at"`
	By       string `json:"created_by"`
	Expires  string `json:"expires_at"`
	LastUsed string `json:"last_used_at"`
	Current  bool   `json:"current"`
}

func (a *admin) tokens() (all []listedToken) {
	a.t.Helper()
	r := get(a.t, a.p, "/api/admin/tokens")
	wantStatus(a.t, r, 200)
	var out struct {
		Tokens []listedToken `json:"tokens"`
	}
	decode(a.t, r.Body, &out)
	return out.Tokens
}

// make makes a token with a's.
func (a *admin) make(body string) *admin {
	a.t.Helper()
	r := post(a.t, a.p, "/api/admin/tokens", body)
	wantStatus(a.t, r, 201)
	var out struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}
	decode(a.t, r.Body, &out)
	p := a.s.Person("nobody", false)
	p.SetToken(out.Token)
	return &admin{a.t, a.s, p, out.Token, out.ID}
}

func (a *admin) revoke(id string) client.Answer {
	a.t.Helper()
	return do(a.t, a.p, request{method: "DELETE", path: "/api/admin/tokens/" + id})
}

func TestTokensAreMadeListedAndRevoked(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s) // for a day
	s.Clock.Add(time.Hour)
	r := post(t, a.p, "/api/admin/tokens", `{"name":"Nightly import","expires":"12h"}`)
	want := regexp.MustCompile(`^\{"id":"([0-9a-f]{12})","name":"Nightly import","role":"admin","expires_at":"2026-12-02T07:00:00.000Z","token":"(hearth_([0-9a-f]{12})_[A-Za-z0-9_-]{43})"\}$`)
	found := want.FindStringSubmatch(string(r.Body))
	if r.Status != 201 || found == nil || found[1] != found[3] || r.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	id, secret := found[1], found[2]
	b := s.Person("nobody", false)
	b.SetToken(secret)
	wantStatus(t, get(t, b, "/api/admin/roster"), 200)

	got := fmt.Sprintf("%+v", a.tokens())
	if want := fmt.Sprintf("%+v", []listedToken{
		{id, "Nightly import", "admin", "2026-12-01T19:00:00.000Z", "token:" + a.id, "2026-12-02T07:00:00.000Z", "2026-12-01T19:00:00.000Z", false},
		{a.id, "Study office", "admin", "2026-12-01T18:00:00.000Z", "operator", "2026-12-02T18:00:00.000Z", "2026-12-01T19:00:00.000Z", true},
	}); got != want {
		t.Errorf("listed %s\nwant %s", got, want)
	}
	if all := get(t, a.p, "/api/admin/tokens"); strings.Contains(string(all.Body), secret[20:]) || strings.Contains(string(all.Body), a.secret[20:]) {
		t.Errorf("the list has a secret: %s", all.Body)
	}

	wantStatus(t, a.revoke(id), 204)
	wantStatus(t, a.revoke(id), 204) // as it is
	wantProblem(t, get(t, b, "/api/admin/roster"), 401, chat.NotAuthenticated)
	wantProblem(t, a.revoke("0123456789ab"), 404, chat.NotFound)
	wantProblem(t, a.revoke("%2e%2e"), 404, chat.NotFound)
	wantProblem(t, a.revoke(strings.Repeat("0", 3000)), 404, chat.NotFound)
	if all := a.tokens(); len(all) != 1 || all[0].ID != a.id {
		t.Errorf("after revoking: %+v", all)
	}
	log := a.audited()
	for _, want := range []string{
		`"event":"token_create","actor":"token:` + a.id + `","subject":"token:` + id + `"}`,
		`"event":"token_revoke","actor":"token:` + a.id + `","subject":"token:` + id + `"}`,
		`"event":"token_use","actor":"token:` + id + `","reason":"revoked"}`,
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("the audit log has %d times %s", strings.Count(log, want), want)
		}
	}
	for where, text := range map[string]string{"audit log": log, "log": s.Log.String()} {
		if strings.Contains(text, secret[20:]) || strings.Contains(text, a.secret[20:]) || strings.Contains(text, "Nightly") {
			t.Errorf("the %s has a secret or a name", where)
		}
	}
	// One may end the token that one uses.
	wantStatus(t, a.revoke(a.id), 204)
	wantProblem(t, a.revoke(a.id), 401, chat.NotAuthenticated)
}

func TestTokenDoesNotOutliveItsMaker(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s) // for a day
	made := a.make(`{"name":"left out"}`)
	null := a.make(`{"name":"null","expires":null}`)
	whole := a.make(`{"name":"all of it","expires":"1d"}`)
	for _, token := range a.tokens() {
		if token.Expires != "2026-12-02T18:00:00.000Z" {
			t.Errorf("%+v", token)
		}
	}
	for _, body := range []string{`{"name":"x","expires":"25h"}`, `{"name":"x","expires":"90d"}`} {
		p := wantProblem(t, post(t, a.p, "/api/admin/tokens", body), 400, chat.BadRequest)
		if p.Detail != "expires: not after 2026-12-02T18:00:00Z, when the token that makes it ends" {
			t.Errorf("%s: %s", body, p.Detail)
		}
	}
	s.Clock.Add(time.Hour)
	for range 3 { // nor does a chain of them
		made = made.make(`{"name":"child"}`)
	}
	if all := a.tokens(); len(all) != 7 || all[0].Expires != "2026-12-02T18:00:00.000Z" {
		t.Errorf("%+v", all)
	}
	s.Clock.Add(23 * time.Hour)
	for _, over := range []*admin{a, made, null, whole} {
		wantProblem(t, get(t, over.p, "/api/admin/tokens"), 401, chat.NotAuthenticated)
		wantProblem(t, post(t, over.p, "/api/admin/tokens", `{"name":"x"}`), 401, chat.NotAuthenticated)
	}

	secret, _, err := s.Auth.CreateToken(soon(t), "operator", "admin", "lasting", 0)
	if err != nil {
		t.Fatal(err)
	}
	a.p.SetToken(secret)
	a.make(`{"name":"not said"}`)
	listed := map[string]string{}
	for _, token := range a.tokens() {
		listed[token.Name] = token.Expires
	}
	if listed["lasting"] != "" || listed["not said"] != "2027-03-02T18:00:00.000Z" {
		t.Errorf("of one that lasts for ever: %v", listed)
	}
}

func TestBadTokensAreNotMade(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	for body, want := range map[string]string{
		``:                               "not valid JSON",
		`[]`:                             "must be an object",
		`{}`:                             "name: missing",
		`{"name":""}`:                    "name: missing",
		`{"name":null}`:                  "name: missing",
		`{"name":7}`:                     "name: must be a string",
		`{"name":"\ud800"}`:              "name: not valid Unicode",
		`{"name":"a\u0000b"}`:            "name: at most 100 characters",
		`{"name":"` + long(101) + `"}`:   "name: at most 100 characters",
		`{"name":"x","name":"y"}`:        `"name": given twice`,
		`{"name":"x","expires":7}`:       "expires: must be a string",
		`{"name":"x","expires":""}`:      "expires: must be like 90d or 12h",
		`{"name":"x","expires":"90"}`:    "expires: must be like 90d or 12h",
		`{"name":"x","expires":"0d"}`:    "expires: must be like 90d or 12h",
		`{"name":"x","expires":"-1h"}`:   "expires: must be like 90d or 12h",
		`{"name":"x","expires":"1d12h"}`: "expires: must be like 90d or 12h",
		`{"name":"x","expires":"99999999999999999999d"}`:       "expires: must be like 90d or 12h",
		`{"name":"x","expires":"2026-12-24T00:00:00Z"}`:        "expires: must be like 90d or 12h",
		`{"name":"x","expires":["90d"]}`:                       "expires: must be a string",
		`{"name":"x","expires":"65535d"}`:                      "expires: not after ",
		`{"name":"x","role":"therapist","expires":"1000000h"}`: "expires: not after ",
	} {
		r := post(t, a.p, "/api/admin/tokens", body)
		if body == "" {
			r = do(t, a.p, request{method: "POST", path: "/api/admin/tokens", header: http.Header{"Content-Type": {"application/json"}}})
		}
		if p := wantProblem(t, r, 400, chat.BadRequest); !strings.HasPrefix(p.Detail, want) {
			t.Errorf("%s: %q, want %q", body, p.Detail, want)
		}
	}
	wantProblem(t, do(t, a.p, request{"POST", "/api/admin/tokens", `{"name":"x"}`, http.Header{"Content-Type": {"text/plain"}}, ""}), 415, chat.UnsupportedMediaType)
	wantProblem(t, post(t, a.p, "/api/admin/tokens", `{"name":"`+long(3<<20)+`"}`), 413, chat.TooLarge)
	if all := a.tokens(); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	a.make(`{"name":"` + long(100) + `","role":"therapist"}`) // what nobody asks for is passed over
}

func long(n int) string { return strings.Repeat("x", n) }

// staffCalls are the calls with a therapy session, a token or the server for
// their noun.
var staffCalls = []request{
	{method: "GET", path: "/api/admin/sessions"},
	{method: "GET", path: "/api/admin/health"},
	{method: "GET", path: "/api/admin/tokens"},
	{method: "POST", path: "/api/admin/tokens", body: `{"name":"x"}`},
	{method: "DELETE", path: "/api/admin/tokens/0123456789ab"},
}

func TestStaffCallsAreRefusedWithoutAGoodToken(t *testing.T) {
	s := apitest.New(t)
	good, revoked, expired := newAdmin(t, s), newAdmin(t, s), newAdmin(t, s)
	good = good.make(`{"name":"good"}`)
	wantStatus(t, good.revoke(revoked.id), 204)
	expired = expired.make(`{"name":"short","expires":"1m"}`)
	s.Clock.Add(time.Minute)
	participant, therapist, browser := s.Login("P1"), s.Login("T1"), s.Browser("P2")
	nobody := s.Person("nobody", false)
	cookie := ""
	for _, k := range browser.Cookies() {
		if k.Name == "hearth_session" {
			cookie = k.Value
		}
	}
	for _, in := range staffCalls {
		wantStatusBelow(t, do(t, good.p, in), 405) // 404 of a token that is not there
		for name, as := range map[string]*apitest.Person{
			"nobody": nobody, "a participant": participant, "a therapist": therapist, "a revoked token": revoked.p,
			"an expired token": expired.p,
		} {
			if r := do(t, as, in); r.Status != 401 {
				t.Errorf("%s %s of %s: %d %s", in.method, in.path, name, r.Status, r.Body)
			}
		}
		for name, c := range map[string]struct {
			cookie, origin string
			status         int
			code           chat.Code
		}{
			"a login's cookie":           {cookie, s.URL, 401, chat.NotAuthenticated},
			"a token as cookie":          {good.secret, s.URL, 401, chat.NotAuthenticated},
			"a cookie from another page": {cookie, "https://evil.example", 403, chat.CrossOrigin},
		} {
			with := in
			with.header = http.Header{"Cookie": {"hearth_session=" + c.cookie}, "Origin": {c.origin}}
			if in.method == "GET" { // changes nothing: the browser does not show the answer
				c.status, c.code = 401, chat.NotAuthenticated
			}
			if r := do(t, nobody, with); r.Status != c.status || r.Problem().Code != c.code {
				t.Errorf("%s %s with %s: %d %s", in.method, in.path, name, r.Status, r.Body)
			}
		}
	}
	// Each kind is in the audit log once, however often it came.
	wantStatus(t, get(t, nobody, "/api/admin/roster"), 401)
	nobody.SetToken("hearth_0123456789ab_nonsense")
	wantProblem(t, get(t, nobody, "/api/admin/health"), 401, chat.NotAuthenticated)
	log := good.audited()
	for what, n := range map[string]int{
		`"event":"token_use"`: 5,
		`"event":"token_use","actor":"P1","reason":"not_allowed"}`:                   1,
		`"event":"token_use","actor":"T1","reason":"not_allowed"}`:                   1,
		`"event":"token_use","actor":"token:` + revoked.id + `","reason":"revoked"}`: 1,
		`"event":"token_use","actor":"token:` + expired.id + `","reason":"expired"}`: 1,
		`"event":"token_use","reason":"unknown_token"}`:                              1,
	} {
		if got := strings.Count(log, what); got != n {
			t.Errorf("the audit log has %d times %s, want %d", got, what, n)
		}
	}
	if len(good.tokens()) != 5 {
		t.Errorf("%+v", good.tokens())
	}
}

func wantStatusBelow(t testing.TB, a client.Answer, status int) {
	t.Helper()
	if a.Status >= status || a.Status == 401 || a.Status == 403 {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
}
