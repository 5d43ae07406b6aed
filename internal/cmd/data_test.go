package cmd

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hearth/api/control"
	"hearth/store"
	"hearth/store/bolt"
)

// A server that is starting or stopping has the data, but does not answer.
func TestCommandsWaitForAServerThatIsStarting(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"roster.yaml": sampleRoster})
	hearth(t, dir, 0, "import", "roster.yaml")
	data := filepath.Join(dir, "data")
	db, err := bolt.Open(filepath.Join(data, dataFile), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	importing := run(t, dir, "import", "roster.yaml", "--prune")

	// As a server goes on.
	st, err := store.Open(t.Context(), store.Options{Driver: db, AuditKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	l, err := control.Listen(data)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- control.Serve(ctx, l, control.Handler(control.Options{Store: st})) }()
	if status, err := importing.exit(patience); err != nil || status != 0 || !strings.HasPrefix(importing.out.String(), "0 changes") {
		t.Errorf("status %d, %v", status, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}

	// One that never answers is an error.
	_, stderr := hearth(t, dir, 1, "check")
	if !strings.HasPrefix(stderr, "hearth check: open data file data/hearth.db: ") || !strings.HasSuffix(stderr, ", and nobody answers on control.sock\n") {
		t.Error(stderr)
	}
}

func TestTheDataKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), dataKeyFile)
	if _, _, err := readDataKey(path); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("missing: %v", err)
	}
	if err := makeDataKey(path); err != nil {
		t.Fatal(err)
	}
	audit, links, err := readDataKey(path)
	if err != nil || len(audit) != 32 || len(links) != 32 || string(audit) == string(links) {
		t.Errorf("%d and %d bytes, %v", len(audit), len(links), err)
	}
	if err := makeDataKey(path); err != nil {
		t.Fatal(err)
	}
	if again, _, err := readDataKey(path); err != nil || string(again) != string(audit) {
		t.Errorf("a key that there is was replaced: %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("there are %v, %v", files, err)
	}

	for name, text := range map[string]string{
		"empty": "", "short": strings.Repeat("0f", 31), "long": strings.Repeat("0f", 33), "no digits": strings.Repeat("xy", 32), "huge": strings.Repeat("0f", 1<<20),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readDataKey(path); err == nil || !strings.Contains(err.Error(), "64 hexadecimal digits") || strings.Contains(err.Error(), "xy") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := readDataKey(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
}
