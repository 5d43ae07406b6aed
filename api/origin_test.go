package api_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

func publicURL(u string) func(*apitest.Options) {
	return func(o *apitest.Options) { o.API.PublicURL = u }
}

func TestOnlyLoopbackNamesAreAnsweredWithoutAPublicURL(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.API.Pages = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") })
	})
	p := s.Person("P1", false)
	for _, host := range []string{"localhost", "LocalHost:1", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:8080"} {
		for _, path := range []string{"/", "/healthz", "/docs"} {
			wantStatus(t, do(t, p, request{method: "GET", path: path, host: host}), 200)
		}
	}
	for _, host := range []string{"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[fe80::1]", "0.0.0.0", "localhost."} {
		for _, path := range []string{"/", "/healthz", "/api/me", "/nonsense"} {
			wantProblem(t, do(t, p, request{method: "GET", path: path, host: host}), 421, chat.WrongHost)
		}
		wantProblem(t, do(t, p, request{method: "POST", path: "/api/login", host: host, body: `{}`}), 421, chat.WrongHost)
	}
}

// Behind a proxy the Host is the proxy's to choose, and a check of health
// asks an address.
func TestAnyNameIsAnsweredWithAPublicURL(t *testing.T) {
	s := apitest.New(t, publicURL("https://chat.example.org"))
	p := s.Person("P1", false)
	for _, host := range []string{"chat.example.org", "chat.example.org:443", "127.0.0.1:8080", "hearth:8080"} {
		wantStatus(t, do(t, p, request{method: "GET", path: "/healthz", host: host}), 200)
		wantProblem(t, do(t, p, request{method: "GET", path: "/api/me", host: host}), 401, chat.NotAuthenticated)
	}
}

func TestDemonstrationsAnswerToAnyName(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.API.AnyHost = true })
	cookie := "hearth_session=" + s.Login("P1").Token()
	from := func(origin string) client.Answer {
		return do(t, s.Person("P1", false), request{
			method: "POST", path: "/api/enterTherapySession", body: `{"ts_id":"TS1"}`, host: "192.0.2.1:8080",
			header: http.Header{"Origin": {origin}, "Cookie": {cookie}},
		})
	}
	wantStatus(t, from("http://192.0.2.1:8080"), 200)
	wantProblem(t, from("http://evil.example"), 403, chat.CrossOrigin)
}

// acts are calls that change something.
var acts = []struct{ path, body string }{
	{"/api/login", `{"phone":"+16505550199","field":"x"}`}, {"/api/resend", `{"challenge":"x"}`}, {"/api/verify", `{"challenge":"x","code":"1"}`},
	{"/api/enterTherapySession", `{"ts_id":"TS1"}`}, {"/api/saveActions", `[]`}, {"/api/handleActions", `{}`},
	{"/api/updateParticipants", `{}`}, {"/api/unlock", `{}`}, {"/api/code", `{}`}, {"/api/leaveTherapySession", ""}, {"/api/logout", ""},
}

func TestActsWithACookieComeFromOwnPages(t *testing.T) {
	for _, server := range []struct{ name, public, own, other string }{
		{"without a public URL", "", "", "https://127.0.0.1"},
		{"with one", "https://chat.example.org", "https://chat.example.org", "http://chat.example.org"},
		{"with one and a port", "https://chat.example.org:8443", "https://chat.example.org:8443", "https://chat.example.org"},
	} {
		t.Run(server.name, func(t *testing.T) {
			s := apitest.New(t, publicURL(server.public), func(o *apitest.Options) { o.API.AllowedOrigins = []string{"https://study.example.org"} })
			if server.own == "" {
				server.own = s.URL
			}
			bearer := s.Login("P1")
			cookie := "hearth_session=" + bearer.Token()
			device := "hearth_device=x"
			if server.public != "" {
				cookie, device = "__Host-"+cookie, "__Host-"+device
			}
			p := s.Person("P1", false) // sends no header of its own
			for _, row := range []struct {
				name   string
				header http.Header
				own    bool
			}{
				{"own origin", http.Header{"Origin": {server.own}}, true},
				{"own origin, whatever Sec-Fetch-Site says", http.Header{"Origin": {server.own}, "Sec-Fetch-Site": {"cross-site"}}, true},
				{"allowed origin", http.Header{"Origin": {"https://study.example.org"}, "Sec-Fetch-Site": {"cross-site"}}, true},
				{"no origin, but the same by Sec-Fetch-Site", http.Header{"Sec-Fetch-Site": {"same-origin"}}, true},
				{"foreign origin", http.Header{"Origin": {"https://evil.example"}}, false},
				{"foreign origin that claims to be the same", http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"same-origin"}}, false},
				{"other scheme or port", http.Header{"Origin": {server.other}}, false},
				{"opaque origin", http.Header{"Origin": {"null"}}, false},
				{"empty origin", http.Header{"Origin": {""}}, false},
				{"two origins", http.Header{"Origin": {server.own, "https://evil.example"}}, false},
				{"own name at the start", http.Header{"Origin": {server.own + ".evil.example"}}, false},
				{"allowed one's subdomain", http.Header{"Origin": {"https://x.study.example.org"}}, false},
				{"another site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
				{"another host of the site", http.Header{"Sec-Fetch-Site": {"same-site"}}, false},
				{"neither", nil, false},
			} {
				h := row.header.Clone()
				if h == nil {
					h = http.Header{}
				}
				for _, act := range acts[:len(acts)-1] {
					h.Set("Cookie", cookie)
					a := do(t, p, request{method: "POST", path: act.path, body: act.body, header: h})
					if foreign := a.Status == 403 && a.Problem().Code == chat.CrossOrigin; foreign == row.own {
						t.Errorf("%s: %s: %d %s", row.name, act.path, a.Status, a.Body)
					}
				}
				h.Set("Cookie", device)
				a := do(t, p, request{method: "POST", path: "/api/login", body: acts[0].body, header: h})
				if foreign := a.Status == 403; foreign == row.own {
					t.Errorf("%s: with the device's cookie alone: %d %s", row.name, a.Status, a.Body)
				}
				h.Del("Cookie")
				a = do(t, p, request{method: "POST", path: "/api/login", body: acts[0].body, header: h})
				if a.Status != 202 {
					t.Errorf("%s: without a cookie: %d %s", row.name, a.Status, a.Body)
				}
				h.Set("Authorization", "Bearer "+bearer.Token())
				h.Set("Cookie", cookie)
				a = do(t, p, request{method: "POST", path: "/api/enterTherapySession", body: `{"ts_id":"TS1"}`, header: h})
				if a.Status != 200 {
					t.Errorf("%s: with a bearer: %d %s", row.name, a.Status, a.Body)
				}
				h.Del("Authorization")
				a = do(t, p, request{method: "GET", path: "/api/me", header: h})
				if a.Status != 200 {
					t.Errorf("%s: a look: %d %s", row.name, a.Status, a.Body)
				}
			}
		})
	}
}

func TestAllowedOriginsMayReadAnswers(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.API.AllowedOrigins = []string{"https://study.example.org"} })
	p := s.Login("P1")
	ask := func(method, origin string) client.Answer {
		h := http.Header{"Origin": {origin}}
		if method == "OPTIONS" {
			h.Set("Access-Control-Request-Method", "POST")
			h.Set("Access-Control-Request-Headers", "authorization,content-type")
		}
		return do(t, p, request{method: method, path: "/api/me", header: h})
	}
	for _, method := range []string{"GET", "OPTIONS"} {
		a := ask(method, "https://study.example.org")
		if a.Header.Get("Access-Control-Allow-Origin") != "https://study.example.org" || a.Header.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(strings.Join(a.Header["Vary"], ","), "Origin") {
			t.Errorf("%s: %d %v", method, a.Status, a.Header)
		}
		for _, origin := range []string{"https://evil.example", "null", "https://study.example.org.evil.example", s.URL} {
			if a := ask(method, origin); a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s from %s: %v", method, origin, a.Header)
			}
		}
	}
	a := ask("OPTIONS", "https://study.example.org")
	if a.Status != 204 || a.Header.Get("Access-Control-Allow-Methods") != "GET,POST" || !strings.EqualFold(a.Header.Get("Access-Control-Allow-Headers"), "Authorization,Content-Type") {
		t.Errorf("preflight: %d %v", a.Status, a.Header)
	}
	// A refusal can be read there, too.
	p.SetToken("")
	if a := ask("GET", "https://study.example.org"); a.Status != 401 || a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a refusal: %d %v", a.Status, a.Header)
	}
	none := apitest.New(t)
	a = do(t, none.Person("P1", false), request{method: "GET", path: "/healthz", header: http.Header{"Origin": {"https://study.example.org"}}})
	if a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without allowed origins: %v", a.Header)
	}
}

func TestCookies(t *testing.T) {
	for _, server := range []struct {
		public string
		prefix string
		secure bool
	}{
		{"", "", false},
		{"http://localhost:8080", "", false},
		{"http://127.0.0.1", "", false},
		{"https://chat.example.org", "__Host-", true},
		{"https://localhost:8443", "__Host-", true},
		{"http://chat.example.org", "__Host-", true},
	} {
		t.Run(server.public, func(t *testing.T) {
			s := apitest.New(t, publicURL(server.public))
			p := s.Person("P1", false)
			ch := must[client.Challenge](t)(p.StartLogin(soon(t), "+16505550102", "Denver"))
			code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
			a := post(t, p, "/api/verify", `{"challenge":"`+ch.ID+`","code":"`+code+`"}`)
			wantStatus(t, a, 200)
			res := http.Response{Header: a.Header}
			cookies := map[string]*http.Cookie{}
			for _, k := range res.Cookies() {
				cookies[k.Name] = k
			}
			var in client.LoggedIn
			decode(t, a.Body, &in)
			for name, lasts := range map[string]time.Duration{"hearth_session": 12 * time.Hour, "hearth_device": 180 * 24 * time.Hour} {
				k := cookies[server.prefix+name]
				if k == nil {
					t.Fatalf("no %s in %v", name, a.Header["Set-Cookie"])
				}
				if !k.HttpOnly || k.Secure != server.secure || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" {
					t.Errorf("%s", k.Raw)
				}
				if !k.Expires.Equal(apitest.Start.Add(lasts)) || k.Value == "" || (k.Value == in.Token) != (name == "hearth_session") {
					t.Errorf("%s, the token is %s", k.Raw, in.Token)
				}
			}
			if len(cookies) != 2 {
				t.Errorf("%v", a.Header["Set-Cookie"])
			}
			hsts := a.Header.Get("Strict-Transport-Security")
			if (hsts != "") != strings.HasPrefix(server.public, "https:") {
				t.Errorf("Strict-Transport-Security: %q", hsts)
			}
			// Under its other name it is none.
			other := "__Host-hearth_session"
			if server.secure {
				other = "hearth_session"
			}
			p.SetToken("")
			wantStatus(t, do(t, p, request{method: "GET", path: "/api/me", header: http.Header{"Cookie": {server.prefix + "hearth_session=" + in.Token}}}), 200)
			wantProblem(t, do(t, p, request{method: "GET", path: "/api/me", header: http.Header{"Cookie": {other + "=" + in.Token}}}), 401, chat.NotAuthenticated)
			a = do(t, p, request{method: "POST", path: "/api/logout", header: http.Header{
				"Cookie": {server.prefix + "hearth_session=" + in.Token}, "Sec-Fetch-Site": {"same-origin"},
			}})
			wantStatus(t, a, 204)
			gone := (&http.Response{Header: a.Header}).Cookies()
			if len(gone) != 1 || gone[0].Name != server.prefix+"hearth_session" || gone[0].Value != "" || gone[0].MaxAge >= 0 || gone[0].Secure != server.secure || gone[0].Path != "/" {
				t.Errorf("logout sets %v", a.Header["Set-Cookie"])
			}
		})
	}
}

func TestWhereATokenIsRead(t *testing.T) {
	s := apitest.New(t)
	good := s.Login("P1").Token()
	p := s.Person("P1", false)
	for _, row := range []struct {
		name, path string
		header     http.Header
		in         bool
	}{
		{"a bearer", "/api/me", http.Header{"Authorization": {"Bearer " + good}}, true},
		{"a bearer in small letters", "/api/me", http.Header{"Authorization": {"bearer " + good}}, true},
		{"a cookie", "/api/me", http.Header{"Cookie": {"hearth_session=" + good}}, true},
		{"a bearer wins over a bad cookie", "/api/me", http.Header{"Authorization": {"Bearer " + good}, "Cookie": {"hearth_session=x"}}, true},
		{"a bad bearer is not rescued by the cookie", "/api/me", http.Header{"Authorization": {"Bearer x"}, "Cookie": {"hearth_session=" + good}}, false},
		{"an empty one neither", "/api/me", http.Header{"Authorization": {"Bearer "}, "Cookie": {"hearth_session=" + good}}, false},
		{"a header without anything neither", "/api/me", http.Header{"Authorization": {""}, "Cookie": {"hearth_session=" + good}}, false},
		{"another scheme neither", "/api/me", http.Header{"Authorization": {"Basic " + good}, "Cookie": {"hearth_session=" + good}}, false},
		{"no scheme", "/api/me", http.Header{"Authorization": {good}}, false},
		{"an empty cookie", "/api/me", http.Header{"Cookie": {"hearth_session="}}, false},
		{"the device's cookie", "/api/me", http.Header{"Cookie": {"hearth_device=" + good}}, false},
		{"an address", "/api/me?token=" + good + "&access_token=" + good + "&hearth_session=" + good, nil, false},
	} {
		a := do(t, p, request{method: "GET", path: row.path, header: row.header})
		if row.in {
			wantStatus(t, a, 200)
		} else {
			wantProblem(t, a, 401, chat.NotAuthenticated)
		}
		if t.Failed() {
			t.Fatal(row.name)
		}
	}
	_, err := p.ConnectWith(soon(t), http.Header{"Sec-Websocket-Protocol": {"hearth.v1, " + url.QueryEscape(good)}})
	if problem(t, err) != chat.NotAuthenticated {
		t.Errorf("in the subprotocol: %v", err)
	}
}

func TestAddressOfAClientBehindProxies(t *testing.T) {
	perAddress := func(o *apitest.Options) {
		o.Auth.Limits.LoginsPerAddressPerHour = 1
		o.Auth.Limits.SendsPerDay, o.Auth.Limits.SendsPerHour = 1000, 1000
	}
	login := func(t *testing.T, s *apitest.Server, n int, forwarded ...string) int {
		h := http.Header{}
		if forwarded != nil {
			h["X-Forwarded-For"] = forwarded
		}
		h.Set("X-Real-Ip", fmt.Sprint("198.51.100.", n)) // counts nowhere
		h.Set("Forwarded", fmt.Sprint("for=198.51.100.", n))
		return do(t, s.Person("P1", false), request{
			method: "POST", path: "/api/login", body: fmt.Sprintf(`{"phone":"+1650555%04d","field":"x"}`, n), header: h,
		}).Status
	}
	t.Run("untrusted", func(t *testing.T) {
		s := apitest.New(t, perAddress)
		if got := login(t, s, 1, "192.0.2.1"); got != 202 {
			t.Errorf("first: %d", got)
		}
		if got := login(t, s, 2, "192.0.2.2"); got != 429 {
			t.Errorf("claiming to be another: %d", got)
		}
	})
	t.Run("trusted", func(t *testing.T) {
		s := apitest.New(t, perAddress, func(o *apitest.Options) {
			o.API.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/24")}
		})
		for i, row := range []struct {
			forwarded []string
			want      int
		}{
			{[]string{"192.0.2.1"}, 202},
			{[]string{"192.0.2.1"}, 429},
			{[]string{"192.0.2.2"}, 202},
			{[]string{"192.0.2.3, 192.0.2.2"}, 429},           // the client's own claim comes first
			{[]string{"192.0.2.4", "192.0.2.2"}, 429},         // in two headers likewise
			{[]string{"192.0.2.5, 10.0.0.7"}, 202},            // through two of ours
			{[]string{"192.0.2.5, 10.0.0.8, 127.0.0.1"}, 429}, // the same one
			{[]string{"192.0.2.6, 10.0.1.7"}, 202},            // 10.0.1.7 is not ours, so it is the client
			{[]string{"192.0.2.7, 10.0.1.7"}, 429},
			{[]string{"2001:db8::1"}, 202},
			{[]string{"2001:db8:0:ff::2"}, 429}, // one /56
		} {
			if got := login(t, s, i, row.forwarded...); got != row.want {
				t.Errorf("%q: %d, want %d", row.forwarded, got, row.want)
			}
		}
	})
}
