package hub

import (
	"cmp"
	"context"
	"sync"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Subscription is one listener in one room. It says when to look, not what is
// there.
type Subscription struct {
	hub *Hub
	ts  chat.TSID
	by  chat.PID

	wake   chan struct{}
	socket bool

	mu       sync.Mutex
	presence map[chat.PID]bool
	typing   map[chat.PID][]chat.PID // who types, and to whom
}

// Subscribe begins to listen to ts. With socket, somebody who enters is there
// for as long as it lasts, and [Subscription.Ephemeral] has something to say.
// It must be closed. Subscribing comes before entering and reading: what
// happens in between is woken for.
func (h *Hub) Subscribe(ts chat.TSID, by chat.PID, socket bool) *Subscription {
	s := &Subscription{hub: h, ts: ts, by: by, wake: make(chan struct{}, 1), socket: socket}
	h.with(ts, func(r *room) {
		r.subs[s] = struct{}{}
		if socket {
			r.person(by, func(p *presence) { p.sockets++ })
		}
	})
	return s
}

// Wake is sent to, at most once ahead, when there may be something to read.
func (s *Subscription) Wake() <-chan struct{} { return s.wake }

// Close ends the subscription; a second one does nothing. Without a further
// one, and without polls, by is gone after Grace.
func (s *Subscription) Close() {
	s.hub.with(s.ts, func(r *room) {
		if _, open := r.subs[s]; !open {
			return
		}
		delete(r.subs, s)
		if s.socket {
			r.person(s.by, func(p *presence) {
				p.sockets--
				p.seen = time.Now()
			})
		}
	})
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Ephemeral returns, and forgets, who came, went or typed since the last
// call: what the status of each is now, as far as it concerns by now, and to
// whom each types (nobody in particular: everyone).
func (s *Subscription) Ephemeral() (presence map[chat.PID]Status, typing map[chat.PID][]chat.PID) {
	s.mu.Lock()
	changed, typed := s.presence, s.typing
	s.presence, s.typing = nil, nil
	s.mu.Unlock()
	if len(changed) == 0 && len(typed) == 0 {
		return nil, nil
	}
	ctx := context.Background() // the logs of a room with somebody in it are in memory
	you, err := s.hub.store.Look(ctx, s.by, s.ts)
	if err != nil || chat.May(you.Session, you.Status, you.Standing, chat.OpDetail) != nil {
		return nil, nil
	}
	concerns := func(whom chat.PID) bool {
		them, err := s.hub.store.Look(ctx, whom, s.ts)
		return err == nil && chat.SeesPerson(you.Session, you.Status, you.Standing, them.Standing)
	}
	statuses := s.hub.statuses(s.ts)
	presence = map[chat.PID]Status{}
	for whom := range changed {
		if concerns(whom) {
			presence[whom] = statusFor(you.Standing, cmp.Or(statuses[whom], Offline))
		}
	}
	for whom := range typed {
		if !concerns(whom) {
			delete(typed, whom)
		}
	}
	return presence, typed
}

// listeners are the sockets' subscriptions of ts.
func (h *Hub) listeners(ts chat.TSID) (all []*Subscription) {
	h.with(ts, func(r *room) {
		for s := range r.subs {
			if s.socket {
				all = append(all, s)
			}
		}
	})
	return all
}

// Wait reads like [store.Store.Read], but if there is nothing that by may see
// it waits until there is, at most as long as given.
func (h *Hub) Wait(
	ctx context.Context, by chat.PID, ts chat.TSID, from chat.Position, limit int, atMost time.Duration,
) (store.Page, error) {
	if atMost <= 0 {
		return h.store.Read(ctx, by, ts, from, limit)
	}
	s := h.Subscribe(ts, by, false)
	defer s.Close()
	timeout := time.NewTimer(atMost)
	defer timeout.Stop()
	for {
		p, err := h.store.Read(ctx, by, ts, from, limit)
		if err != nil || len(p.Actions) > 0 || p.More || p.Reset {
			return p, err
		}
		from = chat.Position{Epoch: p.Epoch, ID: p.Max} // what by may not see need not be looked at again
		select {
		case <-s.Wake():
		case <-timeout.C:
			return p, nil
		case <-ctx.Done():
			return store.Page{}, context.Cause(ctx)
		}
	}
}
