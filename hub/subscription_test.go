package hub_test

import (
	"fmt"
	"slices"
	"testing"

	"hearth/hub"
	"hearth/hub/chat"
)

func TestHoweverMuchIsSaidCostsOneWakeUp(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS1", hub.StateAdmitted)
		s := w.connect("P2", "TS1", hub.StateAdmitted)
		woken(s)
		for i := range 500 {
			w.say("P1", "TS1", message(chat.Text(fmt.Sprint("message ", i))))
		}
		if !woken(s) || woken(s) {
			t.Error("not woken exactly once")
		}
		from := chat.Position{}
		n := 0
		for more := true; more; {
			p, err := w.store.Read(t.Context(), "P2", "TS1", from, 100)
			if err != nil {
				t.Fatal(err)
			}
			n += len(p.Actions)
			from, more = chat.Position{Epoch: p.Epoch, ID: p.Max}, p.More
		}
		if n != 502 { // two have joined
			t.Errorf("%d actions", n)
		}
		if woken(s) {
			t.Error("reading wakes")
		}
	})
}

func TestWakeUpIsForTheRoomAlone(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("T1", "TS1", hub.StateAdmitted)
		w.enter("T1", "TS2", hub.StateAdmitted)
		one, two := w.Subscribe("TS1", "T2", false), w.Subscribe("TS2", "T2", false)
		defer two.Close()
		w.say("T1", "TS1", message("x"))
		if !woken(one) || woken(two) {
			t.Error("the wrong one is woken")
		}
		one.Close()
		w.say("T1", "TS1", message("y"))
		if woken(one) {
			t.Error("woken when closed")
		}
	})
}

func TestPresenceIsToldOnlyToWhomItConcerns(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.moderate("T1", "TS2", "P2", chat.Admit)
		therapist := w.connect("T1", "TS2", hub.StateAdmitted)
		inside := w.connect("P2", "TS2", hub.StateAdmitted)
		waits := w.connect("P3", "TS2", hub.StateWaiting)
		for _, s := range []*hub.Subscription{therapist, inside, waits} {
			told(s)
			woken(s)
		}
		step := func(what string, do func(), forTherapist, forInside, forWaits []string) {
			t.Helper()
			do()
			wantTold(t, what+": T1", therapist, forTherapist...)
			wantTold(t, what+": P2, who is in,", inside, forInside...)
			wantTold(t, what+": P3, who waits,", waits, forWaits...)
		}
		var p1, t2 *hub.Subscription
		step("P1 waits", func() { p1 = w.connect("P1", "TS2", hub.StateWaiting) }, []string{"P1 waiting"}, nil, nil)
		wantTold(t, "P1", p1)
		step("P1 is admitted", func() { w.moderate("T1", "TS2", "P1", chat.Admit) },
			[]string{"P1 online"}, []string{"P1 online"}, nil)
		wantTold(t, "P1", p1, "P1 online")
		step("T2 comes", func() { t2 = w.connect("T2", "TS2", hub.StateAdmitted) },
			[]string{"T2 online"}, []string{"T2 online"}, []string{"T2 online"})
		step("P1 is sent out", func() { w.moderate("T1", "TS2", "P1", chat.Revoke) },
			[]string{"P1 waiting"}, []string{"P1 offline"}, nil)
		wantTold(t, "P1", p1, "T2 online")
		step("P1 goes", func() { p1.Close(); w.Leave(t.Context(), "P1", "TS2") }, []string{"P1 offline"}, nil, nil)
		step("T2 goes", func() { t2.Close(); w.Leave(t.Context(), "T2", "TS2") },
			[]string{"T2 offline"}, []string{"T2 offline"}, []string{"T2 offline"})
		step("P1 comes again, and goes", func() {
			w.connect("P1", "TS2", hub.StateWaiting).Close()
			pass(late)
		}, []string{"P1 offline"}, nil, nil)
	})
}

// What was to be told to somebody is not, when they have been sent out before
// they took it.
func TestWhoWasSentOutIsToldNothingOfTheOthers(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.connect("P1", "TS1", hub.StateAdmitted)
		told(s)
		w.connect("P2", "TS1", hub.StateAdmitted)
		w.connect("T1", "TS1", hub.StateAdmitted)
		for _, by := range []chat.PID{"P2", "T1"} {
			if err := w.Typing(t.Context(), "TS1", by, nil); err != nil {
				t.Fatal(err)
			}
		}
		w.moderate("T1", "TS1", "P1", chat.Revoke)
		wantTold(t, "P1", s, "T1 online", "T1 types")
		w.Leave(t.Context(), "P2", "TS1")
		w.moderate("T1", "TS1", "P1", chat.Remove)
		wantTold(t, "P1, who is out,", s)
	})
}

func TestPresenceIsMerged(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.connect("T1", "TS1", hub.StateAdmitted)
		told(s)
		woken(s)
		for range 10 {
			w.enter("P1", "TS1", hub.StateAdmitted)
			w.Leave(t.Context(), "P1", "TS1")
		}
		w.enter("P1", "TS1", hub.StateAdmitted)
		if !woken(s) || woken(s) {
			t.Error("not woken exactly once")
		}
		wantTold(t, "T1", s, "P1 online")
		wantTold(t, "T1", s)
	})
}

func TestTypingIsToldToWhomTheMessageWouldGo(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.moderate("T1", "TS2", "P1", chat.Admit)
		w.moderate("T1", "TS2", "P2", chat.Admit)
		subs := map[chat.PID]*hub.Subscription{
			"T1": w.connect("T1", "TS2", hub.StateAdmitted), "T2": w.connect("T2", "TS2", hub.StateAdmitted),
			"P1": w.connect("P1", "TS2", hub.StateAdmitted), "P2": w.connect("P2", "TS2", hub.StateAdmitted),
			"P3": w.connect("P3", "TS2", hub.StateWaiting),
		}
		poller := w.Subscribe("TS2", "P2", false)
		defer poller.Close()
		for _, s := range subs {
			told(s)
			woken(s)
		}
		woken(poller)
		for _, c := range []struct {
			by   chat.PID
			to   []chat.PID
			hear []chat.PID
		}{
			{"P1", nil, []chat.PID{"P2", "T1", "T2"}},
			{"P1", []chat.PID{"P2"}, []chat.PID{"P2", "T1", "T2"}}, // therapists read private messages too
			{"P1", []chat.PID{"T1"}, []chat.PID{"T1", "T2"}},
			{"P1", []chat.PID{"P3"}, []chat.PID{"T1", "T2"}}, // who waits could not read it
			{"T1", nil, []chat.PID{"P1", "P2", "T2"}},
			{"T1", []chat.PID{"P1"}, []chat.PID{"P1", "T2"}},
		} {
			for range 3 { // merged
				if err := w.Typing(t.Context(), "TS2", c.by, c.to); err != nil {
					t.Fatal(err)
				}
			}
			for who, s := range subs {
				hears := slices.Contains(c.hear, who)
				if woken(s) != hears {
					t.Errorf("%s typing to %q wakes %s: %v", c.by, c.to, who, !hears)
				}
				var want []string
				if hears {
					want = []string{string(c.by) + " types"}
					for _, whom := range c.to {
						want[0] += " " + string(whom)
					}
				}
				wantTold(t, fmt.Sprintf("%s, when %s types to %q,", who, c.by, c.to), s, want...)
			}
			if woken(poller) {
				t.Error("a poller is woken by typing")
			}
		}
		w.wantLog("TS2", inT, "Dr. Grumby has joined the session", in1, in2)
	})
}

func TestTypingIsRefusedWhereTheMessageWouldBe(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.connect("T1", "TS2", hub.StateAdmitted)
		w.connect("P1", "TS2", hub.StateWaiting)
		w.moderate("T1", "TS2", "P2", chat.Admit)
		w.connect("P2", "TS2", hub.StateAdmitted)
		w.moderate("T1", "TS2", "P2", chat.Mute)
		told(s)
		for name, c := range map[string]struct {
			by   chat.PID
			to   []chat.PID
			want chat.Code
		}{
			"who waits":                       {"P1", nil, chat.NotAdmitted},
			"an outsider":                     {"X1", nil, chat.NotAllowed},
			"the muted":                       {"P2", nil, chat.Muted},
			"the muted, to a participant":     {"P2", []chat.PID{"P1"}, chat.Muted},
			"to an outsider":                  {"T1", []chat.PID{"X1"}, chat.InvalidAction},
			"a therapist who has not entered": {"T2", nil, chat.NotAdmitted},
		} {
			wantCode(t, name, w.Typing(t.Context(), "TS2", c.by, c.to), c.want)
		}
		wantTold(t, "T1", s)
		if err := w.Typing(t.Context(), "TS2", "P2", []chat.PID{"T1"}); err != nil {
			t.Errorf("the muted to a therapist: %v", err)
		}
		wantTold(t, "T1", s, "P2 types T1")
		w.say("T1", "TS2", chat.Draft{Type: chat.EndChatSession})
		if err := w.Typing(t.Context(), "TS2", "T1", nil); err == nil {
			t.Error("after the end")
		}
	})
}

// A late joiner who sees nothing from before may still learn that somebody
// types now.
func TestTypingIsToldToALateJoiner(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.session("TS1", func(s *chat.TherapySession) { s.History = chat.HistorySinceAdmitted })
		w.enter("P1", "TS1", hub.StateAdmitted)
		w.say("P1", "TS1", message("before"))
		s := w.connect("P2", "TS1", hub.StateAdmitted)
		told(s)
		if err := w.Typing(t.Context(), "TS1", "P1", nil); err != nil {
			t.Fatal(err)
		}
		wantTold(t, "P2", s, "P1 types")
	})
}
