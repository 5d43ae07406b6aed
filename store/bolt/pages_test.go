package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"

	"hearth/store"
)

// Used is how many bytes of the file matter.
func Used(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	metas, err := readMetas(f)
	if err != nil {
		return 0, err
	}
	return metas[0].size(), nil
}

// NoSync spares the disk where a test writes much and nothing is to be durable.
func (d *DB) NoSync() { d.file.noSync() }

func (x *file) noSync() { x.db.NoSync, x.db.NoGrowSync = true, true }

// sample is a data file that has all that pages may hold.
func sample(t testing.TB, path string, pageSize, keys int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: pageSize, NoSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for round := range 4 {
		err := db.Update(func(tx *bbolt.Tx) error {
			for i, name := range allBuckets() {
				b, err := tx.CreateBucketIfNotExists(name)
				if err != nil {
					return err
				}
				// Empty, inside its entry, of one page, of many.
				for k := range []int{0, 2, 6, keys}[i%4] {
					key := fmt.Appendf(nil, "key %03d", (k*7+round)%500)
					if round == 3 && k%5 != 0 {
						err = b.Delete(key)
					} else {
						err = b.Put(key, bytes.Repeat([]byte("v"), k%13*10+k/(keys-10)*4000))
					}
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func goOn() error { return nil }

func TestPagesOfAnySizeAreFoundSound(t *testing.T) {
	for size := 1024; size <= 64<<10; size *= 2 {
		path := filepath.Join(t.TempDir(), "hearth.db")
		sample(t, path, size, 400)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		metas, err := readMetas(bytes.NewReader(b))
		if err != nil || len(metas) != 2 || metas[0].tx != metas[1].tx+1 || metas[0].pageSize != int64(size) {
			t.Fatalf("pages of %d bytes: %v, %v", size, metas, err)
		}
		lost, err := checkPages(bytes.NewReader(b), int64(len(b)), metas[0], goOn)
		if lost != 0 || err != nil {
			t.Errorf("pages of %d bytes: %d lost, %v", size, lost, err)
		}
		// With the newest meta page torn, the file is as of one commit ago.
		newest := metas[0].tx % 2 * uint64(size)
		b[newest+20] ^= 1
		old, err := readMetas(bytes.NewReader(b))
		if err != nil || len(old) != 1 || old[0] != metas[1] {
			t.Errorf("pages of %d bytes, a torn meta page: %v, %v", size, old, err)
		}
		f, err := openFile(path, 0)
		if err != nil {
			t.Errorf("pages of %d bytes: %v", size, err)
			continue
		}
		f.close()
	}
}

// encodeMeta is a meta page.
func encodeMeta(m meta, id uint64) []byte {
	b := make([]byte, m.pageSize)
	order.PutUint64(b, id)
	order.PutUint16(b[8:], 4)
	body := b[headerSize:]
	order.PutUint32(body, 0xED0CDAED)
	order.PutUint32(body[4:], 2)
	order.PutUint32(body[8:], uint32(m.pageSize))
	for i, v := range []uint64{m.root, 0, m.freelist, m.pages, m.tx} {
		order.PutUint64(body[16+8*i:], v)
	}
	sum := fnv.New64a()
	sum.Write(body[:56])
	order.PutUint64(body[56:], sum.Sum64())
	return b
}

func TestWhatIsWrongWithPagesIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hearth.db")
	sample(t, path, 1024, 400)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	metas, err := readMetas(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	m := metas[0]
	at := func(page uint64) int { return int(page) * 1024 }
	free := order.Uint64(whole[at(m.freelist)+headerSize:])
	w := &walker{r: bytes.NewReader(whole), meta: m, stop: goOn, seen: make([]bool, m.pages)}
	if err := w.tree(m.root, nil, nil, 0, w.table); err != nil {
		t.Fatal(err)
	}
	var branch, leaf uint64 // a branch page and the leaf that it leads to first
	for id, used := range w.seen {
		p := whole[at(uint64(id)):]
		if !used || order.Uint64(p) != uint64(id) || order.Uint16(p[8:]) != pageBranch {
			continue
		}
		e := p[headerSize:]
		if order.Uint16(whole[at(order.Uint64(e[8:]))+8:]) != pageLeaf {
			continue
		}
		if bytes.HasPrefix(e[order.Uint32(e):], []byte("key ")) { // of a table, not of the tables
			branch, leaf = uint64(id), order.Uint64(e[8:])
		}
	}
	if branch == 0 {
		t.Fatal("the sample has no tree of several pages")
	}
	for _, tt := range []struct {
		want string
		do   func(b []byte, m *meta)
	}{
		{"cut short", func(_ []byte, m *meta) { m.pages = 1 << 60 }},
		{"says that it has 1 pages", func(_ []byte, m *meta) { m.pages = 1 }},
		{"used or free elsewhere", func(_ []byte, m *meta) { m.root = 1 }},
		{"used or free elsewhere", func(_ []byte, m *meta) { m.root = m.freelist }},
		{"used or free elsewhere", func(_ []byte, m *meta) { m.root = free }},
		{"leads to pages", func(_ []byte, m *meta) { m.root = m.pages }},
		{"no list of free pages", func(_ []byte, m *meta) { m.freelist = m.root }},
		{"lists", func(b []byte, m *meta) {
			order.PutUint16(b[at(m.freelist)+10:], 0xFFFF)
			order.PutUint64(b[at(m.freelist)+headerSize:], 1<<40)
		}},
		{"points to bytes", func(b []byte, m *meta) { order.PutUint16(b[at(m.freelist)+10:], uint16(m.pages)) }},
		{"used or free elsewhere", func(b []byte, m *meta) { copy(b[at(m.freelist)+headerSize+8:], b[at(m.freelist)+headerSize:][:8]) }},
		{"it says that it is page", func(b []byte, m *meta) { b[at(leaf)] ^= 1 }},
		{"it is empty", func(b []byte, m *meta) { order.PutUint16(b[at(leaf)+10:], 0) }},
		{"out of order", func(b []byte, m *meta) { // another first key than the one that leads there
			e := b[at(leaf)+headerSize:]
			e[order.Uint32(e[4:])+order.Uint32(e[8:])-1]++
		}},
		{"not of the tree", func(b []byte, m *meta) { b[at(leaf)+8] = 0x10 }},
		{"leads to pages", func(b []byte, m *meta) { b[at(leaf)+15] = 1 }},
		{"used or free elsewhere", func(b []byte, m *meta) { order.PutUint64(b[at(branch)+headerSize+8:], branch) }},
		{"used or free elsewhere", func(b []byte, m *meta) {
			copy(b[at(branch)+headerSize+elementSize+8:], b[at(branch)+headerSize+8:][:8])
		}},
		{"it is empty", func(b []byte, m *meta) { order.PutUint16(b[at(branch)+10:], 0) }},
		{"out of order", func(b []byte, m *meta) {
			first, second := b[at(leaf)+headerSize:][:elementSize], b[at(leaf)+headerSize+elementSize:][:elementSize]
			old := slices.Clone(first)
			copy(first, second)
			copy(second, old)
			order.PutUint32(first[4:], order.Uint32(first[4:])+elementSize)
			order.PutUint32(second[4:], order.Uint32(second[4:])-elementSize)
		}},
		{"points to bytes", func(b []byte, m *meta) { order.PutUint32(b[at(leaf)+headerSize+4:], 1<<31) }},
		{"has 0 bytes", func(b []byte, m *meta) { order.PutUint32(b[at(leaf)+headerSize+8:], 0) }},
		{"is not right", func(b []byte, m *meta) { order.PutUint32(b[at(leaf)+headerSize+12:], 1<<31) }},
		{"is not right", func(b []byte, m *meta) { b[at(leaf)+headerSize+1] = 1 }},
		{"inside a table", func(b []byte, m *meta) { b[at(leaf)+headerSize] = 1 }},
	} {
		b, m := bytes.Clone(whole), m
		tt.do(b, &m)
		lost, err := checkPages(bytes.NewReader(b), int64(len(b)), m, goOn)
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(tt.want)) {
			t.Errorf("want %q, got %v (%d lost)", tt.want, err, lost)
		}
	}
	b := bytes.Clone(whole)
	order.PutUint16(b[at(m.freelist)+10:], order.Uint16(b[at(m.freelist)+10:])-1)
	if lost, err := checkPages(bytes.NewReader(b), int64(len(b)), m, goOn); lost != 1 || err != nil {
		t.Errorf("a page that is not on the list of free ones: %d lost, %v", lost, err)
	}
}

// FuzzPages: pages are sound or an error, and bbolt can read and write what is
// sound.
func FuzzPages(f *testing.F) {
	path := filepath.Join(f.TempDir(), "hearth.db")
	sample(f, path, 1024, 40)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	metas, err := readMetas(bytes.NewReader(whole))
	if err != nil {
		f.Fatal(err)
	}
	m := metas[0]
	pages := whole[2*m.pageSize : m.size()]
	f.Add(m.root, m.freelist, pages)
	for _, m := range metas {
		for i := range 20 {
			b := bytes.Clone(pages)
			b[i*len(b)/20+i] ^= 1 << (i % 8)
			f.Add(m.root, m.freelist, b)
		}
	}
	f.Add(m.root, noFreelist, pages)
	f.Fuzz(func(t *testing.T, root, freelist uint64, b []byte) {
		m := meta{pageSize: 1024, root: root, freelist: freelist, pages: 2 + uint64(len(b)/1024), tx: 7}
		b = slices.Concat(encodeMeta(m, 0), encodeMeta(m, 1), b)
		metas, err := readMetas(bytes.NewReader(b))
		if err != nil || metas[0] != m {
			t.Fatalf("%v, want %v: %v", metas, m, err)
		}
		if _, err := checkPages(bytes.NewReader(b), int64(len(b)), m, goOn); err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "hearth.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		x := &file{}
		if x.f, err = lock(path, 0); err != nil {
			t.Fatal(err)
		}
		defer x.close()
		if err := x.open(path, 1); err != nil && x.db == nil {
			t.Fatalf("sound pages cannot be opened: %v", err)
		}
		err = x.view(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
				return b.ForEach(func(k, v []byte) error {
					if got := b.Get(k); !bytes.Equal(got, v) {
						t.Errorf("%q is %q and %q", k, v, got)
					}
					return nil
				})
			})
		})
		if err != nil {
			t.Errorf("sound pages cannot be read: %v", err)
		}
		x.noSync()
		err = x.update(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
				last, _ := b.Cursor().Last()
				for _, k := range [][]byte{{1}, {'k', 0xff}, append(bytes.Clone(last), 0), {0xff}} {
					if err := b.Put(k, []byte("new")); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			t.Errorf("sound pages cannot be written: %v", err)
		}
		if _, err := x.check(); err != nil {
			t.Errorf("sound pages are not when they were written: %v", err)
		}
	})
}

func TestEveryFileThatBboltWritesIsFoundSound(t *testing.T) {
	for seed := range uint64(4) {
		d, err := Open(filepath.Join(t.TempDir(), "hearth.db"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		d.NoSync()
		random := rand.New(rand.NewPCG(seed, 0))
		for round := range 40 {
			b := &store.Batch{}
			// Growing, shrinking, and in between, with runs of keys.
			deletes, at := []int{1, 5, 9}[round/7%3], random.IntN(2000)
			for i := range random.IntN(300) {
				if i%50 == 0 {
					at = random.IntN(2000)
				}
				p := store.Pair{Table: store.TableToken, Key: fmt.Appendf(nil, "%04d", at+i%50*int(seed))}
				if random.IntN(10) >= deletes {
					p.Value = make([]byte, []int{0, 10, 100, 1000, 9000}[random.IntN(5)])
				}
				b.Put = append(b.Put, p)
				if i%3 == 0 {
					r := store.Record{Log: uint32(random.IntN(4)), ID: uint64(random.IntN(3000)), Seen: make([]byte, random.IntN(300))}
					if random.IntN(10) >= deletes {
						r.Research = make([]byte, random.IntN(3000))
					}
					b.Records = append(b.Records, r)
				}
			}
			if err := d.Commit(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if err := d.Verify(t.Context()); err != nil {
				t.Fatalf("seed %d, round %d: %v", seed, round, err)
			}
		}
		err = d.file.view(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				t.Errorf("seed %d: bbolt's own check: %v", seed, err)
			}
			return nil
		})
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
