package api

import (
	"context"
	"time"
)

// How the server is, for study staff. What it does not know is left out.
type healthJSON struct {
	Version     string  `json:"version,omitzero"`
	Started     string  `json:"started_at"`
	Now         string  `json:"now"`
	Ready       bool    `json:"ready"`
	Problem     string  `json:"problem,omitzero"`
	LastBackup  *string `json:"last_backup_at"`
	DataBytes   *int64  `json:"data_bytes,omitzero"`
	FreeBytes   *int64  `json:"free_bytes,omitzero"`
	Actions     *uint64 `json:"actions,omitzero"`
	Logins      int     `json:"logins"`
	Connections int     `json:"connections"`
	SMS         smsJSON `json:"sms"`
}

type smsJSON struct {
	Sender   string `json:"sender,omitzero"`
	LastHour *int   `json:"sent_last_hour,omitzero"`
	PerHour  *int   `json:"limit_per_hour,omitzero"`
}

// readTime is how long the numbers may take that are read from the disk.
const readTime = 5 * time.Second

// getAdminHealth says how the server is, also while its disk does not work: so
// it is not noted in the audit log, and tells of nobody.
func (a *API) getAdminHealth(c *call) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readTime)
	defer cancel()
	h := healthJSON{
		Version: a.opt.Version, Started: formatTime(a.started), Now: formatTime(a.store.Now()), Ready: true,
		Logins: a.auth.Counts().Logins, Connections: a.hub.Stats().Sockets, SMS: smsJSON{Sender: a.opt.SMSSender},
	}
	switch {
	case a.draining.Err() != nil:
		h.Ready, h.Problem = false, "the server is stopping"
	case a.store.Ready() != nil:
		h.Ready, h.Problem = false, "nothing can be stored at the moment; the server's log says why"
	}
	if a.opt.Disk != nil {
		data, free := a.opt.Disk()
		h.DataBytes, h.FreeBytes = known(data), known(free)
	}
	read := func(what string, err error) bool {
		if err != nil {
			a.log.Error("a number for the study's staff could not be read", "what", what, "error", err)
			if h.Problem == "" {
				h.Problem = "not all of the data can be read; the server's log says why"
			}
		}
		return err == nil
	}
	if at, err := a.store.LastBackup(ctx); read("last backup", err) {
		h.LastBackup = date(at)
	}
	if sent, limit, err := a.auth.SMSUse(ctx); read("SMS", err) {
		h.SMS.LastHour, h.SMS.PerHour = &sent, &limit
	}
	if head, err := a.store.Head(ctx); read("actions", err) {
		h.Actions = new(uint64)
		for _, l := range head.Logs {
			*h.Actions += uint64(l.Actions)
		}
	}
	return a.answer(c, h)
}

// known is n, unless that is negative: then it is not known.
func known(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}
