package bolt

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"hearth/store"
)

// Commit implements store.Driver.
func (d *DB) Commit(ctx context.Context, b *store.Batch) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.file == nil {
		return errClosed
	}
	if d.failure != nil {
		return fmt.Errorf("the data file awaits recovery: %w", d.failure)
	}
	var refused error // by put: the transaction was not committed
	err := d.mayWrite()
	if err == nil {
		err = d.file.update(func(tx *bbolt.Tx) error {
			refused = put(tx, b)
			return refused
		})
	}
	if err == nil || refused == store.ErrStale {
		return err
	}
	d.failure, d.unsynced = err, refused != nil || noSpace(err)
	return err
}

// mayWrite is nil if the file is still in its place, and whole: what is
// written to a file that somebody has moved away or cut short is lost.
func (d *DB) mayWrite() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	if !os.SameFile(info, d.file.info) {
		return fmt.Errorf("the data file %s was replaced while it was open", d.path)
	}
	return d.file.view(func(tx *bbolt.Tx) error {
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: it was cut short to %d of %d bytes", errDamaged, info.Size(), tx.Size())
		}
		return nil
	})
}

func put(tx *bbolt.Tx, b *store.Batch) error {
	for _, p := range b.If {
		t, err := table(tx, p.Table)
		if err != nil {
			return err
		}
		v := t.Get(p.Key)
		if (v == nil) != (p.Value == nil) || !bytes.Equal(v, p.Value) {
			return store.ErrStale
		}
	}
	for _, p := range b.Put {
		t, err := table(tx, p.Table)
		switch {
		case err != nil:
		case p.Value == nil:
			err = t.Delete(p.Key)
		default:
			err = t.Put(p.Key, p.Value)
		}
		if err != nil {
			return err
		}
	}
	logs, research := tx.Bucket(bucketLog), tx.Bucket(bucketResearch)
	// Ids only grow: full pages halve the file that half-full ones make.
	logs.FillPercent, research.FillPercent = 1, 1
	for i := range b.Records {
		r := &b.Records[i]
		key := recordKey(r.Log, r.ID)
		err := logs.Put(key, r.Seen)
		switch {
		case err != nil:
		case r.Research == nil:
			err = research.Delete(key)
		default:
			err = research.Put(key, r.Research)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
