package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"hearth/store"
	"hearth/store/bolt"
)

const pageSize = 4096 // whatever the machine's, a size to do damage by

// exact makes a data file without room at its end.
func exact(t *testing.T, commits int) string {
	t.Helper()
	path := history(t, commits)
	used, err := bolt.Used(path)
	if err == nil {
		err = os.Truncate(path, used)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestADamagedFileIsAnErrorOrHarmless(t *testing.T) {
	lines, killed := run(t, command(t, nil, "damage", exact(t, 12)))
	if killed {
		t.Fatalf("the child was killed after %q", lines[len(lines)-1])
	}
	var refused, harmless int
	if _, err := fmt.Sscanf(lines[len(lines)-1], "%d refused, %d harmless", &refused, &harmless); err != nil {
		t.Fatalf("the child ends with %q", lines[len(lines)-1])
	}
	if refused < 200 || harmless < 100 {
		t.Errorf("too few of a kind: %s", lines[len(lines)-1])
	}
}

// damage damages the file in many ways, each time anew, and uses it. Should
// it die, its last line says of what.
func (c *child) damage() error {
	whole, err := os.ReadFile(c.path)
	if err != nil {
		return err
	}
	pages := len(whole) / pageSize
	random := rand.New(rand.NewPCG(1, 2))
	garbage := make([]byte, 16*pageSize)
	for i := range garbage {
		garbage[i] = byte(random.Uint32())
	}
	refused, harmless := 0, 0
	// try returns whether the file was opened.
	try := func(b []byte, format string, args ...any) (bool, error) {
		name := fmt.Sprintf(format, args...)
		c.print("%s", name)
		path := c.path + ".damaged"
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return false, err
		}
		d, err := bolt.Open(path, bolt.Options{MustExist: true})
		if err != nil {
			if errors.Is(err, store.ErrInUse) || errors.Is(err, os.ErrNotExist) {
				return false, fmt.Errorf("%s: %w", name, err)
			}
			refused++
			return false, nil
		}
		harmless++
		d.NoSync()
		if err := errors.Join(use(d), d.Close()); err != nil {
			return true, fmt.Errorf("%s: it was opened, but: %w", name, err)
		}
		return true, nil
	}
	bad := func(b []byte, format string, args ...any) error {
		opened, err := try(b, format, args...)
		if err == nil && opened {
			err = fmt.Errorf(format+": it was opened", args...)
		}
		return err
	}
	changed := func(pos int, with []byte) []byte {
		b := bytes.Clone(whole)
		copy(b[pos:], with)
		return b
	}

	err = nil
	also := func(e error) { err = errors.Join(err, e) }
	also(bad(make([]byte, len(whole)), "zeros"))
	also(bad(garbage, "garbage"))
	also(bad([]byte("Dr. Howell's notes\n"), "text"))
	also(bad(bytes.Repeat([]byte("Dr. Howell's notes\n"), 2000), "long text"))
	for page := range pages + 1 {
		for _, n := range []int{0, 1, 79, 1024, pageSize - 1} {
			if n += page * pageSize; n < len(whole) {
				also(bad(whole[:n], "cut short to %d bytes", n))
			}
		}
	}
	for page := range pages {
		for _, way := range []struct {
			name string
			with []byte
		}{
			{"zeros", make([]byte, pageSize)}, {"garbage", garbage[:pageSize]},
			{"its neighbour", whole[(page+1)%pages*pageSize:][:pageSize]},
			{"the last page", whole[(pages-1)*pageSize:]}, {"the first page", whole[:pageSize]},
		} {
			_, e := try(changed(page*pageSize, way.with), "page %d is %s", page, way.name)
			also(e)
		}
		for i := range 9 {
			// Where pages have headers and entries, and anywhere.
			pos := page*pageSize + random.IntN([]int{16, 100, pageSize}[i%3])
			with := []byte{whole[pos] ^ 1<<random.IntN(8)}
			switch i % 4 {
			case 1:
				with = []byte{0}
			case 2:
				with = []byte{0xff, 0xff}
			case 3:
				with = []byte{byte(random.IntN(pages))} // perhaps another page's number
			}
			_, e := try(changed(pos, with), "%x at byte %d of page %d", with, pos%pageSize, page)
			also(e)
		}
		if err != nil {
			return err
		}
	}
	c.print("%d refused, %d harmless", refused, harmless)
	return nil
}

// use reads everything, writes, and reads everything.
func use(d *bolt.DB) error {
	if err := read(d); err != nil {
		return err
	}
	b := batch(1000)
	b.If = nil
	if err := d.Commit(context.Background(), b); err != nil {
		return err
	}
	return read(d)
}

func read(d *bolt.DB) error {
	ctx := context.Background()
	for _, t := range store.Tables() {
		if _, err := d.Scan(ctx, t, nil, nil, 1<<20); err != nil {
			return err
		}
	}
	for _, log := range []uint32{0, 1, 2, 3, 1 << 24} {
		for _, research := range []bool{false, true} {
			if _, err := d.Page(ctx, log, 0, 1<<20, research); err != nil {
				return err
			}
		}
	}
	if err := d.Verify(ctx); err != nil && !strings.Contains(err.Error(), "neither used nor free") {
		return err
	}
	return nil
}

func TestAFileDamagedWhileOpenIsAnError(t *testing.T) {
	lines, killed := run(t, command(t, nil, "vanish", exact(t, 40)))
	if killed {
		t.Fatalf("the child was killed after %q", lines[len(lines)-1])
	}
}

// vanish damages the file while it is open and read.
func (c *child) vanish() error {
	whole, err := os.ReadFile(c.path)
	if err != nil {
		return err
	}
	path := c.path + ".damaged"
	cut := func(n int) func() error { return func() error { return os.Truncate(path, int64(n)) } }
	over := func(from, to int) func() error {
		return func() error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, to-from), int64(from))
			return errors.Join(err, f.Close())
		}
	}
	for _, way := range []struct {
		name   string
		damage func() error
		all    bool // nothing can be read
	}{
		{"cut to nothing", cut(0), true},
		{"cut to a byte", cut(1), true},
		{"cut to a page", cut(pageSize), true},
		{"cut to two pages", cut(2 * pageSize), true},
		{"cut to a half", cut(len(whole) / 2), false},
		{"cut by a byte", cut(len(whole) - 1), false},
		{"the meta pages overwritten", over(0, 2*pageSize), true},
		{"all else overwritten", over(2*pageSize, len(whole)), true},
		{"all overwritten", over(0, len(whole)), true},
	} {
		c.print("%s", way.name)
		os.Remove(path)
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			return err
		}
		d, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			return err
		}
		if _, err := state(d); err != nil {
			return err
		}
		var readers sync.WaitGroup
		read := make(chan struct{})
		var reading sync.RWMutex // not held while a read is begun and the file damaged
		for range 4 {
			readers.Go(func() {
				for i := range 100 {
					if i == 20 {
						read <- struct{}{}
					}
					reading.RLock()
					d.Get(context.Background(), "login", []byte("last"))
					d.Page(context.Background(), uint32(i%3), uint64(i%40), 10, i%2 == 0)
					reading.RUnlock()
				}
			})
		}
		for range 4 {
			<-read
		}
		reading.Lock()
		err = way.damage()
		reading.Unlock()
		if err != nil {
			return err
		}
		readers.Wait()
		ctx := context.Background()
		if _, err := d.Get(ctx, "login", []byte("last")); err == nil && way.all {
			return fmt.Errorf("%s: it can be read", way.name)
		}
		if err := d.Verify(ctx); err == nil {
			return fmt.Errorf("%s: verify finds nothing", way.name)
		}
		for range 2 {
			if err := d.Commit(ctx, batch(41)); err == nil || errors.Is(err, store.ErrStale) {
				return fmt.Errorf("%s: commit: %v", way.name, err)
			}
			if err := d.Recover(ctx); err == nil {
				return fmt.Errorf("%s: it recovered", way.name)
			}
		}
		d.Close()
		if _, err := bolt.Open(path, bolt.Options{}); err == nil || errors.Is(err, store.ErrInUse) {
			return fmt.Errorf("%s: opening it again: %v", way.name, err)
		}
		if _, err := os.Stat(path + ".recovered"); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: a copy was left behind: %v", way.name, err)
		}
	}
	return nil
}
