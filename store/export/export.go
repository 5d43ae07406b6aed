// Package export makes the research tables of what the store keeps: whole
// transcripts, attendance, keystrokes, and the codebook that says what every
// column means.
//
// A table is a list of columns, declared once ([Column]): the header of a CSV
// file, the keys of JSON and the codebook all come from it. Rows are written
// one after the other, from short reads, so a log of any length fits.
//
// The package knows nothing of files, sockets and flags. Start reading at
// [Begin] and [Export.WriteTo]; transcript.go, attendance.go and keystrokes.go
// are the tables, veil.go and mask.go what --deidentify does to them.
package export

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Table names what is exported.
type Table string

// The tables.
const (
	Transcript Table = "transcript"
	Attendance Table = "attendance"
	Keystrokes Table = "keystrokes"
)

// Tables lists every table.
func Tables() []Table { return []Table{Transcript, Attendance, Keystrokes} }

// DefaultMergeGap is how long somebody may be gone without having left, in
// the table of attendance. (That a connection was lost is noticed after 75
// seconds; so the log has no shorter gap than somebody's own leaving made.)
const DefaultMergeGap = time.Minute

// Request says what is to be exported. Table and Format must be given.
type Request struct {
	Table  Table
	Format Format
	TS     chat.TSID // empty: all therapy sessions; a transcript needs one

	// Only what happened at From or later and before To; zero: no limit. Not
	// of a transcript, which is whole. With Deidentify it is the therapy
	// sessions in which something happened then, each whole: where it was cut
	// would tell by how many days it was moved.
	From, To time.Time

	Deidentify  bool
	Spreadsheet bool // of CSV; see [Format]

	// MergeGap is of attendance: so long an absence is none. 0:
	// DefaultMergeGap; negative: each is one.
	MergeGap time.Duration
}

// Check says what is wrong with r, in a *chat.Error that names the field.
func (r *Request) Check() error {
	bad := func(format string, args ...any) error { return chat.Errorf(chat.BadRequest, format, args...) }
	switch r.Table {
	case Transcript, Attendance, Keystrokes:
	default:
		return bad("table: must be transcript, attendance or keystrokes")
	}
	switch {
	case r.Format != CSV && r.Format != JSON && r.Format != NDJSON:
		return bad("format: must be csv, json or ndjson")
	case r.Spreadsheet && r.Format != CSV:
		return bad("spreadsheet: is for csv")
	case r.Table == Transcript && r.TS == "":
		return bad("ts_id: missing")
	case r.Table == Transcript && !(r.From.IsZero() && r.To.IsZero()):
		return bad("from, to: a transcript is whole")
	case r.Table != Attendance && r.MergeGap != 0:
		return bad("merge_gap: is for attendance")
	case !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To):
		return bad("to: must be later than from")
	case r.Deidentify && !r.From.IsZero() && !r.To.IsZero() && r.To.Sub(r.From) < leastVeiled:
		return bad("deidentify, from, to: from and to must be 28 days apart or more, as a shorter time would tell when a therapy session was, which deidentify hides")
	}
	return nil
}

// leastVeiled is how long a time that is asked for must be where dates are
// hidden: who knows it knows that each therapy session was in it.
const leastVeiled = 28 * 24 * time.Hour

// in reports whether at is of the time asked for.
func (r *Request) in(at time.Time) bool {
	return !at.Before(r.From) && (r.To.IsZero() || at.Before(r.To))
}

// Export is one export that has been noted in the audit log and may be
// written.
type Export struct {
	Request
	store  *store.Store
	logs   []store.Transcript
	roster *chat.Roster
	veil   *veil // nil: nothing is hidden
}

// Begin notes in the audit log that by exports r, and returns the export: of
// the logs as of that moment. The error is a *chat.Error: bad_request,
// not_found, or storage_unavailable; then nothing may leave.
func Begin(ctx context.Context, st *store.Store, by string, r Request) (*Export, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	if r.Table == Attendance && r.MergeGap == 0 {
		r.MergeGap = DefaultMergeGap
	}
	e := &Export{Request: r, store: st, roster: st.Roster()}
	if r.Deidentify {
		key, err := st.Key("research pseudonyms")
		if err != nil {
			return nil, err
		}
		e.veil = newVeil(key)
	}
	var err error
	e.logs, err = st.Transcripts(ctx, r.audit(by), r.TS)
	if errors.Is(err, store.ErrNoTranscript) {
		return nil, chat.Errorf(chat.NotFound, "there is no therapy session %q", string(r.TS))
	}
	if err != nil {
		return nil, err
	}
	if e.veil != nil && !(e.From.IsZero() && e.To.IsZero()) {
		if e.logs, err = e.within(ctx); err != nil {
			return nil, err
		}
		e.From, e.To = time.Time{}, time.Time{} // of these all of it
	}
	if e.veil != nil { // the order of ids tells whose they are
		slices.SortFunc(e.logs, func(a, b store.Transcript) int {
			return strings.Compare(e.veil.session(a.Session.ID), e.veil.session(b.Session.ID))
		})
	}
	return e, nil
}

// errFound ends the reading of a log.
var errFound = errors.New("found")

// within are the logs of those therapy sessions in which something happened in
// the time asked for, or that were to be then.
func (e *Export) within(ctx context.Context) (found []store.Transcript, err error) {
	for _, t := range e.logs {
		in := !t.Session.Date.IsZero() && e.in(t.Session.Date)
		if !in {
			err := e.store.ReadTranscript(ctx, &t, false, func(r *store.Recorded) error {
				if in = e.in(r.At); in || !r.At.Before(e.From) { // times never fall within a log
					return errFound
				}
				return nil
			})
			if err != nil && !errors.Is(err, errFound) {
				return nil, err
			}
		}
		if in {
			found = append(found, t)
		}
	}
	return found, nil
}

func (r *Request) audit(by string) store.AuditEntry {
	entry := store.AuditEntry{Event: "export", Actor: by, Subject: string(r.Table), Session: string(r.TS)}
	add := func(name, value string) {
		entry.Details = append(entry.Details, store.Detail{Name: name, Value: value})
	}
	add("format", string(r.Format))
	add("deidentified", map[bool]string{true: "yes", false: "no"}[r.Deidentify])
	if !r.From.IsZero() {
		add("from", formatTime(r.From))
	}
	if !r.To.IsZero() {
		add("to", formatTime(r.To))
	}
	return entry
}

// Actions is how many entries of action logs are read for it.
func (e *Export) Actions() (n int) {
	for _, t := range e.logs {
		n += int(t.Last)
	}
	return n
}

// Rows is how many rows it will have, where that is known before; else -1.
func (e *Export) Rows() int {
	if e.Table == Transcript {
		return e.Actions()
	}
	return -1
}

// WriteTo writes the whole table to w and returns how many rows it has. After
// an error what was written is to be thrown away: a CSV or NDJSON file that
// was cut short looks whole. It holds nothing of the store's while it writes.
func (e *Export) WriteTo(ctx context.Context, w io.Writer) (rows int, err error) {
	switch e.Table {
	case Transcript:
		return write(w, e.Request, transcriptColumns(), func(row func(*transcriptRow) error) error {
			return e.transcript(ctx, &e.logs[0], row)
		})
	case Attendance:
		return write(w, e.Request, attendanceColumns(), func(row func(*attendanceRow) error) error {
			for i := range e.logs {
				if err := e.attendance(ctx, &e.logs[i], row); err != nil {
					return err
				}
			}
			return nil
		})
	default:
		return write(w, e.Request, keystrokeColumns(), func(row func(*keystrokeRow) error) error {
			for i := range e.logs {
				if err := e.keystrokes(ctx, &e.logs[i], row); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// roleOf is what p is in a therapy session; who is no longer of it is what
// they are in the roster.
func (e *Export) roleOf(s *chat.TherapySession, p chat.PID) string {
	if p == "" {
		return chat.System.String()
	}
	if r := s.RoleOf(p); r != chat.Nobody {
		return r.String()
	}
	if u := e.roster.People[p]; u != nil {
		return u.Role.String()
	}
	return "unknown"
}

// roles are the values of a column that roleOf fills.
func roles() []Value {
	return []Value{
		{"participant", "takes part"}, {"therapist", "moderates the therapy session"}, {"system", "the server itself"},
		{"unknown", "no longer in the roster"},
	}
}

// nameOf is what p is called now; empty under --deidentify.
func (e *Export) nameOf(p chat.PID) string {
	u := e.roster.People[p]
	switch {
	case e.veil != nil || u == nil:
		return ""
	}
	return string(u.Name)
}

// keeps reports whether p's keystrokes may be exported. Nothing is stored of
// who does not agree; of who agreed no more, what was stored stays here.
func (e *Export) keeps(p chat.PID) bool {
	u := e.roster.People[p]
	return u == nil || u.Keystrokes
}
