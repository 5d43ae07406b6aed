package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Backup implements store.Driver. Commits go on meanwhile; the file keeps
// what they free for as long as it takes.
func (d *DB) Backup(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	err = d.view(ctx, func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(&cancelled{ctx, f})
		return err
	})
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("copy data file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// cancelled is a file that can be written until ctx ends.
type cancelled struct {
	ctx context.Context
	f   *os.File
}

func (c *cancelled) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.f.Write(b)
}
