package scenario_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
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
	"hearth/hub/chat"
	"hearth/internal/cmd"
)

// asProgram makes this test's binary the program itself.
const asProgram = "HEARTH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// program is the real program on one data directory. It can be killed, and
// started again.
type program struct {
	t   *testing.T
	dir string
	exe string

	mu      sync.Mutex
	address string // where it listens; empty: nowhere
	running *exec.Cmd
	log     bytes.Buffer // all that it logged
	reading sync.WaitGroup
	secrets apitest.Secrets
}

// newProgram prepares a data directory with a roster.
func newProgram(t *testing.T, config, roster string) *program {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, dir: t.TempDir(), exe: exe}
	for name, text := range map[string]string{"config.yaml": config, "roster.yaml": roster} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.mustRun("import", "roster.yaml")
	t.Cleanup(func() {
		p.kill()
		apitest.Program{Dir: p.dir, Log: p.log.String(), Run: func(args ...string) (string, error) {
			out, err := p.command(args...).Output()
			return string(out), err
		}}.KeepsSecrets(t, &p.secrets)
		if t.Failed() {
			t.Logf("the program logged, in the end:\n%s", p.log.Bytes()[max(0, p.log.Len()-4000):])
		}
	})
	return p
}

func (p *program) command(args ...string) *exec.Cmd {
	c := exec.Command(p.exe, args...)
	c.Dir = p.dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HEARTH_") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, asProgram+"=1")
	return c
}

// mustRun runs a verb to its end.
func (p *program) mustRun(args ...string) {
	p.t.Helper()
	if out, err := p.command(args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

var serving = regexp.MustCompile(`msg=serving .*listen=(\S+)`)

// start begins to serve. It does not wait.
func (p *program) start() (ready <-chan struct{}) {
	p.t.Helper()
	c := p.command("serve")
	r, w, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	c.Stderr = w
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	w.Close()
	p.mu.Lock()
	p.running = c
	p.mu.Unlock()
	up := make(chan struct{})
	p.reading.Go(func() {
		defer r.Close()
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			if m := serving.FindStringSubmatch(lines.Text()); m != nil && p.running == c {
				p.address = m[1]
				close(up)
			}
			p.mu.Unlock()
		}
	})
	return up
}

// mustStart begins to serve and waits until it does.
func (p *program) mustStart() {
	p.t.Helper()
	select {
	case <-p.start():
	case <-time.After(30 * time.Second):
		p.t.Fatal("the program does not come up")
	}
}

// kill ends it at once.
func (p *program) kill() {
	p.mu.Lock()
	c := p.running
	p.running, p.address = nil, ""
	p.mu.Unlock()
	if c != nil {
		c.Process.Signal(syscall.SIGKILL)
		c.Wait()
	}
	p.reading.Wait()
}

// stop ends it as an operator would.
func (p *program) stop() {
	p.t.Helper()
	p.mu.Lock()
	c := p.running
	p.running, p.address = nil, ""
	p.mu.Unlock()
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		p.t.Errorf("stopped: %v", err)
	}
	p.reading.Wait()
}

// dial connects to wherever it listens now.
func (p *program) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	p.mu.Lock()
	address := p.address
	p.mu.Unlock()
	if address == "" {
		return nil, errDown
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

var digits = regexp.MustCompile(`[0-9]{6}`)

// codes are those sent to a phone so far.
func (p *program) codes(to chat.Phone) (all []string, err error) {
	b, err := os.ReadFile(filepath.Join(p.dir, "sms.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for line := range bytes.Lines(b) {
		var sms struct{ To, Text string }
		if err := json.Unmarshal(line, &sms); err != nil {
			continue // half a line: the program was killed, or is writing
		}
		if sms.To == string(to) {
			all = append(all, digits.FindString(sms.Text))
		}
	}
	return all, err
}

// code waits until more than n codes have been sent to a phone.
func (p *program) code(ctx context.Context, to chat.Phone, n int) (string, error) {
	for {
		all, err := p.codes(to)
		if err != nil {
			return "", err
		}
		if len(all) > n {
			return all[len(all)-1], nil
		}
		if !pause(ctx, 5*time.Millisecond) {
			return "", fmt.Errorf("no code comes: %w", ctx.Err())
		}
	}
}
