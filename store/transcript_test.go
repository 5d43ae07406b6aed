package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearth/hub/chat"
	"hearth/store"
)

// lossy is a driver that loses some records.
type lossy struct {
	store.Driver
	seen, research uint64 // ids that are gone
}

func (l *lossy) Page(ctx context.Context, log uint32, from uint64, n int, research bool) ([]store.Record, error) {
	recs, err := l.Driver.Page(ctx, log, from, n, research)
	return slices.DeleteFunc(recs, func(r store.Record) bool {
		return !research && r.ID == l.seen || research && r.ID == l.research
	}), err
}

func TestATranscriptWithALossIsAnError(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "P1")
	for i := range 200 {
		d := message(fmt.Sprint(i))
		d.Research.History = []string{fmt.Sprint(i)}
		h.save(t, "P1", "TS1", d)
	}
	h.Close()
	l := &lossy{Driver: openBolt(t, h.path)}
	opt := h.opt
	opt.Driver = l
	s, err := store.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := s.Transcripts(t.Context(), store.AuditEntry{Event: "export"}, "TS1")
	if err != nil || len(logs) != 1 || logs[0].Last != 200 {
		t.Fatalf("%+v, %v", logs, err)
	}
	read := func() (ids []chat.ActionID, err error) {
		err = s.ReadTranscript(t.Context(), &logs[0], true, func(r *store.Recorded) error {
			if len(r.Research.History) != 1 || r.Research.History[0] != string(r.Body) {
				return errors.New("the history is another's")
			}
			ids = append(ids, r.ID)
			return nil
		})
		return ids, err
	}
	if ids, err := read(); err != nil || len(ids) != 200 || ids[199] != 200 {
		t.Errorf("%d actions, %v", len(ids), err)
	}
	for _, tt := range []struct {
		seen, research uint64
		want           string
	}{
		{1, 0, "action 1 is missing"}, {65, 0, "action 65 is missing"}, {200, 0, "action 200"},
		{0, 1, "action 1: its keystroke history: it is missing"}, {0, 130, "action 130: its keystroke history: it is missing"},
	} {
		l.seen, l.research = tt.seen, tt.research
		if _, err := read(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	l.seen, l.research = 0, 0
	if _, err := s.Transcripts(t.Context(), store.AuditEntry{}, "TS9"); !errors.Is(err, store.ErrNoTranscript) {
		t.Errorf("%v", err)
	}
	a, _ := s.Key("one")
	b, _ := s.Key("another")
	if len(a) != 32 || slices.Equal(a, b) || slices.Equal(a, auditKey) {
		t.Error("keys of two purposes are alike")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	h.open(t)
}

func TestLogsOfPrunedTherapySessionsAreKeptForResearch(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "P1")
	h.save(t, "P1", "TS1", message("hello"))
	err := h.ApplyRoster(t.Context(), "test", "import", func(old *chat.Roster) (*chat.Roster, error) {
		return &chat.Roster{People: old.People, Sessions: map[chat.TSID]*chat.TherapySession{"TS2": old.Sessions["TS2"]}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	logs, err := h.Transcripts(t.Context(), store.AuditEntry{Event: "export"}, "")
	if err != nil || len(logs) != 2 || logs[0].Session.Name != "Group" || !logs[0].Pruned || !logs[0].Opened || logs[0].Last != 1 || logs[1].Pruned {
		t.Fatalf("%+v, %v", logs, err)
	}
}

func TestNoticesOfComingAndGoingNameThePerson(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "P1")
	for _, f := range []func(context.Context, chat.TSID, chat.PID) error{h.Arrive, h.Depart} {
		if err := f(t.Context(), "TS1", "P1"); err != nil {
			t.Fatal(err)
		}
	}
	h.reopen(t)
	logs, err := h.Transcripts(t.Context(), store.AuditEntry{Event: "export"}, "TS1")
	if err != nil {
		t.Fatal(err)
	}
	var got []store.Passage
	err = h.ReadTranscript(t.Context(), &logs[0], false, func(r *store.Recorded) error {
		if r.Who != "P1" || r.By != "" {
			t.Errorf("action %d is of %q by %q", r.ID, r.Who, r.By)
		}
		got = append(got, r.Passage)
		return nil
	})
	if err != nil || !slices.Equal(got, []store.Passage{store.Joined, store.Left}) {
		t.Errorf("%v, %v", got, err)
	}
}
