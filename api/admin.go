package api

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"

	"hearth/api/control"
	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/export"
	"hearth/store/roster"
)

// The calls of study staff and programs, with an API token. What they do is
// the operator's commands (package control).

// admin is who calls, in the audit log.
func (c *call) admin() string { return "token:" + c.token.ID }

// noted enters a read in the audit log, before it is answered.
func (a *API) noted(ctx context.Context, e store.AuditEntry) error {
	return a.store.Update(ctx, func(tx *store.Tx) error {
		tx.Audit(e)
		return nil
	})
}

// postAdminRoster imports a roster file.
func (a *API) postAdminRoster(c *call) error {
	prune, err := queryBool(c, "prune")
	if err != nil {
		return err
	}
	dry, err := queryBool(c, "dry_run")
	if err != nil {
		return err
	}
	typ, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || typ != "application/json" && typ != "application/yaml" { // RFC 9512
		return chat.Errorf(chat.UnsupportedMediaType, "Content-Type: must be application/yaml or application/json")
	}
	b, err := a.raw(c, maxBody)
	if err != nil {
		return err
	}
	out, err := control.Import(c.Request().Context(), a.control(), c.admin(), b, prune, dry)
	if err != nil {
		return err
	}
	if len(out.Problems) > 0 {
		return rosterProblems(out.Problems)
	}
	return a.answer(c, out)
}

// rosterProblems is the refusal of a roster file, each mistake with its line.
type rosterProblems []string

func (p rosterProblems) Error() string { return strings.Join(p, "; ") }

// Unwrap makes it a refusal.
func (p rosterProblems) Unwrap() error {
	return chat.Errorf(chat.BadRequest, "the roster has %d mistakes; nothing was changed", len(p))
}

func (a *API) control() control.Options {
	return control.Options{Store: a.store, Region: a.opt.Region, Field: a.opt.LoginField}
}

// getAdminRoster is the roster as a file, in JSON or YAML.
func (a *API) getAdminRoster(c *call) error {
	format, err := query(c, "format")
	if err == nil && format != "" && format != "json" && format != "yaml" {
		err = &strictjson.Error{Field: "format", Problem: "must be json or yaml"}
	}
	if err != nil {
		return err
	}
	b, err := roster.Format(a.store.Roster())
	if err != nil {
		return err
	}
	if err := a.noted(c.Request().Context(), store.AuditEntry{Event: "roster_read", Actor: c.admin()}); err != nil {
		return err
	}
	if format == "yaml" {
		a.deadline(c)
		return c.Blob(http.StatusOK, "application/yaml", b)
	}
	var v any
	if err := yaml.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("read the roster that was written just now: %w", err)
	}
	if b, err = json.Marshal(v); err != nil {
		return err
	}
	return a.json(c, http.StatusOK, b)
}

// postAdminAssessments notes what a survey tool, or a person, says of an
// assessment.
func (a *API) postAdminAssessments(c *call) error {
	v, err := a.required(c, "ts_id", "p_id", "name", "status")
	if err != nil {
		return err
	}
	complete := v[3] == "complete"
	if !complete && v[3] != "incomplete" {
		return &strictjson.Error{Field: "status", Problem: "must be complete or incomplete"}
	}
	ctx, ts, whom := c.Request().Context(), chat.TSID(v[0]), chat.PID(v[1])
	if a.store.Roster().Sessions[ts] == nil {
		return chat.Errorf(chat.NotFound, "ts_id: there is no such therapy session")
	}
	if err := a.store.SetAssessment(ctx, c.admin(), ts, whom, v[2], complete); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

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

// exportTime is how long a whole export may take to be read.
const exportTime = time.Hour

func exportParameters() []string {
	return []string{"format", "ts_id", "from", "to", "deidentify", "spreadsheet", "merge_gap", "table"}
}

// getAdminExport is a research table, or the codebook that says what its
// columns mean. It is noted in the audit log before anything is answered, but
// for the codebook, which tells of nobody.
func (a *API) getAdminExport(c *call) error {
	for name, all := range c.QueryParams() {
		if len(all) > 1 {
			return &strictjson.Error{Field: name, Problem: "given twice"}
		}
		if !slices.Contains(exportParameters(), name) { // one that was to hide who is who must not be passed over
			return &strictjson.Error{Field: name, Problem: "there is no such parameter"}
		}
	}
	for _, name := range []string{"deidentify", "spreadsheet"} {
		if _, err := queryBool(c, name); err != nil {
			return err
		}
	}
	q, table := c.QueryParams(), c.Param("table")
	if q.Get("format") == "" {
		q.Set("format", string(export.CSV))
	}
	format := export.Format(q.Get("format"))
	h := c.Response().Header()
	http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(exportTime))
	name := table
	switch {
	case q.Get("deidentify") == "true": // the file's name goes where the file goes
		name += "-deidentified"
	case q.Get("ts_id") != "":
		name += "-" + q.Get("ts_id")
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + format.Extension()})
	if table == "codebook" {
		var b bytes.Buffer
		if _, err := export.Codebook(&b, format, export.Table(q.Get("table"))); err != nil {
			return err
		}
		h.Set("Content-Disposition", disposition)
		return c.Blob(http.StatusOK, format.MediaType(), b.Bytes())
	}
	if !slices.Contains(export.Tables(), export.Table(table)) {
		return echo.ErrNotFound
	}
	req, err := control.ExportRequest(export.Table(table), q)
	if err != nil {
		return err
	}
	if !c.Request().ProtoAtLeast(1, 1) { // there an answer that was cut looks like a whole one (RFC 9112, 8)
		return chat.Errorf(chat.BadRequest, "this needs HTTP/1.1 or later; a proxy must speak it, too (nginx: proxy_http_version 1.1)")
	}
	e, err := export.Begin(c.Request().Context(), a.store, c.admin(), req)
	if err != nil {
		return err
	}
	h.Set("Content-Disposition", disposition)
	if err := control.SendExport(c.Request().Context(), e, c.Response()); err != nil {
		if c.Request().Context().Err() == nil {
			a.log.Error("an export was cut short", "table", table, "error", err)
		}
		panic(http.ErrAbortHandler) // so that nobody takes it for a whole one
	}
	return nil
}

// postAdminUnlock is postUnlock, for everybody.
func (a *API) postAdminUnlock(c *call) error {
	v, err := a.required(c, "p_id")
	if err != nil {
		return err
	}
	return a.unlock(c, c.admin(), chat.PID(v[0]))
}

// postAdminCode is postCode, for everybody.
func (a *API) postAdminCode(c *call) error {
	v, err := a.required(c, "p_id")
	if err != nil {
		return err
	}
	return a.makeCode(c, c.admin(), chat.PID(v[0]))
}
