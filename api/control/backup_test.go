package control_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"hearth/api/control"
	"hearth/store"
	"hearth/store/bolt"
)

// A full disk where backups are kept must be noticed by who watches their age.
func TestACopyThatCouldNotBeStoredIsNoBackup(t *testing.T) {
	dir, st := t.TempDir(), newStore(t)
	serve(t, dir, control.Handler(control.Options{Store: st, Dir: dir, OpenCopy: func(path string) (store.Driver, error) {
		return bolt.Open(path, bolt.Options{MustExist: true})
	}}))
	c := dial(t, dir)
	full, w := io.Pipe()
	full.CloseWithError(errors.New("no space left on device"))
	if _, err := c.Backup(t.Context(), w); err == nil {
		t.Error("a backup was made where there is no room")
	}
	if at, err := st.LastBackup(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("the last backup was at %v, %v", at, err)
	}
	before := st.Now().Truncate(time.Millisecond)
	made, err := c.Backup(t.Context(), io.Discard)
	if err == nil {
		err = c.Kept(t.Context(), made)
	}
	if at, e := st.LastBackup(t.Context()); err != nil || e != nil || at.Before(before) || at.After(st.Now()) {
		t.Errorf("the last backup was at %v, %v, %v", at, err, e)
	}
}
