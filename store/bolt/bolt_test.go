package bolt_test

import (
	"path/filepath"
	"testing"

	"hearth/store"
	"hearth/store/bolt"
	"hearth/store/storetest"
)

func TestDriver(t *testing.T) {
	paths := map[store.Driver]string{}
	open := func(t *testing.T, path string) store.Driver {
		t.Helper()
		d, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		paths[d] = path
		return d
	}
	storetest.Run(t,
		func(t *testing.T) store.Driver { return open(t, filepath.Join(t.TempDir(), "hearth.db")) },
		func(t *testing.T, d store.Driver) store.Driver {
			t.Helper()
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, paths[d])
		})
}
