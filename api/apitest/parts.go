package apitest

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Start is when the clock of a new server begins.
var Start = time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)

// Clock is the wall clock of store and auth. It stands still unless it is
// moved; that of a server with Pipe runs, too.
type Clock struct {
	mu    sync.Mutex
	at    time.Time
	since time.Time // zero: it stands still
}

func newClock(runs bool) *Clock {
	c := &Clock{at: Start}
	if runs {
		c.since = time.Now()
	}
	return c
}

// Now is the time it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.at
	}
	return c.at.Add(time.Since(c.since))
}

// Add moves it by d.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// SMS stands in for the account that sends text messages: it keeps the codes.
type SMS struct {
	mu      sync.Mutex
	codes   map[chat.Phone][]string
	changed chan struct{}
	hold    chan struct{} // nil: nothing is held
	secrets *Secrets
}

func newSMS(secrets *Secrets) *SMS {
	return &SMS{codes: map[chat.Phone][]string{}, changed: make(chan struct{}), secrets: secrets}
}

var codePattern = regexp.MustCompile(`[0-9]{4,10}`)

// Send is sms.Sender's.
func (m *SMS) Send(ctx context.Context, to chat.Phone, text string) error {
	m.secrets.Code(codePattern.FindString(text))
	m.mu.Lock()
	hold := m.hold
	m.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes[to] = append(m.codes[to], codePattern.FindString(text))
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

// Hold makes every Send block until release.
func (m *SMS) Hold() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hold := make(chan struct{})
	m.hold = hold
	return sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.hold = nil
		close(hold)
	})
}

// Sent is how many have been sent to a phone.
func (m *SMS) Sent(to chat.Phone) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.codes[to])
}

// Code waits until more than n have been sent to a phone and returns the
// latest code.
func (m *SMS) Code(ctx context.Context, to chat.Phone, n int) (string, error) {
	for {
		m.mu.Lock()
		codes, changed := m.codes[to], m.changed
		m.mu.Unlock()
		if len(codes) > n {
			return codes[len(codes)-1], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// Disk is the real driver, which can be broken.
type Disk struct {
	store.Driver
	mu     sync.Mutex
	broken bool
	lost   bool
}

var errBroken = errors.New("the disk is broken")

// Break makes every commit fail, and every recovery. stored says whether a
// failing commit is there nevertheless.
func (d *Disk) Break(stored bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken, d.lost = true, !stored
}

// Mend makes it work again; the store finds out within some time.
func (d *Disk) Mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = false
}

// Commit is store.Driver's.
func (d *Disk) Commit(ctx context.Context, b *store.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken && d.lost {
		return errBroken
	}
	err := d.Driver.Commit(ctx, b)
	if d.broken {
		return errBroken
	}
	return err
}

// Recover is store.Driver's.
func (d *Disk) Recover(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errBroken
	}
	return d.Driver.Recover(ctx)
}

// Log keeps what is logged.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write is io.Writer's.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
