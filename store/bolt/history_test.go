package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"hearth/store"
	"hearth/store/bolt"
)

// batch is commit n of a history: it writes to all kinds of tables and both
// streams, grows, deletes what commit n-3 put, and relies on commit n-1.
func batch(n int) *store.Batch {
	number := func(n int) []byte { return []byte(strconv.Itoa(n)) }
	b := &store.Batch{
		If:  []store.Pair{{Table: "login", Key: []byte("last")}},
		Put: []store.Pair{{Table: "login", Key: []byte("last"), Value: number(n)}},
	}
	if n > 1 {
		b.If[0].Value = number(n - 1)
	}
	b.Put = append(b.Put,
		store.Pair{Table: "token", Key: fmt.Appendf(nil, "%08d", n), Value: filler(n, 700)},
		store.Pair{Table: "counter", Key: number(n), Value: []byte{}},
		store.Pair{Table: "counter", Key: number(n - 3)})
	for log := range uint32(3) {
		r := store.Record{Log: log, ID: uint64(n), Seen: filler(n, 250)}
		if log == 1 {
			r.Research = filler(n, 100+n*977%9000)
		}
		b.Records = append(b.Records, r)
	}
	return b
}

func filler(n, size int) []byte {
	return bytes.Repeat([]byte(strconv.Itoa(n)+" "), size/2+1)[:size]
}

// state is how many commits of the history are there. It fails if one of them
// is there in part.
func state(d *bolt.DB) (n int, err error) {
	ctx := context.Background()
	v, err := d.Get(ctx, "login", []byte("last"))
	if err != nil {
		return 0, err
	}
	if v != nil {
		if n, err = strconv.Atoi(string(v)); err != nil {
			return 0, err
		}
	}
	tokens, err := d.Scan(ctx, "token", nil, nil, n+10)
	if err != nil {
		return 0, err
	}
	counters, err := d.Scan(ctx, "counter", nil, nil, n+10)
	if err != nil {
		return 0, err
	}
	if len(tokens) != n || len(counters) != min(n, 3) {
		return 0, fmt.Errorf("commit %d: %d tokens, %d counters", n, len(tokens), len(counters))
	}
	for log := range uint32(4) {
		for _, research := range []bool{false, true} {
			recs, err := d.Page(ctx, log, 0, n+10, research)
			if err != nil {
				return 0, err
			}
			want := n
			if log == 3 || research && log != 1 {
				want = 0
			}
			if len(recs) != want {
				return 0, fmt.Errorf("commit %d: %d records in log %d, research %t", n, len(recs), log, research)
			}
			for i, r := range recs {
				w := batch(i + 1).Records[log]
				if r.ID != w.ID || !research && !bytes.Equal(r.Seen, w.Seen) || research && !bytes.Equal(r.Research, w.Research) {
					return 0, fmt.Errorf("commit %d: record %d of log %d is not as stored", n, r.ID, log)
				}
			}
		}
	}
	for i, p := range tokens {
		if w := batch(i + 1).Put[1]; !bytes.Equal(p.Key, w.Key) || !bytes.Equal(p.Value, w.Value) {
			return 0, fmt.Errorf("commit %d: token %q is not as stored", n, p.Key)
		}
	}
	return n, d.Verify(ctx)
}

// history makes a data file with so many commits, and returns its path.
func history(t *testing.T, commits int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hearth.db")
	d := open(t, path)
	for n := 1; n <= commits; n++ {
		if err := d.Commit(t.Context(), batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string) *bolt.DB {
	t.Helper()
	d, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// check opens the file and returns how many commits are there. Nothing may be
// left beside it.
func check(t *testing.T, path string) int {
	t.Helper()
	d := open(t, path)
	n, err := state(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context(), batch(n+1)); err != nil {
		t.Fatalf("a commit afterwards: %v", err)
	}
	d.Close()
	if _, err := os.Stat(path + ".recovered"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a copy was left behind: %v", err)
	}
	return n
}
