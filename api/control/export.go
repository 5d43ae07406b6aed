package control

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hearth/hub/chat"
	"hearth/store/export"
)

// What an answer with an export has besides its rows.
const (
	rowsHeader  = "Hearth-Rows"         // how many there will be, where that is known
	wroteHeader = "Hearth-Rows-Written" // behind the last one: how many there are
)

// exportRoutes are the research tables.
func exportRoutes(mux *http.ServeMux, o Options) {
	mux.HandleFunc("GET /export/{table}", func(w http.ResponseWriter, r *http.Request) {
		req, err := ExportRequest(export.Table(r.PathValue("table")), r.URL.Query())
		var e *export.Export
		if err == nil {
			e, err = export.Begin(r.Context(), o.Store, operator, req)
		}
		if err != nil {
			reply(w, nil, err)
			return
		}
		if err := SendExport(r.Context(), e, w); err != nil {
			if o.Log != nil && r.Context().Err() == nil {
				o.Log.Error("an export was cut short", "table", req.Table, "error", err)
			}
			// The connection ends in the middle of the answer: nobody takes
			// it for a whole one.
			panic(http.ErrAbortHandler)
		}
	})
}

// ExportRequest reads what is asked for from a query: format, ts_id, from, to
// (RFC 3339, or a date, which begins at midnight UTC), deidentify, spreadsheet,
// merge_gap. The error is a *chat.Error, bad_request, that names the parameter.
func ExportRequest(t export.Table, q url.Values) (r export.Request, err error) {
	r = export.Request{
		Table: t, Format: export.Format(q.Get("format")), TS: chat.TSID(q.Get("ts_id")),
		Deidentify: q.Get("deidentify") == "true", Spreadsheet: q.Get("spreadsheet") == "true",
	}
	for name, to := range map[string]*time.Time{"from": &r.From, "to": &r.To} {
		if s := q.Get(name); s != "" {
			if *to, err = ParseMoment(s); err != nil {
				return r, chat.Errorf(chat.BadRequest, "%s: %v", name, err)
			}
		}
	}
	if s := q.Get("merge_gap"); s != "" {
		if r.MergeGap, err = time.ParseDuration(s); err != nil {
			return r, chat.Errorf(chat.BadRequest, "merge_gap: must be a duration such as 5m")
		}
	}
	return r, r.Check()
}

// SendExport answers with e. After an error the answer must not end as a whole
// one does: the handler panics with [http.ErrAbortHandler].
func SendExport(ctx context.Context, e *export.Export, w http.ResponseWriter) error {
	w.Header().Set("Content-Type", e.Format.MediaType())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Trailer", wroteHeader)
	if n := e.Rows(); n >= 0 {
		w.Header().Set(rowsHeader, strconv.Itoa(n))
	}
	n, err := e.WriteTo(ctx, w)
	if err != nil {
		return err
	}
	w.Header().Set(wroteHeader, strconv.Itoa(n))
	return nil
}

// Exporting is an export that is on its way here.
type Exporting struct {
	Rows int // how many there will be; -1: not known
	res  *http.Response
}

// Export asks for an export, which must be closed.
func (c *Client) Export(ctx context.Context, r export.Request) (*Exporting, error) {
	q := url.Values{"format": {string(r.Format)}}
	add := func(name, value string, there bool) {
		if there {
			q.Set(name, value)
		}
	}
	add("ts_id", string(r.TS), r.TS != "")
	add("from", r.From.UTC().Format(time.RFC3339Nano), !r.From.IsZero())
	add("to", r.To.UTC().Format(time.RFC3339Nano), !r.To.IsZero())
	add("deidentify", "true", r.Deidentify)
	add("spreadsheet", "true", r.Spreadsheet)
	add("merge_gap", r.MergeGap.String(), r.MergeGap != 0)
	res, err := c.answer(ctx, http.MethodGet, "/export/"+url.PathEscape(string(r.Table))+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	e := &Exporting{Rows: -1, res: res}
	if n, err := strconv.Atoi(res.Header.Get(rowsHeader)); err == nil {
		e.Rows = n
	}
	return e, nil
}

// CopyTo copies the export to w and returns how many rows it has. An error
// means that what w has is not all of it.
func (e *Exporting) CopyTo(w io.Writer) (rows int, err error) {
	// The error of a reader is told apart from that of w.
	read := &failing{r: e.res.Body}
	if _, err := io.Copy(w, read); err != nil {
		if read.err != nil && read.err != io.EOF {
			err = fmt.Errorf("the export was cut short (the log of who served it says why): %w", err)
		}
		return 0, err
	}
	if rows, err = strconv.Atoi(e.res.Trailer.Get(wroteHeader)); err != nil {
		return 0, fmt.Errorf("the export was cut short: its end is missing")
	}
	return rows, nil
}

// Close lets go of the answer.
func (e *Exporting) Close() error { return e.res.Body.Close() }

// failing remembers its reader's error.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(b []byte) (n int, err error) {
	n, err = f.r.Read(b)
	f.err = err
	return n, err
}
