package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hearth/api"
	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// calls are the routes that take a body, each with one that is good and the
// members that it needs.
var calls = []struct {
	path, good string
	needs      []string
}{
	{"/api/login", `{"phone":"+16505550199","field":"Nobody"}`, []string{"phone", "field"}},
	{"/api/resend", `{"challenge":"x"}`, []string{"challenge"}},
	{"/api/verify", `{"challenge":"x","code":"1"}`, []string{"challenge", "code"}},
	{"/api/enterTherapySession", `{"ts_id":"TS1"}`, []string{"ts_id"}},
	{"/api/updateParticipants", `{"ts_id":"TS1","p_id":"P1","action":"mute"}`, []string{"ts_id", "p_id", "action"}},
	{"/api/unlock", `{"p_id":"P1"}`, []string{"p_id"}},
	{"/api/code", `{"p_id":"P1"}`, []string{"p_id"}},
	{"/api/saveActions", `{"actions":[]}`, []string{"actions"}},
	{"/api/handleActions", `{"maxID":null}`, nil},
}

func TestBodiesAreStrictJSON(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("T1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	for _, c := range calls {
		t.Run(c.path, func(t *testing.T) {
			if a := post(t, p, c.path, c.good); a.Status == 400 {
				t.Fatalf("the good one: %s", a.Body)
			}
			head, last := c.good[:len(c.good)-1], c.good[len(c.good)-1:]
			bad := map[string]string{
				" ":                               "not valid JSON",
				"{":                               "not valid JSON",
				"nonsense":                        "not valid JSON",
				"null":                            "must be an object",
				`"x"`:                             "must be an object",
				c.good + "{}":                     "something follows the JSON value",
				c.good + " x":                     "something follows the JSON value",
				head + "," + last:                 "not valid JSON",
				"\xef\xbb\xbf" + c.good:           "not valid JSON", // RFC 8259, 8.1: a parser may ignore it; none of our clients sends it
				head + `,"a":1,"a":2` + last:      `"a": given twice`,
				head + `,"a":1,"\u0061":2` + last: `"a": given twice`,
				head + `,"\ud800":1` + last:       "a name with invalid Unicode",
				head + ",\"\xff\":1" + last:       "a name with invalid Unicode",
				head + `,"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + last: "nested deeper than 16 levels",
			}
			for _, name := range c.needs {
				bad[strings.Replace(c.good, `"`+name+`"`, `"other"`, 1)] = name + ": missing"
				at := strings.Index(c.good, `"`+name+`":`) + len(name) + 3
				rest := c.good[at:]
				rest = rest[strings.IndexAny(rest, ",}"):]
				bad[c.good[:at]+"null"+rest] = name + ": missing"
				if name == "actions" {
					bad[c.good[:at]+`"x"`+rest] = "actions: must be an array"
					continue
				}
				bad[c.good[:at]+"7"+rest] = name + ": must be a string"
				bad[c.good[:at]+"[]"+rest] = name + ": must be a string"
				bad[c.good[:at]+`""`+rest] = name + ": missing"
				bad[c.good[:at]+`"\udc00"`+rest] = name + ": not valid Unicode"
				bad[c.good[:at]+"\"\xc3\""+rest] = name + ": not valid Unicode"
			}
			for body, detail := range bad {
				if problem := wantProblem(t, post(t, p, c.path, body), 400, chat.BadRequest); problem.Detail != detail {
					t.Errorf("%q: %q, want %q", body, problem.Detail, detail)
				}
			}
			if a := post(t, p, c.path, head+`,"a":{"x":1,"x":2,"y":"\ud800"}`+last); a.Status == 400 {
				t.Errorf("a member that nobody asks for: %s", a.Body)
			}
			for _, typ := range [][]string{nil, {"text/plain"}, {"application/x-www-form-urlencoded"}, {"application/json; charset=latin1"}, {"application/jsonp"}, {"x y"}} {
				wantProblem(t, do(t, p, request{"POST", c.path, c.good, http.Header{"Content-Type": typ}, ""}), 415, chat.UnsupportedMediaType)
			}
			wantProblem(t, do(t, p, request{"POST", c.path, c.good, http.Header{"Content-Encoding": {"gzip"}}, ""}), 415, chat.UnsupportedMediaType)
			if a := do(t, p, request{"POST", c.path, c.good, http.Header{"Content-Type": {"Application/JSON; charset=UTF-8"}}, ""}); a.Status == 415 {
				t.Errorf("JSON in UTF-8: %s", a.Body)
			}
			limit := 2 << 20
			if c.path == "/api/handleActions" {
				limit = 8 << 20
			}
			fill := func(n int) string { return c.good + strings.Repeat(" ", n-len(c.good)) }
			if a := post(t, p, c.path, fill(limit)); a.Status == 413 {
				t.Errorf("%d bytes: %s", limit, a.Body)
			}
			wantProblem(t, post(t, p, c.path, fill(limit+1)), 413, chat.TooLarge)
		})
	}
}

func TestMethodsAndAddresses(t *testing.T) {
	s := apitest.New(t)
	p := s.Person("P1", false)
	allowed := map[string][]string{}
	for _, r := range api.Routes() {
		if !strings.Contains(r.Path, ":") { // a link is whole, or nothing is there
			allowed[r.Path] = append(allowed[r.Path], r.Method)
		}
	}
	for path, methods := range allowed {
		for _, m := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "NONSENSE"} {
			if slices.Contains(methods, m) {
				continue
			}
			a := do(t, p, request{method: m, path: path})
			if a.Status != 405 || a.Header.Get("Allow") != strings.Join(methods, ", ") {
				t.Errorf("%s %s: %d, Allow %q", m, path, a.Status, a.Header.Get("Allow"))
			}
			if m != "HEAD" {
				wantProblem(t, a, 405, chat.MethodNotAllowed)
			}
		}
	}
	for _, path := range []string{"/", "/api", "/api/", "/api/nonsense", "/api/login/", "/api/Login", "/api//login", "/survey/done/", "/survey/done/x/y", "/api/%6Cogin/x", "/nonsense"} {
		for _, m := range []string{"GET", "POST"} {
			wantProblem(t, do(t, p, request{method: m, path: path}), 404, chat.NotFound)
		}
	}
}

func TestPagesAreServedWhereNoRouteIs(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.API.PageCSP = "default-src 'self'"
		o.API.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			fmt.Fprint(w, "page ", r.URL.Path)
		})
	})
	p := s.Person("P1", false)
	for _, path := range []string{"/", "/staff", "/static/x.js"} {
		a := get(t, p, path)
		if string(a.Body) != "page "+path || a.Header.Get("Cache-Control") != "max-age=60" || a.Header.Get("Content-Security-Policy") != "default-src 'self'" {
			t.Errorf("%s: %d %s %v", path, a.Status, a.Body, a.Header)
		}
	}
	wantProblem(t, get(t, p, "/api/nonsense"), 404, chat.NotFound)
	wantProblem(t, get(t, p, "/api/login"), 405, chat.MethodNotAllowed)
}

func TestParametersOfGetActions(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	for query, detail := range map[string]string{
		"last_action_id=x":                    "last_action_id: ",
		"last_action_id=-1":                   "last_action_id: ",
		"last_action_id=1.0":                  "last_action_id: ",
		"last_action_id=%2B1":                 "last_action_id: ",
		"last_action_id=1&last_action_id=2":   "last_action_id: given twice",
		"last_action_id=99999999999999999999": "last_action_id: ",
		"limit=0":                             "limit: must be a whole number of at least 1",
		"limit=x":                             "limit: ",
		"wait=x":                              "wait: ",
		"wait=25":                             "wait: ",
		"wait=-1s":                            "wait: ",
		"wait=56s":                            "wait: ",
		"wait=1s&wait=1s":                     "wait: given twice",
		"epoch=a&epoch=b":                     "epoch: given twice",
		"ts_id=TS1&ts_id=TS2":                 "ts_id: given twice",
	} {
		if problem := wantProblem(t, get(t, p, "/api/getActions?"+query), 400, chat.BadRequest); !strings.HasPrefix(problem.Detail, detail) {
			t.Errorf("%s: %s", query, problem.Detail)
		}
	}
	for _, query := range []string{"", "last_action_id=", "last_action_id=0&limit=100000&unknown=x", "wait=0s", "wait=&limit=&epoch=&ts_id="} {
		wantStatus(t, get(t, p, "/api/getActions?"+query), 200)
	}
	for _, path := range []string{"/api/getTherapySessionDetail", "/api/getTherapySessionAssessments"} {
		if problem := wantProblem(t, get(t, p, path), 400, chat.BadRequest); problem.Detail != "ts_id: missing" {
			t.Errorf("%s: %s", path, problem.Detail)
		}
		wantProblem(t, get(t, p, path+"?ts_id=TS1&ts_id=TS1"), 400, chat.BadRequest)
	}
}

// What is wrong with one action is that action's error, over every transport,
// and stops no other one.
func TestParametersOfGetTherapySessions(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	for query, want := range map[string]int{"": 200, "?poll=": 200, "?poll=true": 200, "?poll=false": 200, "?poll=1": 400, "?poll=true&poll=true": 400} {
		r := get(t, p, "/api/getTherapySessions"+query)
		if want == 400 {
			wantProblem(t, r, 400, chat.BadRequest)
		} else {
			wantStatus(t, r, want)
		}
	}
}

func TestWhatIsWrongWithOneAction(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Store.Limits = chat.Limits{MaxBody: 10, MaxHistory: 3} })
	p := s.Enter("P1", apitest.Plain)
	long := strings.Repeat("x", 65)
	rows := []struct{ action, code, message string }{
		{`7`, "invalid_action", "must be an object"},
		{`null`, "invalid_action", "must be an object"},
		{`[]`, "invalid_action", "must be an object"},
		{`{}`, "invalid_action", "type: missing"},
		{`{"type":null}`, "invalid_action", "type: missing"},
		{`{"type":"Message"}`, "invalid_action", "type: unknown"},
		{`{"type":"ack"}`, "invalid_action", "type: unknown"},
		{`{"type":7}`, "invalid_action", "type: must be a string"},
		{`{"type":"message","type":"message","body":"x"}`, "invalid_action", `"type": given twice`},
		{`{"type":"message"}`, "invalid_action", "body: blank"},
		{`{"type":"message","body":" \n\u00a0"}`, "invalid_action", "body: blank"},
		{`{"type":"message","body":7}`, "invalid_action", "body: must be a string"},
		{`{"type":"message","body":"\ud83d"}`, "invalid_action", "body: not valid Unicode"},
		{"{\"type\":\"message\",\"body\":\"\xe2\x28\xa1\"}", "invalid_action", "body: not valid Unicode"},
		{`{"type":"message","body":"12345678901"}`, "too_large", "body: longer than 10 characters"},
		{`{"type":"message","body":"x","recipients":"T1"}`, "invalid_action", "recipients: must be an array of strings"},
		{`{"type":"message","body":"x","recipients":[7]}`, "invalid_action", "recipients[0]: must be a string"},
		{`{"type":"message","body":"x","recipients":["T1","P4"]}`, "invalid_action", "recipients: "},
		{`{"type":"message","body":"x","recipients":["P2"]}`, "not_allowed", "recipients: "},
		{`{"type":"message","body":"x","target":"x"}`, "invalid_action", "target: must be an id"},
		{`{"type":"message","body":"x","target":-1}`, "invalid_action", "target: must be an id"},
		{`{"type":"message","body":"x","target":1.5}`, "invalid_action", "target: must be an id"},
		{`{"type":"message","body":"x","target":9007199254740993}`, "invalid_action", "target: must be an id"},
		{`{"type":"message","body":"x","target":""}`, "invalid_action", "target: must be an id"},
		{`{"type":"message","body":"x","target":12345}`, "no_such_target", "target: "},
		{`{"type":"message","body":"x","target":1}`, "no_such_target", "target: "}, // a notice
		{`{"type":"message","body":"x","user":"P2"}`, "wrong_user", "user: "},
		{`{"type":"message","body":"x","client_id":"` + long + `"}`, "invalid_action", "client_id: longer than 64 characters"},
		{`{"type":"message","body":"x","client_ts":"` + long + `"}`, "invalid_action", "client_ts: longer than 64 characters"},
		{`{"type":"message","body":"x","client_id":7}`, "invalid_action", "client_id: must be a string"},
		{`{"type":"message","body":"other","client_id":"used"}`, "client_id_reused", "client_id: "},
		{`{"type":"delete"}`, "invalid_action", "target: missing"},
		{`{"type":"delete","target":0}`, "invalid_action", "target: missing"},
		{`{"type":"reaction","target":2}`, "invalid_action", "icon: missing or unknown"},
		{`{"type":"reaction","target":2,"icon":"thumb"}`, "invalid_action", "icon: unknown"},
		{`{"type":"reaction","icon":"heart"}`, "invalid_action", "target: missing"},
		{`{"type":"notice","body":"x"}`, "not_allowed", "type: "},
		{`{"type":"whiteboard","body":"x"}`, "not_allowed", "type: "},
		{`{"type":"endChatSession"}`, "not_allowed", "type: "},
		{`{"type":"update_assessments"}`, "not_allowed", "type: "},
		{`{"type":"update_chat_details"}`, "not_allowed", "type: "},
	}
	var queue bytes.Buffer
	queue.WriteString(`[{"type":"message","body":"1234567890","client_id":"used"}`)
	for _, r := range rows {
		queue.WriteString("," + r.action)
	}
	queue.WriteString(`,{"type":"message","body":"12345678😀0","user":"P1","target":"2","character_history":[7,"\ud800"],"time_to_complete":"soon"}]`)

	check := func(t *testing.T, results []client.Result) {
		t.Helper()
		if len(results) != len(rows)+2 {
			t.Fatalf("%d results", len(results))
		}
		for i, r := range rows {
			if e := results[i+1].Error; e == nil || string(e.Code) != r.code || !strings.HasPrefix(e.Message, r.message) {
				t.Errorf("%s: %v, want %s %q", r.action, e, r.code, r.message)
			}
		}
		for _, i := range []int{0, len(results) - 1} {
			if results[i].Error != nil {
				t.Errorf("a good one: %v", results[i].Error)
			}
		}
	}
	t.Run("saveActions", func(t *testing.T) {
		var saved client.Saved
		a := post(t, p, "/api/saveActions", queue.String())
		wantStatus(t, a, 200)
		decode(t, a.Body, &saved)
		check(t, saved.Saved)
	})
	t.Run("a WebSocket", func(t *testing.T) {
		if err := p.Socket.SendRaw(1, []byte(`{"type":"save","ref":"bad","actions":`+queue.String()+`}`)); err != nil {
			t.Fatal(err)
		}
		check(t, p.Await("the results", func(f client.Frame) bool { return f.Ref == "bad" }).Results)
	})
	t.Run("handleActions", func(t *testing.T) {
		a := post(t, p, "/api/handleActions", `{"maxID":"999","actionQueue":`+queue.String()+`}`)
		wantStatus(t, a, 200)
		var page client.OlderPage
		decode(t, a.Body, &page)
		results := make([]client.Result, len(rows)+2)
		for _, e := range page.Errors {
			results[e.Index].Error = &client.ActionError{Code: e.Code, Message: e.Message}
		}
		rows := rows[:]
		for i, r := range rows {
			if r.action == `{"type":"message","body":"x","target":""}` { // is no target to older clients
				if results[i+1].Error != nil {
					t.Errorf("%s: %v", r.action, results[i+1].Error)
				}
				results[i+1].Error = &client.ActionError{Code: chat.InvalidAction, Message: "target: must be an id"}
			}
		}
		check(t, results)
	})
}

func TestMaxActionsPerCall(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.API.MaxActionsPerCall = 3 })
	p := s.Enter("P1", apitest.Plain)
	p.WaitFor(1) // that they have joined
	queue := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"type":"message","body":"x"},`, n), ",") + "]"
	}
	wantProblem(t, post(t, p, "/api/saveActions", queue(4)), 413, chat.TooLarge)
	wantProblem(t, post(t, p, "/api/saveActions", `{"actions":`+queue(4)+`}`), 413, chat.TooLarge)
	if err := p.Socket.SendRaw(1, []byte(`{"type":"save","ref":"4","actions":`+queue(4)+`}`)); err != nil {
		t.Fatal(err)
	}
	if f := p.AwaitType("error"); f.Ref != "4" || f.Code != chat.TooLarge {
		t.Errorf("%s", f.Raw)
	}
	if page := page(t, p, apitest.Plain); page.Max != 1 {
		t.Errorf("something was saved: %+v", page)
	}
	wantStatus(t, post(t, p, "/api/saveActions", queue(3)), 200)
	wantStatus(t, post(t, p, "/api/handleActions", `{"actionQueue":`+queue(20)+`}`), 200)
	if page := page(t, p, apitest.Plain); page.Max != 24 {
		t.Errorf("max_id %d", page.Max)
	}
}

func TestIDsAreNumbersOrDecimalStrings(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.Plain)
	id := p.Save(message("x"))
	for _, last := range []any{id, fmt.Sprint(id), 0, "0", nil} {
		f := p.Ask(map[string]any{"type": "enter", "ref": fmt.Sprintf("%T%v", last, last), "ts_id": "TS1", "last_action_id": last})
		if f.Type != "entered" {
			t.Errorf("last_action_id %v: %s", last, f.Raw)
		}
	}
	for i, last := range []any{"x", -1, 1.5, true, ""} {
		f := p.Ask(map[string]any{"type": "enter", "ref": fmt.Sprint("bad", i), "ts_id": "TS1", "last_action_id": last})
		if f.Code != chat.InvalidFrame || !strings.HasPrefix(f.Message, "last_action_id: ") {
			t.Errorf("last_action_id %v: %s", last, f.Raw)
		}
	}
	for _, target := range []string{"2", `"2"`} {
		a := post(t, p, "/api/saveActions", `[{"type":"reaction","icon":"sad","target":`+target+`}]`)
		if !strings.Contains(string(a.Body), `"saved":[{"id":3,`) {
			t.Errorf("target %s: %s", target, a.Body)
		}
	}
}

// A handler that fails tells no more than where the log has it.
func TestRefusalsAreProblems(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Store.Rate = chat.Rate{PerSecond: 0.25, Burst: 1} })
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	saved := must[client.Saved](t)(p.SaveActions(soon(t), "", message("1"), message("2")))
	if e := saved.Saved[1].Error; e == nil || e.Code != chat.TooFast || e.RetryAfter != 4 {
		t.Errorf("over the rate: %v", e)
	}
	a := post(t, p, "/api/handleActions", `{"actionQueue":[{"type":"message","body":"3"}]}`)
	if problem := wantProblem(t, a, 429, chat.TooFast); problem.RetryAfter != 4 || a.Header.Get("Retry-After") != "4" {
		t.Errorf("retry_after %d, Retry-After %q", problem.RetryAfter, a.Header.Get("Retry-After"))
	}
	a = get(t, p, "/api/me")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "", "Server": "",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a = get(t, s.Person("P1", false), "/api/me"); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("401 without a challenge: %v", a.Header)
	}
}
