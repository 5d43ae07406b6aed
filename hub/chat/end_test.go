package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

func TestEndComesWithTheServersNoticeBeforeIt(t *testing.T) {
	for by, said := range map[chat.PID]chat.Text{"T1": "Dr. Howell has ended the session", "": "The session has ended"} {
		r := newRoom(t)
		r.say("P1", message("x"))
		ruling, err := r.judge(by, named(end(), "c"))
		if err != nil || len(ruling.Actions) != 2 {
			t.Fatalf("%v, %v", ruling, err)
		}
		note, last := ruling.Actions[0], ruling.Actions[1]
		if note.Type != chat.Notice || note.ID != 2 || note.Root != 2 || note.Sender != "system" || note.By != "" ||
			note.Body != said || note.ClientID != "" || !note.At.Equal(last.At) {
			t.Errorf("the notice is %+v: %q", note, string(note.Body))
		}
		if last.Type != chat.EndChatSession || last.ID != 3 || last.Root != 3 || last.By != by || last.To != nil {
			t.Errorf("the end is %+v", last)
		}
		r.apply(ruling)
		if r.log.Status() != chat.Ended {
			t.Errorf("status %s", r.log.Status())
		}
	}
}

func TestNothingNewAfterTheEnd(t *testing.T) {
	for typ, row := range valid() {
		for _, by := range []chat.PID{"P1", "T1"} {
			t.Run(typ.String()+" by "+string(by), func(t *testing.T) {
				r := newRoom(t)
				r.say("P1", message("first"))
				r.say("T1", end())
				r.refuses(by, row.d, chat.SessionEnded, "ended")
			})
		}
	}
}

func TestServerMaySpeakAfterTheEndButEndsOnce(t *testing.T) {
	r := newRoom(t)
	r.say("T1", end())
	r.say("", notice("Gilligan has left the session"))
	r.say("", chat.Draft{Type: chat.UpdateAssessments})
	r.refuses("", end(), chat.SessionEnded, "ended")
}

func TestRepeatIsAnsweredAfterTheEnd(t *testing.T) {
	for _, setting := range []chat.AfterEnd{chat.AfterEndRead, chat.AfterEndClosed} {
		t.Run(setting.String(), func(t *testing.T) {
			r := newRoom(t, func(s *chat.TherapySession) { s.AfterEnd = setting })
			byID := named(message("one"), "c1")
			byTS := timed(message("two"), "t1")
			bare := message("three")
			one, two, three := r.say("P1", byID), r.say("P1", byTS), r.say("P1", bare)
			heart := r.say("P2", react(one, chat.Heart))
			seen := r.say("P2", read(one))
			del := r.say("P1", named(remove(two), "c2"))
			text := r.say("T1", board("breathe"))
			ended := r.say("T1", named(end(), "c3"))

			r.repeats("P1", byID, one)
			r.repeats("P1", byTS, two)
			r.repeats("P2", react(one, chat.Heart), heart)
			r.repeats("P2", read(one), seen)
			r.repeats("P1", named(remove(two), "c2"), del)
			r.repeats("T1", remove(two), del)
			r.repeats("T1", board("breathe"), text)
			r.repeats("T1", named(end(), "c3"), ended)

			r.refuses("P1", bare, chat.SessionEnded, "ended")
			r.refuses("P1", remove(three), chat.SessionEnded, "ended")
			r.refuses("P2", react(one, chat.Sad), chat.SessionEnded, "ended")
			r.refuses("P3", react(one, chat.Heart), chat.SessionEnded, "ended")
			r.refuses("P2", board("breathe"), chat.SessionEnded, "ended")
			r.refuses("T1", board("other"), chat.SessionEnded, "ended")
			r.refuses("T1", end(), chat.SessionEnded, "ended")
			r.refuses("P1", named(message("other"), "c1"), chat.ClientIDReused, "client_id")
		})
	}
}

func TestClosedLogTellsParticipantsOnlyThatItEnded(t *testing.T) {
	r := newRoom(t, closedAfterEnd)
	r.say("P1", message("x"))
	r.say("T1", message("x", "P1"))
	r.say("P1", react(1, chat.Heart))
	r.wantIDs("P1", 1, 2, 3)
	ended := r.say("T1", end())
	r.say("", notice("Ginger has left the session"))
	r.wantIDs("P1", ended)
	r.wantIDs("P2", ended)
	r.wantIDs("T1", 1, 2, 3, 4, 5, 6)
	if n := r.log.Unread(r.s, r.people["P2"]); n != 0 {
		t.Errorf("%d unread in a closed log", n)
	}
}

func TestClosedLogStaysSilentAboutItsIDs(t *testing.T) {
	r := newRoom(t, closedAfterEnd)
	msg := r.say("P1", message("x"))
	r.say("T1", end())
	for _, target := range []chat.ActionID{msg, 2, 3, 99} {
		r.refuses("P2", react(target, chat.Heart), chat.SessionEnded, "ended")
		r.refuses("P2", remove(target), chat.SessionEnded, "ended")
		r.refuses("P2", reply(target, "x"), chat.SessionEnded, "ended")
	}
}

func TestOpenLogStaysReadableAfterTheEnd(t *testing.T) {
	r := newRoom(t)
	r.say("P1", message("x"))
	r.say("P1", message("x", "T1"))
	r.say("T1", end())
	r.wantIDs("P1", 1, 2, 3, 4)
	r.wantIDs("P2", 1, 3, 4)
}

func TestWhoNeverCameLearnsThatItEnded(t *testing.T) {
	for name, with := range map[string]func(*chat.TherapySession){"since admitted": sinceAdmitted, "closed": closedAfterEnd} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, with)
			r.change("P3", func(s *chat.Standing) { s.Mark = chat.Mark{} })
			r.say("P1", message("x"))
			ended := r.say("T1", end())
			r.wantIDs("P3", ended)
		})
	}
}
