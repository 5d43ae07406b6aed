package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"hearth/hub/chat"
	"hearth/store"
)

// edit applies a change to a copy of the roster in use.
func (h *harness) edit(t testing.TB, change func(r *chat.Roster)) {
	t.Helper()
	if err := h.tryEdit(t, change); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) tryEdit(t testing.TB, change func(r *chat.Roster)) error {
	return h.ApplyRoster(t.Context(), "operator", "import", func(old *chat.Roster) (*chat.Roster, error) {
		r := &chat.Roster{People: maps.Clone(old.People), Sessions: maps.Clone(old.Sessions)}
		change(r)
		return r, nil
	})
}

// with is a copy of a row, changed.
func with(s *chat.TherapySession, change func(s *chat.TherapySession)) *chat.TherapySession {
	made := *s
	change(&made)
	return &made
}

// typesOf are what the log holds, as its therapist sees it.
func (h *harness) typesOf(t testing.TB, by chat.PID, ts chat.TSID) (types []chat.Type) {
	t.Helper()
	for _, a := range h.read(t, by, ts, 0).Actions {
		types = append(types, a.Type)
	}
	return types
}

// audited counts the audit entries of one event.
func (h *harness) audited(t testing.TB, event string) (all []store.AuditEntry) {
	t.Helper()
	err := h.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		if e.Event == event {
			all = append(all, e)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPrunedTherapySessionHasItsLogAgainWhenItComesBack(t *testing.T) {
	for _, reopen := range []bool{false, true} {
		t.Run(fmt.Sprint("reopened meanwhile: ", reopen), func(t *testing.T) {
			h := newStoreIn(t, memoryDir(t), store.Options{})
			h.enter(t, "TS1", "P1", "P2", "T1")
			if _, err := h.Moderate(t.Context(), "T1", "TS1", "P2", chat.Mute); err != nil {
				t.Fatal(err)
			}
			d := message("before")
			d.ClientID = "c1"
			h.save(t, "P1", "TS1", d)
			before, number, row := h.read(t, "P1", "TS1", 0), h.LogNumber("TS1"), h.Roster().Sessions["TS1"]
			again := func() {
				if reopen {
					h.reopen(t)
				}
			}
			h.edit(t, func(r *chat.Roster) { delete(r.Sessions, "TS1") })
			for range 2 {
				again()
				if _, err := h.Read(t.Context(), "T1", "TS1", chat.Position{}, 0); code(err) != chat.NotAllowed {
					t.Fatalf("reading what is gone: %v", err)
				}
				if _, err := h.Append(t.Context(), "P1", "TS1", []chat.Draft{d}); code(err) != chat.NotAllowed {
					t.Fatalf("saving where nothing is: %v", err)
				}
				if _, err := h.Enter(t.Context(), "P1", "TS1"); code(err) != chat.NotAllowed {
					t.Fatalf("entering what is gone: %v", err)
				}
				if err := h.Announce(t.Context(), "TS1", message("x")); code(err) != chat.NotAllowed {
					t.Fatalf("announcing where nobody is: %v", err)
				}
				// Another one comes meanwhile, and must not get its log.
				h.edit(t, func(r *chat.Roster) { r.Sessions["TS3"] = with(row, func(s *chat.TherapySession) { s.ID = "TS3" }) })
			}
			h.mustCheck(t)
			h.edit(t, func(r *chat.Roster) { r.Sessions["TS1"] = row })
			again()
			after := h.read(t, "P1", "TS1", 0)
			if after.Epoch != before.Epoch || h.LogNumber("TS1") != number || h.LogNumber("TS3") == number {
				t.Fatalf("epoch %s, log %d", after.Epoch, h.LogNumber("TS1"))
			}
			if got := h.typesOf(t, "T1", "TS1"); !slices.Equal(got, []chat.Type{chat.Message, chat.UpdateChatDetails}) {
				t.Fatalf("the log holds %v", got)
			}
			if id := h.save(t, "P1", "TS1", d); id != 1 {
				t.Fatalf("the same action is now %d", id)
			}
			if l, err := h.Look(t.Context(), "P2", "TS1"); err != nil || !l.Standing.Muted || !l.Standing.In {
				t.Fatalf("P2 is now %+v, %v", l.Standing, err)
			}
			if p := h.read(t, "T1", "TS3", 0); p.Head != 0 {
				t.Fatalf("the other one's log has %d actions", p.Head)
			}
		})
	}
}

func TestChangedDetailsAreToldInTheLogOnceAndOnlyWhereTheyMatter(t *testing.T) {
	rename := func(s *chat.TherapySession) { s.Name += "!" }
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, h *harness)
		change  func(s *chat.TherapySession)
		want    []chat.Type
	}{
		{"a name, in a log that has begun", func(t *testing.T, h *harness) { h.save(t, "P1", "TS1", message("x")) }, rename,
			[]chat.Type{chat.Message, chat.UpdateChatDetails}},
		{"a setting", func(t *testing.T, h *harness) { h.save(t, "P1", "TS1", message("x")) },
			func(s *chat.TherapySession) { s.PrivateMessages = chat.PrivateOff }, []chat.Type{chat.Message, chat.UpdateChatDetails}},
		{"a participant taken off", func(t *testing.T, h *harness) { h.save(t, "P1", "TS1", message("x")) },
			func(s *chat.TherapySession) { s.Participants = []chat.PID{"P1"} }, []chat.Type{chat.Message, chat.UpdateChatDetails}},
		{"nothing", func(t *testing.T, h *harness) { h.save(t, "P1", "TS1", message("x")) }, func(*chat.TherapySession) {},
			[]chat.Type{chat.Message}},
		{"a name, in a log without actions", func(*testing.T, *harness) {}, rename, nil},
		{"a name, after the end", func(t *testing.T, h *harness) { h.save(t, "T1", "TS1", chat.Draft{Type: chat.EndChatSession}) }, rename,
			[]chat.Type{chat.Notice, chat.EndChatSession}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStoreIn(t, memoryDir(t), store.Options{})
			h.enter(t, "TS1", "P1", "T1")
			c.prepare(t, h)
			for range 2 { // the second time there is nothing to change
				h.edit(t, func(r *chat.Roster) { r.Sessions["TS1"] = with(sample().Sessions["TS1"], c.change) })
			}
			if got := h.typesOf(t, "T1", "TS1"); !slices.Equal(got, c.want) {
				t.Fatalf("the log holds %v, want %v", got, c.want)
			}
			if got := h.typesOf(t, "T2", "TS2"); len(got) > 0 {
				t.Fatalf("another log holds %v", got)
			}
		})
	}
}

func TestRosterThatChangesNothingIsNotStored(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	for len(h.events) > 0 {
		<-h.events
	}
	n := len(h.audited(t, "import"))
	h.edit(t, func(*chat.Roster) {})
	if len(h.events) > 0 || len(h.audited(t, "import")) != n {
		t.Fatal("somebody was told")
	}
	h.edit(t, func(r *chat.Roster) { delete(r.People, "P3") })
	if e := <-h.events; !e.Roster {
		t.Fatalf("the event of a change is %+v", e)
	}
	if all := h.audited(t, "import"); len(all) != n+1 || all[n].Actor != "operator" || all[n].Count != 1 {
		t.Fatalf("audited %+v", all)
	}
}

func TestRosterThatCannotBeMadeChangesNothing(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	bad := errors.New("line 7: no such person")
	err := h.ApplyRoster(t.Context(), "operator", "import", func(*chat.Roster) (*chat.Roster, error) { return nil, bad })
	if !errors.Is(err, bad) {
		t.Fatalf("%v", err)
	}
	if err := h.tryEdit(t, func(*chat.Roster) { panic("a bug") }); err == nil {
		t.Fatal("a panic is no error")
	}
	h.enter(t, "TS1", "P1")
	h.reopen(t)
	h.enter(t, "TS1", "P2")
	if r := h.Roster(); len(r.People) != 5 || len(r.Sessions) != 2 {
		t.Fatalf("%d people, %d sessions", len(r.People), len(r.Sessions))
	}
}

func TestRosterIsTheSameAfterReopening(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	want := sample()
	h.reopen(t)
	got := h.Roster()
	if !maps.EqualFunc(got.People, want.People, func(a, b *chat.User) bool { return *a == *b }) {
		t.Error("the people differ")
	}
	if fmt.Sprintf("%+v", *got.Sessions["TS1"]) != fmt.Sprintf("%+v", *want.Sessions["TS1"]) ||
		fmt.Sprintf("%+v", *got.Sessions["TS2"]) != fmt.Sprintf("%+v", *want.Sessions["TS2"]) {
		t.Error("the therapy sessions differ")
	}
}

func TestWhoIsTakenOffTheRosterIsOutAndNamedInTheEvent(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *chat.Roster)
		named  bool
	}{
		{"off the therapy session", func(r *chat.Roster) {
			r.Sessions["TS1"] = with(r.Sessions["TS1"], func(s *chat.TherapySession) { s.Participants = []chat.PID{"P1", "P3"} })
		}, true},
		{"off the people", func(r *chat.Roster) { delete(r.People, "P2") }, false},
		{"withdrawn", func(r *chat.Roster) {
			u := *r.People["P2"]
			u.Withdrawn = true
			r.People["P2"] = &u
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStoreIn(t, memoryDir(t), store.Options{})
			h.enter(t, "TS1", "P1", "P2", "T1")
			h.save(t, "P2", "TS1", message("from P2"))
			for len(h.events) > 0 {
				<-h.events
			}
			h.edit(t, c.change)
			e := <-h.events
			named := slices.ContainsFunc(e.Sessions, func(s store.SessionEvent) bool { return slices.Contains(s.People, "P2") })
			if !e.Roster || named != c.named {
				t.Errorf("the event is %+v", e)
			}
			if _, err := h.Read(t.Context(), "P2", "TS1", chat.Position{}, 0); code(err) != chat.NotAllowed {
				t.Errorf("reads: %v", err)
			}
			if _, err := h.Append(t.Context(), "P2", "TS1", []chat.Draft{message("y")}); code(err) != chat.NotAllowed {
				t.Errorf("saves: %v", err)
			}
			if p := h.read(t, "P1", "TS1", 0); p.Actions[0].By != "P2" || string(p.Actions[0].Body) != "from P2" {
				t.Errorf("others now read %+v", p.Actions)
			}
			h.edit(t, func(r *chat.Roster) {
				r.People["P2"], r.Sessions["TS1"] = sample().People["P2"], sample().Sessions["TS1"]
			})
			h.save(t, "P2", "TS1", message("back"))
		})
	}
}

func TestRostersInOneCommitBuildOnEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStoreIn(t, memoryDir(t), store.Options{})
		release := h.hold(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			h.edit(t, func(r *chat.Roster) { r.Sessions["N1"] = &chat.TherapySession{ID: "N1", Therapists: []chat.PID{"T1"}} })
		})
		synctest.Wait()
		wg.Go(func() {
			h.edit(t, func(r *chat.Roster) {
				r.Sessions["N1"] = with(r.Sessions["N1"], func(s *chat.TherapySession) { s.Name = "renamed at once" })
				r.Sessions["N2"] = &chat.TherapySession{ID: "N2", Therapists: []chat.PID{"T1"}}
			})
		})
		synctest.Wait()
		wg.Go(func() { h.edit(t, func(r *chat.Roster) { delete(r.Sessions, "N2") }) })
		synctest.Wait()
		release()
		wg.Wait()
		h.enter(t, "N1", "T1")
		h.reopen(t)
		if s := h.Roster().Sessions; s["N1"] == nil || s["N1"].Name != "renamed at once" || s["N2"] != nil {
			t.Fatalf("%+v", s)
		}
	})
}

func TestConcurrentRostersEachGetALogOfTheirOwn(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			ts := chat.TSID(fmt.Sprint("N", i))
			h.edit(t, func(r *chat.Roster) { r.Sessions[ts] = &chat.TherapySession{ID: ts, Therapists: []chat.PID{"T1"}} })
			h.enter(t, ts, "T1")
			h.save(t, "T1", ts, message("in "+string(ts)))
		})
	}
	wg.Wait()
	numbers := map[uint32]bool{}
	for i := range 20 {
		ts := chat.TSID(fmt.Sprint("N", i))
		numbers[h.LogNumber(ts)] = true
		if p := h.read(t, "T1", ts, 0); len(p.Actions) != 1 || string(p.Actions[0].Body) != "in "+string(ts) {
			t.Errorf("%s holds %d actions", ts, len(p.Actions))
		}
	}
	if len(numbers) != 20 {
		t.Errorf("%d logs for 20 therapy sessions", len(numbers))
	}
}

func TestLogsThatNobodyUsesLeaveMemory(t *testing.T) {
	h, _ := newFaulty(t, store.Options{})
	h.enter(t, "TS1", "P1")
	h.save(t, "P1", "TS1", message("x"))
	for range 2 {
		crowd(t, h)
		if n := h.LogsInMemory(); n > store.MaxIdle {
			t.Fatalf("%d logs are in memory", n)
		}
	}
	if id := h.save(t, "P1", "TS1", message("y")); id != 2 {
		t.Fatalf("id %d", id)
	}
}
