package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"

	"hearth/api/control"
	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/roster"
)

// The calls of study staff and programs, with an API token. What they do is
// the operator's commands (package control). Here are those about the roster
// and people; each other noun has a file of its own, admin_….go.

// admin is who calls, in the audit log.
func (c *call) admin() string { return c.token.Actor() }

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
