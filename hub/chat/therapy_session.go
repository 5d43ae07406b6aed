package chat

import (
	"slices"
	"time"
)

// TherapySession is one row of the roster: who is in it, and by what rules.
type TherapySession struct {
	ID              TSID
	Name            string
	Topic           string
	Date            time.Time // with the offset that the roster gave; zero: none
	Therapists      []PID
	Participants    []PID // who is authorized
	WaitingRoom     bool  // a therapist admits each one
	PrivateMessages PrivateMessages
	History         History
	AfterEnd        AfterEnd
	Assessments     []Assessment
}

// PrivateMessages says to whom participants may write privately. Therapists
// always may.
type PrivateMessages uint8

const (
	PrivateToTherapists PrivateMessages = iota // the default
	PrivateOff
	PrivateToAnyone
)

// History says what a late joiner may read.
type History uint8

const (
	HistoryAll           History = iota // the default
	HistorySinceAdmitted                // from the first admission on, and private messages to them
)

// AfterEnd says what participants may read once the session has ended.
type AfterEnd uint8

const (
	AfterEndRead   AfterEnd = iota // the default
	AfterEndClosed                 // only that it ended
)

var (
	privateNames  = [...]string{"therapist", "off", "anyone"}
	historyNames  = [...]string{"all", "since_admitted"}
	afterEndNames = [...]string{"read", "closed"}
	phaseNames    = [...]string{"pre", "post"}
	statusNames   = [...]string{"scheduled", "open", "ended"}
)

func (p PrivateMessages) String() string { return privateNames[p] }
func (h History) String() string         { return historyNames[h] }
func (a AfterEnd) String() string        { return afterEndNames[a] }
func (p Phase) String() string           { return phaseNames[p] }
func (s Status) String() string          { return statusNames[s] }

// ParsePrivateMessages, ParseHistory, ParseAfterEnd and ParsePhase read the
// roster's words; ok is false for any other.
func ParsePrivateMessages(s string) (PrivateMessages, bool) {
	i := slices.Index(privateNames[:], s)
	return PrivateMessages(max(i, 0)), i >= 0
}

// ParseHistory reads all or since_admitted.
func ParseHistory(s string) (History, bool) {
	i := slices.Index(historyNames[:], s)
	return History(max(i, 0)), i >= 0
}

// ParseAfterEnd reads read or closed.
func ParseAfterEnd(s string) (AfterEnd, bool) {
	i := slices.Index(afterEndNames[:], s)
	return AfterEnd(max(i, 0)), i >= 0
}

// ParsePhase reads pre or post.
func ParsePhase(s string) (Phase, bool) {
	i := slices.Index(phaseNames[:], s)
	return Phase(max(i, 0)), i >= 0
}

// Phase says when an assessment is due.
type Phase uint8

const (
	Pre  Phase = iota // before the session
	Post              // after its end
)

// Status is a therapy session's.
type Status uint8

const (
	Scheduled Status = iota // nobody has been admitted yet
	Open
	Ended
)

// Assessment is a survey that belongs to a therapy session.
type Assessment struct {
	Name     string
	Title    string
	Phase    Phase
	Required bool   // a pre one: nobody is admitted without it
	URL      string // may hold {p_id}, {ts_id}, {name}, {return_url}
}

// RoleOf is what p is in this therapy session: its therapist, one of its
// participants, or nobody.
func (s *TherapySession) RoleOf(p PID) Role {
	switch {
	case slices.Contains(s.Therapists, p):
		return Therapist
	case slices.Contains(s.Participants, p):
		return Participant
	}
	return Nobody
}

// Due reports whether the assessment is to be filled in now.
func (a *Assessment) Due(s Status) bool { return (a.Phase == Post) == (s == Ended) }

// Roster is everybody and every therapy session, as study staff loaded it.
// A Roster in use is never changed: a new one takes its place.
type Roster struct {
	People   map[PID]*User
	Sessions map[TSID]*TherapySession
}
