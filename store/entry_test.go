package store_test

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

func TestEnteringIsAStoryOfWaitingAndAdmitting(t *testing.T) {
	enter := func(p chat.PID, want string) func(*testing.T, *harness) {
		return func(t *testing.T, h *harness) {
			t.Helper()
			e, err := h.Enter(t.Context(), p, "TS2")
			got := string(e.Reason)
			switch {
			case err != nil:
				got = string(code(err))
			case e.Standing.In && e.New:
				got = "in, anew"
			case e.Standing.In:
				got = "in"
			}
			if got != want {
				t.Errorf("%s enters: %s, want %s", p, got, want)
			}
			if may := err == nil && e.Standing.In; may != h.mayRead(p) {
				t.Errorf("%s: in %v, reads %v", p, may, h.mayRead(p))
			}
		}
	}
	moderate := func(by, whom chat.PID, c chat.Change, want chat.Code) func(*testing.T, *harness) {
		return func(t *testing.T, h *harness) {
			t.Helper()
			if _, err := h.Moderate(t.Context(), by, "TS2", whom, c); code(err) != want || (err == nil) != (want == "") {
				t.Errorf("%s does %s to %q: %v, want %q", by, c, whom, err, want)
			}
		}
	}
	assess := func(complete bool) func(*testing.T, *harness) {
		return func(t *testing.T, h *harness) {
			t.Helper()
			if err := h.SetAssessment(t.Context(), "token:1", "TS2", "P1", "mood", complete); err != nil {
				t.Error(err)
			}
		}
	}
	reopen := func(t *testing.T, h *harness) { h.reopen(t) }
	for _, c := range []struct {
		name  string
		steps []func(*testing.T, *harness)
	}{
		{"a therapist is in at once, and once", []func(*testing.T, *harness){
			enter("T2", "in, anew"), enter("T2", "in"), reopen, enter("T2", "in"),
		}},
		{"assessments come before the waiting room", []func(*testing.T, *harness){
			enter("P1", "assessments_incomplete"), assess(true), enter("P1", "waiting_room"), reopen, enter("P1", "waiting_room"),
			moderate("T2", "P1", chat.Admit, ""), enter("P1", "in, anew"), enter("P1", "in"), reopen, enter("P1", "in"),
		}},
		{"admitting doesn't override an assessment", []func(*testing.T, *harness){
			moderate("T2", "P1", chat.Admit, ""), enter("P1", "assessments_incomplete"), reopen, assess(true), enter("P1", "in, anew"),
		}},
		{"who is in stays in when an assessment is taken back", []func(*testing.T, *harness){
			assess(true), moderate("T2", "P1", chat.Admit, ""), enter("P1", "in, anew"), assess(false), enter("P1", "in"),
			moderate("T2", "P1", chat.Revoke, ""), moderate("T2", "P1", chat.Admit, ""), enter("P1", "assessments_incomplete"),
		}},
		{"revoked is waiting, removed is out, until admitted", []func(*testing.T, *harness){
			assess(true), moderate("T2", "P1", chat.Admit, ""), enter("P1", "in, anew"), moderate("T2", "P1", chat.Revoke, ""),
			enter("P1", "waiting_room"), reopen, enter("P1", "waiting_room"), moderate("T2", "P1", chat.Remove, ""),
			enter("P1", "not_allowed"), reopen, enter("P1", "not_allowed"), moderate("T2", "P1", chat.Admit, ""), enter("P1", "in, anew"),
		}},
		{"an outsider is told nothing", []func(*testing.T, *harness){
			enter("P2", "not_allowed"), enter("nobody", "not_allowed"), enter("", "not_allowed"), enter("T1", "not_allowed"),
			enter("P1\x00", "not_allowed"), enter(chat.PID(strings.Repeat("P", 10_000)), "not_allowed"),
		}},
		{"only its therapist moderates, and only its participants", []func(*testing.T, *harness){
			moderate("T1", "P1", chat.Mute, chat.NotAllowed), moderate("P1", "P1", chat.Admit, chat.NotAllowed),
			moderate("nobody", "P1", chat.Mute, chat.NotAllowed), moderate("", "P1", chat.Mute, chat.NotAllowed),
			moderate("T2", "P2", chat.Admit, chat.NotAllowed), moderate("T2", "T2", chat.Mute, chat.NotAllowed),
			moderate("T2", "nobody", chat.Admit, chat.NotAllowed), moderate("T2", "", chat.Admit, chat.NotAllowed),
			moderate("T2", "P1\x00", chat.Admit, chat.NotAllowed), enter("P1", "assessments_incomplete"),
		}},
		{"after the end nobody enters", []func(*testing.T, *harness){
			enter("T2", "in, anew"), func(t *testing.T, h *harness) { h.save(t, "T2", "TS2", chat.Draft{Type: chat.EndChatSession}) },
			func(t *testing.T, h *harness) {
				for _, p := range []chat.PID{"P1", "T2"} {
					if _, err := h.Enter(t.Context(), p, "TS2"); code(err) != chat.SessionEnded {
						t.Errorf("%s enters after the end: %v", p, err)
					}
				}
			},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStoreIn(t, memoryDir(t), store.Options{})
			for _, step := range c.steps {
				step(t, h)
			}
		})
	}
}

// mayRead reports whether p reads TS2; its therapist always does.
func (h *harness) mayRead(p chat.PID) bool {
	_, err := h.Read(context.Background(), p, "TS2", chat.Position{}, 0)
	return err == nil
}

func TestEnteringAgainStoresNothing(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "P1")
	if _, err := h.Enter(t.Context(), "P1", "TS2"); err != nil { // waits
		t.Fatal(err)
	}
	for len(h.events) > 0 {
		<-h.events
	}
	for range 3 {
		h.enter(t, "TS1", "P1")
		if _, err := h.Enter(t.Context(), "P1", "TS2"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.audited(t, "entered")); n != 1 || len(h.events) != 0 {
		t.Fatalf("%d audit entries, %d events", n, len(h.events))
	}
}

func TestChangesOfStandingAreToldByNameAndActionsWithout(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "P1", "T1")
	h.enter(t, "TS2", "T2")
	for _, c := range []struct {
		name string
		do   func() error
		want store.SessionEvent
	}{
		{"entering", func() error { _, err := h.Enter(t.Context(), "P2", "TS1"); return err },
			store.SessionEvent{TS: "TS1", People: []chat.PID{"P2"}}},
		{"moderating", func() error { _, err := h.Moderate(t.Context(), "T1", "TS1", "P2", chat.Revoke); return err },
			store.SessionEvent{TS: "TS1", People: []chat.PID{"P2"}}},
		{"an assessment", func() error { return h.SetAssessment(t.Context(), "token:1", "TS2", "P1", "mood", true) },
			store.SessionEvent{TS: "TS2", Head: 1, People: []chat.PID{"P1"}}},
		{"saving", func() error { return h.Announce(t.Context(), "TS1", message("x")) }, store.SessionEvent{TS: "TS1", Head: 1}},
	} {
		for len(h.events) > 0 {
			<-h.events
		}
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		e := <-h.events
		if len(e.Sessions) != 1 || e.Sessions[0].TS != c.want.TS || e.Sessions[0].Head != c.want.Head ||
			!slices.Equal(e.Sessions[0].People, c.want.People) || e.Roster || len(h.events) > 0 {
			t.Errorf("%s is told as %+v, want %+v", c.name, e, c.want)
		}
	}
}

func TestManyDevicesEnteringAtOnceAreOneArrival(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	var mu sync.Mutex
	anew := 0
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			e, err := h.Enter(t.Context(), "P1", "TS1")
			if err != nil || !e.Standing.In || e.Status != chat.Open {
				t.Errorf("%+v, %v", e, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if e.New {
				anew++
			}
		})
	}
	wg.Wait()
	if n := len(h.audited(t, "entered")); anew != 1 || n != 1 {
		t.Fatalf("%d arrivals, %d audit entries", anew, n)
	}
}

func TestRefusedEntryIsAuditedOnceAnHour(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	for range 5 {
		if _, err := h.Enter(t.Context(), "P2", "TS2"); code(err) != chat.NotAllowed {
			t.Fatal(err)
		}
	}
	if all := h.audited(t, "entered"); len(all) != 1 || all[0].Reason != string(chat.NotAllowed) || all[0].Actor != "P2" {
		t.Fatalf("%+v", all)
	}
}

func TestNothingIsSaidInPublicAfterMutingWasAnswered(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "T1", "P1", "P2")
	saying := make(chan struct{})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				s, err := h.Append(context.Background(), "P1", "TS1", []chat.Draft{message("x"), message("to the therapist", "T1")})
				if err != nil || s.Results[1].Err != nil {
					t.Error(s, err)
					return
				}
				if e := s.Results[0].Err; e != nil {
					if e.Code != chat.Muted {
						t.Error(e)
					}
					return
				}
				if g == 0 && i == 3 {
					close(saying)
				}
			}
		})
	}
	<-saying
	if _, err := h.Moderate(t.Context(), "T1", "TS1", "P1", chat.Mute); err != nil {
		t.Fatal(err)
	}
	head := h.read(t, "T1", "TS1", 0).Head
	wg.Wait()
	for _, a := range h.read(t, "T1", "TS1", head).Actions {
		if a.To == nil {
			t.Fatalf("action %d is public and came after %d", a.ID, head)
		}
	}
}

func TestModerationIsAuditedOncePerChange(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	for range 3 {
		st, err := h.Moderate(t.Context(), "T1", "TS1", "P1", chat.Mute)
		if err != nil || !st.Muted {
			t.Fatalf("%+v, %v", st, err)
		}
	}
	if all := h.audited(t, "mute"); len(all) != 1 || all[0].Actor != "T1" || all[0].Subject != "P1" || all[0].Session != "TS1" {
		t.Fatalf("%+v", all)
	}
}

func TestAssessmentIsToldToWhomItConcernsOnly(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.edit(t, func(r *chat.Roster) {
		r.Sessions["TS1"] = with(r.Sessions["TS1"], func(s *chat.TherapySession) {
			s.Assessments = []chat.Assessment{{Name: "mood"}, {Name: "survey", Phase: chat.Post}}
		})
	})
	h.enter(t, "TS1", "P1", "P2", "T1")
	for _, c := range []struct {
		name  string
		done  bool
		after int // entries in the log
	}{{"mood", true, 1}, {"mood", true, 1}, {"survey", true, 2}, {"mood", false, 3}, {"mood", false, 3}} {
		if err := h.SetAssessment(t.Context(), "token:1", "TS1", "P1", c.name, c.done); err != nil {
			t.Fatal(err)
		}
		p := h.read(t, "P1", "TS1", 0)
		if len(p.Actions) != c.after || slices.ContainsFunc(p.Actions, func(a chat.Seen) bool {
			return a.Type != chat.UpdateAssessments || a.By != "" || !slices.Equal(a.To, []chat.PID{"P1"})
		}) {
			t.Fatalf("%+v: P1 reads %+v", c, p.Actions)
		}
		if n := len(h.read(t, "T1", "TS1", 0).Actions); n != c.after {
			t.Fatalf("%+v: the therapist reads %d", c, n)
		}
		if n := len(h.read(t, "P2", "TS1", 0).Actions); n != 0 {
			t.Fatalf("%+v: P2 reads %d", c, n)
		}
	}
	h.reopen(t)
	o, err := h.Overview(t.Context(), "T1", "TS1")
	if err != nil || !slices.Equal(o.Completed["P1"], []string{"survey"}) || len(o.Completed["P2"]) != 0 {
		t.Fatalf("%v, %v", o.Completed, err)
	}
	all := h.audited(t, "assessment")
	details := []store.Detail{{Name: "name", Value: "mood"}, {Name: "status", Value: "incomplete"}}
	if len(all) != 3 || all[0].Actor != "token:1" || !slices.Equal(all[2].Details, details) {
		t.Fatalf("audited %+v", all)
	}
}

func TestAssessmentThatIsNotThereIsNotFound(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	for _, c := range []struct {
		ts   chat.TSID
		whom chat.PID
		name string
		want chat.Code
	}{
		{"TS9", "P1", "mood", chat.NotAllowed}, {"", "P1", "mood", chat.NotAllowed}, {"TS2", "P2", "mood", chat.NotFound},
		{"TS2", "T2", "mood", chat.NotFound}, {"TS2", "", "mood", chat.NotFound}, {"TS2", "P1", "", chat.NotFound},
		{"TS2", "P1", "Mood", chat.NotFound}, {"TS2", "P1\x00mood", "", chat.NotFound}, {"TS1", "P1", "mood", chat.NotFound},
	} {
		if err := h.SetAssessment(t.Context(), "token:1", c.ts, c.whom, c.name, true); code(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if n := len(h.audited(t, "assessment")); n != 0 || h.read(t, "T2", "TS2", 0).Head != 0 {
		t.Fatalf("%d audit entries", n)
	}
}

func TestConcurrentAssessmentsAreEachToldOnce(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := h.SetAssessment(t.Context(), "token:1", "TS2", "P1", "mood", true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p := h.read(t, "T2", "TS2", 0); p.Head != 1 {
		t.Fatalf("%d entries", p.Head)
	}
}

func TestWhoHasJoinedIsKnownAfterReopening(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "P1", "T1")
	arrive := func(p chat.PID) {
		t.Helper()
		if err := h.Arrive(t.Context(), "TS1", p); err != nil {
			t.Fatal(err)
		}
	}
	arrive("P1")
	arrive("P1")
	arrive("P2") // has not entered
	arrive("nobody")
	h.reopen(t)
	arrive("P1")
	if all, err := h.Present(t.Context()); err != nil || !slices.Equal(all, []store.Present{{TS: "TS1", By: "P1"}}) {
		t.Fatalf("present are %v, %v", all, err)
	}
	for range 2 {
		if err := h.Depart(t.Context(), "TS1", "P1"); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := h.Present(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("present are %v, %v", all, err)
	}
	var said []string
	for _, a := range h.read(t, "T1", "TS1", 0).Actions {
		said = append(said, string(a.Body))
	}
	if !slices.Equal(said, []string{"Name of P1 has joined the session", "Name of P1 has left the session"}) {
		t.Fatalf("the log says %q", said)
	}
}

// TestSmallRowsOfDiskFormatVersion1 is as TestDiskFormatVersion1, of rows that
// only the whole store writes.
func TestSmallRowsOfDiskFormatVersion1(t *testing.T) {
	c := &clock{time.UnixMilli(1_700_000_000_123)}
	h := newStoreIn(t, memoryDir(t), store.Options{Now: c.now})
	h.enter(t, "TS1", "P1")
	if err := h.Arrive(t.Context(), "TS1", "P1"); err != nil {
		t.Fatal(err)
	}
	if err := h.SetAssessment(t.Context(), "token:1", "TS2", "P1", "mood", true); err != nil {
		t.Fatal(err)
	}
	h.Close()
	db := openBolt(t, h.path)
	for _, c := range []struct {
		table store.Table
		key   string
		want  string
	}{
		{"assessment", "\x00\x00\x00\x02P1\x00mood", `0108fbd095ffbc31eefeb4e2`},
		{"presence", "\x00\x00\x00\x01P1", `010a035453311202503118fbd095ffbc31220a4e616d65206f662050318fc4a71d`},
		{"standing", "\x00\x00\x00\x01P1", `01180120018e7444e7`},
	} {
		raw, err := db.Get(t.Context(), c.table, []byte(c.key))
		if got := hex.EncodeToString(raw); err != nil || got != c.want {
			t.Errorf("%s is now %s, was %s (%v)", c.table, got, c.want, err)
		}
	}
	db.Close()
	h.open(t)
}
