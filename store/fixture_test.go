package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

var auditKey = []byte("0123456789abcdef0123456789abcdef")

// sample is a roster of one group: T1 and T2 moderate P1, P2 and P3 in TS1;
// T2 moderates P1 in TS2, which has a waiting room.
func sample() *chat.Roster {
	r := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
	for i, id := range []chat.PID{"T1", "T2", "P1", "P2", "P3"} {
		role := chat.Participant
		if id[0] == 'T' {
			role = chat.Therapist
		}
		r.People[id] = &chat.User{
			ID: id, Name: chat.Text("Name of " + id), LastName: chat.Text("Last " + id), Role: role, Keystrokes: id != "P3",
			Phone: chat.Phone(fmt.Sprintf("+1650555010%d", i)),
		}
	}
	r.Sessions["TS1"] = &chat.TherapySession{
		ID: "TS1", Name: "Group", Therapists: []chat.PID{"T1", "T2"}, Participants: []chat.PID{"P1", "P2", "P3"},
		PrivateMessages: chat.PrivateToAnyone,
	}
	r.Sessions["TS2"] = &chat.TherapySession{
		ID: "TS2", Name: "Other", Therapists: []chat.PID{"T2"}, Participants: []chat.PID{"P1"}, WaitingRoom: true,
		Assessments: []chat.Assessment{{Name: "mood", Title: "Mood", Required: true, URL: "https://surveys.example/mood"}},
	}
	return r
}

// harness is a store on a real file that can be closed and opened again.
type harness struct {
	*store.Store
	path   string
	opt    store.Options
	events chan store.Event
}

// newStore opens an empty store with the sample roster; at the end of the
// test it is checked.
func newStore(t testing.TB, opt store.Options) *harness {
	t.Helper()
	return newStoreIn(t, t.TempDir(), opt)
}

func newStoreIn(t testing.TB, dir string, opt store.Options) *harness {
	t.Helper()
	h := &harness{path: filepath.Join(dir, "hearth.db"), opt: opt, events: make(chan store.Event, 100_000)}
	h.opt.AuditKey = auditKey
	h.opt.Committed = func(e store.Event) { h.events <- e }
	h.open(t)
	t.Cleanup(func() {
		h.mustCheck(t)
		h.Close()
	})
	err := h.ApplyRoster(t.Context(), "test", "import", func(*chat.Roster) (*chat.Roster, error) { return sample(), nil })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *harness) open(t testing.TB) {
	t.Helper()
	db, err := bolt.Open(h.path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opt := h.opt
	opt.Driver = db
	if h.Store, err = store.Open(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) reopen(t testing.TB) {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h.open(t)
}

func (h *harness) mustCheck(t testing.TB) store.Report {
	t.Helper()
	r, err := h.Check(context.Background())
	if err != nil || len(r.Problems) > 0 {
		t.Fatalf("check: %v, %q", err, r.Problems)
	}
	return r
}

func (h *harness) enter(t testing.TB, ts chat.TSID, people ...chat.PID) {
	t.Helper()
	for _, p := range people {
		if e, err := h.Enter(context.Background(), p, ts); err != nil || !e.Standing.In {
			t.Fatalf("%s enters %s: %+v, %v", p, ts, e, err)
		}
	}
}

// save appends one draft and returns its id.
func (h *harness) save(t testing.TB, by chat.PID, ts chat.TSID, d chat.Draft) chat.ActionID {
	t.Helper()
	s, err := h.Append(context.Background(), by, ts, []chat.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	if s.Results[0].Err != nil {
		t.Fatal(s.Results[0].Err)
	}
	return s.Results[0].Action.ID
}

func (h *harness) read(t testing.TB, by chat.PID, ts chat.TSID, from chat.ActionID) store.Page {
	t.Helper()
	p, err := h.Read(context.Background(), by, ts, chat.Position{ID: from}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func message(body string, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Message, Body: chat.Text(body), Recipients: to}
}

// clock is a wall clock that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }
