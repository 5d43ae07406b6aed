package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Challenge is the answer to a login that is under way.
type Challenge struct {
	ID          string
	ResendAfter time.Duration // until another code can be asked for
	ExpiresIn   time.Duration // until the code is dead
}

// Login begins a login: it makes a challenge and, unless the latest code is
// less than ResendAfter old and still good, a new code, which is sent after
// Login has returned. Answer, counting and what is written are the same
// whether or not phone and field are somebody's. The error is a *chat.Error:
// invalid_phone, too_many_tries or storage_unavailable.
func (a *Auth) Login(ctx context.Context, by Caller, phone, field string) (Challenge, error) {
	number, err := chat.ParsePhone(phone, a.opt.Region)
	if err != nil {
		return Challenge{}, err
	}
	who := a.who(number, field)
	return a.ask(ctx, number, func(q *ask) error { return q.login(by, who) })
}

// Resend sends a new code for an open challenge; the old one is dead then. The
// error is a *chat.Error: invalid_code for a challenge that is spent, expired
// or unknown, resend_too_soon, too_many_tries or storage_unavailable.
func (a *Auth) Resend(ctx context.Context, _ Caller, challenge string) (Challenge, error) {
	return a.ask(ctx, "", func(q *ask) error { return q.resend(challenge) })
}

// ask is one call for a code.
type ask struct {
	*Auth
	tx     *store.Tx
	now    time.Time
	people *people
	fresh  fresh

	person  *person // who it is for; nil: nobody
	print   digest  // of the person when the challenge was made
	account account
	sends   *counter // of the account
	server  *counter // sends of the whole server

	// The outcome:
	answer    Challenge
	refusal   *chat.Error
	delivery  *delivery // nil: nothing is to be sent
	exhausted bool      // because the whole server has sent too much
}

// fresh is the randomness that an ask may need.
type fresh struct {
	challenge string
	codeID    string
	code      string
}

func (a *Auth) newFresh() (f fresh, err error) {
	b, err := a.random(32)
	if err != nil {
		return f, err
	}
	f.challenge = base64.RawURLEncoding.EncodeToString(b[:16])
	f.codeID = base64.RawURLEncoding.EncodeToString(b[16:])
	f.code, err = a.newCode()
	return f, err
}

// newCode is a random code, uniform over all of its length.
func (a *Auth) newCode() (string, error) {
	end := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(a.opt.OTP.Digits)), nil)
	n, err := rand.Int(a.opt.Rand, end)
	if err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	return fmt.Sprintf("%0*d", a.opt.OTP.Digits, n), nil
}

// codeHash is what is kept of a code.
func (a *Auth) codeHash(id, code string) digest { return a.keys.digest("code", id, code) }

// ask runs f in the committer and hands what is to be sent to the senders.
// typed is the phone that was typed, or empty.
func (a *Auth) ask(ctx context.Context, typed chat.Phone, f func(*ask) error) (Challenge, error) {
	made, err := a.newFresh()
	if err != nil {
		return Challenge{}, err
	}
	a.peopleOf(a.store.Roster()) // not in the committer, if possible
	var q *ask
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		q = &ask{Auth: a, tx: tx, now: tx.Now(), people: a.peopleOf(tx.Roster()), fresh: made}
		return f(q)
	})
	if err != nil {
		return Challenge{}, err
	}
	if q.refusal != nil {
		return Challenge{}, q.refusal
	}
	if q.exhausted {
		a.alarm(q.now)
	}
	if q.delivery != nil {
		q.delivery.typed = typed
		a.deliver(q.delivery)
	}
	return q.answer, nil
}

func (q *ask) login(by Caller, who digest) error {
	q.person = q.people.byWho[who]
	q.print = q.printOf(q.person)
	var err error
	if q.account, err = q.accountFor(q.tx, by, who, q.person); err != nil {
		return err
	}
	// A stranger at the same address must not use up what a person's own
	// device has, either.
	address, err := q.counter(q.tx, q.opt.addressLogins(), addressGroup(by.Addr), q.account.Device)
	if err != nil {
		return err
	}
	wrong, err := q.counter(q.tx, q.opt.wrongCodes(), q.account.parts()...)
	if err != nil {
		return err
	}
	// Looked at in any case: see counter for what that does when the clock
	// was set back.
	if err := q.countSends(); err != nil {
		return err
	}
	if wait := max(address.wait(q.now), wrong.wait(q.now)); wait > 0 {
		return q.refuse("login", errTooManyTries(wait), store.Detail{Name: "address", Value: addressGroup(by.Addr)})
	}
	c, err := load[code](q.tx, store.TableChallenge, q.account.codeKey())
	if err != nil {
		return err
	}
	shared := q.isOpen(c) && c.Print == q.print && !c.Unsent && q.tooSoon(c) > 0
	if !shared {
		if c, err = q.renew(c, "login"); err != nil || q.refusal != nil {
			return err
		}
	}
	address.add(q.now)
	if err := address.save(q.tx); err != nil {
		return err
	}
	return q.finish(q.fresh.challenge, c)
}

func (q *ask) resend(id string) error {
	ch, err := q.challenge(q.tx, id)
	if err != nil {
		return err
	}
	if ch == nil {
		return q.refuse("resend", errInvalidCode())
	}
	q.account, q.print, q.person = ch.Account, ch.Print, q.people.byPrint[ch.Print]
	wrong, err := q.counter(q.tx, q.opt.wrongCodes(), q.account.parts()...)
	if err != nil {
		return err
	}
	if wait := wrong.wait(q.now); wait > 0 {
		return q.refuse("resend", errTooManyTries(wait))
	}
	if err := q.countSends(); err != nil {
		return err
	}
	c, err := load[code](q.tx, store.TableChallenge, q.account.codeKey())
	if err != nil {
		return err
	}
	switch open := q.isOpen(c); {
	case c != nil && c.ID == ch.Code && !open:
		return q.refuse("resend", errInvalidCode())
	case open && q.tooSoon(c) > 0:
		return q.refuse("resend", errTooSoon(q.tooSoon(c)))
	}
	if c, err = q.renew(c, "resend"); err != nil || q.refusal != nil {
		return err
	}
	return q.finish(id, c)
}

// countSends loads the counters of what was sent.
func (q *ask) countSends() (err error) {
	if q.sends, err = q.counter(q.tx, q.opt.sends(), q.account.parts()...); err != nil {
		return err
	}
	q.server, err = q.counter(q.tx, q.opt.serverSends())
	return err
}

// renew puts a new code in the place of old, which is dead then. It writes the
// same for nobody as for somebody.
func (q *ask) renew(old *code, event string) (*code, error) {
	sends, server := q.sends, q.server
	if wait := sends.wait(q.now); wait > 0 {
		return nil, q.refuse(event, errTooManyTries(wait))
	}
	c := &code{
		ID: q.fresh.codeID, Hash: q.codeHash(q.fresh.codeID, q.fresh.code), Print: q.print,
		Made: q.now, Until: q.now.Add(q.opt.OTP.Lifetime),
	}
	if q.exhausted = server.wait(q.now) > 0; q.exhausted {
		// Nothing is sent, so nothing is counted, and a code that may have
		// arrived stays good.
		err := q.tx.Refuse(store.AuditEntry{Event: "sms", Reason: "sends_per_hour"})
		if err != nil || q.isOpen(old) && old.Print == q.print {
			return old, err
		}
		c.Unsent = true
		return c, save(q.tx, store.TableChallenge, q.account.codeKey(), c)
	}
	sends.add(q.now)
	if q.person != nil {
		server.add(q.now)
	}
	if err := sends.save(q.tx); err != nil {
		return nil, err
	}
	if err := server.save(q.tx); err != nil {
		return nil, err
	}
	q.delivery = &delivery{account: q.account, codeID: c.ID, code: q.fresh.code, at: q.now}
	if q.person != nil {
		q.delivery.person, q.delivery.to = q.person.user.ID, q.person.user.Phone
	}
	return c, save(q.tx, store.TableChallenge, q.account.codeKey(), c)
}

// finish stores the challenge, which is for c now.
func (q *ask) finish(id string, c *code) error {
	q.answer = Challenge{ID: id, ResendAfter: q.tooSoon(c), ExpiresIn: c.Until.Sub(q.now)}
	return save(q.tx, store.TableChallenge, q.challengeKey(id), &challenge{
		Until: c.Until, Account: q.account, Code: c.ID, Print: q.print,
	})
}

// challenge is the one with this id, unless its time has passed, or nil.
func (a *Auth) challenge(tx *store.Tx, id string) (*challenge, error) {
	ch, err := load[challenge](tx, store.TableChallenge, a.challengeKey(id))
	if err != nil || ch == nil || !tx.Now().Before(ch.Until) {
		return nil, err
	}
	return ch, nil
}

func (a *Auth) challengeKey(id string) string {
	return atChallenge + string(a.keys.digest("challenge", id))
}

func (q *ask) isOpen(c *code) bool { return c.open(q.now, q.opt.OTP.AttemptsPerCode) }

// tooSoon is how long until the next code may be sent after c.
func (q *ask) tooSoon(c *code) time.Duration {
	wait := c.Made.Add(q.opt.OTP.ResendAfter).Sub(q.now)
	return max(0, min(wait, q.opt.OTP.ResendAfter))
}

// refuse notes a refusal. It says nothing of whom it concerns: what is written
// must not depend on that.
func (q *ask) refuse(event string, err *chat.Error, details ...store.Detail) error {
	q.refusal = err
	return q.tx.Refuse(store.AuditEntry{Event: event, Reason: string(err.Code), Details: details})
}

func (c account) parts() []string { return []string{string(c.Who), c.Device} }

// codeKey is where the account's latest code is.
func (c account) codeKey() string { return atCode + string(c.Who) + "/" + c.Device }
