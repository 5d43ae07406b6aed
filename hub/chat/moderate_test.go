package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

var changes = []chat.Change{chat.Admit, chat.Revoke, chat.Remove, chat.Mute, chat.Unmute}

func TestWhatATherapistMakesOfAParticipant(t *testing.T) {
	type m = chat.Mark
	for _, c := range []struct {
		name                                string
		before                              m
		admit, revoke, remove, mute, unmute m
	}{
		{
			"somebody who never came", m{},
			m{Verdict: chat.Admitted}, m{Verdict: chat.Revoked}, m{Verdict: chat.Removed}, m{Muted: true}, m{},
		},
		{
			"somebody who is in", m{In: true, Ever: true, Since: 3},
			m{In: true, Ever: true, Since: 3, Verdict: chat.Admitted},
			m{Ever: true, Since: 3, Verdict: chat.Revoked},
			m{Ever: true, Since: 3, Verdict: chat.Removed},
			m{In: true, Ever: true, Since: 3, Muted: true},
			m{In: true, Ever: true, Since: 3},
		},
		{
			"somebody muted and removed", m{Ever: true, Since: 3, Verdict: chat.Removed, Muted: true},
			m{Ever: true, Since: 3, Verdict: chat.Admitted, Muted: true}, // in only by entering
			m{Ever: true, Since: 3, Verdict: chat.Removed, Muted: true},  // out until admitted again
			m{Ever: true, Since: 3, Verdict: chat.Removed, Muted: true},
			m{Ever: true, Since: 3, Verdict: chat.Removed, Muted: true},
			m{Ever: true, Since: 3, Verdict: chat.Removed},
		},
	} {
		for change, want := range map[chat.Change]m{
			chat.Admit: c.admit, chat.Revoke: c.revoke, chat.Remove: c.remove, chat.Mute: c.mute, chat.Unmute: c.unmute,
		} {
			whom := chat.Standing{ID: "P1", Role: chat.Participant, Mark: c.before}
			for _, status := range []chat.Status{chat.Scheduled, chat.Open, chat.Ended} {
				// Whether the therapist entered doesn't matter.
				got, err := chat.Moderate(evening(), status, chat.Standing{ID: "T1", Role: chat.Therapist}, whom, change)
				if err != nil || got != want {
					t.Errorf("%s: %s makes %+v, %v, want %+v", c.name, change, got, err, want)
				}
				whom.Mark = got
				if again, err := chat.Moderate(evening(), status, inside(evening(), "T2"), whom, change); err != nil || again != got {
					t.Errorf("%s: %s again makes %+v, %v of %+v", c.name, change, again, err, got)
				}
				whom.Mark = c.before
			}
		}
	}
}

func TestWhoMayNotModerateWhom(t *testing.T) {
	s := evening()
	outsider := chat.Standing{ID: "X9"}
	for _, c := range []struct {
		name     string
		by, whom chat.Standing
	}{
		{"a participant another", inside(s, "P1"), inside(s, "P2")},
		{"a participant themselves", inside(s, "P1"), inside(s, "P1")},
		{"an outsider a participant", outsider, inside(s, "P1")},
		{"a therapist a therapist", inside(s, "T1"), inside(s, "T2")},
		{"a therapist themselves", inside(s, "T1"), inside(s, "T1")},
		{"a therapist an outsider", inside(s, "T1"), outsider},
	} {
		for _, change := range changes {
			m, err := chat.Moderate(s, chat.Open, c.by, c.whom, change)
			if codeOf(t, err) != chat.NotAllowed || m != c.whom.Mark {
				t.Errorf("%s: %s is %+v, %v", c.name, change, m, err)
			}
		}
	}
}

func TestRevokedParticipantIsInAgainOnlyByAdmission(t *testing.T) {
	s := evening() // no waiting room
	p := inside(s, "P1")
	howell := inside(s, "T1")
	do := func(c chat.Change) {
		t.Helper()
		m, err := chat.Moderate(s, chat.Open, howell, p, c)
		if err != nil {
			t.Fatal(err)
		}
		p.Mark = m
	}
	enter := func(want chat.Reason, code chat.Code) {
		t.Helper()
		m, why, err := chat.Enter(s, chat.Open, 9, p)
		if why != want || codeOf(t, err) != code {
			t.Errorf("entering: %q, %v; want %q, %q", why, err, want, code)
		}
		p.Mark = m
	}
	mayRead := func(want bool) {
		t.Helper()
		if got := chat.May(s, chat.Open, p, chat.OpRead) == nil; got != want {
			t.Errorf("may read: %v", got)
		}
	}
	mayRead(true)
	do(chat.Revoke)
	mayRead(false)
	enter(chat.WaitingRoom, "")
	mayRead(false)
	do(chat.Admit)
	mayRead(false)
	enter("", "")
	mayRead(true)
	do(chat.Remove)
	mayRead(false)
	enter("", chat.NotAllowed)
	do(chat.Admit)
	enter("", "")
	mayRead(true)
}

func TestWordsOfChanges(t *testing.T) {
	for i, word := range []string{"admit", "revoke", "remove", "mute", "unmute"} {
		if c, ok := chat.ParseChange(word); !ok || c != changes[i] || c.String() != word {
			t.Errorf("%q is %v, %v", word, c, ok)
		}
	}
	for _, word := range []string{"", "Admit", "ban"} {
		if _, ok := chat.ParseChange(word); ok {
			t.Errorf("%q is a change", word)
		}
	}
}
