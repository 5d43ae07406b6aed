package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

func message(body string, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Message, Body: chat.Text(body), Recipients: to}
}

func notice(body string, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Notice, Body: chat.Text(body), Recipients: to}
}

func remove(id chat.ActionID) chat.Draft { return chat.Draft{Type: chat.Delete, Target: id} }

func react(id chat.ActionID, icon chat.Icon) chat.Draft {
	return chat.Draft{Type: chat.Reaction, Target: id, Icon: icon}
}

var end = chat.Draft{Type: chat.EndChatSession}

// soon bounds what must happen.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test on an error.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// request is one HTTP request by hand.
type request struct {
	method, path string
	body         string
	header       http.Header // replaces what the client sends; a nil value takes a header away
	host         string
}

// do sends it as p.
func do(t testing.TB, p *apitest.Person, in request) client.Answer {
	t.Helper()
	var body []byte
	if in.body != "" {
		body = []byte(in.body)
	}
	r, err := p.NewRequest(soon(t), in.method, in.path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range in.header {
		r.Header[name] = v
	}
	if in.host != "" {
		r.Host = in.host
	}
	a, err := p.Client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", in.method, in.path, err)
	}
	return a
}

func get(t testing.TB, p *apitest.Person, path string) client.Answer {
	t.Helper()
	return do(t, p, request{method: "GET", path: path})
}

func post(t testing.TB, p *apitest.Person, path, body string) client.Answer {
	t.Helper()
	return do(t, p, request{method: "POST", path: path, body: body})
}

// wantProblem fails the test unless a is a problem of this code, whole and in
// its form.
func wantProblem(t testing.TB, a client.Answer, status int, code chat.Code) *client.Problem {
	t.Helper()
	p := a.Problem()
	if a.Status != status || p.Code != code {
		t.Errorf("answered %d %s, want %d %q", a.Status, a.Body, status, code)
		return p
	}
	switch {
	case a.Header.Get("Content-Type") != "application/problem+json":
		t.Errorf("%s: a problem of type %q", code, a.Header.Get("Content-Type"))
	case p.Status != status || p.Title == "" || p.Detail == "" || !strings.Contains(string(a.Body), `"type":"about:blank"`):
		t.Errorf("%s: not a whole problem: %s", code, a.Body)
	case a.Header.Get("Cache-Control") != "no-store":
		t.Errorf("%s: may be cached", code)
	case (p.RetryAfter > 0) != (a.Header.Get("Retry-After") != ""):
		t.Errorf("%s: retry_after %d, Retry-After %q", code, p.RetryAfter, a.Header.Get("Retry-After"))
	}
	return p
}

func wantStatus(t testing.TB, a client.Answer, status int) {
	t.Helper()
	if a.Status != status {
		t.Errorf("answered %d %s, want %d", a.Status, a.Body, status)
	}
}

// problem is the code of a call's error, empty for none.
func problem(t testing.TB, err error) chat.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	p, ok := err.(*client.Problem)
	if !ok {
		t.Fatalf("got %v, want a problem", err)
	}
	return p.Code
}

// bodies are what was said, in order.
func bodies(actions []client.Action) (all []string) {
	for _, a := range actions {
		if a.Body != "" {
			all = append(all, a.Body)
		}
	}
	return all
}

// page reads the log of ts from its start over HTTP.
func page(t testing.TB, p *apitest.Person, ts chat.TSID) client.Page {
	t.Helper()
	return must[client.Page](t)(p.GetActions(soon(t), client.Query{TS: ts}))
}

func decode(t testing.TB, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
}
