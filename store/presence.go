package store

import (
	"context"

	"hearth/hub/chat"
)

// Who is in a therapy session, by its joined and left notices: kept on disk
// so that a restart of the server is neither an arrival nor a departure.

// Arrive says in the log of ts that by has joined, unless it says so
// already. Only somebody who has been let in arrives, and nobody after the
// end; for others it does nothing.
func (s *Store) Arrive(ctx context.Context, ts chat.TSID, by chat.PID) error {
	return s.presence(ctx, ts, by, true)
}

// Depart says in the log of ts that by has left, if it says that they joined.
func (s *Store) Depart(ctx context.Context, ts chat.TSID, by chat.PID) error {
	return s.presence(ctx, ts, by, false)
}

func (s *Store) presence(ctx context.Context, ts chat.TSID, by chat.PID, here bool) error {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return err
	}
	defer s.release(l)
	key := standingKey(l.number, by)
	return s.Update(ctx, func(tx *Tx) error {
		p, err := tx.log(ts)
		if err != nil {
			return err
		}
		was, err := tx.Get(tablePresence, key)
		if err != nil || here == (was != nil) {
			return err
		}
		if !here {
			tx.Delete(tablePresence, key)
		}
		if p.session == nil { // pruned meanwhile: nobody reads this log now
			return nil
		}
		name := nameOf(tx.Roster(), by, was)
		said, passage := name+hasLeft, Left
		if here {
			if !p.standing(tx.Roster(), by).In || p.ahead.Status() == chat.Ended {
				return nil
			}
			var f fields
			f.string(1, string(ts))
			f.string(2, string(by))
			f.time(3, tx.now)
			f.string(4, string(name)) // for when they are no longer in the roster
			tx.Put(tablePresence, key, f)
			said, passage = name+hasJoined, Joined
		}
		d := chat.Draft{Type: chat.Notice, Body: said}
		if r := tx.draftOf(p, chat.ServerStanding(), d, by, passage); r.Err != nil {
			return r.Err
		}
		return nil
	})
}

const (
	hasJoined = " has joined the session"
	hasLeft   = " has left the session"
)

// nameOf is what p is called, or was when row, of the table of who is present,
// was written.
func nameOf(r *chat.Roster, p chat.PID, row fields) chat.Text {
	if u := r.People[p]; u != nil {
		return u.Name
	}
	name := chat.Text(p)
	row.each(func(v field) { // Present reports a malformed one
		if v.n == 4 {
			name = chat.Text(v.raw)
		}
	})
	return name
}

// Present is one person who has joined a therapy session and not left it.
type Present struct {
	TS chat.TSID
	By chat.PID
}

// Present lists everybody who has joined and not left, by the logs.
func (s *Store) Present(ctx context.Context) (all []Present, err error) {
	err = s.Scan(ctx, tablePresence, nil, func(_, value []byte) error {
		var p Present
		err := fields(value).each(func(v field) {
			switch v.n {
			case 1:
				p.TS = chat.TSID(v.raw)
			case 2:
				p.By = chat.PID(v.raw)
			}
		})
		all = append(all, p)
		return err
	})
	return all, err
}

// Look is what somebody is in a therapy session at one moment.
type Look struct {
	Session  *chat.TherapySession
	Status   chat.Status
	Standing chat.Standing
	Epoch    chat.Epoch
	Head     chat.ActionID
}

// Look returns what by is in ts. It touches the disk only if nobody has used
// the therapy session of late. An unknown one is chat.ErrNotAllowed; whether
// by may do anything there is for chat.May to say.
func (s *Store) Look(ctx context.Context, by chat.PID, ts chat.TSID) (Look, error) {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return Look{}, err
	}
	defer s.release(l)
	l.mu.RLock()
	defer l.mu.RUnlock()
	r := s.Roster()
	session := r.Sessions[ts]
	if session == nil {
		return Look{}, chat.ErrNotAllowed()
	}
	return Look{
		Session: session, Status: l.log.Status(), Standing: l.standing(r, session, by), Epoch: l.head.epoch, Head: l.head.last,
	}, nil
}
