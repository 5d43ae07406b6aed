package api_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// link is the part of a survey's address that leads back to the server.
func link(t *testing.T, s *apitest.Server, all []client.Assessment, name string) string {
	t.Helper()
	i := slices.IndexFunc(all, func(a client.Assessment) bool { return a.Name == name })
	if i < 0 || all[i].Status != "incomplete" {
		t.Fatalf("%s is not to be filled in: %+v", name, all)
	}
	u, err := url.Parse(all[i].URL)
	if err != nil {
		t.Fatal(err)
	}
	back := u.Query().Get("back")
	path, own := strings.CutPrefix(back, s.URL)
	if !own {
		t.Fatalf("%s leads back to %q", all[i].URL, back)
	}
	return path
}

// complete goes the way back from a survey, as a browser without a login.
func complete(t *testing.T, s *apitest.Server, link string, ts chat.TSID) {
	t.Helper()
	a := get(t, s.Person("P1", false), link)
	if a.Status != 303 || a.Header.Get("Location") != "/?ts="+string(ts) {
		t.Errorf("the link leads to %d %q %s", a.Status, a.Header.Get("Location"), a.Body)
	}
}

func TestFinishedAssessmentLetsInAtOnce(t *testing.T) {
	s := apitest.New(t)
	dr := s.Enter("T1", apitest.Survey)
	p := s.Enter("P1", apitest.Survey)
	entered := p.Frames()[1]
	if entered.State != "waiting" || entered.Reason != "assessments_incomplete" {
		t.Fatalf("%s", entered.Raw)
	}
	seen := dr.Await("who waits", func(f client.Frame) bool { return f.Type == "presence" && f.User.ID == "P1" })
	if seen.Status != "waiting" {
		t.Errorf("%s", seen.Raw)
	}
	back := link(t, s, entered.Assessments, "location")
	complete(t, s, back, apitest.Survey)
	now := p.Await("to be let in", func(f client.Frame) bool { return f.Type == "entered" && f.Ref == "" })
	if now.State != "admitted" {
		t.Errorf("%s", now.Raw)
	}
	p.WaitFor(p.Save(message("in")))
	all := must[[]client.Assessment](t)(p.Assessments(soon(t), apitest.Survey, ""))
	if all[0].Status != "complete" || all[0].URL != "" || all[1].Status != "incomplete" {
		t.Errorf("%+v", all)
	}
	// A client is told to fetch them anew, those concerned alone.
	if !slices.ContainsFunc(p.Actions(), func(a client.Action) bool { return a.Type == "update_assessments" }) {
		t.Errorf("%+v", p.Actions())
	}
	complete(t, s, back, apitest.Survey) // again
	before := page(t, dr, apitest.Survey).Max
	complete(t, s, back, apitest.Survey)
	if after := page(t, dr, apitest.Survey).Max; after != before {
		t.Error("a link followed again is in the log")
	}
	q := s.Enter("P2", apitest.Survey)
	if f := q.Frames()[1]; f.State != "waiting" {
		t.Errorf("another's survey counts: %s", f.Raw)
	}
}

func TestAdmittingDoesNotOverrideARequiredAssessment(t *testing.T) {
	const ts = apitest.WaitAndSurvey
	s := apitest.New(t)
	dr, p := s.Login("T1"), s.Login("P1")
	enter := func(state, reason string) client.Entered {
		t.Helper()
		e := must[client.Entered](t)(p.Client.Enter(soon(t), ts))
		if e.State != state || e.Reason != reason {
			t.Errorf("%+v", e)
		}
		return e
	}
	e := enter("waiting", "assessments_incomplete")
	must[client.Person](t)(dr.Moderate(soon(t), ts, "P1", chat.Admit))
	enter("waiting", "assessments_incomplete")
	complete(t, s, link(t, s, e.Assessments, "location"), ts)
	enter("admitted", "")
	must[client.Person](t)(dr.Moderate(soon(t), ts, "P1", chat.Revoke))
	enter("waiting", "waiting_room")

	q := s.Login("P2")
	e = must[client.Entered](t)(q.Client.Enter(soon(t), ts))
	complete(t, s, link(t, s, e.Assessments, "location"), ts)
	if e = must[client.Entered](t)(q.Client.Enter(soon(t), ts)); e.State != "waiting" || e.Reason != "waiting_room" {
		t.Errorf("%+v", e)
	}
	d := must[client.Detail](t)(dr.Detail(soon(t), ts))
	for _, who := range d.Participants[1:3] {
		if who.Status != "waiting" || who.Reason != "waiting_room" {
			t.Errorf("%+v", who)
		}
	}
	// Admitted before they come.
	must[client.Person](t)(dr.Moderate(soon(t), ts, "P3", chat.Admit))
	if err := s.Store.SetAssessment(t.Context(), "test", ts, "P3", "location", true); err != nil {
		t.Fatal(err)
	}
	e = must[client.Entered](t)(s.Login("P3").Client.Enter(soon(t), ts))
	if e.State != "admitted" {
		t.Errorf("%+v", e)
	}
}

func TestLinksThatAreNotGood(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	all := must[[]client.Assessment](t)(p.Assessments(soon(t), apitest.Survey, ""))
	good := link(t, s, all, "location")
	head, rest, _ := strings.Cut(strings.TrimPrefix(good, "/survey/done/"), ".")
	body, sig, _ := strings.Cut(rest, ".")
	for name, path := range map[string]string{
		"cut":               good[:len(good)-2],
		"nonsense":          "/survey/done/x",
		"unsigned":          "/survey/done/eyJhbGciOiJub25lIn0." + body + ".",
		"a login":           "/survey/done/" + p.Token(),
		"another signature": "/survey/done/" + head + "." + body + "." + strings.Repeat("A", len(sig)),
	} {
		a := get(t, p, path)
		if a.Status != 404 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	// And none of them is a login.
	p.SetToken(strings.TrimPrefix(good, "/survey/done/"))
	wantProblem(t, get(t, p, "/api/me"), 401, chat.NotAuthenticated)

	s.Clock.Add(30 * 24 * 3600e9)
	complete(t, s, good, apitest.Survey)
	s.Clock.Add(2 * 24 * 3600e9)
	wantProblem(t, get(t, p, good), 404, chat.NotFound)
}

func TestEnteringAgainChangesNothing(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	one := must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	for range 3 {
		if again := must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain)); again.Max != one.Max || again.Epoch != one.Epoch || again.State != "admitted" {
			t.Errorf("%+v", again)
		}
	}
}

func TestTherapySessionsAreListedNewestFirst(t *testing.T) {
	s := apitest.New(t)
	p, dr := s.Login("P1"), s.Login("T1")
	l := must[client.List](t)(p.TherapySessions(soon(t)))
	var ids []chat.TSID
	for _, ts := range l.Sessions {
		ids = append(ids, ts.ID)
		if ts.Status != "scheduled" {
			t.Errorf("%s is %s", ts.ID, ts.Status)
		}
	}
	if want := []chat.TSID{"TS1", "TS2", "TS3", "TS4", "TS5", "TS6", "TS7", "TS9"}; !slices.Equal(ids, want) {
		t.Errorf("%v", ids)
	}
	var due []string
	for _, i := range l.Items {
		due = append(due, string(i.TS)+" "+i.Name)
	}
	if want := []string{"TS3 location", "TS3 mood", "TS9 location", "TS9 mood"}; !slices.Equal(due, want) {
		t.Errorf("%q", due)
	}
	if l := must[client.List](t)(dr.TherapySessions(soon(t))); len(l.Sessions) != 8 || len(l.Items) != 0 {
		t.Errorf("the therapist's: %+v", l)
	}
	status := func(ts chat.TSID) string {
		t.Helper()
		l := must[client.List](t)(p.TherapySessions(soon(t)))
		i := slices.IndexFunc(l.Sessions, func(l client.Listed) bool { return l.ID == ts })
		return l.Sessions[i].Status
	}
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.WaitingRoom))
	if got := status(apitest.WaitingRoom); got != "scheduled" {
		t.Errorf("with somebody who waits it is %s", got)
	}
	must[client.Person](t)(dr.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	if got := status(apitest.WaitingRoom); got != "open" {
		t.Errorf("with somebody who was admitted it is %s", got)
	}
	must[client.Entered](t)(dr.Client.Enter(soon(t), apitest.Survey))
	must[client.Saved](t)(dr.SaveActions(soon(t), apitest.Survey, end))
	if got := status(apitest.Survey); got != "ended" {
		t.Errorf("after its end it is %s", got)
	}
	l = must[client.List](t)(p.TherapySessions(soon(t)))
	if i := slices.IndexFunc(l.Items, func(i client.ActionItem) bool { return i.TS == apitest.Survey }); i < 0 || l.Items[i].Name != "post-session_survey" || l.Items[i].URL != "https://surveys.example/post?p=P1&ts=TS3" {
		t.Errorf("%+v", l.Items)
	}
}

func TestUnreadCount(t *testing.T) {
	s := apitest.New(t)
	ann, bob := s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny)
	cat := s.Login("P3")
	must[client.Entered](t)(cat.Client.Enter(soon(t), apitest.PrivateAny))
	want := func(n int) {
		t.Helper()
		l := must[client.List](t)(cat.TherapySessions(soon(t)))
		i := slices.IndexFunc(l.Sessions, func(l client.Listed) bool { return l.ID == apitest.PrivateAny })
		if got := l.Sessions[i].Unread; got != n {
			t.Errorf("%d unread, want %d", got, n)
		}
	}
	want(0)
	one := ann.Save(message("one"))
	ann.Save(message("not for her", "P2"))
	two := bob.Save(message("two"))
	want(2)
	must[client.Saved](t)(cat.SaveActions(soon(t), "", chat.Draft{Type: chat.MessageRead, Target: one}))
	want(1)
	bob.Save(remove(two))
	want(0)
	ann.Save(message("three", "P3"))
	want(1)
	must[client.Saved](t)(cat.SaveActions(soon(t), "", message("mine")))
	want(0)
}

func TestLateJoinerReadsFromTheirAdmissionOn(t *testing.T) {
	s := apitest.New(t)
	dr, ann := s.Enter("T1", apitest.SinceAdmit), s.Enter("P1", apitest.SinceAdmit)
	before := ann.Save(message("before her time"))
	private := dr.Save(notice("for her from the first", "P2"))
	late := s.Enter("P2", apitest.SinceAdmit)
	late.WaitFor(private)
	reply := ann.Save(chat.Draft{Type: chat.Message, Body: "about that", Target: before})
	if a := late.WaitFor(reply); a.Target != 0 {
		t.Errorf("she learns that there is %d: %+v", a.Target, a)
	}
	if r := late.Try(react(before, chat.Heart)); r.Error == nil || r.Error.Code != chat.NoSuchTarget {
		t.Errorf("%+v", r)
	}
	marker := dr.Save(react(before, chat.Heart))
	late.WaitFor(dr.Save(notice("marker")))
	for _, a := range append(late.Actions(), page(t, late, apitest.SinceAdmit).Actions...) {
		if a.ID == before || a.ID == marker {
			t.Errorf("received %+v", a)
		}
	}
	older := client.OlderPoll{Client: late.Client}
	must[client.OlderPage](t)(older.Next(soon(t)))
	late.NeverReceived(t, "before her time")
}

func TestEndedTherapySession(t *testing.T) {
	s := apitest.New(t)
	for _, row := range []struct {
		ts     chat.TSID
		closed bool
	}{{apitest.Plain, false}, {apitest.Closed, true}} {
		t.Run(string(row.ts), func(t *testing.T) {
			dr, ann := s.Enter("T1", row.ts), s.Enter("P1", row.ts)
			said := ann.Save(chat.Draft{Type: chat.Message, Body: "was said", ClientID: "c1"})
			dr.WaitFor(said)
			last := dr.Save(end)
			if got := ann.WaitFor(last); got.Type != "endChatSession" || got.User != "T1" {
				t.Errorf("%+v", got)
			}
			if before := dr.WaitFor(last - 1); before.Body != "Dr. Howell has ended the session" || before.Sender != "system" {
				t.Errorf("%+v", before)
			}
			if r := ann.Try(message("too late")); r.Error == nil || r.Error.Code != chat.SessionEnded {
				t.Errorf("%+v", r)
			}
			if r := ann.Try(chat.Draft{Type: chat.Message, Body: "was said", ClientID: "c1"}); r.ID != said {
				t.Errorf("what was said is asked for again: %+v", r)
			}
			if r := dr.Try(end); r.Error == nil || r.Error.Code != chat.SessionEnded {
				t.Errorf("%+v", r)
			}
			everything, onlyTheEnd := int(last), 1
			mine := everything
			if row.closed {
				mine = onlyTheEnd
			}
			for who, n := range map[chat.PID]int{"P1": mine, "P2": mine, "T1": everything} { // P2 never came
				p := s.Login(who)
				_, err := p.Client.Enter(soon(t), row.ts)
				if problem(t, err) != chat.SessionEnded {
					t.Errorf("%s enters: %v", who, err)
				}
				if got := page(t, p, row.ts); len(got.Actions) != n || got.Max != last {
					t.Errorf("%s reads %+v", who, got)
				}
				older := client.OlderPoll{Client: p.Client, TS: row.ts}
				if got := must[client.OlderPage](t)(older.Next(soon(t))); len(got.Data) != n || got.Data[n-1].Type != "endChatSession" {
					t.Errorf("%s, an older client, reads %+v", who, got)
				}
				p.Connect()
				f := p.Enter(row.ts)
				if f.State != "ended" || f.Max != last || f.Detail.Status != "ended" || len(p.Actions()) != n {
					t.Errorf("%s is told %s and %d actions", who, f.Raw, len(p.Actions()))
				}
				if row.closed && who != "T1" {
					p.NeverReceived(t, "was said")
				}
			}
		})
	}
	for _, ts := range []chat.TSID{apitest.WaitingRoom, apitest.Survey} { // nobody may read without having been let in
		dr := s.Enter("T1", ts)
		dr.Save(end)
		p := s.Login("P3")
		_, err := p.Client.Enter(soon(t), ts)
		if problem(t, err) != chat.SessionEnded {
			t.Errorf("%v", err)
		}
		wantProblem(t, get(t, p, "/api/getActions?ts_id="+string(ts)), 403, chat.NotAdmitted)
		p.Connect()
		if f := p.Ask(map[string]any{"type": "enter", "ref": "e", "ts_id": ts}); f.Code != chat.SessionEnded {
			t.Errorf("%s", f.Raw)
		}
	}
}

func TestWhiteboard(t *testing.T) {
	s := apitest.New(t)
	dr, p := s.Enter("T1", apitest.Plain), s.Enter("P1", apitest.Plain)
	board := func(text chat.Text) chat.ActionID {
		t.Helper()
		return dr.Save(chat.Draft{Type: chat.Whiteboard, Body: text})
	}
	first := board("one")
	if a := p.WaitFor(first); a.Type != "whiteboard" || a.Body != "one" {
		t.Errorf("%+v", a)
	}
	if again := board("one"); again != first {
		t.Errorf("the same text is %d, was %d", again, first)
	}
	board("two")
	if d := must[client.Detail](t)(p.Detail(soon(t), apitest.Plain)); d.Whiteboard != "two" {
		t.Errorf("%+v", d)
	}
	p.Connect()
	if f := p.Enter(apitest.Plain); f.Detail.Whiteboard != "two" {
		t.Errorf("%s", f.Raw)
	}
}

// Two pages of one login are in two therapy sessions: the older one leaves
// its own, not the one that was entered last.
func TestLeavingNamesTheTherapySession(t *testing.T) {
	s := apitest.New(t)
	dr, other := s.Enter("T1", apitest.Plain), s.Enter("T1", apitest.PrivateAny)
	p := s.Login("P1")
	for _, ts := range []chat.TSID{apitest.Plain, apitest.PrivateAny} {
		must[client.Entered](t)(p.Client.Enter(soon(t), ts))
	}
	says := func(text string) func(client.Frame) bool {
		return func(f client.Frame) bool { return strings.Contains(string(f.Raw), text) }
	}
	dr.Await("P1 joins", says("Gilligan has joined"))
	other.Await("P1 joins", says("Gilligan has joined"))
	wantStatus(t, post(t, p, "/api/leaveTherapySession?ts_id="+string(apitest.Plain), ""), 204)
	dr.Await("P1 leaves", says("Gilligan has left"))
	if me := string(get(t, p, "/api/me").Body); !strings.Contains(me, `"ts_id":"`+string(apitest.PrivateAny)+`"`) {
		t.Errorf("the other is not the current one any more: %s", me)
	}
	wantStatus(t, get(t, p, "/api/getActions"), 200)
	for _, none := range []string{"none", string(apitest.Elsewhere)} { // says nothing of whether there is one
		wantStatus(t, post(t, p, "/api/leaveTherapySession?ts_id="+none, ""), 204)
	}
	marker := other.Save(notice("marker"))
	other.WaitFor(marker)
	other.NeverReceived(t, "Gilligan has left")
	wantStatus(t, post(t, p, "/api/leaveTherapySession?ts_id=a&ts_id=b", ""), 400)
	wantStatus(t, post(t, p, "/api/leaveTherapySession", ""), 204)
	other.Await("P1 leaves", says("Gilligan has left"))
}
