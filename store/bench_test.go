package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"hearth/hub/chat"
	"hearth/store"
)

const benchBody = "A message of some two hundred and fifty bytes, as people write them when they tell each other how " +
	"the week went, what helped, what did not, and what they would like to try until the group meets again next " +
	"Tuesday evening at six o'clock sharp."

// BenchmarkAppend measures synced actions a second with that many savers, each
// waiting for its answer, beside raw synced bbolt commits of one entry.
func BenchmarkAppend(b *testing.B) {
	b.Run("raw bbolt, 1 entry a commit", func(b *testing.B) {
		db, err := bbolt.Open(filepath.Join(b.TempDir(), "raw.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		for i := 0; b.Loop(); i++ {
			err := db.Update(func(tx *bbolt.Tx) error {
				bucket, err := tx.CreateBucketIfNotExists([]byte("log"))
				if err != nil {
					return err
				}
				return bucket.Put(binary.BigEndian.AppendUint64(nil, uint64(i)), []byte(benchBody))
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	})
	for _, savers := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("%d savers", savers), func(b *testing.B) {
			h := newStore(b, store.Options{Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9}})
			h.enter(b, "TS1", "P1", "P2", "P3")
			b.ReportAllocs()
			b.ResetTimer()
			var n atomic.Int64
			var wg sync.WaitGroup
			for g := range savers {
				wg.Go(func() {
					by := []chat.PID{"P1", "P2", "P3"}[g%3]
					for {
						i := n.Add(1)
						if i > int64(b.N) {
							return
						}
						d := message(benchBody)
						d.ClientID = fmt.Sprint(g, "-", i)
						if s, err := h.Append(context.Background(), by, "TS1", []chat.Draft{d}); err != nil || s.Results[0].Err != nil {
							b.Error(err, s)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "actions/s")
		})
	}
}

// BenchmarkRead measures reading a log from its start, and a poll without
// news.
func BenchmarkRead(b *testing.B) {
	h := newStore(b, store.Options{Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9}})
	h.enter(b, "TS1", "P1", "P2")
	const n = 20_000
	drafts := make([]chat.Draft, 1000)
	for i := range drafts {
		drafts[i] = message(benchBody)
	}
	for range n / len(drafts) {
		if _, err := h.Append(b.Context(), "P1", "TS1", drafts); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("20,000 actions, warm", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p := h.read(b, "P2", "TS1", 0); len(p.Actions) != n {
				b.Fatal(len(p.Actions))
			}
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "actions/s")
	})
	b.Run("no news", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.read(b, "P2", "TS1", n)
		}
	})
	b.Run("20,000 actions, cold open", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			h.reopen(b)
			b.StartTimer()
			h.read(b, "P2", "TS1", n)
		}
	})
}
