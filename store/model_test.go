package store_test

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hearth/hub/chat"
)

// The model is what a log should be, written down as plainly as can be: a list
// of what was said, everything asked anew by walking over all of it. It shares
// no code with the rules but their words.

const (
	modelMaxBody    = 40
	modelMaxHistory = 5
)

// said is one entry of the model's log.
type said struct {
	by       chat.PID // empty: the server
	d        chat.Draft
	at       time.Time
	sender   string
	research chat.Research
}

// person is what the model knows of somebody in one therapy session.
type person struct {
	in, ever, muted bool
	verdict         string // "", admitted, revoked, removed
	since           chat.ActionID
	done            map[string]bool // assessments
}

// modelLog is one therapy session.
type modelLog struct {
	roster *chat.Roster
	ts     chat.TSID
	people map[chat.PID]*person
	log    []said // id i at i-1
}

func newModelLog(r *chat.Roster, ts chat.TSID) *modelLog {
	return &modelLog{roster: r, ts: ts, people: map[chat.PID]*person{}}
}

func (m *modelLog) session() *chat.TherapySession { return m.roster.Sessions[m.ts] }
func (m *modelLog) head() chat.ActionID           { return chat.ActionID(len(m.log)) }
func (m *modelLog) entry(id chat.ActionID) *said  { return &m.log[id-1] }

func (m *modelLog) has(id chat.ActionID) bool { return id >= 1 && id <= m.head() }

func (m *modelLog) person(p chat.PID) *person {
	if m.people[p] == nil {
		m.people[p] = &person{done: map[string]bool{}}
	}
	return m.people[p]
}

func (m *modelLog) role(p chat.PID) chat.Role {
	u, s := m.roster.People[p], m.session()
	switch {
	case u == nil || u.Withdrawn || s == nil:
		return chat.Nobody
	case slices.Contains(s.Therapists, p):
		return chat.Therapist
	case slices.Contains(s.Participants, p):
		return chat.Participant
	}
	return chat.Nobody
}

func (m *modelLog) listed(p chat.PID) bool {
	return slices.Contains(m.session().Therapists, p) || slices.Contains(m.session().Participants, p)
}

func (m *modelLog) ended() bool {
	return slices.ContainsFunc(m.log, func(e said) bool { return e.d.Type == chat.EndChatSession })
}

func (m *modelLog) status() chat.Status {
	if m.ended() {
		return chat.Ended
	}
	for _, p := range m.people {
		if p.ever {
			return chat.Open
		}
	}
	return chat.Scheduled
}

func (m *modelLog) ready(p chat.PID) bool {
	for _, a := range m.session().Assessments {
		if a.Required && a.Phase == chat.Pre && !m.person(p).done[a.Name] {
			return false
		}
	}
	return true
}

// would says whether a participant would be let in, now.
func (m *modelLog) would(p chat.PID) bool {
	v := m.person(p).verdict
	return m.ready(p) && (v == "admitted" || v == "" && !m.session().WaitingRoom)
}

// mayRead is "" or the code of the refusal.
func (m *modelLog) mayRead(p chat.PID) chat.Code {
	switch r := m.role(p); {
	case r == chat.Nobody, r == chat.Participant && m.person(p).verdict == "removed":
		return chat.NotAllowed
	case r == chat.Therapist, m.person(p).in, m.ended() && m.would(p):
		return ""
	}
	return chat.NotAdmitted
}

func (m *modelLog) maySave(p chat.PID) chat.Code {
	switch r := m.role(p); {
	case r == chat.Nobody, r == chat.Participant && m.person(p).verdict == "removed":
		return chat.NotAllowed
	case m.person(p).in, m.ended() && (r == chat.Therapist || m.would(p)):
		return ""
	}
	return chat.NotAdmitted
}

func aboutTarget(t chat.Type) bool {
	return t == chat.Delete || t == chat.Reaction || t == chat.MessageRead
}

// audience is whom an entry goes to beside the therapists; everyone: to the
// whole session. What is about another entry goes to that one's audience.
func (m *modelLog) audience(id chat.ActionID) (everyone bool, who []chat.PID) {
	e := m.entry(id)
	if aboutTarget(e.d.Type) {
		everyone, who = m.audience(e.d.Target)
		return everyone, append(who, e.by)
	}
	if len(e.d.Recipients) == 0 {
		return true, nil
	}
	return false, append([]chat.PID{e.by}, e.d.Recipients...)
}

// place is where in the log the matter began.
func (m *modelLog) place(id chat.ActionID) chat.ActionID {
	if e := m.entry(id); aboutTarget(e.d.Type) {
		return m.place(e.d.Target)
	}
	return id
}

// sees says whether p sees entry id, be it as a tombstone.
func (m *modelLog) sees(p chat.PID, id chat.ActionID) bool {
	if m.mayRead(p) != "" {
		return false
	}
	everyone, who := m.audience(id)
	switch s := m.session(); {
	case m.role(p) == chat.Therapist, m.entry(id).d.Type == chat.EndChatSession:
		return true
	case m.ended() && s.AfterEnd == chat.AfterEndClosed:
		return false
	case !everyone:
		return slices.Contains(who, p)
	case s.History == chat.HistorySinceAdmitted:
		return m.person(p).ever && m.place(id) > m.person(p).since
	}
	return true
}

// deleted is the delete of id, or 0.
func (m *modelLog) deleted(id chat.ActionID) chat.ActionID {
	for i, e := range m.log {
		if e.d.Type == chat.Delete && e.d.Target == id {
			return chat.ActionID(i + 1)
		}
	}
	return 0
}

func (m *modelLog) board() (string, chat.ActionID) {
	for id := m.head(); id > 0; id-- {
		if e := m.entry(id); e.d.Type == chat.Whiteboard {
			return string(e.d.Body), id
		}
	}
	return "", 0
}

func (m *modelLog) unread(p chat.PID) (n int) {
	if m.mayRead(p) != "" {
		return 0
	}
	mark := chat.ActionID(0)
	for i, e := range m.log {
		switch {
		case e.by == p && e.d.Type == chat.Message:
			mark = max(mark, chat.ActionID(i+1))
		case e.by == p && e.d.Type == chat.MessageRead:
			mark = max(mark, e.d.Target)
		}
	}
	for id := mark + 1; id <= m.head(); id++ {
		if e := m.entry(id); e.d.Type == chat.Message && e.by != p && m.deleted(id) == 0 && m.sees(p, id) {
			n++
		}
	}
	return n
}

// reduce leaves of a draft what its type has.
func reduce(d chat.Draft) chat.Draft {
	kept := chat.Draft{Type: d.Type, ClientID: d.ClientID, ClientTS: d.ClientTS, Epoch: d.Epoch}
	switch d.Type {
	case chat.Message:
		kept.Body, kept.Recipients, kept.Target = d.Body, d.Recipients, d.Target
	case chat.Notice:
		kept.Body, kept.Recipients = d.Body, d.Recipients
	case chat.Whiteboard:
		kept.Body = d.Body
	case chat.UpdateAssessments:
		kept.Recipients = d.Recipients
	case chat.Reaction:
		kept.Target, kept.Icon = d.Target, d.Icon
	case chat.Delete, chat.MessageRead:
		kept.Target = d.Target
	}
	var once []chat.PID
	for _, p := range kept.Recipients {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	kept.Recipients = once
	return kept
}

func sameContent(a, b chat.Draft) bool {
	to := func(d chat.Draft) []chat.PID { return slices.Sorted(slices.Values(d.Recipients)) }
	return a.Type == b.Type && a.Target == b.Target && a.Icon == b.Icon && a.Body == b.Body && slices.Equal(to(a), to(b))
}

// judge says what a draft by p should become: a repeat of an entry, a refusal,
// or (0 and "") something new.
func (m *modelLog) judge(p chat.PID, asked chat.Draft) (repeat chat.ActionID, code chat.Code) {
	d := reduce(asked)
	hasBody := d.Type == chat.Message || d.Type == chat.Notice || d.Type == chat.Whiteboard
	switch {
	case !slices.Contains(chat.Types(), d.Type):
		return 0, chat.InvalidAction
	case asked.User != "" && asked.User != p:
		return 0, chat.WrongUser
	case hasBody && !utf8.ValidString(string(d.Body)),
		hasBody && d.Type != chat.Whiteboard && strings.TrimSpace(string(d.Body)) == "",
		aboutTarget(d.Type) && d.Target == 0,
		d.Type == chat.Reaction && (d.Icon < 1 || d.Icon > 4):
		return 0, chat.InvalidAction
	}
	for i, e := range m.log {
		switch {
		case e.by != p, d.ClientID != "" && e.d.ClientID != d.ClientID:
		case d.ClientID != "" && !sameContent(e.d, d):
			return 0, chat.ClientIDReused
		case d.ClientID != "", d.ClientTS != "" && e.d.ClientTS == d.ClientTS && sameContent(e.d, d):
			return chat.ActionID(i + 1), ""
		}
	}
	repeat, code = m.firstTime(p, d)
	if repeat == 0 && m.ended() {
		return 0, chat.SessionEnded
	}
	return repeat, code
}

// firstTime is judge, of what the client sends for the first time.
func (m *modelLog) firstTime(p chat.PID, d chat.Draft) (repeat chat.ActionID, code chat.Code) {
	therapist := m.role(p) == chat.Therapist
	foreign := d.Epoch != "" && d.Epoch != "present"
	target := func(t chat.Type) bool { // a visible, undeleted one of type t
		return !foreign && m.has(d.Target) && m.sees(p, d.Target) && m.entry(d.Target).d.Type == t && m.deleted(d.Target) == 0
	}
	if utf8.RuneCountInString(string(d.Body)) > modelMaxBody {
		return 0, chat.TooLarge
	}
	for _, to := range d.Recipients {
		if !m.listed(to) {
			return 0, chat.InvalidAction
		}
	}
	switch d.Type {
	case chat.UpdateAssessments, chat.UpdateChatDetails:
		return 0, chat.NotAllowed
	case chat.Notice, chat.Whiteboard, chat.EndChatSession:
		if !therapist {
			return 0, chat.NotAllowed
		}
	}
	switch d.Type {
	case chat.Message:
		if code := m.mayWrite(p, d.Recipients); code != "" {
			return 0, code
		}
		if d.Target != 0 && !target(chat.Message) {
			return 0, chat.NoSuchTarget
		}
	case chat.Delete:
		if foreign || !m.has(d.Target) || !m.sees(p, d.Target) {
			return 0, chat.NoSuchTarget
		}
		switch t := m.entry(d.Target); {
		case t.d.Type == chat.Notice && therapist:
		case t.d.Type != chat.Message && t.d.Type != chat.Reaction:
			return 0, chat.NoSuchTarget
		case t.by != p && !therapist:
			return 0, chat.NotAllowed
		}
		return m.deleted(d.Target), ""
	case chat.Reaction, chat.MessageRead:
		for i, e := range m.log {
			id := chat.ActionID(i + 1)
			if !foreign && e.by == p && e.d.Type == d.Type && e.d.Target == d.Target && e.d.Icon == d.Icon && m.deleted(id) == 0 {
				return id, ""
			}
		}
		if !target(chat.Message) {
			return 0, chat.NoSuchTarget
		}
	case chat.Whiteboard:
		if text, id := m.board(); id != 0 && text == string(d.Body) {
			return id, ""
		}
	}
	return 0, ""
}

func (m *modelLog) mayWrite(p chat.PID, to []chat.PID) chat.Code {
	if m.role(p) == chat.Therapist {
		return ""
	}
	therapists := 0
	for _, r := range to {
		if slices.Contains(m.session().Therapists, r) {
			therapists++
		}
	}
	toTherapists := len(to) > 0 && therapists == len(to)
	switch private := m.session().PrivateMessages; {
	case m.person(p).muted && !toTherapists:
		return chat.Muted
	case len(to) > 0 && private == chat.PrivateOff,
		len(to) > 0 && private == chat.PrivateToTherapists && !toTherapists:
		return chat.NotAllowed
	}
	return ""
}

// add puts what a draft becomes in the log, and returns its id.
func (m *modelLog) add(by chat.PID, asked chat.Draft, now time.Time) chat.ActionID {
	at := now.UTC().Truncate(time.Millisecond)
	if n := len(m.log); n > 0 && m.log[n-1].at.After(at) {
		at = m.log[n-1].at
	}
	d := reduce(asked)
	name := "system"
	if by != "" {
		name = string(m.roster.People[by].Name)
	}
	if d.Type == chat.EndChatSession {
		text := name + " has ended the session"
		if by == "" {
			text = "The session has ended"
		}
		m.log = append(m.log, said{at: at, sender: "system", d: chat.Draft{Type: chat.Notice, Body: chat.Text(text)}})
	}
	e := said{by: by, d: d, at: at}
	if d.Type == chat.Notice {
		e.sender = name
	}
	if d.Type == chat.Message && by != "" && m.roster.People[by].Keystrokes {
		e.research = asked.Research
		if len(e.research.History) > modelMaxHistory {
			e.research.History, e.research.Cut = e.research.History[:modelMaxHistory], true
		}
	}
	m.log = append(m.log, e)
	return m.head()
}

// enter returns the refusal's code, and why they wait.
func (m *modelLog) enter(p chat.PID) (code chat.Code, reason chat.Reason) {
	who := m.person(p)
	switch r := m.role(p); {
	case r == chat.Nobody, r == chat.Participant && who.verdict == "removed":
		return chat.NotAllowed, ""
	case m.ended():
		return chat.SessionEnded, ""
	case r == chat.Participant && !who.in && !m.ready(p):
		return "", chat.AssessmentsIncomplete
	case r == chat.Participant && !who.in && !m.would(p):
		return "", chat.WaitingRoom
	}
	who.in = true
	if !who.ever {
		who.ever, who.since = true, m.head()
	}
	return "", ""
}

func (m *modelLog) moderate(by, whom chat.PID, c chat.Change) chat.Code {
	if m.role(by) != chat.Therapist || m.role(whom) != chat.Participant {
		return chat.NotAllowed
	}
	switch w := m.person(whom); c {
	case chat.Admit:
		w.verdict = "admitted"
	case chat.Revoke:
		if w.in = false; w.verdict != "removed" { // out stays out until admitted again
			w.verdict = "revoked"
		}
	case chat.Remove:
		w.verdict, w.in = "removed", false
	case chat.Mute:
		w.muted = true
	case chat.Unmute:
		w.muted = false
	}
	return ""
}
