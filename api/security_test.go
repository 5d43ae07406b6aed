package api_test

import (
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/hub/chat"
	"hearth/static"
)

// A browser that logs in again, perhaps as somebody else, has one login.
func TestLoginWhoseCookieIsReplacedEnds(t *testing.T) {
	s := apitest.New(t)
	elsewhere := s.Login("P1") // another device
	browser := s.Browser("P1")
	mine := func(token string) http.Header { return http.Header{"Cookie": {"hearth_session=" + token}} }
	token := func() string {
		for _, k := range browser.Cookies() {
			if k.Name == "hearth_session" {
				return k.Value
			}
		}
		t.Fatal("there is no cookie")
		return ""
	}
	as := func(token string) request { return request{method: "GET", path: "/api/me", header: mine(token)} }
	nobody := s.Person("P1", false)
	for _, next := range []chat.PID{"P1", "P2"} {
		before := token()
		wantStatus(t, do(t, nobody, as(before)), 200)
		again := s.Person(next, false)
		again.Client = browser.Client // the same browser
		again.Login()
		wantProblem(t, do(t, nobody, as(before)), 401, chat.NotAuthenticated)
		wantStatus(t, do(t, nobody, as(token())), 200)
	}
	wantStatus(t, get(t, elsewhere, "/api/me"), 200)

	// A wrong code ends nothing.
	ch, err := browser.StartLogin(soon(t), "+16505550102", "Denver")
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, do(t, browser, request{
		method: "POST", path: "/api/verify", body: `{"challenge":"` + ch.ID + `","code":"wrong"}`,
	}), 401, chat.InvalidCode)
	wantStatus(t, do(t, nobody, as(token())), 200)
}

func TestNewServerHasNobody(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Roster = &chat.Roster{} })
	p := s.Person("P1", false)
	for _, who := range []string{"admin", "root", "Denver", ""} {
		body := `{"phone":"+16505550102","field":"` + who + `"}`
		if who != "" {
			wantStatus(t, post(t, p, "/api/login", body), 202)
		}
	}
	if n := s.SMS.Sent("+16505550102"); n != 0 {
		t.Errorf("%d codes were sent", n)
	}
	all, err := s.Auth.Tokens(context.Background())
	if err != nil || len(all) != 0 {
		t.Errorf("%d API tokens, %v", len(all), err)
	}
	for _, token := range []string{"", "admin", "hearth_", "hearth_000000000000_"} {
		p.SetToken(token)
		wantProblem(t, get(t, p, "/api/admin/roster"), 401, chat.NotAuthenticated)
	}
}

// Whatever is asked for, and whatever becomes of it.
func TestEveryAnswerTellsBrowsersWhatTheyMayDo(t *testing.T) {
	s := apitest.New(t, publicURL("https://chat.example.org"), func(o *apitest.Options) {
		o.API.Pages, o.API.PageCSP = static.Handler(static.Options{}), static.CSP
	})
	p := s.Login("P1")
	for _, r := range []request{
		{method: "GET", path: "/"}, {method: "HEAD", path: "/"}, {method: "POST", path: "/"}, {method: "GET", path: "/away"},
		{method: "GET", path: "/nonsense"}, {method: "GET", path: "/.git/config"}, {method: "GET", path: "/api/nonsense"},
		{method: "GET", path: "/healthz"}, {method: "GET", path: "/readyz"}, {method: "GET", path: "/docs"}, {method: "GET", path: "/docs/docs.css"},
		{method: "GET", path: "/api/openapi.yaml"}, {method: "GET", path: "/api/asyncapi.yaml"},
		{method: "GET", path: "/api/me"}, {method: "DELETE", path: "/api/me"}, {method: "GET", path: "/api/admin/roster"},
		{method: "GET", path: "/api/getTherapySessions"}, {method: "POST", path: "/api/login", body: "{"},
		{method: "POST", path: "/api/ajax", body: `{"action":"nonsense"}`}, {method: "GET", path: "/survey/done/x"}, {method: "GET", path: "/api/ws"},
	} {
		a := do(t, p, r)
		h := a.Header
		what := r.method + " " + r.path
		age, _, _ := strings.Cut(strings.TrimPrefix(h.Get("Strict-Transport-Security"), "max-age="), ";")
		if n, err := strconv.Atoi(age); err != nil || n < 365*24*60*60 {
			t.Errorf("%s: Strict-Transport-Security: %q", what, h.Get("Strict-Transport-Security"))
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY", "Access-Control-Allow-Origin": "", "Server": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", what, name, got, want)
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, need := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"} {
			if !strings.Contains(csp, need) || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: Content-Security-Policy: %q", what, csp)
			}
		}
		typ, params, err := mime.ParseMediaType(h.Get("Content-Type"))
		page := typ == "text/html" || typ == "text/css" || typ == "text/plain"
		switch {
		case len(a.Body) == 0 && r.method != "HEAD":
			t.Errorf("%s: %d without a body", what, a.Status)
		case err != nil || (strings.HasPrefix(typ, "text/") || strings.HasSuffix(typ, "xml")) && params["charset"] != "utf-8":
			t.Errorf("%s: Content-Type: %q", what, h.Get("Content-Type"))
		case !page && !strings.HasSuffix(csp, "; sandbox"):
			t.Errorf("%s: %s may act as a document: %q", what, typ, csp)
		}
		if a.Status >= 400 && strings.HasPrefix(r.path, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control: %q", what, h.Get("Cache-Control"))
		}
	}
}
