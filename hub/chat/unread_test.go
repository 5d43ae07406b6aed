package chat_test

import (
	"testing"

	"hearth/hub/chat"

	"pgregory.net/rapid"
)

func TestUnreadCountsOthersMessagesAboveTheLastReadOrOwn(t *testing.T) {
	r := newRoom(t)
	want := func(p chat.PID, n int) {
		t.Helper()
		if got := r.log.Unread(r.s, r.people[p]); got != n {
			t.Errorf("%q has %d unread, want %d", p, got, n)
		}
	}
	want("P1", 0)
	one := r.say("P1", message("one"))
	two := r.say("P1", message("two"))
	private := r.say("P1", message("three", "T1"))
	want("P1", 0)
	want("P2", 2)
	want("T1", 3)
	r.say("P2", read(two))
	r.say("P2", read(one)) // the highest counts, not the latest
	want("P2", 0)
	want("P3", 2)
	r.say("T1", read(private))
	want("T1", 0)
	r.say("T1", notice("x")) // not a message
	r.say("P3", react(one, chat.Heart))
	want("P3", 2)
	r.say("P1", remove(two))
	want("P3", 1)
	r.say("P3", message("four"))
	want("P3", 0)
	want("P2", 1)
}

func TestUnreadIsWhatTheViewsSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRoom(rt, anySettings(rt))
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			ruling, err := r.judge(anybody.Draw(rt, "by"), anyDraft(rt, r.log.Head()))
			if err == nil && ruling.Repeat == 0 {
				r.apply(ruling)
			}
		}
		for _, p := range []chat.PID{"P1", "P2", "P3", "T1", "T2"} {
			r.change(p, func(s *chat.Standing) { s.Mark = anyMark(rt, r.log.Head()) })
			var upTo chat.ActionID
			for _, a := range r.actions {
				switch {
				case a.By == p && a.Type == chat.Message:
					upTo = max(upTo, a.ID)
				case a.By == p && a.Type == chat.MessageRead:
					upTo = max(upTo, a.Target)
				}
			}
			want := 0
			for _, v := range r.view(p) {
				if v.Type == chat.Message && v.By != p && !v.Deleted && v.ID > upTo {
					want++
				}
			}
			if got := r.log.Unread(r.s, r.people[p]); got != want {
				rt.Fatalf("%q has %d unread, want %d", p, got, want)
			}
		}
	})
}
