package chat_test

import (
	"slices"
	"testing"

	"hearth/hub/chat"
)

func TestWhoMayWriteToWhom(t *testing.T) {
	const (
		muted   = chat.Muted
		refused = chat.NotAllowed
	)
	type to = []chat.PID
	for _, c := range []struct {
		name                   string
		by                     chat.PID
		to                     to
		mute                   bool
		off, therapist, anyone chat.Code // by private_messages; "": it passes
	}{
		{"participant to everyone", "P1", nil, false, "", "", ""},
		{"participant to a therapist", "P1", to{"T1"}, false, refused, "", ""},
		{"participant to both therapists", "P1", to{"T1", "T2"}, false, refused, "", ""},
		{"participant to a participant", "P1", to{"P2"}, false, refused, refused, ""},
		{"participant to a therapist and a participant", "P1", to{"T1", "P2"}, false, refused, refused, ""},
		{"participant to themselves", "P1", to{"P1"}, false, refused, refused, ""},
		{"muted participant to everyone", "P1", nil, true, muted, muted, muted},
		{"muted participant to a therapist", "P1", to{"T1"}, true, refused, "", ""},
		{"muted participant to both therapists", "P1", to{"T1", "T2"}, true, refused, "", ""},
		{"muted participant to a participant", "P1", to{"P2"}, true, muted, muted, muted},
		{"muted participant to a therapist and a participant", "P1", to{"T1", "P2"}, true, muted, muted, muted},
		{"therapist to everyone", "T1", nil, false, "", "", ""},
		{"therapist to a participant", "T1", to{"P1"}, false, "", "", ""},
		{"therapist to a therapist", "T1", to{"T2"}, false, "", "", ""},
		{"therapist to several", "T1", to{"P1", "P2", "T2"}, false, "", "", ""},
		{"therapist with a mark of muted", "T1", nil, true, "", "", ""},
	} {
		for setting, want := range map[chat.PrivateMessages]chat.Code{
			chat.PrivateOff: c.off, chat.PrivateToTherapists: c.therapist, chat.PrivateToAnyone: c.anyone,
		} {
			t.Run(c.name+", private messages: "+setting.String(), func(t *testing.T) {
				r := newRoom(t, privateMessages(setting))
				if c.mute {
					r.mute(c.by)
				}
				_, err := r.judge(c.by, message("x", c.to...))
				wantCode(t, err, want)
			})
		}
	}
}

func TestMessageHasItsFields(t *testing.T) {
	r := newRoom(t)
	first := r.say("P2", message("first"))
	d := timed(named(reply(first, "second", "T1"), "c1"), "2026-12-02T02:00:00Z")
	d.User = "P1"
	a := r.stored("P1", d)
	want := chat.Action{
		ID: 2, Type: chat.Message, By: "P1", At: a.At, Body: "second", To: []chat.PID{"T1"}, Target: 1, Root: 2,
		ClientID: "c1", ClientTS: "2026-12-02T02:00:00Z", Content: a.Content,
	}
	if !equal(a, want) {
		t.Errorf("stored %+v, want %+v", a, want)
	}
}

func TestReplyNeedsAMessageInSight(t *testing.T) {
	for _, c := range []struct {
		name   string
		target func(*room) chat.ActionID
		epoch  chat.Epoch
		ok     bool
	}{
		{"a message", func(r *room) chat.ActionID { return r.say("P2", message("x")) }, "", true},
		{"one's own", func(r *room) chat.ActionID { return r.say("P1", message("x")) }, "", true},
		{"a message of this epoch", func(r *room) chat.ActionID { return r.say("P2", message("x")) }, thisEpoch, true},
		{"a message of another epoch", func(r *room) chat.ActionID { return r.say("P2", message("x")) }, otherEpoch, false},
		{"a private message to oneself", func(r *room) chat.ActionID { return r.say("T1", message("x", "P1")) }, "", true},
		{"a private message to another", func(r *room) chat.ActionID { return r.say("T1", message("x", "P2")) }, "", false},
		{"an id that is not there yet", func(r *room) chat.ActionID { return 99 }, "", false},
		{"a deleted message", func(r *room) chat.ActionID {
			id := r.say("P2", message("x"))
			r.say("P2", remove(id))
			return id
		}, "", false},
		{"a notice", func(r *room) chat.ActionID { return r.say("T1", notice("x")) }, "", false},
		{"a reaction", func(r *room) chat.ActionID { return r.say("P2", react(r.say("P2", message("x")), chat.Heart)) }, "", false},
		{"a whiteboard", func(r *room) chat.ActionID { return r.say("T1", board("x")) }, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t)
			d := in(c.epoch, reply(c.target(r), "answer"))
			if c.ok {
				r.say("P1", d)
				return
			}
			r.refuses("P1", d, chat.NoSuchTarget, "target")
		})
	}
}

func TestMessageWithoutATargetIsOfAnyEpoch(t *testing.T) {
	newRoom(t).say("P1", in(otherEpoch, message("x")))
}

func TestPrivateMessageIsSeenByAuthorRecipientsAndTherapists(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	r.say("P1", message("only us", "P2"))
	for p, sees := range map[chat.PID]bool{"P1": true, "P2": true, "P3": false, "T1": true, "T2": true, "": true} {
		if got := len(r.ids(p)) == 1; got != sees {
			t.Errorf("%q sees it: %v", p, got)
		}
	}
}

func TestReplyToEveryoneHidesThePrivateMessageItAnswers(t *testing.T) {
	r := newRoom(t)
	private := r.say("P1", message("only you", "T1"))
	answer := r.say("T1", reply(private, "good question"))
	for p, want := range map[chat.PID]chat.ActionID{"P1": private, "T1": private, "T2": private, "P2": 0, "P3": 0} {
		if got := r.one(p, answer).Target; got != want {
			t.Errorf("%q sees an answer to %d, want %d", p, got, want)
		}
	}
}

func TestResearchIsBoundedAndNeverRefusesAMessage(t *testing.T) {
	for _, c := range []struct {
		name    string
		in, out chat.Research
	}{
		{"none", chat.Research{}, chat.Research{}},
		{"at the limit", chat.Research{History: []string{"1", "2", "3", "4", "5"}}, chat.Research{History: []string{"1", "2", "3", "4", "5"}}},
		{"over the limit", chat.Research{History: []string{"1", "2", "3", "4", "5", "6"}}, chat.Research{History: []string{"1", "2", "3", "4", "5"}, Cut: true}},
		{"cut before it came", chat.Research{History: []string{"1"}, Cut: true}, chat.Research{History: []string{"1"}, Cut: true}},
		{"a key that is not Unicode", chat.Research{History: []string{"1", "\xff", "3"}}, chat.Research{History: []string{"1"}, Cut: true}},
		{"a timing", chat.Research{TimeToComplete: "671ms"}, chat.Research{TimeToComplete: "671ms"}},
		{"a timing with a fraction", chat.Research{TimeToComplete: "671.25ms"}, chat.Research{TimeToComplete: "671.25ms"}},
		{"a timing in seconds", chat.Research{TimeToComplete: "2s"}, chat.Research{}},
		{"a negative timing", chat.Research{TimeToComplete: "-1ms"}, chat.Research{}},
		{"a timing and a line", chat.Research{TimeToComplete: "1ms\n"}, chat.Research{}},
		{"words for a timing", chat.Research{TimeToComplete: "soon"}, chat.Research{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t)
			d := message("x")
			d.Research = c.in
			ruling, err := r.judge("P1", d)
			if err != nil {
				t.Fatal(err)
			}
			got := ruling.Research
			if !slices.Equal(got.History, c.out.History) || got.Cut != c.out.Cut || got.TimeToComplete != c.out.TimeToComplete {
				t.Errorf("keeps %q %v %q", got.History, got.Cut, got.TimeToComplete)
			}
		})
	}
}

func TestNothingIsKeptOfSomebodyWhoDoesNotWantTheirKeysKept(t *testing.T) {
	r := newRoom(t)
	r.change("P1", func(s *chat.Standing) { s.Keystrokes = false })
	d := message("x")
	d.Research = chat.Research{History: []string{"x"}, Cut: true, TimeToComplete: "1ms"}
	ruling, err := r.judge("P1", d)
	if err != nil {
		t.Fatal(err)
	}
	if !ruling.Research.Empty() {
		t.Errorf("kept %q, %v, %q", ruling.Research.History, ruling.Research.Cut, ruling.Research.TimeToComplete)
	}
}
