package store

import (
	"context"
	"errors"

	"hearth/hub/chat"
)

// Saved is the answer to Append.
type Saved struct {
	Epoch   chat.Epoch
	Max     chat.ActionID // the log's highest id
	Results []Result      // one a draft, in order
}

// Result is what became of one draft.
type Result struct {
	Action chat.Action // as first stored, without body; zero if Err is not nil
	Err    *chat.Error
}

// Append asks for drafts by a person in ts, in order; a refused one does not
// stop the others. When it returns without error, every action in Results is
// on the disk, and each is in the log once, however often it is asked for.
// The error is a *chat.Error: not_allowed or not_admitted if the person may
// save nothing there, storage_unavailable if it is unknown what was stored.
func (s *Store) Append(ctx context.Context, by chat.PID, ts chat.TSID, drafts []chat.Draft) (Saved, error) {
	return s.append(ctx, ts, drafts, func(tx *Tx, p *pending) (chat.Standing, error) {
		st := p.standing(tx.Roster(), by)
		return st, chat.May(p.session, p.ahead.Status(), st, chat.OpSave)
	})
}

// Announce appends what the server itself has to say.
func (s *Store) Announce(ctx context.Context, ts chat.TSID, drafts ...chat.Draft) error {
	saved, err := s.append(ctx, ts, drafts, func(*Tx, *pending) (chat.Standing, error) {
		return chat.ServerStanding(), nil
	})
	if err != nil {
		return err
	}
	for _, r := range saved.Results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

func (s *Store) append(
	ctx context.Context, ts chat.TSID, drafts []chat.Draft, who func(*Tx, *pending) (chat.Standing, error),
) (saved Saved, err error) {
	// A log that must be read first is read here, not in the committer.
	l, err := s.acquire(ctx, ts)
	if err != nil {
		return Saved{}, err
	}
	defer s.release(l)
	var out Saved
	err = s.Update(ctx, func(tx *Tx) error {
		p, err := tx.session(ts)
		if err != nil {
			return err
		}
		by, err := who(tx, p)
		if err != nil {
			return err
		}
		results := make([]Result, len(drafts))
		for i, d := range drafts {
			results[i] = tx.draft(p, by, d)
		}
		out = Saved{Epoch: p.ahead.Epoch(), Max: p.ahead.Head(), Results: results}
		return nil
	})
	if err != nil {
		return Saved{}, err
	}
	return out, nil
}

// draft judges d and appends what it becomes.
func (tx *Tx) draft(p *pending, by chat.Standing, d chat.Draft) Result {
	return tx.draftOf(p, by, d, "", NoPassage)
}

// draftOf is draft, of a notice that tells of who's coming or going.
func (tx *Tx) draftOf(p *pending, by chat.Standing, d chat.Draft, who chat.PID, passage Passage) Result {
	b := tx.b
	ruling, err := chat.Judge(p.session, p.ahead, by, d, tx.now, b.s.opt.Limits)
	if err == nil && ruling.Repeat == 0 && by.Role != chat.System {
		err = b.take(tx, by.ID)
	}
	if err != nil {
		var refusal *chat.Error
		if !errors.As(err, &refusal) {
			refusal = chat.Errorf(chat.Internal, "the server failed on this action")
			b.s.log.Error("judging an action failed", "error", err)
		}
		return Result{Err: refusal}
	}
	if id := ruling.Repeat; id != 0 {
		e, _ := p.ahead.Entry(id)
		return Result{Action: chat.Action{ID: id, Type: e.Type, By: e.By, At: e.At, To: e.To, Target: e.Target}}
	}
	a := tx.append(p, ruling, who, passage)
	a.Body = ""
	return Result{Action: a}
}

// take counts a new action against its author's rate.
func (b *batch) take(tx *Tx, by chat.PID) error {
	bucket, ok := b.buckets[by]
	if !ok {
		bucket = b.s.committer.buckets[by]
	}
	after, wait := bucket.Take(b.s.opt.Rate, tx.now)
	if wait > 0 {
		return &chat.Error{Code: chat.TooFast, Message: "too many actions at once", RetryAfter: wait}
	}
	b.buckets[by] = after
	return nil
}
