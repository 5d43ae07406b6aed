package storetest

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hearth/store"
)

// model is what a driver is to be: plain maps.
type model struct {
	values  map[string]string // of one table
	records map[uint32]map[uint64]store.Record
}

func (m *model) holds(when []store.Pair) bool {
	for _, p := range when {
		v, ok := m.values[string(p.Key)]
		if ok != (p.Value != nil) || v != string(p.Value) {
			return false
		}
	}
	return true
}

func (m *model) commit(b *store.Batch) {
	for _, p := range b.Put {
		if p.Value == nil {
			delete(m.values, string(p.Key))
		} else {
			m.values[string(p.Key)] = string(p.Value)
		}
	}
	for _, r := range b.Records {
		if m.records[r.Log] == nil {
			m.records[r.Log] = map[uint64]store.Record{}
		}
		m.records[r.Log][r.ID] = r
	}
}

func (m *model) scan(prefix, after string, n int) (pairs []store.Pair) {
	for k, v := range m.values {
		if strings.HasPrefix(k, prefix) && k > after {
			pairs = append(pairs, pair(k, v))
		}
	}
	slices.SortFunc(pairs, func(a, b store.Pair) int { return cmp.Compare(string(a.Key), string(b.Key)) })
	return pairs[:min(n, len(pairs))]
}

func (m *model) page(log uint32, from uint64, n int, of bool) (recs []store.Record) {
	for _, r := range m.records[log] {
		switch {
		case r.ID < from:
		case !of:
			recs = append(recs, seen(r))
		case r.Research != nil:
			recs = append(recs, research(r))
		}
	}
	slices.SortFunc(recs, func(a, b store.Record) int { return cmp.Compare(a.ID, b.ID) })
	return recs[:min(n, len(recs))]
}

// testModel does the same to the driver and to a model. Each run has keys and
// logs of its own, so that one data set serves them all.
func testModel(t *testing.T, d *driver) {
	run := uint32(0)
	rapid.Check(t, func(t1 *rapid.T) {
		run++
		own := string([]byte{byte(run >> 24), byte(run >> 16), byte(run >> 8), byte(run)})
		m := &model{map[string]string{}, map[uint32]map[uint64]store.Record{}}

		key := rapid.Custom(func(t *rapid.T) string {
			return own + rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 1, 3, -1).Draw(t, "key")
		})
		// Long ones, too: drivers treat those apart.
		value := rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(rapid.StringN(0, 3, -1).Draw(t, "value"), rapid.SampledFrom([]int{1, 1, 1, 300, 5000}).Draw(t, "times"))
		})
		log := rapid.Custom(func(t *rapid.T) uint32 { return run<<2 + rapid.Uint32Range(0, 3).Draw(t, "log") })
		id := rapid.OneOf(rapid.Uint64Range(0, 12), rapid.Uint64Range(250, 260))
		limit := rapid.IntRange(0, 20)

		for range rapid.IntRange(1, 12).Draw(t1, "steps") {
			switch rapid.IntRange(0, 9).Draw(t1, "step") {
			case 0:
				if rapid.IntRange(0, 3).Draw(t1, "reopen") == 0 {
					d.Driver = d.reopen(t, d.Driver)
				}
			case 1, 2:
				prefix := own + rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 2, -1).Draw(t1, "prefix")
				after, n := "", limit.Draw(t1, "limit")
				if rapid.Bool().Draw(t1, "after") {
					after = key.Draw(t1, "after")
				}
				wantPairs(t1, "scan", d.scan(t1, table, []byte(prefix), []byte(after), n), m.scan(prefix, after, n))
			case 3, 4:
				l, from, n, of := log.Draw(t1, "log"), id.Draw(t1, "from"), limit.Draw(t1, "limit"), rapid.Bool().Draw(t1, "research")
				wantRecords(t1, "page", d.page(t1, l, from, n, of), m.page(l, from, n, of))
			default:
				b := &store.Batch{}
				for _, k := range rapid.SliceOfN(key, 0, 2).Draw(t1, "if") {
					p := none(k)
					if v, ok := m.values[k]; ok {
						p = pair(k, v)
					}
					if rapid.IntRange(0, 5).Draw(t1, "wrong") == 0 {
						p = pair(k, value.Draw(t1, "other"))
					}
					b.If = append(b.If, p)
				}
				for _, k := range rapid.SliceOfNDistinct(key, 0, 6, rapid.ID).Draw(t1, "put") {
					if rapid.IntRange(0, 3).Draw(t1, "delete") == 0 {
						b.Put = append(b.Put, none(k))
					} else {
						b.Put = append(b.Put, pair(k, value.Draw(t1, "value")))
					}
				}
				l := log.Draw(t1, "log")
				for _, i := range rapid.SliceOfNDistinct(id, 0, 6, rapid.ID).Draw(t1, "ids") {
					r := store.Record{Log: l, ID: i, Seen: []byte(value.Draw(t1, "seen"))}
					if rapid.Bool().Draw(t1, "research") {
						r.Research = []byte(value.Draw(t1, "history"))
					}
					b.Records = append(b.Records, r)
				}
				if m.holds(b.If) {
					d.commit(t1, b)
					m.commit(b)
				} else {
					d.stale(t1, b)
				}
			}
		}
		wantPairs(t1, "in the end", d.scan(t1, table, []byte(own), nil, 1000), m.scan(own, "", 1000))
		for i := range uint32(4) {
			wantRecords(t1, "in the end", d.page(t1, run<<2+i, 0, 1000, false), m.page(run<<2+i, 0, 1000, false))
			wantRecords(t1, "in the end", d.page(t1, run<<2+i, 0, 1000, true), m.page(run<<2+i, 0, 1000, true))
		}
		for k, v := range m.values {
			d.want(t1, k, v)
		}
	})
}
