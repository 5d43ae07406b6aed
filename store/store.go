// Package store keeps what Hearth must not lose: action logs, standings, the
// roster, logins and the audit log.
//
// One goroutine, the committer (append.go), is the only writer. It takes all
// that waits into one synced transaction, judges each action against the log
// folded so far (package chat has the rules), and answers after the sync.
// Nobody learns of an action before it is on disk.
//
// The package knows nothing of HTTP, of sockets, of who is connected, and
// says no rule. Start reading at [Store.Append], then committer.go, live.go
// for the logs held in memory, record.go for the disk format, driver.go for
// what a database must do.
package store

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hearth/hub/chat"
)

// Options of a store. Driver is required; for the rest zero is the default.
type Options struct {
	Driver Driver
	// AuditKey is the key of the audit log's MAC, 32 bytes. It is kept
	// outside the data file: whoever can rewrite the file alone cannot make
	// a log that passes [Store.Check].
	AuditKey []byte
	Limits   chat.Limits // zero: 10,000 code points, 20,000 entries
	Rate     chat.Rate   // of new actions of one person; zero: 10 a second, 100 at once

	// Committed is called by the committer after each commit that changed
	// a therapy session or ended a login, in commit order. It must not
	// block and must not call the store.
	Committed func(Event)

	// Observe is called by the committer after each commit, also a failed
	// one. It must not block and must not call the store.
	Observe func(Commit)

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: discarded
}

// Commit is one transaction, as who watches the server sees it.
type Commit struct {
	Jobs    int // of callers
	Actions int // that it stored
	Took    time.Duration
	Failed  bool
}

// Event tells what a commit changed.
type Event struct {
	Sessions []SessionEvent
	Logins   []EndedLogin
	Roster   bool // a new roster is in use
}

func (e *Event) empty() bool { return len(e.Sessions) == 0 && len(e.Logins) == 0 && !e.Roster }

// SessionEvent is of one therapy session: new actions, a changed standing or
// assessment, or all of it anew after an outage.
type SessionEvent struct {
	TS     chat.TSID
	Head   chat.ActionID
	People []chat.PID // whose standing or assessments changed; empty: only the log
}

// EndedLogin is a login session that is no more.
type EndedLogin struct {
	Login string
	By    chat.PID
}

// Store is an open data set. Its methods may be called at the same time.
type Store struct {
	opt    Options
	driver Driver
	log    *slog.Logger

	roster atomic.Pointer[rosterState]

	erasing sync.Mutex // held by who erases

	mu     sync.Mutex // guards what follows
	live   map[chat.TSID]*live
	idle   list.List             // of *live that nobody uses, the latest first
	reads  map[readKey]time.Time // when it was noted
	closed bool

	jobs      chan *job
	stopped   chan struct{} // closed when the committer has ended
	committer committer
	down      atomic.Pointer[error] // why nothing can be stored now
}

// errUnavailable is every saver's answer while nothing can be stored, and
// that of a commit whose fate is unknown.
func errUnavailable() *chat.Error {
	return &chat.Error{
		Code: chat.StorageUnavailable, RetryAfter: time.Second,
		Message: "it is not known whether this was stored; send it again",
	}
}

// Open reads what must be in memory and starts the committer. The store owns
// the driver from here on, also if Open fails.
func Open(ctx context.Context, opt Options) (*Store, error) {
	if opt.Limits == (chat.Limits{}) {
		opt.Limits = chat.Limits{MaxBody: 10_000, MaxHistory: 20_000}
	}
	if opt.Rate == (chat.Rate{}) {
		opt.Rate = chat.Rate{PerSecond: 10, Burst: 100}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Observe == nil {
		opt.Observe = func(Commit) {}
	}
	if opt.Committed == nil {
		opt.Committed = func(Event) {}
	}
	if len(opt.AuditKey) != auditKeyBytes {
		opt.Driver.Close()
		return nil, fmt.Errorf("the audit key must be %d bytes", auditKeyBytes)
	}
	s := &Store{
		opt: opt, driver: opt.Driver, log: opt.Log,
		live: map[chat.TSID]*live{}, reads: map[readKey]time.Time{},
		jobs: make(chan *job, 4096), stopped: make(chan struct{}),
	}
	s.committer = committer{s: s, buckets: map[chat.PID]chat.Bucket{}}
	if err := s.loadRoster(ctx); err != nil {
		opt.Driver.Close()
		return nil, fmt.Errorf("read roster: %w", err)
	}
	var err error
	if s.committer.audit, s.committer.auditRaw, err = s.loadAudit(ctx); err != nil {
		opt.Driver.Close()
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	go func() {
		defer close(s.stopped)
		s.committer.loop()
	}()
	return s, nil
}

// Close answers what waits, ends the committer and closes the driver. Calls
// that come later fail.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.jobs)
	<-s.stopped
	return s.driver.Close()
}

// Ready is nil, or says why nothing can be stored now.
func (s *Store) Ready() error {
	if err := s.down.Load(); err != nil {
		return *err
	}
	return nil
}

// Roster is the one in use. It must not be changed.
func (s *Store) Roster() *chat.Roster { return s.roster.Load().Roster }

// Now is the store's clock.
func (s *Store) Now() time.Time { return s.opt.Now() }

var errClosed = errors.New("the store is closed")

// Update runs f in the committer, in order with everything else that is
// stored, and returns after its writes are on the disk. If f returns an error,
// nothing that it wrote is stored and that error is returned; an outcome that
// must be stored although it is a refusal is handed out by a captured
// variable. f sees everything that was stored before it, must be quick, must
// not block, and may be run more than once. A *chat.Error with
// storage_unavailable means that it is not known whether f's writes are there.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	j := &job{ctx: ctx, run: f, done: make(chan error, 1)}
	if err := s.submit(j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		// The job may be under way and write what f captured: its
		// outcome is unknown to this caller for good.
		return errUnavailable()
	}
}

func (s *Store) submit(j *job) error {
	if s.down.Load() != nil {
		return errUnavailable()
	}
	s.mu.Lock() // so that nothing is sent on a closed channel
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	select {
	case s.jobs <- j:
		return nil
	default:
		return errUnavailable()
	}
}
