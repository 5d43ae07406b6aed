package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hearth/store"
	"hearth/store/bolt"
)

// What may kill a process, or must see another one, runs in this test binary
// started again.

const childEnv = "HEARTH_BOLT_TEST_CHILD"

func TestMain(m *testing.M) {
	verb := os.Getenv(childEnv)
	if verb == "" {
		os.Exit(m.Run())
	}
	// strace counts the calls of each thread.
	runtime.LockOSThread()
	run := map[string]func(*child) error{
		"open": (*child).open, "commit": (*child).commit, "rewrite": (*child).rewrite, "limit": (*child).limit,
		"damage": (*child).damage, "vanish": (*child).vanish,
	}[verb]
	if err := run(&child{path: os.Args[1], args: os.Args[2:], out: os.Stdout}); err != nil {
		fmt.Fprintln(os.Stderr, verb, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// command is this test binary as a child. It ends with the test.
func command(t *testing.T, prefix []string, verb, path string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	argv := append(append(append([]string{}, prefix...), self, path), args...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a child may hang
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+verb, "GORACE=halt_on_error=1 atexit_sleep_ms=0")
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// run runs a child to its end, and returns its lines and whether it was
// killed. Any other failure is the test's.
func run(t *testing.T, cmd *exec.Cmd) (lines []string, killed bool) {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	killed = wasKilled(err)
	if err != nil && !killed {
		t.Fatalf("child: %v\n%s\n%s", err, out.Bytes(), stderr.Bytes())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n"), killed
}

// wasKilled reports whether the child, or strace in its stead, died of
// SIGKILL.
func wasKilled(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// strace is a prefix that has strace tamper with the child's system calls.
// It skips the test if that cannot be done here.
func strace(t *testing.T, inject ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("SKIPPED: strace is not installed, so that failing disks are not tested")
	}
	if out, err := exec.Command("strace", "-f", "-o", os.DevNull, "-e", "trace=none", "true").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: strace may not trace here, so that failing disks are not tested: %v, %s", err, out)
	}
	argv := []string{"strace", "-f", "-qq", "-o", os.DevNull}
	var calls []string
	for _, i := range inject {
		call, _, _ := strings.Cut(i, ":")
		calls = append(calls, call)
		argv = append(argv, "-e", "inject="+i)
	}
	return append(argv, "-e", "trace="+strings.Join(calls, ","))
}

// child is this process as one.
type child struct {
	path string
	args []string
	out  io.Writer
}

func (c *child) print(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

func (c *child) number(i int) int {
	n, err := strconv.Atoi(c.args[i])
	if err != nil {
		panic(err)
	}
	return n
}

// open has the file open until its standard input ends.
func (c *child) open() error {
	io.CopyN(io.Discard, os.Stdin, 1) // the starting gun
	d, err := bolt.Open(c.path, bolt.Options{Wait: 50 * time.Millisecond})
	if errors.Is(err, store.ErrInUse) {
		c.print("in use")
		return nil
	}
	if err != nil {
		return err
	}
	c.print("open")
	io.Copy(io.Discard, os.Stdin)
	return d.Close()
}

// commit makes so many commits (args: how many, and whether to tell of each
// at once), goes on after failures, and has a reader read all the time.
func (c *child) commit() error {
	d, err := bolt.Open(c.path, bolt.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	if len(c.args) < 2 {
		all := bytes.Buffer{} // writing it now would be a call to tamper with
		out := c.out
		c.out = &all
		defer func() { io.Copy(out, &all) }()
	}
	return c.commits(d, c.number(0))
}

func (c *child) commits(d *bolt.DB, count int) error {
	first, err := state(d)
	if err != nil {
		return err
	}
	done, broken := make(chan struct{}), make(chan error, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		now := time.NewTicker(time.Millisecond)
		defer now.Stop()
		for {
			select {
			case <-done:
				return
			case <-now.C:
			}
			if _, err := d.Scan(context.Background(), "login", nil, nil, 3); err != nil {
				broken <- err
				return
			}
		}
	})
	failures := 0
	for n := first + 1; n <= first+count && failures < 12; n++ {
		err := d.Commit(context.Background(), batch(n))
		if err == nil {
			c.print("stored %d", n)
			continue
		}
		failures++
		c.print("failed to commit %d: %v", n, err)
		if err := d.Commit(context.Background(), batch(n)); err == nil || errors.Is(err, store.ErrStale) {
			return fmt.Errorf("a commit before recovery: %v", err)
		}
		for range 10 {
			if err = d.Recover(context.Background()); err == nil {
				break
			}
			c.print("failed to recover: %v", err)
			if _, e := os.Stat(c.path + ".recovered"); !errors.Is(e, os.ErrNotExist) {
				return fmt.Errorf("a copy was left behind: %w", e)
			}
		}
		if err != nil {
			return err
		}
		now, err := state(d)
		if err != nil {
			return fmt.Errorf("after recovery: %w", err)
		}
		c.print("recovered with %d", now)
		if now != n && now != n-1 {
			return fmt.Errorf("after %d commits and one that failed there are %d", n-1, now)
		}
		n = now
	}
	close(done)
	reader.Wait()
	select {
	case err = <-broken:
		return fmt.Errorf("a reader: %w", err)
	default:
		return nil
	}
}

// rewrite commits, has the file written anew, and commits.
func (c *child) rewrite() error {
	d, err := bolt.Open(c.path, bolt.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := c.commits(d, 1); err != nil {
		return err
	}
	if err := d.Rewrite(context.Background()); err != nil {
		c.print("failed to rewrite: %v", err)
	}
	return c.commits(d, 1)
}

// started runs a child in the background, and returns its standard input and
// lines.
func started(t *testing.T, cmd *exec.Cmd) (io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return in, bufio.NewScanner(out)
}

// limit commits with a limit on the size of files (SIGXFSZ is ignored by Go
// programs), and again when it is lifted.
func (c *child) limit() error {
	signal.Ignore(syscall.SIGXFSZ)
	d, err := bolt.Open(c.path, bolt.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	n, err := state(d)
	if err != nil {
		return err
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	full := syscall.Rlimit{Cur: uint64(c.number(0)), Max: was.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		return err
	}
	failures := 0
	for failures < 5 && n < 1000 {
		err := d.Commit(context.Background(), batch(n+1))
		if err == nil {
			n++
			continue
		}
		failures++
		c.print("failed to commit %d: %v", n+1, err)
		if err := d.Recover(context.Background()); err != nil {
			return err
		}
		if now, err := state(d); err != nil || now != n {
			return fmt.Errorf("%d commits of %d: %w", now, n, err)
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	return c.commits(d, 3)
}
