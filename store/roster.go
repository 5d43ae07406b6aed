package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hearth/hub/chat"
)

// rosterState is the roster in use and the logs that exist. It is never
// changed: a new one takes its place.
type rosterState struct {
	*chat.Roster
	numbers map[chat.TSID]uint32 // of every log there is, of pruned sessions too
	last    uint32               // the highest number given
	rev     uint64               // grows with each change
	rawRev  []byte               // how that is on disk; nil: nothing was ever written
}

// The revision of the roster makes a change of it conditional: of two servers
// with one database only one can win, and no log number is given twice.
var rosterRevKey = []byte("roster")

func (s *Store) loadRosterRev(ctx context.Context) (rev uint64, raw []byte, err error) {
	raw, err = s.driver.Get(ctx, tableMeta, rosterRevKey)
	if err != nil || raw == nil {
		return 0, nil, err
	}
	f, err := unseal(keyPlace(tableMeta, rosterRevKey), raw)
	if err != nil {
		return 0, nil, fmt.Errorf("its revision: %w", err)
	}
	err = f.each(func(v field) {
		if v.n == 1 {
			rev = v.num
		}
	})
	return rev, raw, err
}

func encodeRosterRev(rev uint64) []byte {
	var f fields
	f.uint(1, rev)
	return seal(keyPlace(tableMeta, rosterRevKey), f)
}

const ( // fields of a person (message Person in docs/format.md)
	personName       = 1
	personLastName   = 2
	personPhone      = 3
	personRole       = 4
	personKeystrokes = 5
	personWithdrawn  = 6
)

func encodePerson(u *chat.User) fields {
	var f fields
	f.string(personName, string(u.Name))
	f.string(personLastName, string(u.LastName))
	f.string(personPhone, string(u.Phone))
	f.uint(personRole, uint64(u.Role))
	f.bool(personKeystrokes, u.Keystrokes)
	f.bool(personWithdrawn, u.Withdrawn)
	return f
}

func decodePerson(id chat.PID, f fields) (*chat.User, error) {
	u := &chat.User{ID: id}
	err := f.each(func(v field) {
		switch v.n {
		case personName:
			u.Name = chat.Text(v.raw)
		case personLastName:
			u.LastName = chat.Text(v.raw)
		case personPhone:
			u.Phone = chat.Phone(v.raw)
		case personRole:
			u.Role = chat.Role(v.num)
		case personKeystrokes:
			u.Keystrokes = v.bool()
		case personWithdrawn:
			u.Withdrawn = v.bool()
		}
	})
	return u, err
}

const ( // fields of a therapy session (message TherapySession in docs/format.md)
	sessionNumber       = 1 // of its log
	sessionPruned       = 2 // no longer in the roster; the log stays
	sessionName         = 3
	sessionTopic        = 4
	sessionDate         = 5 // RFC 3339, with the offset given
	sessionTherapists   = 6 // repeated
	sessionParticipants = 7 // repeated
	sessionWaitingRoom  = 8
	sessionPrivate      = 9
	sessionHistory      = 10
	sessionAfterEnd     = 11
	sessionAssessment   = 12 // repeated, a message

	assessmentName     = 1
	assessmentTitle    = 2
	assessmentPhase    = 3
	assessmentRequired = 4
	assessmentURL      = 5
)

func encodeSession(number uint32, s *chat.TherapySession, pruned bool) fields {
	var f fields
	f.uint(sessionNumber, uint64(number))
	f.bool(sessionPruned, pruned)
	f.string(sessionName, s.Name)
	f.string(sessionTopic, s.Topic)
	if !s.Date.IsZero() {
		f.string(sessionDate, s.Date.Format(time.RFC3339Nano))
	}
	for _, p := range s.Therapists {
		f.item(sessionTherapists, string(p))
	}
	for _, p := range s.Participants {
		f.item(sessionParticipants, string(p))
	}
	f.bool(sessionWaitingRoom, s.WaitingRoom)
	f.uint(sessionPrivate, uint64(s.PrivateMessages))
	f.uint(sessionHistory, uint64(s.History))
	f.uint(sessionAfterEnd, uint64(s.AfterEnd))
	for _, a := range s.Assessments {
		var g fields
		g.string(assessmentName, a.Name)
		g.string(assessmentTitle, a.Title)
		g.uint(assessmentPhase, uint64(a.Phase))
		g.bool(assessmentRequired, a.Required)
		g.string(assessmentURL, a.URL)
		f.item(sessionAssessment, string(g))
	}
	return f
}

func decodeSession(id chat.TSID, f fields) (s *chat.TherapySession, number uint32, pruned bool, err error) {
	s = &chat.TherapySession{ID: id}
	var inner error
	err = f.each(func(v field) {
		switch v.n {
		case sessionNumber:
			number = uint32(v.num)
		case sessionPruned:
			pruned = v.bool()
		case sessionName:
			s.Name = v.string()
		case sessionTopic:
			s.Topic = v.string()
		case sessionDate:
			var bad error
			s.Date, bad = time.Parse(time.RFC3339Nano, v.string())
			inner = errors.Join(inner, bad)
		case sessionTherapists:
			s.Therapists = append(s.Therapists, chat.PID(v.raw))
		case sessionParticipants:
			s.Participants = append(s.Participants, chat.PID(v.raw))
		case sessionWaitingRoom:
			s.WaitingRoom = v.bool()
		case sessionPrivate:
			s.PrivateMessages = chat.PrivateMessages(v.num)
		case sessionHistory:
			s.History = chat.History(v.num)
		case sessionAfterEnd:
			s.AfterEnd = chat.AfterEnd(v.num)
		case sessionAssessment:
			var a chat.Assessment
			inner = errors.Join(inner, fields(v.raw).each(func(v field) {
				switch v.n {
				case assessmentName:
					a.Name = v.string()
				case assessmentTitle:
					a.Title = v.string()
				case assessmentPhase:
					a.Phase = chat.Phase(v.num)
				case assessmentRequired:
					a.Required = v.bool()
				case assessmentURL:
					a.URL = v.string()
				}
			}))
			s.Assessments = append(s.Assessments, a)
		}
	})
	if err == nil {
		err = inner
	}
	if err == nil && number == 0 {
		err = fmt.Errorf("malformed therapy session")
	}
	return s, number, pruned, err
}

// loadRoster reads the roster from disk and puts it to use.
func (s *Store) loadRoster(ctx context.Context) error {
	r := &rosterState{
		Roster:  &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}},
		numbers: map[chat.TSID]uint32{},
	}
	var err error
	// Before the rows: if somebody else changes them meanwhile, a change of
	// ours is refused.
	if r.rev, r.rawRev, err = s.loadRosterRev(ctx); err != nil {
		return err
	}
	err = s.scan(ctx, tablePerson, nil, func(p Pair) error {
		f, err := unseal(keyPlace(tablePerson, p.Key), p.Value)
		if err != nil {
			return err
		}
		u, err := decodePerson(chat.PID(p.Key), f)
		r.People[u.ID] = u
		return err
	})
	if err != nil {
		return err
	}
	err = s.scan(ctx, tableSession, nil, func(p Pair) error {
		f, err := unseal(keyPlace(tableSession, p.Key), p.Value)
		if err != nil {
			return err
		}
		ts, number, pruned, err := decodeSession(chat.TSID(p.Key), f)
		if err != nil {
			return err
		}
		r.numbers[ts.ID], r.last = number, max(r.last, number)
		if !pruned {
			r.Sessions[ts.ID] = ts
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.roster.Store(r)
	return nil
}

// ApplyRoster puts the roster that change makes of the one in use in its
// place. change must be pure; its error is returned, and nothing is changed.
// Removed therapy sessions keep their log, and have it again when they come
// back under the same id. by names who did it in the audit log, and what
// says what was done, such as import.
func (s *Store) ApplyRoster(
	ctx context.Context, by, what string, change func(old *chat.Roster) (*chat.Roster, error),
) error {
	return s.Update(ctx, func(tx *Tx) error {
		old := tx.b.currentRoster()
		made, err := change(old.Roster)
		if err != nil {
			return err
		}
		next := &rosterState{Roster: made, numbers: maps.Clone(old.numbers), last: old.last}
		changed := tx.putPeople(old.Roster, made)
		n, err := tx.putSessions(old, next)
		if err != nil {
			return err
		}
		if changed += n; changed == 0 {
			return nil
		}
		next.rev = old.rev + 1
		next.rawRev = encodeRosterRev(next.rev)
		tx.b.expect(tableMeta, rosterRevKey, old.rawRev)
		tx.put(tableMeta, rosterRevKey, next.rawRev)
		tx.b.roster = next
		tx.Audit(AuditEntry{Event: what, Actor: by, Count: changed})
		return nil
	})
}

// putPeople writes the rows that differ and says how many.
func (tx *Tx) putPeople(old, made *chat.Roster) (changed int) {
	for _, id := range slices.Sorted(maps.Keys(made.People)) {
		f := encodePerson(made.People[id])
		if was := old.People[id]; was == nil || !bytes.Equal(encodePerson(was), f) {
			tx.Put(tablePerson, []byte(id), f)
			changed++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old.People)) {
		if made.People[id] == nil {
			tx.Delete(tablePerson, []byte(id))
			changed++
		}
	}
	return changed
}

// putSessions writes the rows that differ, begins the logs of new therapy
// sessions, and tells the logs of those whose details changed.
func (tx *Tx) putSessions(old, next *rosterState) (changed int, err error) {
	for _, id := range slices.Sorted(maps.Keys(next.Sessions)) {
		s, was := next.Sessions[id], old.Sessions[id]
		number, known := next.numbers[id]
		if !known {
			next.last++
			number = next.last
			next.numbers[id] = number
			h := newHead()
			tx.put(tableHead, logKey(number), encodeHead(number, &h))
		}
		f := encodeSession(number, s, false)
		if was != nil && bytes.Equal(encodeSession(number, was, false), f) {
			if err := tx.renamed(old.Roster, next.Roster, s); err != nil {
				return 0, err
			}
			continue
		}
		tx.Put(tableSession, []byte(id), f)
		changed++
		if number > tx.b.s.roster.Load().last {
			continue // new in this commit: nobody was ever in it
		}
		p, err := tx.log(id)
		if err != nil {
			return 0, err
		}
		p.session, p.changed = s, true
		for _, row := range []*chat.TherapySession{was, s} { // who was taken off it, too
			if row != nil {
				p.people = append(append(p.people, row.Therapists...), row.Participants...)
			}
		}
		if err := tx.detailsChanged(p); err != nil {
			return 0, err
		}
		if was != nil && !slices.Equal(was.Assessments, s.Assessments) {
			if err := tx.tell(p, chat.UpdateAssessments); err != nil {
				return 0, err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old.Sessions)) {
		if next.Sessions[id] == nil {
			tx.Put(tableSession, []byte(id), encodeSession(next.numbers[id], old.Sessions[id], true))
			changed++
		}
	}
	return changed, nil
}

// renamed tells the log of s, which did not change itself, that somebody in it
// is called otherwise, or has withdrawn or come back.
func (tx *Tx) renamed(old, next *chat.Roster, s *chat.TherapySession) error {
	differs := func(id chat.PID) bool {
		was, is := old.People[id], next.People[id]
		return was != nil && is != nil && (was.Name != is.Name || was.Withdrawn != is.Withdrawn)
	}
	if !slices.ContainsFunc(s.Therapists, differs) && !slices.ContainsFunc(s.Participants, differs) {
		return nil
	}
	p, err := tx.log(s.ID)
	if err != nil {
		return err
	}
	p.session = s
	return tx.detailsChanged(p)
}

// detailsChanged has clients fetch the details of p anew.
func (tx *Tx) detailsChanged(p *pending) error { return tx.tell(p, chat.UpdateChatDetails) }

// tell says t to everyone in p, if anybody has been there yet and it has not
// ended.
func (tx *Tx) tell(p *pending, t chat.Type) error {
	if p.ahead.Head() == 0 || p.ahead.Status() == chat.Ended {
		return nil
	}
	if r := tx.draft(p, chat.ServerStanding(), chat.Draft{Type: t}); r.Err != nil {
		return r.Err
	}
	return nil
}

func newHead() (h head) {
	rand.Read(h.secret[:]) // never fails
	var name [10]byte
	rand.Read(name[:])
	h.epoch = chat.Epoch(strings.ToLower(base32.StdEncoding.EncodeToString(name[:])))
	h.birth = h.epoch
	return h
}

// everything is an event as if all had changed: after it every reader looks
// again.
func (s *Store) everything() Event {
	e := Event{Roster: true}
	for id := range s.Roster().Sessions {
		e.Sessions = append(e.Sessions, SessionEvent{TS: id})
	}
	return e
}

// Get returns what Tx.Put stored at key, as of the last commit, or nil.
func (s *Store) Get(ctx context.Context, t Table, key []byte) ([]byte, error) {
	raw, err := s.driver.Get(ctx, t, key)
	if raw == nil || err != nil {
		return nil, err
	}
	f, err := unseal(keyPlace(t, key), raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return f, nil
}

// Scan calls use for every pair of t under prefix, in key order, as of some
// moment between the call and each pair's turn.
func (s *Store) Scan(ctx context.Context, t Table, prefix []byte, use func(key, value []byte) error) error {
	return s.scan(ctx, t, prefix, func(p Pair) error {
		f, err := unseal(keyPlace(t, p.Key), p.Value)
		if err != nil {
			return err
		}
		return use(p.Key, f)
	})
}
