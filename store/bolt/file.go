package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"hearth/store"
)

// file is a data file that is open, locked and checked.
type file struct {
	f    *os.File // bbolt's, which closes it
	info fs.FileInfo
	db   *bbolt.DB

	// bbolt panicked and may hold its locks for ever: those of readers
	// (blind) or of the writer (stuck).
	blind, stuck atomic.Bool
}

// mapSize is how much of the file is mapped from the start: a commit that
// must map more waits for every reader.
const mapSize = 1 << 30

// openFile opens the data file at path, which must be there. One that another
// process has open for longer than wait is store.ErrInUse.
func openFile(path string, wait time.Duration) (*file, error) {
	f, err := lock(path, wait)
	if err != nil {
		return nil, err
	}
	x := &file{f: f}
	err = x.open(path, wait)
	if err == nil {
		return x, nil
	}
	x.close()
	return nil, err
}

func (x *file) open(path string, wait time.Duration) (err error) {
	if x.info, err = x.f.Stat(); err != nil {
		return err
	}
	// Before bbolt reads it: what it makes of a damaged file can be worse
	// than an error.
	if _, err := x.check(); err != nil {
		return err
	}
	err = guard(func() (err error) {
		x.db, err = bbolt.Open(path, 0, &bbolt.Options{
			Timeout: wait, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapSize, NoStatistics: true,
			OpenFile: func(string, int, os.FileMode) (*os.File, error) { return x.f, nil },
		})
		return err
	})
	if err != nil {
		return err
	}
	return x.view(func(tx *bbolt.Tx) error {
		for _, name := range allBuckets() {
			if tx.Bucket(name) == nil {
				return fmt.Errorf("it lacks the table %q: not a file of this program's", name)
			}
		}
		return nil
	})
}

// check walks all pages under the newest meta page.
func (x *file) check() (meta, error) {
	info, err := x.f.Stat()
	if err != nil {
		return meta{}, err
	}
	metas, err := readMetas(x.f)
	if err != nil {
		return meta{}, err
	}
	_, err = checkPages(x.f, info.Size(), metas[0], func() error { return nil })
	return metas[0], err
}

// lock opens the file and locks it.
func lock(path string, wait time.Duration) (*os.File, error) {
	for deadline := time.Now().Add(wait); ; {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			// Whoever had it may have put another in its place.
			var there bool
			if there, err = inPlace(f, path); there {
				return f, nil
			}
		}
		f.Close()
		switch {
		case err == nil || errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, fmt.Errorf("lock: %w", err)
		case time.Now().After(deadline):
			return nil, store.ErrInUse
		default:
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// inPlace reports whether path leads to f.
func inPlace(f *os.File, path string) (bool, error) {
	own, err := f.Stat()
	if err != nil {
		return false, err
	}
	at, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(own, at), err
}

// close waits for those who read, and unlocks and closes the file.
func (x *file) close() error {
	if x.db != nil && !x.stuck.Load() && !x.blind.Load() {
		return x.db.Close()
	}
	// bbolt's Close would wait for its locks. The mapping is left behind.
	syscall.Flock(int(x.f.Fd()), syscall.LOCK_UN)
	return x.f.Close()
}

// view runs f in a read transaction.
func (x *file) view(f func(*bbolt.Tx) error) error {
	if x.blind.Load() {
		return errDamaged
	}
	// bbolt panics at bad meta pages with its locks held, and they stay so.
	if _, err := readMetas(x.f); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	began := false
	err := guard(func() error {
		return x.db.View(func(tx *bbolt.Tx) error {
			began = true
			return f(tx)
		})
	})
	if !began && errors.Is(err, errDamaged) {
		x.blind.Store(true)
	}
	return err
}

// update runs f in a write transaction and commits it, synced.
func (x *file) update(f func(*bbolt.Tx) error) error {
	err := guard(func() error { return x.db.Update(f) })
	if errors.Is(err, errDamaged) {
		x.stuck.Store(true)
	}
	return err
}

var errDamaged = errors.New("the data file is damaged")

// guard runs f, which reads the mapped file: what a damaged or vanishing file
// makes bbolt or the hardware do comes back as an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	return f()
}

// createFile makes an empty data file whole or not at all: it is made beside
// path, and linked to it, which fails if another process was first.
func createFile(path string) error {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	f, err := os.CreateTemp(dir, base+".new-*") // mode 0600
	if err != nil {
		return err
	}
	f.Close()
	defer os.Remove(f.Name())
	if err := createTables(f.Name()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func createTables(path string) error {
	db, err := bbolt.Open(path, 0, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range allBuckets() {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

func allBuckets() [][]byte {
	all := [][]byte{bucketLog, bucketResearch}
	for _, t := range store.Tables() {
		all = append(all, []byte(t))
	}
	return all
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
