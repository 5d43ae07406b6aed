package cmd

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Where others can write, as in /tmp, they may have been there before.
func TestAFileIsWrittenByNobodyElseAndReadByNobodyElse(t *testing.T) {
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}
	for name, put := range map[string]func(partial, other string) error{
		"a link to another file": func(partial, other string) error { return os.Symlink(other, partial) },
		"another file's name":    func(partial, other string) error { return os.Link(other, partial) },
		"a directory":            func(partial, _ string) error { return os.Mkdir(partial, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			other := filepath.Join(dir, "hearth.db")
			if err := errors.Join(os.WriteFile(other, []byte("old"), 0o600), put(filepath.Join(dir, ".out.partial"), other)); err != nil {
				t.Fatal(err)
			}
			if err := writeWhole(filepath.Join(dir, "out"), write); err == nil {
				t.Error("it was written through what was there")
			}
			if b, err := os.ReadFile(other); string(b) != "old" {
				t.Errorf("the other file has %q, %v", b, err)
			}
		})
	}
	t.Run("what a process that was killed left is written over", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		partial := filepath.Join(filepath.Dir(out), ".out.partial")
		if err := os.WriteFile(partial, []byte("half of an old one"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := writeWhole(out, write); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if string(b) != "new" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if _, err := os.Stat(partial); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it is still there: %v", err)
		}
	})
}

// brokenWriter is a full disk behind standard output.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// Who is not told the secret must not believe that there is a token to use.
func TestASecretThatCannotBeToldIsAFailure(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("HEARTH_DATA_DIR", filepath.Join(dir, "data"))
	roster := "participants:\n  - {id: P123, name: Gilligan, last_name: Denver, phone: \"+1 650 555 0123\", role: participant}\n"
	if err := os.WriteFile("roster.yaml", []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := Main([]string{"import", "roster.yaml"}, nil, io.Discard, io.Discard); status != 0 {
		t.Fatal(status)
	}
	for _, args := range [][]string{{"token", "create", "--role", "admin"}, {"code", "P123"}} {
		if status := Main(args, nil, brokenWriter{}, io.Discard); status != 1 {
			t.Errorf("%q: exit status %d", args, status)
		}
	}
}

// The second of two that write the same file at once is refused until the
// first one's has its name, and takes nothing from it.
func TestTwoThatWriteTheSameFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	err := writeWhole(out, func(w io.Writer) error {
		if err := writeWhole(out, func(io.Writer) error { return nil }); err == nil {
			t.Error("the second one wrote into the first one's")
		}
		_, err := io.WriteString(w, "first")
		return err
	})
	if b, e := os.ReadFile(out); err != nil || e != nil || string(b) != "first" {
		t.Errorf("%q, %v, %v", b, err, e)
	}
	failed := errors.New("failed")
	if err := writeWhole(out, func(io.Writer) error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}
