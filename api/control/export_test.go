package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"hearth/api/control"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/export"
)

// talked is a store with a therapy session in which something was said.
func talked(t *testing.T, messages int) *store.Store {
	t.Helper()
	st := newStore(t)
	if _, err := control.Import(t.Context(), control.Options{Store: st}, "test", []byte(people+sessions), false, false); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Enter(t.Context(), "T1", "TS1"); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < messages; i += 50 {
		var drafts []chat.Draft
		for j := range 50 {
			drafts = append(drafts, chat.Draft{Type: chat.Notice, Body: chat.Text(fmt.Sprint(i+j, strings.Repeat(" hello", 1500)))})
		}
		saved, err := st.Append(t.Context(), "T1", "TS1", drafts)
		if err != nil || saved.Results[49].Err != nil {
			t.Fatal(err, saved.Results[49].Err)
		}
	}
	return st
}

func TestExportOverTheSocket(t *testing.T) {
	dir, st := t.TempDir(), talked(t, 50)
	serve(t, dir, control.Handler(control.Options{Store: st}))
	c := dial(t, dir)
	for _, r := range []export.Request{
		{Table: export.Transcript, TS: "TS1", Format: export.CSV}, {Table: export.Transcript, TS: "TS1", Format: export.JSON, Deidentify: true},
		{Table: export.Attendance, Format: export.NDJSON, MergeGap: -1}, {Table: export.Keystrokes, Format: export.CSV, Spreadsheet: true},
	} {
		e, err := c.Export(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		n, err := e.CopyTo(&got)
		if err := errors.Join(err, e.Close()); err != nil {
			t.Fatal(err)
		}
		direct, err := export.Begin(t.Context(), st, "test", r)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		rows, err := direct.WriteTo(t.Context(), &want)
		if err != nil || n != rows || e.Rows != direct.Rows() || got.String() != want.String() {
			t.Errorf("%s: %d of %d rows (%d told), %v\n%.500s", r.Table, n, rows, e.Rows, err, got.String())
		}
	}
	for want, r := range map[string]export.Request{
		`there is no therapy session "TS9"`: {Table: export.Transcript, TS: "TS9", Format: export.CSV},
		"format: must be csv":               {Table: export.Attendance, Format: "xml"},
		"table: must be transcript":         {Table: "people", Format: "csv"},
	} {
		if _, err := c.Export(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The answer ends in the middle when the server can't go on; whoever reads it
// must not take what came for the whole.
func TestAnExportThatEndsInTheMiddleIsAnError(t *testing.T) {
	dir, st := t.TempDir(), talked(t, 100)
	var log bytes.Buffer
	h := control.Handler(control.Options{Store: st, Log: slog.New(slog.NewTextHandler(&log, nil))})
	stop := serve(t, dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&breaking{ResponseWriter: w, left: 200 << 10}, r)
	}))
	e, err := dial(t, dir).Export(t.Context(), export.Request{Table: export.Transcript, TS: "TS1", Format: export.NDJSON})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	_, err = e.CopyTo(&got)
	if err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("%d bytes came, %v", got.Len(), err)
	}
	e.Close()
	stop()
	if !strings.Contains(log.String(), "the disk broke") || strings.Contains(log.String(), "hello") {
		t.Errorf("the log says %q", &log)
	}
}

// breaking fails after so many bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("the disk broke")
	}
	return b.ResponseWriter.Write(p)
}

func TestAServerThatDiesInAnExportIsAnError(t *testing.T) {
	dir := t.TempDir()
	for name, f := range map[string]http.HandlerFunc{
		"in the middle": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "row_id,ts_id\r\n")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"without an end": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "row_id,ts_id\r\n") },
	} {
		stop := serve(t, dir, f)
		e, err := dial(t, dir).Export(t.Context(), export.Request{Table: export.Keystrokes, Format: export.CSV})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := e.CopyTo(io.Discard); err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		e.Close()
		stop()
	}
}

// A disk that is full is not the server's doing.
func TestAnExportThatCannotBeKeptIsToldAsThat(t *testing.T) {
	dir, st := t.TempDir(), talked(t, 100)
	serve(t, dir, control.Handler(control.Options{Store: st}))
	e, err := dial(t, dir).Export(t.Context(), export.Request{Table: export.Transcript, TS: "TS1", Format: export.CSV})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	full := errors.New("no space left")
	if _, err := e.CopyTo(writerFunc(func([]byte) (int, error) { return 0, full })); !errors.Is(err, full) || strings.Contains(err.Error(), "cut short") {
		t.Error(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestAnExportThatIsGivenUpEnds(t *testing.T) {
	dir, st := t.TempDir(), talked(t, 100)
	stop := serve(t, dir, control.Handler(control.Options{Store: st}))
	ctx, cancel := context.WithCancel(t.Context())
	e, err := dial(t, dir).Export(ctx, export.Request{Table: export.Transcript, TS: "TS1", Format: export.CSV})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := e.CopyTo(io.Discard); err == nil {
		t.Error("all of it came")
	}
	e.Close()
	stop() // waits for the handler
}
