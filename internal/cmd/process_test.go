package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hearth/api/apitest"
)

// patience is how long a test waits for what should come at once; a machine
// that does other things too is slow.
const patience = 20 * time.Second

// process is the program, running by itself.
type process struct {
	cmd      *exec.Cmd
	env      []string // its own settings
	out, log *output  // standard output and standard error
	done     chan struct{}
	ended    time.Time // when done is closed
}

// start runs the program in dir.
func start(dir string, env []string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command("hearth", args...), out: newOutput(), log: newOutput(), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, env, p.out, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait() // its error is in ProcessState
		p.ended = time.Now()
		close(p.done)
	}()
	return p, nil
}

// run is start for a Go test, with a directory of its own for temporary files:
// what still runs at its end is killed, and what it wrote is shown if the test
// failed.
func run(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p, err := start(dir, append(os.Environ(), "TMPDIR="+t.TempDir()), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		keepsSecrets(t, dir, p)
		if t.Failed() {
			t.Logf("hearth %v wrote\n%s%s", args, p.out, p.log)
		}
	})
	return p
}

// told are the secrets of every test of this package.
var told = &apitest.Secrets{}

// keepsSecrets fails t if a secret stands in what p logged, or in the audit log
// in dir.
func keepsSecrets(t testing.TB, dir string, p *process) {
	t.Helper()
	apitest.Program{Dir: dir, Log: p.log.String(), Out: p.out.String(), Run: func(args ...string) (string, error) {
		c := exec.Command("hearth", args...)
		c.Dir, c.Env = dir, append(os.Environ(), p.env...)
		out, err := c.Output()
		return string(out), err
	}}.KeepsSecrets(t, told)
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the end and returns the exit status, -1 for a signal.
func (p *process) exit(atMost time.Duration) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(atMost):
		return 0, fmt.Errorf("it still runs after %v", atMost)
	}
}

// stop stops a server as an operator does, and wants that to go well.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if status, err := p.exit(10 * time.Second); err != nil || status != 0 {
		t.Fatalf("stopping: status %d, %v", status, err)
	}
}

var servingAt = regexp.MustCompile(`msg=serving listen=(\S+)|"msg":"serving","listen":"([^"]+)"`)

// address waits until a server serves, and returns host:port.
func (p *process) address(t *testing.T) string {
	t.Helper()
	m, err := p.log.await(servingAt, 1, p.done)
	if err != nil {
		t.Fatal(err)
	}
	return m[1] + m[2]
}

// output is what a process writes, to wait for.
type output struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed at the next write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(b), nil
}

func (o *output) String() string {
	text, _ := o.now()
	return string(text)
}

func (o *output) now() ([]byte, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.text), o.changed
}

// await waits for the nth match of pattern and returns it with its groups.
func (o *output) await(pattern *regexp.Regexp, n int, ended <-chan struct{}) ([]string, error) {
	late := time.After(patience)
	for {
		text, changed := o.now()
		if all := pattern.FindAllSubmatch(text, n); len(all) == n {
			var groups []string
			for _, g := range all[n-1] {
				groups = append(groups, string(g))
			}
			return groups, nil
		}
		select {
		case <-changed:
		case <-ended:
			if text, _ := o.now(); len(pattern.FindAll(text, n)) < n {
				return nil, fmt.Errorf("it ended without writing %q", pattern)
			}
		case <-late:
			return nil, fmt.Errorf("it did not write %q, but %q", pattern, text)
		}
	}
}

// write makes files in a new directory.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hearth runs the program to its end and wants an exit status.
func hearth(t *testing.T, dir string, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	c := exec.Command("hearth", args...)
	var out, log strings.Builder
	c.Dir, c.Stdout, c.Stderr = dir, &out, &log
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != want {
		t.Fatalf("hearth %v: status %d, want %d\n%s%s", args, got, want, &out, &log)
	}
	return out.String(), log.String()
}
