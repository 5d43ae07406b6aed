package chat_test

import (
	"slices"
	"testing"

	"hearth/hub/chat"

	"pgregory.net/rapid"
)

func TestSameClientIDIsTheSameAction(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	msg := r.say("P2", message("first"))
	d := timed(named(reply(msg, "x", "P2", "T1"), "c"), "t")
	first := r.say("P1", d)
	r.repeats("P1", d, first)

	d.ClientTS = "another"
	r.repeats("P1", d, first)
	d.ClientTS = ""
	r.repeats("P1", d, first)
	d.Recipients = []chat.PID{"T1", "P2", "T1"} // the same people
	r.repeats("P1", d, first)
	d.Research.History = []string{"x"}
	r.repeats("P1", d, first)
	d.User = "P1"
	r.repeats("P1", d, first)

	r.say("P2", named(message("x"), "c")) // another person's c is another
	r.say("P1", named(reply(msg, "x", "P2", "T1"), "C"))
}

func TestClientIDReusedForSomethingElse(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	msg := r.say("P2", message("first"))
	two := r.say("P2", message("second"))
	r.say("P1", named(reply(msg, "x", "P2"), "c"))
	r.say("P1", named(react(msg, chat.Heart), "h"))
	for name, d := range map[string]chat.Draft{
		"other body":             named(reply(msg, "y", "P2"), "c"),
		"other target":           named(reply(two, "x", "P2"), "c"),
		"no target":              named(message("x", "P2"), "c"),
		"other recipients":       named(reply(msg, "x", "T1"), "c"),
		"more recipients":        named(reply(msg, "x", "P2", "T1"), "c"),
		"no recipients":          named(reply(msg, "x"), "c"),
		"recipients outside":     named(reply(msg, "x", "X9"), "c"),
		"other type":             named(read(msg), "c"),
		"other icon":             named(react(msg, chat.Sad), "h"),
		"other target of a kind": named(react(two, chat.Heart), "h"),
	} {
		t.Run(name, func(t *testing.T) { r.refuses("P1", d, chat.ClientIDReused, "client_id") })
	}
}

func TestWithoutClientIDTimeAndContentMakeItTheSame(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	msg := r.say("P2", message("first"))
	first := r.say("P1", timed(reply(msg, "x", "P2", "T1"), "t"))
	r.repeats("P1", timed(reply(msg, "x", "T1", "P2"), "t"), first)
	for name, d := range map[string]chat.Draft{
		"other time":       timed(reply(msg, "x", "P2", "T1"), "u"),
		"other body":       timed(reply(msg, "y", "P2", "T1"), "t"),
		"no target":        timed(message("x", "P2", "T1"), "t"),
		"other recipients": timed(reply(msg, "x", "P2"), "t"),
		"no time":          reply(msg, "x", "P2", "T1"),
	} {
		t.Run(name, func(t *testing.T) { r.say("P1", d) })
	}
	r.say("P2", timed(reply(msg, "x", "P2", "T1"), "t")) // another person
	r.repeats("P1", timed(reply(msg, "x", "P2", "T1"), "t"), first)
}

func TestWithNeitherEachIsNew(t *testing.T) {
	r := newRoom(t)
	if r.say("P1", message("x")) == r.say("P1", message("x")) {
		t.Error("taken for the same")
	}
}

func TestActionWithAClientIDIsFoundWithoutIt(t *testing.T) {
	r := newRoom(t)
	first := r.say("P1", timed(named(message("x"), "c1"), "t"))
	second := r.say("P1", timed(named(message("x"), "c2"), "t")) // another client_id is another action
	r.repeats("P1", timed(message("x"), "t"), first)
	r.repeats("P1", named(message("x"), "c2"), second)
}

func TestClientIDAndClientTimeDoNotMeet(t *testing.T) {
	r := newRoom(t)
	r.say("P1", named(message("x"), "t"))
	r.say("P1", timed(message("x"), "t"))
}

func TestRepeatIsAnsweredWhateverChangedSince(t *testing.T) {
	byID := named(message("a longer body", "P2"), "c")
	byTS := timed(message("a longer body", "P2"), "t")
	for name, change := range map[string]func(*room){
		"the author was muted":             func(r *room) { r.mute("P1") },
		"private messages were turned off": func(r *room) { r.s.PrivateMessages = chat.PrivateOff },
		"the recipient left the roster":    func(r *room) { r.s.Participants = []chat.PID{"P1", "P3"} },
		"bodies became shorter":            func(r *room) { r.lim.MaxBody = 1 },
		"the session ended":                func(r *room) { r.say("T1", end()) },
		"it was deleted": func(r *room) {
			r.say("P1", remove(1))
			r.say("T1", remove(2))
		},
		"keys are no longer kept": func(r *room) { r.change("P1", func(s *chat.Standing) { s.Keystrokes = false }) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, privateMessages(chat.PrivateToAnyone))
			one, two := r.say("P1", byID), r.say("P1", byTS)
			change(r)
			r.repeats("P1", byID, one)
			r.repeats("P1", byTS, two)
			r.refuses("P1", named(message("other"), "c"), chat.ClientIDReused, "client_id")
		})
	}
}

// Whatever else happens in a room: what was stored under a client's name is
// there once, and each retry is answered with its id.
func TestEveryRetryFindsItsFirst(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRoom(rt, anySettings(rt))
		type sent struct {
			by chat.PID
			d  chat.Draft
			id chat.ActionID
		}
		var all []sent
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			by := anybody.Draw(rt, "by")
			d := anyDraft(rt, r.log.Head())
			head := r.log.Head()
			ruling, err := r.judge(by, d)
			switch {
			case err != nil:
				codeOf(t, err)
				continue
			case ruling.Repeat != 0:
				if ruling.Repeat > head {
					rt.Fatalf("repeat of %d, which is not there", ruling.Repeat)
				}
				continue
			}
			for i, a := range ruling.Actions {
				if a.ID != head+1+chat.ActionID(i) {
					rt.Fatalf("id %d after %d", a.ID, head)
				}
			}
			r.apply(ruling)
			if by != "" && (d.ClientID != "" || d.ClientTS != "") {
				all = append(all, sent{by, d, r.log.Head()})
			}
		}
		if rapid.Bool().Draw(rt, "the roster shrinks") {
			r.s.Participants = slices.DeleteFunc(r.s.Participants, func(p chat.PID) bool { return p == "P3" })
		}
		for _, s := range all {
			ruling, err := r.judge(s.by, s.d)
			if err != nil || ruling.Repeat != s.id {
				rt.Fatalf("%+v by %q was %d; again it is %v, %v", s.d, s.by, s.id, ruling.Repeat, err)
			}
		}
	})
}
