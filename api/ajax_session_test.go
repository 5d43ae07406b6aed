package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// row is one of getUserSessions, as it came.
func row(t *testing.T, p *apitest.Person, ts chat.TSID) string {
	t.Helper()
	var rows []json.RawMessage
	if err := json.Unmarshal(result(t, ajax(t, p, "getUserSessions", "")), &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if strings.HasPrefix(string(r), `{"record_id":"`+string(ts)+`",`) {
			return string(r)
		}
	}
	t.Fatalf("%s is not in the list of %s", ts, p.ID)
	return ""
}

// lists are those of a row.
func lists(t *testing.T, p *apitest.Person, ts chat.TSID) (chatRoom, authorized, board string) {
	t.Helper()
	var r struct {
		Chat       []string `json:"ts_chat_room_participants"`
		Authorized []string `json:"ts_authorized_participants"`
		Board      string   `json:"ts_whiteboard"`
	}
	if err := json.Unmarshal([]byte(row(t, p, ts)), &r); err != nil {
		t.Fatal(err)
	}
	return strings.Join(r.Chat, " "), strings.Join(r.Authorized, " "), r.Board
}

func TestRowsOfEqualStateAreEqual(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		ts := o.Roster.Sessions[apitest.WaitingRoom]
		ts.Date = ts.Date.In(time.FixedZone("", -8*3600))
	})
	dr, p := olderPage(t, s.Login("T1"), apitest.WaitingRoom), olderPage(t, s.Login("P1"), apitest.WaitingRoom)
	dr.poll()
	must[client.Person](t)(dr.p.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	p.poll()
	first := row(t, p.p, apitest.WaitingRoom)
	if !strings.Contains(first, `"ts_start":"2026-11-30 10:00:00"`) || !strings.Contains(first, `"hearth_start":"2026-11-30T18:00:00.000Z"`) {
		t.Errorf("not the time that the roster gave: %s", first)
	}
	firstOf := row(t, dr.p, apitest.WaitingRoom)
	for range 3 { // talk, arrivals, mutes and time are not of the row
		p.poll(p.say("x", time.Now().Format("05.000000")))
		must[client.Person](t)(dr.p.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Mute))
		must[client.Person](t)(dr.p.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
		s.Clock.Add(time.Hour / 4)
		if got := row(t, p.p, apitest.WaitingRoom); got != first {
			t.Errorf("it was\n%s\nand is\n%s", first, got)
		}
		if got := row(t, dr.p, apitest.WaitingRoom); got != firstOf {
			t.Errorf("it was\n%s\nand is\n%s", firstOf, got)
		}
		moderated := string(result(t, ajax(t, dr.p, "updateParticipants", `{"record_id":"TS2","participant_id":"P1","action":"admit"}`)))
		if moderated != `{"data":`+firstOf+`}` {
			t.Errorf("updateParticipants says %s", moderated)
		}
	}
	s.Restart()
	if got := row(t, s.Login("P1"), apitest.WaitingRoom); got != first {
		t.Errorf("after a restart it is\n%s\nand was\n%s", got, first)
	}
}

func TestWhoSeesWhatOfARow(t *testing.T) {
	s := apitest.New(t)
	dr := olderPage(t, s.Login("T1"), apitest.WaitingRoom)
	dr.poll(dr.queued("whiteboard", `"body":"Breathe"`))
	must[client.Person](t)(dr.p.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	must[client.Person](t)(dr.p.Moderate(soon(t), apitest.WaitingRoom, "P3", chat.Remove))
	p, q := olderPage(t, s.Login("P1"), apitest.WaitingRoom), s.Login("P2")
	want := func(who *apitest.Person, chatRoom, authorized, board string) {
		t.Helper()
		if c, a, b := lists(t, who, apitest.WaitingRoom); c != chatRoom || a != authorized || b != board {
			t.Errorf("%s sees %q in the chat, %q outside and %q", who.ID, c, a, b)
		}
	}
	want(dr.p, "P1", "P2 P3", "Breathe")
	want(p.p, "P1", "", "") // admitted, but not there
	want(q, "", "P2", "")
	p.poll()
	want(p.p, "P1", "P2 P3", "Breathe")
	result(t, ajax(t, dr.p, "updateParticipants", `{"record_id":"TS2","participant_id":"P1","action":"revoke"}`))
	want(p.p, "", "P1", "")
	want(dr.p, "", "P1 P2 P3", "Breathe")
	result(t, ajax(t, dr.p, "updateParticipants", `{"record_id":"TS2","participant_id":"P3","action":"admit"}`)) // back in
	want(dr.p, "P3", "P1 P2", "Breathe")
	// Without a waiting room everybody is listed from the start.
	if c, a, _ := lists(t, dr.p, apitest.Plain); c != "P1 P2 P3" || a != "" {
		t.Errorf("%q in the chat, %q outside", c, a)
	}
	if c, a, _ := lists(t, p.p, apitest.Survey); c != "P1" || a != "" { // the survey is asked for later
		t.Errorf("%q in the chat, %q outside", c, a)
	}
	result(t, ajax(t, dr.p, "updateParticipants", `{"record_id":"TS1","participant_id":"P2","action":"revoke"}`))
	if c, a, _ := lists(t, dr.p, apitest.Plain); c != "P1 P3" || a != "P2" {
		t.Errorf("%q in the chat, %q outside", c, a)
	}
}

func TestCoTherapistsAreKnownToEverybody(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		o.Roster.Sessions[apitest.Plain].Therapists = []chat.PID{"T1", "T2"}
	})
	for id, want := range map[chat.PID]string{"T1": "T1", "T2": "T2", "P1": "T1"} {
		if r := row(t, s.Login(id), apitest.Plain); !strings.Contains(r, `"ts_therapist":"`+want+`"`) {
			t.Errorf("%s: %s", id, r)
		}
	}
	names := string(result(t, ajax(t, s.Login("P1"), "getParticipants", `{"participants":["P1"]}`)))
	if !strings.Contains(names, "Dr. Howell") || !strings.Contains(names, "Dr. Lovey") {
		t.Errorf("%s", names)
	}
}

func TestSurveysOpenTheDoorOfTheOlderClient(t *testing.T) {
	s := apitest.New(t)
	p, dr := olderPage(t, s.Login("P1"), apitest.Survey), s.Login("T1")
	surveys := func(completed string) map[string]struct{ URL, Complete string } {
		var all map[string]struct{ URL, Complete string }
		raw := result(t, ajax(t, p.p, "getUserSurveys", `{"participant_id":"P1","therapy_session_id":"TS3","completed":`+completed+`}`))
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err, string(raw))
		}
		return all
	}
	back := func(completed, name, want string) {
		t.Helper()
		all := surveys(completed)
		if all[name].Complete != "0" {
			t.Fatalf("%+v", all)
		}
		u := must[*url.URL](t)(url.Parse(all[name].URL))
		there := must[*url.URL](t)(url.Parse(u.Query().Get("back")))
		a := get(t, p.p, there.Path)
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("%d to %q, want %q", a.Status, a.Header.Get("Location"), want)
		}
		if got := surveys(completed)[name]; got.Complete != "2" || got.URL != "" {
			t.Errorf("%+v", got)
		}
	}
	s.SetRoster(func(now *chat.Roster) *chat.Roster {
		r := apitest.Sample()
		r.Sessions[apitest.Survey].Assessments[2].URL = "https://surveys.example/post?back={return_url}"
		return r
	})
	if all := surveys("false"); len(all) != 1 {
		t.Errorf("not only the required one: %v", all)
	}
	said(t, p.call(), 403, chat.NotAdmitted)
	if got := string(result(t, ajax(t, dr, "checkUserCompletion", `{"participant_ids":["P1"],"therapy_session_id":"TS3"}`))); got != `{"P1":false}` {
		t.Errorf("%s", got)
	}
	back("false", "location", "/legacy/#/landing")
	if got := string(result(t, ajax(t, dr, "checkUserCompletion", `{"participant_ids":["P1"],"therapy_session_id":"TS3"}`))); got != `{"P1":true}` {
		t.Errorf("%s", got)
	}
	p.poll()
	back("true", "post-session_survey", "/legacy/#/completed")
	// A link that anybody else made leads nowhere.
	wantProblem(t, get(t, p.p, "/survey/done/x.y.z"), 404, chat.NotFound)
}

func TestSurveyPageIsTheWaitingRoom(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		dr := s.Login("T1")
		p := s.Login("P1")
		status := func() string {
			d := must[client.Detail](t)(dr.Detail(soon(t), apitest.WaitingRoom))
			i := slices.IndexFunc(d.Participants, func(p client.Person) bool { return p.ID == "P1" })
			return d.Participants[i].Status
		}
		visit := func(completed string) {
			t.Helper()
			got := string(result(t, ajax(t, p, "getUserSurveys", `{"participant_id":"P1","therapy_session_id":"TS2","completed":`+completed+`}`)))
			if got != `{"no_surveys_required":1}` {
				t.Errorf("%s", got)
			}
		}
		visit("true")
		if got := status(); got != "offline" {
			t.Errorf("on the page for afterwards: %s", got)
		}
		visit("false")
		for range 100 { // five minutes of the page's polls
			time.Sleep(3 * time.Second)
			result(t, ajax(t, p, "getUserSessions", `{"record_id":"P1"}`))
		}
		if got := status(); got != "waiting" {
			t.Errorf("on the waiting page: %s", got)
		}
		must[client.Person](t)(dr.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
		if got := status(); got != "online" {
			t.Errorf("admitted: %s", got)
		}
		olderPage(t, p, apitest.WaitingRoom).poll()
		// The list alone does not keep somebody in the chat whom it has left.
		for range 40 {
			time.Sleep(3 * time.Second)
			result(t, ajax(t, p, "getUserSessions", `{"record_id":"P1"}`))
		}
		if got := status(); got != "offline" {
			t.Errorf("gone from the chat: %s", got)
		}
	})
}

func TestPollsOfTheOlderClientArePresence(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		dr := s.Enter("T1", apitest.Plain)
		p := olderPage(t, s.Login("P1"), apitest.Plain)
		for range 10 { // a hidden page gets one timer a minute
			p.poll()
			time.Sleep(time.Minute)
		}
		d := must[client.Detail](t)(dr.Detail(soon(t), apitest.Plain))
		if d.Participants[1].Status != "online" {
			t.Errorf("%+v", d.Participants)
		}
		if me := must[client.Me](t)(p.p.Me(soon(t))); me.TS != apitest.Plain {
			t.Errorf("%+v", me)
		}
		time.Sleep(80 * time.Second)
		got := bodies(dr.Actions())
		if got[len(got)-1] != "Gilligan has left the session" || len(got) != 3 {
			t.Errorf("%q", got)
		}
	})
}
