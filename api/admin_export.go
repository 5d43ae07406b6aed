package api

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"hearth/api/control"
	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store/export"
)

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
