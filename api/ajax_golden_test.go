package api_test

import (
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// olderWorld is a server with somebody of each kind.
type olderWorld struct {
	*apitest.Server
	p1, p2, p4, t1, t2, nobody *apitest.Person
}

func newOlderWorld(t *testing.T) *olderWorld {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		ts := o.Roster.Sessions[apitest.WaitingRoom]
		ts.Date = ts.Date.In(time.FixedZone("", -8*3600))
		ts.Topic = "Rest & <sleep>"
		o.Roster.Sessions[apitest.Elsewhere].Date = time.Time{}
	})
	return &olderWorld{
		Server: s, p1: s.Login("P1"), p2: s.Login("P2"), p4: s.Login("P4"), t1: s.Login("T1"), t2: s.Login("T2"),
		nobody: s.Person("P1", false),
	}
}

func TestOlderAnswersOfValidateUserPhone(t *testing.T) {
	s := apitest.New(t)
	c := &cases{t: t, action: "validateUserPhone"}
	for _, row := range []struct{ name, payload string }{
		{"somebody", `["Denver","16505550102"]`},
		{"somebody, as people type it", `[" dEnver ","(650) 555-0102"]`},
		{"nobody", `["Nobody","16505550199"]`},
		{"a phone that is none", `["Denver","123"]`},
		{"a phone with letters", `["Denver","1650555010x"]`},
		{"no phone", `["Denver",""]`},
		{"no name", `["","16505550102"]`},
		{"no number", `["Denver",null]`},
		{"one alone", `["Denver"]`},
		{"three", `["Denver","16505550102","x"]`},
		{"a number", `["Denver",16505550102]`},
		{"an object", `{"name":"Denver","phone":"16505550102"}`},
		{"text", `"Denver"`},
		{"null", `null`},
		{"nothing", ``},
	} {
		c.add(row.name, "nobody", s.Person("P1", true), row.payload)
	}
	c.check()
}

func TestOlderAnswersOfValidateCode(t *testing.T) {
	s := apitest.New(t)
	c := &cases{t: t, action: "validateCode"}
	for _, row := range []struct{ name, payload string }{
		{"a code that nobody asked for", `"123456"`}, {"empty", `""`}, {"blank", `"  "`}, {"a number", `123456`},
		{"an array", `["123456"]`}, {"null", `null`}, {"nothing", ``},
	} {
		c.add(row.name, "nobody", s.Person("P1", true), row.payload)
	}
	for i, who := range []struct {
		id    chat.PID
		phone chat.Phone
		name  string
	}{{"P1", "+16505550102", "Denver"}, {"T1", "+16505550100", "Howell"}} {
		p := s.Person(who.id, true)
		wantStatus(t, ajax(t, p, "validateUserPhone", `["`+who.name+`","`+string(who.phone[1:])+`"]`), 200)
		code := must[string](t)(s.SMS.Code(soon(t), who.phone, 0))
		a := ajax(t, p, "validateCode", `"`+code+`\n"`)
		c.all = append(c.all, golden{
			Case: "the right code", As: string(who.id), Status: a.Status, Result: result(t, a),
		})
		if i == 0 {
			p := s.Person("P1", true)
			s.Clock.Add(2 * time.Minute)
			wantStatus(t, ajax(t, p, "validateUserPhone", `["Denver","16505550102"]`), 200)
			c.add("a wrong code", "P1", p, `"no code"`)
			c.add("again, with the cookie gone", "P1", p, `"no code"`)
		}
	}
	c.check()
}

func TestOlderAnswersOfGetUserSessions(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "getUserSessions"}
	c.add("before anybody has logged in", "nobody", w.nobody, "")
	c.add("as somebody who was logged in", "nobody", w.nobody, `{"record_id":"P1","admin":"0"}`)
	c.add("before entering", "P1", w.p1, `{"record_id":"P1","admin":"1","participant_display_name":"x"}`)
	c.add("the therapist", "T1", w.t1, `{"record_id":"T1","admin":"1"}`)
	c.add("without a payload", "P4", w.p4, "")
	c.add("as somebody else", "P1", w.p1, `{"record_id":"P2","admin":"0"}`)
	c.add("without saying who", "P4", w.p4, `{}`)
	for _, payload := range []string{`[]`, `"P4"`, `7`, `{"record_id":7}`, `{"record_id":["P4"]}`, `{"record_id":null}`} {
		c.add("payload is "+payload, "P4", w.p4, payload)
	}
	dr := olderPage(t, w.t1, apitest.WaitingRoom)
	dr.poll(dr.queued("whiteboard", `"body":"Breathe & <rest>"`))
	must[client.Person](t)(w.t1.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	must[client.Person](t)(w.t1.Moderate(soon(t), apitest.WaitingRoom, "P3", chat.Remove))
	c.add("admitted, but not there yet", "P1", w.p1, "")
	olderPage(t, w.p1, apitest.WaitingRoom).poll()
	c.add("in one of them", "P1", w.p1, "")
	c.add("waiting", "P2", w.p2, "")
	dr.poll(dr.queued("endChatSession", `"recipients":"groupChat"`))
	c.add("after the end of one", "P1", w.p1, "")
	c.check()
}

func TestOlderAnswersOfGetParticipants(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "getParticipants"}
	c.add("a therapist", "T1", w.t1, `{"participants":["P2","P1","P2","",null,"P4","T2","nonsense"]}`)
	c.add("who waits everywhere", "P1", w.p1, `{"participants":["P1","P2","P3","T1"]}`)
	c.add("nobody asked for", "P1", w.p1, `{"participants":[]}`)
	c.add("of another session", "P4", w.p4, `{"participants":["P1","T1"]}`)
	olderPage(t, w.p1, apitest.Plain).poll()
	c.add("who is in", "P1", w.p1, `{"participants":["P3","P1","P2","P4","T2"]}`)
	c.add("not logged in", "nobody", w.nobody, `{"participants":["P1"]}`)
	c.spoil("P4", w.p4, `{"participants":["P4"]}`)
	c.check()
}

func TestOlderAnswersOfUpdateParticipants(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "updateParticipants"}
	change := func(whom, action string) string {
		return `{"record_id":"TS2","participant_id":"` + whom + `","action":"` + action + `"}`
	}
	c.add("somebody who has not come yet", "T1", w.t1, change("P1", "admit"))
	c.add("again", "T1", w.t1, change("P1", "admit"))
	c.add("and back", "T1", w.t1, change("P1", "revoke"))
	c.add("a participant", "P1", w.p1, change("P1", "admit"))
	c.add("a therapist of another session", "T2", w.t2, change("P1", "admit"))
	c.add("a therapist", "T1", w.t1, change("T1", "admit"))
	c.add("somebody of another session", "T1", w.t1, change("P4", "admit"))
	c.add("somebody whom there is not", "T1", w.t1, change("X", "admit"))
	c.add("what the older client has no button for", "T1", w.t1, change("P1", "remove"))
	c.add("no such session", "T1", w.t1, `{"record_id":"TS77","participant_id":"P1","action":"admit"}`)
	c.add("not logged in", "nobody", w.nobody, change("P1", "admit"))
	c.spoil("T1", w.t1, change("P1", "admit"))
	c.check()
}

func TestOlderAnswersOfGetUserSurveys(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "getUserSurveys"}
	of := func(whom string, ts chat.TSID, completed string) string {
		return `{"participant_id":"` + whom + `","therapy_session_id":"` + string(ts) + `","completed":` + completed + `}`
	}
	c.add("before it", "P1", w.p1, of("P1", apitest.Survey, "false"))
	c.add("after it", "P1", w.p1, of("P1", apitest.Survey, "true"))
	c.add("none there", "P1", w.p1, of("P1", apitest.Plain, "false"))
	for _, name := range []string{"location", "post-session_survey"} {
		if err := w.Store.SetAssessment(t.Context(), "test", apitest.Survey, "P1", name, true); err != nil {
			t.Fatal(err)
		}
	}
	c.add("complete, before it", "P1", w.p1, of("P1", apitest.Survey, "false"))
	c.add("complete, after it", "P1", w.p1, of("P1", apitest.Survey, "true"))
	c.add("a participant, of another", "P1", w.p1, of("P2", apitest.Survey, "false"))
	c.add("the therapist, of a participant", "T1", w.t1, of("P2", apitest.Survey, "false"))
	c.add("the therapist, of somebody else", "T1", w.t1, of("P4", apitest.Survey, "false"))
	c.add("the therapist, of themselves", "T1", w.t1, of("T1", apitest.Survey, "true"))
	c.add("of another session", "P1", w.p1, of("P1", apitest.Elsewhere, "false"))
	c.add("of no session", "P1", w.p1, of("P1", "TS77", "false"))
	c.add("not logged in", "nobody", w.nobody, of("P1", apitest.Survey, "false"))
	c.spoil("P1", w.p1, of("P1", apitest.Plain, "false"))
	c.check()
}

func TestOlderAnswersOfCheckUserCompletion(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "checkUserCompletion"}
	of := func(ts chat.TSID) string {
		return `{"participant_ids":["P2","P1","P2","P4","T1","X"],"therapy_session_id":"` + string(ts) + `"}`
	}
	if err := w.Store.SetAssessment(t.Context(), "test", apitest.Survey, "P1", "location", true); err != nil {
		t.Fatal(err)
	}
	c.add("one is done", "T1", w.t1, of(apitest.Survey))
	c.add("nothing to do", "T1", w.t1, of(apitest.Plain))
	c.add("nobody asked for", "T1", w.t1, `{"participant_ids":[],"therapy_session_id":"TS3"}`)
	c.add("a participant", "P1", w.p1, `{"participant_ids":["P1"],"therapy_session_id":"TS3"}`)
	c.add("a participant, nobody asked for", "P1", w.p1, `{"participant_ids":[],"therapy_session_id":"TS3"}`)
	c.add("another therapist", "T2", w.t2, of(apitest.Survey))
	c.add("no such session", "T1", w.t1, of("TS77"))
	c.add("not logged in", "nobody", w.nobody, of(apitest.Survey))
	c.spoil("T1", w.t1, of(apitest.Plain))
	c.check()
}

func TestOlderAnswersOfGetWhiteboard(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "getWhiteboard"}
	c.add("nothing on it", "T1", w.t1, `{"record_id":"TS1"}`)
	wantStatus(t, ajax(t, w.t1, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":"a <b> & \"c\""}`), 200)
	c.add("its text", "T1", w.t1, `{"record_id":"TS1"}`)
	c.add("who has not entered", "P1", w.p1, `{"record_id":"TS1"}`)
	olderPage(t, w.p1, apitest.Plain).poll()
	c.add("who is in", "P1", w.p1, `{"record_id":"TS1"}`)
	c.add("another session", "P1", w.p1, `{"record_id":"TS8"}`)
	c.add("no such session", "P1", w.p1, `{"record_id":"TS77"}`)
	c.add("not logged in", "nobody", w.nobody, `{"record_id":"TS1"}`)
	c.spoil("P1", w.p1, `{"record_id":"TS1"}`)
	c.check()
}

func TestOlderAnswersOfSetWhiteboard(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "setWhiteboard"}
	c.add("a text", "T1", w.t1, `{"record_id":"TS1","ts_whiteboard":"a <b> & \"c\""}`)
	c.add("again", "T1", w.t1, `{"record_id":"TS1","ts_whiteboard":"a <b> & \"c\""}`)
	c.add("nothing", "T1", w.t1, `{"record_id":"TS1","ts_whiteboard":""}`)
	c.add("a participant", "P1", w.p1, `{"record_id":"TS1","ts_whiteboard":"x"}`)
	c.add("another therapist", "T2", w.t2, `{"record_id":"TS1","ts_whiteboard":"x"}`)
	c.add("no such session", "T1", w.t1, `{"record_id":"TS77","ts_whiteboard":"x"}`)
	c.add("not logged in", "nobody", w.nobody, `{"record_id":"TS1","ts_whiteboard":"x"}`)
	c.add("half a character", "T1", w.t1, `{"record_id":"TS1","ts_whiteboard":"\ud83d"}`)
	c.spoil("T1", w.t1, `{"record_id":"TS7","ts_whiteboard":"x"}`)
	dr := olderPage(t, w.t1, apitest.Plain)
	dr.poll(dr.queued("endChatSession", ""))
	c.add("after the end", "T1", w.t1, `{"record_id":"TS1","ts_whiteboard":"x"}`)
	c.check()
}

func TestOlderAnswersOfHandleActions(t *testing.T) {
	w := newOlderWorld(t)
	c := &cases{t: t, action: "handleActions"}
	poll := func(ts chat.TSID, user, max, queue string) string {
		return `{"sessionID":"` + string(ts) + `","userID":"` + user + `","isAdmin":false,"maxID":` + max + `,"actionQueue":[` + queue + `],"endChatSession":false}`
	}
	p, dr := olderPage(t, w.p1, apitest.Plain), olderPage(t, w.t1, apitest.Plain)
	c.add("the first poll", "P1", w.p1, poll("TS1", "P1", "null", ""))
	c.add("nothing new", "P1", w.p1, poll("TS1", "P1", `"1"`, ""))
	c.add("a message and a private one", "P1", w.p1, poll("TS1", "P1", `"1"`, p.say(`it's <fine> & "ok"`, "09.120")+","+p.say("help", "10.000", "T1")))
	c.add("the same queue again", "P1", w.p1, poll("TS1", "P1", `"3"`, p.say(`it's <fine> & "ok"`, "09.120")))
	c.add("the therapist", "T1", w.t1, poll("TS1", "T1", "null", ""))
	c.add("a reaction, a reply, a whiteboard, a notice, a private answer", "T1", w.t1, poll("TS1", "T1", "4",
		dr.queued("reaction", `"icon":"heart","target":"2"`)+","+dr.queued("message", `"body":"yes","target":"2"`)+","+
			dr.queued("whiteboard", `"body":"a <b>"`)+","+dr.queued("notice", `"body":"Five \"minutes\""`)+","+dr.say("how?", "12.000", "P1")))
	c.add("all of it", "P1", w.p1, poll("TS1", "P1", `"3"`, ""))
	c.add("another participant", "P2", w.p2, poll("TS1", "P2", "null", ""))
	c.add("what is refused", "P2", w.p2, poll("TS1", "P2", `"10"`, `{"type":"notice","body":"x"},{"type":"message","body":" ","user":"P2"}`))
	c.add("another's action", "P2", w.p2, poll("TS1", "P2", `"10"`, `{"type":"message","body":"x","user":"P1","sessionID":"TS1"}`))
	c.add("another session's action", "P2", w.p2, poll("TS1", "P2", `"10"`, `{"type":"message","body":"x","user":"P2","sessionID":"TS2"}`))
	c.add("a delete of what is on its way, one of another's", "P2", w.p2, poll("TS1", "P2", `"10"`, `{"type":"delete","target":"pending-0","sessionID":"TS1"},{"type":"delete","target":"2","sessionID":"TS1"}`))
	c.add("the end", "T1", w.t1, poll("TS1", "T1", `"9"`,
		dr.queued("notice", `"body":"The Admin has closed this Chat Session"`)+","+dr.queued("endChatSession", `"recipients":"groupChat"`)))
	c.add("after the end", "P1", w.p1, poll("TS1", "P1", `"10"`, p.say("too late", "59.000")))
	c.add("a position that is not of this log", "P1", w.p1, poll("TS1", "P1", "999", ""))
	c.add("who waits", "P1", w.p1, poll("TS2", "P1", "null", ""))
	c.add("as somebody else", "P1", w.p1, poll("TS1", "P2", "null", ""))
	c.add("another session", "P1", w.p1, poll("TS8", "P1", "null", ""))
	c.add("no such session", "P1", w.p1, poll("TS77", "P1", "null", ""))
	c.add("not logged in", "nobody", w.nobody, poll("TS1", "P1", "null", ""))
	c.spoil("P1", w.p1, `{"sessionID":"TS7","userID":"P1","isAdmin":false,"maxID":null,"actionQueue":[],"endChatSession":false,"epoch":""}`)
	c.check()
}

func TestOlderAnswersOfUnknownActions(t *testing.T) {
	w := newOlderWorld(t)
	for _, action := range []string{
		"TestAction", "getActions", "addAction", "deleteActions", "getAssessments", "getChatSessionDetails", "endChatSession",
		"validateuserphone", "nonsense",
	} {
		for _, p := range []*apitest.Person{w.p1, w.nobody} {
			said(t, ajax(t, p, action, `{}`), 404, chat.UnknownAction)
		}
	}
	for _, body := range []string{`{}`, `{"action":""}`, `{"action":null}`, `{"action":7}`, `{"payload":[]}`, `[]`, `"x"`, `{`, ``, `{"action":"getUserSessions"}x`} {
		a := do(t, w.p1, request{method: "POST", path: "/api/ajax", body: body, header: map[string][]string{"Content-Type": {"application/json"}}})
		said(t, a, 400, chat.BadRequest)
	}
}
