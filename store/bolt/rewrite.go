package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// Rewrite implements store.Driver. bbolt leaves what was replaced or deleted in
// pages that it counts as free, so what is there is copied, key by key, to a
// new file, which takes the old one's place once it was compared with it. That
// needs as much space again for as long. Reads go on; commits wait.
//
// It does not overwrite the old file's blocks on the disk: what a file system
// or an SSD does with them is beyond a program's reach.
func (d *DB) Rewrite(ctx context.Context) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.file == nil {
		return errClosed
	}
	if d.failure != nil {
		return fmt.Errorf("the data file awaits recovery: %w", d.failure)
	}
	if err := d.replaceBy(func(path string) (*file, error) { return d.compactTo(ctx, path) }); err != nil {
		return fmt.Errorf("write data file anew: %w", err)
	}
	return nil
}

// compactBytes is how much is copied in one transaction of the new file's.
const compactBytes = 16 << 20

// compactTo makes a copy of what is in the file, and of nothing else.
func (d *DB) compactTo(ctx context.Context, path string) (*file, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	err := guard(func() (err error) {
		dst, err := bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout: time.Second, FreelistType: bbolt.FreelistMapType, NoSync: true, NoStatistics: true, InitialMmapSize: mapSize,
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, dst.Close()) }()
		if err := bbolt.Compact(dst, d.file.db, compactBytes); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := same(dst, d.file.db); err != nil {
			return err
		}
		return dst.Sync()
	})
	if err != nil {
		return nil, err
	}
	return openFile(path, d.opt.Wait)
}

// same is nil if two files hold the same.
func same(a, b *bbolt.DB) error {
	return a.View(func(ta *bbolt.Tx) error {
		return b.View(func(tb *bbolt.Tx) error {
			for _, name := range allBuckets() {
				ca, cb := ta.Bucket(name).Cursor(), tb.Bucket(name).Cursor()
				ka, va := ca.First()
				kb, vb := cb.First()
				for ; ka != nil || kb != nil; ka, va, kb, vb = next(ca, cb) {
					if !bytes.Equal(ka, kb) || !bytes.Equal(va, vb) {
						return fmt.Errorf("the copy's %s is not the same", name)
					}
				}
			}
			return nil
		})
	})
}

func next(a, b *bbolt.Cursor) (ka, va, kb, vb []byte) {
	ka, va = a.Next()
	kb, vb = b.Next()
	return ka, va, kb, vb
}
