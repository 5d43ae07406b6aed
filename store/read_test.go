package store_test

import (
	"slices"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

func TestWhoReadsWithoutBeingInIsAudited(t *testing.T) {
	c := &clock{time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)}
	h := newStore(t, store.Options{Now: c.now})
	h.enter(t, "TS1", "P1", "P2")
	h.save(t, "P1", "TS1", message("x"))
	reads := func() (who []string) {
		t.Helper()
		if err := h.Update(t.Context(), func(*store.Tx) error { return nil }); err != nil { // what was to be noted is
			t.Fatal(err)
		}
		err := h.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
			if e.Event == "read" {
				who = append(who, e.Actor+" "+e.Session)
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	h.read(t, "P1", "TS1", 0)
	if got := reads(); len(got) > 0 {
		t.Errorf("who has entered: %q", got)
	}
	want := []string{"T1 TS1"}
	for range 3 {
		h.read(t, "T1", "TS1", 0)
	}
	if got := reads(); !slices.Equal(got, want) {
		t.Errorf("a therapist who has not: %q", got)
	}
	h.read(t, "T1", "TS1", 99) // of another log: from its start
	c.t = c.t.Add(time.Hour)
	h.read(t, "T1", "TS1", 0)
	if want = append(want, "T1 TS1"); !slices.Equal(reads(), want) {
		t.Errorf("an hour later: %q", reads())
	}
	h.enter(t, "TS1", "T1")
	end := h.save(t, "T1", "TS1", chat.Draft{Type: chat.EndChatSession})
	h.read(t, "P1", "TS1", end-1) // who was there learns of the end
	if !slices.Equal(reads(), want) {
		t.Errorf("at the end: %q", reads())
	}
	h.read(t, "P1", "TS1", 0)
	h.read(t, "P2", "TS1", 0)
	if want = append(want, "P1 TS1", "P2 TS1"); !slices.Equal(reads(), want) {
		t.Errorf("after the end: %q", reads())
	}
	if _, err := h.Read(t.Context(), "P3", "TS2", chat.Position{}, 0); err == nil {
		t.Error("who may not read does")
	}
	if !slices.Equal(reads(), want) {
		t.Errorf("who may not: %q", reads())
	}
}
