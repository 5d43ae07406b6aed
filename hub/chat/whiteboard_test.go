package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

func TestNewestWhiteboardIsTheText(t *testing.T) {
	r := newRoom(t)
	want := func(text chat.Text, by chat.ActionID) {
		t.Helper()
		if got, id := r.log.Board(); got != text || id != by {
			t.Errorf("the whiteboard has %q by %d, want %q by %d", string(got), id, string(text), by)
		}
	}
	want("", 0)
	one := r.say("T1", board("one"))
	want("one", one)
	two := r.say("T2", board("two"))
	want("two", two)
	r.say("P1", message("three"))
	want("two", two)
	none := r.say("T1", board(""))
	want("", none)
}

func TestWhiteboardWithTheCurrentTextStoresNothing(t *testing.T) {
	r := newRoom(t)
	one := r.say("T1", board("one"))
	r.repeats("T1", board("one"), one)
	r.repeats("T2", timed(named(board("one"), "c"), "t"), one)
	r.say("T1", board("two"))
	again := r.say("T1", board("one")) // an older text is not the current one
	r.repeats("T1", board("one"), again)
	r.say("T1", board(" one"))
}

func TestFirstWhiteboardMayBeBlank(t *testing.T) {
	r := newRoom(t)
	id := r.say("T1", board(""))
	r.repeats("T2", board(""), id)
}

func TestParticipantLearnsNothingByAWhiteboard(t *testing.T) {
	r := newRoom(t)
	r.say("T1", board("one"))
	r.refuses("P1", board("one"), chat.NotAllowed, "type")
	r.refuses("P1", board("two"), chat.NotAllowed, "type")
}
