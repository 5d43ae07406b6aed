// Package hub is what runs: who is connected to which therapy session, where
// each reader stands, who is there, who types; entering, leaving, moderating.
// It is the one door to the chat: every transport is a translation of its
// calls.
//
// A subscription is a cursor, a publish is a wake-up: nothing said is ever
// handed to a reader, each reads on from its own position through package
// store. So there is no buffer to overflow, and a slow reader costs one
// integer. Only presence and typing are pushed, merged per person, and may be
// lost.
//
// The package knows nothing of HTTP, sockets or cookies. Start reading at
// [Hub], then room.go, presence.go, subscription.go, entry.go.
package hub

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Options of a hub. Store is required; for the rest zero is the default.
type Options struct {
	Store *store.Store
	// Grace is how long somebody whose last socket closed, or who polled
	// last, still counts as online; zero: 75 s.
	Grace time.Duration
	// SocketsPerPerson bounds the open sockets of one person; zero: 20.
	SocketsPerPerson int
	Log              *slog.Logger // nil: discarded
}

// Hub is the one door to the chat. Its methods may be called at the same
// time.
type Hub struct {
	opt   Options
	store *store.Store
	log   *slog.Logger

	mu      sync.Mutex // before room.mu; held across no I/O
	rooms   map[chat.TSID]*room
	bound   map[string]map[*binding]struct{} // by login session
	sockets map[chat.PID]int
	dirty   map[chat.TSID]bool // rooms whose people the worker must look at
	glances map[chat.TSID]*glanced

	work   chan struct{} // capacity 1
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New makes a hub and starts its goroutines. Whoever is present by the logs
// counts as online for Grace.
func New(ctx context.Context, opt Options) (*Hub, error) {
	if opt.Grace == 0 {
		opt.Grace = 75 * time.Second
	}
	if opt.SocketsPerPerson == 0 {
		opt.SocketsPerPerson = 20
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{
		opt: opt, store: opt.Store, log: opt.Log,
		rooms: map[chat.TSID]*room{}, bound: map[string]map[*binding]struct{}{}, sockets: map[chat.PID]int{},
		dirty: map[chat.TSID]bool{}, glances: map[chat.TSID]*glanced{}, work: make(chan struct{}, 1),
	}
	present, err := h.store.Present(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range present {
		h.with(p.TS, func(r *room) {
			r.present[p.By] = &presence{seen: time.Now(), status: Online, told: true}
		})
		// The first sweep sees off who was sent out just before the last
		// stop. (Nothing may be committed before New has returned: the
		// store's Committed leads here.)
		h.dirty[p.TS] = true
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.cancel = cancel
	h.done.Go(func() { h.run(run) })
	return h, nil
}

// Stats is how much is going on.
type Stats struct {
	Rooms   int // therapy sessions with somebody connected or counted as present
	Sockets int
	Online  int // people, once for each therapy session that they are in
}

// Stats counts what is going on now.
func (h *Hub) Stats() (s Stats) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Rooms = len(h.rooms)
	for _, n := range h.sockets {
		s.Sockets += n
	}
	for _, r := range h.rooms {
		r.mu.Lock()
		for _, p := range r.present {
			if p.status == Online {
				s.Online++
			}
		}
		r.mu.Unlock()
	}
	return s
}

// Close ends the hub's goroutines. Subscriptions must be closed before. Who
// is present stays present, for the next start.
func (h *Hub) Close() {
	h.cancel()
	h.done.Wait()
}

// Committed is the store's to call after each commit. It does not block.
func (h *Hub) Committed(e store.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range e.Sessions {
		delete(h.glances, s.TS)
		if r := h.rooms[s.TS]; r != nil {
			r.wake()
			r.doubt(s.People)
			if len(s.People) > 0 {
				h.dirty[s.TS] = true
			}
		}
	}
	if e.Roster {
		clear(h.glances)
		for ts, r := range h.rooms {
			r.wake()
			h.dirty[ts] = true
		}
	}
	for _, l := range e.Logins {
		for b := range h.bound[l.Login] {
			b.cancel(errLoginEnded())
		}
	}
	if len(h.dirty) > 0 {
		select {
		case h.work <- struct{}{}:
		default:
		}
	}
}

func errLoginEnded() *chat.Error {
	return chat.Errorf(chat.NotAuthenticated, "your login has ended; log in again")
}

// run does what must not hold up a commit: letting in who waited, seeing off
// who may stay no longer, and noticing who is gone.
func (h *Hub) run(ctx context.Context) {
	sweep := time.NewTicker(h.opt.Grace / 25)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.work:
		case now := <-sweep.C:
			h.sweep(ctx, now)
		}
		for _, ts := range h.takeDirty() {
			h.settle(ctx, ts)
		}
	}
}

func (h *Hub) takeDirty() (all []chat.TSID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ts := range h.dirty {
		all = append(all, ts)
	}
	clear(h.dirty)
	return all
}

// binding ties something that lasts to the login session it was begun with.
type binding struct{ cancel context.CancelCauseFunc }

// Bind returns a context that ends, with a *chat.Error not_authenticated as
// its cause, when the login session does. The caller must look again
// afterwards whether it has not ended before, and call release in the end.
func (h *Hub) Bind(ctx context.Context, login string) (bound context.Context, release func()) {
	bound, cancel := context.WithCancelCause(ctx)
	b := &binding{cancel}
	h.mu.Lock()
	if h.bound[login] == nil {
		h.bound[login] = map[*binding]struct{}{}
	}
	h.bound[login][b] = struct{}{}
	h.mu.Unlock()
	return bound, func() {
		cancel(nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.bound[login], b)
		if len(h.bound[login]) == 0 {
			delete(h.bound, login)
		}
	}
}

// OpenSocket counts a socket of by. It is too_fast if there are too many.
func (h *Hub) OpenSocket(by chat.PID) (closed func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sockets[by] >= h.opt.SocketsPerPerson {
		return nil, &chat.Error{Code: chat.TooFast, Message: "too many connections of this person", RetryAfter: 10 * time.Second}
	}
	h.sockets[by]++
	return sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.sockets[by]--; h.sockets[by] == 0 {
			delete(h.sockets, by)
		}
	}), nil
}
