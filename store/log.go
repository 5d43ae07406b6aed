package store

import (
	"context"
	"fmt"
	"time"

	"hearth/hub/chat"
)

// Page is what a reader gets of a log from a position on.
type Page struct {
	Epoch   chat.Epoch
	Max     chat.ActionID // the position read to: continue from here
	Head    chat.ActionID // the log's highest id
	Actions []chat.Seen   // above the asked position, ascending
	More    bool          // cut by the limit: there may be more above Max
	Reset   bool          // the position was not of this log: this is from its start
}

// Read returns what by may see of ts above from, at most limit actions (0:
// all). The error is a *chat.Error if by may not read there.
func (s *Store) Read(ctx context.Context, by chat.PID, ts chat.TSID, from chat.Position, limit int) (Page, error) {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return Page{}, err
	}
	defer s.release(l)
	asked := from
	var page Page
	var birth chat.Epoch
	noted := false
	ids, err := func() (ids []chat.ActionID, err error) {
		l.mu.RLock()
		defer l.mu.RUnlock()
		session, st, err := s.reader(l, by)
		if err != nil {
			return nil, err
		}
		page.Epoch, page.Head = l.head.epoch, l.head.last
		birth = l.head.birth
		if from.Epoch != "" && from.Epoch != page.Epoch || from.ID > page.Head {
			from, page.Reset = chat.Position{}, true
		}
		page.Max = page.Head
		// Who is in has an entry in the audit log of having entered.
		noted = st.In && (from.ID > 0 || l.log.Status() != chat.Ended)
		for id := from.ID + 1; id <= page.Head; id++ {
			if e, _ := l.log.Entry(id); !chat.Sees(session, l.log.Status(), st, e) {
				continue
			}
			if limit > 0 && len(ids) == limit {
				page.More, page.Max = true, ids[limit-1]
				break
			}
			ids = append(ids, id)
		}
		return ids, nil
	}()
	if err != nil || len(ids) == 0 {
		return page, err
	}
	if !noted {
		s.noteRead(by, ts)
	}
	actions, err := s.fetch(ctx, l, ids, birth)
	if err != nil {
		return Page{}, err
	}
	// What was deleted, or whose right was taken, while this was read: the
	// answer is assembled now.
	l.mu.RLock()
	defer l.mu.RUnlock()
	session, st, err := s.reader(l, by)
	if err != nil {
		return Page{}, err
	}
	if l.head.epoch != page.Epoch { // what was read is no more
		return s.Read(ctx, by, ts, asked, limit)
	}
	for _, a := range actions {
		if seen, ok := chat.View(session, l.log, st, a); ok {
			page.Actions = append(page.Actions, seen)
		}
	}
	return page, nil
}

// readHour is how long a reader who did not enter needs no further entry in
// the audit log.
const readHour = time.Hour

type readKey struct {
	by chat.PID
	ts chat.TSID
}

// noteRead has the audit log say that somebody reads a log without being in it,
// or one that has ended from its start: once an hour. It does not wait for it:
// reads go on while nothing can be stored, and then it is noted with a later
// one.
func (s *Store) noteRead(by chat.PID, ts chat.TSID) {
	key, now := readKey{by, ts}, s.Now()
	s.mu.Lock()
	last, ok := s.reads[key]
	if ok && now.Sub(last) < readHour && !now.Before(last) {
		s.mu.Unlock()
		return
	}
	if len(s.reads) >= 10_000 {
		clear(s.reads)
	}
	s.reads[key] = now
	s.mu.Unlock()
	j := &job{ctx: context.Background(), done: make(chan error, 1), run: func(tx *Tx) error {
		tx.Audit(AuditEntry{Event: "read", Actor: string(by), Session: string(ts)})
		return nil
	}}
	forget := func(err error) {
		s.log.Warn("a read could not be noted in the audit log", "person", by, "ts_id", ts, "error", err)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.reads, key)
	}
	if err := s.submit(j); err != nil {
		forget(err)
		return
	}
	go func() { // ends at the latest with the committer, which answers every job
		if err := <-j.done; err != nil {
			forget(err)
		}
	}()
}

// reader is by's standing, if by may read; the caller holds l.mu.
func (s *Store) reader(l *live, by chat.PID) (*chat.TherapySession, chat.Standing, error) {
	r := s.Roster()
	session := r.Sessions[l.ts]
	if session == nil {
		return nil, chat.Standing{}, chat.ErrNotAllowed()
	}
	st := l.standing(r, session, by)
	return session, st, chat.May(session, l.log.Status(), st, chat.OpRead)
}

// fetch returns the actions with these ids, ascending: from memory where the
// tail has them, else from disk.
func (s *Store) fetch(ctx context.Context, l *live, ids []chat.ActionID, birth chat.Epoch) ([]chat.Action, error) {
	first, last := ids[0], ids[len(ids)-1]
	out := make([]chat.Action, 0, len(ids))
	want := ids
	take := func(a chat.Action) {
		if len(want) > 0 && a.ID == want[0] {
			out, want = append(out, a), want[1:]
		}
	}
	l.mu.RLock()
	tail, ok := l.tail.from(first)
	if ok {
		for _, a := range tail {
			take(a)
		}
	}
	l.mu.RUnlock()
	if !ok {
		h := head{birth: birth, last: last}
		err := s.walk(ctx, l.number, &h, first, func(a *stored) error {
			take(a.Action)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read log of %s: %w", l.ts, err)
		}
	}
	if len(want) > 0 {
		return nil, fmt.Errorf("read log of %s: action %d was not found", l.ts, want[0])
	}
	return out, nil
}

// Overview is what somebody may know of a therapy session besides its log.
type Overview struct {
	Session   *chat.TherapySession
	Status    chat.Status
	Epoch     chat.Epoch
	Head      chat.ActionID
	Board     chat.Text
	Unread    int             // of the one who asks
	Standing  chat.Standing   // of the one who asks
	People    []chat.Standing // therapists first, in the roster's order
	Completed map[chat.PID][]string
}

// Overview returns what the store knows of ts. It is not reduced to what by
// may see: whoever answers by asks chat.May. Somebody outside the session
// gets chat.ErrNotAllowed.
func (s *Store) Overview(ctx context.Context, by chat.PID, ts chat.TSID) (Overview, error) {
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return Overview{}, err
	}
	defer s.release(l)
	l.mu.RLock()
	defer l.mu.RUnlock()
	r := s.Roster()
	session := r.Sessions[ts]
	if session == nil {
		return Overview{}, chat.ErrNotAllowed()
	}
	o := Overview{
		Session: session, Status: l.log.Status(), Epoch: l.head.epoch, Head: l.head.last,
		Standing: l.standing(r, session, by), Completed: map[chat.PID][]string{},
	}
	if err := chat.May(session, o.Status, o.Standing, chat.OpDetail); err != nil {
		return Overview{}, err
	}
	o.Board, _ = l.log.Board()
	o.Unread = l.log.Unread(session, o.Standing)
	for _, list := range [][]chat.PID{session.Therapists, session.Participants} {
		for _, p := range list {
			o.People = append(o.People, l.standing(r, session, p))
		}
	}
	for k := range l.done {
		o.Completed[k.person] = append(o.Completed[k.person], k.name)
	}
	return o, nil
}
