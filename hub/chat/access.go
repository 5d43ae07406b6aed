package chat

import "slices"

// Verdict is a therapist's last word on a participant.
type Verdict uint8

// The numbers stand on disk.
const (
	NoVerdict Verdict = 0
	Admitted  Verdict = 1 // holds for somebody who arrives later, too
	Revoked   Verdict = 2 // back to waiting, whatever the settings say
	Removed   Verdict = 3 // out until admitted again
)

// Mark is what is kept of one person in one therapy session.
type Mark struct {
	Verdict Verdict
	Muted   bool
	In      bool     // has entered and was let in, and not revoked or removed since
	Ever    bool     // was in at least once
	Since   ActionID // the log's highest id when first let in
}

// Standing is what one person is in one therapy session, at one moment.
type Standing struct {
	ID         PID
	Name       Text
	Role       Role // in this therapy session
	Keystrokes bool
	Ready      bool // every required assessment before the session is complete
	Mark
}

// ServerStanding is the server's own, for joined, left and the like.
func ServerStanding() Standing {
	return Standing{Role: System, Mark: Mark{In: true}}
}

// Op is something that [May] decides.
type Op uint8

const (
	OpDetail    Op = iota // see that the session exists, its settings, its therapists and oneself
	OpSeeOthers           // see who else is in it, and its whiteboard
	OpRead                // read its log
	OpSave                // ask for actions (each is judged by itself)
	OpType                // be seen typing
	OpModerate            // admit, revoke, remove, mute; see others' assessments; unlock
	opCount
)

// May says why by may not do op in s (an [Error], not_allowed or
// not_admitted), or nil. Somebody outside a session gets what somebody asking
// for an unknown session gets.
func May(s *TherapySession, status Status, by Standing, op Op) error {
	if by.Role == System {
		return nil
	}
	if by.Role == Nobody || by.Role == Participant && by.Verdict == Removed {
		return ErrNotAllowed()
	}
	switch op {
	case OpDetail:
		return nil
	case OpModerate:
		if by.Role != Therapist {
			return ErrNotAllowed()
		}
		return nil
	case OpSeeOthers:
		if by.Role == Therapist || by.In || status == Ended && s.AfterEnd == AfterEndRead && wouldBeIn(s, by) {
			return nil
		}
	case OpRead:
		if by.Role == Therapist || by.In || status == Ended && wouldBeIn(s, by) {
			return nil
		}
	case OpSave:
		// What was said before the end can still be asked for again after
		// it, to learn its id; Judge refuses what is new.
		if by.In || status == Ended && (by.Role == Therapist || wouldBeIn(s, by)) {
			return nil
		}
	case OpType:
		if by.In && status == Open {
			return nil
		}
	}
	return Errorf(NotAdmitted, "you have not been admitted to this therapy session")
}

// ErrNotAllowed is what an outsider and an unknown session get alike.
func ErrNotAllowed() *Error {
	return Errorf(NotAllowed, "there is no such therapy session, or you may not do this in it")
}

// wouldBeIn reports whether a participant who never entered would have been
// let in: they may read the session once it has ended.
func wouldBeIn(s *TherapySession, by Standing) bool { return by.Ready && Cleared(s, by) }

// Cleared reports whether, as far as the therapists are concerned, participant
// by may be in s: let in by one, or by nobody's leave, and not sent out since.
// Their assessments may still keep them out.
func Cleared(s *TherapySession, by Standing) bool {
	switch by.Verdict {
	case Admitted:
		return true
	case NoVerdict:
		return by.In || !s.WaitingRoom
	}
	return false
}

// Reason says why somebody waits.
type Reason string

const (
	WaitingRoom           Reason = "waiting_room"
	AssessmentsIncomplete Reason = "assessments_incomplete"
)

// Enter says what entering makes of by in s whose log's highest id is head:
// the mark to keep, and why they wait if mark.In is false. It is not_allowed
// for outsiders and the removed, and session_ended after the end. Entering
// again changes nothing.
func Enter(s *TherapySession, status Status, head ActionID, by Standing) (Mark, Reason, error) {
	if err := May(s, status, by, OpDetail); err != nil {
		return by.Mark, "", err
	}
	if status == Ended {
		return by.Mark, "", errSessionEnded()
	}
	switch {
	case by.Role == Therapist || by.In:
	case !by.Ready:
		return by.Mark, AssessmentsIncomplete, nil
	case by.Verdict == Revoked, s.WaitingRoom && by.Verdict != Admitted:
		return by.Mark, WaitingRoom, nil
	}
	m := by.Mark
	m.In = true
	if !m.Ever {
		m.Ever, m.Since = true, head
	}
	return m, "", nil
}

// Change is what a therapist does about a participant.
type Change uint8

const (
	Admit Change = iota
	Revoke
	Remove
	Mute
	Unmute
)

var changeNames = [...]string{"admit", "revoke", "remove", "mute", "unmute"}

func (c Change) String() string { return changeNames[c] }

// ParseChange reads a wire format's word.
func ParseChange(s string) (Change, bool) {
	i := slices.Index(changeNames[:], s)
	return Change(max(i, 0)), i >= 0
}

// Moderate says what c by a therapist makes of whom. Only participants of the
// session can be moderated. Admitting lets nobody in by itself: [Enter] does,
// at once for who waits.
func Moderate(s *TherapySession, status Status, by, whom Standing, c Change) (Mark, error) {
	if err := May(s, status, by, OpModerate); err != nil {
		return whom.Mark, err
	}
	if whom.Role != Participant {
		return whom.Mark, Errorf(NotAllowed, "p_id: not a participant of this therapy session")
	}
	m := whom.Mark
	switch c {
	case Admit:
		m.Verdict = Admitted
	case Revoke:
		if m.Verdict != Removed { // who is out stays out until admitted again
			m.Verdict = Revoked
		}
		m.In = false
	case Remove:
		m.Verdict, m.In = Removed, false
	case Mute:
		m.Muted = true
	case Unmute:
		m.Muted = false
	}
	return m, nil
}

// SeesPerson reports whether by learns that whom is there: who waits sees
// nobody but the therapists, not even themselves.
func SeesPerson(s *TherapySession, status Status, by, whom Standing) bool {
	return whom.Role == Therapist && May(s, status, by, OpDetail) == nil ||
		May(s, status, by, OpSeeOthers) == nil
}

// MayType says why by may not be seen typing to these recipients (empty:
// everyone): what may not be said may not be announced.
func MayType(s *TherapySession, status Status, by Standing, to []PID) error {
	if err := May(s, status, by, OpType); err != nil {
		return err
	}
	for _, p := range to {
		if s.RoleOf(p) == Nobody {
			return Errorf(InvalidAction, "recipients: somebody who is not of this therapy session")
		}
	}
	_, err := mayWrite(&judged{s: s, by: by, d: Draft{Type: Message, Recipients: to}})
	return err
}

// MayHelp says why by may not unlock whom's login or make a code for them:
// therapists may for the participants of their therapy sessions.
func MayHelp(r *Roster, by, whom PID) error {
	for _, s := range r.Sessions {
		if s.RoleOf(by) == Therapist && s.RoleOf(whom) == Participant {
			return nil
		}
	}
	return Errorf(NotAllowed, "p_id: not a participant of one of your therapy sessions")
}
