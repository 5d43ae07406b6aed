package auth

import (
	"encoding/json"
	"fmt"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// What is on disk: JSON, in the store's tables. Times are those of the commit.
// A record with a field until may be deleted from that moment on.

// Keys in the table of challenges.
const (
	atChallenge = "challenge/" // + digest of the id → challenge
	atCode      = "code/"      // + digest of the account → code
	atSpoken    = "spoken/"    // + print of the person → code
)

// account is what codes and limits belong to: a phone and field, whether or
// not anybody has them, and apart from that each device that has logged in
// with them before. A stranger can use up the account without a device; that
// of a person's own device is out of their reach.
type account struct {
	Who    digest `json:"who"`
	Device string `json:"device,omitempty"` // the device's id; empty: none
}

// challenge is what a client holds between asking for a code and typing it.
type challenge struct {
	Until   time.Time `json:"until"`
	Account account   `json:"account"`
	Code    string    `json:"code"`  // its id
	Print   digest    `json:"print"` // of whom it is for
}

// code is the latest one of an account, or one to be read out.
type code struct {
	Until  time.Time `json:"until"`
	ID     string    `json:"id"`
	Hash   digest    `json:"hash"`
	Print  digest    `json:"print"` // of whom it is for
	Made   time.Time `json:"made"`
	Tries  int       `json:"tries,omitempty"`
	Used   bool      `json:"used,omitempty"`   // to log in
	Unsent bool      `json:"unsent,omitempty"` // it is known that nobody got it
}

// clockSlack is how far a clock may be set back before a code counts as dead.
const clockSlack = time.Minute

// live reports whether the code's time has not passed. A code of the future is
// dead, else setting the clock back would prolong its life.
func (c *code) live(now time.Time) bool {
	return c != nil && now.Before(c.Until) && !c.Made.After(now.Add(clockSlack))
}

// open reports whether the code can still be used, given so many tries.
func (c *code) open(now time.Time, tries int) bool {
	return c.live(now) && !c.Used && c.Tries < tries
}

// device is a browser that has logged in before.
type device struct {
	Until  time.Time `json:"until"`
	Person chat.PID  `json:"person"`
	ID     string    `json:"id"` // stays when the cookie's value changes
}

// loginRecord is a login session.
type loginRecord struct {
	Person       chat.PID  `json:"person"`
	Print        digest    `json:"print"`   // of the person as they were
	Key          string    `json:"key"`     // the id of the key that signed its token
	Created      time.Time `json:"created"` // whole seconds, as in the token
	Expires      time.Time `json:"expires"`
	LastActivity time.Time `json:"last_activity"`
	IdleFrom     time.Time `json:"idle_from"` // LastActivity, or when last seen in a therapy session if that is later
	TS           chat.TSID `json:"ts,omitempty"`
	Rev          uint64    `json:"rev"` // grows with each write
}

// load is the record at key, or nil.
func load[T any](tx *store.Tx, t store.Table, key string) (*T, error) {
	raw, err := tx.Get(t, []byte(key))
	if raw == nil || err != nil {
		return nil, err
	}
	return decode[T](t, raw)
}

func decode[T any](t store.Table, raw []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("%s: malformed record", t) // err may quote it
	}
	return v, nil
}

func save(tx *store.Tx, t store.Table, key string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	tx.Put(t, []byte(key), raw)
	return nil
}
