package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

func code(err error) chat.Code {
	var e *chat.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestAppendedActionsAreReadBackInOrderAfterReopening(t *testing.T) {
	h := newStore(t, store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "P1", "P2", "T1")
	for i := range 700 { // more than the tail holds and than one page
		if id := h.save(t, "P1", "TS1", message(fmt.Sprint("message ", i))); id != chat.ActionID(i+1) {
			t.Fatalf("action %d has id %d", i+1, id)
		}
	}
	for _, again := range []bool{false, true} {
		if again {
			h.reopen(t)
		}
		p := h.read(t, "P2", "TS1", 0)
		if len(p.Actions) != 700 || p.Max != 700 || p.Head != 700 || p.More || p.Reset {
			t.Fatalf("got %d actions, %+v", len(p.Actions), p.Max)
		}
		for i, a := range p.Actions {
			if a.ID != chat.ActionID(i+1) || string(a.Body) != fmt.Sprint("message ", i) || a.By != "P1" {
				t.Fatalf("action %d is %d by %s", i+1, a.ID, a.By)
			}
		}
	}
}

func TestLimitCutsAPageAndTheNextOneContinues(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1", "P2", "P3", "T1")
	for i := range 20 {
		if i%2 == 0 {
			h.save(t, "P1", "TS1", message("private", "P2"))
		} else {
			h.save(t, "P1", "TS1", message("group"))
		}
	}
	var got []chat.ActionID
	pos, pages := chat.ActionID(0), 0
	for {
		p, err := h.Read(t.Context(), "P3", "TS1", chat.Position{ID: pos}, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Actions {
			got = append(got, a.ID)
		}
		pos, pages = p.Max, pages+1
		if !p.More {
			break
		}
	}
	if want := []chat.ActionID{2, 4, 6, 8, 10, 12, 14, 16, 18, 20}; !slices.Equal(got, want) || pos != 20 || pages != 4 {
		t.Fatalf("got %v in %d pages to %d", got, pages, pos)
	}
}

func TestPositionOfAnotherLogResets(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1")
	h.save(t, "P1", "TS1", message("one"))
	epoch := h.read(t, "P1", "TS1", 0).Epoch
	for _, c := range []struct {
		name  string
		from  chat.Position
		reset bool
		n     int
	}{
		{"the present epoch goes on", chat.Position{Epoch: epoch, ID: 1}, false, 0},
		{"no epoch is trusted", chat.Position{ID: 1}, false, 0},
		{"another epoch starts over", chat.Position{Epoch: "other", ID: 1}, true, 1},
		{"an id beyond the log starts over", chat.Position{ID: 2}, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := h.Read(t.Context(), "P1", "TS1", c.from, 0)
			if err != nil || p.Reset != c.reset || len(p.Actions) != c.n || p.Max != 1 || p.Epoch != epoch {
				t.Fatalf("%+v, %v", p, err)
			}
		})
	}
}

func TestSameActionIsStoredOnceAlsoWithinOneCallAndAfterReopening(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1", "P2")
	d := message("only once")
	d.ClientID = "c1"
	s, err := h.Append(t.Context(), "P1", "TS1", []chat.Draft{d, d, message("other"), d})
	if err != nil {
		t.Fatal(err)
	}
	var ids []chat.ActionID
	for _, r := range s.Results {
		ids = append(ids, r.Action.ID)
	}
	if !slices.Equal(ids, []chat.ActionID{1, 1, 2, 1}) || s.Max != 2 {
		t.Fatalf("ids %v, max %d", ids, s.Max)
	}
	h.reopen(t)
	if id := h.save(t, "P1", "TS1", d); id != 1 {
		t.Fatalf("after reopening it is %d", id)
	}
	d.Body = "something else"
	if s, _ := h.Append(t.Context(), "P1", "TS1", []chat.Draft{d}); s.Results[0].Err == nil ||
		s.Results[0].Err.Code != chat.ClientIDReused {
		t.Fatalf("reused: %+v", s.Results[0])
	}
	if id := h.save(t, "P2", "TS1", d); id != 3 {
		t.Fatalf("another's client_id is another: %d", id)
	}
}

func TestRefusedDraftDoesNotStopTheOthers(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1")
	s, err := h.Append(t.Context(), "P1", "TS1", []chat.Draft{message("a"), message(" "), {Type: 99}, message("b")})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Results
	if r[0].Action.ID != 1 || r[1].Err.Code != chat.InvalidAction || r[2].Err.Code != chat.InvalidAction || r[3].Action.ID != 2 {
		t.Fatalf("%+v", r)
	}
}

func TestWhoIsNotAdmittedSavesAndReadsNothing(t *testing.T) {
	h := newStore(t, store.Options{})
	for _, c := range []struct {
		by   chat.PID
		ts   chat.TSID
		want chat.Code
	}{
		{"P1", "TS1", chat.NotAdmitted}, {"P2", "TS2", chat.NotAllowed}, {"P1", "TS9", chat.NotAllowed},
		{"nobody", "TS1", chat.NotAllowed},
	} {
		if _, err := h.Append(t.Context(), c.by, c.ts, []chat.Draft{message("x")}); code(err) != c.want {
			t.Errorf("%s saves in %s: %v", c.by, c.ts, err)
		}
		if _, err := h.Read(t.Context(), c.by, c.ts, chat.Position{}, 0); code(err) != c.want {
			t.Errorf("%s reads %s: %v", c.by, c.ts, err)
		}
	}
}

func TestRateRefusesNewActionsButNeverRepeats(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	h := newStore(t, store.Options{Rate: chat.Rate{PerSecond: 10, Burst: 3}, Now: c.now})
	h.enter(t, "TS1", "P1", "P2")
	var drafts []chat.Draft
	for i := range 5 {
		d := message(fmt.Sprint(i))
		d.ClientID = fmt.Sprint(i)
		drafts = append(drafts, d)
	}
	s, err := h.Append(t.Context(), "P1", "TS1", drafts)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range s.Results {
		if (r.Err != nil) != (i >= 3) {
			t.Fatalf("%d: %v", i, r.Err)
		}
	}
	if e := s.Results[3].Err; e.Code != chat.TooFast || e.RetryAfter != 100*time.Millisecond {
		t.Fatalf("%+v", e)
	}
	h.save(t, "P2", "TS1", message("another person"))
	if id := h.save(t, "P1", "TS1", drafts[1]); id != 2 {
		t.Fatalf("a repeat: %d", id)
	}
	c.t = c.t.Add(100 * time.Millisecond)
	h.save(t, "P1", "TS1", drafts[3])
}

func TestTimestampsNeverFallWhenTheClockDoes(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	h := newStore(t, store.Options{Now: c.now})
	h.enter(t, "TS1", "P1")
	h.save(t, "P1", "TS1", message("a"))
	c.t = c.t.Add(-time.Hour)
	h.save(t, "P1", "TS1", message("b"))
	h.reopen(t)
	h.save(t, "P1", "TS1", message("c"))
	for _, a := range h.read(t, "P1", "TS1", 0).Actions {
		if !a.At.Equal(time.Unix(1e9, 0)) {
			t.Errorf("action %d at %v", a.ID, a.At)
		}
	}
}

func TestConcurrentSaversGetEachIDOnce(t *testing.T) {
	h := newStore(t, store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "P1", "P2", "P3")
	var mu sync.Mutex
	got := map[chat.ActionID]string{}
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			by := []chat.PID{"P1", "P2", "P3"}[g%3]
			for i := range 25 {
				body := fmt.Sprint(g, "/", i)
				s, err := h.Append(context.Background(), by, "TS1", []chat.Draft{message(body)})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got[s.Results[0].Action.ID] = body
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	p := h.read(t, "P1", "TS1", 0)
	if len(got) != 400 || len(p.Actions) != 400 {
		t.Fatalf("%d answers, %d actions", len(got), len(p.Actions))
	}
	for _, a := range p.Actions {
		if got[a.ID] != string(a.Body) {
			t.Fatalf("action %d", a.ID)
		}
	}
}

func TestEventsComeInLogOrderAndOnlyAfterTheActionCanBeRead(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1")
	for range 10 {
		h.save(t, "P1", "TS1", message("x"))
	}
	last := chat.ActionID(0)
	for len(h.events) > 0 {
		for _, e := range (<-h.events).Sessions {
			if e.TS == "TS1" && e.Head < last {
				t.Fatalf("head %d after %d", e.Head, last)
			}
			last = max(last, e.Head)
		}
	}
	if last != 10 {
		t.Fatalf("last head told is %d", last)
	}
}

func TestJobThatFailsAfterWritingLeavesNothingAndHurtsNobody(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1")
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := h.Update(context.Background(), func(tx *store.Tx) error {
				tx.Put(store.TableCounter, []byte{byte(i)}, []byte("x"))
				tx.Audit(store.AuditEntry{Event: "test"})
				switch i % 4 {
				case 0:
					return boom
				case 1:
					panic("a bug")
				}
				return nil
			})
			if (err == nil) != (i%4 > 1) {
				t.Errorf("%d: %v", i, err)
			}
		})
		wg.Go(func() { h.save(t, "P1", "TS1", message("y")) })
	}
	wg.Wait()
	n := 0
	h.Scan(t.Context(), store.TableCounter, nil, func(k, v []byte) error { n++; return nil })
	audited := 0
	h.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		if e.Event == "test" {
			audited++
		}
		return true
	})
	if n != 10 || audited != 10 || h.read(t, "P1", "TS1", 0).Head != 20 {
		t.Fatalf("%d keys, %d entries, head %d", n, audited, h.read(t, "P1", "TS1", 0).Head)
	}
}

func TestEquallyRefusedIsWrittenOnceAnHourWithACount(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	h := newStore(t, store.Options{Now: c.now})
	refuse := func(reason string) {
		err := h.Update(t.Context(), func(tx *store.Tx) error {
			return tx.Refuse(store.AuditEntry{Event: "login", Actor: "P1", Reason: reason})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	counts := func() (n []int) {
		h.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
			if e.Reason == "invalid_code" {
				n = append(n, max(1, e.Count))
			}
			return true
		})
		return n
	}
	for range 5 {
		refuse("invalid_code")
	}
	refuse("too_many_tries")
	if got := counts(); !slices.Equal(got, []int{1}) {
		t.Fatalf("at first %v", got)
	}
	c.t = c.t.Add(time.Hour)
	if err := h.SweepRefusals(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := counts(); !slices.Equal(got, []int{1, 4}) {
		t.Fatalf("after an hour %v", got)
	}
	refuse("invalid_code")
	refuse("invalid_code")
	c.t = c.t.Add(2 * time.Hour)
	refuse("invalid_code")
	if got := counts(); !slices.Equal(got, []int{1, 4, 1, 2}) {
		t.Fatalf("later %v", got)
	}
}

func TestReactionTakenBackInTheSameCallMayComeAgain(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "P1")
	react := chat.Draft{Type: chat.Reaction, Target: 1, Icon: chat.Heart}
	s, err := h.Append(t.Context(), "P1", "TS1", []chat.Draft{
		message("x"), react, react, {Type: chat.Delete, Target: 2}, react, {Type: chat.Delete, Target: 2}, react,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []chat.ActionID{1, 2, 2, 3, 4, 3, 4} {
		if s.Results[i].Action.ID != want {
			t.Errorf("draft %d became %+v, want id %d", i, s.Results[i], want)
		}
	}
	h.reopen(t)
	if id := h.save(t, "P1", "TS1", react); id != 4 {
		t.Errorf("later it is %d", id)
	}
}

func TestTheEndIsVouchedForInTheAuditLog(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1", "T1")
	h.save(t, "P1", "TS1", message("a"))
	end := h.save(t, "T1", "TS1", chat.Draft{Type: chat.EndChatSession})
	var got []store.AuditEntry
	h.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		if e.Event == "ended" {
			got = append(got, e)
		}
		return true
	})
	if len(got) != 1 || got[0].Actor != "T1" || got[0].Subject != "TS1" || len(got[0].Details) != 3 ||
		got[0].Details[0].Value != string(h.read(t, "T1", "TS1", 0).Epoch) || got[0].Details[1].Value != fmt.Sprint(end) ||
		len(got[0].Details[2].Value) != 64 {
		t.Fatalf("%+v", got)
	}
}

func TestMutingIsToldToEverybodyOnce(t *testing.T) {
	h := newStore(t, store.Options{})
	h.enter(t, "TS1", "P1", "P2", "T1")
	h.save(t, "P1", "TS1", message("a"))
	for range 2 {
		if _, err := h.Moderate(t.Context(), "T1", "TS1", "P1", chat.Mute); err != nil {
			t.Fatal(err)
		}
	}
	p := h.read(t, "P2", "TS1", 1)
	if len(p.Actions) != 1 || p.Actions[0].Type != chat.UpdateChatDetails {
		t.Fatalf("%+v", p.Actions)
	}
}

func TestAuditKeyOfAnotherLengthIsRefused(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "hearth.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{Driver: db, AuditKey: []byte("short")}); err == nil {
		t.Fatal("it was taken")
	}
}
