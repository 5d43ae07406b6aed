package cmd

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hearth/api/client"
	"hearth/hub/chat"
)

var demoAt = regexp.MustCompile(`demo is at  http://(\S+)/\n`)

// startDemo returns host:port of a demo as it names itself.
func startDemo(t *testing.T, listen string) (p *process, address string) {
	t.Helper()
	dir := t.TempDir()
	p = run(t, dir, "demo", "--listen", listen)
	m, err := p.out.await(demoAt, 1, p.done)
	if err != nil {
		t.Fatal(err)
	}
	return p, m[1]
}

func TestDemo(t *testing.T) {
	t.Parallel()
	p, address := startDemo(t, "127.0.0.1:0")
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *process, string)
	}{
		{"a program joins the conversation", programJoins}, // the first one: it counts
		{"surveys lead into the session", surveysLead},
		{"the same person comes in many times", comesOften},
		{"another name is not answered to", func(t *testing.T, _ *process, address string) {
			do(t, newClient(t, address, "http://ward-round.example", client.Options{}), "GET", "/", nil, 421)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, p, address) })
	}
	p.stop(t)
}

// This is the walk of the README, with curl's cookie jar and Origin header.
func programJoins(t *testing.T, p *process, address string) {
	c := newClient(t, address, "", client.Options{Cookies: true})
	p.login(t, c, "+16505550123", "Denver")

	page, err := c.GetActions(ctxOf(t), client.Query{TS: "TS1"})
	if err != nil || page.Max != 150 || len(page.Actions) != 150 || page.More {
		t.Fatalf("the first log has %d actions up to %d, %v", len(page.Actions), page.Max, err)
	}
	for i, a := range page.Actions {
		if a.ID != chat.ActionID(i+1) {
			t.Fatalf("action %d has the id %d", i+1, a.ID)
		}
	}
	if a := page.Actions[122]; a.Type != "message" || a.Body == "" {
		t.Errorf("action 123 is %+v", a)
	}

	do(t, c, "POST", "/api/enterTherapySession", []byte(`{"ts_id": "TS1"}`), 200)
	answer := do(t, c, "POST", "/api/handleActions", []byte(`{"maxID": "148", "actionQueue": [{"type": "message", "user": "P123", `+
		`"body": "<div>food</div>", "recipients": [], "target": "123"}]}`), 200)
	var got client.OlderPage
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		t.Fatal(err)
	}
	for i, a := range got.Data {
		if a.ID != strconv.Itoa(149+i) {
			t.Errorf("%d: %+v", i, a)
		}
	}
	// 151 says that Gilligan has joined.
	if n := len(got.Data); n != 4 || got.MaxID != "152" || len(got.Errors) != 0 {
		t.Fatalf("%s", answer.Body)
	}
	if a := got.Data[3]; a.Type != "message" || a.User != "P123" || a.Body != "<div>food</div>" || a.Target == nil || *a.Target != "123" {
		t.Errorf("%+v", a)
	}
}

// Who tries things out logs in again and again.
func comesOften(t *testing.T, p *process, address string) {
	for range 5 {
		c := newClient(t, address, "", client.Options{Cookies: true})
		p.login(t, c, "+16505550124", "summers ")
		if err := c.Logout(ctxOf(t)); err != nil {
			t.Fatal(err)
		}
	}
}

var returnField = regexp.MustCompile(`<input type="hidden" name="return_url" value="([^"]+)">`)

func surveysLead(t *testing.T, p *process, address string) {
	c := newClient(t, address, "", client.Options{Cookies: true})
	p.login(t, c, "+16505550125", "Grumby")
	ctx := ctxOf(t)
	e, err := c.Enter(ctx, "TS1")
	if err != nil || e.State != "waiting" || e.Reason != "assessments_incomplete" {
		t.Fatalf("%+v, %v", e, err)
	}

	list, err := c.TherapySessions(ctx)
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, item := range list.Items {
		page := do(t, c, "GET", item.URL, nil, 200)
		if !strings.Contains(string(page.Body), html.EscapeString(item.Title)) || page.Header.Get("Content-Security-Policy") != demoSurveyCSP {
			t.Errorf("%s: %v\n%s", item.Name, page.Header, page.Body)
		}
		do(t, c, "GET", "/demo/survey.css", nil, 200)
		m := returnField.FindSubmatch(page.Body)
		if m == nil {
			t.Fatalf("%s", page.Body)
		}
		// As a browser submits the form.
		r, err := c.NewRequest(ctx, "POST", "/demo/survey", []byte(url.Values{
			"return_url": {html.UnescapeString(string(m[1]))}, "mood": {"1"}, "note": {"at home"},
		}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "null") // with the referrer policy no-referrer
		done, err := c.Do(r)
		if err != nil || done.Status != 303 {
			t.Fatalf("%+v, %v", done, err)
		}
		back, err := url.Parse(done.Header.Get("Location"))
		if err != nil || back.Host != address {
			t.Fatalf("it leads to %v, %v", back, err)
		}
		home := do(t, c, "GET", back.RequestURI(), nil, 303)
		if got, want := home.Header.Get("Location"), "/?ts="+string(item.TS); got != want {
			t.Errorf("the survey leads to %q, want %q", got, want)
		}
	}
	if list, err = c.TherapySessions(ctx); err != nil || len(list.Items) != 0 {
		t.Errorf("to be filled in still: %+v, %v", list.Items, err)
	}
	if e, err := c.Enter(ctx, "TS1"); err != nil || e.State != "admitted" {
		t.Errorf("%+v, %v", e, err)
	}

	// It is no open redirect, and there are no other surveys.
	for _, path := range []string{
		"/demo/survey?name=location&return_url=" + url.QueryEscape("https://evil.example/survey/done/x"),
		"/demo/survey?name=location&return_url=" + url.QueryEscape("http://"+address+"/api/logout"),
		"/demo/survey?name=location", "/demo/survey?name=other&return_url=" + url.QueryEscape("http://"+address+"/survey/done/x"),
	} {
		do(t, c, "GET", path, nil, 404)
	}
	r, err := c.NewRequest(ctx, "POST", "/demo/survey", []byte("return_url=https%3A%2F%2Fevil.example%2Fsurvey%2Fdone%2Fx"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a, err := c.Do(r); err != nil || a.Status != 400 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestDemoBeyondLoopbackAnswersToAnyName(t *testing.T) {
	t.Parallel()
	p, address := startDemo(t, ":0")
	if !strings.Contains(p.out.String(), "WARNING") {
		t.Error("it does not warn")
	}
	name := "http://ward-round.example:" + address[strings.LastIndexByte(address, ':')+1:]
	c := newClient(t, address, name, client.Options{Cookies: true})
	do(t, c, "GET", "/", nil, 200)
	p.login(t, c, "+16505550123", "Denver")
	enter(t, c, "TS1")
}

func TestDemoRosterIsValidAndHasWhoIsGreeted(t *testing.T) {
	for name := range demoSurveys {
		if !strings.Contains(string(demoRoster), "{name: "+name+",") {
			t.Errorf("no therapy session has the survey %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`- \{name: ([^,]+),`).FindAllSubmatch(demoRoster, -1) {
		if _, ok := demoSurveys[string(m[1])]; !ok {
			t.Errorf("there is no page for the survey %s", m[1])
		}
	}
}
