package chat_test

import (
	"errors"
	"slices"
	"strings"
	"time"

	"hearth/hub/chat"

	"pgregory.net/rapid"
)

// evening is the therapy session of most tests: two therapists, three
// participants, every setting at its default.
func evening() *chat.TherapySession {
	return &chat.TherapySession{
		ID: "TS1", Name: "Evening group",
		Therapists:   []chat.PID{"T1", "T2"},
		Participants: []chat.PID{"P1", "P2", "P3"},
	}
}

var names = map[chat.PID]chat.Text{
	"T1": "Dr. Howell", "T2": "Dr. Grumby", "P1": "Gilligan", "P2": "Ginger", "P3": "Mary Ann",
}

var (
	secret  = [32]byte{7}
	evenTwo = time.Date(2026, 12, 2, 2, 0, 0, 123456789, time.UTC)
	limits  = chat.Limits{MaxBody: 20, MaxHistory: 5}
)

const (
	thisEpoch  chat.Epoch = "this"
	otherEpoch chat.Epoch = "other"
)

// room is a therapy session under way: what the writer and the readers of a
// log would do, without disk and sockets. Whatever it is asked is asked of two
// logs with the same actions, one folded and one all ahead of the disk.
type room struct {
	t       rapid.TB
	s       *chat.TherapySession
	log     *chat.Folded
	ahead   *chat.Ahead
	actions []chat.Action
	now     time.Time
	lim     chat.Limits
	people  map[chat.PID]chat.Standing
}

// newRoom has everybody of evening in it; with changes its settings.
func newRoom(t rapid.TB, with ...func(*chat.TherapySession)) *room {
	t.Helper()
	s := evening()
	for _, w := range with {
		w(s)
	}
	r := &room{
		t: t, s: s, log: newLog(true), ahead: chat.NewAhead(newLog(true)), now: evenTwo, lim: limits,
		people: map[chat.PID]chat.Standing{"": chat.ServerStanding()},
	}
	for _, p := range slices.Concat(s.Therapists, s.Participants) {
		r.people[p] = inside(s, p)
	}
	return r
}

func newLog(opened bool) *chat.Folded { return chat.NewFolded(thisEpoch, secret, opened) }

// inside is somebody who was in the session from the start.
func inside(s *chat.TherapySession, p chat.PID) chat.Standing {
	return chat.Standing{
		ID: p, Name: names[p], Role: s.RoleOf(p), Keystrokes: true, Ready: true,
		Mark: chat.Mark{In: true, Ever: true},
	}
}

// change changes somebody's standing.
func (r *room) change(p chat.PID, how func(*chat.Standing)) {
	st := r.people[p]
	how(&st)
	r.people[p] = st
}

func (r *room) mute(p chat.PID) { r.change(p, func(s *chat.Standing) { s.Muted = true }) }

func (r *room) judge(by chat.PID, d chat.Draft) (chat.Ruling, error) {
	r.t.Helper()
	st, ok := r.people[by]
	if !ok {
		r.t.Fatalf("the fixture has no %q", by)
	}
	ruling, err := chat.Judge(r.s, r.log, st, d, r.now, r.lim)
	ahead, aheadErr := chat.Judge(r.s, r.ahead, st, d, r.now, r.lim)
	if !equal(ahead, ruling) || !equal(aheadErr, err) {
		r.t.Fatalf("%s by %q: %+v, %v ahead; %+v, %v folded", d.Type, by, ahead, aheadErr, ruling, err)
	}
	return ruling, err
}

// stored asks for d, wants it stored as new, stores it, and returns what
// answers it.
func (r *room) stored(by chat.PID, d chat.Draft) chat.Action {
	r.t.Helper()
	ruling, err := r.judge(by, d)
	if err != nil {
		r.t.Fatalf("%s by %q: %v", d.Type, by, err)
	}
	if ruling.Repeat != 0 {
		r.t.Fatalf("%s by %q is taken as a repeat of %d", d.Type, by, ruling.Repeat)
	}
	r.apply(ruling)
	return ruling.Actions[len(ruling.Actions)-1]
}

// say is stored, for its id.
func (r *room) say(by chat.PID, d chat.Draft) chat.ActionID {
	r.t.Helper()
	return r.stored(by, d).ID
}

func (r *room) apply(ruling chat.Ruling) {
	r.t.Helper()
	if len(ruling.Actions) == 0 {
		r.t.Fatal("a ruling without a repeat stores nothing")
	}
	for i := range ruling.Actions {
		r.log.Apply(&ruling.Actions[i])
		r.ahead.Apply(ruling.Actions[i])
		r.actions = append(r.actions, ruling.Actions[i])
	}
}

// repeats asks for d and wants it answered with first, and nothing stored.
func (r *room) repeats(by chat.PID, d chat.Draft, first chat.ActionID) {
	r.t.Helper()
	ruling, err := r.judge(by, d)
	if err != nil {
		r.t.Fatalf("%s by %q: %v; want a repeat of %d", d.Type, by, err, first)
	}
	if ruling.Repeat != first || len(ruling.Actions) != 0 {
		r.t.Fatalf("%s by %q: repeat of %d and %d new actions; want a repeat of %d",
			d.Type, by, ruling.Repeat, len(ruling.Actions), first)
	}
}

// refuses asks for d and wants code, and a message with the word in it.
func (r *room) refuses(by chat.PID, d chat.Draft, code chat.Code, word string) {
	r.t.Helper()
	ruling, err := r.judge(by, d)
	if err == nil {
		r.t.Fatalf("%s by %q passes; want %s", d.Type, by, code)
	}
	wantCode(r.t, err, code)
	if !strings.Contains(err.Error(), word) {
		r.t.Errorf("%s by %q: %q does not say %q", d.Type, by, err, word)
	}
	if ruling.Repeat != 0 || ruling.Actions != nil {
		r.t.Errorf("%s by %q is refused and ruled on: %v", d.Type, by, ruling)
	}
}

// view is what p sees of the log.
func (r *room) view(p chat.PID) []chat.Seen {
	r.t.Helper()
	st, ok := r.people[p]
	if !ok {
		r.t.Fatalf("the fixture has no %q", p)
	}
	var all []chat.Seen
	for _, a := range r.actions {
		if seen, ok := chat.View(r.s, r.log, st, a); ok {
			all = append(all, seen)
		}
	}
	return all
}

// ids is what p sees of the log, by its ids.
func (r *room) ids(p chat.PID) []chat.ActionID {
	r.t.Helper()
	ids := []chat.ActionID{}
	for _, seen := range r.view(p) {
		ids = append(ids, seen.ID)
	}
	return ids
}

// one is what p sees of the action id.
func (r *room) one(p chat.PID, id chat.ActionID) chat.Seen {
	r.t.Helper()
	for _, seen := range r.view(p) {
		if seen.ID == id {
			return seen
		}
	}
	r.t.Fatalf("%q does not see %d", p, id)
	return chat.Seen{}
}

// wantIDs wants p to see these actions and no others.
func (r *room) wantIDs(p chat.PID, want ...chat.ActionID) {
	r.t.Helper()
	if got := r.ids(p); !slices.Equal(got, want) {
		r.t.Errorf("%q sees %v, want %v", p, got, want)
	}
}

// codeOf is the code of a refusal, "" for nil.
func codeOf(t rapid.TB, err error) chat.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *chat.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is not a *chat.Error: %v", err, err)
	}
	return e.Code
}

func wantCode(t rapid.TB, err error, want chat.Code) {
	t.Helper()
	if got := codeOf(t, err); got != want {
		t.Errorf("code %q (%v), want %q", got, err, want)
	}
}

// The drafts of every type.

func message(body chat.Text, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Message, Body: body, Recipients: to}
}

func reply(target chat.ActionID, body chat.Text, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Message, Body: body, Recipients: to, Target: target}
}

func remove(target chat.ActionID) chat.Draft { return chat.Draft{Type: chat.Delete, Target: target} }

func react(target chat.ActionID, icon chat.Icon) chat.Draft {
	return chat.Draft{Type: chat.Reaction, Target: target, Icon: icon}
}

func read(target chat.ActionID) chat.Draft {
	return chat.Draft{Type: chat.MessageRead, Target: target}
}

func notice(body chat.Text, to ...chat.PID) chat.Draft {
	return chat.Draft{Type: chat.Notice, Body: body, Recipients: to}
}

func board(text chat.Text) chat.Draft { return chat.Draft{Type: chat.Whiteboard, Body: text} }

func end() chat.Draft { return chat.Draft{Type: chat.EndChatSession} }

// named gives a draft a client_id.
func named(d chat.Draft, clientID string) chat.Draft {
	d.ClientID = clientID
	return d
}

// timed gives a draft a client_ts.
func timed(d chat.Draft, clientTS string) chat.Draft {
	d.ClientTS = clientTS
	return d
}

// in gives a draft the epoch that its target is of.
func in(e chat.Epoch, d chat.Draft) chat.Draft {
	d.Epoch = e
	return d
}

// The settings of a therapy session.

func privateMessages(p chat.PrivateMessages) func(*chat.TherapySession) {
	return func(s *chat.TherapySession) { s.PrivateMessages = p }
}

func sinceAdmitted(s *chat.TherapySession) { s.History = chat.HistorySinceAdmitted }

func closedAfterEnd(s *chat.TherapySession) { s.AfterEnd = chat.AfterEndClosed }
