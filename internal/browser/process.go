package browser

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is the program under way, and the lines that it has written.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu    sync.Mutex
	lines []string
	wake  chan struct{} // closed and replaced at each line
}

// start runs bin in dir with settings added to the environment.
func start(bin, dir string, settings []string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(bin, args...), done: make(chan struct{}), wake: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), settings...)
	out, in := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, s.Text())
			close(p.wake)
			p.wake = make(chan struct{})
			p.mu.Unlock()
		}
	}()
	go func() {
		p.cmd.Wait() // its error is in ProcessState
		in.Close()
		close(p.done)
	}()
	return p, nil
}

// find waits for a line that matches, from line number from on, and returns
// its first group.
func (p *process) find(ctx context.Context, from int, re *regexp.Regexp) (string, error) {
	for {
		p.mu.Lock()
		lines, wake := p.lines, p.wake
		p.mu.Unlock()
		for ; from < len(lines); from++ {
			if m := re.FindStringSubmatch(lines[from]); m != nil {
				return m[1], nil
			}
		}
		select {
		case <-wake:
		case <-p.done:
			return "", fmt.Errorf("the server ended without a line like %v:\n%s", re, strings.Join(lines[max(0, len(lines)-20):], "\n"))
		case <-ctx.Done():
			return "", fmt.Errorf("the server has not written %v: %w", re, ctx.Err())
		}
	}
}

// written is how many lines there are so far.
func (p *process) written() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// stop ends it as an operator does. An error is an exit status other than 0.
func (p *process) stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("the server had not stopped after %v", patience)
	}
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("the server ended with %v", p.cmd.ProcessState)
	}
	return nil
}

// kill ends it at once.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}
