package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Login is a login session, as it is now.
type Login struct {
	ID              string
	User            chat.User // as the roster has them now
	AuthenticatedAt time.Time
	LastActivity    time.Time // the last thing its person did
	IdleExpires     time.Time // when it ends if they do nothing, at most Expires
	Expires         time.Time
	TS              chat.TSID // the therapy session it is in; empty: none
}

// live is a login session in memory. One is there only after it was stored,
// and whoever finds that it is on disk no more removes it.
type live struct {
	loginRecord
	stored time.Time // IdleFrom on disk
	ended  string    // why it is over; it never comes back
}

// Why a login session ends of itself.
const (
	endIdle    = "idle"
	endExpired = "expired"
	endRoster  = "roster" // withdrawn, removed, another phone or role
)

func loginOfKey(p chat.PID, id string) []byte { return []byte(string(p) + "\x00" + id) }

func (a *Auth) newLoginID() (string, error) {
	b, err := a.random(16)
	return base64.RawURLEncoding.EncodeToString(b), err
}

func (a *Auth) newLogin(now time.Time, p *person, key string) *loginRecord {
	created := now.Truncate(time.Second)
	return &loginRecord{
		Person: p.user.ID, Print: p.print, Key: key, Created: created, Expires: created.Add(a.opt.Absolute),
		LastActivity: now, IdleFrom: now, Rev: 1,
	}
}

func (a *Auth) loadLogins(ctx context.Context) error {
	err := a.store.Scan(ctx, store.TableLogin, nil, func(key, value []byte) error {
		l, err := decode[loginRecord](store.TableLogin, value)
		if err == nil {
			a.logins[string(key)] = &live{loginRecord: *l, stored: l.IdleFrom}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read logins: %w", err)
	}
	return nil
}

// hold takes a login that is on disk into memory. False: it is there no more;
// whoever ended it may have looked for it in memory too early.
func (a *Auth) hold(ctx context.Context, id string, l *loginRecord) (bool, error) {
	a.mu.Lock()
	if a.logins[id] == nil {
		a.logins[id] = &live{loginRecord: *l, stored: l.IdleFrom}
	}
	a.mu.Unlock()
	raw, err := a.store.Get(ctx, store.TableLogin, []byte(id))
	if err == nil && raw != nil {
		return true, nil
	}
	a.forget(id)
	if err != nil {
		a.log.Error("a login could not be read back", "person", l.Person, "error", err)
		return false, &chat.Error{
			Code: chat.StorageUnavailable, Message: "the login could not be made; start over", RetryAfter: time.Second,
		}
	}
	return false, nil
}

func (a *Auth) forget(ids ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		delete(a.logins, id)
	}
}

// Authenticate is the login session that token is of. touch says that its
// person does something (anything but a poll, a wait or a ping). It reads no
// disk and does not block. The error is a *chat.Error, not_authenticated.
func (a *Auth) Authenticate(_ context.Context, token string, touch bool) (Login, error) {
	v, err := a.keys.parse(token, a.now)
	if err != nil {
		return Login{}, errNotAuthenticated()
	}
	return a.look(v.login, touch, v.is)
}

// Touch is Authenticate of one who was authenticated before and stays
// connected.
func (a *Auth) Touch(id string, touch bool) (Login, error) {
	return a.look(id, touch, func(*loginRecord) bool { return true })
}

func (a *Auth) look(id string, touch bool, same func(*loginRecord) bool) (Login, error) {
	now := a.now()
	people := a.peopleOf(a.store.Roster())
	l, p, why := a.peek(id, now, people, touch, same)
	if why == endIdle && a.inSession(l.User.ID, l.TS) {
		a.exempt(id, now)
		l, p, why = a.peek(id, now, people, touch, same)
	}
	if p == nil || why != "" {
		a.over(id, why)
		return Login{}, errNotAuthenticated()
	}
	return l, nil
}

// peek is the login as it stands in memory. p is nil if there is none; why
// says why it is over.
func (a *Auth) peek(
	id string, now time.Time, people *people, touch bool, same func(*loginRecord) bool,
) (_ Login, p *person, why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.logins[id]
	if l == nil || !same(&l.loginRecord) {
		return Login{}, nil, ""
	}
	why = a.ending(l, now, people)
	p = people.byPrint[l.Print]
	if why == "" && touch {
		l.LastActivity, l.IdleFrom = now, now
	}
	out := Login{
		ID: id, User: chat.User{ID: l.Person}, AuthenticatedAt: l.Created, LastActivity: l.LastActivity,
		IdleExpires: l.IdleFrom.Add(a.opt.Idle), Expires: l.Expires, TS: l.TS,
	}
	if out.IdleExpires.After(l.Expires) {
		out.IdleExpires = l.Expires
	}
	if p != nil {
		out.User = *p.user
	}
	return out, p, why
}

// ending says why a login is over, or nothing. The caller holds a.mu.
func (a *Auth) ending(l *live, now time.Time, people *people) string {
	switch {
	case l.ended != "":
		return l.ended
	case people.byPrint[l.Print] == nil:
		return endRoster
	case !now.Before(l.Expires):
		return endExpired
	case now.Sub(l.IdleFrom) >= a.opt.Idle:
		return endIdle
	}
	return ""
}

// inSession asks whether idle time does not count. The caller must not hold
// a.mu.
func (a *Auth) inSession(p chat.PID, ts chat.TSID) bool { return ts != "" && a.opt.InSession(p, ts) }

// exempt notes that a login's person is in a therapy session: its idle time
// begins when they are not, any more.
func (a *Auth) exempt(id string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.logins[id]; l != nil && l.IdleFrom.Before(now) {
		l.IdleFrom = now
	}
}

// over marks a login that somebody was refused as ended, for good.
func (a *Auth) over(id, why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.logins[id]; l != nil && why != "" {
		l.ended = why
	}
}

// Me is a login session for its person to see: while they are in a therapy
// session only Expires limits it.
func (a *Auth) Me(id string) (Login, error) {
	l, err := a.Touch(id, false)
	if err == nil && a.inSession(l.User.ID, l.TS) {
		l.IdleExpires = l.Expires
	}
	return l, err
}

// Logout ends a login session. It is nil too if it has ended before.
func (a *Auth) Logout(ctx context.Context, id string) error {
	return a.endWhere(ctx, func(*store.Tx) ([]string, string, error) { return []string{id}, "logout", nil })
}

// LogoutEverywhere ends every login session of a person. by names in the audit
// log who did it.
func (a *Auth) LogoutEverywhere(ctx context.Context, by string, p chat.PID) error {
	return a.endWhere(ctx, func(tx *store.Tx) (ids []string, why string, err error) {
		tx.Audit(store.AuditEntry{Event: "logout_everywhere", Actor: by, Subject: string(p)})
		prefix := loginOfKey(p, "")
		err = tx.Scan(store.TableLoginOf, prefix, func(key, _ []byte) bool {
			ids = append(ids, string(key[len(prefix):]))
			return true
		})
		return ids, "logout_everywhere", err
	})
}

// SetCurrentSession notes which therapy session a login session is in; an
// empty one is none. It is not_authenticated if the login has ended.
func (a *Auth) SetCurrentSession(ctx context.Context, id string, ts chat.TSID) error {
	a.mu.Lock()
	l := a.logins[id]
	same := l != nil && l.ended == "" && l.TS == ts
	a.mu.Unlock()
	if same {
		return nil
	}
	var rec *loginRecord
	err := a.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) (err error) {
		rec, err = load[loginRecord](tx, store.TableLogin, id)
		if rec == nil || err != nil {
			return err
		}
		rec.TS = ts
		rec.Rev++
		return save(tx, store.TableLogin, id, rec)
	})
	if err != nil {
		return err
	}
	if rec == nil {
		return errNotAuthenticated()
	}
	a.stored(id, rec)
	return nil
}

// stored takes over what was written of a login. Of two writes the later one
// stands, in whatever order they come here.
func (a *Auth) stored(id string, rec *loginRecord) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.logins[id]; l != nil && rec.Rev > l.Rev {
		l.Rev, l.TS, l.stored = rec.Rev, rec.TS, rec.IdleFrom
	}
}

// endWhere ends the login sessions that f names; f runs in the committer.
func (a *Auth) endWhere(ctx context.Context, f func(*store.Tx) (ids []string, why string, err error)) error {
	var ended []string
	err := a.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		ids, why, err := f(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := a.endIn(tx, id, why); err != nil {
				return err
			}
		}
		ended = ids
		return nil
	})
	if err != nil {
		return err
	}
	a.forget(ended...)
	return nil
}

// endIn removes a login session and makes the commit's event tell so.
func (a *Auth) endIn(tx *store.Tx, id, why string) error {
	rec, err := load[loginRecord](tx, store.TableLogin, id)
	if err != nil {
		return err
	}
	if rec == nil {
		a.tellEnded(tx, id)
		return nil
	}
	tx.Delete(store.TableLogin, []byte(id))
	tx.Delete(store.TableLoginOf, loginOfKey(rec.Person, id))
	tx.EndLogin(id, rec.Person)
	tx.Audit(store.AuditEntry{
		Event: "login_end", Subject: string(rec.Person), Details: []store.Detail{{Name: "why", Value: why}},
	})
	return nil
}

// tellEnded makes the event tell of a login that is in memory alone: the
// commit that ended it was stored without anybody having learnt of it.
func (a *Auth) tellEnded(tx *store.Tx, id string) {
	a.mu.Lock()
	l := a.logins[id]
	a.mu.Unlock()
	if l != nil {
		tx.EndLogin(id, l.Person)
	}
}
