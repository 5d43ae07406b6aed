package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"hearth/hub/chat"
	"hearth/store"
)

// slow is a driver whose reads of a log call a function first.
type slow struct {
	store.Driver
	page func()
}

func (s *slow) Page(ctx context.Context, log uint32, from uint64, n int, research bool) ([]store.Record, error) {
	recs, err := s.Driver.Page(ctx, log, from, n, research)
	if s.page != nil {
		now := s.page
		s.page = nil
		now()
	}
	return recs, err
}

func TestAnswerIsAssembledAfterWhatHappenedWhileItWasRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(t *testing.T, h *harness)
		check func(t *testing.T, p store.Page, err error)
	}{
		{"a message is deleted", func(t *testing.T, h *harness) {
			h.save(t, "P1", "TS1", chat.Draft{Type: chat.Delete, Target: 1})
		}, func(t *testing.T, p store.Page, err error) {
			if err != nil || len(p.Actions) != 600 || !p.Actions[0].Tombstone || p.Actions[0].Body != "" {
				t.Errorf("%d actions, %v", len(p.Actions), err)
			}
		}},
		{"the reader is revoked", func(t *testing.T, h *harness) {
			if _, err := h.Moderate(t.Context(), "T1", "TS1", "P2", chat.Revoke); err != nil {
				t.Error(err)
			}
		}, func(t *testing.T, p store.Page, err error) {
			if code(err) != chat.NotAdmitted || len(p.Actions) != 0 {
				t.Errorf("%d actions, %v", len(p.Actions), err)
			}
		}},
		{"the therapy session is taken off the roster", func(t *testing.T, h *harness) {
			h.edit(t, func(r *chat.Roster) { delete(r.Sessions, "TS1") })
		}, func(t *testing.T, p store.Page, err error) {
			if code(err) != chat.NotAllowed || len(p.Actions) != 0 {
				t.Errorf("%d actions, %v", len(p.Actions), err)
			}
		}},
		{"it ends, and is closed then", func(t *testing.T, h *harness) {
			h.save(t, "T1", "TS1", chat.Draft{Type: chat.EndChatSession})
		}, func(t *testing.T, p store.Page, err error) {
			// The end itself comes with the next page.
			if err != nil || len(p.Actions) != 0 || p.Max != 600 {
				t.Errorf("%d actions to %d, %v", len(p.Actions), p.Max, err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &harness{path: filepath.Join(memoryDir(t), "hearth.db")}
			d := &slow{Driver: openBolt(t, h.path)}
			var err error
			h.Store, err = store.Open(t.Context(), store.Options{Driver: d, AuditKey: auditKey, Rate: chat.Rate{PerSecond: 1, Burst: 1000}})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			h.edit(t, func(r *chat.Roster) {
				*r = *sample()
				r.Sessions["TS1"].AfterEnd = chat.AfterEndClosed
			})
			h.enter(t, "TS1", "P1", "P2", "T1")
			var drafts []chat.Draft
			for i := range 600 { // more than are kept in memory
				drafts = append(drafts, message(fmt.Sprint("body ", i)))
			}
			if _, err := h.Append(t.Context(), "P1", "TS1", drafts); err != nil {
				t.Fatal(err)
			}
			happened := false
			d.page = func() {
				happened = true
				c.do(t, h)
			}
			p, err := h.Read(t.Context(), "P2", "TS1", chat.Position{}, 0)
			c.check(t, p, err)
			if !happened {
				t.Fatal("nothing was read from the disk")
			}
		})
	}
}
