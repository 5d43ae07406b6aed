package auth

import (
	"context"
	"time"

	"hearth/store"
)

// refusal is what makes refused calls with API tokens equal. Only what the
// server knows goes in: the ids of tokens and people there are. So there are
// few, whoever calls whatever how often.
type refusal struct {
	actor   string // who it was, if the secret proves it
	subject string // the token whose id was used without its secret
	reason  string
}

// Why a call with an API token is refused.
const (
	tokenUnknown  = "unknown_token" // there is none with this secret
	tokenRevoked  = "revoked"
	tokenExpired  = "expired"
	loginNotToken = "not_allowed" // somebody's login, and people have no API tokens
)

// refusedWindow is how long equal refusals are gathered.
const refusedWindow = time.Hour

// gathered is how often a call was refused after the first time.
type gathered struct {
	since time.Time
	count int
}

// noteRefused notes a refused call in the audit log: the first of its kind at
// once, equal ones within the hour as one entry with their count.
//
// The store gathers equal refusals itself ([store.Tx.Refuse]), but on disk: each
// costs a synced commit. That is right for logins, whose limits bound them.
// Nothing bounds these: anybody can send any header as fast as the network goes,
// and would make the disk wait on themselves, and with it everybody's chat. So
// after the first they are only counted in memory. A crash loses at most an
// hour's count, and never that there was a refusal; the store's own gathering
// keeps restarts from making more entries.
func (a *Auth) noteRefused(ctx context.Context, r refusal) {
	now := a.now()
	a.mu.Lock()
	g := a.refused[r]
	if g != nil {
		g.count++
		a.mu.Unlock()
		return
	}
	g = &gathered{since: now}
	a.refused[r] = g
	a.mu.Unlock()
	// The answer is no in any case, and who asked may be gone by now. After a
	// commit whose fate is unknown it may come to be counted twice.
	err := a.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.Refuse(r.entry()) })
	if err != nil {
		a.log.Warn("a refused call could not be noted; it is when its hour is over", "reason", r.reason, "error", err)
		a.mu.Lock()
		g.count++
		a.mu.Unlock()
	}
}

func (r refusal) entry() store.AuditEntry {
	return store.AuditEntry{Event: "token_use", Actor: r.actor, Subject: r.subject, Reason: r.reason}
}

// flushRefused notes what was gathered for at least window.
func (a *Auth) flushRefused(ctx context.Context, window time.Duration) error {
	now := a.now()
	due := map[refusal]int{}
	a.mu.Lock()
	for r, g := range a.refused {
		if age := now.Sub(g.since); 0 <= age && age < window { // one of the future: the clock was set back
			continue
		}
		if g.count == 0 {
			delete(a.refused, r)
		} else {
			due[r] = g.count
		}
	}
	a.mu.Unlock()
	return inBatches(due, func(batch map[refusal]int) error {
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			for r, n := range batch {
				e := r.entry()
				if n > 1 {
					e.Count = n
				}
				tx.Audit(e)
			}
			return nil
		})
		if err != nil {
			return err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		for r, n := range batch {
			g := a.refused[r]
			if g == nil {
				continue
			}
			if g.count, g.since = g.count-n, now; g.count <= 0 { // else what came meanwhile begins the next hour
				delete(a.refused, r)
			}
		}
		return nil
	})
}
