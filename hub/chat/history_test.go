package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

// late lets P3 in for the first time now.
func late(r *room) {
	r.change("P3", func(s *chat.Standing) { s.Mark = chat.Mark{In: true, Ever: true, Since: r.log.Head()} })
}

func TestLateJoinerReadsFromTheFirstAdmissionOn(t *testing.T) {
	r := newRoom(t, sinceAdmitted)
	before := r.say("P1", message("before"))
	heart := r.say("P2", react(before, chat.Heart))
	other := r.say("T1", message("for another", "P1"))
	mine := r.say("T1", message("for you", "P3"))
	late(r)
	sad := r.say("P2", react(before, chat.Sad)) // about what was before: its root decides
	seen := r.say("P1", read(before))
	back := r.say("P2", remove(heart))
	answer := r.say("P1", reply(before, "answer"))
	after := r.say("P1", message("after"))
	smile := r.say("P2", react(after, chat.Smile))
	gone := r.say("P1", remove(before))
	mineToo := r.say("T1", react(mine, chat.Heart))

	r.wantIDs("P3", mine, answer, after, smile, mineToo)
	r.wantIDs("P1", before, heart, other, sad, seen, back, answer, after, smile, gone)
	if got := r.one("P3", answer).Target; got != 0 {
		t.Errorf("the late joiner sees that it answers %d", got)
	}
	if got := r.one("P2", answer).Target; got != before {
		t.Errorf("the others see that it answers %d", got)
	}
	if n := r.log.Unread(r.s, r.people["P3"]); n != 3 {
		t.Errorf("%d unread, want 3", n)
	}
}

func TestWhatWasBeforeALateJoinerIsNoTarget(t *testing.T) {
	r := newRoom(t, sinceAdmitted)
	before := r.say("P1", message("before"))
	heart := r.say("P2", react(before, chat.Heart))
	mine := r.say("T1", message("for you", "P3"))
	late(r)
	for _, target := range []chat.ActionID{before, heart} {
		r.refuses("P3", react(target, chat.Heart), chat.NoSuchTarget, "target")
		r.refuses("P3", read(target), chat.NoSuchTarget, "target")
		r.refuses("P3", reply(target, "x"), chat.NoSuchTarget, "target")
		r.refuses("P3", remove(target), chat.NoSuchTarget, "target")
	}
	r.say("P3", react(mine, chat.Heart))
	r.say("P3", react(r.say("P1", message("after")), chat.Heart))
}

func TestLateJoinerReadsEverythingByDefault(t *testing.T) {
	r := newRoom(t)
	before := r.say("P1", message("before"))
	late(r)
	r.wantIDs("P3", before)
	r.say("P3", react(before, chat.Heart))
}

func TestHistoryIsCountedFromTheFirstAdmissionOnly(t *testing.T) {
	r := newRoom(t, sinceAdmitted)
	one := r.say("P1", message("one"))
	r.change("P2", func(s *chat.Standing) {
		m, err := chat.Moderate(r.s, chat.Open, r.people["T1"], *s, chat.Revoke)
		if err != nil {
			t.Fatal(err)
		}
		s.Mark = m
	})
	r.wantIDs("P2")
	two := r.say("P1", message("two"))
	r.change("P2", func(s *chat.Standing) {
		m, err := chat.Moderate(r.s, chat.Open, r.people["T1"], *s, chat.Admit)
		if err != nil {
			t.Fatal(err)
		}
		s.Mark = m
		if s.Mark, _, err = chat.Enter(r.s, chat.Open, r.log.Head(), *s); err != nil {
			t.Fatal(err)
		}
	})
	r.wantIDs("P2", one, two)
}

func TestTherapistReadsEverythingWhateverTheHistory(t *testing.T) {
	r := newRoom(t, sinceAdmitted)
	r.say("P1", message("before", "T1"))
	r.change("T2", func(s *chat.Standing) { s.Mark = chat.Mark{} })
	r.wantIDs("T2", 1)
}
