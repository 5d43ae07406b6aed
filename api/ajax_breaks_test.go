package api_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// What breaks the older client, by its effect there. Every poll of these tests
// is held against most of it, too: see [old.unbroken].

func TestOlderClientDoesNotShowItsErrorPageForWantOfData(t *testing.T) {
	s := apitest.New(t)
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	if u := p.poll(); len(u.Data) != 0 { // unbroken has looked for data
		t.Errorf("%q", u.short())
	}
	for _, payload := range []string{`{"participants":[]}`, `{"participants":["nobody"]}`} {
		w := s.Login("T2")
		s.SetRoster(withoutSessions)
		if got := string(result(t, ajax(t, w, "getParticipants", payload))); got != `{"data":[]}` {
			t.Errorf("%s: %s", payload, got)
		}
		s.SetRoster(func(*chat.Roster) *chat.Roster { return apitest.Sample() })
	}
	row := result(t, ajax(t, s.Login("T1"), "updateParticipants", `{"record_id":"TS2","participant_id":"P1","action":"admit"}`))
	if !bytes.HasPrefix(row, []byte(`{"data":{"record_id":"TS2",`)) {
		t.Errorf("%s", row)
	}
}

func withoutSessions(now *chat.Roster) *chat.Roster {
	return &chat.Roster{People: now.People, Sessions: map[chat.TSID]*chat.TherapySession{}}
}

func TestOlderClientDoesNotSendItsQueueForEver(t *testing.T) {
	s := apitest.New(t)
	dr := s.Login("T1")
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	must[client.Person](t)(dr.Moderate(soon(t), apitest.Plain, "P1", chat.Mute))
	p.poll() // that the details have changed
	u := p.poll(p.say("hello", "01.000"))
	if got := strings.Join(u.short(), ", "); got !=
		"notice: Not sent: you are muted; you can still write to the therapist alone., ack 2" || u.MaxID != "2" {
		t.Errorf("%s, maxID %s", got, u.MaxID)
	}
	// It has taken its own position from that, and goes on from there.
	if u := p.poll(); len(u.Data) != 0 || p.maxID != `"2"` {
		t.Errorf("%q above %s", u.short(), p.maxID)
	}
	if got := bodies(page(t, dr, apitest.Plain).Actions); slices.Contains(got, "hello") || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Not sent") }) {
		t.Errorf("stored: %q", got)
	}
	// A queue that is there already is acknowledged, too.
	said := p.say("to you alone", "02.000", "T1")
	p.poll(said)
	if u := p.poll(said); !slices.Equal(u.short(), []string{"ack 3"}) {
		t.Errorf("%q", u.short())
	}
	// With real entries the notice comes first.
	q := olderPage(t, s.Login("P2"), apitest.Plain)
	q.poll(q.say("from another", "03.000"))
	u = p.poll(p.say("hello", "04.000"))
	if got := u.short(); len(got) != 3 || !strings.HasPrefix(got[0], "notice: Not sent") || u.Data[2].Type != "message" {
		t.Errorf("%q", got)
	}
}

func TestNothingFollowsTheEndInOneAnswer(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		dr := olderPage(t, s.Login("T1"), apitest.Plain)
		p, q := olderPage(t, s.Login("P1"), apitest.Plain), olderPage(t, s.Login("P2"), apitest.Plain)
		dr.poll()
		p.poll()
		q.poll()
		u := dr.poll(dr.queued("notice", `"body":"The Admin has closed this Chat Session","client_ts":"2026-12-01T18:30:00.000Z"`),
			dr.queued("endChatSession", `"recipients":"groupChat","client_ts":"2026-12-01T18:30:00.000Z"`))
		want := []string{
			"notice 2: Gilligan has joined the session", "notice 3: Skipper has joined the session",
			"notice 4: The Admin has closed this Chat Session", "notice 5: Dr. Howell has ended the session", "endChatSession 6 by T1",
		}
		if !slices.Equal(u.short(), want) {
			t.Errorf("the therapist gets %q", u.short())
		}
		time.Sleep(2 * time.Minute) // Skipper has closed the page, and is gone
		u = p.poll()
		got := u.short()
		left := func(line string) bool { return strings.HasSuffix(line, ": Skipper has left the session") } // in whatever order
		if len(got) < 5 || got[len(got)-1] != "endChatSession 6 by T1" || !slices.ContainsFunc(got, left) {
			t.Errorf("a participant gets %q", got)
		}
		again := olderPage(t, s.Login("P1"), apitest.Plain).poll().short()
		if again[len(again)-1] != "endChatSession 6 by T1" {
			t.Errorf("who comes back gets %q", again)
		}
	})
}

func TestRecipientsAreAnArrayForTheReaderThemselves(t *testing.T) {
	s := apitest.New(t)
	dr := olderPage(t, s.Login("T1"), apitest.Plain)
	for _, recipients := range []string{`,"recipients":"groupChat"`, `,"recipients":["groupChat"]`, `,"recipients":""`, `,"recipients":null`, `,"recipients":[]`, ``} {
		u := dr.poll(dr.queued("message", `"body":"x","target":null`+recipients))
		if e := u.Data[len(u.Data)-1]; string(*e.Recipients) != "[]" {
			t.Errorf("%s became %s", recipients, *e.Recipients)
		}
	}
	u := dr.poll(dr.queued("endChatSession", `"recipients":"groupChat"`))
	if e := u.Data[len(u.Data)-1]; e.Type != "endChatSession" || *e.User != "T1" || string(*e.Recipients) != "[]" {
		t.Errorf("%v", e)
	}
}

func TestMessageQuotesNothingThatItDoesNotAnswer(t *testing.T) {
	s := apitest.New(t)
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	for _, target := range []string{``, `,"target":null`, `,"target":""`} {
		u := p.poll(p.queued("message", `"body":"x"`+target))
		if e := u.Data[len(u.Data)-1]; string(e.Target) != "null" {
			t.Errorf("%s became %s", target, e.Target)
		}
	}
	p.poll(p.queued("message", `"body":"answer","target":"2"`))
	u := p.poll(p.queued("delete", `"target":"2"`))
	if got := u.short(); !slices.Equal(got, []string{"delete 6 by P1"}) {
		t.Errorf("%q", got)
	}
	for _, e := range olderPage(t, s.Login("P2"), apitest.Plain).poll().Data {
		if e.Type == "message" && string(e.Target) != "null" {
			t.Errorf("quotes %s, which is deleted", e.Target)
		}
	}
}

func TestNoScriptRunsInTheOlderClient(t *testing.T) {
	s := apitest.New(t)
	dr, p := olderPage(t, s.Login("T1"), apitest.Plain), olderPage(t, s.Login("P1"), apitest.Plain)
	const evil = `@Skipper <img src=x onerror="alert('1')"> & &lt;b&gt;`
	const safe = `@Skipper &lt;img src=x onerror=&quot;alert(&#039;1&#039;)&quot;&gt; &amp; &amp;lt;b&amp;gt;`
	p.poll()
	u := p.poll(p.say(evil, "01.000"))
	if *u.Data[0].Body != safe {
		t.Errorf("a message: %s", *u.Data[0].Body)
	}
	b, _ := json.Marshal(evil)
	dr.poll(dr.queued("notice", `"body":`+string(b)))
	u = p.poll()
	if e := u.Data[len(u.Data)-1]; *e.Body != safe {
		t.Errorf("a notice: %s", *e.Body)
	}
	// It is stored, and read by others, as it was typed.
	got := bodies(page(t, dr.p, apitest.Plain).Actions)
	if !slices.Contains(got, evil) {
		t.Errorf("stored: %q", got)
	}
}

func TestNoEntitiesAreShown(t *testing.T) {
	const typed = `<b> & "it's"`
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		ts := o.Roster.Sessions[apitest.Plain]
		ts.Name, ts.Topic = typed, typed
		o.Roster.People["P1"].Name, o.Roster.People["T1"].Name = typed, typed
	})
	dr := olderPage(t, s.Login("T1"), apitest.Plain)
	b, _ := json.Marshal(typed)
	wantStatus(t, ajax(t, dr.p, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":`+string(b)+`}`), 200)
	u := dr.poll(dr.queued("notice", `"body":"x"`))
	for _, e := range u.Data {
		if e.Type == "whiteboard" && *e.Body != typed {
			t.Errorf("whiteboard %q", *e.Body)
		}
		if e.Type == "notice" && *e.Body == "x" && *e.Sender != typed {
			t.Errorf("sender %q", *e.Sender)
		}
	}
	all := string(result(t, ajax(t, dr.p, "getUserSessions", ""))) +
		string(result(t, ajax(t, dr.p, "getParticipants", `{"participants":["P1"]}`)))
	if strings.Contains(all, "&amp;") || strings.Contains(all, "&lt;") || strings.Count(all, string(encode(t, typed))) != 5 {
		t.Errorf("%s", all)
	}
}

func TestNoRowHasNothingWhereTheClientNeedsSomething(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		for _, ts := range o.Roster.Sessions {
			ts.Date, ts.Participants = time.Time{}, nil
		}
		o.Roster.Sessions[apitest.Closed].Therapists = nil
		o.Roster.Sessions[apitest.Closed].Participants = []chat.PID{"P1"}
	})
	for _, id := range []chat.PID{"T1", "P1"} {
		raw := result(t, ajax(t, s.Login(id), "getUserSessions", ""))
		var rows []map[string]any
		if err := json.Unmarshal(raw, &rows); err != nil || len(rows) == 0 {
			t.Fatal(err, len(rows))
		}
		for _, row := range rows {
			if len(row) != 10 || row["ts_start"] != "" || row["hearth_start"] != "" {
				t.Errorf("%v", row)
			}
			for name, v := range row {
				switch v.(type) {
				case string:
				case []any:
				default:
					t.Errorf("%s is %v", name, v)
				}
			}
		}
	}
}

func TestIdsAndRolesAreStrings(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		r := o.Roster
		for id, name := range map[chat.PID]string{"12": "Eunice", "7": "Thurston"} {
			u := *r.People["P1"]
			u.ID, u.Name, u.LastName, u.Phone = id, chat.Text(name), chat.Text(name), chat.Phone("+1650555020"+string(id[len(id)-1:]))
			r.People[id] = &u
		}
		r.People["7"].Role = chat.Therapist
		r.Sessions["31"] = &chat.TherapySession{ID: "31", Name: "Numbers", Therapists: []chat.PID{"7"}, Participants: []chat.PID{"12"}}
	})
	p, dr := s.Login("12"), s.Login("7")
	if got := string(result(t, ajax(t, p, "getUserSessions", ""))); !strings.Contains(got, `"record_id":"31"`) ||
		!strings.Contains(got, `"ts_therapist":"7"`) || !strings.Contains(got, `"ts_chat_room_participants":["12"]`) {
		t.Errorf("%s", got)
	}
	if got := string(result(t, ajax(t, dr, "getParticipants", `{"participants":["12"]}`))); !strings.Contains(got,
		`{"record_id":"12","participant_display_name":"Eunice","participant_first_name":"","admin":"0","participant_status":""}`) ||
		!strings.Contains(got, `"record_id":"7"`) || !strings.Contains(got, `"admin":"1"`) {
		t.Errorf("%s", got)
	}
	o := olderPage(t, p, "31")
	u := o.poll(o.say("x", "01.000", "7"), o.queued("reaction", `"icon":"sad","target":2`))
	if got := u.short(); got[len(got)-1] != "reaction 3 by 12" || string(u.Data[len(u.Data)-1].Target) != `"2"` ||
		string(*u.Data[len(u.Data)-2].Recipients) != `["7"]` {
		t.Errorf("%q", got)
	}
}

func TestNothingSpinsForEver(t *testing.T) {
	w := newOlderWorld(t)
	for action, payload := range map[string]string{
		"getUserSessions": "", "getParticipants": `{"participants":[]}`, "getWhiteboard": `{"record_id":"TS1"}`,
		"updateParticipants": `{"record_id":"TS1","participant_id":"P1","action":"admit"}`,
		"getUserSurveys":     `{"participant_id":"P1","therapy_session_id":"TS1"}`, "setWhiteboard": `{"record_id":"TS1","ts_whiteboard":""}`,
		"checkUserCompletion": `{"participant_ids":[],"therapy_session_id":"TS1"}`,
	} {
		result(t, ajax(t, w.t1, action, payload)) // fails the test if there is none
	}
}

func TestNobodyIsThrownOutAtTheEnd(t *testing.T) {
	s := apitest.New(t)
	dr := s.Login("T1")
	must[client.Person](t)(dr.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	p := olderPage(t, s.Login("P1"), apitest.WaitingRoom)
	p.poll()
	chatRoom := func() []string {
		var rows []struct {
			ID   string   `json:"record_id"`
			Chat []string `json:"ts_chat_room_participants"`
		}
		if err := json.Unmarshal(result(t, ajax(t, p.p, "getUserSessions", "")), &rows); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.ID == string(apitest.WaitingRoom) {
				return r.Chat
			}
		}
		return nil
	}
	before := chatRoom()
	o := olderPage(t, dr, apitest.WaitingRoom)
	o.poll(o.queued("endChatSession", `"recipients":"groupChat"`))
	if after := chatRoom(); !slices.Equal(before, after) || !slices.Equal(after, []string{"P1"}) {
		t.Errorf("%q, then %q", before, after)
	}
	p.poll()
	if u := olderPage(t, s.Login("P1"), apitest.WaitingRoom).poll(); len(u.Data) < 3 {
		t.Errorf("who comes back gets %q", u.short())
	}
}
