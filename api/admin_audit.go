package api

import (
	"time"

	"hearth/api/control"
	"hearth/api/strictjson"
	"hearth/store"
)

const mostEntries = 1000 // of the audit log in one answer

// getAdminAudit is a part of the audit log, ascending.
func (a *API) getAdminAudit(c *call) error {
	from, err := queryMoment(c, "from")
	if err != nil {
		return err
	}
	to, err := queryMoment(c, "to")
	if err != nil {
		return err
	}
	after, err := queryNumber(c, "after", 0, 0)
	if err != nil {
		return err
	}
	limit, err := queryNumber(c, "limit", 1, mostEntries)
	if err != nil {
		return err
	}
	limit = min(limit, mostEntries)
	newest, err := queryBool(c, "newest")
	if err != nil {
		return err
	}
	search, err := query(c, "search")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	out := struct {
		Entries []control.AuditEntry `json:"entries"`
		More    bool                 `json:"more,omitzero"`
	}{Entries: []control.AuditEntry{}}
	err = a.store.AuditLog(ctx, after+1, func(e store.AuditEntry) bool {
		if e.At.Before(from) || !to.IsZero() && !e.At.Before(to) {
			return true
		}
		entry := control.NewAuditEntry(e)
		if !entry.Has(search) {
			return true
		}
		if !newest && uint64(len(out.Entries)) == limit {
			out.More = true
			return false
		}
		if out.Entries = append(out.Entries, entry); uint64(len(out.Entries)) == 2*limit {
			out.More = true // only now and then: a long log must not be moved for each of its entries
			out.Entries = append(out.Entries[:0], out.Entries[limit:]...)
		}
		return true
	})
	if err != nil {
		return err
	}
	if n := uint64(len(out.Entries)); n > limit {
		out.More, out.Entries = true, out.Entries[n-limit:]
	}
	if err := a.noted(ctx, store.AuditEntry{Event: "audit_read", Actor: c.admin()}); err != nil {
		return err
	}
	return a.answer(c, out)
}

// queryMoment reads a date, which begins at midnight UTC, or RFC 3339; none
// is the zero time.
func queryMoment(c *call, name string) (time.Time, error) {
	s, err := query(c, name)
	if err != nil || s == "" {
		return time.Time{}, err
	}
	t, err := control.ParseMoment(s)
	if err != nil {
		return t, &strictjson.Error{Field: name, Problem: err.Error()}
	}
	return t, nil
}
