// Package auth decides who is logged in: it hands out codes by SMS, makes
// login sessions of them, ends these, and keeps the limits that stand between
// a stranger and somebody else's login. It is the one door to logins.
//
// It knows nothing of HTTP, cookies or sockets, and of therapy sessions only
// the id of the one a login is in. What it keeps is in package store; login
// sessions are in memory too, so that looking one up touches no disk.
//
// Whether a phone and field belong to anybody shows nowhere: not in an answer,
// not in what is counted, not in what is written before the answer. That is why
// codes and counters belong to an [account], which exists for every phone and
// field that anybody asks for.
//
// Start reading at [Auth.Login] (challenge.go), then verify.go for what becomes
// of a code, login.go for login sessions, throttle.go for the limits, record.go
// for what is on disk.
package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hearth/auth/sms"
	"hearth/hub/chat"
	"hearth/store"
)

// Options of an [Auth]. Store, Sender and KeyFile are required; for the rest
// zero is the default.
type Options struct {
	Store   *store.Store
	Sender  sms.Sender
	KeyFile string // of the keys that sign tokens and hide what is counted; made (mode 0600) if it is missing

	Name   string // of this service, in the SMS; empty: Hearth
	Region string // ISO 3166 country of phones without a country code; empty: US
	Field  string // what is asked for beside the phone: last_name (the default) or name
	OTP    OTP
	Limits Limits

	Idle     time.Duration // a login ends so long after the last thing its person did; 0: 30 minutes
	Absolute time.Duration // and so long after it began in any case; 0: 12 hours

	// InSession reports whether a person is admitted to and in an open
	// therapy session; while they are in the one that their login entered,
	// Idle does not count. It must not block. nil: never.
	InSession func(chat.PID, chat.TSID) bool

	Now  func() time.Time // nil: the store's
	Rand io.Reader        // nil: crypto/rand
	Log  *slog.Logger     // nil: discarded
}

// OTP says how one-time codes work.
type OTP struct {
	Digits          int           // 4 to 10; 0: 6
	Lifetime        time.Duration // 0: 10 minutes
	ResendAfter     time.Duration // between two SMS to one account; 0: a minute; negative: no wait
	MaxSends        int           // to one account within Window; 0: 3
	Window          time.Duration // 0: an hour
	AttemptsPerCode int           // 0: 1
}

// Limits are over sliding windows.
type Limits struct {
	SendsPerDay             int // of one account; 0: 6
	WrongCodesPerDay        int // of one account; 0: 5
	WrongCodesPer30Days     int // of one account; 0: 20
	LoginsPerAddressPerHour int // 0: 60
	SendsPerHour            int // of the whole server; 0: 300
}

func orDefault[T int | time.Duration | string](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (o *Options) setDefaults() error {
	orDefault(&o.Name, "Hearth")
	orDefault(&o.Region, "US")
	orDefault(&o.Field, "last_name")
	orDefault(&o.OTP.Digits, 6)
	orDefault(&o.OTP.Lifetime, 10*time.Minute)
	orDefault(&o.OTP.ResendAfter, time.Minute)
	o.OTP.ResendAfter = max(o.OTP.ResendAfter, 0)
	orDefault(&o.OTP.MaxSends, 3)
	orDefault(&o.OTP.Window, time.Hour)
	orDefault(&o.OTP.AttemptsPerCode, 1)
	orDefault(&o.Limits.SendsPerDay, 6)
	orDefault(&o.Limits.WrongCodesPerDay, 5)
	orDefault(&o.Limits.WrongCodesPer30Days, 20)
	orDefault(&o.Limits.LoginsPerAddressPerHour, 60)
	orDefault(&o.Limits.SendsPerHour, 300)
	orDefault(&o.Idle, 30*time.Minute)
	orDefault(&o.Absolute, 12*time.Hour)
	if o.InSession == nil {
		o.InSession = func(chat.PID, chat.TSID) bool { return false }
	}
	if o.Now == nil && o.Store != nil {
		o.Now = o.Store.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, check := range []struct {
		name string
		ok   bool
		want string
	}{
		{"Store", o.Store != nil, "set"},
		{"Sender", o.Sender != nil, "set"},
		{"KeyFile", o.KeyFile != "", "set"},
		{"Field", o.Field == "last_name" || o.Field == "name", "last_name or name"},
		{"OTP.Digits", 4 <= o.OTP.Digits && o.OTP.Digits <= 10, "4 to 10"},
		{"OTP.Lifetime", o.OTP.Lifetime > 0, "positive"},
		{"OTP.ResendAfter", o.OTP.ResendAfter < o.OTP.Lifetime, "below OTP.Lifetime"},
		{"OTP.MaxSends", o.OTP.MaxSends > 0, "positive"},
		{"OTP.Window", o.OTP.Window > 0, "positive"},
		{"OTP.AttemptsPerCode", o.OTP.AttemptsPerCode > 0, "positive"},
		{"Limits.SendsPerDay", o.Limits.SendsPerDay > 0, "positive"},
		{"Limits.WrongCodesPerDay", o.Limits.WrongCodesPerDay > 0, "positive"},
		{"Limits.WrongCodesPer30Days", o.Limits.WrongCodesPer30Days > 0, "positive"},
		{"Limits.LoginsPerAddressPerHour", o.Limits.LoginsPerAddressPerHour > 0, "positive"},
		{"Limits.SendsPerHour", o.Limits.SendsPerHour > 0, "positive"},
		{"Idle", 0 < o.Idle && o.Idle <= o.Absolute, "positive and at most Absolute"},
	} {
		if !check.ok {
			return fmt.Errorf("auth: %s must be %s", check.name, check.want)
		}
	}
	return nil
}

// GuessChance is how likely a stranger who knows somebody's phone and field
// guesses a code under these options, within a day, within 30 days and within
// a year. It is the sum over all tries: a little too high.
func (o Options) GuessChance() (day, month, year float64) {
	o.setDefaults() // what it finds missing does not matter here
	perDay := min(o.Limits.WrongCodesPerDay, o.Limits.SendsPerDay*o.OTP.AttemptsPerCode)
	codes := math.Pow10(o.OTP.Digits)
	perMonth := min(30*perDay, o.Limits.WrongCodesPer30Days)
	perYear := float64(perMonth) * 365.25 / 30
	return float64(perDay) / codes, float64(perMonth) / codes, perYear / codes
}

// Auth is the door to logins. Its methods may be called at the same time.
type Auth struct {
	opt    Options
	store  *store.Store
	log    *slog.Logger
	now    func() time.Time
	keys   *keys
	people atomic.Pointer[people]

	mu        sync.Mutex // guards what follows; not held while anything is read, written or called
	logins    map[string]*live
	used      map[string]time.Time // API tokens used since the last flush
	refused   map[refusal]*gathered
	lastAlarm time.Time

	post post
	sent sentCounts
}

// Counts is how many there are of what.
type Counts struct {
	Logins                 int    // login sessions now
	SMSSent, SMSFailed     uint64 // since the start; failed: refused by the provider
	SMSUnknown, SMSDropped uint64 // it is not known whether it arrived; too many were waiting
}

// Counts is what there is now.
func (a *Auth) Counts() Counts {
	a.mu.Lock()
	n := len(a.logins)
	a.mu.Unlock()
	return Counts{n, a.sent.ok.Load(), a.sent.refused.Load(), a.sent.unknown.Load(), a.sent.dropped.Load()}
}

// SMSUse is how many SMS to people count within the last hour, and how many may.
func (a *Auth) SMSUse(ctx context.Context) (sent, limit int, err error) {
	q, now := a.opt.serverSends(), a.now()
	raw, err := a.store.Get(ctx, store.TableCounter, []byte(a.counterKey(q)))
	if err != nil || raw == nil {
		return 0, a.opt.Limits.SendsPerHour, err
	}
	c, err := decode[counter](store.TableCounter, raw)
	if err != nil {
		return 0, 0, err
	}
	c.quota = q
	c.settle(now)
	for _, e := range c.Events {
		sent += 1 + e.N
	}
	return sent, a.opt.Limits.SendsPerHour, nil
}

// sentCounts are of SMS to people, by their fate.
type sentCounts struct{ ok, refused, unknown, dropped atomic.Uint64 }

// New reads the keys and the login sessions and begins to send SMS. Close ends
// it; the store must stay open until then. See [Auth.Run].
func New(ctx context.Context, opt Options) (*Auth, error) {
	if err := opt.setDefaults(); err != nil {
		return nil, err
	}
	k, err := openKeys(opt.KeyFile, opt.Rand, opt.Now())
	if err != nil {
		return nil, err
	}
	a := &Auth{
		opt: opt, store: opt.Store, log: opt.Log, now: opt.Now, keys: k,
		logins: map[string]*live{}, used: map[string]time.Time{}, refused: map[refusal]*gathered{},
	}
	if err := a.loadLogins(ctx); err != nil {
		return nil, err
	}
	a.peopleOf(opt.Store.Roster())
	a.startPost()
	return a, nil
}

// Close sends what waits to be sent, but not for longer than five seconds,
// stores the latest activity and returns when every goroutine has ended.
// Nothing may be asked of a closed Auth.
func (a *Auth) Close() error {
	a.stopPost()
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	if err := a.flush(ctx, 0); err != nil {
		return fmt.Errorf("store the latest activity: %w", err)
	}
	return nil
}

const closeGrace = 5 * time.Second

// Caller is where a call comes from.
type Caller struct {
	Addr   netip.Addr
	Device string // the value of the device cookie, or empty
}

func errInvalidCode() *chat.Error {
	return chat.Errorf(chat.InvalidCode, "this code is not valid, or no longer; ask for a new one")
}

func errNotAuthenticated() *chat.Error {
	return chat.Errorf(chat.NotAuthenticated, "log in first")
}

func errTooManyTries(wait time.Duration) *chat.Error {
	return &chat.Error{Code: chat.TooManyTries, Message: "too many tries; wait, or ask the study's staff", RetryAfter: wait}
}

func errTooSoon(wait time.Duration) *chat.Error {
	return &chat.Error{Code: chat.ResendTooSoon, Message: "a code was sent just now; wait for it", RetryAfter: wait}
}

// random is n bytes from the source of randomness.
func (a *Auth) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(a.opt.Rand, b); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	return b, nil
}
