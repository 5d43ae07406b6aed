package browser_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	. "hearth/internal/browser"
)

// lines are n messages that tell themselves apart.
func lines(what string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%s %d", what, i+1))
	}
	return all
}

// outage is how long a network stays away: long enough for the page to say so.
// The longest that a person waits is tried where there is time for it.
func outage() time.Duration {
	if os.Getenv("HEARTH_TEST_LONG") != "" {
		return 30 * time.Second
	}
	return 5 * time.Second
}

func TestWhatIsTypedOfflineIsSentOnceAndInOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	p := through(t, s)
	g := in(t, p, gilligan, 360, "TS1", eveningGroup)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	must(t, g.Say("Before"), h.See(Message("Before")))
	g.BadNetwork()

	banner := ok[func() (time.Duration, error)](t)(g.When(Text("No connection.")))
	began := time.Now()
	p.Offline(true)
	typed := lines("Offline", 5)
	for _, l := range typed {
		must(t, g.Say(l), g.See(Message(l)))
	}
	if n := ok[[]string](t)(g.Texts(In(Log, Text("Is sent when the connection is back")))); len(n) != len(typed) {
		t.Errorf("%d messages say that they wait", len(n))
	}
	after := ok[time.Duration](t)(banner())
	if after < 3*time.Second || after > 6*time.Second {
		t.Errorf("the page said that there is no connection after %v", after)
	}
	must(t, h.Say("Meanwhile"))
	<-time.After(outage() - time.Since(began))
	p.Offline(false)
	must(t, g.See(Message("Meanwhile")))
	for _, l := range typed {
		must(t, h.See(Message(l)))
	}
	must(t, g.Gone(Text("No connection.")), g.Gone(In(Log, Text("Is sent when"))))
	if got, want := messages(t, s, "TS1"), slices.Concat([]string{"Before", "Meanwhile"}, typed); !slices.Equal(got, want) {
		t.Errorf("the log holds %q, want %q", got, want)
	}
}

func TestAnAnswerThatIsLostDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"ws", "wait"} {
		t.Run(transport, func(t *testing.T) {
			s := serve(t, evening)
			p := through(t, s)
			g := as(t, p, gilligan, 360, "/?ts=TS1&transport="+transport)
			h := in(t, s, howell, 1280, "TS1", eveningGroup)
			must(t, g.See(Log), g.Say("Before"), h.See(Message("Before")))
			g.BadNetwork()
			p.LoseAnswers(true)
			must(t, g.Say("Once"), h.See(Message("Once")))
			p.LoseAnswers(false)
			must(t, h.Say("After"), g.See(Message("After")), g.Gone(In(Log, Text("Is sent when"))))
			if got, want := messages(t, s, "TS1"), []string{"Before", "Once", "After"}; !slices.Equal(got, want) {
				t.Errorf("the log holds %q, want %q", got, want)
			}
			if got := ok[int](t)(g.Count(Message("Once"))); got != 1 {
				t.Errorf("the author sees it %d times", got)
			}
		})
	}
}
