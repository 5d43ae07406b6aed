// Package bolt is the store's driver for one process and one file,
// go.etcd.io/bbolt. It knows files, pages and syncs, and no rule or format of
// what it keeps. Start reading at [Open]; file.go is how a file is created,
// locked and opened, meta.go and pages.go how it is checked, commit.go how it is
// written, recover.go what happens after a failed sync.
package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"hearth/store"
)

// Options say how the file is opened. The zero value is right for serving.
type Options struct {
	// Wait is how long to wait for another process to close the file, zero
	// for one second. After that it is store.ErrInUse.
	Wait time.Duration
	// MustExist makes a missing file an error (fs.ErrNotExist) rather than
	// a new, empty one.
	MustExist bool
}

// DB is one open data file.
type DB struct {
	path string // without symbolic links
	opt  Options

	writing sync.Mutex // held by Commit, Recover and Close, before mu
	// failure is the last commit's, until Recover: which of its pages are
	// on the disk is not known.
	failure error
	// unsynced: it failed before anything was synced.
	unsynced bool

	// wanted asks Verify, which takes long, to let go of mu.
	wanted atomic.Bool
	mu     sync.RWMutex // held for reading while file is used
	file   *file        // nil: closed
}

var (
	bucketLog      = []byte("log")
	bucketResearch = []byte("research")
)

var errClosed = errors.New("the data file is closed")

// Open opens the data file at path, or makes it (mode 0600). It reads all of
// the file's pages, but not large values, so that one which is damaged or cut
// short is an error that says so; a file that another process has open is
// store.ErrInUse.
func Open(path string, opt Options) (*DB, error) {
	if opt.Wait == 0 {
		opt.Wait = time.Second
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !opt.MustExist {
		if err := createFile(path); err != nil {
			return nil, fmt.Errorf("create data file: %w", err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open data file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open data file: %s is not a regular file", path)
	}
	// Recover puts a new file in the place of the file itself.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("open data file: %w", err)
	}
	file, err := openFile(path, opt.Wait)
	if err != nil {
		return nil, fmt.Errorf("open data file %s: %w", path, err)
	}
	os.Remove(recoveredPath(path)) // of a process that was killed
	return &DB{path: path, opt: opt, file: file}, nil
}

// view runs f in a short read transaction.
func (d *DB) view(ctx context.Context, f func(tx *bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.file == nil {
		return errClosed
	}
	return d.file.view(f)
}

// table is nil only for a table that is not one of store.Tables.
func table(tx *bbolt.Tx, t store.Table) (*bbolt.Bucket, error) {
	if b := tx.Bucket([]byte(t)); b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("there is no table %q", t)
}

// Get implements store.Driver.
func (d *DB) Get(ctx context.Context, t store.Table, key []byte) (value []byte, err error) {
	err = d.view(ctx, func(tx *bbolt.Tx) error {
		b, err := table(tx, t)
		if err == nil {
			value = bytes.Clone(b.Get(key))
		}
		return err
	})
	return value, err
}

// Scan implements store.Driver.
func (d *DB) Scan(ctx context.Context, t store.Table, prefix, after []byte, n int) (pairs []store.Pair, err error) {
	err = d.view(ctx, func(tx *bbolt.Tx) error {
		b, err := table(tx, t)
		if err != nil {
			return err
		}
		c := b.Cursor()
		from := prefix
		if bytes.Compare(after, from) > 0 {
			from = after
		}
		k, v := c.Seek(from)
		if after != nil && bytes.Equal(k, after) {
			k, v = c.Next()
		}
		for ; k != nil && len(pairs) < n && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			pairs = append(pairs, store.Pair{Table: t, Key: bytes.Clone(k), Value: append([]byte{}, v...)})
		}
		return nil
	})
	return pairs, err
}

// Page implements store.Driver.
func (d *DB) Page(ctx context.Context, log uint32, from uint64, n int, research bool) (recs []store.Record, err error) {
	bucket := bucketLog
	if research {
		bucket = bucketResearch
	}
	err = d.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucket).Cursor()
		for k, v := c.Seek(recordKey(log, from)); k != nil && len(recs) < n; k, v = c.Next() {
			if len(k) != 12 || binary.BigEndian.Uint32(k) != log {
				break
			}
			r := store.Record{Log: log, ID: binary.BigEndian.Uint64(k[4:])}
			if research {
				r.Research = append([]byte{}, v...)
			} else {
				r.Seen = append([]byte{}, v...)
			}
			recs = append(recs, r)
		}
		return nil
	})
	return recs, err
}

func recordKey(log uint32, id uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(make([]byte, 0, 12), log), id)
}

// Verify implements store.Driver. It sees the file as of one commit, and
// stands in nobody's way.
func (d *DB) Verify(ctx context.Context) error {
	stop := func() error {
		if d.wanted.Load() {
			return errors.New("the data file was closed or reopened while it was checked")
		}
		return ctx.Err()
	}
	for {
		again := false
		err := d.view(ctx, func(tx *bbolt.Tx) error {
			f := d.file.f
			info, err := f.Stat()
			if err != nil {
				return err
			}
			metas, err := readMetas(f)
			if err != nil {
				return err
			}
			for _, m := range metas {
				// This transaction keeps the pages under this one.
				if m.tx == uint64(tx.ID()) {
					lost, err := checkPages(f, info.Size(), m, stop)
					if err == nil && lost > 0 {
						err = fmt.Errorf("%d pages are neither used nor free", lost)
					}
					return err
				}
			}
			again = true // two commits came between
			return stop()
		})
		if err != nil || !again {
			return err
		}
	}
}

// Close implements store.Driver. It waits for those who read, and may be
// called again.
func (d *DB) Close() error {
	d.writing.Lock()
	defer d.writing.Unlock()
	old := d.replace(nil)
	if old == nil {
		return nil
	}
	return old.close()
}

// replace has readers use another file (nil: none), and returns the old one,
// which nobody uses any more.
func (d *DB) replace(file *file) (old *file) {
	d.wanted.Store(true)
	defer d.wanted.Store(false)
	d.mu.Lock()
	defer d.mu.Unlock()
	old, d.file = d.file, file
	return old
}
