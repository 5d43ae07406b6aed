package hub_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

// fullDisk fails while full is set; a commit that fails is not stored, or is,
// as kept says.
type fullDisk struct {
	store.Driver
	full, kept *atomic.Bool
}

var errFull = errors.New("no space left on device")

func (d fullDisk) Commit(ctx context.Context, b *store.Batch) error {
	if !d.full.Load() {
		return d.Driver.Commit(ctx, b)
	}
	if d.kept.Load() {
		d.Driver.Commit(ctx, b)
	}
	return errFull
}

func (d fullDisk) Recover(ctx context.Context) error {
	if d.full.Load() {
		return errFull
	}
	return d.Driver.Recover(ctx)
}

// While nothing can be stored people come and go; when it can be again the
// log says what came of it, also if the commit that failed was stored.
func TestArrivalsAndDeparturesInAnOutageAreNotedAfterIt(t *testing.T) {
	for name, kept := range map[string]bool{"nothing was stored": false, "the failed commit was stored": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var full, keep atomic.Bool
				keep.Store(kept)
				w := (&world{
					t: t, path: filepath.Join(t.TempDir(), "hearth.db"), quiet: true,
					disk: func(d store.Driver) store.Driver { return fullDisk{d, &full, &keep} },
				}).begin()
				w.enter("P1", "TS1", hub.StateAdmitted)
				w.enter("P2", "TS1", hub.StateAdmitted)
				w.Leave(t.Context(), "P2", "TS1")
				full.Store(true)
				w.Leave(t.Context(), "P1", "TS1")
				w.wantStatus("TS1", "P1", hub.Offline) // reads go on
				w.connect("P2", "TS1", hub.StateAdmitted)
				w.wantStatus("TS1", "P2", hub.Online)
				if _, err := w.Moderate(t.Context(), "T1", "TS1", "P2", chat.Mute); err == nil {
					t.Error("something was stored")
				}
				pass(time.Minute)
				w.wantStatus("TS1", "P1", hub.Offline)
				full.Store(false)
				pass(30 * time.Second)
				w.agrees("TS1")
				w.wantStatus("TS1", "P1", hub.Offline)
				w.wantStatus("TS1", "P2", hub.Online)
				if n := len(w.entries("TS1")); n != 5 {
					t.Errorf("%q", w.entries("TS1"))
				}
			})
		})
	}
}
