// Package control is how an operator's command reaches the data: HTTP over a
// socket in the data directory that only its owner can open. A running server
// serves it; without one the command does, for itself. So each verb is
// written once.
//
// Start reading at [Handler]; socket.go is where it is served, client.go how
// it is reached.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"hearth/auth"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/roster"
)

// Options of a handler. Store and Auth are required.
type Options struct {
	Store    *store.Store
	Auth     func() (*auth.Auth, error)              // made when it is first needed; not for Plan and Import
	Dir      string                                  // where the data is; for backups, as the next
	OpenCopy func(path string) (store.Driver, error) // opens a copy of the data, to check it
	Region   string                                  // of phones without a country code; empty: US
	Field    string                                  // that people log in with: last_name (also if empty) or name
	Log      *slog.Logger                            // nil: none

	// Displaced says why the data file in Dir is not the one that Store writes
	// any more; nil, or its result: it is.
	Displaced func() error
}

// Change is one thing that an import changes.
type Change struct {
	Kind   roster.Kind `json:"kind"`
	What   roster.What `json:"what"`
	ID     string      `json:"id"`
	Fields []string    `json:"fields,omitempty"` // of a changed one: which
}

// Imported is the answer to an import.
type Imported struct {
	Changes  []Change `json:"changes"`
	Problems []string `json:"problems,omitempty"` // each with its line; then nothing was changed
	People   int      `json:"people"`             // in the roster, as the following
	Sessions int      `json:"therapy_sessions"`
}

// Report is the answer to a check.
type Report struct {
	Sessions int      `json:"therapy_sessions"`
	Actions  uint64   `json:"actions"`
	Audit    uint64   `json:"audit_entries"`
	Problems []string `json:"problems"` // in the order found; empty: all is well
}

// MaxRoster is how large a roster file may be, in bytes.
const MaxRoster = 8 << 20

// Handler answers an operator's commands.
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /import", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRoster))
		if err != nil {
			reply(w, nil, fmt.Errorf("read roster: %w", err))
			return
		}
		q := r.URL.Query()
		out, err := Import(r.Context(), o, operator, data, q.Get("prune") == "true", q.Get("dry_run") == "true")
		reply(w, out, err)
	})
	mux.HandleFunc("GET /check", func(w http.ResponseWriter, r *http.Request) {
		out, err := o.Store.Check(r.Context())
		reply(w, Report(out), err)
	})
	mux.HandleFunc("GET /backup", o.getBackup)
	mux.HandleFunc("POST /backup/kept", o.postKept)
	mux.HandleFunc("POST /erase", o.postErase)
	loginRoutes(mux, o)
	auditRoutes(mux, o)
	exportRoutes(mux, o)
	stateRoutes(mux, o)
	return mux
}

// operator is who uses the socket, in the audit log.
const operator = "operator"

type failure struct {
	Error string `json:"error"`
}

func reply(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		f := failure{err.Error()}
		var refused *chat.Error
		if errors.As(err, &refused) {
			f.Error = refused.Message
		}
		v = f
	}
	json.NewEncoder(w).Encode(v)
}

// Import reads a roster file into the roster in use. by names who did it in
// the audit log. Mistakes in the file are no error, but in the answer.
func Import(ctx context.Context, o Options, by string, data []byte, prune, dryRun bool) (Imported, error) {
	for {
		old := o.Store.Roster()
		out, made, err := Plan(old, o, data, prune)
		if err != nil || made == nil || dryRun {
			return out, err
		}
		err = o.Store.ApplyRoster(ctx, by, "import", func(now *chat.Roster) (*chat.Roster, error) {
			if now != old {
				return nil, errChanged
			}
			return made, nil
		})
		if !errors.Is(err, errChanged) {
			return out, err
		}
	}
}

var errChanged = errors.New("the roster changed meanwhile")

// Plan says what importing a file into the roster old changes, and makes the
// roster that takes its place: nil if the file has mistakes. Nothing is
// stored; o.Store is not used.
func Plan(old *chat.Roster, o Options, data []byte, prune bool) (out Imported, made *chat.Roster, err error) {
	file, err := roster.Parse(data, roster.Options{Region: o.Region, LoginField: o.Field, Existing: old, Prune: prune})
	var problems roster.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			out.Problems = append(out.Problems, p.String())
		}
		return out, nil, nil
	}
	if err != nil {
		return out, nil, err
	}
	made = roster.Merge(old, file, prune)
	out = Imported{Changes: []Change{}, People: len(made.People), Sessions: len(made.Sessions)}
	for _, c := range roster.Diff(old, made) {
		out.Changes = append(out.Changes, Change(c))
	}
	return out, made, nil
}

// String is the change as a person reads it.
func (c Change) String() string {
	what := string(c.What)
	if c.What == roster.Session {
		what = "therapy session"
	}
	line := fmt.Sprintf("%s %s %s", c.Kind, what, c.ID)
	if len(c.Fields) > 0 {
		line += " (" + strings.Join(c.Fields, ", ") + ")"
	}
	return line
}
