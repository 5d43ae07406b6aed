// Package storetest is what every store.Driver must pass. It knows the
// promises of store/driver.go and no driver. Start reading at [Run].
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"hearth/store"
)

// Run tests a driver. open returns one on new, empty data; reopen closes the
// given one and returns another on the same data. The suite closes the last
// one of each data.
func Run(t *testing.T, open func(t *testing.T) store.Driver, reopen func(t *testing.T, d store.Driver) store.Driver) {
	tests := []struct {
		name string
		test func(t *testing.T, d *driver)
	}{
		{"what is put is there and what is deleted is not", testPut},
		{"tables are apart", testTables},
		{"an empty value is a value", testEmpty},
		{"keys and values are any bytes of any size", testBytes},
		{"a scan is what begins with the prefix, after the key, up to the limit", testScan},
		{"a long scan goes on where the page before it ended", testScanOn},
		{"a page is the records of one log from an id on", testPage},
		{"the research stream is its own", testResearch},
		{"a record can be written over", testOverwrite},
		{"conditions decide over the whole batch", testConditions},
		{"a condition sees what was before its batch", testConditionsFirst},
		{"a stale commit stores nothing and harms nothing", testStale},
		{"slices are nobody else's", testSlices},
		{"a large commit is one commit", testLarge},
		{"readers and checks see whole commits", testConcurrent},
		{"recovery without a failure changes nothing", testRecover},
		{"being written anew changes nothing", testRewrite},
		{"what was committed is there after closing and opening", testReopen},
		{"any history is that of a plain map", testModel},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &driver{Driver: open(t), reopen: reopen}
			t.Cleanup(func() {
				if err := d.Verify(context.Background()); err != nil {
					t.Errorf("verify: %v", err)
				}
				if err := d.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			tt.test(t, d)
		})
	}
}

// driver is the one under test, with calls that must not fail.
type driver struct {
	store.Driver
	reopen func(t *testing.T, d store.Driver) store.Driver
}

// fataler is what tests of the testing and rapid packages have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

var ctx = context.Background()

const table = store.TableLogin // any will do

func (d *driver) commit(t fataler, b *store.Batch) {
	t.Helper()
	if err := d.Commit(ctx, b); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func (d *driver) put(t fataler, pairs ...string) {
	t.Helper()
	b := &store.Batch{}
	for i := 0; i < len(pairs); i += 2 {
		b.Put = append(b.Put, pair(pairs[i], pairs[i+1]))
	}
	d.commit(t, b)
}

func (d *driver) stale(t fataler, b *store.Batch) {
	t.Helper()
	if err := d.Commit(ctx, b); !errors.Is(err, store.ErrStale) {
		t.Fatalf("commit: %v, want %v", err, store.ErrStale)
	}
}

func (d *driver) get(t fataler, tab store.Table, key string) []byte {
	t.Helper()
	v, err := d.Get(ctx, tab, []byte(key))
	if err != nil {
		t.Fatalf("get %s %q: %v", tab, key, err)
	}
	return v
}

// want fails unless key of the table has this value.
func (d *driver) want(t fataler, key, value string) {
	t.Helper()
	if v := d.get(t, table, key); v == nil || string(v) != value {
		t.Fatalf("get %q: %s, want %q", key, show(v), value)
	}
}

func (d *driver) wantNone(t fataler, key string) {
	t.Helper()
	if v := d.get(t, table, key); v != nil {
		t.Fatalf("get %q: %s, want none", key, show(v))
	}
}

func (d *driver) scan(t fataler, tab store.Table, prefix, after []byte, n int) []store.Pair {
	t.Helper()
	pairs, err := d.Scan(ctx, tab, prefix, after, n)
	if err != nil {
		t.Fatalf("scan %s %q after %q: %v", tab, prefix, after, err)
	}
	return pairs
}

func (d *driver) page(t fataler, log uint32, from uint64, n int, research bool) []store.Record {
	t.Helper()
	recs, err := d.Page(ctx, log, from, n, research)
	if err != nil {
		t.Fatalf("page of log %d from %d: %v", log, from, err)
	}
	return recs
}

func pair(key, value string) store.Pair {
	return store.Pair{Table: table, Key: []byte(key), Value: []byte(value)}
}

func none(key string) store.Pair { return store.Pair{Table: table, Key: []byte(key)} }

// show tells nil from empty.
func show(b []byte) string {
	if b == nil {
		return "none"
	}
	return fmt.Sprintf("%q", b)
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func wantPairs(t fataler, what string, got, want []store.Pair) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("%s: %d pairs, then %q is missing", what, i, want[i].Key)
		case i >= len(want):
			t.Fatalf("%s: %q is too much", what, got[i].Key)
		case got[i].Table != want[i].Table || !bytes.Equal(got[i].Key, want[i].Key) || !same(got[i].Value, want[i].Value):
			t.Fatalf("%s: pair %d is %s %q: %s, want %s %q: %s", what, i,
				got[i].Table, got[i].Key, show(got[i].Value), want[i].Table, want[i].Key, show(want[i].Value))
		}
	}
}

func wantRecords(t fataler, what string, got, want []store.Record) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("%s: %d records, then %d is missing", what, i, want[i].ID)
		case i >= len(want):
			t.Fatalf("%s: record %d is too much", what, got[i].ID)
		}
		g, w := got[i], want[i]
		if g.Log != w.Log || g.ID != w.ID || !same(g.Seen, w.Seen) || !same(g.Research, w.Research) {
			t.Fatalf("%s: record %d of log %d: seen %s, research %s; want %d of %d: %s, %s", what,
				g.ID, g.Log, show(g.Seen), show(g.Research), w.ID, w.Log, show(w.Seen), show(w.Research))
		}
	}
}
