package hub

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hearth/hub/chat"
)

// Status of a person in a therapy session.
type Status string

const (
	Online  Status = "online"
	Waiting Status = "waiting"
	Offline Status = "offline"
)

// presence is of one person in one room, whatever number of devices they use.
type presence struct {
	sockets int
	seen    time.Time // the last poll, or when the last socket closed
	status  Status    // Offline: has not entered, left, or may not be here

	// What the log says is made to follow status, by one goroutine at a time.
	told   bool // the log says that they joined
	noting bool
	// doubts counts the reasons to make sure of told, known those done with.
	doubts, known uint
}

// idle reports whether there is nothing to know of them.
func (p *presence) idle() bool {
	return !p.here() && p.settled() && !p.noting
}

// here reports whether they entered, or are about to.
func (p *presence) here() bool { return p.sockets > 0 || p.status != Offline }

// settled reports whether the log says what is so.
func (p *presence) settled() bool {
	return p.known == p.doubts && p.told == (p.status == Online)
}

// statuses returns who is online or waiting in ts.
func (h *Hub) statuses(ts chat.TSID) (all map[chat.PID]Status) {
	h.with(ts, func(r *room) {
		all = make(map[chat.PID]Status, len(r.present))
		for by, p := range r.present {
			if p.status != Offline {
				all[by] = p.status
			}
		}
	})
	return all
}

// Polled notes a poll of somebody who entered ts before: a sign of life, and
// an arrival if they were gone.
func (h *Hub) Polled(ctx context.Context, ts chat.TSID, by chat.PID) { h.place(ctx, ts, by, true) }

// StillWaits notes that who waits for ts still does: a sign of life of theirs,
// and of nobody who is in.
func (h *Hub) StillWaits(ts chat.TSID, by chat.PID) {
	h.with(ts, func(r *room) {
		r.person(by, func(p *presence) {
			if p.status == Waiting {
				p.seen = time.Now()
			}
		})
	})
}

// place makes by what their standing says, online, waiting or gone, lets them
// in if they may come in by now, and has everybody told. arrives: they gave a
// sign of life just now; otherwise only who is here is looked at.
func (h *Hub) place(ctx context.Context, ts chat.TSID, by chat.PID, arrives bool) {
	// Until nothing changes: what was placed by an older look than
	// somebody else's is put right by the look that follows it.
	for {
		is, err := h.standing(ctx, ts, by)
		if err != nil {
			if ctx.Err() == nil {
				h.log.Warn("somebody could not be looked at", "ts_id", ts, "error", err)
			}
			return
		}
		changed := h.change(ctx, ts, by, func(p *presence) {
			if arrives {
				p.seen = time.Now()
			}
			if arrives || p.here() {
				p.status = is
			}
		})
		if !changed {
			return
		}
		arrives = false
	}
}

// standing is what by is in ts if they are there.
func (h *Hub) standing(ctx context.Context, ts chat.TSID, by chat.PID) (Status, error) {
	look, err := h.store.Look(ctx, by, ts)
	switch {
	case isRefusal(err):
		return Offline, nil // the therapy session is no more
	case err != nil:
		return "", err
	case chat.May(look.Session, look.Status, look.Standing, chat.OpDetail) != nil:
		return Offline, nil
	case look.Standing.In:
		return Online, nil
	case look.Status == chat.Ended:
		if chat.May(look.Session, look.Status, look.Standing, chat.OpRead) == nil {
			return Online, nil
		}
		return Waiting, nil
	}
	switch e, err := h.store.Enter(ctx, by, ts); {
	case isRefusal(err):
		return Waiting, nil // as it was a moment ago; the next look tells
	case err != nil:
		return "", err
	case e.Standing.In:
		return Online, nil
	}
	return Waiting, nil
}

func isRefusal(err error) bool {
	var e *chat.Error
	return errors.As(err, &e) && e.Code != chat.StorageUnavailable
}

// change runs f on by's presence, and has the log and those whom it concerns
// told what came of it. It reports whether by's status changed.
func (h *Hub) change(ctx context.Context, ts chat.TSID, by chat.PID, f func(*presence)) bool {
	var was, is Status
	var settled bool
	h.with(ts, func(r *room) {
		r.person(by, func(p *presence) {
			was = p.status
			f(p)
			is, settled = p.status, p.settled()
		})
	})
	if !settled {
		h.note(ctx, ts, by)
	}
	if was == is {
		return false
	}
	h.tellPresence(ctx, ts, by, was, is)
	return true
}

// note makes the log say whether by is there. If that fails the next sweep
// tries again.
func (h *Hub) note(ctx context.Context, ts chat.TSID, by chat.PID) {
	// Not to be given up half-way: what the log says would not be known.
	ctx = context.WithoutCancel(ctx)
	mine := false
	for {
		var here, todo bool
		var doubts uint
		h.with(ts, func(r *room) {
			r.person(by, func(p *presence) {
				here = p.status == Online
				todo = (mine || !p.noting) && !p.settled()
				if todo {
					p.noting, mine = true, true
					p.doubts++ // until it is done
					doubts = p.doubts
				} else if mine {
					p.noting = false
				}
			})
		})
		if !todo {
			return // or somebody else is at it, and will see what is so
		}
		say := h.store.Depart
		if here {
			say = h.store.Arrive
		}
		err := say(ctx, ts, by)
		h.with(ts, func(r *room) {
			r.person(by, func(p *presence) {
				if err == nil {
					p.told, p.known = here, doubts
				} else {
					p.noting = false
				}
			})
		})
		if err != nil {
			h.log.Warn("an arrival or departure could not be noted; it is tried again", "ts_id", ts, "error", err)
			return
		}
	}
}

// sweep sees off everybody without a socket who has not been seen for Grace,
// and notes again what could not be noted.
func (h *Hub) sweep(ctx context.Context, now time.Time) {
	gone := func(p *presence) bool {
		return p.status != Offline && p.sockets == 0 && now.Sub(p.seen) >= h.opt.Grace
	}
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.mu.Lock()
		var who []chat.PID
		for by, p := range r.present {
			if gone(p) || !p.settled() {
				who = append(who, by)
			}
		}
		r.mu.Unlock()
		for _, by := range who {
			h.change(ctx, r.ts, by, func(p *presence) {
				if gone(p) {
					p.status = Offline
				}
			})
		}
	}
}

// settle looks at everybody in ts after standings, assessments or the roster
// changed: who waited and may come in does, who may stay no longer goes.
func (h *Hub) settle(ctx context.Context, ts chat.TSID) {
	var who []chat.PID
	h.with(ts, func(r *room) {
		for by, p := range r.present {
			if p.here() {
				who = append(who, by)
			}
		}
	})
	for _, by := range who {
		h.place(ctx, ts, by, false)
	}
}

// tellPresence tells the sockets of ts that whom's status changed, if it did
// in the eyes of their people.
func (h *Hub) tellPresence(ctx context.Context, ts chat.TSID, whom chat.PID, was, is Status) {
	for _, s := range h.listeners(ts) {
		you, err := h.store.Look(ctx, s.by, ts)
		if err != nil || statusFor(you.Standing, was) == statusFor(you.Standing, is) {
			continue
		}
		s.mu.Lock()
		if s.presence == nil {
			s.presence = map[chat.PID]bool{}
		}
		s.presence[whom] = true
		s.mu.Unlock()
		s.signal()
	}
}

// statusFor is a status in the eyes of by: that somebody waits is for
// therapists.
func statusFor(by chat.Standing, is Status) Status {
	if is == Waiting && by.Role != chat.Therapist {
		return Offline
	}
	return is
}

// Typing tells those to whom a message of by with these recipients would go
// that it is being typed. The error is a *chat.Error if by may not write it.
func (h *Hub) Typing(ctx context.Context, ts chat.TSID, by chat.PID, to []chat.PID) error {
	me, err := h.store.Look(ctx, by, ts)
	if err != nil {
		return err
	}
	if err := chat.MayType(me.Session, me.Status, me.Standing, to); err != nil {
		return err
	}
	would := chat.Entry{Type: chat.Message, By: by, To: to, Root: me.Head + 1}
	for _, s := range h.listeners(ts) {
		if s.by == by {
			continue
		}
		you, err := h.store.Look(ctx, s.by, ts)
		if err != nil || !chat.Sees(you.Session, you.Status, you.Standing, would) {
			continue
		}
		s.mu.Lock()
		if s.typing == nil {
			s.typing = map[chat.PID][]chat.PID{}
		}
		s.typing[by] = to
		s.mu.Unlock()
		s.signal()
	}
	return nil
}
