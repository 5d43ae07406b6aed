package auth

import (
	"context"
	"encoding/base64"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// spokenLifetime is how long a code is good that is read out by telephone.
const spokenLifetime = 10 * time.Minute

func errNoPerson() *chat.Error {
	return chat.Errorf(chat.NotFound, "p_id: the roster has nobody with this id who may log in")
}

// MakeCode makes a code to be read out to a person by telephone, in the place
// of one made earlier. It works once, until the time returned, with any open
// challenge of theirs: they ask for a code as always, and type this one. by
// names in the audit log who asked. It is not_found for somebody who is not in
// the roster, or withdrawn.
func (a *Auth) MakeCode(ctx context.Context, by string, id chat.PID) (string, time.Time, error) {
	b, err := a.random(16)
	if err != nil {
		return "", time.Time{}, err
	}
	made, err := a.newCode()
	if err != nil {
		return "", time.Time{}, err
	}
	c := code{ID: base64.RawURLEncoding.EncodeToString(b)}
	c.Hash = a.codeHash(c.ID, made)
	var until time.Time
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		p := a.peopleOf(tx.Roster()).byID[id]
		if p == nil {
			return errNoPerson()
		}
		until = tx.Now().Add(spokenLifetime)
		one := c
		one.Print, one.Made, one.Until = p.print, tx.Now(), until
		tx.Audit(store.AuditEntry{Event: "code", Actor: by, Subject: string(id)})
		return save(tx, store.TableChallenge, atSpoken+string(p.print), &one)
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return made, until, nil
}

// countSpoken is the code that was read out to the person with this print, if
// there is one that is good, with the try counted. It dies of as many wrong
// tries as an account may have a day, from all accounts together; of fewer, a
// stranger could spoil it.
func (a *Auth) countSpoken(tx *store.Tx, print digest) (*code, error) {
	c, err := load[code](tx, store.TableChallenge, atSpoken+string(print))
	if err != nil || !c.open(tx.Now(), a.opt.Limits.WrongCodesPerDay) {
		return nil, err
	}
	c.Tries++
	return c, save(tx, store.TableChallenge, atSpoken+string(print), c)
}

// spendSpoken removes the code that t was right about; false: somebody has
// used it since, or another took its place.
func (a *Auth) spendSpoken(tx *store.Tx, t *try) (bool, error) {
	key := atSpoken + string(t.print)
	c, err := load[code](tx, store.TableChallenge, key)
	if err != nil || c == nil || c.ID != t.spoken.ID {
		return false, err
	}
	tx.Delete(store.TableChallenge, []byte(key))
	return true, nil
}

// Unlock forgets the wrong codes and the SMS counted of a person, on all their
// devices, so that they can log in at once. by names in the audit log who did
// it. It is not_found for somebody who is not in the roster, or withdrawn.
func (a *Auth) Unlock(ctx context.Context, by string, id chat.PID) error {
	devices := map[string]bool{"": true}
	err := a.store.Scan(ctx, store.TableDevice, nil, func(_, value []byte) error {
		d, err := decode[device](store.TableDevice, value)
		if err == nil && d.Person == id {
			devices[d.ID] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.store.Update(ctx, func(tx *store.Tx) error {
		p := a.peopleOf(tx.Roster()).byID[id]
		if p == nil {
			return errNoPerson()
		}
		for d := range devices {
			of := account{p.who, d}
			for _, q := range []quota{a.opt.sends(), a.opt.wrongCodes()} {
				tx.Delete(store.TableCounter, []byte(a.counterKey(q, of.parts()...)))
			}
		}
		tx.Audit(store.AuditEntry{Event: "unlock", Actor: by, Subject: string(id)})
		return nil
	})
}
