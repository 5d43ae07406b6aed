package chat

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits bound what one action may hold.
type Limits struct {
	MaxBody    int // Unicode code points
	MaxHistory int // entries of a keystroke history
}

// Ruling is what a draft becomes.
type Ruling struct {
	Repeat   ActionID // not 0: it is in the log already, and nothing is to be stored
	Actions  []Action // else these, in order; the last one answers the draft
	Research Research // of the last one
}

// Judge says what d becomes in log, or why it may not (an [Error]). It has no
// side effects: the writer of the log runs it just before it stores the
// answer, and perhaps again. Whether by may save in s at all is asked before,
// by [May].
func Judge(s *TherapySession, log Log, by Standing, d Draft, now time.Time, lim Limits) (Ruling, error) {
	r, ok := rules[d.Type]
	if !ok {
		return Ruling{}, Errorf(InvalidAction, "type: unknown")
	}
	c := &judged{s: s, log: log, by: by, d: d, lim: lim}
	if err := c.shape(r); err != nil {
		return Ruling{}, err
	}
	content := log.content(&c.d)
	if first, err := c.sent(content); first != 0 || err != nil {
		return Ruling{Repeat: first}, err
	}
	first, err := c.asked(r)
	switch {
	case first != 0:
		return Ruling{Repeat: first}, nil
	case log.Status() == Ended && by.Role != System: // a repeat finds its first one even then
		return Ruling{}, errSessionEnded()
	case err != nil:
		return Ruling{}, err
	}
	return c.ruling(r, content, now), nil
}

// rules has one row for each type: who may ask for it, which fields it has,
// who sees it, and what else must hold.
var rules = map[Type]rule{
	Message:           {who: anyone, fields: hasBody | hasRecipients | mayReply | hasResearch, audience: named, check: mayWrite},
	Delete:            {who: anyone, fields: hasTarget, audience: ofTarget, check: mayDelete},
	Reaction:          {who: anyone, fields: hasTarget | hasIcon, audience: ofTarget, check: mayReact},
	MessageRead:       {who: anyone, fields: hasTarget, audience: ofTarget, check: mayMarkRead},
	Notice:            {who: therapists, fields: hasBody | hasRecipients, audience: named, check: always},
	Whiteboard:        {who: therapists, fields: hasBody | mayBeBlank, audience: named, check: changesBoard},
	EndChatSession:    {who: therapists, audience: named, check: endsOnce},
	UpdateAssessments: {who: server, fields: hasRecipients, audience: named, check: always},
	UpdateChatDetails: {who: server, audience: named, check: always},
}

type rule struct {
	who      func(Role) bool
	fields   fields
	audience func(*judged) (to []PID, root ActionID)
	check    func(*judged) (repeat ActionID, err error)
}

type fields uint8

const (
	hasBody fields = 1 << iota
	mayBeBlank
	hasRecipients
	hasTarget
	mayReply // a target that may be absent
	hasIcon
	hasResearch
)

func anyone(r Role) bool     { return r != Nobody }
func therapists(r Role) bool { return r == Therapist || r == System }
func server(r Role) bool     { return r == System }

// judged is one draft before its judge. d is reduced to the fields its type
// has.
type judged struct {
	s      *TherapySession
	log    Log
	by     Standing
	d      Draft
	lim    Limits
	target Entry // of d.Target, once visible was asked
}

const maxClientChars = 64 // of client_id and client_ts

// shape checks each field by itself and drops those that the type hasn't. It
// asks nothing that may change between a request and its repeat.
func (c *judged) shape(r rule) error {
	d := &c.d
	if d.User != "" && d.User != c.by.ID {
		return Errorf(WrongUser, "user: not the person who is logged in")
	}
	for _, f := range []struct{ name, value string }{{"client_id", d.ClientID}, {"client_ts", d.ClientTS}} {
		if !utf8.ValidString(f.value) {
			return Errorf(InvalidAction, "%s: not valid Unicode", f.name)
		}
		if utf8.RuneCountInString(f.value) > maxClientChars {
			return Errorf(InvalidAction, "%s: longer than %d characters", f.name, maxClientChars)
		}
	}
	kept := Draft{Type: d.Type, ClientID: d.ClientID, ClientTS: d.ClientTS, Epoch: d.Epoch}
	if r.fields&hasBody != 0 {
		if !utf8.ValidString(string(d.Body)) {
			return Errorf(InvalidAction, "body: not valid Unicode")
		}
		if r.fields&mayBeBlank == 0 && strings.TrimSpace(string(d.Body)) == "" {
			return Errorf(InvalidAction, "body: blank")
		}
		kept.Body = d.Body
	}
	if r.fields&hasRecipients != 0 {
		have := make(map[PID]bool, len(d.Recipients))
		for _, p := range d.Recipients {
			if !have[p] {
				have[p] = true
				kept.Recipients = append(kept.Recipients, p)
			}
		}
	}
	if r.fields&(hasTarget|mayReply) != 0 {
		if d.Target == 0 && r.fields&mayReply == 0 {
			return Errorf(InvalidAction, "target: missing")
		}
		kept.Target = d.Target
	}
	if r.fields&hasIcon != 0 {
		if d.Icon < Heart || d.Icon > Angry {
			return Errorf(InvalidAction, "icon: missing or unknown")
		}
		kept.Icon = d.Icon
	}
	if r.fields&hasResearch != 0 && c.by.Keystrokes {
		kept.Research = d.Research.tidy(c.lim.MaxHistory)
	}
	c.d = kept
	return nil
}

// sent finds the action that the client already sent, by its own name for it.
func (c *judged) sent(content Hash) (ActionID, error) {
	k, ok := clientKey(c.log, c.by.ID, c.d.ClientID, c.d.ClientTS, content)
	if !ok || c.by.Role == System {
		return 0, nil
	}
	first := c.log.first(k)
	if first.id != 0 && first.sum != sum(content) {
		return 0, Errorf(ClientIDReused, "client_id: already used for another action")
	}
	return first.id, nil
}

// asked is what the roster, the limits and the type's row say of a draft that
// the client sends for the first time.
func (c *judged) asked(r rule) (ActionID, error) {
	if c.by.Role != System && utf8.RuneCountInString(string(c.d.Body)) > c.lim.MaxBody {
		return 0, Errorf(TooLarge, "body: longer than %d characters", c.lim.MaxBody)
	}
	for _, p := range c.d.Recipients {
		if c.s.RoleOf(p) == Nobody {
			return 0, Errorf(InvalidAction, "recipients: somebody who is not of this therapy session")
		}
	}
	if !r.who(c.by.Role) {
		return 0, Errorf(NotAllowed, "type: %s is not for you to send", c.d.Type)
	}
	return r.check(c)
}

// ruling makes the actions of a draft that passed.
func (c *judged) ruling(r rule, content Hash, now time.Time) Ruling {
	at := millis(now)
	if last := c.log.LastAt(); at.Before(last) {
		at = last // a clock that was set back
	}
	id := c.log.Head() + 1
	var actions []Action
	if c.d.Type == EndChatSession {
		said := c.by.Name + " has ended the session"
		if c.by.Role == System {
			said = "The session has ended"
		}
		n := Action{ID: id, Type: Notice, Sender: systemSender, At: at, Body: said, Root: id}
		n.Content = c.log.content(&Draft{Type: Notice, Body: n.Body})
		actions = append(actions, n)
		id++
	}
	a := Action{
		ID: id, Type: c.d.Type, By: c.by.ID, At: at, Body: c.d.Body, Target: c.d.Target, Icon: c.d.Icon,
		ClientID: c.d.ClientID, ClientTS: c.d.ClientTS, Content: content,
	}
	if a.To, a.Root = r.audience(c); a.Root == 0 {
		a.Root = id
	}
	if a.Type == Notice {
		a.Sender = c.by.Name
		if c.by.Role == System {
			a.Sender = systemSender
		}
	}
	return Ruling{Actions: append(actions, a), Research: c.d.Research}
}

const systemSender Text = "system"

func named(c *judged) ([]PID, ActionID) { return c.d.Recipients, 0 }

// ofTarget is everybody who may see the target, told from the actor's side:
// beside them, its author and its recipients.
func ofTarget(c *judged) ([]PID, ActionID) {
	if c.target.To == nil {
		return nil, c.target.Root
	}
	var to []PID
	for _, p := range append([]PID{c.target.By}, c.target.To...) {
		if p != c.by.ID && p != "" && !slices.Contains(to, p) {
			to = append(to, p)
		}
	}
	if to == nil { // a message to oneself: nil would be everyone
		to = []PID{c.by.ID}
	}
	return to, c.target.Root
}

func always(*judged) (ActionID, error) { return 0, nil }

func mayWrite(c *judged) (ActionID, error) {
	private := len(c.d.Recipients) > 0
	if c.by.Role == Participant {
		toTherapists := private
		for _, p := range c.d.Recipients {
			toTherapists = toTherapists && c.s.RoleOf(p) == Therapist
		}
		switch {
		case c.by.Muted && !toTherapists:
			return 0, Errorf(Muted, "you are muted; you may still write to the therapist alone")
		case private && c.s.PrivateMessages == PrivateOff:
			return 0, Errorf(NotAllowed, "recipients: private messages are off in this therapy session")
		case private && c.s.PrivateMessages == PrivateToTherapists && !toTherapists:
			return 0, Errorf(NotAllowed, "recipients: private messages go to therapists only in this therapy session")
		}
	}
	if c.d.Target != 0 {
		return 0, c.needs(Message)
	}
	return 0, nil
}

func mayDelete(c *judged) (ActionID, error) {
	if err := c.visible(); err != nil {
		return 0, err
	}
	switch own := c.target.By == c.by.ID; {
	case c.target.Type == Message, c.target.Type == Reaction:
		if !own && c.by.Role == Participant {
			return 0, Errorf(NotAllowed, "target: not your own")
		}
	case c.target.Type == Notice && c.by.Role != Participant:
	default:
		return 0, errNoSuchTarget()
	}
	return c.target.Deleted, nil
}

func mayReact(c *judged) (ActionID, error) {
	if first := c.own(reactionKey(c.log, c.by.ID, c.d.Target, c.d.Icon)); first != 0 {
		return first, nil
	}
	return 0, c.needs(Message)
}

func mayMarkRead(c *judged) (ActionID, error) {
	if first := c.own(readKey(c.log, c.by.ID, c.d.Target)); first != 0 {
		return first, nil
	}
	return 0, c.needs(Message)
}

func endsOnce(c *judged) (ActionID, error) {
	if c.log.Status() == Ended {
		return 0, errSessionEnded()
	}
	return 0, nil
}

func changesBoard(c *judged) (ActionID, error) {
	if text, id := c.log.Board(); id != 0 && text == c.d.Body {
		return id, nil
	}
	return 0, nil
}

// own finds the caller's reaction or read that stands under k. They made it,
// so they saw its target; that it may be out of their sight by now (the log
// was closed, the target deleted) doesn't matter.
func (c *judged) own(k key) ActionID {
	if c.foreign() {
		return 0
	}
	return c.log.first(k).id
}

// foreign reports whether the target is of another log than this one.
func (c *judged) foreign() bool { return c.d.Epoch != "" && c.d.Epoch != c.log.Epoch() }

// visible looks the target up. One that the caller may not see, or of another
// epoch, is as if it were not there.
func (c *judged) visible() error {
	e, ok := c.log.Entry(c.d.Target)
	if !ok || c.foreign() || !Sees(c.s, c.log.Status(), c.by, e) {
		return errNoSuchTarget()
	}
	c.target = e
	return nil
}

// needs is visible, and an undeleted action of type t.
func (c *judged) needs(t Type) error {
	if err := c.visible(); err != nil {
		return err
	}
	if c.target.Type != t || c.target.Deleted != 0 {
		return errNoSuchTarget()
	}
	return nil
}

func errNoSuchTarget() *Error {
	return Errorf(NoSuchTarget, "target: there is no such action that this could be about")
}

func errSessionEnded() *Error {
	return Errorf(SessionEnded, "this therapy session has ended")
}
