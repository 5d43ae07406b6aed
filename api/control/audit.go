package control

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	Seq     uint64            `json:"seq"`
	At      time.Time         `json:"time"`
	Event   string            `json:"event"`
	Actor   string            `json:"actor,omitempty"`   // a person's id, token:ID, operator
	Subject string            `json:"subject,omitempty"` // on whom or what
	Session string            `json:"ts_id,omitempty"`
	Reason  string            `json:"reason,omitempty"` // of a refusal: its code
	Count   int               `json:"count,omitzero"`   // of equal ones within an hour; left out: 1
	Details map[string]string `json:"details,omitempty"`
}

// Has reports whether search is in any of its words; empty is in all.
func (e *AuditEntry) Has(search string) bool {
	words := []string{e.Event, e.Actor, e.Subject, e.Session, e.Reason}
	for _, value := range e.Details {
		words = append(words, value)
	}
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(w), strings.ToLower(search)) })
}

// NewAuditEntry is e for a reader.
func NewAuditEntry(e store.AuditEntry) AuditEntry {
	out := AuditEntry{Seq: e.Seq, At: e.At, Event: e.Event, Actor: e.Actor, Subject: e.Subject, Session: e.Session, Reason: e.Reason}
	if e.Count > 1 {
		out.Count = e.Count
	}
	if len(e.Details) > 0 {
		out.Details = map[string]string{}
	}
	for _, d := range e.Details {
		out.Details[d.Name] = d.Value
	}
	return out
}

// Head is where the audit log and every action log stand, to be kept
// elsewhere; see [store.SavedHead]. Hashes are in hexadecimal.
type Head struct {
	At        time.Time `json:"time"`
	Entries   uint64    `json:"audit_entries"`
	Hash      string    `json:"audit_hash"`
	Logs      []LogHead `json:"logs"`
	Signature string    `json:"signature"`
}

// LogHead is where one action log stands.
type LogHead struct {
	TS      chat.TSID     `json:"ts_id"`
	Actions chat.ActionID `json:"actions"`
	Hash    string        `json:"hash"`
}

func head(h store.SavedHead) Head {
	out := Head{h.At.UTC(), h.Entries, hex.EncodeToString(h.Hash[:]), []LogHead{}, hex.EncodeToString(h.MAC[:])}
	for _, l := range h.Logs {
		out.Logs = append(out.Logs, LogHead{l.TS, l.Actions, hex.EncodeToString(l.Hash[:])})
	}
	return out
}

// saved is h as the store knows it.
func (h *Head) saved() (out store.SavedHead, err error) {
	hash := func(to *[32]byte, s string) {
		if b, e := hex.DecodeString(s); e != nil || len(b) != len(to) {
			err = errors.New("not a saved head: a hash is malformed")
		} else {
			copy(to[:], b)
		}
	}
	out.At, out.Entries = h.At, h.Entries
	hash(&out.Hash, h.Hash)
	hash(&out.MAC, h.Signature)
	for _, l := range h.Logs {
		s := store.SavedLog{TS: l.TS, Actions: l.Actions}
		hash(&s.Hash, l.Hash)
		out.Logs = append(out.Logs, s)
	}
	return out, err
}

// auditRoutes are the commands about the audit log.
func auditRoutes(mux *http.ServeMux, o Options) {
	mux.HandleFunc("GET /audit", func(w http.ResponseWriter, r *http.Request) {
		from, err := queryTime(r.URL.Query(), "from")
		to, e := queryTime(r.URL.Query(), "to")
		if err := errors.Join(err, e); err != nil {
			reply(w, nil, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		enc := json.NewEncoder(w)
		var broken error
		err = o.Store.AuditLog(r.Context(), 1, func(e store.AuditEntry) bool {
			if !e.At.Before(from) && (to.IsZero() || e.At.Before(to)) {
				broken = enc.Encode(NewAuditEntry(e))
			}
			return broken == nil
		})
		if err = errors.Join(err, broken); err != nil {
			enc.Encode(failure{err.Error()})
			return
		}
		enc.Encode(struct {
			End bool `json:"end"` // all of it came
		}{true})
	})
	mux.HandleFunc("GET /audit/head", func(w http.ResponseWriter, r *http.Request) {
		h, err := o.Store.Head(r.Context())
		reply(w, head(h), err)
	})
	mux.HandleFunc("POST /check", func(w http.ResponseWriter, r *http.Request) {
		var h Head
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxRoster)).Decode(&h); err != nil {
			reply(w, nil, errors.New("not a saved head"))
			return
		}
		saved, err := h.saved()
		if err != nil {
			reply(w, nil, err)
			return
		}
		out, err := o.Store.CheckHead(r.Context(), saved)
		reply(w, Report(out), err)
	})
}

// ParseMoment reads a moment as a person gives it: RFC 3339, or a date, which
// begins at midnight UTC.
func ParseMoment(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("must be a date such as 2026-12-01, or a time such as 2026-12-01T18:00:00Z")
}

// queryTime reads RFC 3339; none is the zero time.
func queryTime(q url.Values, name string) (t time.Time, err error) {
	if s := q.Get(name); s != "" {
		if t, err = time.Parse(time.RFC3339Nano, s); err != nil {
			err = fmt.Errorf("%s: not a time", name)
		}
	}
	return t, err
}

// Audit calls use for each entry of the audit log from from (inclusive; zero:
// the first) until to (exclusive; zero: the last), in order.
func (c *Client) Audit(ctx context.Context, from, to time.Time, use func(AuditEntry) error) error {
	q := url.Values{}
	for name, t := range map[string]time.Time{"from": from, "to": to} {
		if !t.IsZero() {
			q.Set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	body, err := c.open(ctx, http.MethodGet, "/audit?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	for dec := json.NewDecoder(body); ; {
		var line struct {
			AuditEntry
			failure
			End bool `json:"end"`
		}
		switch err := dec.Decode(&line); {
		case err != nil:
			return fmt.Errorf("the audit log was cut short: %w", err)
		case line.Error != "":
			return errors.New(line.Error)
		case line.End:
			return nil
		}
		if err := use(line.AuditEntry); err != nil {
			return err
		}
	}
}

// Head says where everything stands.
func (c *Client) Head(ctx context.Context) (out Head, err error) {
	err = c.call(ctx, http.MethodGet, "/audit/head", nil, &out)
	return out, err
}

// CheckHead verifies the data, and that the head in saved, as Head gave it,
// is a prefix of it.
func (c *Client) CheckHead(ctx context.Context, saved io.Reader) (out Report, err error) {
	err = c.call(ctx, http.MethodPost, "/check", saved, &out)
	return out, err
}
