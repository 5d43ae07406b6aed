package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"hearth/api/control"
	"hearth/store"
	"hearth/store/bolt"
)

// openCopy opens a copy of the data file.
func openCopy(path string) (store.Driver, error) {
	return bolt.Open(path, bolt.Options{MustExist: true})
}

// restoredSuffix is that of the name of what takes the data file's place.
const restoredSuffix = ".restored"

// replacedSuffix begins that of the name of what a restore has replaced.
const replacedSuffix = ".replaced-"

// removeCopies removes what processes that were killed have left: all that was
// said is in it. Only who holds the data may.
func removeCopies(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, control.CopyName+"*"))
	for _, path := range append(left, filepath.Join(dir, dataFile+restoredSuffix)) {
		os.Remove(path)
	}
}

// runBackup is the verb backup.
func runBackup(c *verbCall) error {
	return c.onConfig(c.configFlag(), func(cfg Config) error {
		file := c.positional[0]
		if err := outside(cfg.DataDir, file); err != nil {
			return fmt.Errorf("%w: a backup belongs elsewhere, best on another machine", err)
		}
		ctx, stop := untilStopped(c.ctx, syscall.SIGTERM, syscall.SIGINT) // so that no half file stays behind
		defer stop()
		return c.withData(cfg, true, func(client *control.Client) error {
			var made control.Backup
			err := writeWhole(file, func(w io.Writer) (err error) {
				made, err = client.Backup(ctx, w)
				return err
			})
			if err != nil {
				return err
			}
			if err := client.Kept(ctx, made); err != nil {
				return fmt.Errorf("%s is whole, but the server could not note that it was made: %w", file, err)
			}
			fmt.Fprintf(c.stdout, "%s has %s with %s (%d bytes); the copy was opened and checked\n", file,
				counted(made.Sessions, "therapy session", "therapy sessions"), counted(made.Actions, "action", "actions"), made.Bytes)
			fmt.Fprintf(c.stderr, "It holds everything that was said. Keep it as safe as the data, and %s and %s in another place.\n", loginKeyFile, dataKeyFile)
			return nil
		})
	}, "FILE")
}

// outside is nil unless file would be in the data directory.
func outside(dataDir, file string) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return err
	}
	at, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if data, err := os.Stat(dataDir); err == nil && os.SameFile(at, data) {
		return fmt.Errorf("%s is in data_dir", file)
	}
	return nil
}

// writeWhole makes a file, mode 0600, whole and synced, or not at all: one
// that was there stays until the new one takes its place.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is there, and is not a regular file", path)
	}
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	// Always the same name: what a process that was killed has left is
	// written over, not left lying about.
	f, err := openPartial(filepath.Join(dir, "."+base+".partial"))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close() // lets go of the lock, after all else
	if err = errors.Join(f.Truncate(0), f.Chmod(0o600)); err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(dir)
}

// openPartial opens, or makes, the file at path, for this process alone. Where
// others can write they may have put something of theirs there, to read along
// or to have another file overwritten: that is an error.
func openPartial(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("it is being written by another process: %w", err)
	}
	own, err := f.Stat()
	if err == nil {
		var there fs.FileInfo
		there, err = os.Lstat(path)
		switch of, _ := own.Sys().(*syscall.Stat_t); {
		case err != nil || !os.SameFile(own, there): // whoever had it was done just then
			err = errors.New("it was written by another process just now; try again")
		case !own.Mode().IsRegular() || of == nil || of.Nlink != 1 || int(of.Uid) != os.Geteuid():
			err = fmt.Errorf("%s is there, and is not this program's; remove it", path)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// runRestore is the verb restore.
func runRestore(c *verbCall) error {
	return c.onConfig(c.configFlag(), func(cfg Config) error {
		client, err := control.Dial(cfg.DataDir)
		if err == nil {
			client.Close()
			return errors.New("a server is running on this data: stop it first")
		}
		if !errors.Is(err, control.ErrNoServer) {
			return err
		}
		return c.restore(cfg, c.positional[0])
	}, "FILE")
}

// restore puts the data in file into the data directory. It can be killed at
// any point: until the rename the old data is there, after it the new.
func (c *verbCall) restore(cfg Config, file string) (err error) {
	if err := makeDataDir(cfg.DataDir); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	live := filepath.Join(cfg.DataDir, dataFile)
	auditKey, _, err := readDataKey(filepath.Join(cfg.DataDir, dataKeyFile))
	if err != nil {
		return err
	}
	old, why, err := openReplaced(live)
	if err != nil {
		return err
	}
	if old != nil {
		defer func() { err = errors.Join(err, old.Close()) }() // until then nobody else can have it
	}
	made := live + restoredSuffix
	defer os.Remove(made)
	if err := copyFile(made, file); err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	db, err := openCopy(made)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	log := slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	out, err := store.Restore(c.ctx, "operator", store.Options{Driver: db, AuditKey: auditKey, Log: log}, old)
	if err != nil {
		return fmt.Errorf("%s: %w; nothing was changed", file, err)
	}
	kept := ""
	if old == nil && why == "" { // then nothing is locked, and a server may have begun meanwhile
		err = os.Link(made, live)
	} else if kept, err = keepReplaced(live); err == nil {
		err = os.Rename(made, live)
	}
	if err != nil {
		return fmt.Errorf("%w; nothing was restored", err)
	}
	if err := syncDir(cfg.DataDir); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "restored %s with %s, as of %s or somewhat later\n", counted(out.Sessions, "therapy session", "therapy sessions"),
		counted(out.Actions, "action", "actions"), moment(out.At))
	fmt.Fprintln(c.stdout, "every login has ended, and every reader starts over")
	// What was changed since for safety's sake (a lost phone, a therapist who
	// left) is undone.
	fmt.Fprintln(c.stdout, "the roster is the backup's: import the newest one before the server starts")
	if why == "" {
		why = out.Why
	}
	if out.Erased > 0 {
		fmt.Fprintf(c.stdout, "erased again what had been erased since: %s\n", counted(out.Erased, "action", "actions"))
	}
	switch {
	case kept == "":
	case why != "":
		fmt.Fprintf(c.stdout, "nothing was taken over from the replaced data: %s\n", why)
		fmt.Fprintln(c.stdout, "what was erased since the backup was made is there again: erase it again")
	default:
		fmt.Fprintf(c.stdout, "taken over from the replaced data: %s, and with them tokens, locks, removals and withdrawals\n",
			counted(out.Audit, "audit entry", "audit entries"))
	}
	if kept != "" {
		fmt.Fprintf(c.stdout, "the replaced data is kept in %s; remove it when it is no longer needed\n", kept)
	}
	return nil
}

// openReplaced opens the data that is to be replaced: nil if there is none,
// or, with why, if it cannot be read.
func openReplaced(live string) (old store.Driver, why string, err error) {
	switch old, err = openCopy(live); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case errors.Is(err, store.ErrInUse):
		return nil, "", err
	case err != nil:
		return nil, err.Error(), nil
	}
	return old, "", nil
}

// keepReplaced gives the data another name beside its own.
func keepReplaced(live string) (kept string, err error) {
	kept = live + replacedSuffix + time.Now().UTC().Format("20060102T150405.000Z")
	return kept, os.Link(live, kept)
}

// copyFile makes a synced copy, mode 0600.
func copyFile(to, from string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	if info, err := src.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is not a regular file", from))
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}
