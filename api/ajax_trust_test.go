package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// allOf is what there is of a therapy session, to see that nothing changed.
func allOf(t *testing.T, s *apitest.Server, dr *apitest.Person, ts chat.TSID) string {
	t.Helper()
	a := get(t, dr, "/api/getTherapySessionDetail?ts_id="+string(ts))
	wantStatus(t, a, 200)
	return fmt.Sprint(bodies(page(t, dr, ts).Actions), string(a.Body))
}

func TestClaimsOfTheOlderClientChangeNothingAndTellNothing(t *testing.T) {
	s := apitest.New(t)
	dr, dr2 := s.Login("T1"), s.Login("T2")
	p, o := s.Login("P1"), olderPage(t, s.Login("P2"), apitest.Plain)
	o.poll(o.say("private words", "01.000", "T1"))
	olderPage(t, p, apitest.Plain).poll()
	poll := func(ts, more, queue string) string {
		return `{"sessionID":"` + ts + `","maxID":null,"actionQueue":[` + queue + `]` + more + `}`
	}
	const say = `{"type":"message","body":"claimed"}`
	before := allOf(t, s, dr, apitest.Plain) + allOf(t, s, dr, apitest.WaitingRoom) + allOf(t, s, dr2, apitest.Elsewhere)
	for _, row := range []struct {
		name, action, payload string
		code                  chat.Code // of the call
		refused               chat.Code // of the action
	}{
		{"another's userID", "handleActions", poll("TS1", `,"userID":"P2"`, say), chat.WrongUser, ""},
		{"the therapist's userID", "handleActions", poll("TS1", `,"userID":"T1","isAdmin":true`, say), chat.WrongUser, ""},
		{"another's record_id", "getUserSessions", `{"record_id":"P2"}`, chat.WrongUser, ""},
		{"another user in an action", "handleActions", poll("TS1", "", `{"type":"message","body":"claimed","user":"P2"}`), "", chat.WrongUser},
		{"another session", "handleActions", poll("TS8", "", say), chat.NotAllowed, ""},
		{"a session that there is not", "handleActions", poll("TS77", "", say), chat.NotAllowed, ""},
		{"a session in whose waiting room they are", "handleActions", poll("TS2", "", say), chat.NotAdmitted, ""},
		{"another session in an action", "handleActions", poll("TS1", "", `{"type":"message","body":"claimed","sessionID":"TS8"}`), "", chat.InvalidAction},
		{"another session's whiteboard", "getWhiteboard", `{"record_id":"TS8"}`, chat.NotAllowed, ""},
		{"a notice, as admin", "handleActions", poll("TS1", `,"isAdmin":true`, `{"type":"notice","body":"claimed"}`), "", chat.NotAllowed},
		{"a whiteboard, as admin", "handleActions", poll("TS1", `,"isAdmin":true`, `{"type":"whiteboard","body":"claimed"}`), "", chat.NotAllowed},
		{"the end, as admin", "handleActions", poll("TS1", `,"isAdmin":true,"endChatSession":true`, `{"type":"endChatSession","recipients":"groupChat"}`), "", chat.NotAllowed},
		{"the server's own", "handleActions", poll("TS1", "", `{"type":"update_assessments"}`), "", chat.NotAllowed},
		{"a delete of another's", "handleActions", poll("TS1", "", `{"type":"delete","target":"1"}`), "", chat.NoSuchTarget},
		{"a delete of what is private", "handleActions", poll("TS1", "", `{"type":"delete","target":"2"}`), "", chat.NoSuchTarget},
		{"a reaction to what is private", "handleActions", poll("TS1", "", `{"type":"reaction","icon":"sad","target":"2"}`), "", chat.NoSuchTarget},
		{"a message to somebody of another session", "handleActions", poll("TS1", "", `{"type":"message","body":"claimed","recipients":["P4"]}`), "", chat.InvalidAction},
		{"a private message to another participant", "handleActions", poll("TS1", "", `{"type":"message","body":"claimed","recipients":["P2"]}`), "", chat.NotAllowed},
		{"the whiteboard", "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":"claimed"}`, chat.NotAllowed, ""},
		{"the whiteboard of a session not entered", "setWhiteboard", `{"record_id":"TS7","ts_whiteboard":"claimed"}`, chat.NotAllowed, ""},
		{"letting oneself in", "updateParticipants", `{"record_id":"TS2","participant_id":"P1","action":"admit"}`, chat.NotAllowed, ""},
		{"sending another out", "updateParticipants", `{"record_id":"TS1","participant_id":"P2","action":"revoke"}`, chat.NotAllowed, ""},
		{"another's surveys", "getUserSurveys", `{"participant_id":"P2","therapy_session_id":"TS3"}`, chat.NotAllowed, ""},
		{"who is done", "checkUserCompletion", `{"participant_ids":["P1"],"therapy_session_id":"TS3"}`, chat.NotAllowed, ""},
	} {
		a := ajax(t, p, row.action, row.payload)
		if row.code != "" {
			if said(t, a, a.Status, row.code); a.Status != 403 {
				t.Errorf("%s: %d", row.name, a.Status)
			}
		} else {
			var u olderUpdate
			decode(t, a.Body, &u)
			if a.Status != 200 || len(u.Errors) != 1 || u.Errors[0].Code != row.refused || len(u.Data) == 0 {
				t.Errorf("%s: %d %s", row.name, a.Status, a.Body)
			}
		}
	}
	after := allOf(t, s, dr, apitest.Plain) + allOf(t, s, dr, apitest.WaitingRoom) + allOf(t, s, dr2, apitest.Elsewhere)
	after = strings.Replace(after, `"waiting","muted":false,"reason":"waiting_room"`, `"offline","muted":false`, 1) // they did come
	if after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	if l := page(t, dr, apitest.PrivateAny); l.Max != 0 {
		t.Errorf("a refused whiteboard has entered its author: %+v", l.Actions)
	}
	p.NeverReceived(t, "private words")
	p.NeverReceived(t, "Ginger")
	// That a session exists is not told either.
	there, not := ajax(t, p, "handleActions", poll("TS8", "", "")), ajax(t, p, "handleActions", poll("TS77", "", ""))
	if string(there.Body) != string(not.Body) {
		t.Errorf("%s, but %s", there.Body, not.Body)
	}
}

func TestClaimsThatAreIgnored(t *testing.T) {
	s := apitest.New(t)
	o := olderPage(t, s.Login("P1"), apitest.Plain)
	o.poll()
	// The flag of a page that only says that the session has ended.
	a := ajax(t, o.p, "handleActions", `{"sessionID":"TS1","userID":"P1","isAdmin":true,"maxID":"1","actionQueue":[],"endChatSession":true,"user":"T1","admin":"1"}`)
	if wantStatus(t, a, 200); !strings.HasPrefix(string(a.Body), `{"data":[],`) {
		t.Errorf("%s", a.Body)
	}
	rows := string(result(t, ajax(t, s.Login("P2"), "getUserSessions", `{"record_id":"P2","admin":"1","ts_therapist":"P2"}`)))
	if strings.Contains(rows, `"P1"`) || strings.Contains(rows, "TS8") {
		t.Errorf("%s", rows)
	}
	if d := string(get(t, o.p, "/api/getTherapySessionDetail?ts_id=TS1").Body); !strings.Contains(d, `"status":"open"`) {
		t.Errorf("%s", d)
	}
}

func TestDeletesAreOnesOwnOrATherapists(t *testing.T) {
	s := apitest.New(t)
	dr, p, q := olderPage(t, s.Login("T1"), apitest.Plain), olderPage(t, s.Login("P1"), apitest.Plain), olderPage(t, s.Login("P2"), apitest.Plain)
	dr.poll()
	p.poll()
	q.poll() // 1, 2, 3: joined
	p.poll(p.say("mine", "01.000"), p.say("mine, too", "02.000"))
	q.poll()
	if u := q.poll(q.queued("delete", `"target":"4"`)); !slices.Equal(u.short(), []string{
		"notice: Not deleted: it is not your own. It is there again when you reload the page.", "ack 5",
	}) {
		t.Errorf("%q", u.short())
	}
	if u := p.poll(p.queued("delete", `"target":"4"`)); !slices.Equal(u.short(), []string{"delete 6 by P1"}) {
		t.Errorf("%q", u.short())
	}
	dr.poll()
	if u := dr.poll(dr.queued("delete", `"target":5`)); u.Data[len(u.Data)-1].String() != "delete 7 by T1" {
		t.Errorf("%q", u.short())
	}
	if u := q.poll(); !slices.Equal(u.short(), []string{"delete 6 by P1", "delete 7 by T1"}) || string(u.Data[0].Target) != `"4"` {
		t.Errorf("%q, target %s", u.short(), u.Data[0].Target)
	}
}

// Old and new clients together.
func TestOlderAndNewerClientsShareASession(t *testing.T) {
	s := apitest.New(t)
	dr := s.Enter("T1", apitest.Plain)
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	dr.WaitFor(2)
	p.poll(p.say("hello from <old>", "01.000"), p.say("help", "02.000", "T1"))
	if a := dr.WaitFor(3); a.Body != "hello from <old>" || a.ClientTS != "" {
		t.Errorf("%+v", a)
	}
	if a := dr.WaitFor(4); !slices.Equal(a.Recipients, []chat.PID{"T1"}) {
		t.Errorf("%+v", a)
	}
	id := dr.Save(message("hello from <new>"))
	if u := p.poll(); !slices.Equal(u.short(), []string{"message 5 by T1: hello from &lt;new&gt;"}) || id != 5 {
		t.Errorf("%q", u.short())
	}
	// The same action by both is one.
	d := chat.Draft{Type: chat.Message, Body: "once", ClientTS: "2026-12-01T18:00:03.000Z"}
	saved := must[client.Saved](t)(p.p.SaveActions(soon(t), "", d))
	u := p.poll(p.say("once", "03.000"))
	if saved.Saved[0].ID != 6 || !slices.Equal(u.short(), []string{"message 6 by P1: once"}) {
		t.Errorf("%+v, %q", saved, u.short())
	}
	dr.Save(end)
	if u := p.poll(); u.Data[len(u.Data)-1].Type != "endChatSession" {
		t.Errorf("%q", u.short())
	}
}

func TestSizeAndTypeOfWhatTheOlderClientSends(t *testing.T) {
	s := apitest.New(t)
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	long := func(n int) string {
		return p.queued("message", `"body":"typed long","character_history":["`+strings.Repeat("x", n)+`"]`)
	}
	if u := p.poll(long(7 << 20)); u.Data[len(u.Data)-1].Type != "message" {
		t.Errorf("%q", u.short())
	}
	said(t, p.call(long(8<<20)), 413, chat.TooLarge)
	a := do(t, p.p, request{
		method: "POST", path: "/api/ajax", body: `{"action":"getUserSessions"}`, header: map[string][]string{"Content-Type": {"text/plain"}},
	})
	said(t, a, 415, chat.UnsupportedMediaType)
	a = do(t, p.p, request{method: "POST", path: "/api/ajax", body: `{"action":"getUserSessions"}`, host: "evil.example"})
	said(t, a, 421, chat.WrongHost)
}
