package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

// Child is a server that this process started, and that ends with it.
type Child struct {
	Address string // host:port

	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	log    *lastLines
	asking sync.Mutex
	ended  chan struct{}
}

// StartChild runs this program with args; it listens on an address that found
// finds in a line of its log. Its standard input is a [Commands].
func StartChild(ctx context.Context, dir string, args []string, found func(line string) (address string)) (*Child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{cmd: exec.Command(self, args...), log: new(lastLines), ended: make(chan struct{})}
	c.cmd.Args[0], c.cmd.Dir, c.cmd.Env = os.Args[0], dir, ownEnv() // by its name a test's program knows what it is
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	log, err := c.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	go func() {
		defer close(c.ended)
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			c.log.add(lines.Text())
			if a := found(lines.Text()); a != "" {
				select {
				case address <- a:
				default:
				}
			}
		}
		c.cmd.Wait()
	}()
	select {
	case c.Address = <-address:
		return c, nil
	case <-c.ended:
		err = fmt.Errorf("the server did not start:\n%s", c.log)
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-time.After(30 * time.Second):
		err = fmt.Errorf("the server did not start within 30 s:\n%s", c.log)
	}
	c.kill()
	return nil, err
}

// ownEnv is the environment without what would configure the child.
func ownEnv() (env []string) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HEARTH_") {
			env = append(env, v)
		}
	}
	return env
}

// Server is the child's process. profile is where a profile of its processor
// time goes, while something is measured (the second time with .2 at its end,
// and so on); empty: there is none.
func (c *Child) Server(profile string) *Server {
	s := &Server{PID: c.cmd.Process.Pid}
	if profile != "" {
		times := 0
		s.Profile = func(begin bool) error {
			if begin {
				file := profile
				if times++; times > 1 {
					file = fmt.Sprint(profile, ".", times)
				}
				return c.ask("profile "+file, nil)
			}
			return c.ask("profiled", nil)
		}
	}
	return s
}

// Memory is what a child holds, after it has collected its garbage.
type Memory struct {
	Heap  uint64 `json:"heap"`  // bytes in use
	Stack uint64 `json:"stack"` // bytes of goroutines' stacks
	Error string `json:"error,omitempty"`
}

// Memory asks the child what it holds.
func (c *Child) Memory() (m Memory, err error) {
	err = c.ask("memory", &m)
	return m, err
}

// WriteHeap has the child write a profile of its heap.
func (c *Child) WriteHeap(file string) error { return c.ask("heap "+file, nil) }

func (c *Child) ask(command string, answer any) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		return err
	}
	if !c.out.Scan() {
		return errors.Join(errors.New("the server gave no answer"), c.out.Err())
	}
	var failed struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(c.out.Bytes(), &failed); err != nil {
		return err
	}
	if failed.Error != "" {
		return errors.New(failed.Error)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(c.out.Bytes(), answer)
}

// Stop ends the child and waits for it. The error has the end of its log if it
// did not end well.
func (c *Child) Stop() error {
	c.in.Close()
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		c.kill()
		return fmt.Errorf("the server did not stop within 20 s:\n%s", c.log)
	}
	if !c.cmd.ProcessState.Success() {
		return fmt.Errorf("the server ended badly: %v\n%s", c.cmd.ProcessState, c.log)
	}
	return nil
}

func (c *Child) kill() {
	c.cmd.Process.Kill()
	<-c.ended
}

// lastLines keeps the end of a log.
type lastLines struct {
	mu   sync.Mutex
	list []string
}

func (l *lastLines) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 20 {
		l.list = l.list[1:]
	}
	l.list = append(l.list, s)
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}

// Commands is the child's side: it does what its parent asks on in, one line
// each, answers on out, and returns when there is no parent any more.
//
//	profile FILE   begin a profile of the processor time
//	profiled       end it
//	memory         collect the garbage, and say what is left
//	heap FILE      a profile of the heap
func Commands(in io.Reader, out io.Writer) {
	var profile *os.File
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		word, file, _ := strings.Cut(lines.Text(), " ")
		var m Memory
		var err error
		switch word {
		case "profile":
			if profile, err = os.Create(filepath.Clean(file)); err == nil {
				err = pprof.StartCPUProfile(profile)
			}
		case "profiled":
			pprof.StopCPUProfile()
			if profile != nil {
				err = profile.Close()
			}
		case "memory":
			runtime.GC()
			debug.FreeOSMemory() // what is in a pool goes the second time; and what is free is no longer ours
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			m.Heap, m.Stack = s.HeapAlloc, s.StackInuse
		case "heap":
			runtime.GC()
			var f *os.File
			if f, err = os.Create(filepath.Clean(file)); err == nil {
				err = errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
			}
		default:
			err = fmt.Errorf("unknown command %q", word)
		}
		if err != nil {
			m.Error = err.Error()
		}
		json.NewEncoder(out).Encode(m)
	}
	pprof.StopCPUProfile()
}
