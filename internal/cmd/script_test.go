package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// Of the processes that the tests start: with the race detector each
	// would sleep for a second before it exits.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){
		"hearth": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// The scripts are the verbs as an operator uses them. Besides testscript's
// own commands they know these:
//
//	status [-under TIME] N ARG…    run hearth and want exit status N
//	start NAME ARG…                run hearth in the background
//	await NAME out|log REGEXP      wait until it has written that; (?P<X>…) sets $X
//	signal NAME TERM|INT|HUP|KILL  send it a signal
//	end NAME N                     wait until it exits, want status N, and write NAME.out and NAME.log
//	get URL REGEXP                 want an HTTP answer like that: its status line, headers and body
//	mode PERM FILE…                want these permissions
//	[!] empty DIR                  want nothing (something) in a directory
//	damage FILE TEXT               change one byte of the first TEXT in a file
//	cut FILE N                     leave the first N bytes of a file
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", os.Getenv("GORACE"))
			e.Values[running{}] = map[string]*process{}
			e.Values[itself{}] = e.T()
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": scriptStatus, "start": scriptStart, "await": scriptAwait, "signal": scriptSignal, "end": scriptEnd,
			"get": scriptGet, "mode": scriptMode, "empty": scriptEmpty, "damage": scriptDamage, "cut": scriptCut,
		},
	})
}

type running struct{} // the key of a script's processes by name
type itself struct{}  // the key of a script's test

func usageOf(ts *testscript.TestScript, neg, ok bool, usage string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	atMost := patience
	if len(args) > 1 && args[0] == "-under" {
		var err error
		atMost, err = time.ParseDuration(args[1])
		ts.Check(err)
		args = args[2:]
	}
	usageOf(ts, neg, len(args) > 0, "status [-under TIME] N ARG…")
	began := time.Now()
	// A server that should not have started is ended, with status 124.
	err := ts.Exec("timeout", append([]string{patience.String(), "hearth"}, args[1:]...)...)
	took := time.Since(began)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
	if took > atMost {
		ts.Fatalf("it took %v, more than %v", took, atMost)
	}
}

func processes(ts *testscript.TestScript) map[string]*process {
	return ts.Value(running{}).(map[string]*process)
}

func named(ts *testscript.TestScript, name string) *process {
	p := processes(ts)[name]
	if p == nil {
		ts.Fatalf("nothing called %s was started", name)
	}
	return p
}

func scriptStart(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) > 1, "start NAME ARG…")
	var env []string
	for _, name := range []string{"TMPDIR", "HEARTH_LOG_LEVEL", "HEARTH_LISTEN", "HEARTH_DATA_DIR"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	p, err := start(ts.MkAbs("."), append(os.Environ(), env...), args[1:]...)
	ts.Check(err)
	p.env = env
	dir := ts.MkAbs(".")
	ts.Defer(func() {
		p.kill()
		keepsSecrets(ts.Value(itself{}).(testing.TB), dir, p)
		ts.Logf("[%s's output]\n%s[%s's log]\n%s", args[0], p.out, args[0], p.log)
	})
	processes(ts)[args[0]] = p
}

func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) == 3, "await NAME out|log REGEXP")
	p := named(ts, args[0])
	o := map[string]*output{"out": p.out, "log": p.log}[args[1]]
	usageOf(ts, neg, o != nil, "await NAME out|log REGEXP")
	pattern, err := regexp.Compile("(?m)" + args[2])
	ts.Check(err)
	m, err := o.await(pattern, 1, p.done)
	ts.Check(err)
	for i, name := range pattern.SubexpNames() {
		if name != "" {
			ts.Setenv(name, m[i])
		}
	}
}

func scriptSignal(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) == 2, "signal NAME TERM|INT|HUP|KILL")
	sig, ok := map[string]syscall.Signal{
		"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL,
	}[args[1]]
	usageOf(ts, neg, ok, "signal NAME TERM|INT|HUP|KILL")
	ts.Check(named(ts, args[0]).cmd.Process.Signal(sig))
}

func scriptEnd(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) == 2, "end NAME N")
	p := named(ts, args[0])
	got, err := p.exit(10 * time.Second)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(p.out.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".log"), []byte(p.log.String()), 0o600))
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("exit status %d, want %s", got, args[1])
	}
}

func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) == 2, "get URL REGEXP")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Get(args[0])
	ts.Check(err)
	defer res.Body.Close()
	var all bytes.Buffer
	fmt.Fprintln(&all, res.Status)
	res.Header.Write(&all)
	_, err = io.Copy(&all, res.Body)
	ts.Check(err)
	if ok, err := regexp.MatchString("(?m)"+args[1], all.String()); err != nil || !ok {
		ts.Fatalf("%v\n%s", err, &all)
	}
}

func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) > 1, "mode PERM FILE…")
	for _, name := range args[1:] {
		info, err := os.Lstat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}

func scriptEmpty(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, false, len(args) == 1, "[!] empty DIR")
	files, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if (len(files) == 0) == neg {
		ts.Fatalf("%s holds %v", args[0], files)
	}
}

func scriptDamage(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) == 2, "damage FILE TEXT")
	name := ts.MkAbs(args[0])
	before, after, found := strings.Cut(ts.ReadFile(args[0]), args[1])
	if !found {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	changed := before + string(args[1][0]^1) + args[1][1:] + after
	ts.Check(os.WriteFile(name, []byte(changed), 0o600))
}

func scriptCut(ts *testscript.TestScript, neg bool, args []string) {
	usageOf(ts, neg, len(args) == 2, "cut FILE N")
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}
