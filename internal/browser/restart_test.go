package browser_test

import (
	"slices"
	"testing"

	. "hearth/internal/browser"
)

func TestAKilledServerLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	g := in(t, s, gilligan, 360, "TS1", eveningGroup)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	g.BadNetwork()
	h.BadNetwork()
	before, during, after := lines("Before", 3), lines("During", 3), lines("After", 3)
	for _, l := range before {
		must(t, g.Say(l), h.See(Message(l)))
	}
	must(t, g.Say("In flight")) // the answer may or may not come
	s.Kill()
	for _, l := range during {
		must(t, g.Say(l), g.See(Message(l)))
	}
	must(t, h.Say("From the other side"), s.Start(t.Context()))
	must(t, h.See(Message("During 3")), g.See(Message("From the other side")))
	for _, l := range after {
		must(t, h.Say(l), g.See(Message(l)))
	}
	got := messages(t, s, "TS1")
	mine := slices.DeleteFunc(slices.Clone(got), func(b string) bool { return b == "From the other side" })
	if want := slices.Concat(before, []string{"In flight"}, during, after); !slices.Equal(mine, want) || len(got) != len(want)+1 {
		t.Errorf("the log holds %q, want %q", got, want)
	}
	for _, w := range []*Window{g, h} {
		for _, l := range got {
			if n := ok[int](t)(w.Count(Message(l))); n != 1 {
				t.Errorf("%q is shown %d times", l, n)
			}
		}
	}
}
