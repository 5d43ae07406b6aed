package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hearth/hub/chat"
)

// Erasure says what is to be erased, in one of three forms: Person, Session, or
// Session and Action.
type Erasure struct {
	Person  chat.PID      // all that they wrote in any therapy session, and the notices that they came or went
	Session chat.TSID     // all that was written there
	Action  chat.ActionID // only this one
	Until   time.Time     // only what was said by then; zero: by now
}

// Erased says what became of an [Erasure].
type Erased struct {
	Actions   int       // whose text is gone
	Histories int       // of them had keystroke histories or timings, which are gone, too
	Oldest    time.Time // of the first of them; zero: there is none
	Backups   int       // the audit log's entries of backups made since then: they may still hold it
	Newest    time.Time // of the last of those backups
}

// Refusals of [Store.Erase].
var (
	ErrNobody   = errors.New("there is nobody of that id in the roster, and nothing of theirs in any log")
	ErrNoAction = errors.New("there is no such action")
)

// Erase removes texts, keystroke histories and timings for good: from the
// logs, from memory, and from the data file, which is written anew. Ids,
// times, who wrote to whom, the hashes that the chains are made of, and the
// audit log stay. Each log that lost something gets a new epoch, so that every
// reader starts over and shows it no more.
//
// by names in the audit log who had it erased. What is already erased is
// passed over. An erasure that was not finished (the process ended, the disk
// was full) is finished by the next one, or by [Store.FinishErasing]. The
// error is ErrNobody, ErrNoTranscript, ErrNoAction, or why it is not finished.
func (s *Store) Erase(ctx context.Context, by string, e Erasure) (Erased, error) {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if err := s.finishErasing(ctx); err != nil {
		return Erased{}, fmt.Errorf("finish what was begun earlier: %w", err)
	}
	rows, err := s.erasureRows(ctx, &e)
	if err != nil {
		return Erased{}, err
	}
	if e.Until.IsZero() {
		e.Until = s.Now().Truncate(time.Millisecond)
		for i := range rows { // a clock that was set back must not save the last words
			h, err := s.diskHead(ctx, rows[i].number)
			if err != nil {
				return Erased{}, fmt.Errorf("log of %s: %w", rows[i].Session.ID, err)
			}
			if h.lastAt.After(e.Until) {
				e.Until = h.lastAt
			}
		}
	}
	// Until the last commit the file says that it is under way.
	if err := s.Update(ctx, func(tx *Tx) error { return tx.beginErasing(by, &e) }); err != nil {
		return Erased{}, err
	}
	return s.erase(ctx, by, e, rows)
}

// FinishErasing finishes an erasure that was begun and not finished; without
// one it does nothing.
func (s *Store) FinishErasing(ctx context.Context) error {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	return s.finishErasing(ctx)
}

func (s *Store) finishErasing(ctx context.Context) error {
	f, err := s.Get(ctx, tableMeta, erasingKey)
	if err != nil || f == nil {
		return err
	}
	by, e, err := decodeErasing(f)
	if err != nil {
		return err
	}
	rows, err := s.transcriptRows(ctx, e.Session)
	if err != nil {
		return err
	}
	_, err = s.erase(ctx, by, e, rows)
	return err
}

// erasureRows are the therapy sessions to look through; the error says that e
// is of nothing there ever was.
func (s *Store) erasureRows(ctx context.Context, e *Erasure) ([]Transcript, error) {
	if (e.Person == "") == (e.Session == "") || e.Action != 0 && e.Session == "" {
		return nil, errors.New("either a person's or a therapy session's content can be erased")
	}
	rows, err := s.transcriptRows(ctx, e.Session)
	if err != nil {
		return nil, err
	}
	known := e.Session != "" && e.Action == 0 || e.Person != "" && s.Roster().People[e.Person] != nil
	for i := range rows {
		if known {
			break
		}
		known, err = s.concerns(ctx, &rows[i], e)
		if err != nil {
			return nil, err
		}
	}
	switch {
	case !known && e.Action != 0:
		return nil, ErrNoAction
	case !known:
		return nil, ErrNobody
	}
	return rows, nil
}

// concerns reports whether e names anything in a log, erased or not.
func (s *Store) concerns(ctx context.Context, t *Transcript, e *Erasure) (found bool, err error) {
	h, err := s.diskHead(ctx, t.number)
	if err != nil || e.Action > h.last {
		return false, err
	}
	err = s.walk(ctx, t.number, &h, max(1, e.Action), func(a *stored) error {
		found = e.names(a)
		if found || e.Action != 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

var errEnough = errors.New("that is enough")

// names reports whether a is among what e is about.
func (e *Erasure) names(a *stored) bool {
	if e.Person != "" {
		return a.By == e.Person || a.who == e.Person
	}
	return e.Action == 0 || a.ID == e.Action
}

func (s *Store) diskHead(ctx context.Context, number uint32) (h head, err error) {
	raw, err := s.driver.Get(ctx, tableHead, logKey(number))
	if err == nil {
		h, err = decodeHead(number, raw)
	}
	return h, err
}

// eraseRecords is how many actions are erased in one commit. After each the log
// is read anew, so that few and large ones are less work.
const eraseRecords = 50_000

// erase carries e out, which the file says is under way.
func (s *Store) erase(ctx context.Context, by string, e Erasure, rows []Transcript) (out Erased, err error) {
	for i := range rows {
		t := &rows[i]
		h, err := s.diskHead(ctx, t.number)
		if err == nil && e.Action <= h.last {
			err = s.eraseLog(ctx, t, &h, &e, &out)
		}
		if err != nil {
			return out, fmt.Errorf("log of %s: %w", t.Session.ID, err)
		}
	}
	if err := s.driver.Rewrite(ctx); err != nil {
		return out, fmt.Errorf("the texts are gone from the logs, but the data file could not be written anew without them: %w", err)
	}
	err = s.Update(ctx, func(tx *Tx) error {
		tx.endErasing(by, &e, &out)
		return nil
	})
	if err != nil {
		return out, err
	}
	return out, s.countBackups(ctx, &out)
}

// eraseLog erases what e names of one log, as far as its head h.
func (s *Store) eraseLog(ctx context.Context, t *Transcript, h *head, e *Erasure, out *Erased) error {
	l, err := s.acquire(ctx, t.Session.ID) // the committer is not to wait for it
	if err != nil {
		return err
	}
	defer s.release(l)
	var records []Record
	flush := func() error {
		if len(records) == 0 {
			return nil
		}
		gone := records
		records = nil
		return s.Update(ctx, func(tx *Tx) error { return tx.eraseRecords(t.Session.ID, gone) })
	}
	err = s.walk(ctx, t.number, h, max(1, e.Action), func(a *stored) error {
		if e.Action != 0 && a.ID > e.Action {
			return errEnough
		}
		history := a.research != (chat.Hash{})
		if a.Erased || a.Body == "" && !history || a.At.After(e.Until) || !e.names(a) {
			return nil
		}
		out.Actions++
		if history {
			out.Histories++
		}
		if out.Oldest.IsZero() || a.At.Before(out.Oldest) {
			out.Oldest = a.At
		}
		a.Body, a.Erased = "", true
		records = append(records, Record{Log: t.number, ID: uint64(a.ID), Seen: encodeAction(t.number, h.birth, a, a.meta())})
		if len(records) < eraseRecords {
			return nil
		}
		return flush()
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return flush()
}

// eraseRecords puts records without content in the place of those with it.
// Nobody else changes a record that is there.
func (tx *Tx) eraseRecords(ts chat.TSID, records []Record) error {
	p, err := tx.log(ts)
	if err != nil {
		return err
	}
	tx.wrote, p.changed = true, true
	p.records = append(p.records, records...)
	p.erased += len(records)
	p.head.epoch = newHead().epoch
	return nil
}

// erased is how many of the batch's records are no new actions.
func (b *batch) erased() (n int) {
	for _, p := range b.logs {
		n += p.erased
	}
	return n
}

// loadErased reads the logs that lost something anew: neither the last
// actions kept in memory nor the whiteboard may still have it.
func (b *batch) loadErased() error {
	for _, p := range b.logs {
		if p.erased == 0 {
			continue
		}
		st, err := b.s.load(b.ctx, p.l.number)
		if err != nil {
			return fmt.Errorf("read log of %s: %w", p.l.ts, err)
		}
		p.anew = &st
	}
	return nil
}

// countBackups finds the backups that may hold what was erased.
func (s *Store) countBackups(ctx context.Context, out *Erased) error {
	if out.Oldest.IsZero() {
		return nil
	}
	return s.AuditLog(ctx, 1, func(a AuditEntry) bool {
		if a.Event == "backup" && !a.At.Before(out.Oldest) {
			out.Backups++
			out.Newest = a.At
		}
		return true
	})
}
