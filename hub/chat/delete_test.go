package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

func TestWhoMayDeleteWhat(t *testing.T) {
	const (
		yes = chat.Code("")
		no  = chat.NotAllowed
		nil = chat.NoSuchTarget
	)
	var (
		messageOf = func(by chat.PID, to ...chat.PID) func(*room) chat.ActionID {
			return func(r *room) chat.ActionID { return r.say(by, message("x", to...)) }
		}
		reactionOf = func(by chat.PID) func(*room) chat.ActionID {
			return func(r *room) chat.ActionID { return r.say(by, react(r.say("P3", message("x")), chat.Heart)) }
		}
	)
	for _, c := range []struct {
		name                     string
		target                   func(*room) chat.ActionID
		author, other, therapist chat.Code // P1, P2, T2
	}{
		{"a message", messageOf("P1"), yes, no, yes},
		{"a private message to a therapist", messageOf("P1", "T1"), yes, nil, yes},
		{"a private message to the other", messageOf("P1", "P2"), yes, no, yes},
		{"a therapist's message", messageOf("T1"), no, no, yes},
		{"a therapist's private message to the one", messageOf("T1", "P1"), no, nil, yes},
		{"a reaction", reactionOf("P1"), yes, no, yes},
		{"a therapist's reaction", reactionOf("T1"), no, no, yes},
		{"a therapist's notice", func(r *room) chat.ActionID { return r.say("T1", notice("x")) }, nil, nil, yes},
		{"the server's notice", func(r *room) chat.ActionID { return r.say("", notice("x")) }, nil, nil, yes},
		{"a read", func(r *room) chat.ActionID { return r.say("P1", read(r.say("P3", message("x")))) }, nil, nil, nil},
		{"a delete", func(r *room) chat.ActionID { return r.say("P1", remove(r.say("P1", message("x")))) }, nil, nil, nil},
		{"a whiteboard", func(r *room) chat.ActionID { return r.say("T1", board("x")) }, nil, nil, nil},
		{"the server's word of new details", func(r *room) chat.ActionID { return r.say("", chat.Draft{Type: chat.UpdateChatDetails}) }, nil, nil, nil},
		{"an id that is not there", func(*room) chat.ActionID { return 99 }, nil, nil, nil},
	} {
		for by, want := range map[chat.PID]chat.Code{"P1": c.author, "P2": c.other, "T2": c.therapist} {
			t.Run(c.name+" by "+string(by), func(t *testing.T) {
				r := newRoom(t, privateMessages(chat.PrivateToAnyone))
				_, err := r.judge(by, remove(c.target(r)))
				wantCode(t, err, want)
			})
		}
	}
}

func TestDeleteOfAnotherEpochHasNoTarget(t *testing.T) {
	r := newRoom(t)
	id := r.say("P1", message("x"))
	r.refuses("P1", in(otherEpoch, remove(id)), chat.NoSuchTarget, "target")
	r.say("P1", in(thisEpoch, remove(id)))
}

func TestMutedParticipantMayStillDeleteReactAndRead(t *testing.T) {
	r := newRoom(t)
	own := r.say("P1", message("mine"))
	other := r.say("P2", message("yours"))
	r.mute("P1")
	r.say("P1", react(other, chat.Sad))
	r.say("P1", read(other))
	r.say("P1", remove(own))
}

func TestDeleteAgainIsAnsweredWithTheFirst(t *testing.T) {
	r := newRoom(t)
	id := r.say("P1", message("x"))
	first := r.say("P1", remove(id))
	r.repeats("P1", remove(id), first)
	r.repeats("T1", remove(id), first)
	r.repeats("P1", named(remove(id), "another"), first)
	r.refuses("P2", remove(id), chat.NotAllowed, "target")
}

func TestDeletedMessageIsATombstoneForParticipants(t *testing.T) {
	r := newRoom(t)
	first := r.say("T1", message("first", "P1"))
	id := r.say("P1", timed(named(reply(first, "regret", "T1"), "c1"), "t1"))
	at := r.actions[1].At
	del := r.say("P1", remove(id))

	if got := r.one("P1", id); !got.Deleted || !got.Tombstone ||
		!equal(got.Action, chat.Action{ID: id, Type: chat.Message, By: "P1", At: at, To: []chat.PID{"T1"}}) {
		t.Errorf("the author sees %+v", got)
	}
	for _, p := range []chat.PID{"T1", "T2"} {
		if got := r.one(p, id); !got.Deleted || got.Tombstone || got.Body != "regret" || got.Target != first {
			t.Errorf("%q sees %+v", p, got)
		}
	}
	if got := r.one("P1", del); got.Deleted || got.Target != id {
		t.Errorf("the delete is seen as %+v", got)
	}
	r.wantIDs("P2")
}

func TestDeletedReactionIsATombstoneWithoutIconAndTarget(t *testing.T) {
	r := newRoom(t)
	id := r.say("P1", message("x"))
	heart := r.say("P2", react(id, chat.Heart))
	r.say("P2", remove(heart))
	if got := r.one("P1", heart); !got.Tombstone || got.Icon != 0 || got.Target != 0 || got.By != "P2" || got.Type != chat.Reaction {
		t.Errorf("seen as %+v", got)
	}
	if got := r.one("T1", heart); got.Tombstone || !got.Deleted || got.Icon != chat.Heart || got.Target != id {
		t.Errorf("the therapist sees %+v", got)
	}
	if got := r.one("P1", id); got.Deleted {
		t.Error("the message is deleted too")
	}
}

func TestDeletedNoticeKeepsItsSender(t *testing.T) {
	r := newRoom(t)
	id := r.say("T1", notice("x"))
	r.say("T2", remove(id))
	if got := r.one("P1", id); !got.Tombstone || got.Body != "" || got.Sender != "Dr. Howell" {
		t.Errorf("seen as %+v", got)
	}
}

func TestDeleteIsSeenByWhoSeesItsTarget(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	open := r.say("P1", message("all"))
	private := r.say("P1", message("two", "P2"))
	a := r.say("T1", remove(open))
	b := r.say("T1", remove(private))
	r.wantIDs("P1", open, private, a, b)
	r.wantIDs("P2", open, private, a, b)
	r.wantIDs("P3", open, a)
	r.wantIDs("T2", open, private, a, b)
}
