package chat_test

import (
	"slices"
	"strings"
	"testing"

	"hearth/hub/chat"
)

// valid has a draft of each type that a room with message 1 in it takes, and
// somebody who may send it.
func valid() map[chat.Type]struct {
	by chat.PID
	d  chat.Draft
} {
	type row = struct {
		by chat.PID
		d  chat.Draft
	}
	return map[chat.Type]row{
		chat.Message:           {"P1", message("hello")},
		chat.Delete:            {"P1", remove(1)},
		chat.Reaction:          {"P1", react(1, chat.Heart)},
		chat.MessageRead:       {"P1", read(1)},
		chat.Notice:            {"T1", notice("five minutes left")},
		chat.Whiteboard:        {"T1", board("breathe")},
		chat.EndChatSession:    {"T1", end()},
		chat.UpdateAssessments: {"", chat.Draft{Type: chat.UpdateAssessments}},
		chat.UpdateChatDetails: {"", chat.Draft{Type: chat.UpdateChatDetails}},
	}
}

func TestEveryTypeHasAValidDraft(t *testing.T) {
	rows := valid()
	for _, typ := range chat.Types() {
		row, ok := rows[typ]
		if !ok {
			t.Errorf("%s: no draft to test with", typ)
			continue
		}
		r := newRoom(t)
		r.say("P1", message("first"))
		a := r.stored(row.by, row.d)
		if a.Type != typ || a.By != row.by || a.ID != r.log.Head() {
			t.Errorf("%s: stored as %s %d by %q", typ, a.Type, a.ID, a.By)
		}
	}
}

func TestUnknownTypeIsInvalid(t *testing.T) {
	r := newRoom(t)
	for _, typ := range []chat.Type{0, 10, 255} {
		r.refuses("P1", chat.Draft{Type: typ, Body: "x"}, chat.InvalidAction, "type")
		r.refuses("", chat.Draft{Type: typ, Body: "x"}, chat.InvalidAction, "type")
	}
}

func TestFieldsAreCheckedByThemselves(t *testing.T) {
	at := func(d chat.Draft, change func(*chat.Draft)) chat.Draft {
		change(&d)
		return d
	}
	for _, c := range []struct {
		name string
		by   chat.PID
		d    chat.Draft
		code chat.Code // "": it passes
		word string
	}{
		{"empty body", "P1", message(""), chat.InvalidAction, "body"},
		{"blank body", "P1", message(" \t\n\u00a0\u2003"), chat.InvalidAction, "body"},
		{"body that is not Unicode", "P1", message("a\xffb"), chat.InvalidAction, "body"},
		{"body at the limit, in code points", "P1", message(chat.Text(strings.Repeat("é", 20))), "", ""},
		{"body over the limit", "P1", message(chat.Text(strings.Repeat("é", 21))), chat.TooLarge, "body"},
		{"blank notice", "T1", notice("  "), chat.InvalidAction, "body"},
		{"notice over the limit", "T1", notice(chat.Text(strings.Repeat("x", 21))), chat.TooLarge, "body"},
		{"blank whiteboard", "T1", board(""), "", ""},
		{"whiteboard over the limit", "T1", board(chat.Text(strings.Repeat("x", 21))), chat.TooLarge, "body"},
		{"whiteboard that is not Unicode", "T1", board("\xff"), chat.InvalidAction, "body"},
		{"body where the type has none", "P1", at(react(1, chat.Sad), func(d *chat.Draft) { d.Body = "\xff" }), "", ""},
		{"recipient outside the session", "P1", message("x", "T1", "X9"), chat.InvalidAction, "recipients"},
		{"empty recipient", "P1", message("x", ""), chat.InvalidAction, "recipients"},
		{"notice to somebody outside", "T1", notice("x", "X9"), chat.InvalidAction, "recipients"},
		{"recipients where the type has none", "P1", at(read(1), func(d *chat.Draft) { d.Recipients = []chat.PID{"X9"} }), "", ""},
		{"delete of nothing", "P1", remove(0), chat.InvalidAction, "target"},
		{"reaction to nothing", "P1", react(0, chat.Heart), chat.InvalidAction, "target"},
		{"read of nothing", "P1", read(0), chat.InvalidAction, "target"},
		{"message that replies to nothing", "P1", reply(0, "x"), "", ""},
		{"target where the type has none", "T1", at(notice("x"), func(d *chat.Draft) { d.Target = 999 }), "", ""},
		{"reaction without an icon", "P1", react(1, 0), chat.InvalidAction, "icon"},
		{"reaction with an unknown icon", "P1", react(1, chat.Angry+1), chat.InvalidAction, "icon"},
		{"icon where the type has none", "P1", at(message("x"), func(d *chat.Draft) { d.Icon = 99 }), "", ""},
		{"client_id of 64 characters", "P1", named(message("x"), strings.Repeat("é", 64)), "", ""},
		{"client_id of 65 characters", "P1", named(message("x"), strings.Repeat("é", 65)), chat.InvalidAction, "client_id"},
		{"client_id that is not Unicode", "P1", named(message("x"), "\xff"), chat.InvalidAction, "client_id"},
		{"client_ts of 64 characters", "P1", timed(message("x"), strings.Repeat("1", 64)), "", ""},
		{"client_ts of 65 characters", "P1", timed(message("x"), strings.Repeat("1", 65)), chat.InvalidAction, "client_ts"},
		{"client_ts that is not Unicode", "P1", timed(message("x"), "\xff"), chat.InvalidAction, "client_ts"},
		{"own name as user", "P1", at(message("x"), func(d *chat.Draft) { d.User = "P1" }), "", ""},
		{"another's name as user", "P1", at(message("x"), func(d *chat.Draft) { d.User = "P2" }), chat.WrongUser, "user"},
		{"a therapist under another's name", "T1", at(message("x"), func(d *chat.Draft) { d.User = "P1" }), chat.WrongUser, "user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t)
			r.say("P2", message("first"))
			if c.code == "" {
				r.say(c.by, c.d)
				return
			}
			r.refuses(c.by, c.d, c.code, c.word)
		})
	}
}

func TestFieldsThatTheTypeHasNotAreDropped(t *testing.T) {
	full := chat.Draft{
		Body: "words", Recipients: []chat.PID{"P2"}, Target: 1, Icon: chat.Smile,
		Research: chat.Research{History: []string{"w"}, TimeToComplete: "5ms"},
	}
	for typ, row := range valid() {
		t.Run(typ.String(), func(t *testing.T) {
			r := newRoom(t, privateMessages(chat.PrivateToAnyone))
			r.say("P1", message("first"))
			d := full
			d.Type = typ
			ruling, err := r.judge(row.by, d)
			if err != nil {
				t.Fatal(err)
			}
			a := ruling.Actions[len(ruling.Actions)-1]
			has := func(what string, got, want bool) {
				if got != want {
					t.Errorf("keeps its %s: %v, want %v", what, got, want)
				}
			}
			is := func(types ...chat.Type) bool { return slices.Contains(types, typ) }
			has("body", a.Body != "", is(chat.Message, chat.Notice, chat.Whiteboard))
			has("recipients", a.To != nil, is(chat.Message, chat.Notice, chat.UpdateAssessments))
			has("target", a.Target != 0, is(chat.Message, chat.Delete, chat.Reaction, chat.MessageRead))
			has("icon", a.Icon != 0, is(chat.Reaction))
			has("research", !ruling.Research.Empty(), is(chat.Message))
		})
	}
}

func TestBodyIsStoredExactlyAsTyped(t *testing.T) {
	r := newRoom(t)
	const body = " <b>é\r\n\x00&amp; "
	if a := r.stored("P1", message(body)); a.Body != body {
		t.Errorf("stored %q", string(a.Body))
	}
}

func TestRecipientNamedTwiceCountsOnce(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	a := r.stored("P1", message("x", "P2", "T1", "P2", "T1"))
	if !slices.Equal(a.To, []chat.PID{"P2", "T1"}) {
		t.Errorf("to %v", a.To)
	}
}

func TestManyRecipientsAreRefusedQuickly(t *testing.T) {
	r := newRoom(t)
	to := make([]chat.PID, 200_000) // all in one request; comparing each with each would take minutes
	for i := range to {
		to[i] = chat.PID(strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune(0x4e00+i%20000)) + string(rune(0x4e00+i/20000)))
	}
	r.refuses("P1", message("x", to...), chat.InvalidAction, "recipients")
}

func TestJudgingChangesNeitherTheDraftNorTheLog(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateToAnyone))
	d := named(message("x", "P2", "P2", "T1"), "a")
	d.Research.History = []string{"1", "2", "3", "4", "5", "6", "7"}
	for range 2 {
		ruling, err := r.judge("P1", d)
		if err != nil || ruling.Repeat != 0 || ruling.Actions[0].ID != 1 {
			t.Fatalf("%v, %v", ruling, err)
		}
	}
	if !slices.Equal(d.Recipients, []chat.PID{"P2", "P2", "T1"}) || len(d.Research.History) != 7 {
		t.Error("the draft was changed")
	}
	if r.log.Head() != 0 {
		t.Error("the log was changed")
	}
}
