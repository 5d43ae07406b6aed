package auth

import (
	"context"
	"errors"
	"time"

	"hearth/store"
)

const (
	endEvery   = time.Second // so soon do sockets learn that their login is over
	flushEvery = 15 * time.Second
	tidyEvery  = 10 * time.Minute

	// persistEvery is how far the activity on disk may lag behind.
	persistEvery = time.Minute

	sweepBatch = 200 // records changed by one commit
)

// Run ends the login sessions whose time is over, within a second or so,
// stores activity, and removes what no longer matters, until ctx is done.
func (a *Auth) Run(ctx context.Context) {
	end, flush, tidy := time.NewTicker(endEvery), time.NewTicker(flushEvery), time.NewTicker(tidyEvery)
	defer end.Stop()
	defer flush.Stop()
	defer tidy.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			err = a.endOver(ctx)
		case <-flush.C:
			a.exemptAll()
			err = a.flush(ctx, persistEvery)
		case <-tidy.C:
			err = errors.Join(a.tidy(ctx), a.dropKeys())
		}
		// While the store is down it says so itself, often enough.
		if err != nil && ctx.Err() == nil && a.store.Ready() == nil {
			a.log.Error("sweeping logins failed", "error", err)
		}
	}
}

// Sweep does at once all that Run does from time to time.
func (a *Auth) Sweep(ctx context.Context) error {
	a.exemptAll()
	return errors.Join(a.endOver(ctx), a.flush(ctx, persistEvery), a.tidy(ctx), a.dropKeys())
}

// RosterChanged ends the logins of those who were withdrawn or removed, or
// whose phone or role changed (they are refused already), and makes memory
// agree with the disk again. It is to be called when an event of the store
// says Roster, which it also does after an outage; not by the store's Committed
// itself, which must not wait for a commit.
func (a *Auth) RosterChanged(ctx context.Context) error {
	a.peopleOf(a.store.Roster())
	return errors.Join(a.reconcile(ctx), a.endOver(ctx))
}

// exemptAll notes of each login whether its person is in a therapy session.
func (a *Auth) exemptAll() {
	var in []Login
	a.mu.Lock()
	for id, l := range a.logins {
		if l.TS != "" && l.ended == "" {
			in = append(in, Login{ID: id, TS: l.TS})
			in[len(in)-1].User.ID = l.Person
		}
	}
	a.mu.Unlock()
	for _, l := range in {
		if a.inSession(l.User.ID, l.TS) {
			a.exempt(l.ID, a.now())
		}
	}
}

// endOver ends the logins whose time is over.
func (a *Auth) endOver(ctx context.Context) error {
	now := a.now()
	people := a.peopleOf(a.store.Roster())
	over := map[string]string{} // id → why
	var idle []Login
	a.mu.Lock()
	for id, l := range a.logins {
		l.settleClock(now, a.opt.Absolute)
		switch why := a.ending(l, now, people); {
		case why == endIdle && l.ended == "" && l.TS != "":
			idle = append(idle, Login{ID: id, TS: l.TS})
			idle[len(idle)-1].User.ID = l.Person
		case why != "":
			l.ended, over[id] = why, why
		}
	}
	a.mu.Unlock()
	for _, l := range idle {
		if a.inSession(l.User.ID, l.TS) {
			a.exempt(l.ID, now)
			continue
		}
		// Unless they did something meanwhile.
		if _, _, why := a.peek(l.ID, now, people, false, func(*loginRecord) bool { return true }); why != "" {
			a.over(l.ID, why)
			over[l.ID] = why
		}
	}
	return inBatches(over, func(batch map[string]string) error {
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			for id, why := range batch {
				if err := a.endIn(tx, id, why); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			for id := range batch {
				a.forget(id)
			}
		}
		return err
	})
}

// settleClock keeps a clock that was set back from prolonging a login. The
// caller holds Auth.mu.
func (l *live) settleClock(now time.Time, absolute time.Duration) {
	for _, t := range []*time.Time{&l.IdleFrom, &l.LastActivity} {
		if t.After(now) {
			*t = now
		}
	}
	if latest := now.Add(absolute); l.Expires.After(latest) {
		l.Expires = latest
	}
}

// flush stores the activity of logins where what is on disk is older by more
// than lag, which API tokens were used, and how often calls with one were
// refused: with lag 0 all of it, else what was gathered for long enough.
func (a *Auth) flush(ctx context.Context, lag time.Duration) error {
	due := map[string]loginRecord{}
	a.mu.Lock()
	for id, l := range a.logins {
		if behind := l.IdleFrom.Sub(l.stored).Abs(); behind > 0 && behind >= lag && l.ended == "" {
			due[id] = l.loginRecord
		}
	}
	a.mu.Unlock()
	err := inBatches(due, func(batch map[string]loginRecord) error {
		var written map[string]*loginRecord // nil: there is none any more
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			written = map[string]*loginRecord{}
			for id, l := range batch {
				rec, err := load[loginRecord](tx, store.TableLogin, id)
				if err != nil {
					return err
				}
				written[id] = rec
				if rec == nil {
					a.tellEnded(tx, id)
					continue
				}
				rec.LastActivity, rec.IdleFrom, rec.Expires = l.LastActivity, l.IdleFrom, l.Expires
				rec.Rev++
				if err := save(tx, store.TableLogin, id, rec); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for id, rec := range written {
			if rec == nil {
				a.forget(id)
			} else {
				a.stored(id, rec)
			}
		}
		return nil
	})
	window := refusedWindow
	if lag == 0 {
		window = 0
	}
	return errors.Join(err, a.flushTokens(ctx), a.flushRefused(ctx, window))
}

// reconcile makes memory hold the logins that are on disk, and no others. They
// differ after a commit of which it was not known whether it was stored.
func (a *Auth) reconcile(ctx context.Context) error {
	onDisk := map[string]*loginRecord{}
	err := a.store.Scan(ctx, store.TableLogin, nil, func(key, value []byte) error {
		l, err := decode[loginRecord](store.TableLogin, value)
		onDisk[string(key)] = l
		return err
	})
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	a.mu.Lock()
	for id := range a.logins {
		if onDisk[id] == nil {
			gone[id] = true // or made since: the committer will know
		}
		delete(onDisk, id)
	}
	a.mu.Unlock()
	for id, l := range onDisk {
		if _, err := a.hold(ctx, id, l); err != nil {
			return err
		}
	}
	return inBatches(gone, func(batch map[string]bool) error {
		var ended []string
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			ended = nil
			for id := range batch {
				if raw, err := tx.Get(store.TableLogin, []byte(id)); err != nil {
					return err
				} else if raw == nil {
					a.tellEnded(tx, id)
					ended = append(ended, id)
				}
			}
			return nil
		})
		if err == nil {
			a.forget(ended...)
		}
		return err
	})
}

// tidy removes what no longer matters, a few records a commit.
func (a *Auth) tidy(ctx context.Context) error {
	type ending struct {
		Until time.Time `json:"until"`
	}
	for _, t := range []store.Table{store.TableChallenge, store.TableCounter, store.TableDevice} {
		over := map[string]bool{}
		err := a.store.Scan(ctx, t, nil, func(key, value []byte) error {
			e, err := decode[ending](t, value)
			if err == nil && !a.now().Before(e.Until) {
				over[string(key)] = true
			}
			return err
		})
		if err != nil {
			return err
		}
		err = inBatches(over, func(batch map[string]bool) error {
			return a.store.Update(ctx, func(tx *store.Tx) error {
				for key := range batch {
					e, err := load[ending](tx, t, key)
					if err != nil {
						return err
					}
					if e != nil && !tx.Now().Before(e.Until) {
						tx.Delete(t, []byte(key))
					}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inBatches calls f with all of m, sweepBatch at a time.
func inBatches[K comparable, V any](m map[K]V, f func(map[K]V) error) error {
	batch := map[K]V{}
	for k, v := range m {
		if batch[k] = v; len(batch) == sweepBatch {
			if err := f(batch); err != nil {
				return err
			}
			batch = map[K]V{}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return f(batch)
}
