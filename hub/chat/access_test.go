package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"hearth/hub/chat"
)

// ops has a letter for each Op.
var ops = map[rune]chat.Op{
	'D': chat.OpDetail, 'O': chat.OpSeeOthers, 'R': chat.OpRead, 'S': chat.OpSave, 'T': chat.OpType, 'M': chat.OpModerate,
}

func TestEveryOpHasALetter(t *testing.T) {
	if len(ops) != chat.OpCount {
		t.Errorf("%d letters for %d ops", len(ops), chat.OpCount)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	const (
		anyway = "with and without a waiting room"
		wr     = "with a waiting room"
		free   = "without a waiting room"
	)
	participant := func(ready bool, m chat.Mark) chat.Standing {
		return chat.Standing{ID: "P1", Role: chat.Participant, Ready: ready, Mark: m}
	}
	const ready, unready = true, false
	in := chat.Mark{In: true, Ever: true}
	therapist := chat.Standing{ID: "T1", Role: chat.Therapist}
	therapistIn := therapist
	therapistIn.Mark = in

	for _, c := range []struct {
		who  string
		st   chat.Standing
		room string
		// which ops they may do, by status; closed: ended, with after_end: closed
		scheduled, open, ended, closed string
	}{
		{"nobody", chat.Standing{ID: "X9"}, anyway, "", "", "", ""},
		{"nobody who once was let in", chat.Standing{ID: "X9", Ready: true, Mark: in}, anyway, "", "", "", ""},
		{"the server", chat.ServerStanding(), anyway, "DORSTM", "DORSTM", "DORSTM", "DORSTM"},
		{"a therapist who entered", therapistIn, anyway, "DORSM", "DORSTM", "DORSM", "DORSM"},
		{"a therapist who did not enter", therapist, anyway, "DORM", "DORM", "DORSM", "DORSM"},

		{"a participant who is in", participant(ready, in), anyway, "DORS", "DORST", "DORS", "DORS"},
		{"a participant who is in and admitted", participant(ready, chat.Mark{In: true, Ever: true, Verdict: chat.Admitted}), anyway, "DORS", "DORST", "DORS", "DORS"},
		{"a participant who is in, with an assessment open again", participant(unready, in), anyway, "DORS", "DORST", "DORS", "DORS"},

		{"a participant who never came", participant(ready, chat.Mark{}), free, "D", "D", "DORS", "DRS"},
		{"a participant who never came", participant(ready, chat.Mark{}), wr, "D", "D", "D", "D"},
		{"an unready participant who never came", participant(unready, chat.Mark{}), anyway, "D", "D", "D", "D"},
		{"an admitted participant who never came", participant(ready, chat.Mark{Verdict: chat.Admitted}), anyway, "D", "D", "DORS", "DRS"},
		{"an admitted unready participant who never came", participant(unready, chat.Mark{Verdict: chat.Admitted}), anyway, "D", "D", "D", "D"},

		{"a revoked participant who was in", participant(ready, chat.Mark{Verdict: chat.Revoked, Ever: true}), anyway, "D", "D", "D", "D"},
		{"a revoked participant who never came", participant(ready, chat.Mark{Verdict: chat.Revoked}), anyway, "D", "D", "D", "D"},
		{"a removed participant who was in", participant(ready, chat.Mark{Verdict: chat.Removed, Ever: true}), anyway, "", "", "", ""},
		{"a removed participant who never came", participant(ready, chat.Mark{Verdict: chat.Removed}), anyway, "", "", "", ""},
		{"a removed participant, still marked as in", participant(ready, chat.Mark{Verdict: chat.Removed, In: true, Ever: true}), anyway, "", "", "", ""},
	} {
		for _, waitingRoom := range []bool{false, true} {
			if c.room == wr && !waitingRoom || c.room == free && waitingRoom {
				continue
			}
			for _, at := range []struct {
				status chat.Status
				after  chat.AfterEnd
				may    string
			}{
				{chat.Scheduled, chat.AfterEndRead, c.scheduled}, {chat.Scheduled, chat.AfterEndClosed, c.scheduled},
				{chat.Open, chat.AfterEndRead, c.open}, {chat.Open, chat.AfterEndClosed, c.open},
				{chat.Ended, chat.AfterEndRead, c.ended}, {chat.Ended, chat.AfterEndClosed, c.closed},
			} {
				for _, muted := range []bool{false, true} { // never matters here
					s := evening()
					s.WaitingRoom, s.AfterEnd = waitingRoom, at.after
					st := c.st
					st.Muted = muted
					for letter, op := range ops {
						var want chat.Code
						switch {
						case strings.ContainsRune(at.may, letter):
						case !strings.Contains(at.may, "D"), op == chat.OpModerate:
							want = chat.NotAllowed
						default:
							want = chat.NotAdmitted
						}
						if got := codeOf(t, chat.May(s, at.status, st, op)); got != want {
							t.Errorf("%s, waiting room %v, %s, after end %s: op %c is %q, want %q",
								c.who, waitingRoom, at.status, at.after, letter, got, want)
						}
					}
				}
			}
		}
	}
}

func TestOutsiderAndRemovedHearTheSame(t *testing.T) {
	want := fmt.Sprint(chat.ErrNotAllowed())
	for _, st := range []chat.Standing{
		{ID: "X9"},
		{ID: "P1", Role: chat.Participant, Mark: chat.Mark{Verdict: chat.Removed}},
	} {
		for _, op := range ops {
			if got := fmt.Sprint(chat.May(evening(), chat.Open, st, op)); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if _, _, err := chat.Enter(evening(), chat.Open, 0, st); fmt.Sprint(err) != want {
			t.Errorf("entering: %q, want %q", err, want)
		}
	}
}

func TestWhoIsCleared(t *testing.T) {
	in := chat.Mark{In: true, Ever: true}
	for _, c := range []struct {
		who              string
		mark             chat.Mark
		waiting, without bool // with a waiting room, without
	}{
		{"who never came", chat.Mark{}, false, true},
		{"who was let in before there was a waiting room", in, true, true},
		{"who left", chat.Mark{Ever: true}, false, true},
		{"who is admitted, and has not come", chat.Mark{Verdict: chat.Admitted}, true, true},
		{"who is admitted, and in", chat.Mark{Verdict: chat.Admitted, In: true, Ever: true}, true, true},
		{"who is revoked", chat.Mark{Verdict: chat.Revoked, Ever: true}, false, false},
		{"who is removed", chat.Mark{Verdict: chat.Removed, Ever: true}, false, false},
		{"who is removed, still marked as in", chat.Mark{Verdict: chat.Removed, In: true, Ever: true}, false, false},
	} {
		for _, ready := range []bool{false, true} { // assessments are another matter
			st := chat.Standing{ID: "P1", Role: chat.Participant, Ready: ready, Mark: c.mark}
			s := evening()
			free := chat.Cleared(s, st)
			s.WaitingRoom = true
			if with := chat.Cleared(s, st); with != c.waiting || free != c.without {
				t.Errorf("%s: %v with a waiting room, %v without", c.who, with, free)
			}
		}
	}
}
