package api_test

import (
	"slices"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

func TestPresenceAndTypingReachWhomTheyConcern(t *testing.T) {
	s := apitest.New(t)
	dr, ann, bob := s.Enter("T1", apitest.PrivateAny), s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny)
	elsewhere := s.Enter("P3", apitest.Plain)
	is := func(status string, who chat.PID) func(client.Frame) bool {
		return func(f client.Frame) bool {
			return f.Type == "presence" && f.User.ID == who && f.Status == status
		}
	}
	dr.Await("ann", is("online", "P1"))
	dr.Await("bob", is("online", "P2"))
	ann.Await("bob", is("online", "P2"))
	types := func(p *apitest.Person, to ...chat.PID) {
		t.Helper()
		if err := p.Socket.Typing(to...); err != nil {
			t.Fatal(err)
		}
	}
	typing := func(who chat.PID) func(client.Frame) bool {
		return func(f client.Frame) bool { return f.Type == "typing" && f.User.ID == who }
	}
	types(ann)
	bob.Await("ann's typing", typing("P1"))
	dr.Await("ann's typing", typing("P1"))
	types(bob, "T1")
	dr.Await("bob's typing", typing("P2"))
	for _, f := range dr.Frames() {
		if f.Type != "typing" {
			continue
		}
		want := `{"type":"typing","user":"P1"}`
		if f.User.ID == "P2" {
			want = `{"type":"typing","user":"P2","recipients":["T1"]}`
		}
		wantText(t, f.Raw, want)
	}
	s.Login("P3").Connect()
	// What somebody else is told comes before what comes now.
	marker := dr.Save(notice("marker"))
	for _, p := range []*apitest.Person{ann, bob} {
		p.WaitFor(marker)
	}
	for p, not := range map[*apitest.Person]chat.PID{ann: "P2", bob: "P2", dr: "T1", elsewhere: ""} {
		for _, f := range p.Frames() {
			if f.Type == "typing" && (f.User.ID == not || f.User.ID == p.ID || not == "") {
				t.Errorf("%s is told %s", p.ID, f.Raw)
			}
		}
	}
	// The muted type to therapists alone; a private one that is off, to nobody.
	must[client.Person](t)(dr.Moderate(soon(t), apitest.PrivateAny, "P2", chat.Mute))
	types(bob)
	marker = dr.Save(notice("marker"))
	ann.WaitFor(marker)
	for _, f := range ann.Frames() {
		if f.Type == "typing" {
			t.Errorf("ann is told %s", f.Raw)
		}
	}
	if n := len(dr.Frames()); n == 0 {
		t.Fatal()
	}
	bob.Ask(map[string]any{"type": "leave", "ref": "x"})
	dr.Await("bob", is("offline", "P2"))
	ann.Await("bob", is("offline", "P2"))
}

func TestWhoWaitsIsSeenByTherapistsAlone(t *testing.T) {
	s := apitest.New(t)
	dr := s.Enter("T1", apitest.WaitingRoom)
	ann := s.Enter("P1", apitest.WaitingRoom)
	must[client.Person](t)(dr.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	ann.Await("to be let in", func(f client.Frame) bool { return f.State == "admitted" })
	bob := s.Enter("P2", apitest.WaitingRoom)
	waits := dr.Await("bob", func(f client.Frame) bool { return f.Type == "presence" && f.User.ID == "P2" })
	if waits.Status != "waiting" {
		t.Errorf("%s", waits.Raw)
	}
	if f := bob.Frames()[1]; f.State != "waiting" || f.Reason != "waiting_room" {
		t.Errorf("%s", f.Raw)
	}
	ann.WaitFor(dr.Save(notice("marker")))
	for _, f := range ann.Frames() {
		if f.Type == "presence" && f.User.ID == "P2" {
			t.Errorf("ann is told %s", f.Raw)
		}
	}
	for _, f := range bob.Frames() {
		if f.Type == "presence" && f.User.ID == "P1" || f.Type == "actions" {
			t.Errorf("bob, who waits, is told %s", f.Raw)
		}
	}
	bob.NeverReceived(t, "Gilligan")
	bob.NeverReceived(t, "marker")
}

func TestModerationTakesEffectOnOpenSocketsAndHeldPolls(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		const ts = apitest.WaitingRoom
		dr := s.Enter("T1", ts)
		moderate := func(c chat.Change) client.Person {
			t.Helper()
			return must[client.Person](t)(dr.Moderate(soon(t), ts, "P1", c))
		}
		within := func(start time.Time, what string) {
			t.Helper()
			if d := time.Since(start); d > time.Second {
				t.Errorf("%s took %v", what, d)
			}
		}
		ann := s.Enter("P1", ts)
		early := dr.Save(notice("before"))
		time.Sleep(time.Second)
		start := time.Now()
		if p := moderate(chat.Admit); p.Status != "online" {
			t.Errorf("admitted: %+v", p)
		}
		again := ann.Await("entered", func(f client.Frame) bool { return f.Type == "entered" && f.Ref == "" })
		if again.State != "admitted" || again.TS != ts || again.Reason != "" || again.Detail.ID != ts || len(again.Detail.Participants) != 4 {
			t.Errorf("%s", again.Raw)
		}
		ann.WaitFor(early)
		within(start, "admitting")
		ann.WaitFor(ann.Save(message("in")))

		held := connect(t, s, s.Login("P1"), ts)
		time.Sleep(time.Second)
		start = time.Now()
		if p := moderate(chat.Revoke); p.Status != "waiting" {
			t.Errorf("revoked: %+v", p)
		}
		again = ann.Await("entered", func(f client.Frame) bool { return f.Type == "entered" && f.Ref == "" })
		if again.State != "waiting" || again.Reason != "waiting_room" || len(again.Detail.Participants) != 1 {
			t.Errorf("%s", again.Raw)
		}
		if err := <-held.wait; problem(t, err) != chat.NotAdmitted {
			t.Errorf("held poll: %v", err)
		}
		within(start, "revoking")
		if f := ann.Ask(map[string]any{"type": "save", "ref": "r", "actions": []any{}}); f.Code != chat.NotAdmitted {
			t.Errorf("%s", f.Raw)
		}
		secret := dr.Save(notice("while she was out"))
		time.Sleep(time.Second)
		ann.NeverReceived(t, "while she was out")

		moderate(chat.Admit)
		ann.WaitFor(secret) // and nothing was missed
		held.HangUp()
		held = connect(t, s, s.Login("P1"), ts)
		time.Sleep(time.Second)
		start = time.Now()
		if p := moderate(chat.Remove); p.Status != "offline" {
			t.Errorf("removed: %+v", p)
		}
		for _, p := range []*apitest.Person{ann, held.Person} {
			if e := p.Closed(); e.Code != 4403 {
				t.Errorf("removed: %v", e)
			}
		}
		if err := <-held.wait; problem(t, err) != chat.NotAllowed {
			t.Errorf("held poll: %v", err)
		}
		within(start, "removing")
		_, err := ann.Client.Enter(soon(t), ts)
		if problem(t, err) != chat.NotAllowed {
			t.Errorf("entering: %v", err)
		}
		if l := must[client.List](t)(ann.TherapySessions(soon(t))); slices.ContainsFunc(l.Sessions, func(l client.Listed) bool { return l.ID == ts }) {
			t.Error("it is still listed")
		}
		ann.Connect()
		if f := ann.Ask(map[string]any{"type": "enter", "ref": "e", "ts_id": ts}); f.Code != chat.NotAllowed {
			t.Errorf("%s", f.Raw)
		}
		moderate(chat.Admit)
		if f := ann.Enter(ts); f.State != "admitted" {
			t.Errorf("admitted again: %s", f.Raw)
		}
	})
}

func TestMutedMayStillWriteToTherapists(t *testing.T) {
	s := apitest.New(t)
	dr, ann := s.Enter("T1", apitest.Plain), s.Enter("P1", apitest.Plain)
	id := dr.Save(message("x"))
	must[client.Person](t)(dr.Moderate(soon(t), apitest.Plain, "P1", chat.Mute))
	if r := ann.Try(message("x")); r.Error == nil || r.Error.Code != chat.Muted {
		t.Errorf("%+v", r)
	}
	ann.Save(message("x", "T1"))
	ann.Save(react(id, chat.Heart))
	must[client.Person](t)(dr.Moderate(soon(t), apitest.Plain, "P1", chat.Unmute))
	ann.Save(message("x"))
}
