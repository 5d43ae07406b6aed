package sms_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hearth/auth/sms"
	"hearth/hub/chat"
)

func TestFileAppendsOneObjectALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sms.jsonl")
	f := sms.File{Path: path, Now: evening}
	for _, s := range []string{text, "<b>\"é\"\n</b> & more"} {
		if err := f.Send(t.Context(), phone, s); err != nil {
			t.Fatal(err)
		}
	}
	const want = `{"to":"+16505550123","text":"Your Hearth code is 483920.","time":"2026-12-02T02:00:05.067Z"}
{"to":"+16505550123","text":"<b>\"é\"\n</b> & more","time":"2026-12-02T02:00:05.067Z"}
`
	if got := read(t, path); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v (%v), want 0600", info.Mode(), err)
	}
}

func TestFileMayBeMovedAwayBetweenSends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sms.jsonl")
	f := sms.File{Path: path}
	if err := f.Send(t.Context(), phone, "before"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), phone, "after"); err != nil {
		t.Fatal(err)
	}
	if old, now := read(t, path+".1"), read(t, path); !strings.Contains(old, "before") || strings.Contains(old, "after") || !strings.Contains(now, "after") {
		t.Errorf("moved file holds %q, new one %q", old, now)
	}
}

func TestFileKeepsConcurrentLinesApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sms.jsonl")
	// Two senders, as of two processes.
	senders := []sms.Sender{sms.File{Path: path}, sms.File{Path: path}}
	long := strings.Repeat("x", 10_000)
	const n = 100
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := senders[i%2].Send(t.Context(), chat.Phone(fmt.Sprintf("+1650555%04d", i)), long); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for line := range strings.Lines(read(t, path)) {
		var entry struct{ To, Text string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Text != long {
			t.Fatalf("a line is not whole: %v", err)
		}
		seen[entry.To] = true
	}
	if len(seen) != n {
		t.Errorf("%d of %d messages are there", len(seen), n)
	}
}

func TestFileReturnsErrors(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		name, path string
		want       error
	}{
		{"a missing directory", filepath.Join(dir, "none", "sms.jsonl"), fs.ErrNotExist},
		{"a directory in its place", dir, syscall.EISDIR},
		{"no path", "", fs.ErrNotExist},
		{"a full disk", "/dev/full", syscall.ENOSPC},
	} {
		if _, err := os.Stat(test.path); test.path == "/dev/full" && err != nil {
			continue // only Linux has one
		}
		err := sms.File{Path: test.path}.Send(t.Context(), phone, text)
		if !sms.Refused(err) || !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want a refusal (%v)", test.name, err, test.want)
		}
		keepsSecrets(t, err, "")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
