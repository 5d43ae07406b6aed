package store

import (
	"slices"
	"testing"

	"hearth/hub/chat"
)

func TestAnErasedActionHasNoResearchToLookFor(t *testing.T) {
	h := sampleHead
	tr := &Transcript{number: 5, head: h}
	a := sampleAction
	a.Body, a.Erased = "", true
	r, err := tr.decode(Record{Log: 5, ID: 300, Seen: encodeAction(5, "abcd", &a, a.meta())}, true, nil)
	if err != nil || !r.Erased || r.HasResearch || r.Body != "" || r.By != "P123" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestJoinedAndLeftNoticesNameAPersonForGood(t *testing.T) {
	a := stored{Action: chat.Action{ID: 3, Type: chat.Notice, At: sampleAt, Root: 3, Body: "Gilligan has left the session"}, who: "P123", passage: Left}
	got, err := decodeAction(5, "abcd", 3, encodeAction(5, "abcd", &a, a.meta()))
	if err != nil || got.who != "P123" || got.passage != Left {
		t.Errorf("%+v, %v", got, err)
	}
	other := a
	other.who = "P124"
	if slices.Equal(chainOf(&a), chainOf(&other)) {
		t.Error("the chain does not hold whose it is")
	}
}

func TestNamesInOlderNotices(t *testing.T) {
	for _, tt := range []struct {
		body, name string
		by         chat.PID
		p          Passage
	}{
		{"Gilligan has joined the session", "Gilligan", "", Joined}, {"Mary Ann has left the session", "Mary Ann", "", Left},
		{" has left the session", "", "", Left}, {"Gilligan has joined the session", "", "T1", NoPassage},
		{"Gilligan has joined the session.", "", "", NoPassage}, {"left", "", "", NoPassage},
	} {
		r := &Recorded{Action: chat.Action{Type: chat.Notice, By: tt.by, Body: chat.Text(tt.body)}}
		if name, p := NamedPassage(r); string(name) != tt.name || p != tt.p {
			t.Errorf("%q: %q, %d", tt.body, string(name), p)
		}
	}
	if _, p := NamedPassage(&Recorded{Action: chat.Action{Type: chat.Message, Body: "x has left the session"}}); p != NoPassage {
		t.Error("a message is taken for a notice")
	}
}
