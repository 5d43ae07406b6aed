package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/hub/chat"
)

func TestEveryPermittedReaderGetsEachActionOnce(t *testing.T) {
	s := apitest.New(t)
	ann, bob, dr := s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny), s.Enter("T1", apitest.PrivateAny)
	twice := s.Enter("P1", apitest.PrivateAny) // another device
	var last chat.ActionID
	for i := range 30 {
		switch i % 3 {
		case 0:
			last = ann.Save(message(fmt.Sprint("for all ", i)))
		case 1:
			last = bob.Save(message(fmt.Sprint("between us ", i), "P1"))
		case 2:
			last = dr.Save(notice(fmt.Sprint("to bob ", i), "P2"))
		}
		if i == 10 {
			bob.HangUp()
			bob.Reconnect()
		}
		if i == 20 {
			ann.Reconnect() // in the middle of everything
		}
	}
	marker := dr.Save(notice("marker"))
	for _, p := range []*apitest.Person{ann, bob, dr, twice} {
		p.WaitFor(marker)
	}
	if last >= marker {
		t.Fatal("ids do not grow")
	}
	for _, p := range []*apitest.Person{twice, dr} {
		var ids []chat.ActionID
		for _, a := range p.Actions() {
			ids = append(ids, a.ID)
		}
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("%s has %v", p.ID, ids)
		}
	}
	ann.NeverReceived(t, "to bob")
	twice.NeverReceived(t, "to bob")
	want := 0
	for i := range 30 {
		if i%3 != 2 {
			want++
		}
	}
	if got := slices.DeleteFunc(bodies(twice.Actions()), func(b string) bool {
		return !strings.HasPrefix(b, "for all") && !strings.HasPrefix(b, "between us")
	}); len(got) != want {
		t.Errorf("the second device has %d of %d: %q", len(got), want, got)
	}
	// The saver's own are among what a socket is sent.
	if !slices.Contains(bodies(twice.Actions()), "for all 0") {
		t.Error("own messages do not come back")
	}
}

func TestCatchUpEndsAsPromised(t *testing.T) {
	s := apitest.New(t)
	dr, ann, bob := s.Enter("T1", apitest.PrivateAny), s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny)
	one := ann.Save(message("one"))
	bob.WaitFor(one)
	_, at := bob.Socket.Position()
	bob.HangUp()
	for range 3 {
		ann.Save(message("between us", "T1"))
	}
	t.Run("without a visible action", func(t *testing.T) {
		bob.Connect()
		entered := bob.EnterFrom(apitest.PrivateAny, at)
		f := bob.AwaitType("actions")
		if len(f.Actions) != 0 || f.Max < entered.Max || entered.Max != one+3 || f.Epoch != at.Epoch || f.Reset {
			t.Errorf("%s after %s", f.Raw, entered.Raw)
		}
	})
	t.Run("and later frames have one", func(t *testing.T) {
		ann.Save(message("between us", "T1"))
		id := dr.Save(notice("marker"))
		f := bob.AwaitType("actions")
		if len(f.Actions) != 1 || f.Actions[0].ID != id || f.Max != id {
			t.Errorf("%s", f.Raw)
		}
		for _, f := range bob.Frames()[3:] {
			if f.Type == "actions" && len(f.Actions) == 0 {
				t.Errorf("an empty one: %s", f.Raw)
			}
		}
	})
	t.Run("with everything seen", func(t *testing.T) {
		bob.Reconnect()
		if f := bob.AwaitType("actions"); len(f.Actions) != 0 || f.Reset {
			t.Errorf("%s", f.Raw)
		}
	})
	t.Run("from the start", func(t *testing.T) {
		bob.Connect()
		entered := bob.Enter(apitest.PrivateAny)
		if f := bob.AwaitType("actions"); len(f.Actions) == 0 || f.Actions[0].ID != 1 || f.Max < entered.Max || f.Reset {
			t.Errorf("%s", f.Raw)
		}
	})
	bob.NeverReceived(t, "between us")
}

func TestPositionThatIsNotOfThisLogStartsOver(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.Plain)
	id := p.Save(message("x"))
	p.WaitFor(id)
	_, at := p.Socket.Position()
	for name, from := range map[string]func() chat.Position{
		"another epoch":       func() chat.Position { return chat.Position{Epoch: "other", ID: id} },
		"another, at 0":       func() chat.Position { return chat.Position{Epoch: "other"} },
		"an id above the log": func() chat.Position { return chat.Position{ID: id + 1} },
		"one far above it":    func() chat.Position { return chat.Position{Epoch: at.Epoch, ID: id + 100} },
	} {
		p.Connect()
		p.EnterFrom(apitest.Plain, from())
		if f := p.AwaitType("actions"); !f.Reset || len(f.Actions) != int(id) || f.Epoch != at.Epoch || f.Max != id {
			t.Errorf("%s: %s", name, f.Raw)
		}
		next := p.Save(message("y"))
		if f := p.AwaitType("actions"); f.Reset || len(f.Actions) != 1 {
			t.Errorf("%s, then: %s", name, f.Raw)
		}
		p.WaitFor(next)
		id = next
	}
}

func TestFramesOfAHugeLogAreBounded(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.Plain)
	const n = 120
	var drafts []chat.Draft
	for i := range n {
		body := "small"
		switch i % 4 {
		case 0:
			body = strings.Repeat("😀", 10_000) // 40,000 bytes
		case 1:
			body = strings.Repeat("\x01", 10_000) // 60,000, escaped
		}
		drafts = append(drafts, message(body))
	}
	must[struct{}](t)(struct{}{}, func() error {
		_, err := s.Store.Append(t.Context(), "P1", apitest.Plain, drafts)
		return err
	}())
	p.WaitFor(n + 1)
	check := func(p *apitest.Person) {
		t.Helper()
		next, frames := chat.ActionID(1), 0
		for _, f := range p.Frames() {
			if len(f.Raw) > 1<<20 {
				t.Errorf("a frame of %d bytes", len(f.Raw))
			}
			if f.Type != "actions" {
				continue
			}
			frames++
			for _, a := range f.Actions {
				if a.ID != next {
					t.Fatalf("action %d in the place of %d", a.ID, next)
				}
				next++
			}
			if f.Max != next-1 {
				t.Errorf("max_id %d of a frame that ends with %d", f.Max, next-1)
			}
		}
		if next != n+2 || frames < 4 {
			t.Errorf("%d actions in %d frames", next-1, frames)
		}
	}
	check(p)
	fresh := s.Enter("P1", apitest.Plain)
	fresh.WaitFor(n + 1)
	check(fresh)
}
