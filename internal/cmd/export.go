package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"hearth/api/control"
	"hearth/hub/chat"
	"hearth/store/export"
)

const codebook = "codebook"

// runExport is the verb export.
func runExport(c *verbCall) error {
	configFile := c.configFlag()
	format := c.flags.String("format", "csv", "csv, json or ndjson; of the codebook also redcap: a data dictionary")
	ts := c.flags.String("ts", "", "of attendance and keystrokes: one therapy session, by its `TS_ID`; without it all")
	from := c.flags.String("from", "", "of attendance and keystrokes: from this `time` on, a date (midnight UTC) or RFC 3339; with --deidentify: therapy sessions of then, whole")
	to := c.flags.String("to", "", "of attendance and keystrokes: before this `time`")
	deidentify := c.flags.Bool("deidentify", false, "pseudonyms, moved dates, masked names and phones; what people typed may still identify them")
	spreadsheet := c.flags.Bool("spreadsheet", false, "of csv: for Excel and its like, with a byte order mark, and a ' before what they would run as a formula")
	mergeGap := c.flags.Duration("merge-gap", export.DefaultMergeGap, "of attendance: an absence no longer than this `duration` is none")
	table := c.flags.String("table", "", "of the codebook: only this `table`")
	out := c.flags.String("out", "", "write to this `file`, whole or not at all, instead of the terminal")
	if err := c.read(); err != nil {
		return err
	}
	what, err := c.exportOf()
	if err != nil {
		return err
	}
	if what == codebook {
		if _, err := c.configFor(configFile, *out); err != nil {
			return err
		}
		return c.exported(*out, func(w io.Writer) (int, error) {
			rows, err := export.Codebook(w, export.Format(*format), export.Table(*table))
			return rows, asUsage(err)
		})
	}
	r := export.Request{
		Table: export.Table(what), Format: export.Format(*format), TS: chat.TSID(*ts), Deidentify: *deidentify, Spreadsheet: *spreadsheet,
	}
	switch r.Table {
	case export.Transcript:
		r.TS = chat.TSID(c.positional[1])
	case export.Attendance:
		if r.MergeGap = *mergeGap; r.MergeGap <= 0 {
			r.MergeGap = -1
		}
	}
	if r.From, err = timeFlag("from", *from); err != nil {
		return err
	}
	if r.To, err = timeFlag("to", *to); err != nil {
		return err
	}
	if err := asUsage(r.Check()); err != nil {
		return err
	}
	cfg, err := c.configFor(configFile, *out)
	if err != nil {
		return err
	}
	ctx, stop := untilStopped(c.ctx, syscall.SIGTERM, syscall.SIGINT) // so that no half file stays behind
	defer stop()
	return c.exported(*out, func(w io.Writer) (rows int, err error) {
		err = c.withData(cfg, true, func(client *control.Client) error {
			e, err := client.Export(ctx, r)
			if err != nil {
				return err
			}
			defer e.Close()
			if r.Deidentify {
				fmt.Fprintln(c.stderr, "Names, ids and phones of the roster are masked. What people typed may still tell who they are: read it before you share it.")
			}
			p := c.progress(*out, r.Format, e.Rows)
			defer p.clear()
			rows, err = e.CopyTo(io.MultiWriter(w, p))
			return err
		})
		return rows, err
	})
}

// configFor is the configuration, if out is not one of the files that hold the
// data: its place would be taken.
func (c *verbCall) configFor(configFile *string, out string) (Config, error) {
	cfg, err := c.loadConfig(configFile)
	if err == nil && out != "" && out != "-" {
		if err = outside(cfg.DataDir, out); err != nil {
			err = fmt.Errorf("--out: %w", err)
		}
	}
	return cfg, err
}

// exportOf is what is to be exported, if the other arguments and the flags are
// of that.
func (c *verbCall) exportOf() (what string, err error) {
	words := []string{string(export.Transcript), string(export.Attendance), string(export.Keystrokes), codebook}
	oneOf := strings.Join(words, ", ")
	if len(c.positional) == 0 {
		return "", usageError{"one of " + oneOf + " is missing"}
	}
	if what = c.positional[0]; !slices.Contains(words, what) {
		return "", usageError{fmt.Sprintf("%q is none of %s", what, oneOf)}
	}
	arguments := []string{what}
	if what == string(export.Transcript) {
		arguments = append(arguments, "TS_ID")
	}
	if err := c.want(arguments...); err != nil {
		return "", err
	}
	not := map[string]string{
		string(export.Transcript): "ts from to merge-gap table", string(export.Attendance): "table",
		string(export.Keystrokes): "merge-gap table", codebook: "merge-gap spreadsheet",
	}[what]
	for _, name := range strings.Fields(not) {
		if c.set(name) {
			return "", usageError{fmt.Sprintf("--%s is not for %s", name, what)}
		}
	}
	return what, nil
}

// asUsage makes a refusal of a request one of the command line.
func asUsage(err error) error {
	var refused *chat.Error
	if errors.As(err, &refused) && refused.Code == chat.BadRequest {
		return usageError{refused.Message}
	}
	return err
}

// exported has write write to the file called name, or to standard output if
// it is empty or -.
func (c *verbCall) exported(name string, write func(io.Writer) (rows int, err error)) error {
	if name == "" || name == "-" {
		_, err := write(c.stdout)
		return err
	}
	var rows int
	err := writeWhole(name, func(w io.Writer) (err error) {
		rows, err = write(w)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s in %s\n", counted(rows, "row", "rows"), name)
	return nil
}

// progress tells on the terminal how far an export is.
type progress struct {
	w       io.Writer // nil: nobody watches
	total   int       // rows; -1: not known
	csv     bool
	quoted  bool // in the midst of a field of CSV
	rows    int
	told    time.Time
	written bool
}

// progress is one on standard error, if that is a terminal, and the rows don't
// go to it as well.
func (c *verbCall) progress(out string, format export.Format, total int) *progress {
	p := &progress{total: total, csv: format == export.CSV, told: time.Now()}
	if isTerminal(c.stderr) && (out != "" && out != "-" || !isTerminal(c.stdout)) {
		p.w = c.stderr
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

// Write counts the rows in b: lines, but for line breaks inside a field.
func (p *progress) Write(b []byte) (int, error) {
	if p.w == nil {
		return len(b), nil
	}
	for _, ch := range b {
		switch {
		case ch == '"' && p.csv:
			p.quoted = !p.quoted
		case ch == '\n' && !p.quoted:
			p.rows++
		}
	}
	if now := time.Now(); now.Sub(p.told) >= time.Second/5 {
		p.told, p.written = now, true
		if p.total > 0 {
			fmt.Fprintf(p.w, "\r%3d %%  %d of %d rows", min(100, p.rows*100/p.total), min(p.rows, p.total), p.total)
		} else {
			fmt.Fprintf(p.w, "\r%d rows", p.rows)
		}
	}
	return len(b), nil
}

// clear takes it off the terminal.
func (p *progress) clear() {
	if p.written {
		fmt.Fprintf(p.w, "\r%40s\r", "")
	}
}
