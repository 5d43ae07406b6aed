package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

func TestEntering(t *testing.T) {
	const head = 7
	const (
		in      = ""
		waiting = chat.WaitingRoom
		surveys = chat.AssessmentsIncomplete
	)
	for _, c := range []struct {
		name       string
		mark       chat.Mark
		ready      bool
		free, room chat.Reason // without and with a waiting room
	}{
		{"a newcomer", chat.Mark{}, true, in, waiting},
		{"a newcomer who is not ready", chat.Mark{}, false, surveys, surveys},
		{"somebody admitted", chat.Mark{Verdict: chat.Admitted}, true, in, in},
		{"somebody admitted who is not ready", chat.Mark{Verdict: chat.Admitted}, false, surveys, surveys},
		{"somebody revoked", chat.Mark{Verdict: chat.Revoked, Ever: true, Since: 3}, true, waiting, waiting},
		{"somebody revoked who is not ready", chat.Mark{Verdict: chat.Revoked}, false, surveys, surveys},
		{"somebody muted", chat.Mark{Muted: true}, true, in, waiting},
		{"somebody who is in", chat.Mark{In: true, Ever: true, Since: 3}, true, in, in},
		{"somebody who is in, with an assessment open again", chat.Mark{In: true, Ever: true, Since: 3}, false, in, in},
		{"somebody admitted again", chat.Mark{Verdict: chat.Admitted, Ever: true, Since: 3}, true, in, in},
	} {
		for _, status := range []chat.Status{chat.Scheduled, chat.Open} {
			for waitingRoom, want := range map[bool]chat.Reason{false: c.free, true: c.room} {
				s := evening()
				s.WaitingRoom = waitingRoom
				st := chat.Standing{ID: "P1", Role: chat.Participant, Ready: c.ready, Mark: c.mark}
				got, why, err := chat.Enter(s, status, head, st)
				if err != nil || why != want {
					t.Errorf("%s, waiting room %v: %q, %v, want %q", c.name, waitingRoom, why, err, want)
					continue
				}
				after := c.mark
				if want == in {
					after.In = true
					if !after.Ever {
						after.Ever, after.Since = true, head
					}
				}
				if got != after {
					t.Errorf("%s, waiting room %v: %+v, want %+v", c.name, waitingRoom, got, after)
				}
				st.Mark = got
				if again, whyAgain, err := chat.Enter(s, status, head+5, st); err != nil || again != got || whyAgain != why {
					t.Errorf("%s, waiting room %v: entering again makes %+v, %q, %v of %+v", c.name, waitingRoom, again, whyAgain, err, got)
				}
			}
		}
	}
}

func TestTherapistEntersWhateverTheSettings(t *testing.T) {
	s := evening()
	s.WaitingRoom = true
	m, why, err := chat.Enter(s, chat.Scheduled, 0, chat.Standing{ID: "T1", Role: chat.Therapist})
	if err != nil || why != "" || m != (chat.Mark{In: true, Ever: true}) {
		t.Errorf("%+v, %q, %v", m, why, err)
	}
}

func TestWhoMayNotEnter(t *testing.T) {
	for _, c := range []struct {
		name   string
		st     chat.Standing
		status chat.Status
		want   chat.Code
	}{
		{"nobody", chat.Standing{ID: "X9", Ready: true}, chat.Open, chat.NotAllowed},
		{"nobody, after the end", chat.Standing{ID: "X9", Ready: true}, chat.Ended, chat.NotAllowed},
		{"somebody removed", chat.Standing{ID: "P1", Role: chat.Participant, Ready: true, Mark: chat.Mark{Verdict: chat.Removed, Ever: true}}, chat.Open, chat.NotAllowed},
		{"somebody removed, after the end", chat.Standing{ID: "P1", Role: chat.Participant, Ready: true, Mark: chat.Mark{Verdict: chat.Removed}}, chat.Ended, chat.NotAllowed},
		{"a newcomer after the end", chat.Standing{ID: "P1", Role: chat.Participant, Ready: true}, chat.Ended, chat.SessionEnded},
		{"somebody who is in, after the end", inside(evening(), "P1"), chat.Ended, chat.SessionEnded},
		{"a therapist after the end", inside(evening(), "T1"), chat.Ended, chat.SessionEnded},
	} {
		m, why, err := chat.Enter(evening(), c.status, 7, c.st)
		if codeOf(t, err) != c.want || why != "" || m != c.st.Mark {
			t.Errorf("%s: %+v, %q, %v, want %s and no change", c.name, m, why, err, c.want)
		}
	}
}
