package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

func TestReactionNeedsAMessageInSight(t *testing.T) {
	r := newRoom(t)
	msg := r.say("P1", message("x"))
	private := r.say("P1", message("x", "T1"))
	gone := r.say("P1", message("x"))
	r.say("P1", remove(gone))
	note := r.say("T1", notice("x"))
	heart := r.say("P2", react(msg, chat.Heart))

	for name, target := range map[string]chat.ActionID{
		"private": private, "deleted": gone, "notice": note, "reaction": heart, "absent": 99,
	} {
		t.Run(name, func(t *testing.T) {
			r.refuses("P2", react(target, chat.Sad), chat.NoSuchTarget, "target")
			r.refuses("P2", read(target), chat.NoSuchTarget, "target")
		})
	}
	r.refuses("P2", in(otherEpoch, react(msg, chat.Sad)), chat.NoSuchTarget, "target")
	r.refuses("P2", in(otherEpoch, read(msg)), chat.NoSuchTarget, "target")
	r.say("P2", in(thisEpoch, react(msg, chat.Sad)))
	r.say("T2", react(private, chat.Sad))
	r.say("P1", react(msg, chat.Smile)) // one's own, too
}

func TestReactionStandsOncePerUserTargetAndIcon(t *testing.T) {
	r := newRoom(t)
	one, two := r.say("P1", message("one")), r.say("P1", message("two"))
	first := r.say("P2", react(one, chat.Heart))
	r.repeats("P2", react(one, chat.Heart), first)
	r.repeats("P2", timed(named(react(one, chat.Heart), "c"), "t"), first)
	r.say("P2", react(one, chat.Smile))
	r.say("P2", react(two, chat.Heart))
	r.say("P3", react(one, chat.Heart))
	r.repeats("P2", react(one, chat.Heart), first)
	r.refuses("P2", in(otherEpoch, react(one, chat.Heart)), chat.NoSuchTarget, "target")
}

func TestReactionTakenBackMayComeAgain(t *testing.T) {
	r := newRoom(t)
	msg := r.say("P1", message("x"))
	first := r.say("P2", named(react(msg, chat.Heart), "c1"))
	other := r.say("P3", react(msg, chat.Heart))
	del := r.say("P2", remove(first))
	r.repeats("P2", remove(first), del)
	r.repeats("P2", named(react(msg, chat.Heart), "c1"), first) // the lost answer's retry, not a second heart

	second := r.say("P2", named(react(msg, chat.Heart), "c2"))
	r.repeats("P2", react(msg, chat.Heart), second)
	r.repeats("P3", react(msg, chat.Heart), other)

	r.say("T1", remove(second))
	third := r.say("P2", react(msg, chat.Heart))
	r.repeats("P2", react(msg, chat.Heart), third)
}

func TestRepeatOfAReactionOrReadOutlivesItsTarget(t *testing.T) {
	r := newRoom(t)
	msg := r.say("P1", message("x"))
	heart := r.say("P2", react(msg, chat.Heart))
	seen := r.say("P2", read(msg))
	r.say("P1", remove(msg))
	r.repeats("P2", react(msg, chat.Heart), heart)
	r.repeats("P2", read(msg), seen)
	r.refuses("P2", react(msg, chat.Smile), chat.NoSuchTarget, "target")
	r.refuses("P3", read(msg), chat.NoSuchTarget, "target")
}

func TestReadStandsOncePerUserAndTarget(t *testing.T) {
	r := newRoom(t)
	one, two := r.say("P1", message("one")), r.say("P1", message("two"))
	first := r.say("P2", read(one))
	r.repeats("P2", read(one), first)
	r.repeats("P2", named(read(one), "c"), first)
	r.say("P2", read(two))
	r.say("P3", read(one))
	r.say("P1", read(one)) // one's own, too
	r.repeats("P2", read(one), first)
	r.refuses("P2", in(otherEpoch, read(one)), chat.NoSuchTarget, "target")
}

func TestReactionAndReadGoToWhoSeesTheMessage(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	open := r.say("P1", message("all"))
	private := r.say("P1", message("two", "P2"))
	byRecipient := r.say("P2", react(private, chat.Heart))
	byAuthor := r.say("P1", react(private, chat.Smile))
	byTherapist := r.say("T1", react(private, chat.Sad))
	seen := r.say("P2", read(private))
	back := r.say("P2", remove(byRecipient))
	public := r.say("P3", react(open, chat.Heart))
	all := []chat.ActionID{open, private, byRecipient, byAuthor, byTherapist, seen, back, public}
	r.wantIDs("P1", all...)
	r.wantIDs("P2", all...)
	r.wantIDs("T1", all...)
	r.wantIDs("T2", all...)
	r.wantIDs("P3", open, public)
}

func TestMessageToOneselfStaysWithOneself(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	own := r.say("P1", message("note", "P1"))
	heart := r.say("P1", react(own, chat.Heart))
	seen := r.say("P1", read(own))
	back := r.say("P1", remove(heart))
	sad := r.say("T1", react(own, chat.Sad))
	gone := r.say("P1", remove(own))
	r.wantIDs("P1", own, heart, seen, back, sad, gone)
	r.wantIDs("T2", own, heart, seen, back, sad, gone)
	r.wantIDs("P2")
}

func TestPrivateNoticeOfTheServerStaysPrivateWhenItIsDeleted(t *testing.T) {
	r := newRoom(t)
	toTherapist := r.say("", notice("x", "T1"))
	toOne := r.say("", notice("x", "P1"))
	a, b := r.say("T1", remove(toTherapist)), r.say("T1", remove(toOne))
	if to := r.one("T2", b).To; !equal(to, []chat.PID{"P1"}) {
		t.Errorf("the delete goes to %q", to)
	}
	r.wantIDs("P1", toOne, b)
	r.wantIDs("P2")
	r.wantIDs("T2", toTherapist, toOne, a, b)
}
