package bench

import (
	"encoding/binary"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// rawLoad is what bbolt by itself is to store.
type rawLoad struct {
	perCommit, buckets int
	value              int // bytes of one; the key has 12, as an action's
	duration           time.Duration
	count              int // of commits; 0: no bound
}

// rawCommits stores entries in ascending order in each bucket, in synced
// transactions, in a new file in dir. It returns how long each took, and how
// many entries a second there were.
func rawCommits(dir string, load rawLoad) (*Samples, float64, error) {
	db, err := bbolt.Open(filepath.Join(dir, "raw.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	buckets := make([][]byte, load.buckets)
	err = db.Update(func(tx *bbolt.Tx) error {
		for i := range buckets {
			buckets[i] = []byte{'b', byte(i)}
			if _, err := tx.CreateBucket(buckets[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	took := NewSamples(100_000)
	value := fill(load.value)
	began := time.Now()
	id, commits := uint64(0), 0
	for time.Since(began) < load.duration && (load.count == 0 || commits < load.count) {
		from := time.Now()
		err := db.Update(func(tx *bbolt.Tx) error {
			for range load.perCommit {
				b := tx.Bucket(buckets[id%uint64(len(buckets))])
				b.FillPercent = 1 // as the store does: keys ascend
				key := binary.BigEndian.AppendUint64(make([]byte, 4, 12), id)
				if err := b.Put(key, value); err != nil {
					return err
				}
				id++
			}
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
		took.Add(time.Since(from))
		commits++
	}
	return took, float64(id) / time.Since(began).Seconds(), nil
}
