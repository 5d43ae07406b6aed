package scenario_test

import (
	"flag"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hearth/hub/chat"
)

// plan is who does what when.
type plan struct {
	session  chat.TherapySession
	scripts  []script
	restarts []time.Duration // the pauses before each
}

// script is what one device does.
type script struct {
	by    chat.PID
	how   transport
	steps []step
}

type step struct {
	after time.Duration
	do    string
	n, m  int // which, where there are several
}

// What people do; therapists do all of it. The first one is what rapid makes
// of a step that a failure does not need.
var (
	deeds = []string{
		"nothing", "say", "say", "say", "say to one", "say to one", "reply", "react", "react", "read", "delete", "delete",
		"lose the answer", "lose the answer", "cut", "switch", "switch", "leave", "log in anew", "repeat",
	}
	therapistsDeeds = append(slices.Clone(deeds), "write", "notice", "moderate", "moderate", "moderate", "end")
	pauses          = []time.Duration{0, 3 * time.Millisecond, 100 * time.Millisecond, 2 * time.Second, 7 * time.Second, 100 * time.Second}
)

func drawPlan(t *rapid.T) *plan {
	p := &plan{session: chat.TherapySession{
		ID: ts, Name: "Evening group", Therapists: []chat.PID{"T1", "T2"}, Participants: []chat.PID{"P1", "P2", "P3"},
		PrivateMessages: rapid.SampledFrom([]chat.PrivateMessages{chat.PrivateToAnyone, chat.PrivateToTherapists, chat.PrivateOff}).Draw(t, "private"),
		History:         rapid.SampledFrom([]chat.History{chat.HistoryAll, chat.HistorySinceAdmitted}).Draw(t, "history"),
		AfterEnd:        rapid.SampledFrom([]chat.AfterEnd{chat.AfterEndRead, chat.AfterEndClosed}).Draw(t, "after end"),
		WaitingRoom:     rapid.Bool().Draw(t, "waiting room"),
	}}
	for _, by := range []chat.PID{"T1", "P1", "P2", "P3", "P1", "T2"} {
		words := deeds
		if by[0] == 'T' {
			words = therapistsDeeds
		}
		p.scripts = append(p.scripts, script{
			by:  by,
			how: rapid.SampledFrom([]transport{socket, wait, poll, older}).Draw(t, "transport of "+string(by)),
			steps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
				return step{
					rapid.SampledFrom(pauses).Draw(t, "after"), rapid.SampledFrom(words).Draw(t, "do"),
					rapid.IntRange(0, 100).Draw(t, "n"), rapid.IntRange(0, 3).Draw(t, "m"),
				}
			}), 0, 15).Draw(t, "steps of "+string(by)),
		})
	}
	p.restarts = rapid.SliceOfN(rapid.SampledFrom(pauses), 0, 2).Draw(t, "restarts")
	return p
}

// checks is how often rapid tries, unless -rapid.checks says so.
func checks(t *testing.T, n int) {
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if testing.Short() {
		n /= 5
	}
	f.Value.Set(strconv.Itoa(n))
	t.Cleanup(func() { f.Value.Set(f.DefValue) })
}
