package bolt_test

import (
	"os"
	"path/filepath"
	"testing"

	"hearth/store"
)

func BenchmarkRewrite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "hearth.db")
	d := open(b, path)
	const records = 100_000
	for id := 0; id < records; {
		batch := &store.Batch{}
		for range 1000 {
			id++
			batch.Records = append(batch.Records, store.Record{Log: 1, ID: uint64(id), Seen: filler(id, 300), Research: filler(id, 700)})
		}
		if err := d.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ResetTimer()
	for range b.N {
		if err := d.Rewrite(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
