package auth

import (
	"context"
	"strings"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// LoggedIn is the answer to the right code.
type LoggedIn struct {
	Token     string
	User      chat.User
	ExpiresAt time.Time
	Device    string // the device cookie's new value, good for DeviceLifetime
}

// try is what a call of Verify may compare with, once the try is counted.
type try struct {
	now     time.Time
	account account
	print   digest
	codeID  string
	hash    digest
	spoken  *code // a code that was read out to this person; nil: none

	lock    time.Duration // how long the account is locked if this code is wrong
	person  chat.PID      // empty: nobody
	refusal *chat.Error
}

// Verify makes a login session of the right code for a challenge. Each try is
// on disk before the code is looked at, so none is free, not even by killing
// the server. White space around the code is no part of it; anything else that
// is not the code is a wrong one. The error is a *chat.Error: invalid_code,
// too_many_tries, or storage_unavailable, after which the client starts over.
func (a *Auth) Verify(ctx context.Context, by Caller, challenge, typed string) (LoggedIn, error) {
	a.peopleOf(a.store.Roster())
	var t *try
	err := a.store.Update(ctx, func(tx *store.Tx) (err error) {
		t, err = a.count(tx, challenge)
		return err
	})
	if err != nil {
		return LoggedIn{}, err
	}
	if t.refusal != nil {
		return LoggedIn{}, t.refusal
	}
	typed = strings.TrimSpace(typed)
	right := a.codeHash(t.codeID, typed).equal(t.hash)
	read := &code{} // compared with in any case
	if t.spoken != nil {
		read = t.spoken
	}
	rightRead := a.codeHash(read.ID, typed).equal(read.Hash)
	if t.person == "" || !right && !rightRead {
		return LoggedIn{}, a.wrong(ctx, t)
	}
	return a.logIn(ctx, by, challenge, t, right)
}

// count counts a try.
func (a *Auth) count(tx *store.Tx, id string) (*try, error) {
	t := &try{now: tx.Now()}
	refuse := func(err *chat.Error) (*try, error) {
		t.refusal = err
		return t, tx.Refuse(store.AuditEntry{Event: "login", Subject: string(t.person), Reason: string(err.Code)})
	}
	ch, err := a.challenge(tx, id)
	if err != nil {
		return nil, err
	}
	if ch == nil {
		return refuse(errInvalidCode())
	}
	t.account, t.print = ch.Account, ch.Print
	t.person = a.peopleOf(tx.Roster()).byPrint[ch.Print].pid()
	wrong, err := a.counter(tx, a.opt.wrongCodes(), ch.Account.parts()...)
	if err != nil {
		return nil, err
	}
	if wait := wrong.wait(t.now); wait > 0 {
		return refuse(errTooManyTries(wait))
	}
	c, err := load[code](tx, store.TableChallenge, ch.Account.codeKey())
	if err != nil {
		return nil, err
	}
	if !c.open(t.now, a.opt.OTP.AttemptsPerCode) || c.ID != ch.Code {
		return refuse(errInvalidCode())
	}
	t.codeID, t.hash = c.ID, c.Hash
	c.Tries++
	if err := save(tx, store.TableChallenge, ch.Account.codeKey(), c); err != nil {
		return nil, err
	}
	// As wrong, until it turns out not to be.
	wrong.add(t.now)
	t.lock = wrong.wait(t.now)
	if err := wrong.save(tx); err != nil {
		return nil, err
	}
	t.spoken, err = a.countSpoken(tx, ch.Print)
	return t, err
}

// wrong notes a wrong code.
func (a *Auth) wrong(ctx context.Context, t *try) error {
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		if t.lock > 0 {
			tx.Audit(store.AuditEntry{Event: "locked", Subject: string(t.person), Reason: string(chat.TooManyTries)})
		}
		return tx.Refuse(store.AuditEntry{Event: "login", Subject: string(t.person), Reason: string(chat.InvalidCode)})
	})
	if err != nil {
		return err
	}
	return errInvalidCode()
}

// logIn makes a login session of a try that was right. own is false if it was
// the code that was read out.
func (a *Auth) logIn(ctx context.Context, by Caller, challenge string, t *try, own bool) (LoggedIn, error) {
	fresh, err := a.makeDevice()
	if err != nil {
		return LoggedIn{}, err
	}
	id, err := a.newLoginID()
	if err != nil {
		return LoggedIn{}, err
	}
	key := a.keys.signer()
	var l *loginRecord
	var user chat.User
	// Not to be given up half-way: the code is spent already.
	ctx = context.WithoutCancel(ctx)
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		l = nil
		p, err := a.spend(tx, challenge, t, own)
		if err != nil || p == nil {
			return err
		}
		if err := a.keepDevice(tx, by, p, fresh); err != nil {
			return err
		}
		user = *p.user
		l = a.newLogin(tx.Now(), p, key.ID)
		tx.Audit(store.AuditEntry{Event: "login", Actor: string(user.ID)})
		tx.Put(store.TableLoginOf, loginOfKey(user.ID, id), []byte{})
		return save(tx, store.TableLogin, id, l)
	})
	if err != nil {
		return LoggedIn{}, err
	}
	if l == nil {
		return LoggedIn{}, errInvalidCode()
	}
	if ok, err := a.hold(ctx, id, l); err != nil {
		return LoggedIn{}, err
	} else if !ok {
		return LoggedIn{}, errInvalidCode()
	}
	token, err := key.sign(id, l)
	if err != nil {
		return LoggedIn{}, err
	}
	return LoggedIn{Token: token, User: user, ExpiresAt: l.Expires, Device: fresh.value}, nil
}

// spend uses up the right code. The person is nil if it was used, or its
// person changed, since it was compared.
func (a *Auth) spend(tx *store.Tx, challenge string, t *try, own bool) (*person, error) {
	p := a.peopleOf(tx.Roster()).byPrint[t.print]
	c, err := load[code](tx, store.TableChallenge, t.account.codeKey())
	if err != nil {
		return nil, err
	}
	good := p != nil && c != nil && c.ID == t.codeID && !c.Used
	if !own && good {
		good, err = a.spendSpoken(tx, t)
		if err != nil {
			return nil, err
		}
	}
	if !good {
		return nil, tx.Refuse(store.AuditEntry{Event: "login", Subject: string(t.person), Reason: string(chat.InvalidCode)})
	}
	c.Used = true
	if err := save(tx, store.TableChallenge, t.account.codeKey(), c); err != nil {
		return nil, err
	}
	tx.Delete(store.TableChallenge, []byte(a.challengeKey(challenge)))
	wrong, err := a.counter(tx, a.opt.wrongCodes(), t.account.parts()...)
	if err != nil {
		return nil, err
	}
	wrong.takeBack(t.now)
	return p, wrong.save(tx)
}
