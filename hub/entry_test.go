package hub_test

import (
	"slices"
	"testing"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
)

// waiters are the ways to wait for being let in.
var waiters = map[string]func(*testing.T, *world, chat.TSID){
	"by socket": func(_ *testing.T, w *world, ts chat.TSID) { w.connect("P1", ts, hub.StateWaiting) },
	"by polls": func(t *testing.T, w *world, ts chat.TSID) {
		w.enter("P1", ts, hub.StateWaiting)
		for range 30 {
			pass(5 * time.Second)
			w.Polled(t.Context(), ts, "P1")
		}
	},
	"on two devices": func(_ *testing.T, w *world, ts chat.TSID) {
		w.connect("P1", ts, hub.StateWaiting)
		w.enter("P1", ts, hub.StateWaiting)
	},
}

func TestWhoWaitsIsLetInAtOnce(t *testing.T) {
	for room, c := range map[string]struct {
		ts     chat.TSID
		reason chat.Reason
		letIn  func(*world)
	}{
		"when a therapist admits them": {"TS2", chat.WaitingRoom, func(w *world) {
			if p := w.moderate("T1", "TS2", "P1", chat.Admit); p.Status != hub.Online {
				w.t.Errorf("the answer to admitting says %s", p.Status)
			}
		}},
		"when the last required assessment is done": {"TS3", chat.AssessmentsIncomplete, func(w *world) {
			w.assessed("TS3", "P1", "sleep", true)
			w.wantStatus("TS3", "P1", hub.Waiting)
			w.assessed("TS3", "P1", "mood", true)
		}},
		"when the last required assessment of somebody admitted is done": {"TS4", chat.AssessmentsIncomplete, func(w *world) {
			w.moderate("T1", "TS4", "P1", chat.Admit)
			w.wantStatus("TS4", "P1", hub.Waiting)
			w.assessed("TS4", "P1", "mood", true)
		}},
		"when a therapist admits somebody who has done them": {"TS4", chat.AssessmentsIncomplete, func(w *world) {
			w.assessed("TS4", "P1", "mood", true)
			pass(time.Second)
			w.wantStatus("TS4", "P1", hub.Waiting)
			w.moderate("T1", "TS4", "P1", chat.Admit)
		}},
		"when the roster no longer has a waiting room": {"TS2", chat.WaitingRoom, func(w *world) {
			w.session("TS2", func(s *chat.TherapySession) { s.WaitingRoom = false })
		}},
		"when the roster no longer has the assessment": {"TS3", chat.AssessmentsIncomplete, func(w *world) {
			w.session("TS3", func(s *chat.TherapySession) { s.Assessments = nil })
		}},
	} {
		for how, wait := range waiters {
			t.Run(room+"/"+how, func(t *testing.T) {
				in(t, func(t *testing.T, w *world) {
					wait(t, w, c.ts)
					sub := w.Subscribe(c.ts, "P1", false)
					defer sub.Close()
					e := w.enter("P1", c.ts, hub.StateWaiting)
					if e.Reason != c.reason {
						t.Errorf("waits for %q, want %q", e.Reason, c.reason)
					}
					w.wantStatus(c.ts, "P1", hub.Waiting)
					if got := w.entries(c.ts); slices.Contains(got, in1) {
						t.Errorf("has joined before being let in: %q", got)
					}
					c.letIn(w)
					if !woken(sub) {
						t.Error("a listener is not woken")
					}
					if s := w.state("P1", c.ts); s != hub.StateAdmitted {
						t.Errorf("is %s", s)
					}
					w.wantStatus(c.ts, "P1", hub.Online)
					w.say("P1", c.ts, message("hello"))
					if got := w.entries(c.ts); !slices.Contains(got, in1) {
						t.Errorf("has not joined: %q", got)
					}
				})
			})
		}
	}
}

func TestAdmittedBeforeArrivalComesRightIn(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		if p := w.moderate("T1", "TS2", "P1", chat.Admit); p.Status != hub.Offline {
			t.Errorf("somebody who is not there is %s", p.Status)
		}
		w.wantLog("TS2")
		w.restart()
		w.connect("P1", "TS2", hub.StateAdmitted)
		w.wantLog("TS2", in1)
	})
}

func TestAdmittedWhileAwayComesInWithTheNextPoll(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS2", hub.StateWaiting)
		pass(late)
		w.wantStatus("TS2", "P1", hub.Offline)
		w.moderate("T1", "TS2", "P1", chat.Admit)
		w.wantStatus("TS2", "P1", hub.Offline)
		w.Polled(t.Context(), "TS2", "P1")
		w.wantStatus("TS2", "P1", hub.Online)
		w.wantLog("TS2", in1)
	})
}

func TestAdmittingDoesNotOverrideAnUnfinishedAssessment(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.connect("P1", "TS4", hub.StateWaiting)
		if p := w.moderate("T1", "TS4", "P1", chat.Admit); p.Status != hub.Waiting || p.Reason != chat.AssessmentsIncomplete {
			t.Errorf("is %s for %q", p.Status, p.Reason)
		}
		w.enter("P1", "TS4", hub.StateWaiting)
		w.wantLog("TS4")
	})
}

func TestWhoIsInStaysInWhenAnAssessmentIsTakenBack(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.assessed("TS3", "P1", "mood", true)
		w.connect("P1", "TS3", hub.StateAdmitted)
		w.assessed("TS3", "P1", "mood", false)
		pass(time.Second)
		w.wantStatus("TS3", "P1", hub.Online)
		w.enter("P1", "TS3", hub.StateAdmitted)
	})
}

// What ends somebody's presence, and what they are then.
func TestPresenceEndsWithTheRightToIt(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(*world)
		state hub.State // empty: not_allowed
		last  []string
	}{
		"revoked": {func(w *world) {
			if p := w.moderate("T1", "TS1", "P1", chat.Revoke); p.Status != hub.Waiting || p.Reason != chat.WaitingRoom {
				w.t.Errorf("is %s for %q", p.Status, p.Reason)
			}
		}, hub.StateWaiting, []string{out1}},
		"removed": {func(w *world) {
			if p := w.moderate("T1", "TS1", "P1", chat.Remove); p.Status != hub.Offline {
				w.t.Errorf("is %s", p.Status)
			}
		}, "", []string{out1}},
		"taken off the roster's session": {func(w *world) {
			w.session("TS1", func(s *chat.TherapySession) { s.Participants = []chat.PID{"P2", "P3"} })
		}, "", []string{out1}},
		"withdrawn": {func(w *world) {
			w.roster(func(*chat.Roster) *chat.Roster {
				r := sample()
				r.People["P1"].Withdrawn = true
				return r
			})
		}, "", []string{out1}},
	} {
		for how, arrive := range map[string]func(*world){
			"socket": func(w *world) { w.connect("P1", "TS1", hub.StateAdmitted) },
			"poller": func(w *world) { w.enter("P1", "TS1", hub.StateAdmitted) },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				in(t, func(t *testing.T, w *world) {
					arrive(w)
					other := w.connect("P2", "TS1", hub.StateAdmitted)
					sub := w.Subscribe("TS1", "P1", false)
					defer sub.Close()
					told(other)
					woken(sub)
					start := time.Now()
					c.end(w)
					if !woken(sub) {
						t.Error("a listener is not woken")
					}
					if d := time.Since(start); d > time.Second {
						t.Errorf("it took %v", d)
					}
					e, err := w.State(t.Context(), "P1", "TS1")
					if c.state == "" {
						wantCode(t, "looking", err, chat.NotAllowed)
						_, err := w.Enter(t.Context(), "P1", "TS1")
						wantCode(t, "entering", err, chat.NotAllowed)
					} else if err != nil || e.State != c.state {
						t.Errorf("is %s, %v, want %s", e.State, err, c.state)
					}
					if _, err := w.store.Append(t.Context(), "P1", "TS1", []chat.Draft{message("x")}); err == nil {
						t.Error("may still say something")
					}
					if slices.Contains(w.statuses("T1", "TS1"), "P1 online") {
						t.Error("is online")
					}
					wantTold(t, "P2", other, "P1 offline")
					w.Polled(t.Context(), "TS1", "P1")
					pass(late)
					w.wantLog("TS1", append([]string{in1, in2}, c.last...)...)
				})
			})
		}
	}
}

func TestRevokedWaitsUntilAdmittedAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.connect("P1", "TS1", hub.StateAdmitted) // which has no waiting room
		w.moderate("T1", "TS1", "P1", chat.Revoke)
		if e := w.enter("P1", "TS1", hub.StateWaiting); e.Reason != chat.WaitingRoom {
			t.Errorf("waits for %q", e.Reason)
		}
		w.wantStatus("TS1", "P1", hub.Waiting)
		pass(late)
		w.wantStatus("TS1", "P1", hub.Waiting)
		w.moderate("T2", "TS1", "P1", chat.Admit)
		w.wantStatus("TS1", "P1", hub.Online)
		w.wantLog("TS1", in1, out1, in1)
	})
}

// A socket that has not noticed yet that its person was out for a moment goes
// on.
func TestRemovedAndAdmittedAgainAtOnceIsIn(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		old := w.connect("P1", "TS1", hub.StateAdmitted)
		w.moderate("T1", "TS1", "P1", chat.Remove)
		w.moderate("T1", "TS1", "P1", chat.Admit)
		w.wantStatus("TS1", "P1", hub.Online)
		w.connect("P1", "TS1", hub.StateAdmitted)
		old.Close()
		pass(late)
		w.wantStatus("TS1", "P1", hub.Online) // by the second socket
		w.wantLog("TS1", in1, out1, in1)
	})
}

func TestMutingChangesNothingAboutPresence(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.connect("P1", "TS1", hub.StateAdmitted)
		if p := w.moderate("T1", "TS1", "P1", chat.Mute); !p.Muted || p.Status != hub.Online {
			t.Errorf("muted: %v, %s", p.Muted, p.Status)
		}
		if p := w.moderate("T1", "TS1", "P1", chat.Unmute); p.Muted {
			t.Error("still muted")
		}
		w.wantLog("TS1", in1)
	})
}

func TestOnlyTherapistsOfTheSessionModerate(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		for _, by := range []chat.PID{"P1", "P2", "X1", "nobody"} {
			_, err := w.Moderate(t.Context(), by, "TS1", "P1", chat.Mute)
			wantCode(t, string(by), err, chat.NotAllowed)
		}
		for _, whom := range []chat.PID{"T2", "X1", "nobody"} {
			_, err := w.Moderate(t.Context(), "T1", "TS1", whom, chat.Mute)
			wantCode(t, string(whom), err, chat.NotAllowed)
		}
		_, err := w.Moderate(t.Context(), "T1", "TS99", "P1", chat.Mute)
		wantCode(t, "unknown session", err, chat.NotAllowed)
	})
}

func TestEnteringAnEndedSession(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.session("TS4", func(s *chat.TherapySession) { s.WaitingRoom, s.AfterEnd = false, chat.AfterEndClosed })
		w.assessed("TS4", "P1", "mood", true)
		waits := w.connect("P2", "TS4", hub.StateWaiting)
		w.enter("P1", "TS4", hub.StateAdmitted)
		w.enter("T1", "TS4", hub.StateAdmitted)
		woken(waits)
		w.say("T1", "TS4", chat.Draft{Type: chat.EndChatSession})
		if !woken(waits) {
			t.Error("who waits is not woken by the end")
		}
		for by, want := range map[chat.PID]hub.State{"T1": hub.StateEnded, "T2": hub.StateEnded, "P1": hub.StateEnded} {
			w.enter(by, "TS4", want)
		}
		_, err := w.Enter(t.Context(), "P2", "TS4")
		wantCode(t, "who was never ready", err, chat.SessionEnded)
		_, err = w.Enter(t.Context(), "X1", "TS4")
		wantCode(t, "an outsider", err, chat.NotAllowed)
	})
}

func TestEnteringTheUnknown(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		_, err := w.Enter(t.Context(), "P1", "TS99")
		wantCode(t, "a session that is not there", err, chat.NotAllowed)
		_, err2 := w.Enter(t.Context(), "X1", "TS1")
		if err.Error() != err2.Error() {
			t.Errorf("an outsider can tell it: %v, %v", err, err2)
		}
		_, err = w.State(t.Context(), "X1", "TS1")
		wantCode(t, "looking at it", err, chat.NotAllowed)
		_, err = w.Detail(t.Context(), "X1", "TS1")
		wantCode(t, "its details", err, chat.NotAllowed)
	})
}

func TestWhoWaitsSeesNobodyButTheTherapists(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.connect("T1", "TS2", hub.StateAdmitted)
		w.say("T1", "TS2", chat.Draft{Type: chat.Whiteboard, Body: "today"})
		w.connect("P2", "TS2", hub.StateWaiting)
		w.connect("P1", "TS2", hub.StateWaiting)
		w.moderate("T1", "TS2", "P3", chat.Admit)
		w.connect("P3", "TS2", hub.StateAdmitted)
		for by, want := range map[chat.PID][]string{
			"P1": {"T1 online", "T2 offline"},
			"P3": {"T1 online", "T2 offline", "P1 offline", "P2 offline", "P3 online"},
			"T2": {"T1 online", "T2 offline", "P1 waiting", "P2 waiting", "P3 online"},
		} {
			if got := w.statuses(by, "TS2"); !slices.Equal(got, want) {
				t.Errorf("%s sees %q, want %q", by, got, want)
			}
		}
		for by, want := range map[chat.PID]string{"P1": "", "P3": "today", "T2": "today"} {
			d, err := w.Detail(t.Context(), by, "TS2")
			if err != nil || string(d.Whiteboard) != want {
				t.Errorf("%s sees the whiteboard %q, %v", by, string(d.Whiteboard), err)
			}
			for _, p := range d.People {
				if p.Reason != "" && (by != "T2" || p.Reason != chat.WaitingRoom || p.Status != hub.Waiting) {
					t.Errorf("%s learns that %s waits for %q", by, p.ID, p.Reason)
				}
			}
		}
	})
}

func TestAssessmentsAreForOneselfAndTherapists(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.assessed("TS3", "P1", "mood", true)
		for _, by := range []chat.PID{"P1", "T2"} {
			all, err := w.Assessments(t.Context(), by, "TS3", "P1")
			if err != nil || len(all) != 3 || !all[0].Complete || all[1].Complete || all[2].Complete {
				t.Errorf("for %s: %+v, %v", by, all, err)
			}
		}
		_, err := w.Assessments(t.Context(), "P2", "TS3", "P1")
		wantCode(t, "another participant", err, chat.NotAllowed)
		_, err = w.Assessments(t.Context(), "T1", "TS3", "X1")
		wantCode(t, "of an outsider", err, chat.NotFound)
		if all, err := w.Assessments(t.Context(), "T1", "TS3", "T1"); err != nil || len(all) != 0 {
			t.Errorf("a therapist has %v, %v to fill in", all, err)
		}
	})
}

func TestListIsOnesOwnSessionsTheNewestFirst(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.session("TS3", func(s *chat.TherapySession) { s.Participants = []chat.PID{"P2"} })
		w.enter("P2", "TS1", hub.StateAdmitted)
		w.enter("T1", "TS1", hub.StateAdmitted)
		w.say("P2", "TS1", message("one"))
		w.say("T1", "TS1", message("two", "P2"))
		w.moderate("T1", "TS2", "P1", chat.Remove)
		w.enter("P1", "TS1", hub.StateAdmitted)
		all, err := w.List(t.Context(), "P1")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range all {
			got = append(got, string(l.Session.ID)+" "+l.Status.String())
		}
		if want := []string{"TS4 scheduled", "TS1 open"}; !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
		if n := all[1].Unread; n != 1 {
			t.Errorf("%d unread", n)
		}
		due := all[0].Due()
		if len(due) != 2 || due[0].Name != "mood" || due[1].Name != "sleep" {
			t.Errorf("due before the end: %+v", due)
		}
		w.enter("T1", "TS4", hub.StateAdmitted)
		w.say("T1", "TS4", chat.Draft{Type: chat.EndChatSession})
		all, err = w.List(t.Context(), "P1")
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		if due := all[0].Due(); len(due) != 1 || due[0].Name != "after" {
			t.Errorf("due after the end: %+v", due)
		}
		if all, err := w.List(t.Context(), "X1"); err != nil || len(all) != 0 {
			t.Errorf("an outsider has %v, %v", all, err)
		}
	})
}

func TestWhoIsInAnOpenSession(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		if w.InOpenSession("P1", "TS1") || w.InOpenSession("P1", "TS99") {
			t.Error("before entering")
		}
		w.enter("P1", "TS1", hub.StateAdmitted)
		w.enter("P2", "TS2", hub.StateWaiting)
		if !w.InOpenSession("P1", "TS1") || w.InOpenSession("P2", "TS2") {
			t.Error("after entering")
		}
		w.enter("T1", "TS1", hub.StateAdmitted)
		w.say("T1", "TS1", chat.Draft{Type: chat.EndChatSession})
		if w.InOpenSession("P1", "TS1") {
			t.Error("after the end")
		}
	})
}
