package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// typed is a message with a history that has what the message doesn't.
func typed(body, history string) chat.Draft {
	d := message(body)
	d.ClientID = "c" + body[len(body)-3:]
	d.Research = chat.Research{History: []string{history}, TimeToComplete: "671ms"}
	return d
}

// evening is a log with a text of every kind in it, and returns the ids by
// their texts.
func evening(t *testing.T, h *harness) map[string]chat.ActionID {
	t.Helper()
	h.enter(t, "TS1", "T1", "P1", "P2")
	h.enter(t, "TS2", "T2")
	if _, err := h.Moderate(t.Context(), "T2", "TS2", "P1", chat.Admit); err != nil {
		t.Fatal(err)
	}
	if err := h.SetAssessment(t.Context(), "operator", "TS2", "P1", "mood", true); err != nil {
		t.Fatal(err)
	}
	h.enter(t, "TS2", "P1")
	if err := h.Arrive(t.Context(), "TS1", "P1"); err != nil {
		t.Fatal(err)
	}
	ids := map[string]chat.ActionID{}
	for _, d := range []struct {
		by    chat.PID
		draft chat.Draft
	}{
		{"P1", typed("first-of-P1", "keys-of-P1")},
		{"P2", typed("first-of-P2", "keys-of-P2")},
		{"P1", message("private-of-P1", "P2")},
		{"T1", chat.Draft{Type: chat.Whiteboard, Body: "board-of-T1"}},
		{"T1", chat.Draft{Type: chat.Notice, Body: "notice-of-T1"}},
		{"P2", chat.Draft{Type: chat.Message, Body: "reply-of-P2", Target: 2}},
		{"P2", chat.Draft{Type: chat.Reaction, Icon: chat.Heart, Target: 2}},
		{"P1", message("deleted-of-P1")},
		{"P1", chat.Draft{Type: chat.Delete, Target: 9}},
	} {
		ids[string(d.draft.Body)] = h.save(t, d.by, "TS1", d.draft)
	}
	return ids
}

// holds are those of texts that are anywhere in the data file.
func (h *harness) holds(t *testing.T, texts ...string) (found []string) {
	t.Helper()
	b, err := os.ReadFile(h.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if bytes.Contains(b, []byte(text)) {
			found = append(found, text)
		}
	}
	return found
}

func TestErasing(t *testing.T) {
	ofP1 := []string{"first-of-P1", "keys-of-P1", "private-of-P1", "deleted-of-P1", "Name of P1 has joined"}
	ofOthers := []string{"first-of-P2", "keys-of-P2", "board-of-T1", "notice-of-T1", "reply-of-P2"}
	for _, tt := range []struct {
		name      string
		erase     store.Erasure
		gone      []string
		actions   int
		histories int
		board     string
	}{
		{"a person", store.Erasure{Person: "P1"}, ofP1, 4, 1, "board-of-T1"},
		{"a therapist", store.Erasure{Person: "T1"}, []string{"board-of-T1", "notice-of-T1"}, 2, 0, ""},
		{"a therapy session", store.Erasure{Session: "TS1"}, slices.Concat(ofP1, ofOthers), 8, 2, ""},
		{"an action", store.Erasure{Session: "TS1", Action: 2}, []string{"first-of-P1", "keys-of-P1"}, 1, 1, "board-of-T1"},
		{"an action without text", store.Erasure{Session: "TS1", Action: 8}, nil, 0, 0, "board-of-T1"},
		{"somebody who wrote nothing", store.Erasure{Person: "P3"}, nil, 0, 0, "board-of-T1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := slices.Concat(ofP1, ofOthers)
			h := newStoreIn(t, memoryDir(t), store.Options{})
			ids := evening(t, h)
			elsewhere := h.save(t, "P1", "TS2", message("elsewhere"))
			if got := h.holds(t, all...); len(got) != len(all) {
				t.Fatalf("the file holds %q only", got)
			}
			trail := h.trail(t)
			before := h.read(t, "T1", "TS1", 0)
			out, err := h.Erase(t.Context(), "operator", tt.erase)
			wantElsewhere := 0
			if tt.erase.Person == "P1" {
				wantElsewhere = 1
			}
			if err != nil || out.Actions != tt.actions+wantElsewhere || out.Histories != tt.histories {
				t.Fatalf("%+v, %v", out, err)
			}
			if got := h.holds(t, tt.gone...); len(got) > 0 {
				t.Errorf("the file still holds %q", got)
			}
			if got := h.holds(t, all...); len(got) != len(all)-len(tt.gone) {
				t.Errorf("the file holds %q, and should lack only %q", got, tt.gone)
			}
			for range 2 { // as it is in memory, and as it is on disk
				for _, by := range []chat.PID{"T1", "P1", "P2"} {
					for _, a := range h.read(t, by, "TS1", 0).Actions {
						if a.Body == "" || !slices.Contains(tt.gone, string(a.Body)) {
							continue
						}
						t.Errorf("%s reads %q", by, a.Body)
					}
				}
				o, err := h.Overview(t.Context(), "T1", "TS1")
				if err != nil || string(o.Board) != tt.board {
					t.Errorf("the whiteboard is %q, %v", o.Board, err)
				}
				h.mustCheck(t)
				h.reopen(t)
			}
			after := h.read(t, "T1", "TS1", 0)
			if len(after.Actions) != len(before.Actions) || after.Head != before.Head {
				t.Errorf("%d actions up to %d, not %d up to %d", len(after.Actions), after.Head, len(before.Actions), before.Head)
			}
			page, err := h.Read(t.Context(), "T1", "TS1", chat.Position{Epoch: before.Epoch, ID: before.Max}, 0)
			if err != nil || page.Reset != (tt.actions > 0) {
				t.Errorf("who has read all is told to start over: %t, %v", page.Reset, err)
			}
			// Sent again it is still the same.
			if id := h.save(t, "P1", "TS1", typed("first-of-P1", "")); id != ids["first-of-P1"] {
				t.Errorf("a repeat was stored as %d", id)
			}
			if got := h.read(t, "P1", "TS2", elsewhere-1).Actions[0]; (got.Body == "") != (wantElsewhere == 1) {
				t.Errorf("elsewhere: %+v", got)
			}
			now := h.trail(t)
			if len(now) != len(trail)+2 || !slices.Equal(now[:len(trail)], trail) ||
				!strings.HasPrefix(now[len(trail)], "erase") || !strings.HasPrefix(now[len(trail)+1], "erased") {
				t.Errorf("the audit log is %q", now)
			}
			again, err := h.Erase(t.Context(), "operator", tt.erase)
			if err != nil || again.Actions != 0 {
				t.Errorf("erased again: %+v, %v", again, err)
			}
		})
	}
}

func TestWhatIsErasedIsShownAsDeleted(t *testing.T) {
	h := newStore(t, store.Options{})
	ids := evening(t, h)
	if _, err := h.Erase(t.Context(), "operator", store.Erasure{Person: "P1"}); err != nil {
		t.Fatal(err)
	}
	for _, by := range []chat.PID{"T1", "P1", "P2"} {
		for _, a := range h.read(t, by, "TS1", 0).Actions {
			if a.By != "P1" || a.Type != chat.Message {
				continue
			}
			if !a.Deleted || !a.Tombstone || a.Body != "" || a.ClientID != "" {
				t.Errorf("%s reads %+v", by, a)
			}
		}
	}
	for name, d := range map[string]chat.Draft{
		"a reply":    {Type: chat.Message, Body: "x", Target: ids["first-of-P1"]},
		"a reaction": {Type: chat.Reaction, Icon: chat.Sad, Target: ids["first-of-P1"]},
	} {
		saved, err := h.Append(t.Context(), "P2", "TS1", []chat.Draft{d})
		if err != nil || saved.Results[0].Err == nil || saved.Results[0].Err.Code != chat.NoSuchTarget {
			t.Errorf("%s to it: %+v, %v", name, saved, err)
		}
	}
}

func TestWhatThereNeverWasCannotBeErased(t *testing.T) {
	h := newStore(t, store.Options{})
	evening(t, h)
	trail := h.trail(t)
	for name, tt := range map[string]struct {
		e    store.Erasure
		want error
	}{
		"nobody":          {store.Erasure{Person: "P9"}, store.ErrNobody},
		"no session":      {store.Erasure{Session: "TS9"}, store.ErrNoTranscript},
		"no action":       {store.Erasure{Session: "TS1", Action: 99}, store.ErrNoAction},
		"nothing":         {store.Erasure{}, nil},
		"two of them":     {store.Erasure{Person: "P1", Session: "TS1"}, nil},
		"a lonely action": {store.Erasure{Action: 1}, nil},
	} {
		if out, err := h.Erase(t.Context(), "operator", tt.e); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	if now := h.trail(t); !slices.Equal(now, trail) {
		t.Errorf("the audit log is %q", now)
	}
}

func TestOnlyWhatWasSaidByThenIsErased(t *testing.T) {
	c := &clock{time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)}
	h := newStore(t, store.Options{Now: c.now})
	h.enter(t, "TS1", "P1")
	h.save(t, "P1", "TS1", message("early"))
	until := c.t
	c.t = c.t.Add(time.Minute)
	h.save(t, "P1", "TS1", message("late"))
	if _, err := h.Erase(t.Context(), "operator", store.Erasure{Person: "P1", Until: until}); err != nil {
		t.Fatal(err)
	}
	if got := h.holds(t, "early", "late"); !slices.Equal(got, []string{"late"}) {
		t.Errorf("the file holds %q", got)
	}
	c.t = c.t.Add(-time.Hour) // the clock is set back: what was said last is in its future
	if out, err := h.Erase(t.Context(), "operator", store.Erasure{Person: "P1"}); err != nil || out.Actions != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}

// full is a disk without room for a second file.
type full struct {
	store.Driver
	on bool
}

func (d *full) Rewrite(ctx context.Context) error {
	if d.on {
		return errors.New("no space left on device")
	}
	return d.Driver.Rewrite(ctx)
}

func TestAnErasureThatWasNotFinishedIsFinishedLater(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	evening(t, h)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	disk := &full{openBolt(t, h.path), true}
	opt := h.opt
	opt.Driver = disk
	s, err := store.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), "operator", store.Erasure{Person: "P1"}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("it says %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := h.holds(t, "first-of-P1"); len(got) == 0 {
		t.Error("the test is vain: the text is gone already")
	}
	h.open(t)
	h.mustCheck(t)
	if err := h.FinishErasing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.holds(t, "first-of-P1", "keys-of-P1", "private-of-P1"); len(got) > 0 {
		t.Errorf("the file still holds %q", got)
	}
	trail := strings.Join(h.trail(t), "\n")
	if strings.Count(trail, "erase P1") != 1 || strings.Count(trail, "erased P1") != 1 {
		t.Errorf("the audit log is %s", trail)
	}
	if err := h.FinishErasing(t.Context()); err != nil || strings.Join(h.trail(t), "\n") != trail {
		t.Errorf("there was nothing left to finish: %v", err)
	}
}

func TestRestoringAnOlderBackupErasesAgain(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	evening(t, h)
	copied := filepath.Join(memoryDir(t), "backup")
	if _, err := h.Backup(t.Context(), "operator", copied, open); err != nil {
		t.Fatal(err)
	}
	out, err := h.Erase(t.Context(), "operator", store.Erasure{Person: "P1"})
	if err != nil || out.Backups != 1 || out.Newest.IsZero() {
		t.Errorf("%+v, %v", out, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	old := openBolt(t, h.path)
	restored, err := restore(t, copied, old)
	old.Close()
	h.open(t)
	if err != nil || restored.Erased != 4 || restored.Why != "" {
		t.Fatalf("%+v, %v", restored, err)
	}
	n := &harness{path: copied, opt: store.Options{AuditKey: auditKey}}
	if got := n.holds(t, "first-of-P1", "keys-of-P1", "private-of-P1"); len(got) > 0 {
		t.Errorf("the restored file holds %q", got)
	}
	if problems := checkFile(t, copied); len(problems) > 0 {
		t.Errorf("%q", problems)
	}
}

func TestErasingUnderLoadLosesNothingElse(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "T1", "P1", "P2", "P3")
	ctx, stop := context.WithCancel(t.Context())
	var savers sync.WaitGroup
	said := make([]map[chat.ActionID]string, 3)
	for i, by := range []chat.PID{"T1", "P1", "P2"} {
		said[i] = map[chat.ActionID]string{}
		savers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				d := message(fmt.Sprintf("%s says %d.", by, n))
				saved, err := h.Append(context.Background(), by, "TS1", []chat.Draft{d})
				if err != nil || saved.Results[0].Err != nil {
					t.Errorf("save: %v", err)
					return
				}
				said[i][saved.Results[0].Action.ID] = string(d.Body)
				time.Sleep(time.Millisecond) // so that the file stays small
			}
		})
	}
	// A reader who keeps up sees every id once, whenever it has to start over.
	savers.Go(func() {
		at := chat.Position{}
		for ctx.Err() == nil {
			p, err := h.Read(context.Background(), "P3", "TS1", at, 100)
			if err != nil {
				t.Errorf("read: %v", err)
				return
			}
			next := at.ID + 1
			if p.Reset {
				next = 1
			}
			for _, a := range p.Actions {
				if a.ID != next {
					t.Errorf("%d comes after %d", a.ID, next-1)
					return
				}
				next++
			}
			at = chat.Position{Epoch: p.Epoch, ID: p.Max}
		}
	})
	for range 8 {
		if _, err := h.Erase(t.Context(), "operator", store.Erasure{Person: "P1"}); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
	savers.Wait()
	if _, err := h.Erase(t.Context(), "operator", store.Erasure{Person: "P1"}); err != nil {
		t.Fatal(err)
	}
	there := map[chat.ActionID]string{}
	for _, a := range h.read(t, "T1", "TS1", 0).Actions {
		there[a.ID] = string(a.Body)
	}
	for i, all := range said {
		for id, body := range all {
			if i == 1 {
				body = ""
			}
			if got, ok := there[id]; !ok || got != body {
				t.Fatalf("action %d is %q, not %q", id, got, body)
			}
		}
	}
	if got := h.holds(t, "P1 says 1."); len(got) > 0 {
		t.Errorf("the file holds %q", got)
	}
}
