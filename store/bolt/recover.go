package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Recover implements store.Driver. Readers are served meanwhile, and the file
// stays locked throughout.
//
// After a write that failed for want of space the kernel holds nothing that
// the disk lacks; a sync tells whether that is so. After a failed sync Linux
// marks the pages clean all the same, so that what is read from the page
// cache may never reach the disk, and a second sync succeeds without having
// done anything (Rebello et al., "Can Applications Recover from fsync
// Failures?", USENIX ATC 2020). So then the content is copied to a new file,
// that is synced, checked, and put in the old one's place.
func (d *DB) Recover(ctx context.Context) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.file == nil {
		return errClosed
	}
	if d.failure == nil {
		return nil
	}
	if d.unsynced {
		if err := d.file.db.Sync(); err != nil {
			d.failure, d.unsynced = err, false
		}
		// bbolt may now count pages as free that readers of before still see.
		d.replace(d.file)
	}
	if !d.unsynced {
		if err := d.replaceBy(d.copyTo); err != nil {
			return fmt.Errorf("copy data file: %w", err)
		}
	}
	d.failure, d.unsynced = nil, false
	return nil
}

// noSpace reports whether err is of a write, not a sync, that found the disk
// or quota full.
func noSpace(err error) bool {
	var write *fs.PathError
	return errors.As(err, &write) && write.Op == "write" &&
		(errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG))
}

// recoveredPath is where the copy is made. Only who has the file locked may
// touch it.
func recoveredPath(path string) string { return path + ".recovered" }

// replaceBy puts a file with the same content in the file's place. copyTo makes
// it, synced, checked and open, at a path where there may be something yet.
func (d *DB) replaceBy(copyTo func(path string) (*file, error)) error {
	if err := d.mayReplace(); err != nil {
		return err
	}
	tmp := recoveredPath(d.path)
	copied, err := copyTo(tmp)
	if err != nil {
		os.Remove(tmp)
		return err
	}
	if err = d.mayReplace(); err == nil {
		err = os.Rename(tmp, d.path)
	}
	if err != nil {
		copied.close()
		os.Remove(tmp)
		return err
	}
	// What the old one's Close says does not matter any more.
	d.replace(copied).close()
	return syncDir(filepath.Dir(d.path))
}

// mayReplace is nil unless another file is at the path: that is not ours to
// replace.
func (d *DB) mayReplace() error {
	there, err := inPlace(d.file.f, d.path)
	if err != nil || there {
		return err
	}
	if _, err := os.Lstat(d.path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s was replaced while it was open", d.path)
	}
	return nil
}

// copyTo makes a copy that is synced, checked and open.
func (d *DB) copyTo(path string) (*file, error) {
	m, err := d.file.check()
	if err != nil {
		return nil, err
	}
	dst, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(dst, io.NewSectionReader(d.file.f, 0, m.size()))
	if err == nil {
		err = dst.Sync()
	}
	if e := dst.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	return openFile(path, d.opt.Wait)
}
