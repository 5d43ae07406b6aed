package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"hearth/hub/chat"
	"hearth/store"
)

// hold keeps the committer busy, so that what comes meanwhile goes into one
// commit, until the function returned is called. In a synctest bubble only.
func (h *harness) hold(t *testing.T) (release func()) {
	t.Helper()
	gate, done := make(chan bool), make(chan error)
	go func() {
		done <- h.Update(context.Background(), func(*store.Tx) error {
			<-gate
			return nil
		})
	}()
	synctest.Wait()
	return func() {
		close(gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestManyJobsThatFailAfterWritingDoNotMakeTheStoreUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStoreIn(t, memoryDir(t), store.Options{})
		h.enter(t, "TS1", "P1")
		boom := errors.New("boom")
		release := h.hold(t)
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				err := h.Update(t.Context(), func(tx *store.Tx) error {
					tx.Put(store.TableCounter, fmt.Append(nil, i), []byte("x"))
					tx.Audit(store.AuditEntry{Event: "tried"})
					if i%2 == 0 {
						return boom
					}
					return nil
				})
				if want := map[bool]error{true: boom}[i%2 == 0]; !errors.Is(err, want) {
					t.Errorf("job %d: %v", i, err)
				}
			})
		}
		wg.Go(func() { h.save(t, "P1", "TS1", message("x")) })
		synctest.Wait()
		release()
		wg.Wait()
		if n := len(h.audited(t, "tried")); n != 20 || h.Ready() != nil {
			t.Fatalf("%d entries, %v", n, h.Ready())
		}
	})
}

func TestCallerThatGivesUpIsNotStoredIfItsTurnHadNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStoreIn(t, memoryDir(t), store.Options{})
		h.enter(t, "TS1", "P1", "P2")
		release := h.hold(t)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := h.Append(ctx, "P1", "TS1", []chat.Draft{message("given up")}); code(err) != chat.StorageUnavailable {
				t.Errorf("who gave up got %v", err)
			}
		})
		wg.Go(func() { h.save(t, "P2", "TS1", message("patient")) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		release()
		wg.Wait()
		if p := h.read(t, "P2", "TS1", 0); len(p.Actions) != 1 || string(p.Actions[0].Body) != "patient" {
			t.Fatalf("%d actions", len(p.Actions))
		}
	})
}

func TestCloseAnswersWhatWaitsAndRefusesWhatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := memoryDir(t)
		s, err := store.Open(t.Context(), store.Options{Driver: openBolt(t, dir+"/hearth.db"), AuditKey: auditKey})
		if err != nil {
			t.Fatal(err)
		}
		h := &harness{Store: s}
		release := h.hold(t)
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					tx.Put(store.TableCounter, []byte{byte(i)}, []byte("x"))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wg.Go(func() { s.Close() })
		synctest.Wait()
		if err := s.Update(t.Context(), func(*store.Tx) error { return nil }); err == nil {
			t.Error("a call after Close was carried out")
		}
		release()
		wg.Wait()
		s, err = store.Open(t.Context(), store.Options{Driver: openBolt(t, dir+"/hearth.db"), AuditKey: auditKey})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		n := 0
		s.Scan(t.Context(), store.TableCounter, nil, func(k, v []byte) error { n++; return nil })
		if n != 5 {
			t.Fatalf("%d of 5 are there", n)
		}
	})
}
