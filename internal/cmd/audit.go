package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"hearth/api/control"
)

// timeFlag reads a moment that a flag gives: RFC 3339, or a date, which
// begins at midnight UTC. Empty is the zero time.
func timeFlag(name, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := control.ParseMoment(s)
	if err != nil {
		return t, usageError{"--" + name + " " + err.Error()}
	}
	return t, nil
}

// runAudit is the verb audit.
func runAudit(c *verbCall) error {
	configFile := c.configFlag()
	if len(c.args) > 0 && c.args[0] == "head" {
		c.args = c.args[1:]
		return c.onData(configFile, func(client *control.Client) error {
			h, err := client.Head(c.ctx)
			if err != nil {
				return err
			}
			enc := json.NewEncoder(c.stdout)
			enc.SetIndent("", "  ")
			return enc.Encode(h)
		})
	}
	from := c.flags.String("from", "", "the first `time`, inclusive: a date (midnight UTC) or RFC 3339")
	to := c.flags.String("to", "", "the last `time`, exclusive")
	format := c.flags.String("format", "text", "text or ndjson: one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	since, err := timeFlag("from", *from)
	if err != nil {
		return err
	}
	before, err := timeFlag("to", *to)
	if err != nil {
		return err
	}
	if !since.IsZero() && !before.IsZero() && !since.Before(before) {
		return usageError{"--to must be later than --from"}
	}
	print := printAuditText
	switch *format {
	case "text":
	case "ndjson":
		print = func(w io.Writer, e control.AuditEntry) error { return json.NewEncoder(w).Encode(e) }
	default:
		return usageError{"--format must be text or ndjson"}
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	return c.withData(cfg, true, func(client *control.Client) error {
		return client.Audit(c.ctx, since, before, func(e control.AuditEntry) error { return print(c.stdout, e) })
	})
}

// printAuditText prints an entry as a line for people.
func printAuditText(w io.Writer, e control.AuditEntry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s", e.Seq, e.At.UTC().Format("2006-01-02T15:04:05.000Z"), e.Event)
	add := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	add("by", e.Actor)
	add("on", e.Subject)
	add("in", e.Session)
	add("reason", e.Reason)
	if e.Count > 1 {
		fmt.Fprintf(&b, " count=%d", e.Count)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		add(name, e.Details[name])
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}
