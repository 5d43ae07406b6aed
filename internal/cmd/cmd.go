// Package cmd is the command line: configuration, flags, verbs, wiring and
// signals. Start reading at [Main], then serve.go and server.go.
package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// verb is one line of the command line.
type verb struct {
	name, args, short string
	run               func(*verbCall) error
}

func verbs() []verb {
	return []verb{
		{"serve", "[--config FILE]", "runs the server", runServe},
		{"demo", "[--listen ADDRESS] [--legacy-client DIR]", "runs a server with sample data: nothing to prepare", runDemo},
		{"import", "FILE [--prune] [--dry-run] [--config FILE]", "loads a roster from a file, YAML or JSON; - is standard input", runImport},
		{"export", "transcript TS_ID | attendance | keystrokes | codebook  [--format FORMAT] [--deidentify] [--out FILE]", "writes research tables: all that was said, who was there, every key, and what each column means", runExport},
		{"check", "[--head FILE] [--config FILE]", "verifies the data file, every action log and the audit log", runCheck},
		{"audit", "[head] [--from TIME] [--to TIME] [--format FORMAT]", "prints the audit log; head: where it and every log stand, to be kept elsewhere", runAudit},
		{"token", "create|list|revoke [ID]", "makes, lists and ends API tokens", runToken},
		{"unlock", "P_ID", "clears the limits on a person's logins", runUnlock},
		{"code", "P_ID", "makes a one-time code to read out by telephone", runCode},
		{"key", "rotate [--now]", "makes a new login key", runKey},
		{"backup", "FILE [--config FILE]", "makes a checked copy of the data, while the server runs or not", runBackup},
		{"restore", "FILE [--config FILE]", "puts a backup in the place of the data; the server must be stopped", runRestore},
		{"erase", "--participant P_ID | --session TS_ID | --action TS_ID/ID", "removes texts and keystroke histories for good, from the data file, too", runErase},
		{"doctor", "[--config FILE]", "tries the configuration for real, and says what to do", runDoctor},
		{"bench", "fanout|idle|poll|catchup|append|limits", "loads a server of its own, or one at --addr, and says what it took: for sizing a machine", runBench},
		{"version", "", "says which version this is", runVersion},
	}
}

// Main runs the verb in args and returns the exit status: 0 success, 1
// failure, 2 wrong usage.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) == 1 {
			usage(stdout)
			return 0
		}
		args = []string{args[1], "--help"}
	}
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		c := &verbCall{
			verb: v, args: args[1:], ctx: context.Background(), stdin: stdin, stdout: stdout, stderr: stderr,
			flags: flag.NewFlagSet(v.name, flag.ContinueOnError),
		}
		c.flags.SetOutput(io.Discard)
		err := v.run(c)
		var wrong usageError
		switch {
		case err == nil:
			return 0
		case errors.Is(err, flag.ErrHelp):
			c.help(stdout)
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(stderr, "hearth %s: %v\n", v.name, err)
			c.help(stderr)
			return 2
		}
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(stderr, "hearth %s: %s\n", v.name, strings.TrimSuffix(line, "\n"))
		}
		return 1
	}
	fmt.Fprintf(stderr, "hearth: there is no verb %q\n", args[0])
	usage(stderr)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintf(w, "Hearth is a chat server for online group therapy.\n\nUsage: hearth VERB [flags]\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-10s%s\n", v.name, v.short)
	}
	fmt.Fprintf(w, "\nhearth VERB --help says more of each.\n")
}

// usageError is a command that was not understood.
type usageError struct{ string }

func (e usageError) Error() string { return e.string }

// verbCall is one command under way.
type verbCall struct {
	verb
	args           []string
	flags          *flag.FlagSet
	positional     []string
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
}

func (c *verbCall) help(w io.Writer) {
	fmt.Fprintf(w, "Usage: %s\n\nIt %s.\n", strings.TrimSpace("hearth "+c.name+" "+c.verb.args), c.short)
	c.flags.VisitAll(func(f *flag.Flag) {
		value, what := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			what += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  %-20s %s\n", strings.TrimSpace("--"+f.Name+" "+strings.ToUpper(value)), what)
	})
}

// set reports whether a flag was given.
func (c *verbCall) set(name string) (given bool) {
	c.flags.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

func (c *verbCall) configFlag() *string {
	return c.flags.String("config", "", "the configuration `file`; without it config.yaml, if that is there")
}

// parse reads the flags, before, between or behind the arguments with these
// names, which must be there. What follows -- is no flag.
func (c *verbCall) parse(arguments ...string) error {
	if err := c.read(); err != nil {
		return err
	}
	return c.want(arguments...)
}

// read reads the flags and gathers the arguments.
func (c *verbCall) read() error {
	for rest := c.args; ; {
		if err := c.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return err
			}
			return usageError{err.Error()}
		}
		left := c.flags.Args()
		if read := len(rest) - len(left); len(left) == 0 || read > 0 && rest[read-1] == "--" {
			c.positional = append(c.positional, left...)
			return nil
		}
		c.positional = append(c.positional, left[0])
		rest = left[1:]
	}
}

// want checks that the arguments are these.
func (c *verbCall) want(arguments ...string) error {
	n := len(c.positional)
	switch {
	case n > len(arguments):
		return usageError{fmt.Sprintf("%q is one argument too many", c.positional[len(arguments)])}
	case n < len(arguments):
		return usageError{arguments[n] + " is missing"}
	}
	return nil
}

// loadConfig reads the configuration named by the flag, or config.yaml.
func (c *verbCall) loadConfig(file *string) (Config, error) {
	if *file != "" {
		return LoadConfig(*file, true, os.Environ())
	}
	return LoadConfig("config.yaml", false, os.Environ())
}
