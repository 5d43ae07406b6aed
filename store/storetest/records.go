package storetest

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"hearth/store"
)

func record(log uint32, id uint64, research bool) store.Record {
	r := store.Record{Log: log, ID: id, Seen: fmt.Appendf(nil, "action %d of %d", id, log)}
	if research {
		r.Research = fmt.Appendf(nil, "history %d of %d", id, log)
	}
	return r
}

// seen and research are what pages hold of a record.
func seen(r store.Record) store.Record     { r.Research = nil; return r }
func research(r store.Record) store.Record { r.Seen = nil; return r }

func testPage(t *testing.T, d *driver) {
	if recs := d.page(t, 2, 1, 10, false); len(recs) != 0 {
		t.Errorf("an empty log has %d records", len(recs))
	}
	// Log 2 lacks 4, 5 and all up to a large id; others are on both sides of
	// it, and their numbers begin with the same bytes.
	const far = 1 << 40
	b := &store.Batch{}
	for _, log := range []uint32{0, 1, 2, 3, 256, 512, 513, math.MaxUint32} {
		for _, id := range []uint64{1, 2, 3, 6, 7, 256, far} {
			b.Records = append(b.Records, record(log, id, id%2 == 1))
		}
	}
	d.commit(t, b)
	d.commit(t, &store.Batch{Records: []store.Record{record(3, far+1, true), record(2, far+1, true), record(1, far+1, true)}})
	for _, tt := range []struct {
		name string
		log  uint32
		from uint64
		n    int
		want []uint64
	}{
		{"all of a log", 2, 1, 100, []uint64{1, 2, 3, 6, 7, 256, far, far + 1}},
		{"from 0", 2, 0, 100, []uint64{1, 2, 3, 6, 7, 256, far, far + 1}},
		{"as many as there are", 2, 1, 8, []uint64{1, 2, 3, 6, 7, 256, far, far + 1}},
		{"the first", 2, 1, 1, []uint64{1}},
		{"none asked for", 2, 1, 0, nil},
		{"over a gap", 2, 3, 3, []uint64{3, 6, 7}},
		{"from inside a gap", 2, 4, 2, []uint64{6, 7}},
		{"from the last", 2, far + 1, 10, []uint64{far + 1}},
		{"from beyond the last", 2, far + 2, 10, nil},
		{"from far beyond", 2, math.MaxInt64, 10, nil},
		{"the first log", 0, 1, 100, []uint64{1, 2, 3, 6, 7, 256, far}},
		{"the last log", math.MaxUint32, 7, 100, []uint64{7, 256, far}},
		{"behind the last log", math.MaxUint32, far + 1, 100, nil},
		{"a log that nobody wrote", 4, 1, 100, nil},
	} {
		var want []store.Record
		for _, id := range tt.want {
			want = append(want, seen(record(tt.log, id, false)))
		}
		wantRecords(t, tt.name, d.page(t, tt.log, tt.from, tt.n, false), want)
	}
}

func testResearch(t *testing.T, d *driver) {
	b := &store.Batch{}
	var want []store.Record
	for id := uint64(1); id <= 20; id++ {
		r := record(7, id, id%3 == 0)
		b.Records = append(b.Records, r, record(8, id, true))
		if r.Research != nil {
			want = append(want, research(r))
		}
	}
	d.commit(t, b)
	wantRecords(t, "all", d.page(t, 7, 1, 100, true), want)
	wantRecords(t, "from one that has none", d.page(t, 7, 4, 100, true), want[1:])
	wantRecords(t, "up to a limit", d.page(t, 7, 4, 2, true), want[1:3])
	wantRecords(t, "behind the last", d.page(t, 7, 19, 2, true), nil)
	if recs := d.page(t, 7, 1, 100, false); len(recs) != 20 {
		t.Errorf("%d seen records", len(recs))
	}
}

func testOverwrite(t *testing.T, d *driver) {
	d.commit(t, &store.Batch{Records: []store.Record{record(1, 1, true), record(1, 2, true), record(1, 3, true)}})
	erased := store.Record{Log: 1, ID: 2, Seen: []byte("erased")}
	d.commit(t, &store.Batch{Records: []store.Record{erased}})
	wantRecords(t, "seen", d.page(t, 1, 1, 9, false), []store.Record{seen(record(1, 1, false)), erased, seen(record(1, 3, false))})
	wantRecords(t, "research, which the batch had none of", d.page(t, 1, 1, 9, true),
		[]store.Record{research(record(1, 1, true)), research(record(1, 3, true))})
	long := store.Record{Log: 1, ID: 1, Seen: bytes.Repeat([]byte("s"), 9000), Research: bytes.Repeat([]byte("r"), 70_000)}
	d.commit(t, &store.Batch{Records: []store.Record{long, record(1, 2, true)}})
	wantRecords(t, "seen", d.page(t, 1, 1, 2, false), []store.Record{seen(long), seen(record(1, 2, false))})
	wantRecords(t, "research", d.page(t, 1, 1, 2, true), []store.Record{research(long), research(record(1, 2, true))})
}
