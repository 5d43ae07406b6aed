package cmd

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Killed at any point, backup leaves the old file or the new one, and restore
// the old data or the new, whole: never neither.
func TestBackupAndRestoreKilledLeaveOldOrNew(t *testing.T) {
	points := 50
	if testing.Short() {
		points = 5
	}
	dir := t.TempDir()
	hearth := func(args ...string) *exec.Cmd {
		c := exec.Command("hearth", args...) // testscript put it there
		c.Dir = dir
		return c
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := hearth(args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("config.yaml", "listen: 127.0.0.1:0\n")
	write("roster.yaml", `participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
therapy_sessions:
  - {id: TS1, name: Evening group, therapists: [T1]}
`)
	run("import", "roster.yaml")
	run("backup", "old.db")
	sum := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.Sum256(b)
		return hex.EncodeToString(h[:])
	}
	// killed runs a command, kills it after part of the time that it took
	// when it was let be, and reports whether it had ended before.
	took := map[string]time.Duration{}
	killed := func(part float64, args ...string) {
		t.Helper()
		if took[args[0]] == 0 {
			began := time.Now()
			run(args...)
			took[args[0]] = time.Since(began)
		}
		c := hearth(args...)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(part*float64(took[args[0]])), func() { c.Process.Kill() })
		err := c.Wait()
		if kill.Stop() && err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out.String())
		}
	}
	olds, news := 0, 0
	for i := range points {
		part := float64(i) / float64(points) * 1.2
		was := sum("old.db")
		killed(part, "backup", "old.db")
		if sum("old.db") == was {
			olds++
		} else {
			news++
		}
		out := run("check")
		if !strings.Contains(out, "all is well") {
			t.Fatalf("after a backup that was killed: %s", out)
		}
		entries := strings.Count(run("audit"), " restored ")
		killed(part, "restore", "old.db")
		if out := run("check"); !strings.Contains(out, "checked 1 therapy session") || !strings.Contains(out, "all is well") {
			t.Fatalf("after a restore that was killed: %s", out)
		}
		if n := strings.Count(run("audit"), " restored "); n != entries && n != entries+1 {
			t.Fatalf("after a restore that was killed the audit log has %d entries of restores, there were %d", n, entries)
		}
		for _, kept := range must(filepath.Glob(filepath.Join(dir, "data", "hearth.db.replaced-*"))) {
			os.Remove(kept)
		}
	}
	if partial := must(filepath.Glob(filepath.Join(dir, ".*"))); len(partial) > 1 {
		t.Errorf("%q are left", partial)
	}
	left := must(filepath.Glob(filepath.Join(dir, "data", "*")))
	t.Log(fmt.Sprintf("%d backups were the old one, %d the new; in the data directory: %q", olds, news, left))
	if points == 50 && (olds == 0 || news == 0) {
		t.Errorf("all %d backups were killed too early, or too late", points)
	}
	// The last file restores.
	run("restore", "old.db")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
