package apitest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Program is the program, when it has run by itself in a test.
type Program struct {
	Dir string // of the test's files: rosters, SMS
	Log string // what it wrote to standard error
	Out string // and to standard output, where the console's sender writes codes

	// Run runs a verb on its data and returns what it writes to standard
	// output; nil: the data is not looked at.
	Run func(args ...string) (stdout string, err error)
}

// kinds are the files that may hold people, codes and what was said.
var kinds = []string{".yaml", ".yml", ".json", ".jsonl", ".ndjson"}

const mostOfFile = 1 << 20 // bytes; what is longer is no sample

// KeepsSecrets fails t if a secret stands in what p logged, or in its audit
// log: what s knows already, and who and what is in p's files and data.
func (p Program) KeepsSecrets(t testing.TB, s *Secrets) {
	t.Helper()
	filepath.WalkDir(p.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains(kinds, filepath.Ext(name)) {
			return nil // it may be gone, or be none of ours
		}
		if info, err := d.Info(); err == nil && info.Size() <= mostOfFile {
			if b, err := os.ReadFile(name); err == nil {
				s.File(b)
			}
		}
		return nil
	})
	for line := range strings.Lines(p.Out) {
		s.Code(codePattern.FindString(line))
	}
	audit := ""
	if p.Run != nil {
		s.said(p.Run)
		audit, _ = p.Run("audit", "--format", "ndjson") // the test may have damaged it
	}
	for name, text := range map[string]string{"the program's log": p.Log, "its audit log": audit} {
		for _, leak := range s.In(text) {
			t.Errorf("%s holds %s", name, leak)
		}
	}
}

// said adds what was said in each therapy session. It leaves an entry in the
// audit log for each.
func (s *Secrets) said(run func(args ...string) (string, error)) {
	out, _ := run("export", "attendance", "--format", "ndjson")
	var sessions []string
	for line := range strings.Lines(out) {
		var row struct {
			TS string `json:"ts_id"`
		}
		if json.Unmarshal([]byte(line), &row) == nil && !slices.Contains(sessions, row.TS) {
			sessions = append(sessions, row.TS)
		}
	}
	for _, ts := range sessions {
		out, _ := run("export", "transcript", ts, "--format", "ndjson")
		for line := range strings.Lines(out) {
			s.JSON([]byte(line))
		}
	}
}
