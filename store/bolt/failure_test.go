package bolt_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hearth/store"
	"hearth/store/bolt"
)

func TestAFailingDiskLosesNothing(t *testing.T) {
	// "?" stands for the first calls of a kind: two syncs and some four
	// writes make a commit, of pages and of the meta page.
	for _, tt := range []struct {
		name   string
		inject []string
		times  int
		copied bool // the file is another one afterwards
		fails  int  // commits
		again  int  // recoveries that fail
	}{
		{"the sync fails", []string{"fdatasync:error=EIO:when=?"}, 4, true, 1, 0},
		{"the sync finds the disk full", []string{"fdatasync:error=ENOSPC:when=?"}, 2, true, 1, 0},
		{"all syncs fail", []string{"fdatasync:error=EIO"}, 1, true, 12, 0},
		{"the disk is full", []string{"pwrite64:error=ENOSPC:when=?"}, 6, false, 1, 0},
		{"the quota is used up", []string{"pwrite64:error=EDQUOT:when=2"}, 1, false, 1, 0},
		{"the disk is full for a while", []string{"pwrite64:error=ENOSPC:when=2..6"}, 1, false, 5, 0},
		{"a write fails", []string{"pwrite64:error=EIO:when=?"}, 3, true, 1, 0},
		{"the disk is full, and then the sync fails", []string{"pwrite64:error=ENOSPC:when=3", "fdatasync:error=EIO:when=1"}, 1, true, 1, 0},
		{"the copy cannot be written", []string{"fdatasync:error=EIO:when=2", "write:error=ENOSPC:when=1"}, 1, true, 1, 1},
		{"the copy cannot be synced", []string{"fdatasync:error=EIO:when=2", "fsync:error=EIO:when=1"}, 1, true, 1, 1},
		{"the copy cannot be put in place", []string{"fdatasync:error=EIO:when=2", "/^rename:error=EIO:when=1..2"}, 1, true, 1, 2},
		{"the directory cannot be synced", []string{"fdatasync:error=EIO:when=1", "fsync:error=EIO:when=2"}, 1, true, 1, 1},
	} {
		for when := range tt.times {
			inject := slices.Clone(tt.inject)
			for i := range inject {
				inject[i] = strings.ReplaceAll(inject[i], "?", strconv.Itoa(when+1))
			}
			t.Run(fmt.Sprintf("%s/%d", tt.name, when+1), func(t *testing.T) {
				t.Parallel()
				path := history(t, 2)                    // and has room: nothing grows
				old := filepath.Join(t.TempDir(), "old") // so that its inode is not used again
				if err := os.Link(path, old); err != nil {
					t.Fatal(err)
				}
				count := "5"
				if tt.name == "all syncs fail" {
					count = "1"
				}
				lines, _ := run(t, command(t, strace(t, inject...), "commit", path, count))
				said := strings.Join(lines, "\n")
				if n := strings.Count(said, "failed to commit"); n != tt.fails {
					t.Errorf("%d commits failed, want %d:\n%s", n, tt.fails, said)
				}
				if n := strings.Count(said, "failed to recover"); n != tt.again {
					t.Errorf("%d recoveries failed, want %d:\n%s", n, tt.again, said)
				}
				before, err1 := os.Stat(old)
				after, err2 := os.Stat(path)
				if err := errors.Join(err1, err2); err != nil {
					t.Fatal(err)
				}
				if copied := !os.SameFile(before, after); copied != tt.copied {
					t.Errorf("copied: %t, want %t:\n%s", copied, tt.copied, said)
				}
				if after.Mode() != 0o600 {
					t.Errorf("mode %v", after.Mode())
				}
				last := 0
				for _, l := range lines {
					fmt.Sscanf(l, "stored %d", &last)
					fmt.Sscanf(l, "recovered with %d", &last)
				}
				if n := check(t, path); n != last || tt.name != "all syncs fail" && n != 7 {
					t.Errorf("%d commits are there, %d are known:\n%s", n, last, said)
				}
			})
		}
	}
}

func TestAFileThatMayNotGrowLosesNothing(t *testing.T) {
	// A file that has room fails to write, one that has none to be made
	// longer.
	used := strconv.Itoa(200 << 10)
	for _, commits := range []int{1, 0} {
		path := history(t, commits)
		lines, _ := run(t, command(t, nil, "limit", path, used))
		said := strings.Join(lines, "\n")
		if strings.Count(said, "failed to commit") != 5 || !strings.Contains(said, "too large") {
			t.Errorf("not as many commits failed as should:\n%s", said)
		}
		var want int
		fmt.Sscanf(lines[len(lines)-1], "stored %d", &want)
		if n := check(t, path); n != want || n < 4 {
			t.Errorf("%d commits, want %d", n, want)
		}
	}
}

func TestTheFileStaysLockedDuringRecovery(t *testing.T) {
	path := history(t, 2)
	const long = "20000" // microseconds
	cmd := command(t, strace(t, "fdatasync:error=EIO:when=2+2", "fsync:delay_enter="+long, "/^rename:delay_enter="+long+":delay_exit="+long),
		"commit", path, "3")
	_, out := started(t, cmd)
	waiting := time.Now()
	for locked, ended := false, false; !ended; {
		d, err := bolt.Open(path, bolt.Options{Wait: time.Nanosecond})
		switch {
		case errors.Is(err, store.ErrInUse):
			locked = true
		case err != nil:
			t.Fatal(err)
		default:
			n, err := state(d)
			d.Close()
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case n == 5: // it has ended
				ended = true
			case locked:
				t.Fatalf("the file was free after %d commits", n)
			case time.Since(waiting) > 30*time.Second:
				t.Fatal("the child does not open the file")
			}
		}
	}
	said := ""
	for out.Scan() {
		said += out.Text() + "\n"
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err, said)
	}
	if strings.Count(said, "recovered") < 2 {
		t.Errorf("the child was not busy recovering:\n%s", said)
	}
	check(t, path)
}

func TestAFileReplacedBeforeItIsLockedIsOpenedAnew(t *testing.T) {
	path, other := history(t, 2), history(t, 9)
	cmd := command(t, strace(t, "flock:delay_enter=1000000:when=1"), "commit", path, "1")
	_, out := started(t, cmd)
	// The tracee is strace's child. Once it has the file open it is about to
	// lock it.
	for opened, begin := false, time.Now(); !opened; {
		if time.Since(begin) > 30*time.Second {
			t.Fatal("the child does not open the file")
		}
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		if err != nil {
			t.Skipf("SKIPPED: there is no /proc here to look into: %v", err)
		}
		fds, _ := filepath.Glob("/proc/" + strings.TrimSpace(string(children)) + "/fd/*")
		for _, fd := range fds {
			to, err := os.Readlink(fd)
			opened = opened || err == nil && to == path
		}
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if !out.Scan() || out.Text() != "stored 10" {
		t.Errorf("the child says %q", out.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := check(t, path); n != 10 {
		t.Errorf("%d commits", n)
	}
}

// kills are system calls at whose entry a process is killed; those that do
// not come to pass end the list of a kind.
func kills(t *testing.T, calls []string, most int, test func(t *testing.T, inject string) (killed bool)) {
	for _, call := range calls {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			for when := 1; when <= most; when++ {
				if !test(t, fmt.Sprintf("%s:signal=KILL:when=%d", call, when)) {
					if when == 1 {
						t.Errorf("%s is not called", call)
					}
					return
				}
			}
		})
	}
}

func TestAFileIsCreatedWholeOrNotAtAll(t *testing.T) {
	strace(t)
	kills(t, []string{"pwrite64", "fdatasync", "fsync", "/^link", "/^unlink", "flock"}, 20, func(t *testing.T, inject string) bool {
		path := filepath.Join(t.TempDir(), "hearth.db")
		cmd := command(t, strace(t, inject), "open", path)
		cmd.Stdin = strings.NewReader("!")
		_, killed := run(t, cmd)
		d, err := bolt.Open(path, bolt.Options{MustExist: true})
		if err == nil {
			d.Close()
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("killed at %s: %v", inject, err)
		}
		if n := check(t, path); n != 0 {
			t.Errorf("%d commits", n)
		}
		return killed
	})
}

func TestAProcessKilledAtAnyCallLosesNothing(t *testing.T) {
	strace(t)
	test := func(also ...string) func(t *testing.T, inject string) bool {
		return func(t *testing.T, inject string) bool {
			path := history(t, 2)
			lines, killed := run(t, command(t, strace(t, append(also, inject)...), "commit", path, "8", "at once"))
			known := 2
			for _, l := range lines {
				fmt.Sscanf(l, "stored %d", &known)
			}
			if n := check(t, path); n != known && n != known+1 {
				t.Errorf("killed at %s: %d commits are there, %d are known", inject, n, known)
			}
			return killed
		}
	}
	t.Run("committing", func(t *testing.T) { kills(t, []string{"pwrite64", "fdatasync"}, 7, test()) })
	t.Run("recovering", func(t *testing.T) {
		kills(t, []string{"fsync", "/^rename", "flock", "ftruncate"}, 6, test("fdatasync:error=EIO:when=4"))
	})
}

func TestAProcessKilledWhileItWritesTheFileAnewLosesNothing(t *testing.T) {
	strace(t)
	kills(t, []string{"pwrite64", "fdatasync", "fsync", "/^rename", "flock", "ftruncate"}, 12, func(t *testing.T, inject string) bool {
		path := history(t, 4)
		lines, killed := run(t, command(t, strace(t, inject), "rewrite", path))
		known := 4
		for _, l := range lines {
			fmt.Sscanf(l, "stored %d", &known)
		}
		if n := check(t, path); n != known && n != known+1 {
			t.Errorf("killed at %s: %d commits are there, %d are known", inject, n, known)
		}
		return killed
	})
}

func TestAFileThatCannotBeWrittenAnewStaysAsItWas(t *testing.T) {
	strace(t)
	failed := 0
	inject := []string{"fdatasync:error=EIO:when=3", "/^rename:error=EIO:when=1", "fsync:error=EIO:when=1"}
	for n := range 12 { // a disk that is full for a while
		inject = append(inject, fmt.Sprintf("pwrite64:error=ENOSPC:when=%d..%d", n+1, n+3))
	}
	for _, inject := range inject {
		path := history(t, 4)
		lines, _ := run(t, command(t, strace(t, inject), "rewrite", path))
		said := strings.Join(lines, "\n")
		if strings.Contains(said, "failed to rewrite") {
			failed++
		}
		if n := check(t, path); n != 6 || !strings.HasSuffix(said, "stored 6") {
			t.Errorf("%s: %d commits:\n%s", inject, n, said)
		}
		if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
			t.Errorf("%s: there are %q", inject, left)
		}
	}
	if failed < 5 {
		t.Errorf("only %d of them failed", failed)
	}
}

func TestNothingIsLeftOfWhatWasReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hearth.db")
	d := open(t, path)
	secret := func(i int) []byte { return filler(i, 40+i*977%9000) }
	for i := range 300 {
		commit := &store.Batch{Records: []store.Record{{Log: 1, ID: uint64(i + 1), Seen: append([]byte("secret "), secret(i)...), Research: append([]byte("secret "), secret(i)...)}}}
		if err := d.Commit(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		if err := d.Commit(t.Context(), &store.Batch{Records: []store.Record{{Log: 1, ID: uint64(i + 1), Seen: []byte("plain")}}}); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), "secret ")
	}
	if count() == 0 {
		t.Error("the test is vain: nothing is left anyhow")
	}
	if err := d.Rewrite(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(); n > 0 {
		t.Errorf("%d are left", n)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(); n > 0 {
		t.Errorf("%d are left after closing", n)
	}
	left, _ := filepath.Glob(path + "*")
	if len(left) != 1 {
		t.Errorf("there are %q", left)
	}
}

func TestAKilledProcessLosesNothingItTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hearth.db")
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	known := 0
	for range rounds {
		cmd := command(t, nil, "commit", path, "1000000", "at once")
		_, out := started(t, cmd)
		read := func(out *bufio.Scanner) bool {
			if !out.Scan() {
				return false
			}
			n := 0
			if fmt.Sscanf(out.Text(), "stored %d", &n); n != known+1 {
				t.Fatalf("the child says %q after %d", out.Text(), known)
			}
			known = n
			return true
		}
		for range 1 + rand.IntN(20) {
			if !read(out) {
				t.Fatalf("the child ended: %v", cmd.Wait())
			}
		}
		cmd.Process.Kill()
		for read(out) {
		}
		if err := cmd.Wait(); !wasKilled(err) {
			t.Fatalf("the child ended: %v", err)
		}
		d := open(t, path)
		n, err := state(d)
		d.Close()
		if err != nil || n != known && n != known+1 {
			t.Fatalf("%d commits are there, the child told of %d: %v", n, known, err)
		}
		known = n
	}
}
