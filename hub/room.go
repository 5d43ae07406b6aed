package hub

import (
	"sync"

	"hearth/hub/chat"
)

// room is the live state of one therapy session: who listens and who is
// there. What was said is the store's.
type room struct {
	ts chat.TSID

	mu      sync.Mutex
	subs    map[*Subscription]struct{}
	present map[chat.PID]*presence
}

// with runs f on the room of ts under its lock, and forgets a room that is
// empty afterwards. The caller does not hold h.mu.
func (h *Hub) with(ts chat.TSID, f func(*room)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[ts]
	if r == nil {
		r = &room{ts: ts, subs: map[*Subscription]struct{}{}, present: map[chat.PID]*presence{}}
		h.rooms[ts] = r
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r)
	if len(r.subs) == 0 && len(r.present) == 0 {
		delete(h.rooms, ts)
	}
}

// person runs f on by's presence, and forgets one that says nothing
// afterwards. The caller holds r.mu.
func (r *room) person(by chat.PID, f func(*presence)) {
	p := r.present[by]
	if p == nil {
		p = &presence{status: Offline}
		r.present[by] = p
	}
	f(p)
	if p.idle() {
		delete(r.present, by)
	}
}

// wake tells every subscription to look.
func (r *room) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.subs {
		s.signal()
	}
}

// doubt has it made sure what the log says of people whose standing changed:
// what was asked of it before may have come to nothing.
func (r *room) doubt(people []chat.PID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, by := range people {
		if p := r.present[by]; p != nil {
			p.doubts++
		}
	}
}
