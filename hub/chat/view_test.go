package chat_test

import (
	"testing"

	"hearth/hub/chat"

	"pgregory.net/rapid"
)

func TestClientsOwnWordsGoToTheirAuthorOnly(t *testing.T) {
	r := newRoom(t)
	id := r.say("P1", timed(named(message("x"), "c1"), "t1"))
	for p, want := range map[chat.PID]string{"P1": "c1 t1", "P2": " ", "T1": " ", "": " "} {
		if got := r.one(p, id); got.ClientID+" "+got.ClientTS != want {
			t.Errorf("%q sees %q and %q", p, got.ClientID, got.ClientTS)
		}
	}
}

func TestWhoMayNotReadSeesNothing(t *testing.T) {
	r := newRoom(t)
	r.say("T1", message("x", "P3"))
	r.say("P3", message("x"))
	for name, m := range map[string]chat.Mark{
		"never came": {}, "revoked": {Ever: true, Verdict: chat.Revoked}, "removed": {Ever: true, Verdict: chat.Removed},
	} {
		r.change("P3", func(s *chat.Standing) { s.Mark = m })
		if ids := r.ids("P3"); len(ids) != 0 {
			t.Errorf("%s: sees %v", name, ids)
		}
		if n := r.log.Unread(r.s, r.people["P3"]); n != 0 {
			t.Errorf("%s: %d unread", name, n)
		}
	}
	r.people["X9"] = chat.Standing{ID: "X9", Ready: true, Mark: chat.Mark{In: true, Ever: true}}
	r.wantIDs("X9")
}

func TestActionThatIsNotInTheLogIsNotSeen(t *testing.T) {
	r := newRoom(t)
	r.say("P1", message("x"))
	for _, id := range []chat.ActionID{0, 2} {
		if _, ok := chat.View(r.s, r.log, r.people["T1"], chat.Action{ID: id, Type: chat.Message, Body: "x"}); ok {
			t.Errorf("%d is seen", id)
		}
	}
}

func TestViewLeavesTheActionAsItWas(t *testing.T) {
	r := newRoom(t)
	id := r.say("P1", named(message("x", "T1"), "c"))
	before := r.actions[0]
	r.say("P1", remove(id))
	r.view("P1")
	r.view("P2")
	if !equal(r.actions[0], before) {
		t.Errorf("it became %+v", r.actions[0])
	}
}

// A participant learns of an action only if they are meant to see what it is
// about, and never by a detour: a reaction, a read, a delete, a reply, the
// delete of a reaction.
func TestPrivateIsPrivateByEveryWay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRoom(rt, anySettings(rt))
		for range rapid.IntRange(1, 50).Draw(rt, "steps") {
			ruling, err := r.judge(anybody.Draw(rt, "by"), anyDraft(rt, r.log.Head()))
			if err == nil && ruling.Repeat == 0 {
				r.apply(ruling)
			}
		}
		// Of each action the one it is about in the end.
		roots := map[chat.ActionID]chat.Action{}
		deleted := map[chat.ActionID]bool{}
		for _, a := range r.actions {
			roots[a.ID] = a
			switch a.Type {
			case chat.Delete:
				deleted[a.Target] = true
				fallthrough
			case chat.Reaction, chat.MessageRead:
				roots[a.ID] = roots[a.Target]
			}
		}
		for _, p := range []chat.PID{"P1", "P2", "P3", "T1"} {
			r.change(p, func(s *chat.Standing) { s.Mark = anyMark(rt, r.log.Head()) })
			st := r.people[p]
			isTherapist := st.Role == chat.Therapist
			plain := st.In && st.Since == 0 && (r.log.Status() != chat.Ended || r.s.AfterEnd == chat.AfterEndRead)
			seen := map[chat.ActionID]chat.Seen{}
			for _, v := range r.view(p) {
				seen[v.ID] = v
			}
			for _, a := range r.actions {
				root := roots[a.ID]
				meant := root.To == nil || root.By == p || contains(root.To, p) || isTherapist
				v, ok := seen[a.ID]
				switch {
				case ok && !meant:
					rt.Fatalf("%q sees %d (%s), about %d by %q to %v", p, a.ID, a.Type, root.ID, root.By, root.To)
				case !ok && meant && (plain || isTherapist):
					rt.Fatalf("%q does not see %d (%s), about %d by %q to %v", p, a.ID, a.Type, root.ID, root.By, root.To)
				case !ok:
					continue
				}
				if _, inSight := seen[v.Target]; v.Target != 0 && !inSight {
					rt.Fatalf("%q sees in %d that there is %d", p, a.ID, v.Target)
				}
				if a.By != p && (v.ClientID != "" || v.ClientTS != "") {
					rt.Fatalf("%q sees the client's words in %d", p, a.ID)
				}
				if v.Deleted != deleted[a.ID] || v.Tombstone != (deleted[a.ID] && !isTherapist) {
					rt.Fatalf("%q sees %d deleted: %v, tombstone: %v", p, a.ID, v.Deleted, v.Tombstone)
				}
				bare := chat.Action{ID: a.ID, Type: a.Type, By: a.By, Sender: a.Sender, At: a.At, To: a.To}
				if v.Tombstone && !equal(v.Action, bare) {
					rt.Fatalf("%q sees of the deleted %d: %+v", p, a.ID, v.Action)
				}
				if !v.Tombstone && (v.Body != a.Body || v.Icon != a.Icon || v.Type != a.Type || v.By != a.By || !equal(v.To, a.To)) {
					rt.Fatalf("%q sees %d as %+v", p, a.ID, v.Action)
				}
				if st.Role == chat.Participant && r.s.History == chat.HistorySinceAdmitted && a.Type != chat.EndChatSession && root.ID <= st.Since && root.To == nil {
					rt.Fatalf("%q, in since %d, sees %d, about %d", p, st.Since, a.ID, root.ID)
				}
			}
		}
	})
}

// Somebody who probes ids learns nothing by the answers: a message between
// others is refused as one that was never there.
func TestProbingTellsNothing(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	private := r.say("P1", message("only us", "P2"))
	heart := r.say("P2", react(private, chat.Heart))
	seen := r.say("P2", read(private))
	gone := r.say("P1", message("regret", "P2"))
	del := r.say("P1", remove(gone))
	note := r.say("T1", notice("x", "P1"))
	const absent = 99
	for name, about := range map[string]func(chat.ActionID) chat.Draft{
		"delete":   remove,
		"reaction": func(id chat.ActionID) chat.Draft { return react(id, chat.Heart) },
		"read":     read,
		"reply":    func(id chat.ActionID) chat.Draft { return reply(id, "x") },
	} {
		_, want := r.judge("P3", about(absent))
		for _, id := range []chat.ActionID{private, heart, seen, gone, del, note} {
			if _, err := r.judge("P3", about(id)); !equal(err, want) {
				t.Errorf("%s of %d: %v, want %v", name, id, err, want)
			}
		}
	}
}

// Some clients cannot show what has been deleted: they are told what an action
// is about, as far as its reader sees it.
func TestReadersLearnWhatATargetIs(t *testing.T) {
	r := newRoom(t)
	said := r.say("P1", message("x"))
	heart := r.say("P2", react(said, chat.Heart))
	private := r.say("P1", message("x", "T1"))
	answer := r.say("T1", reply(private, "y", "P1"))
	open := r.say("T1", reply(private, "z"))
	back := r.say("P2", remove(heart))
	want := func(p chat.PID, id chat.ActionID, typ chat.Type, deleted bool) {
		t.Helper()
		if s := r.one(p, id); s.TargetType != typ || s.TargetDeleted != deleted {
			t.Errorf("%s sees %d about %s, deleted %v", p, id, s.TargetType, s.TargetDeleted)
		}
	}
	want("T1", said, 0, false)
	want("T1", back, chat.Reaction, true)
	want("P3", back, chat.Reaction, true)
	want("P1", answer, chat.Message, false)
	want("P1", open, chat.Message, false)
	want("P2", open, 0, false) // they do not see what it answers
	gone := r.say("P1", remove(said))
	want("T1", gone, chat.Message, true)
	want("P3", gone, chat.Message, true)
	r.say("T1", remove(private))
	want("P1", answer, chat.Message, true)
	want("P2", open, 0, false)
}

func TestWhatWasErasedIsATombstoneToEverybody(t *testing.T) {
	r := newRoom(t)
	id := r.say("P1", named(message("x"), "c"))
	notice := r.say("T1", chat.Draft{Type: chat.Notice, Body: "n"})
	board := r.say("T1", chat.Draft{Type: chat.Whiteboard, Body: "b"})
	reply := r.say("P2", chat.Draft{Type: chat.Message, Body: "y", Target: id})
	log := chat.NewFolded("e", [32]byte{}, true)
	for i := range r.actions {
		a := r.actions[i]
		if a.ID != reply {
			a.Body, a.Erased = "", true
		}
		r.actions[i] = a
		log.Apply(&a)
	}
	for _, by := range []chat.PID{"T1", "P1", "P2"} {
		for _, a := range r.actions {
			seen, ok := chat.View(r.s, log, r.people[by], a)
			if !ok {
				t.Fatalf("%s does not see %d", by, a.ID)
			}
			gone := a.ID == id || a.ID == notice // an empty whiteboard is an empty whiteboard
			if seen.Deleted != gone || seen.Tombstone != gone || gone && seen.ClientID != "" {
				t.Errorf("%s sees %+v", by, seen)
			}
			if a.ID == reply && !seen.TargetDeleted {
				t.Errorf("%s sees a reply to it as if it were there: %+v", by, seen)
			}
		}
		if n := log.Unread(r.s, r.people[by]); by == "T1" && n != 1 {
			t.Errorf("%s has %d unread", by, n)
		}
	}
	if text, set := log.Board(); text != "" || set != board {
		t.Errorf("the whiteboard is %q", text)
	}
}
