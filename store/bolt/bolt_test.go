package bolt_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearth/store"
	"hearth/store/bolt"
	"hearth/store/storetest"
)

func TestDriver(t *testing.T) {
	paths := map[store.Driver]string{}
	openAt := func(t *testing.T, path string) store.Driver {
		t.Helper()
		d, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		paths[d] = path
		return d
	}
	storetest.Run(t,
		func(t *testing.T) store.Driver { return openAt(t, filepath.Join(t.TempDir(), "hearth.db")) },
		func(t *testing.T, d store.Driver) store.Driver {
			t.Helper()
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			return openAt(t, paths[d])
		})
}

func TestAFileIsMadeOnlyIfWanted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hearth.db")
	if _, err := bolt.Open(path, bolt.Options{MustExist: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a missing file that must exist: %v", err)
	}
	open(t, path).Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
		t.Errorf("something was left behind: %v", all)
	}
	d, err := bolt.Open(path, bolt.Options{MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	for _, err := range []error{d.Commit(t.Context(), batch(1)), d.Recover(t.Context()), d.Verify(t.Context())} {
		if err == nil {
			t.Error("a closed file can be used")
		}
	}
}

func TestOnlyARegularFileInADirectoryIsOpened(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "missing", "hearth.db"), os.DevNull, filepath.Join(dir, "dangling")} {
		if _, err := bolt.Open(path, bolt.Options{}); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("something was made: %v", all)
	}
}

func TestASecondProcessFindsTheFileInUse(t *testing.T) {
	path := history(t, 3)
	cmd := command(t, nil, "open", path)
	in, out := started(t, cmd)
	in.Write([]byte("!"))
	if !out.Scan() || out.Text() != "open" {
		t.Fatalf("child says %q", out.Text())
	}
	for _, wait := range []time.Duration{0, time.Millisecond} {
		begin := time.Now()
		if _, err := bolt.Open(path, bolt.Options{Wait: wait}); !errors.Is(err, store.ErrInUse) {
			t.Errorf("a file that another process has open: %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	}
	time.AfterFunc(50*time.Millisecond, func() { in.Close() })
	d, err := bolt.Open(path, bolt.Options{Wait: 10 * time.Second})
	if err != nil {
		t.Fatalf("waiting for a file to be closed: %v", err)
	}
	defer d.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if n, err := state(d); n != 3 || err != nil {
		t.Errorf("%d commits, %v", n, err)
	}
}

func TestOfSeveralProcessesThatStartAtOnceOneHasTheFile(t *testing.T) {
	for range 4 {
		path := filepath.Join(t.TempDir(), "hearth.db")
		var cmds []*exec.Cmd
		var guns []func()
		var said []func() string
		for range 3 {
			cmd := command(t, nil, "open", path)
			in, out := started(t, cmd)
			cmds = append(cmds, cmd)
			guns = append(guns, func() { in.Write([]byte("!")) })
			said = append(said, func() string {
				out.Scan()
				return out.Text()
			})
		}
		for _, fire := range guns {
			fire()
		}
		var all []string
		for _, say := range said {
			all = append(all, say())
		}
		if s := strings.Join(all, ","); strings.Count(s, "open") != 1 || strings.Count(s, "in use") != 2 {
			t.Errorf("they say %q", all)
		}
		for _, cmd := range cmds {
			cmd.Process.Kill()
			cmd.Wait()
		}
		if n := check(t, path); n != 0 {
			t.Errorf("%d commits", n)
		}
	}
}

func TestAFileReachedByALinkStaysThere(t *testing.T) {
	path := history(t, 2)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".recovered", []byte("left by a process that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := check(t, link); n != 2 {
		t.Errorf("%d commits", n)
	}
	if n := check(t, path); n != 3 {
		t.Errorf("%d commits", n)
	}
}
