package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"hearth/store"
)

func testConditions(t *testing.T, d *driver) {
	d.put(t, "a", "1", "b", "2")
	last := "0"
	for i, tt := range []struct {
		name  string
		holds bool
		when  []store.Pair
	}{
		{"a value is there", true, []store.Pair{pair("a", "1")}},
		{"another value is there", false, []store.Pair{pair("a", "2")}},
		{"the value begins like it", false, []store.Pair{pair("a", "12")}},
		{"the value is its beginning", false, []store.Pair{pair("a", "")}},
		{"none is there", true, []store.Pair{none("c")}},
		{"none should be there", false, []store.Pair{none("a")}},
		{"one should be there", false, []store.Pair{pair("c", "1")}},
		{"all hold", true, []store.Pair{pair("a", "1"), pair("b", "2"), none("c")}},
		{"the first does not", false, []store.Pair{pair("a", "2"), pair("b", "2"), none("c")}},
		{"the last does not", false, []store.Pair{pair("a", "1"), pair("b", "2"), none("a")}},
		{"it is of another table", false, []store.Pair{{Table: store.TableToken, Key: []byte("a"), Value: []byte("1")}}},
	} {
		now := strconv.Itoa(i + 1)
		b := &store.Batch{If: tt.when, Put: []store.Pair{pair("last", now)}}
		if !tt.holds {
			d.stale(t, b)
			d.stale(t, &store.Batch{If: tt.when})
		} else {
			d.commit(t, b)
			d.commit(t, &store.Batch{If: tt.when})
			last = now
		}
		if v := d.get(t, table, "last"); string(v) != last {
			t.Errorf("%s: %s, want %q", tt.name, show(v), last)
		}
	}
}

func testConditionsFirst(t *testing.T, d *driver) {
	d.commit(t, &store.Batch{If: []store.Pair{none("a")}, Put: []store.Pair{pair("a", "1")}})
	d.commit(t, &store.Batch{If: []store.Pair{pair("a", "1")}, Put: []store.Pair{pair("a", "2")}})
	d.stale(t, &store.Batch{If: []store.Pair{pair("a", "1")}, Put: []store.Pair{pair("a", "1")}})
	d.stale(t, &store.Batch{If: []store.Pair{none("a")}, Put: []store.Pair{none("a")}})
	d.want(t, "a", "2")
	d.commit(t, &store.Batch{If: []store.Pair{pair("a", "2")}, Put: []store.Pair{none("a")}})
	d.wantNone(t, "a")
}

func testStale(t *testing.T, d *driver) {
	d.put(t, "a", "1", "gone", "1")
	d.commit(t, &store.Batch{Records: []store.Record{record(1, 1, true)}})
	for range 3 {
		d.stale(t, &store.Batch{
			If:      []store.Pair{pair("a", "2")},
			Put:     []store.Pair{pair("new", "1"), none("gone"), pair("a", "3")},
			Records: []store.Record{record(1, 2, true), {Log: 1, ID: 1, Seen: []byte("changed")}, record(2, 1, true)},
		})
		wantPairs(t, "scan", d.scan(t, table, nil, nil, 9), []store.Pair{pair("a", "1"), pair("gone", "1")})
		wantRecords(t, "seen", d.page(t, 1, 1, 9, false), []store.Record{seen(record(1, 1, false))})
		wantRecords(t, "research", d.page(t, 1, 1, 9, true), []store.Record{research(record(1, 1, true))})
		wantRecords(t, "the other log", d.page(t, 2, 1, 9, false), nil)
	}
	d.commit(t, &store.Batch{If: []store.Pair{pair("a", "1")}, Put: []store.Pair{pair("new", "1")}})
	d.want(t, "new", "1")
}

func testSlices(t *testing.T, d *driver) {
	key, value, old := []byte("key"), []byte("value"), []byte("old")
	rec := store.Record{Log: 1, ID: 1, Seen: []byte("seen"), Research: []byte("research")}
	d.put(t, "was", "old")
	d.commit(t, &store.Batch{
		If:      []store.Pair{{Table: table, Key: []byte("was"), Value: old}},
		Put:     []store.Pair{{Table: table, Key: key, Value: value}},
		Records: []store.Record{rec},
	})
	spoil := func(slices ...[]byte) {
		for _, b := range slices {
			for b := b[:cap(b)]; len(b) > 0; b = b[1:] {
				b[0] ^= 0x55
			}
		}
	}
	// What was handed in is the caller's again.
	spoil(key, value, old, rec.Seen, rec.Research)
	for range 2 {
		d.want(t, "key", "value")
		pairs := d.scan(t, table, nil, nil, 9)
		wantPairs(t, "scan", pairs, []store.Pair{pair("key", "value"), pair("was", "old")})
		s, r := d.page(t, 1, 1, 1, false), d.page(t, 1, 1, 1, true)
		wantRecords(t, "seen", s, []store.Record{{Log: 1, ID: 1, Seen: []byte("seen")}})
		wantRecords(t, "research", r, []store.Record{{Log: 1, ID: 1, Research: []byte("research")}})
		// So is what was handed out.
		spoil(d.get(t, table, "key"), pairs[0].Key, pairs[0].Value, pairs[1].Value, s[0].Seen, r[0].Research)
	}
	after, prefix := []byte("key"), []byte("w")
	pairs := d.scan(t, table, prefix, after, 9)
	spoil(after, prefix)
	wantPairs(t, "scan", pairs, []store.Pair{pair("was", "old")})
}

func testLarge(t *testing.T, d *driver) {
	const n = 5000
	b := &store.Batch{If: []store.Pair{none("k1")}}
	var want []store.Record
	for i := range n {
		b.Put = append(b.Put, pair("k"+strconv.Itoa(i), strconv.Itoa(i)))
		b.Records = append(b.Records, record(uint32(i%3), uint64(i), true))
		if i%3 == 1 {
			want = append(want, record(1, uint64(i), true))
		}
	}
	b.Records[n/2].Research = bytes.Repeat([]byte("long"), 1<<20)
	d.commit(t, b)
	d.stale(t, b)
	if pairs := d.scan(t, table, []byte("k"), nil, 2*n); len(pairs) != n {
		t.Errorf("%d pairs, want %d", len(pairs), n)
	}
	wantRecords(t, "seen", d.page(t, 1, 0, n, false), each(want, seen))
	if recs := d.page(t, uint32(n/2%3), n/2, 1, true); len(recs) != 1 || len(recs[0].Research) != 4<<20 {
		t.Errorf("the long record is not as stored")
	}
	b = &store.Batch{}
	for i := range n {
		b.Put = append(b.Put, none("k"+strconv.Itoa(i)))
	}
	d.commit(t, b)
	wantPairs(t, "after deleting", d.scan(t, table, nil, nil, 9), nil)
}

func each(recs []store.Record, f func(store.Record) store.Record) []store.Record {
	recs = slices.Clone(recs)
	for i := range recs {
		recs[i] = f(recs[i])
	}
	return recs
}

func testConcurrent(t *testing.T, d *driver) {
	const commits = 80
	done := make(chan struct{})
	var readers sync.WaitGroup
	read := func(once func(last int) (int, error)) {
		readers.Go(func() {
			last := 0
			for end := false; !end; {
				select {
				case <-done:
					end = true // and once more, to see the last commit
				default:
				}
				now, err := once(last)
				if err != nil || now < last || end && now != commits {
					t.Errorf("a reader saw commit %d after %d: %v", now, last, err)
					return
				}
				last = now
			}
		})
	}
	number := func(b []byte) int {
		n, _ := strconv.Atoi(string(b))
		return n
	}
	read(func(int) (int, error) {
		pairs, err := d.Scan(ctx, table, []byte("n"), nil, 9)
		if err != nil || len(pairs) == 0 {
			return 0, err
		}
		if len(pairs) != 2 || !bytes.Equal(pairs[0].Value, pairs[1].Value) {
			return 0, fmt.Errorf("half a commit: %q", pairs)
		}
		return number(pairs[0].Value), nil
	})
	for _, stream := range []bool{false, true} {
		read(func(int) (int, error) {
			v, err := d.Get(ctx, table, []byte("n2"))
			if err != nil {
				return 0, err
			}
			recs, err := d.Page(ctx, 1, 1, 3*commits, stream)
			if err != nil {
				return 0, err
			}
			for i, r := range recs {
				if r.ID != uint64(i)+1 {
					return 0, fmt.Errorf("record %d is in place %d", r.ID, i)
				}
			}
			if len(recs)%2 != 0 || len(recs) < 2*number(v) {
				return 0, fmt.Errorf("%d records in commit %s", len(recs), v)
			}
			return len(recs) / 2, nil
		})
	}
	read(func(last int) (int, error) {
		if err := d.Verify(ctx); err != nil {
			return 0, fmt.Errorf("verify: %w", err)
		}
		v, err := d.Get(ctx, table, []byte("n1"))
		return number(v), err
	})
	for i := range commits {
		n := strconv.Itoa(i + 1)
		d.commit(t, &store.Batch{
			Put:     []store.Pair{pair("n1", n), pair("n2", n), pair("k"+n, n), none("k" + strconv.Itoa(i-3))},
			Records: []store.Record{record(1, uint64(2*i+1), true), record(1, uint64(2*i+2), true)},
		})
		d.want(t, "n1", n)
	}
	close(done)
	readers.Wait()
}

func testRecover(t *testing.T, d *driver) {
	d.put(t, "a", "1")
	for range 2 {
		if err := d.Recover(ctx); err != nil {
			t.Fatalf("recover: %v", err)
		}
	}
	d.want(t, "a", "1")
	d.put(t, "a", "2")
	d.want(t, "a", "2")
}

func testRewrite(t *testing.T, d *driver) {
	var recs []store.Record
	for i := range 200 {
		recs = append(recs, record(1, uint64(i)+1, i%3 == 0))
	}
	d.commit(t, &store.Batch{Records: recs})
	d.put(t, "a", "1")
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				wantRecords(t, "seen", d.page(t, 1, 1, 999, false), each(recs, seen))
			}
		}
	})
	for range 3 {
		if err := d.Rewrite(ctx); err != nil {
			t.Errorf("rewrite: %v", err)
		}
	}
	close(done)
	reader.Wait()
	d.want(t, "a", "1")
	d.put(t, "a", "2")
	d.want(t, "a", "2")
	with := slices.DeleteFunc(slices.Clone(recs), func(r store.Record) bool { return r.Research == nil })
	wantRecords(t, "research", d.page(t, 1, 1, 999, true), each(with, research))
	d.Driver = d.reopen(t, d.Driver)
	d.want(t, "a", "2")
	wantRecords(t, "seen", d.page(t, 1, 1, 999, false), each(recs, seen))
}

func testReopen(t *testing.T, d *driver) {
	var pairs []store.Pair
	var recs []store.Record
	for i := range 10 {
		pairs = append(pairs, pair("k"+strconv.Itoa(i), strconv.Itoa(i)))
		recs = append(recs, record(1, uint64(i)+1, true))
		d.commit(t, &store.Batch{
			Put: []store.Pair{pairs[i], none("last" + strconv.Itoa(i-1)), pair("last"+strconv.Itoa(i), "")}, Records: recs[i:],
		})
		d.Driver = d.reopen(t, d.Driver)
		wantPairs(t, "scan", d.scan(t, table, []byte("k"), nil, 99), pairs)
		wantPairs(t, "scan", d.scan(t, table, []byte("last"), nil, 99), []store.Pair{pair("last"+strconv.Itoa(i), "")})
		wantRecords(t, "seen", d.page(t, 1, 1, 99, false), each(recs, seen))
		wantRecords(t, "research", d.page(t, 1, 1, 99, true), each(recs, research))
	}
}
