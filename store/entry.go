package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"hearth/hub/chat"
)

const ( // fields (message Mark in docs/format.md)
	markVerdict = 1
	markMuted   = 2
	markIn      = 3
	markEver    = 4
	markSince   = 5
)

func standingKey(log uint32, p chat.PID) []byte { return append(logKey(log), p...) }

func encodeMark(key []byte, m chat.Mark) []byte {
	var f fields
	f.uint(markVerdict, uint64(m.Verdict))
	f.bool(markMuted, m.Muted)
	f.bool(markIn, m.In)
	f.bool(markEver, m.Ever)
	f.uint(markSince, uint64(m.Since))
	return seal(keyPlace(tableStanding, key), f)
}

func decodeMark(key, b []byte) (m chat.Mark, err error) {
	f, err := unseal(keyPlace(tableStanding, key), b)
	if err != nil {
		return m, err
	}
	err = f.each(func(v field) {
		switch v.n {
		case markVerdict:
			m.Verdict = chat.Verdict(v.num)
		case markMuted:
			m.Muted = v.bool()
		case markIn:
			m.In = v.bool()
		case markEver:
			m.Ever = v.bool()
		case markSince:
			m.Since = chat.ActionID(v.num)
		}
	})
	return m, err
}

func doneKey(log uint32, k assessmentKey) []byte {
	b := append(logKey(log), k.person...)
	return append(append(b, 0), k.name...)
}

func parseAssessmentKey(key []byte) (assessmentKey, error) {
	p, name, ok := bytes.Cut(key[min(4, len(key)):], []byte{0})
	if !ok {
		return assessmentKey{}, fmt.Errorf("malformed key of an assessment")
	}
	return assessmentKey{chat.PID(p), string(name)}, nil
}

// Entered is the answer to Enter.
type Entered struct {
	Standing chat.Standing
	Reason   chat.Reason // why they wait; empty: they are in
	Status   chat.Status
	Epoch    chat.Epoch
	Head     chat.ActionID
	New      bool // they were not in before
}

// Enter lets somebody into ts, or says why they wait. The error is a
// *chat.Error: not_allowed, session_ended or storage_unavailable.
func (s *Store) Enter(ctx context.Context, by chat.PID, ts chat.TSID) (Entered, error) {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return Entered{}, err
	}
	defer s.release(l)
	// Entering again changes nothing and is asked for often: no commit.
	if e, ok, err := s.alreadyIn(l, by); ok {
		return e, err
	}
	var out Entered
	var refused error
	err = s.Update(ctx, func(tx *Tx) error {
		refused = nil
		p, err := tx.session(ts)
		if err != nil {
			return err
		}
		st := p.standing(tx.Roster(), by)
		m, reason, err := chat.Enter(p.session, p.ahead.Status(), p.ahead.Head(), st)
		var refusal *chat.Error
		if errors.As(err, &refusal) && refusal.Code == chat.NotAllowed {
			refused = err
			return tx.Refuse(AuditEntry{Event: "entered", Actor: string(by), Subject: string(ts), Reason: string(refusal.Code)})
		}
		if err != nil {
			return err
		}
		out = Entered{Reason: reason, Epoch: p.ahead.Epoch(), Head: p.ahead.Head(), New: m.In && !st.In}
		if tx.setMark(p, by, m) {
			tx.Audit(AuditEntry{Event: "entered", Actor: string(by), Subject: string(ts)})
		}
		out.Standing, out.Status = p.standing(tx.Roster(), by), p.ahead.Status()
		return nil
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Entered{}, err
	}
	return out, nil
}

// alreadyIn is the answer to Enter where nothing is to be written; ok is false
// where the committer decides.
func (s *Store) alreadyIn(l *live, by chat.PID) (e Entered, ok bool, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	r := s.Roster()
	session := r.Sessions[l.ts]
	if session == nil {
		return Entered{}, false, nil
	}
	st := l.standing(r, session, by)
	m, reason, err := chat.Enter(session, l.log.Status(), l.head.last, st)
	var refusal *chat.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == chat.SessionEnded:
		return Entered{}, true, err // for good
	case err != nil || m != st.Mark:
		return Entered{}, false, nil
	}
	return Entered{Standing: st, Reason: reason, Status: l.log.Status(), Epoch: l.head.epoch, Head: l.head.last}, true, nil
}

// Moderate carries out c by a therapist of ts on a participant and returns
// their standing.
func (s *Store) Moderate(
	ctx context.Context, by chat.PID, ts chat.TSID, whom chat.PID, c chat.Change,
) (chat.Standing, error) {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return chat.Standing{}, err
	}
	defer s.release(l)
	var out chat.Standing
	err = s.Update(ctx, func(tx *Tx) error {
		p, err := tx.session(ts)
		if err != nil {
			return err
		}
		r := tx.Roster()
		target := p.standing(r, whom)
		m, err := chat.Moderate(p.session, p.ahead.Status(), p.standing(r, by), target, c)
		if err != nil {
			return err
		}
		if tx.setMark(p, whom, m) {
			if c == chat.Mute || c == chat.Unmute {
				// Presence tells of the other changes; of this one only
				// the details do.
				if err := tx.detailsChanged(p); err != nil {
					return err
				}
			}
			tx.Audit(AuditEntry{Event: c.String(), Actor: string(by), Subject: string(whom), Session: string(ts)})
		}
		out = p.standing(r, whom)
		return nil
	})
	if err != nil {
		return chat.Standing{}, err
	}
	return out, nil
}

// SetAssessment notes that a person's assessment is complete, or not, and
// tells the session's log that it changed. by names who said so in the audit
// log. It is not_found if there is no such person or assessment there.
func (s *Store) SetAssessment(
	ctx context.Context, by string, ts chat.TSID, whom chat.PID, name string, complete bool,
) error {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return err
	}
	defer s.release(l)
	return s.Update(ctx, func(tx *Tx) error {
		p, err := tx.session(ts)
		if err != nil {
			return err
		}
		if p.session.RoleOf(whom) != chat.Participant {
			return chat.Errorf(chat.NotFound, "p_id: not a participant of this therapy session")
		}
		if !slices.ContainsFunc(p.session.Assessments, func(a chat.Assessment) bool { return a.Name == name }) {
			return chat.Errorf(chat.NotFound, "name: this therapy session has no such assessment")
		}
		k := assessmentKey{whom, name}
		if p.isDone(k) == complete {
			return nil
		}
		if p.done == nil {
			p.done = map[assessmentKey]bool{}
		}
		p.done[k], p.changed = complete, true
		p.people = append(p.people, whom)
		key := doneKey(p.l.number, k)
		if complete {
			var f fields
			f.time(1, tx.now)
			tx.put(tableAssessment, key, seal(keyPlace(tableAssessment, key), f))
		} else {
			tx.put(tableAssessment, key, nil)
		}
		tx.Audit(AuditEntry{
			Event: "assessment", Actor: by, Subject: string(whom), Session: string(ts),
			Details: []Detail{{"name", name}, {"status", map[bool]string{true: "complete", false: "incomplete"}[complete]}},
		})
		res := tx.draft(p, chat.ServerStanding(), chat.Draft{Type: chat.UpdateAssessments, Recipients: []chat.PID{whom}})
		if res.Err != nil {
			return res.Err
		}
		return nil
	})
}
