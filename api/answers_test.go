package api_test

import (
	"regexp"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// patterns are what stands in a golden answer for what is different each time.
var patterns = strings.NewReplacer(
	"<epoch>", `[A-Za-z0-9_-]{8,}`,
	"<challenge>", `[A-Za-z0-9_-]{22}`,
	"<token>", `[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`,
	"<code>", `[0-9]{6}`,
	"<us>", `[0-9]+us`,
	"<ms>", `[0-9]+(\.[0-9]+)?`,
	"<host>", `127\.0\.0\.1%3A[0-9]+`,
)

// wantText fails the test unless text is as in golden, where line breaks and
// the white space behind them do not count.
func wantText(t testing.TB, text []byte, golden string) {
	t.Helper()
	var one strings.Builder
	for line := range strings.Lines(golden) {
		one.WriteString(strings.Trim(line, "\t\n"))
	}
	re := regexp.MustCompile("^" + patterns.Replace(regexp.QuoteMeta(one.String())) + "$")
	if !re.Match(text) {
		t.Errorf("got\n%s\nwant\n%s", text, one.String())
	}
}

func wantJSON(t testing.TB, a client.Answer, status int, golden string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("answered %d %s, want %d", a.Status, a.Body, status)
		return
	}
	if a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answer of type %q", a.Header.Get("Content-Type"))
	}
	wantText(t, a.Body, golden)
}

// The words, numbers and order of every answer: other people's programs read
// them.
func TestAnswersOfLogins(t *testing.T) {
	s := apitest.New(t)
	p := s.Person("P1", true)
	wantJSON(t, post(t, p, "/api/login", `{"phone":"(650) 555-0102","field":" DÉnver "}`), 202,
		`{"challenge":"<challenge>","resend_after":60,"expires_in":600}`)
	ch := must[client.Challenge](t)(p.StartLogin(soon(t), "6505550102", "denver"))
	must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
	s.Clock.Add(61e9)
	wantJSON(t, post(t, p, "/api/resend", `{"challenge":"`+ch.ID+`"}`), 202,
		`{"challenge":"<challenge>","resend_after":60,"expires_in":600}`)
	code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 1))
	wantJSON(t, post(t, p, "/api/verify", `{"challenge":"`+ch.ID+`","code":"`+code+`"}`), 200, `{"token":"<token>",
		"user":{"id":"P1","name":"Gilligan","role":"participant"},"expires_at":"2026-12-02T06:01:01.000Z"}`)
	s.Clock.Add(60e9)
	wantJSON(t, get(t, p, "/api/me"), 200, `{"user":{"id":"P1","name":"Gilligan","role":"participant"},
		"authenticated_at":"2026-12-01T18:01:01.000Z","last_activity":"2026-12-01T18:01:01.000Z",
		"idle_expires_at":"2026-12-01T18:31:01.000Z","expires_at":"2026-12-02T06:01:01.000Z","ts_id":null,"poll_interval_ms":5000,"keystrokes":true}`)
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	wantJSON(t, get(t, p, "/api/me"), 200, `{"user":{"id":"P1","name":"Gilligan","role":"participant"},
		"authenticated_at":"2026-12-01T18:01:01.000Z","last_activity":"2026-12-01T18:02:01.000Z",
		"idle_expires_at":"2026-12-02T06:01:01.000Z","expires_at":"2026-12-02T06:01:01.000Z","ts_id":"TS1","poll_interval_ms":5000,"keystrokes":true}`)
	if a := post(t, p, "/api/logout", ""); a.Status != 204 || len(a.Body) != 0 {
		t.Errorf("logout: %d %s", a.Status, a.Body)
	}
	dr := s.Login("T1")
	wantJSON(t, post(t, dr, "/api/code", `{"p_id":"P1"}`), 200, `{"code":"<code>","expires_in":600}`)
	if a := post(t, dr, "/api/unlock", `{"p_id":"P1"}`); a.Status != 204 || len(a.Body) != 0 {
		t.Errorf("unlock: %d %s", a.Status, a.Body)
	}
}

func TestAnswersOfTherapySessions(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		for ts := range o.Roster.Sessions {
			if ts != apitest.Plain && ts != apitest.WaitAndSurvey {
				delete(o.Roster.Sessions, ts)
			}
		}
		o.Roster.Sessions[apitest.Plain].Participants = []chat.PID{"P1", "P2"}
	})
	p, dr := s.Login("P1"), s.Login("T1")
	const surveys = `"assessments":[
		{"name":"location","title":"Where are you today?","phase":"pre","required":true,"status":"incomplete","url":"https://surveys.example/location?p=P1&ts=TS9&back=http%3A%2F%2F<host>%2Fsurvey%2Fdone%2F<token>"},
		{"name":"mood","title":"How are you?","phase":"pre","required":false,"status":"complete"},
		{"name":"post-session_survey","title":"How was it?","phase":"post","required":false,"status":"incomplete","url":"https://surveys.example/post?p=P1&ts=TS9"}]`
	if err := s.Store.SetAssessment(t.Context(), "test", apitest.WaitAndSurvey, "P1", "mood", true); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, get(t, p, "/api/getTherapySessions"), 200, `{"therapy_sessions":[
		{"id":"TS1","name":"Evening group","topic":"Coping with stress","date":"2026-12-01T18:00:00.000Z","status":"scheduled","unread":0,"assessments":[]},
		{"id":"TS9","name":"Careful group","topic":"","date":"2026-11-23T18:00:00.000Z","status":"scheduled","unread":0,`+surveys+`}],
		"action_items":[{"ts_id":"TS9","ts_name":"Careful group","name":"location","title":"Where are you today?",
		"url":"https://surveys.example/location?p=P1&ts=TS9&back=http%3A%2F%2F<host>%2Fsurvey%2Fdone%2F<token>"}]}`)
	wantJSON(t, get(t, p, "/api/getTherapySessionAssessments?ts_id=TS9"), 200, `{`+surveys+`}`)
	wantJSON(t, get(t, dr, "/api/getTherapySessionAssessments?ts_id=TS9&p_id=P1"), 200, `{`+surveys+`}`)
	wantJSON(t, get(t, dr, "/api/getTherapySessionAssessments?ts_id=TS9"), 200, `{"assessments":[]}`)

	wantJSON(t, post(t, p, "/api/enterTherapySession", `{"ts_id":"TS1"}`), 200, `{"ts_id":"TS1","state":"admitted","epoch":"<epoch>","max_id":1,
		"detail":{"id":"TS1","name":"Evening group","topic":"Coping with stress","date":"2026-12-01T18:00:00.000Z","status":"open",
		"whiteboard":"","private_messages":"therapist","waiting_room":false,"participants":[
		{"id":"T1","name":"Dr. Howell","role":"therapist","status":"offline","muted":false},
		{"id":"P1","name":"Gilligan","role":"participant","status":"online","muted":false},
		{"id":"P2","name":"Skipper","role":"participant","status":"offline","muted":false}]}}`)
	wantJSON(t, post(t, p, "/api/enterTherapySession", `{"ts_id":"TS9"}`), 200, `{"ts_id":"TS9","state":"waiting","reason":"assessments_incomplete",
		"epoch":"<epoch>","max_id":1,
		"detail":{"id":"TS9","name":"Careful group","topic":"","date":"2026-11-23T18:00:00.000Z","status":"scheduled",
		"whiteboard":"","private_messages":"therapist","waiting_room":true,"participants":[
		{"id":"T1","name":"Dr. Howell","role":"therapist","status":"offline","muted":false}]},`+surveys+`}`)
	wantJSON(t, get(t, dr, "/api/getTherapySessionDetail?ts_id=TS9"), 200, `{"id":"TS9","name":"Careful group","topic":"",
		"date":"2026-11-23T18:00:00.000Z","status":"scheduled","whiteboard":"","private_messages":"therapist","waiting_room":true,"participants":[
		{"id":"T1","name":"Dr. Howell","role":"therapist","status":"offline","muted":false},
		{"id":"P1","name":"Gilligan","role":"participant","status":"waiting","muted":false,"reason":"assessments_incomplete"},
		{"id":"P2","name":"Skipper","role":"participant","status":"offline","muted":false},
		{"id":"P3","name":"Mary Ann","role":"participant","status":"offline","muted":false}]}`)
	wantJSON(t, post(t, dr, "/api/updateParticipants", `{"ts_id":"TS1","p_id":"P1","action":"mute"}`), 200,
		`{"id":"P1","name":"Gilligan","role":"participant","status":"online","muted":true}`)
	wantJSON(t, post(t, dr, "/api/updateParticipants", `{"ts_id":"TS9","p_id":"P1","action":"admit"}`), 200,
		`{"id":"P1","name":"Gilligan","role":"participant","status":"waiting","muted":false,"reason":"assessments_incomplete"}`)
	if a := post(t, p, "/api/leaveTherapySession", ""); a.Status != 204 || len(a.Body) != 0 {
		t.Errorf("leave: %d %s", a.Status, a.Body)
	}
}

// sayAll fills TS1 with one action of each kind.
func sayAll(t *testing.T, p, dr *apitest.Person) {
	t.Helper()
	must[client.Entered](t)(dr.Client.Enter(soon(t), apitest.Plain)) // 1: joined
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))  // 2: joined
	wantJSON(t, post(t, p, "/api/saveActions", `[
		{"type":"message","body":"hello \u003c&> \"you\" \u2028\ud83d\ude00","recipients":[],"client_id":"c1","client_ts":"2026-12-01T17:59:59.120Z",
		 "character_history":["h","i"],"time_to_complete":"671ms","unknown":{"a":[1]}},
		{"type":"message","body":"private","recipients":["T1"],"target":"3"},
		{"type":"reaction","icon":"heart","target":3},
		{"type":"message_read","target":3},
		{"type":"message","body":""},
		{"type":"reaction","icon":"heart","target":3}]`), 200, `{"result":"OK","server_time":"<us>","epoch":"<epoch>","max_id":6,"saved":[
		{"id":3,"timestamp":"2026-12-01T18:00:00.000Z"},{"id":4,"timestamp":"2026-12-01T18:00:00.000Z"},
		{"id":5,"timestamp":"2026-12-01T18:00:00.000Z"},{"id":6,"timestamp":"2026-12-01T18:00:00.000Z"},
		{"error":{"code":"invalid_action","message":"body: blank"}},{"id":5,"timestamp":"2026-12-01T18:00:00.000Z"}]}`)
	wantJSON(t, post(t, dr, "/api/saveActions", `{"ts_id":"TS1","actions":[{"type":"whiteboard","body":"board"},{"type":"notice","body":"note","client_ts":"t"},
		{"type":"message","body":"soon gone"},{"type":"delete","target":"9"}]}`), 200, `{"result":"OK","server_time":"<us>","epoch":"<epoch>",
		"max_id":10,"saved":[{"id":7,"timestamp":"2026-12-01T18:00:00.000Z"},{"id":8,"timestamp":"2026-12-01T18:00:00.000Z"},
		{"id":9,"timestamp":"2026-12-01T18:00:00.000Z"},{"id":10,"timestamp":"2026-12-01T18:00:00.000Z"}]}`)
}

func TestAnswersOfActions(t *testing.T) {
	s := apitest.New(t)
	p, dr := s.Login("P1"), s.Login("T1")
	sayAll(t, p, dr)
	const first = `{"result":"OK","server_time":"<us>","epoch":"<epoch>","max_id":`
	wantJSON(t, get(t, p, "/api/getActions?last_action_id=0&limit=1"), 200, first+`1,"actions":[
		{"id":1,"type":"notice","sender":"system","timestamp":"2026-12-01T18:00:00.000Z","body":"Dr. Howell has joined the session","recipients":[]}],"more":true}`)
	wantJSON(t, get(t, p, "/api/getActions?last_action_id=2"), 200, first+`10,"actions":[
		{"id":3,"type":"message","user":"P1","timestamp":"2026-12-01T18:00:00.000Z","body":"hello <&> \"you\" `+"\u2028"+`😀","recipients":[],"target":null,"client_id":"c1","client_ts":"2026-12-01T17:59:59.120Z"},
		{"id":4,"type":"message","user":"P1","timestamp":"2026-12-01T18:00:00.000Z","body":"private","recipients":["T1"],"target":3},
		{"id":5,"type":"reaction","user":"P1","timestamp":"2026-12-01T18:00:00.000Z","recipients":[],"target":3,"icon":"heart"},
		{"id":6,"type":"message_read","user":"P1","timestamp":"2026-12-01T18:00:00.000Z","recipients":[],"target":3},
		{"id":7,"type":"whiteboard","user":"T1","timestamp":"2026-12-01T18:00:00.000Z","body":"board","recipients":[]},
		{"id":8,"type":"notice","sender":"Dr. Howell","timestamp":"2026-12-01T18:00:00.000Z","body":"note","recipients":[]},
		{"id":9,"type":"message","user":"T1","timestamp":"2026-12-01T18:00:00.000Z","recipients":[],"deleted":true},
		{"id":10,"type":"delete","user":"T1","timestamp":"2026-12-01T18:00:00.000Z","recipients":[],"target":9}]}`)
	wantJSON(t, get(t, dr, "/api/getActions?last_action_id=7"), 200, first+`10,"actions":[
		{"id":8,"type":"notice","sender":"Dr. Howell","timestamp":"2026-12-01T18:00:00.000Z","body":"note","recipients":[],"client_ts":"t"},
		{"id":9,"type":"message","user":"T1","timestamp":"2026-12-01T18:00:00.000Z","body":"soon gone","recipients":[],"target":null,"deleted":true},
		{"id":10,"type":"delete","user":"T1","timestamp":"2026-12-01T18:00:00.000Z","recipients":[],"target":9}]}`)
	wantJSON(t, get(t, p, "/api/getActions?last_action_id=10"), 200, first+`10,"actions":[]}`)
	wantJSON(t, get(t, p, "/api/getActions?last_action_id=10&wait=1ms"), 200, first+`10,"actions":[]}`)
	wantJSON(t, get(t, p, "/api/getActions?last_action_id=11&limit=1"), 200, first+`1,"actions":[
		{"id":1,"type":"notice","sender":"system","timestamp":"2026-12-01T18:00:00.000Z","body":"Dr. Howell has joined the session","recipients":[]}],
		"more":true,"reset":true}`)
	wantJSON(t, post(t, p, "/api/saveActions", `[]`), 200, first+`10,"saved":[]}`)
}

func TestAnswersOfHandleActions(t *testing.T) {
	s := apitest.New(t)
	p, dr := s.Login("P1"), s.Login("T1")
	sayAll(t, p, dr)
	wantJSON(t, post(t, p, "/api/handleActions", `{"sessionID":"TS1","userID":"P1","isAdmin":true,"maxID":"2","actionQueue":[],"endChatSession":false}`), 200, `{"data":[
		{"id":"3","type":"message","user":"P1","body":"hello <&> \"you\" `+"\u2028"+`😀","recipients":[],"target":null,"client_id":"c1","client_ts":"2026-12-01T17:59:59.120Z","timestamp":"2026-12-01 18:00:00"},
		{"id":"4","type":"message","user":"P1","body":"private","recipients":["T1"],"target":"3","timestamp":"2026-12-01 18:00:00"},
		{"id":"5","type":"reaction","user":"P1","recipients":[],"target":"3","icon":"heart","timestamp":"2026-12-01 18:00:00"},
		{"id":"6","type":"message_read","user":"P1","recipients":[],"target":"3","timestamp":"2026-12-01 18:00:00"},
		{"id":"7","type":"whiteboard","user":"T1","body":"board","recipients":[],"timestamp":"2026-12-01 18:00:00"},
		{"id":"8","type":"notice","sender":"Dr. Howell","body":"note","recipients":[],"timestamp":"2026-12-01 18:00:00"}],
		"serverTime":<ms>,"maxID":"10","epoch":"<epoch>"}`)
	wantJSON(t, post(t, dr, "/api/handleActions", `{"maxID":8,"actionQueue":[]}`), 200, `{"data":[
		{"id":"9","type":"message","user":"T1","body":"soon gone","recipients":[],"target":null,"deleted":true,"timestamp":"2026-12-01 18:00:00"},
		{"id":"10","type":"delete","user":"T1","recipients":[],"target":"9","timestamp":"2026-12-01 18:00:00"}],
		"serverTime":<ms>,"maxID":"10","epoch":"<epoch>"}`)
	wantJSON(t, post(t, p, "/api/handleActions", `{"maxID":10,"actionQueue":[
		{"type":"message","body":"  ","sessionID":"TS1"},{"type":"message","user":"P1","body":"x","recipients":"groupChat"},{"type":"nonsense"},7]}`), 200, `{"data":[
		{"id":"11","type":"message","user":"P1","body":"x","recipients":[],"target":null,"timestamp":"2026-12-01 18:00:00"}],
		"serverTime":<ms>,"maxID":"11","epoch":"<epoch>",
		"errors":[{"index":0,"code":"invalid_action","message":"body: blank"},{"index":2,"code":"invalid_action","message":"type: unknown"},
		{"index":3,"code":"invalid_action","message":"must be an object"}]}`)
	wantJSON(t, post(t, p, "/api/handleActions", `{"maxID":11}`), 200, `{"data":[],"serverTime":<ms>,"maxID":"11","epoch":"<epoch>"}`)
}

func TestFramesOfTheWebSocket(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		o.Roster.Sessions[apitest.Plain].Participants = []chat.PID{"P1"}
	})
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain)) // and has joined
	p.Connect()
	wantText(t, p.AwaitType("hello").Raw, `{"type":"hello","protocol":1,"user":{"id":"P1","name":"Gilligan","role":"participant"},"server_time":"2026-12-01T18:00:00.000Z"}`)
	if err := p.Socket.Ping(); err != nil {
		t.Fatal(err)
	}
	wantText(t, p.AwaitType("pong").Raw, `{"type":"pong"}`)
	const detail = `"detail":{"id":"TS1","name":"Evening group","topic":"Coping with stress","date":"2026-12-01T18:00:00.000Z","status":"open",
		"whiteboard":"","private_messages":"therapist","waiting_room":false,"participants":[
		{"id":"T1","name":"Dr. Howell","role":"therapist","status":"offline","muted":false},
		{"id":"P1","name":"Gilligan","role":"participant","status":"online","muted":false}]}}`
	wantText(t, p.Ask(map[string]any{"type": "enter", "ref": "a\"b", "ts_id": "TS1"}).Raw,
		`{"type":"entered","ref":"a\"b","ts_id":"TS1","state":"admitted","epoch":"<epoch>","max_id":1,`+detail)
	wantText(t, p.AwaitType("actions").Raw, `{"type":"actions","ts_id":"TS1","epoch":"<epoch>","max_id":1,"actions":[
		{"id":1,"type":"notice","sender":"system","timestamp":"2026-12-01T18:00:00.000Z","body":"Gilligan has joined the session","recipients":[]}]}`)
	wantText(t, p.Ask(map[string]any{"type": "save", "ref": "s", "actions": []any{
		map[string]any{"type": "message", "body": "x"}, map[string]any{"type": "delete"}}}).Raw, `{"type":"saved","ref":"s","max_id":2,"results":[
		{"id":2,"timestamp":"2026-12-01T18:00:00.000Z"},{"error":{"code":"invalid_action","message":"target: missing"}}]}`)
	wantText(t, p.AwaitType("actions").Raw, `{"type":"actions","ts_id":"TS1","epoch":"<epoch>","max_id":2,"actions":[
		{"id":2,"type":"message","user":"P1","timestamp":"2026-12-01T18:00:00.000Z","body":"x","recipients":[],"target":null}]}`)
	dr := s.Enter("T1", apitest.Plain)
	wantText(t, p.AwaitType("presence").Raw, `{"type":"presence","user":"T1","status":"online"}`)
	if err := dr.Socket.Typing(); err != nil {
		t.Fatal(err)
	}
	wantText(t, p.AwaitType("typing").Raw, `{"type":"typing","user":"T1"}`)
	wantText(t, p.Ask(map[string]any{"type": "nonsense", "ref": "n"}).Raw, `{"type":"error","ref":"n","code":"unknown_type","message":"type: unknown"}`)
	wantText(t, p.Ask(map[string]any{"type": "leave", "ref": "l"}).Raw, `{"type":"left","ref":"l"}`)
	wantText(t, p.Ask(map[string]any{"type": "save", "ref": "o", "actions": []any{}}).Raw,
		`{"type":"error","ref":"o","code":"not_admitted","message":"enter a therapy session first"}`)
}

func TestAnswersWithoutALogin(t *testing.T) {
	s := apitest.New(t)
	p := s.Person("P1", false)
	for _, row := range []struct{ path, contentType, begin string }{
		{"/healthz", "application/json", `{"status":"ok"}`},
		{"/readyz", "application/json", `{"status":"ok"}`},
		{"/api/openapi.yaml", "application/yaml", "openapi: "},
		{"/api/asyncapi.yaml", "application/yaml", "asyncapi: "},
		{"/docs", "text/html; charset=utf-8", "<!doctype html>"},
		{"/docs/docs.css", "text/css; charset=utf-8", ""},
	} {
		a := get(t, p, row.path)
		if a.Status != 200 || a.Header.Get("Content-Type") != row.contentType || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(string(a.Body))), row.begin) {
			t.Errorf("%s: %d %q %.40q", row.path, a.Status, a.Header.Get("Content-Type"), a.Body)
		}
	}
}
