package hub

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"hearth/hub/chat"
)

// Glance is a therapy session as who runs the study sees it: who is there, and
// nothing that was said.
type Glance struct {
	Session *chat.TherapySession
	Status  chat.Status
	Max     chat.ActionID // the log's highest id
	People  []Person      // therapists first; without Reason, and without who has withdrawn
}

// glanced is a Glance that holds until something of its therapy session
// changes, with everybody Offline: who is there changes by itself.
type glanced struct {
	Glance
	read bool // else somebody is about to
}

// Glances are all therapy sessions of the roster, newest first. It decides
// nothing about who may ask: no person may, only who holds the data.
func (h *Hub) Glances(ctx context.Context) (all []Glance, err error) {
	for ts := range maps.Keys(h.store.Roster().Sessions) {
		g, err := h.glance(ctx, ts)
		switch {
		case isRefusal(err): // the roster changed just now
			continue
		case err != nil:
			return nil, err
		}
		statuses := h.statuses(ts)
		g.People = slices.Clone(g.People)
		for i := range g.People {
			g.People[i].Status = cmp.Or(statuses[g.People[i].ID], Offline)
		}
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b Glance) int {
		return cmp.Or(b.Session.Date.Compare(a.Session.Date), cmp.Compare(a.Session.ID, b.Session.ID))
	})
	return all, nil
}

// glance is kept in memory: the store would read the log of each therapy
// session that nobody uses from the disk, and forget others for it, each time
// that somebody looks.
func (h *Hub) glance(ctx context.Context, ts chat.TSID) (Glance, error) {
	h.mu.Lock()
	known := h.glances[ts]
	if known != nil && known.read {
		h.mu.Unlock()
		return known.Glance, nil
	}
	mine := &glanced{}
	h.glances[ts] = mine
	h.mu.Unlock()
	g, err := h.look(ctx, ts)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.glances[ts] != mine: // something changed meanwhile, or somebody else looks
	case err != nil:
		delete(h.glances, ts)
	default:
		mine.Glance, mine.read = g, true
	}
	return g, err
}

// look is the glance as the store has it now.
func (h *Hub) look(ctx context.Context, ts chat.TSID) (Glance, error) {
	s := h.store.Roster().Sessions[ts]
	if s == nil {
		return Glance{}, chat.ErrNotAllowed()
	}
	g := Glance{Session: s}
	for _, by := range slices.Concat(s.Therapists, s.Participants, []chat.PID{""}) { // also if it has nobody
		l, err := h.store.Look(ctx, by, ts)
		if err != nil {
			return Glance{}, err
		}
		g.Session, g.Status, g.Max = l.Session, l.Status, l.Head
		if st := l.Standing; st.Role != chat.Nobody {
			g.People = append(g.People, Person{ID: st.ID, Name: st.Name, Role: st.Role, Status: Offline, Muted: st.Muted})
		}
	}
	return g, nil
}
