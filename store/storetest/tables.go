package storetest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"hearth/store"
)

func testPut(t *testing.T, d *driver) {
	d.wantNone(t, "a")
	d.commit(t, &store.Batch{})
	d.put(t, "a", "1", "b", "2")
	d.want(t, "a", "1")
	d.want(t, "b", "2")
	d.wantNone(t, "")
	d.wantNone(t, "aa")
	d.put(t, "a", "longer than before")
	d.want(t, "a", "longer than before")
	d.put(t, "a", "3")
	d.want(t, "a", "3")
	d.commit(t, &store.Batch{Put: []store.Pair{none("a"), none("never there"), pair("c", "4")}})
	d.wantNone(t, "a")
	d.want(t, "b", "2")
	d.want(t, "c", "4")
	d.put(t, "a", "5")
	d.want(t, "a", "5")
}

func testTables(t *testing.T, d *driver) {
	b := &store.Batch{}
	for _, tab := range store.Tables() {
		b.Put = append(b.Put, store.Pair{Table: tab, Key: []byte("k"), Value: []byte("of " + tab)})
	}
	d.commit(t, b)
	d.commit(t, &store.Batch{Put: []store.Pair{none("k")}})
	for _, tab := range store.Tables() {
		want := "of " + string(tab)
		if tab == table {
			want = ""
		}
		if v := d.get(t, tab, "k"); string(v) != want {
			t.Errorf("%s: %s, want %q", tab, show(v), want)
		}
		if pairs := d.scan(t, tab, nil, nil, 10); len(pairs) > 1 || len(pairs) == 0 && want != "" {
			t.Errorf("%s: %d pairs", tab, len(pairs))
		}
	}
}

func testEmpty(t *testing.T, d *driver) {
	d.put(t, "empty", "", "z", "1")
	d.want(t, "empty", "")
	wantPairs(t, "scan", d.scan(t, table, nil, nil, 10), []store.Pair{pair("empty", ""), pair("z", "1")})
	d.stale(t, &store.Batch{If: []store.Pair{none("empty")}, Put: []store.Pair{pair("z", "2")}})
	d.stale(t, &store.Batch{If: []store.Pair{pair("none", "")}, Put: []store.Pair{pair("z", "2")}})
	d.commit(t, &store.Batch{If: []store.Pair{pair("empty", "")}, Put: []store.Pair{none("empty")}})
	d.wantNone(t, "empty")
	d.want(t, "z", "1")

	d.commit(t, &store.Batch{Records: []store.Record{{Log: 1, ID: 1, Seen: []byte{}, Research: []byte{}}}})
	wantRecords(t, "page", d.page(t, 1, 1, 9, false), []store.Record{{Log: 1, ID: 1, Seen: []byte{}}})
	wantRecords(t, "research", d.page(t, 1, 1, 9, true), []store.Record{{Log: 1, ID: 1, Research: []byte{}}})
}

func testBytes(t *testing.T, d *driver) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	var pairs []store.Pair // ascending
	for _, key := range []string{
		"\x00", "\x00\x00", "\x00\xff", "a", "a\x00", "a\x00b", "aa", "\xc3\x28", strings.Repeat("k", 500), "\xff", "\xff\xff",
	} {
		pairs = append(pairs, pair(key, string(all)))
	}
	pairs[7], pairs[8] = pairs[8], pairs[7]
	pairs[3].Value = bytes.Repeat(all, 40_000) // 10 MB
	pairs[4].Value = all[:1]
	d.commit(t, &store.Batch{Put: []store.Pair{pairs[5], pairs[4], pairs[10], pairs[9], pairs[3]}})
	d.commit(t, &store.Batch{Put: []store.Pair{pairs[0], pairs[8], pairs[1], pairs[7], pairs[2], pairs[6]}})
	wantPairs(t, "scan", d.scan(t, table, nil, nil, 100), pairs)
	for _, p := range pairs {
		d.want(t, string(p.Key), string(p.Value))
	}
}

func testScan(t *testing.T, d *driver) {
	keys := []string{"a", "b", "ba", "bb", "bb\x00", "bba", "bc", "c", "\xff", "\xff\xff", "\xff\xffz"}
	var all []store.Pair
	for _, k := range keys {
		all = append(all, pair(k, "of "+k))
	}
	d.commit(t, &store.Batch{Put: all})
	none := []byte(nil)
	for _, tt := range []struct {
		name          string
		prefix, after []byte
		n             int
		want          string // keys
	}{
		{"all", none, none, 100, "a b ba bb bb\x00 bba bc c \xff \xff\xff \xff\xffz"},
		{"as many as there are", none, none, 11, "a b ba bb bb\x00 bba bc c \xff \xff\xff \xff\xffz"},
		{"the first", none, none, 1, "a"},
		{"none asked for", none, none, 0, ""},
		{"a prefix, which is a key itself", []byte("b"), none, 100, "b ba bb bb\x00 bba bc"},
		{"a prefix up to a limit", []byte("b"), none, 2, "b ba"},
		{"after a key", none, []byte("bb"), 3, "bb\x00 bba bc"},
		{"after what is no key", none, []byte("bab"), 2, "bb bb\x00"},
		{"a prefix after a key", []byte("b"), []byte("bb"), 100, "bb\x00 bba bc"},
		{"a prefix after itself", []byte("bb"), []byte("bb"), 100, "bb\x00 bba"},
		{"a prefix after a key before it", []byte("bb"), []byte("a"), 100, "bb bb\x00 bba"},
		{"a prefix after its last", []byte("b"), []byte("bc"), 100, ""},
		{"a prefix after all of it", []byte("b"), []byte("bz"), 100, ""},
		{"a prefix after a key beyond it", []byte("b"), []byte("c"), 100, ""},
		{"after the last", none, []byte("\xff\xffz"), 100, ""},
		{"a prefix of nothing", []byte("bd"), none, 100, ""},
		{"a prefix longer than any key", []byte("bcbcbcbc"), none, 100, ""},
		{"a prefix before all", []byte("A"), none, 100, ""},
		{"a prefix that nothing can follow", []byte("\xff"), none, 100, "\xff \xff\xff \xff\xffz"},
		{"the same, after a key", []byte("\xff\xff"), []byte("\xff\xff"), 100, "\xff\xffz"},
	} {
		var want []store.Pair
		for _, k := range strings.Fields(tt.want) {
			want = append(want, pair(k, "of "+k))
		}
		wantPairs(t, tt.name, d.scan(t, table, tt.prefix, tt.after, tt.n), want)
	}
	if pairs := d.scan(t, store.TableToken, nil, nil, 9); len(pairs) != 0 {
		t.Errorf("an empty table has %q", pairs)
	}
}

func testScanOn(t *testing.T, d *driver) {
	const total, some = 2000, 300
	b, want := &store.Batch{}, []store.Pair{}
	for i := range total {
		p := pair(fmt.Sprintf("m%05d", i), strings.Repeat("x", i%200))
		b.Put, want = append(b.Put, p), append(want, p)
	}
	b.Put = append(b.Put, pair("l", "before"), pair("n", "behind"))
	d.commit(t, b)
	var got []store.Pair
	var after []byte
	for {
		pairs := d.scan(t, table, []byte("m"), after, some)
		got = append(got, pairs...)
		if len(pairs) < some {
			break
		}
		after = pairs[len(pairs)-1].Key
	}
	wantPairs(t, "all pages", got, want)
}
