package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"hearth/hub/chat"
	"hearth/store"
)

// second opens one more store on the data of h, as another server would.
func second(t *testing.T, h *harness, f *faulty) *harness {
	t.Helper()
	opt := h.opt
	opt.Driver = openShared{f}
	opt.Committed = nil
	s, err := store.Open(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &harness{Store: s}
}

func TestTwoStoresOnOneDataSetKeepEachOthersActions(t *testing.T) {
	h, f := newFaulty(t, store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	stores := []*harness{h, second(t, h, f)}
	stores[0].enter(t, "TS1", "P1", "T1")
	stores[1].enter(t, "TS1", "P2", "P3") // its audit head is an old one by now
	// A store learns what others did when it wants to write.
	ids := map[chat.ActionID]string{stores[0].save(t, "P1", "TS1", message("first")): "first"}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			by := []chat.PID{"P1", "P2", "P3"}[g%3]
			for i := range 15 {
				d := message(fmt.Sprint(g, "/", i))
				d.ClientID = string(d.Body)
				for { // ten times overtaken is unavailable; then one asks again
					s, err := stores[g%2].Append(context.Background(), by, "TS1", []chat.Draft{d})
					if code(err) == chat.StorageUnavailable {
						continue
					}
					if err != nil || s.Results[0].Err != nil {
						t.Error(err, s)
						return
					}
					mu.Lock()
					if other := ids[s.Results[0].Action.ID]; other != "" {
						t.Errorf("%s and %s have the same id", other, d.ClientID)
					}
					ids[s.Results[0].Action.ID] = d.ClientID
					mu.Unlock()
					break
				}
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		s.save(t, "P1", "TS1", message("so that it looks"))
		for _, a := range s.read(t, "T1", "TS1", 0).Actions {
			if a.ID <= 91 && ids[a.ID] != string(a.Body) {
				t.Fatalf("action %d is %q, answered as %q", a.ID, string(a.Body), ids[a.ID])
			}
		}
		if head := s.read(t, "T1", "TS1", 0).Head; len(ids) != 91 || head < 92 {
			t.Fatalf("%d ids, head %d", len(ids), head)
		}
		s.mustCheck(t)
	}
}

func TestSameActionSentToTwoStoresIsStoredOnce(t *testing.T) {
	h, f := newFaulty(t, store.Options{})
	other := second(t, h, f)
	h.enter(t, "TS1", "P1")
	other.enter(t, "TS1", "P2")
	d := message("once")
	d.ClientID = "c1"
	if a, b := h.save(t, "P1", "TS1", d), other.save(t, "P1", "TS1", d); a != 1 || b != 1 {
		t.Fatalf("ids %d and %d", a, b)
	}
	// Standings, too, are as the other store left them.
	if _, err := h.Moderate(t.Context(), "T1", "TS1", "P1", chat.Mute); err != nil {
		t.Fatal(err)
	}
	s, err := other.Append(t.Context(), "P1", "TS1", []chat.Draft{message("muted by now")})
	if err != nil || s.Results[0].Err == nil || s.Results[0].Err.Code != chat.Muted {
		t.Fatalf("%+v, %v", s, err)
	}
}

func TestRosterOfTwoStoresGivesNoLogTwice(t *testing.T) {
	h, f := newFaulty(t, store.Options{})
	other := second(t, h, f)
	add := func(s *harness, ts chat.TSID) {
		err := s.ApplyRoster(t.Context(), "test", "import", func(old *chat.Roster) (*chat.Roster, error) {
			r := &chat.Roster{People: old.People, Sessions: maps.Clone(old.Sessions)}
			r.Sessions[ts] = &chat.TherapySession{ID: ts, Therapists: []chat.PID{"T1"}}
			return r, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.enter(t, ts, "T1")
		s.save(t, "T1", ts, message("in "+string(ts)))
	}
	add(h, "N1")
	add(other, "N2") // does not know of N1 yet
	add(h, "N3")
	if _, err := other.Read(t.Context(), "T1", "N1", chat.Position{}, 0); err != nil {
		t.Fatal(err)
	}
	add(other, "N4")
	add(h, "N5")
	var numbers []uint32
	for _, ts := range []chat.TSID{"N1", "N2", "N3", "N4", "N5"} {
		if p := h.read(t, "T1", ts, 0); len(p.Actions) != 1 || string(p.Actions[0].Body) != "in "+string(ts) {
			t.Errorf("%s has %d actions", ts, len(p.Actions))
		}
		numbers = append(numbers, h.LogNumber(ts))
	}
	if slices.Sort(numbers); len(slices.Compact(numbers)) != 5 {
		t.Fatalf("log numbers %v", numbers)
	}
}

func TestAuditLogOfTwoStoresIsOne(t *testing.T) {
	h, f := newFaulty(t, store.Options{})
	stores := []*harness{h, second(t, h, f)}
	for i := range 10 {
		err := stores[i%2].Update(t.Context(), func(tx *store.Tx) error {
			tx.Audit(store.AuditEntry{Event: "counted", Count: i + 1})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range h.audited(t, "counted") {
		if e.Count != i+1 {
			t.Fatalf("entry %d tells of %d", e.Seq, e.Count)
		}
	}
	if n := len(h.audited(t, "counted")); n != 10 {
		t.Fatalf("%d of 10 entries", n)
	}
}
