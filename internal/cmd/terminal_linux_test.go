package cmd

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"hearth/hub/chat"
)

// terminal is a pseudoterminal: what a program writes to it comes out of
// shows, as somebody who sits before it would see it.
type terminal struct {
	side  *os.File // the program's
	shows *output
	end   chan struct{} // closed when nobody has it open any more
}

// newTerminal opens one (pts(4)).
func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine has no pseudoterminals: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	control := func(request uintptr, v *int32) {
		t.Helper()
		if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(v))); no != 0 {
			t.Fatal(no)
		}
	}
	var number, locked int32
	control(syscall.TIOCGPTN, &number)
	control(syscall.TIOCSPTLCK, &locked) // 0: unlock
	p := &terminal{shows: newOutput(), end: make(chan struct{})}
	if p.side, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.side.Close() })
	go func() {
		defer close(p.end)
		io.Copy(p.shows, master) // ends with EIO, when nobody has the other side open
	}()
	return p
}

// everything waits until nobody writes any more and returns all there was.
func (p *terminal) everything(t *testing.T) string {
	t.Helper()
	p.side.Close()
	select {
	case <-p.end:
	case <-time.After(patience):
		t.Fatal("the terminal is still open")
	}
	return p.shows.String()
}

// talkative makes data with much to export, and returns its directory.
func talkative(t *testing.T, actions int) (dir string) {
	t.Helper()
	dir = write(t, map[string]string{"roster.yaml": sampleRoster, "config.yaml": "listen: 127.0.0.1:0\n"})
	hearth(t, dir, 0, "import", "roster.yaml")
	cfg := DefaultConfig()
	cfg.DataDir, cfg.Chat.Rate.PerSecond, cfg.Chat.Rate.Burst = filepath.Join(dir, "data"), 1e6, 1e6
	st, _, err := openStore(t.Context(), cfg, true, slog.New(slog.DiscardHandler), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err = st.Enter(t.Context(), "P123", "TS2"); err != nil {
		t.Fatal(err)
	}
	for id := 0; id < actions; {
		var some []chat.Draft
		for ; id < actions && len(some) < 500; id++ {
			some = append(some, chat.Draft{Type: chat.Message, Body: chat.Text(fmt.Sprintf("line one of %d\nand, \"line two\" %s", id, strings.Repeat("x", 700)))})
		}
		saved, err := st.Append(t.Context(), "P123", "TS2", some)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range saved.Results {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
	return dir
}

var progressSeen = regexp.MustCompile(`\r *\d+ %  \d+ of 5000 rows`)

// TestExportTellsItsProgressOnATerminal has an operator before a terminal,
// with standard output led elsewhere, or not.
func TestExportTellsItsProgressOnATerminal(t *testing.T) {
	t.Parallel()
	const rows = 5000
	dir := talkative(t, rows)
	args := []string{"export", "transcript", "TS2", "--format", "csv"}
	plain, told := hearth(t, dir, 0, args...)
	if progressSeen.MatchString(plain) || told != "" || strings.Count(plain, "P123") < rows {
		t.Fatalf("without a terminal: standard error has %q, standard output %d bytes", told, len(plain))
	}

	t.Run("standard output is read by another program, and slowly", func(t *testing.T) {
		term := newTerminal(t)
		c := exec.Command("hearth", args...)
		c.Dir, c.Stderr = dir, term.side
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		// It reads some, then looks at the terminal for a moment: so the
		// export takes its time, until it has told how far it is.
		var got bytes.Buffer
		for part := int64(64 << 10); ; {
			n, err := io.CopyN(&got, out, part)
			if n < part || err != nil {
				break
			}
			text, changed := term.shows.now()
			if progressSeen.Match(text) {
				part = 64 << 20
				continue
			}
			select {
			case <-changed:
			case <-time.After(20 * time.Millisecond):
			}
		}
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
		shown := term.everything(t)
		if !progressSeen.MatchString(shown) {
			t.Errorf("the terminal shows no progress, but %q", shown)
		}
		if got.String() != plain {
			t.Errorf("standard output has %d bytes, and without a terminal %d", got.Len(), len(plain))
		}
		if rest := regexp.MustCompile(`\r *\d+ %  \d+ of 5000 rows`).ReplaceAllString(shown, ""); strings.TrimSpace(rest) != "" {
			t.Errorf("besides, the terminal shows %q", rest)
		}
		if !strings.HasSuffix(shown, "\r"+strings.Repeat(" ", 40)+"\r") {
			t.Errorf("it is not taken off the terminal at the end: %q", shown)
		}
	})

	t.Run("standard output is the terminal as well", func(t *testing.T) {
		term := newTerminal(t)
		c := exec.Command("hearth", args...)
		c.Dir, c.Stdout, c.Stderr = dir, term.side, term.side
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		shown := term.everything(t)
		if shown != strings.ReplaceAll(plain, "\n", "\r\n") { // as a terminal ends lines
			t.Errorf("the terminal shows %d bytes, want the %d of the rows alone", len(shown), len(plain))
		}
	})

	t.Run("the rows go to a file", func(t *testing.T) {
		term := newTerminal(t)
		c := exec.Command("hearth", append(args, "--out", "out.csv")...)
		c.Dir, c.Stderr = dir, term.side
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(out) != "5000 rows in out.csv\n" {
			t.Errorf("standard output has %q", out)
		}
		if file, err := os.ReadFile(filepath.Join(dir, "out.csv")); err != nil || string(file) != plain {
			t.Errorf("the file is not the export: %v", err)
		}
		if rest := progressSeen.ReplaceAllString(term.everything(t), ""); strings.TrimSpace(rest) != "" {
			t.Errorf("the terminal shows %q", rest)
		}
	})
}
