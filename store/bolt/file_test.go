package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
)

func TestNobodyWaitsForLocksThatBboltLost(t *testing.T) {
	dir := t.TempDir()
	path, whole := filepath.Join(dir, "hearth.db"), filepath.Join(dir, "whole.db")
	for _, p := range []string{path, whole} {
		if err := createFile(p); err != nil {
			t.Fatal(err)
		}
	}
	x, err := openFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	own := x.f
	// The look before the read finds all well, but then the file is cut.
	if x.f, err = os.Open(whole); err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := x.view(func(*bbolt.Tx) error { return nil }); !errors.Is(err, errDamaged) {
			t.Errorf("reading: %v", err)
		}
	}
	if err := x.close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// slowly is a context that tells when a check has begun, and then lets it go
// on only when somebody wants the file.
type slowly struct {
	context.Context
	d     *DB
	began chan struct{}
	once  sync.Once
	calls int
}

func (c *slowly) Err() error {
	if c.calls++; c.calls > 1 {
		c.once.Do(func() { close(c.began) })
		for !c.d.wanted.Load() {
			runtime.Gosched()
		}
	}
	return nil
}

func TestClosingDoesNotWaitForACheck(t *testing.T) {
	d, err := Open(filepath.Join(t.TempDir(), "hearth.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Verify(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a check that nobody wants: %v", err)
	}
	ctx := &slowly{Context: t.Context(), d: d, began: make(chan struct{})}
	checked := make(chan error)
	go func() { checked <- d.Verify(ctx) }()
	<-ctx.began
	closed := make(chan error)
	go func() { closed <- d.Close() }()
	if err := <-checked; err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("the check: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("closing: %v", err)
	}
}
