package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

// faulty is a driver on a real file whose commits and recoveries fail when a
// test says so.
type faulty struct {
	store.Driver
	mu       sync.Mutex // one commit at a time, also of two stores
	commits  []func(commit func() error) error
	recovers []error // of the next calls of Recover
	tried    int     // calls of Recover
}

// next says how the next commits go, in turn; then they work.
func (f *faulty) next(commits ...func(commit func() error) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits = append(f.commits, commits...)
}

func (f *faulty) Commit(ctx context.Context, b *store.Batch) error {
	f.mu.Lock()
	how := func(commit func() error) error { return commit() }
	if len(f.commits) > 0 {
		how, f.commits = f.commits[0], f.commits[1:]
	}
	f.mu.Unlock()
	return how(func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.Driver.Commit(ctx, b)
	})
}

func (f *faulty) Recover(ctx context.Context) error {
	f.tried++
	if len(f.recovers) > 0 {
		err := f.recovers[0]
		f.recovers = f.recovers[1:]
		return err
	}
	return f.Driver.Recover(ctx)
}

// openShared is a driver that several stores use: closing does nothing.
type openShared struct{ store.Driver }

func (openShared) Close() error { return nil }

// newFaulty opens a store on a driver that can fail. The roster is the sample
// one and as many therapy sessions more as do not fit into memory.
func newFaulty(t *testing.T, opt store.Options) (*harness, *faulty) {
	t.Helper()
	h := &harness{path: filepath.Join(memoryDir(t), "hearth.db"), events: make(chan store.Event, 1000)}
	db, err := bolt.Open(h.path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{Driver: db}
	h.opt = opt
	h.opt.AuditKey, h.opt.Driver = auditKey, f
	h.opt.Committed = func(e store.Event) { h.events <- e }
	if h.Store, err = store.Open(t.Context(), h.opt); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.mustCheck(t)
		h.Close()
	})
	err = h.ApplyRoster(t.Context(), "test", "import", func(*chat.Roster) (*chat.Roster, error) { return crowded(), nil })
	if err != nil {
		t.Fatal(err)
	}
	return h, f
}

func crowded() *chat.Roster {
	r := sample()
	for i := range store.MaxIdle + 10 {
		ts := chat.TSID(fmt.Sprint("X", i))
		r.Sessions[ts] = &chat.TherapySession{ID: ts, Name: "Full house", Therapists: []chat.PID{"T1"}}
	}
	return r
}

// crowd has all other therapy sessions read, so that TS1's log is evicted if
// it may be.
func crowd(t *testing.T, h *harness) {
	t.Helper()
	for ts := range crowded().Sessions {
		if ts == "TS1" {
			continue
		}
		if _, err := h.Overview(t.Context(), "T2", ts); err != nil && code(err) != chat.NotAllowed {
			t.Fatal(err)
		}
	}
}

var errSync = errors.New("fsync: input/output error")

func TestCommitOfUnknownFateIsAnsweredAsSuchAndComesToLightAfterRecovery(t *testing.T) {
	for _, c := range []struct {
		name   string
		stored bool
	}{{"it was stored", true}, {"it was not stored", false}} {
		t.Run(c.name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { unknownFate(t, c.stored) }) })
	}
}

func unknownFate(t *testing.T, stored bool) {
	h, f := newFaulty(t, store.Options{})
	people := []chat.PID{"P1", "P2", "P3"}
	h.enter(t, "TS1", append(people, "T1")...)
	h.save(t, "P1", "TS1", message("one"))
	h.save(t, "P2", "TS1", message("two"))

	// One commit is held back until all else waits for the next one; that
	// is held back too, and fails.
	first, second := make(chan bool), make(chan bool)
	f.next(func(commit func() error) error {
		<-first
		return commit()
	}, func(commit func() error) error {
		<-second
		if stored {
			if err := commit(); err != nil {
				t.Error(err)
			}
		}
		return errSync
	})
	f.recovers = []error{errSync, errSync, errSync}
	put := func(key, value string) error {
		return h.Update(t.Context(), func(tx *store.Tx) error {
			tx.Put(store.TableCounter, []byte(key), []byte(value))
			return nil
		})
	}
	var held, waiting sync.WaitGroup
	held.Go(func() {
		if err := put("first", "1"); err != nil {
			t.Error("the commit before the failing one:", err)
		}
	})
	synctest.Wait()
	draft := func(i int) (chat.PID, chat.Draft) {
		d := message(fmt.Sprint("body ", i))
		d.ClientID = fmt.Sprint("c", i)
		return []chat.PID{"P1", "P3"}[i%2], d
	}
	var mu sync.Mutex
	var answers []error
	answered := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, err)
	}
	for i := range 12 {
		waiting.Go(func() {
			by, d := draft(i)
			_, err := h.Append(t.Context(), by, "TS1", []chat.Draft{d})
			answered(err)
		})
	}
	waiting.Go(func() {
		_, err := h.Moderate(t.Context(), "T1", "TS1", "P2", chat.Mute)
		answered(err)
	})
	waiting.Go(func() { answered(put("second", "2")) })
	waiting.Go(func() { // a refusal may rest on what was not stored
		_, err := h.Moderate(t.Context(), "P1", "TS1", "P2", chat.Mute)
		answered(err)
	})
	synctest.Wait()
	close(first)
	held.Wait()
	nothingSpeculative := func(when string) {
		t.Helper()
		for _, p := range append(people, "T1", "T2") {
			if page := h.read(t, p, "TS1", 0); len(page.Actions) != 2 || page.Head != 2 || page.Max != 2 {
				t.Fatalf("%s: %s reads %d actions, head %d", when, p, len(page.Actions), page.Head)
			}
			o, err := h.Overview(t.Context(), p, "TS1")
			if err != nil || o.Head != 2 || o.Unread > 2 || slices.ContainsFunc(o.People, func(s chat.Standing) bool { return s.Muted }) {
				t.Fatalf("%s: %s gets %+v, %v", when, p, o, err)
			}
		}
	}
	synctest.Wait() // the second commit is under way
	nothingSpeculative("before the sync")
	for len(h.events) > 0 {
		<-h.events
	}
	close(second)
	waiting.Wait()
	if len(answers) != 15 {
		t.Fatalf("%d answers", len(answers))
	}
	for _, err := range answers {
		if code(err) != chat.StorageUnavailable {
			t.Errorf("answered %v", err)
		}
	}
	if err := h.Ready(); err == nil || !strings.Contains(err.Error(), errSync.Error()) {
		t.Fatalf("ready says %v", err)
	}
	if _, err := h.Append(t.Context(), "P1", "TS1", []chat.Draft{message("x")}); code(err) != chat.StorageUnavailable {
		t.Fatalf("a save meanwhile: %v", err)
	}
	nothingSpeculative("before recovery")
	crowd(t, h)
	nothingSpeculative("before recovery, with more logs in use than fit into memory")
	if len(h.events) != 0 {
		t.Fatal("somebody was told of a failed commit")
	}

	e := <-h.events // after some failures
	synctest.Wait()
	if err := h.Ready(); err != nil || f.tried != 4 {
		t.Fatalf("after %d tries: %v", f.tried, err)
	}
	var told []chat.TSID
	for _, s := range e.Sessions {
		told = append(told, s.TS)
	}
	slices.Sort(told)
	if want := slices.Sorted(maps.Keys(crowded().Sessions)); !e.Roster || !slices.Equal(told, want) {
		t.Fatalf("told of %v, roster %v", told, e.Roster)
	}
	head, muted, second2 := chat.ActionID(2), false, ""
	if stored {
		head, muted, second2 = 15, true, "2" // 12 messages, and that the details changed
	}
	o, err := h.Overview(t.Context(), "P2", "TS1")
	if err != nil || o.Head != head || o.Standing.Muted != muted || h.read(t, "P3", "TS1", 0).Head != head {
		t.Fatalf("after recovery %+v, %v", o, err)
	}
	if v, err := h.Get(t.Context(), store.TableCounter, []byte("second")); err != nil || string(v) != second2 {
		t.Fatalf("after recovery the counter is %q, %v", v, err)
	}
	ids := map[chat.ActionID]string{}
	for range 2 {
		for i := range 12 {
			by, d := draft(i)
			id := h.save(t, by, "TS1", d)
			if other := ids[id]; other != "" && other != d.ClientID {
				t.Fatalf("%s and %s are both %d", other, d.ClientID, id)
			}
			ids[id] = d.ClientID
		}
	}
	page := h.read(t, "T1", "TS1", 0)
	for i, a := range page.Actions {
		if a.ID != chat.ActionID(i+1) {
			t.Fatalf("action %d is in place %d", a.ID, i+1)
		}
	}
	said := slices.DeleteFunc(page.Actions, func(a chat.Seen) bool { return a.Type != chat.Message })
	if len(ids) != 12 || len(said) != 14 {
		t.Fatalf("%d ids, %d messages", len(ids), len(said))
	}
	for _, a := range said[2:] {
		if "body "+strings.TrimPrefix(ids[a.ID], "c") != string(a.Body) {
			t.Fatalf("action %d is %q, answered as %s", a.ID, string(a.Body), ids[a.ID])
		}
	}
}

func TestClosingWhileUnavailableAnswersAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &harness{path: filepath.Join(memoryDir(t), "hearth.db")}
		db, err := bolt.Open(h.path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := &faulty{Driver: db, recovers: slices.Repeat([]error{errSync}, 1000)}
		s, err := store.Open(t.Context(), store.Options{Driver: f, AuditKey: auditKey})
		if err != nil {
			t.Fatal(err)
		}
		f.next(func(func() error) error { return errSync })
		put := func() error {
			return s.Update(t.Context(), func(tx *store.Tx) error {
				tx.Put(store.TableCounter, []byte("k"), []byte("v"))
				return nil
			})
		}
		if err := put(); code(err) != chat.StorageUnavailable {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := put(); err == nil {
			t.Fatal("stored after Close")
		}
	})
}

func TestCommitThatIsStaleIsJudgedAgain(t *testing.T) {
	stale := func(func() error) error { return store.ErrStale }
	t.Run("once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, f := newFaulty(t, store.Options{})
			h.enter(t, "TS1", "P1")
			f.next(stale)
			if id := h.save(t, "P1", "TS1", message("x")); id != 1 {
				t.Fatalf("id %d", id)
			}
			if err := h.Ready(); err != nil || f.tried != 0 {
				t.Fatalf("%v after %d recoveries", err, f.tried)
			}
		})
	})
	t.Run("for ever, it is unavailable until it isn't", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, f := newFaulty(t, store.Options{})
			h.enter(t, "TS1", "P1")
			f.next(slices.Repeat([]func(func() error) error{stale}, 10)...)
			d := message("x")
			d.ClientID = "c1"
			if _, err := h.Append(t.Context(), "P1", "TS1", []chat.Draft{d}); code(err) != chat.StorageUnavailable {
				t.Fatal(err)
			}
			for h.Ready() != nil {
				<-h.events
				synctest.Wait()
			}
			if id := h.save(t, "P1", "TS1", d); id != 1 {
				t.Fatalf("id %d", id)
			}
		})
	})
}

func openBolt(t *testing.T, path string) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}
