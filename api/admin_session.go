package api

import (
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

type glanceJSON struct {
	ID           chat.TSID     `json:"id"`
	Name         string        `json:"name"`
	Topic        string        `json:"topic"`
	Date         *string       `json:"date"`
	Status       string        `json:"status"`
	Max          chat.ActionID `json:"max_id"`
	Participants []personJSON  `json:"participants"`
}

// getAdminSessions is every therapy session, and who is there.
func (a *API) getAdminSessions(c *call) error {
	ctx := c.Request().Context()
	all, err := a.hub.Glances(ctx)
	if err != nil {
		return err
	}
	out := struct {
		Sessions []glanceJSON `json:"therapy_sessions"`
	}{[]glanceJSON{}}
	for _, g := range all {
		j := glanceJSON{
			ID: g.Session.ID, Name: g.Session.Name, Topic: g.Session.Topic, Date: date(g.Session.Date), Status: g.Status.String(),
			Max: g.Max, Participants: []personJSON{},
		}
		for _, p := range g.People {
			j.Participants = append(j.Participants, person(p))
		}
		out.Sessions = append(out.Sessions, j)
	}
	if err := a.watched(c); err != nil {
		return err
	}
	return a.answer(c, out)
}

// watchedFor is how long one entry in the audit log stands for all that a
// token reads of who is there: a page that shows it asks every few seconds.
const watchedFor = time.Hour

// watched enters in the audit log that the caller reads who is there.
func (a *API) watched(c *call) error {
	now := a.store.Now()
	a.mu.Lock()
	at, known := a.watchers[c.token.ID]
	a.mu.Unlock()
	if age := now.Sub(at); known && 0 <= age && age < watchedFor {
		return nil
	}
	if err := a.noted(c.Request().Context(), store.AuditEntry{Event: "sessions_read", Actor: c.admin()}); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watchers[c.token.ID] = now
	return nil
}
