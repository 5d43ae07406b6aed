package hub_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

// Everybody does everything at the same time. Afterwards the log's joined and
// left notices alternate for each person and end with what is so, who is
// there is what their standing says, and nothing is left over.
func TestStorm(t *testing.T) {
	seeds := 4
	if testing.Short() {
		seeds = 2
	}
	for range seeds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				storm(t, (&world{
					t: t, path: filepath.Join(t.TempDir(), "hearth.db"),
					disk: func(d store.Driver) store.Driver { return slowDisk{d} },
				}).begin(), seed)
			})
		})
	}
}

const stormRounds = 25

var stormRooms = []chat.TSID{"TS1", "TS4"}

// slowDisk takes its time before and after each commit: what is under way
// meets in every order.
type slowDisk struct {
	store.Driver
}

func (d slowDisk) Commit(ctx context.Context, b *store.Batch) error {
	time.Sleep(rand.N(10 * time.Millisecond))
	defer time.Sleep(rand.N(10 * time.Millisecond))
	return d.Driver.Commit(ctx, b)
}

func storm(t *testing.T, w *world, seed uint64) {
	var devices []*device
	for i, by := range []chat.PID{"T1", "P1", "P2", "X1", "T2", "P1", "P2", "P1"} {
		devices = append(devices, &device{world: w, by: by, rnd: rand.New(rand.NewPCG(seed, uint64(i)))})
	}
	rnd := rand.New(rand.NewPCG(seed, 1000))
	for round := range stormRounds {
		var all sync.WaitGroup
		for _, d := range devices {
			all.Go(func() {
				for range 1 + d.rnd.IntN(4) {
					time.Sleep(time.Duration(d.rnd.IntN(10)) * time.Millisecond)
					d.step(t.Context())
				}
			})
		}
		if rnd.IntN(4) == 0 {
			all.Go(func() {
				w.session("TS1", func(s *chat.TherapySession) {
					s.Participants = []chat.PID{"P1", "P2", "P3"}[rnd.IntN(2):]
				})
			})
		}
		all.Wait()
		time.Sleep(100 * time.Millisecond) // of the test's own clock: what is under way ends
		for _, ts := range stormRooms {
			w.agrees(ts)
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	w.roster(func(*chat.Roster) *chat.Roster { return sample() })
	for _, d := range devices {
		for _, s := range d.open {
			s.Close()
		}
	}
	pass(late)
	for _, ts := range stormRooms {
		for by, in := range w.agrees(ts) {
			if in {
				t.Errorf("%s is in %s without a socket", by, ts)
			}
		}
	}
	if n := w.Rooms(); n != 0 {
		t.Errorf("%d rooms are left over", n)
	}
	if p, err := w.store.Present(t.Context()); err != nil || len(p) != 0 {
		t.Errorf("present in the store: %v, %v", p, err)
	}
}

// device is one of somebody's.
type device struct {
	*world
	by   chat.PID
	rnd  *rand.Rand
	open []*hub.Subscription
}

// step does something, allowed or not.
func (d *device) step(ctx context.Context) {
	ts := stormRooms[d.rnd.IntN(len(stormRooms))]
	whom := []chat.PID{"P1", "P2"}[d.rnd.IntN(2)]
	switch d.rnd.IntN(9) {
	case 0, 1:
		s := d.Subscribe(ts, d.by, true)
		if _, err := d.Enter(ctx, d.by, ts); err != nil {
			s.Close()
		} else {
			d.open = append(d.open, s)
		}
	case 2:
		d.Enter(ctx, d.by, ts)
	case 3:
		for _, s := range d.open {
			s.Close()
		}
		d.open = nil
		d.Leave(ctx, d.by, ts)
	case 4:
		d.Leave(ctx, d.by, ts)
	case 5:
		d.Polled(ctx, ts, d.by)
		d.Wait(ctx, d.by, ts, chat.Position{ID: 1}, 1, time.Duration(d.rnd.IntN(10))*time.Millisecond)
	case 6:
		d.store.Append(ctx, d.by, ts, []chat.Draft{message("x")})
		d.Typing(ctx, ts, d.by, nil)
		for _, s := range d.open {
			s.Ephemeral()
		}
	default: // refused to participants
		d.Moderate(ctx, d.by, ts, whom, chat.Change(d.rnd.IntN(5)))
		d.store.SetAssessment(ctx, "test", ts, whom, "mood", d.rnd.IntN(3) > 0)
	}
}

// agrees holds log, presence and standings of ts against each other, and
// returns who is in it by the log.
func (w *world) agrees(ts chat.TSID) map[chat.PID]bool {
	w.t.Helper()
	ids := map[string]chat.PID{}
	for id, u := range w.store.Roster().People {
		ids[string(u.Name)] = id
	}
	in := map[chat.PID]bool{}
	for i, said := range w.entries(ts) {
		name, joined := strings.CutSuffix(said, " has joined the session")
		name, left := strings.CutSuffix(name, " has left the session")
		if !joined && !left {
			continue
		}
		id, ok := ids[name]
		if !ok || in[id] == joined {
			w.t.Errorf("%s, %d: %q, and they are in: %v", ts, i+1, said, in[id])
		}
		in[id] = joined
	}
	present, err := w.store.Present(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := w.Detail(w.t.Context(), "T1", ts)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range d.People {
		if in[p.ID] != (p.Status == hub.Online) {
			w.t.Errorf("%s in %s is %s, and by the log in: %v", p.ID, ts, p.Status, in[p.ID])
		}
		kept := false
		for _, h := range present {
			kept = kept || h == store.Present{TS: ts, By: p.ID}
		}
		if kept != in[p.ID] {
			w.t.Errorf("%s in %s is kept as present: %v, and by the log in: %v", p.ID, ts, kept, in[p.ID])
		}
		e, err := w.State(w.t.Context(), p.ID, ts)
		want := map[hub.Status]hub.State{hub.Online: hub.StateAdmitted, hub.Waiting: hub.StateWaiting}[p.Status]
		if p.Status != hub.Offline && (err != nil || e.State != want || e.State == hub.StateWaiting && e.Reason == "") {
			w.t.Errorf("%s in %s is %s, but may be %q for %q, %v", p.ID, ts, p.Status, e.State, e.Reason, err)
		}
	}
	return in
}
