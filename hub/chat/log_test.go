package chat_test

import (
	"testing"
	"time"

	"hearth/hub/chat"
)

func TestStatusFollowsTheLog(t *testing.T) {
	r := newRoom(t)
	r.log, r.ahead = newLog(false), chat.NewAhead(newLog(false))
	if got := r.log.Status(); got != chat.Scheduled {
		t.Errorf("at first %s", got)
	}
	if got := r.ahead.Status(); got != chat.Scheduled {
		t.Errorf("at first %s ahead", got)
	}
	r.log.Open()
	r.ahead.Open()
	if got := r.log.Status(); got != chat.Open {
		t.Errorf("opened, it is %s", got)
	}
	if got := r.ahead.Status(); got != chat.Open {
		t.Errorf("opened, it is %s ahead", got)
	}
	r.say("T1", end())
	r.log.Open()
	r.ahead.Open()
	if got := r.log.Status(); got != chat.Ended {
		t.Errorf("ended, it is %s", got)
	}
	if got := r.ahead.Status(); got != chat.Ended {
		t.Errorf("ended, it is %s ahead", got)
	}
}

func TestTimeNeverFallsWithinALog(t *testing.T) {
	r := newRoom(t)
	at := func(now time.Time) time.Time {
		t.Helper()
		r.now = now
		return r.stored("P1", message("x")).At
	}
	whole := evenTwo.Truncate(time.Millisecond)
	if got := at(evenTwo.In(time.FixedZone("", -8*3600))); got != whole {
		t.Errorf("stored at %v, want whole milliseconds in UTC, %v", got, whole)
	}
	if got := at(evenTwo.Add(-time.Hour)); got != whole {
		t.Errorf("after the clock was set back: %v, want %v", got, whole)
	}
	if got := at(evenTwo.Add(time.Minute)); got != whole.Add(time.Minute) {
		t.Errorf("a minute on: %v", got)
	}
	r.now = evenTwo.Add(-time.Hour)
	ruling, err := r.judge("T1", end())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range ruling.Actions {
		if a.At != whole.Add(time.Minute) {
			t.Errorf("%s at %v", a.Type, a.At)
		}
	}
}

func TestEntryIsWhatWasStored(t *testing.T) {
	r := newRoom(t)
	r.say("P1", message("x", "T1"))
	r.say("P1", react(1, chat.Sad))
	r.say("P1", remove(2))
	for _, a := range r.actions {
		e, ok := r.log.Entry(a.ID)
		want := chat.Entry{Type: a.Type, Icon: a.Icon, By: a.By, To: a.To, At: a.At, Target: a.Target, Root: 1}
		if a.ID == 2 {
			want.Deleted = 3
		}
		if !ok || !equal(e, want) {
			t.Errorf("%+v, want %+v", e, want)
		}
	}
	for _, id := range []chat.ActionID{0, 4} {
		if _, ok := r.log.Entry(id); ok {
			t.Errorf("there is an entry %d", id)
		}
	}
}

// The disk's record is checked against the hash that the rules made.
func TestContentHashIsTheOneOfTheRules(t *testing.T) {
	for typ, row := range valid() {
		r := newRoom(t)
		r.say("P1", message("first"))
		d := row.d
		if typ == chat.Message {
			d.Recipients = []chat.PID{"T2", "T1"}
		}
		ruling, err := r.judge(row.by, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range ruling.Actions {
			if got := chat.ContentHash(secret, &a); got != a.Content {
				t.Errorf("%s: %x, want %x", a.Type, got, a.Content)
			}
			if got := chat.ContentHash([32]byte{8}, &a); got == a.Content {
				t.Errorf("%s: the secret does not matter", a.Type)
			}
		}
	}
}

func TestContentHashTellsContentsApart(t *testing.T) {
	seen := map[chat.Hash]int{}
	for i, a := range []chat.Action{
		{Type: chat.Message, Body: "x"},
		{Type: chat.Message, Body: "y"},
		{Type: chat.Message, Body: "x", Target: 1},
		{Type: chat.Message, Body: "x", To: []chat.PID{"P1"}},
		{Type: chat.Message, Body: "x", To: []chat.PID{"P1", "P2"}},
		{Type: chat.Message, Body: "x", To: []chat.PID{"P1P2"}},
		{Type: chat.Message, Body: "P1x"},
		{Type: chat.Message, Body: "1x", To: []chat.PID{"P"}},
		{Type: chat.Message, Body: "x", To: []chat.PID{"P1P", "2"}},
		{Type: chat.Notice, Body: "x"},
		{Type: chat.Reaction, Target: 1, Icon: chat.Heart},
		{Type: chat.Reaction, Target: 1, Icon: chat.Smile},
		{Type: chat.Reaction, Target: 2, Icon: chat.Heart},
		{Type: chat.MessageRead, Target: 1},
		{Type: chat.Delete, Target: 1},
	} {
		h := chat.ContentHash(secret, &a)
		if j, ok := seen[h]; ok {
			t.Errorf("%d has the hash of %d", i, j)
		}
		seen[h] = i
	}
	same := chat.ContentHash(secret, &chat.Action{Type: chat.Message, Body: "x", To: []chat.PID{"P2", "P1"}})
	if seen[same] != 4 {
		t.Error("the order of recipients matters")
	}
	derived := chat.ContentHash(secret, &chat.Action{Type: chat.Reaction, Target: 1, Icon: chat.Heart, To: []chat.PID{"P2"}})
	if seen[derived] != 10 {
		t.Error("the audience of a reaction matters: nobody asked for it")
	}
}

// A log read anew rules as the one that grew.
func TestFoldingAgainForgetsNothing(t *testing.T) {
	r := newRoom(t)
	msg := r.say("P1", timed(named(message("x"), "c"), "t"))
	heart := r.say("P2", react(msg, chat.Heart))
	r.say("P2", remove(heart))
	seen := r.say("P2", read(msg))
	text := r.say("T1", board("one"))
	again := newLog(true)
	for i := range r.actions {
		again.Apply(&r.actions[i])
	}
	r.log = again
	r.repeats("P1", named(message("x"), "c"), msg)
	r.repeats("P1", timed(message("x"), "t"), msg)
	r.repeats("P2", read(msg), seen)
	r.repeats("T2", board("one"), text)
	r.say("P2", react(msg, chat.Heart))
}
