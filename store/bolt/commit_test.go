package bolt_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"hearth/store"
)

func TestAFileThatWasRemovedIsPutBack(t *testing.T) {
	path := history(t, 5)
	d := open(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context(), batch(6)); err == nil {
		t.Fatal("something was committed to a file that is gone")
	}
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context(), batch(6)); err != nil {
		t.Fatal(err)
	}
	d.Close()
	if n := check(t, path); n != 6 {
		t.Errorf("%d commits", n)
	}
}

func TestAFilePutInPlaceOfTheOpenOneIsLeftAlone(t *testing.T) {
	path, other := history(t, 5), history(t, 9)
	d := open(t, path)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Commit(t.Context(), batch(6)); err == nil || !strings.Contains(err.Error(), "replaced") {
			t.Errorf("commit: %v", err)
		}
		if err := d.Recover(t.Context()); err == nil || !strings.Contains(err.Error(), "replaced") {
			t.Errorf("recover: %v", err)
		}
	}
	d.Close()
	if n := check(t, path); n != 9 {
		t.Errorf("%d commits", n)
	}
}

func TestABadBatchHarmsNothing(t *testing.T) {
	path := history(t, 5)
	d := open(t, path)
	for _, bad := range []store.Pair{
		{Table: "no such table", Key: []byte("k"), Value: []byte("v")},
		{Table: "login", Value: []byte("v")},
		{Table: "login", Key: make([]byte, 1<<16), Value: []byte("v")},
	} {
		b := batch(6)
		b.Put = append(b.Put, bad)
		if err := d.Commit(t.Context(), b); err == nil || errors.Is(err, store.ErrStale) {
			t.Errorf("commit: %v", err)
		}
		if err := d.Commit(t.Context(), batch(6)); err == nil {
			t.Error("committed before recovery")
		}
		if err := d.Recover(t.Context()); err != nil {
			t.Errorf("recover: %v", err)
		}
		if n, err := state(d); n != 5 || err != nil {
			t.Errorf("%d commits, %v", n, err)
		}
	}
	if _, err := d.Get(t.Context(), "no such table", []byte("k")); err == nil {
		t.Error("got something of no table")
	}
	if _, err := d.Scan(t.Context(), "no such table", nil, nil, 1); err == nil {
		t.Error("scanned no table")
	}
	d.Close()
	if n := check(t, path); n != 5 {
		t.Errorf("%d commits", n)
	}
}
