package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

// grace is how long somebody without a sign of life still counts as online.
const grace = 75 * time.Second

// late is after whatever is to happen when grace is over.
const late = grace + 5*time.Second

// sample is a roster with one group in four rooms: TS1 is plain, TS2 has a
// waiting room, TS3 a required assessment, TS4 both.
func sample() *chat.Roster {
	r := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
	for i, u := range []chat.User{
		{ID: "T1", Name: "Dr. Howell", Role: chat.Therapist}, {ID: "T2", Name: "Dr. Grumby", Role: chat.Therapist},
		{ID: "P1", Name: "Gilligan", Role: chat.Participant}, {ID: "P2", Name: "Ginger", Role: chat.Participant},
		{ID: "P3", Name: "Mary Ann", Role: chat.Participant}, {ID: "X1", Name: "Stranger", Role: chat.Participant},
	} {
		u.LastName, u.Phone = chat.Text("Last "+u.ID), chat.Phone(fmt.Sprintf("+1650555010%d", i))
		r.People[u.ID] = &u
	}
	mood := []chat.Assessment{
		{Name: "mood", Title: "Mood", Required: true, URL: "https://surveys.example/mood"},
		{Name: "sleep", Title: "Sleep", URL: "https://surveys.example/sleep"},
		{Name: "after", Title: "Afterwards", Phase: chat.Post, Required: true, URL: "https://surveys.example/after"},
	}
	for i, s := range []chat.TherapySession{{}, {WaitingRoom: true}, {Assessments: mood}, {WaitingRoom: true, Assessments: mood}} {
		s.ID = chat.TSID(fmt.Sprintf("TS%d", i+1))
		s.Date = time.Date(2026, 12, 1+i, 18, 0, 0, 0, time.UTC)
		s.Therapists, s.Participants = []chat.PID{"T1", "T2"}, []chat.PID{"P1", "P2", "P3"}
		s.PrivateMessages = chat.PrivateToAnyone
		r.Sessions[s.ID] = &s
	}
	return r
}

// world is a hub on a real store that can be stopped and started again.
type world struct {
	*hub.Hub
	t     *testing.T
	store *store.Store
	path  string
	opt   hub.Options
	disk  func(store.Driver) store.Driver // nil: as it is
	quiet bool                            // warnings are no failure
}

// in runs f with a new world whose clock moves when all wait.
func in(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld(t, hub.Options{})) })
}

func newWorld(t *testing.T, opt hub.Options) *world {
	t.Helper()
	return (&world{t: t, path: filepath.Join(t.TempDir(), "hearth.db"), opt: opt}).begin()
}

func (w *world) begin() *world {
	w.t.Helper()
	w.start()
	w.t.Cleanup(func() {
		r, err := w.store.Check(context.Background())
		if err != nil || len(r.Problems) > 0 {
			w.t.Errorf("check: %v, %q", err, r.Problems)
		}
		w.stop()
	})
	w.roster(func(*chat.Roster) *chat.Roster { return sample() })
	return w
}

// complaints fails the test for every warning that is logged.
type complaints struct {
	slog.Handler
	t *testing.T
}

func (c complaints) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (c complaints) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		c.t.Errorf("logged: %s, %s", r.Message, a)
		return true
	})
	return nil
}

func (w *world) start() {
	w.t.Helper()
	var db store.Driver
	db, err := bolt.Open(w.path, bolt.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.disk != nil {
		db = w.disk(db)
	}
	log := slog.New(complaints{slog.DiscardHandler, w.t})
	if w.quiet {
		log = nil
	}
	var running atomic.Pointer[hub.Hub]
	w.store, err = store.Open(context.Background(), store.Options{
		Driver: db, AuditKey: make([]byte, 32), Log: log, Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6},
		Committed: func(e store.Event) { running.Load().Committed(e) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	opt := w.opt
	opt.Store, opt.Log = w.store, log
	if w.Hub, err = hub.New(context.Background(), opt); err != nil {
		w.t.Fatal(err)
	}
	running.Store(w.Hub)
}

func (w *world) stop() {
	w.Close()
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
}

// restart is a stop and a start; sockets must be closed before.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

// roster changes the roster.
func (w *world) roster(change func(*chat.Roster) *chat.Roster) {
	w.t.Helper()
	err := w.store.ApplyRoster(context.Background(), "test", "import",
		func(old *chat.Roster) (*chat.Roster, error) { return change(old), nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

// session changes one therapy session of the roster.
func (w *world) session(ts chat.TSID, change func(*chat.TherapySession)) {
	w.t.Helper()
	w.roster(func(*chat.Roster) *chat.Roster {
		r := sample()
		change(r.Sessions[ts])
		return r
	})
}

// enter is what a poller does first.
func (w *world) enter(by chat.PID, ts chat.TSID, want hub.State) hub.Entered {
	w.t.Helper()
	e, err := w.Enter(w.t.Context(), by, ts)
	if err != nil {
		w.t.Fatalf("%s enters %s: %v", by, ts, err)
	}
	if e.State != want {
		w.t.Fatalf("%s enters %s and is %s, want %s", by, ts, e.State, want)
	}
	return e
}

// connect is what a socket does to enter.
func (w *world) connect(by chat.PID, ts chat.TSID, want hub.State) *hub.Subscription {
	w.t.Helper()
	s := w.Subscribe(ts, by, true)
	w.t.Cleanup(s.Close)
	w.enter(by, ts, want)
	return s
}

func (w *world) moderate(by chat.PID, ts chat.TSID, whom chat.PID, c chat.Change) hub.Person {
	w.t.Helper()
	p, err := w.Moderate(w.t.Context(), by, ts, whom, c)
	if err != nil {
		w.t.Fatalf("%s of %s in %s: %v", c, whom, ts, err)
	}
	return p
}

func (w *world) assessed(ts chat.TSID, whom chat.PID, name string, complete bool) {
	w.t.Helper()
	if err := w.store.SetAssessment(w.t.Context(), "test", ts, whom, name, complete); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) say(by chat.PID, ts chat.TSID, d chat.Draft) chat.ActionID {
	w.t.Helper()
	s, err := w.store.Append(w.t.Context(), by, ts, []chat.Draft{d})
	if err != nil {
		w.t.Fatalf("%s of %s: %v", d.Type, by, err)
	}
	if s.Results[0].Err != nil {
		w.t.Fatalf("%s of %s: %v", d.Type, by, s.Results[0].Err)
	}
	return s.Results[0].Action.ID
}

func message(body chat.Text, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Message, Body: body, Recipients: to}
}

// state is what somebody is, without entering.
func (w *world) state(by chat.PID, ts chat.TSID) hub.State {
	w.t.Helper()
	e, err := w.State(w.t.Context(), by, ts)
	if err != nil {
		w.t.Fatalf("state of %s in %s: %v", by, ts, err)
	}
	return e.State
}

// statuses is what by sees of the others, such as "P1 online".
func (w *world) statuses(by chat.PID, ts chat.TSID) (all []string) {
	w.t.Helper()
	d, err := w.Detail(w.t.Context(), by, ts)
	if err != nil {
		w.t.Fatalf("detail of %s for %s: %v", ts, by, err)
	}
	for _, p := range d.People {
		all = append(all, fmt.Sprintf("%s %s", p.ID, p.Status))
	}
	return all
}

// wantStatus is what T1 sees of whom.
func (w *world) wantStatus(ts chat.TSID, whom chat.PID, want hub.Status) {
	w.t.Helper()
	if all := w.statuses("T1", ts); !slices.Contains(all, fmt.Sprintf("%s %s", whom, want)) {
		w.t.Errorf("in %s there are %q, want %s %s", ts, all, whom, want)
	}
}

// entries are what stands in the log of ts when all is done that is under way: the
// bodies of the server's notices, and the types of what else was said.
func (w *world) entries(ts chat.TSID) (all []string) {
	w.t.Helper()
	synctest.Wait()
	p, err := w.store.Read(w.t.Context(), "T1", ts, chat.Position{}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range p.Actions {
		switch {
		case a.Type == chat.Notice && a.Sender == "system":
			all = append(all, string(a.Body))
		case a.Type != chat.UpdateChatDetails && a.Type != chat.UpdateAssessments:
			all = append(all, a.Type.String())
		}
	}
	return all
}

func (w *world) wantLog(ts chat.TSID, want ...string) {
	w.t.Helper()
	if got := w.entries(ts); !slices.Equal(got, want) {
		w.t.Errorf("the log of %s has %q, want %q", ts, got, want)
	}
}

// woken waits until all is done that is under way and reports whether the
// subscription was woken since the last time.
func woken(s *hub.Subscription) bool {
	synctest.Wait()
	select {
	case <-s.Wake():
		return true
	default:
		return false
	}
}

// told is what the subscription has been told of the presence of others,
// such as "P1 online", and who types, such as "P1 types" and "P1 types T1".
func told(s *hub.Subscription) (all []string) {
	synctest.Wait()
	presence, typing := s.Ephemeral()
	for p, status := range presence {
		all = append(all, fmt.Sprintf("%s %s", p, status))
	}
	for p, to := range typing {
		s := fmt.Sprintf("%s types", p)
		for _, whom := range to {
			s += " " + string(whom)
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func wantTold(t *testing.T, who string, s *hub.Subscription, want ...string) {
	t.Helper()
	if got := told(s); !slices.Equal(got, want) {
		t.Errorf("%s is told %q, want %q", who, got, want)
	}
}

func wantCode(t *testing.T, what string, err error, want chat.Code) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// pass lets time go by, and all happen that is to happen then.
func pass(d time.Duration) {
	time.Sleep(d) // of the test's own clock
	synctest.Wait()
}
