package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store/export"
)

func TestExportOfWhatWasSaid(t *testing.T) {
	dir := write(t, map[string]string{"roster.yaml": `
participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123", role: participant}
therapy_sessions:
  - {id: TS1, name: Evening group, therapists: [T1], participants: [P123]}
`, "config.yaml": "listen: 127.0.0.1:0\n"})
	hearth(t, dir, 0, "import", "roster.yaml")
	cfg, err := LoadConfig(filepath.Join(dir, "config.yaml"), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = filepath.Join(dir, "data")
	st, _, err := openStore(t.Context(), cfg, true, slog.New(slog.DiscardHandler), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.Enter(t.Context(), "P123", "TS1")
	if err == nil {
		err = st.Arrive(t.Context(), "TS1", "P123")
	}
	if err == nil {
		_, err = st.Append(t.Context(), "P123", "TS1", []chat.Draft{{
			Type: chat.Message, Body: "Gilligan here, P123", Research: chat.Research{History: []string{"G", "i"}, TimeToComplete: "671ms"},
		}})
	}
	if err = errors.Join(err, st.Close()); err != nil {
		t.Fatal(err)
	}

	transcript := func() (out string) {
		out, _ = hearth(t, dir, 0, "export", "transcript", "TS1", "--format", "json")
		return out
	}
	alone := transcript()
	var rows []struct {
		Body    string   `json:"body"`
		Author  string   `json:"author_id"`
		History []string `json:"character_history"`
	}
	if err := json.Unmarshal([]byte(alone), &rows); err != nil || len(rows) != 2 || rows[0].Body != "Gilligan has joined the session" ||
		rows[1].Body != "Gilligan here, P123" || rows[1].Author != "P123" || !slices.Equal(rows[1].History, []string{"G", "i"}) {
		t.Errorf("%v: %s", err, alone)
	}
	out, told := hearth(t, dir, 0, "export", "transcript", "TS1", "--deidentify")
	if strings.Contains(out, "Gilligan") || strings.Contains(out, "P123") || !strings.Contains(out, "[name] here, [id]") || !strings.Contains(told, "may still tell who they are") {
		t.Errorf("%s%s", out, told)
	}
	keys, _ := hearth(t, dir, 0, "export", "keystrokes")
	if n := strings.Count(keys, "\n"); n != 3 {
		t.Errorf("%d lines: %s", n, keys)
	}

	s := run(t, dir, "serve")
	s.address(t)
	// The server has noted meanwhile that he is gone, or will do so.
	if serving := transcript(); !strings.HasPrefix(serving, strings.TrimSuffix(alone, "\n]\n")) {
		t.Errorf("while serving: %s", serving)
	}
	s.stop(t)
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out.csv")
	if err := os.WriteFile(name, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := &verbCall{stdout: &out, stderr: io.Discard}
	broken := errors.New("cut short")
	err := c.exported(name, func(w io.Writer) (int, error) {
		io.WriteString(w, "half")
		return 0, broken
	})
	text, _ := os.ReadFile(name)
	if !errors.Is(err, broken) || string(text) != "before" || out.Len() > 0 {
		t.Errorf("%v, and the file says %q", err, text)
	}
	err = c.exported(name, func(w io.Writer) (int, error) {
		io.WriteString(w, "whole")
		return 7, nil
	})
	text, _ = os.ReadFile(name)
	info, _ := os.Stat(name)
	if err != nil || out.String() != "7 rows in "+name+"\n" || string(text) != "whole" || info.Mode() != 0o600 {
		t.Errorf("%v, %v, %q, and the file says %q", err, info.Mode(), &out, text)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// An export that an operator gives up, or whose server dies, leaves no file.
func TestAnExportThatIsStoppedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	c := &verbCall{stdout: io.Discard, stderr: io.Discard}
	err := c.exported(filepath.Join(dir, "out.csv"), func(w io.Writer) (int, error) {
		io.WriteString(w, "half")
		cancel()
		return 0, context.Cause(ctx)
	})
	if files, e := os.ReadDir(dir); !errors.Is(err, context.Canceled) || e != nil || len(files) > 0 {
		t.Errorf("%v; %v, %v", err, files, e)
	}
}

func TestProgressCountsRows(t *testing.T) {
	for _, tt := range []struct {
		format export.Format
		total  int
		text   string
		want   string
	}{
		{export.NDJSON, 4, "{\"a\":\"\\n\\\"\"}\n{}\n", "\r 50 %  2 of 4 rows"},
		{export.CSV, 4, "a,b\r\n1,\"two\r\nlines \"\"and\"\" more\r\n\"\r\n", "\r 50 %  2 of 4 rows"},
		{export.CSV, -1, "a\r\n1\r\n2\r\n", "\r3 rows"},
		{export.CSV, 1, "a\r\n1\r\n2\r\n", "\r100 %  1 of 1 rows"},
	} {
		var out bytes.Buffer
		p := &progress{w: &out, total: tt.total, csv: tt.format == export.CSV}
		for _, b := range []byte(tt.text) { // however it comes
			p.told = time.Now().Add(time.Hour)
			p.Write([]byte{b})
		}
		p.told = time.Time{}
		p.Write(nil)
		if out.String() != tt.want {
			t.Errorf("%s: %q, want %q", tt.format, &out, tt.want)
		}
		p.clear()
		if !strings.HasSuffix(out.String(), "\r") {
			t.Errorf("it stays on the terminal: %q", &out)
		}
	}
	c := &verbCall{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	p := c.progress("out.csv", export.CSV, 5)
	if p.w != nil {
		t.Error("it is told to what is no terminal")
	}
	if n, err := p.Write([]byte("a\n")); n != 2 || err != nil {
		t.Error(n, err)
	}
	p.clear()
}
