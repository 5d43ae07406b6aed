package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// place is one record or entry, as check names it: of which log, and which of
// it.
func (r row) place() (of string, n uint64) {
	if r.bucket == "audit" {
		return "audit log", binary.BigEndian.Uint64([]byte(r.key))
	}
	return r.names()[0], idOf(r)
}

// harm does one thing to the record or entry r of a file and returns all that
// it has changed.
var harms = []struct {
	name string
	do   func(f *rawFile, r row) []row
}{
	{"a byte flipped", func(f *rawFile, r row) []row {
		f.put(row{r.bucket, r.key, f.flip(r.value)})
		return []row{r}
	}},
	{"its end cut off", func(f *rawFile, r row) []row {
		f.put(row{r.bucket, r.key, r.value[:1+f.rnd.IntN(len(r.value)-1)]})
		return []row{r}
	}},
	{"cut out", func(f *rawFile, r row) []row {
		f.put(row{r.bucket, r.key, ""})
		return []row{r}
	}},
	{"swapped with another", func(f *rawFile, r row) []row {
		other := f.any(r.bucket)
		for other == r {
			other = f.any(r.bucket)
		}
		f.put(row{r.bucket, r.key, other.value}, row{r.bucket, other.key, r.value})
		return []row{r, other}
	}},
}

// TestCheckNamesTheFirstBadPlace does harm at 200 random places: whatever it
// is, check names each log that has suffered, and of it the first record that
// is not as it was.
func TestCheckNamesTheFirstBadPlace(t *testing.T) {
	path := eventful(t)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	harmed := filepath.Join(filepath.Dir(path), "harmed.db")
	for i := range 200 {
		if err := os.WriteFile(harmed, file, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(harmed, 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		f := &rawFile{db, t, rnd}
		h := harms[i%len(harms)]
		var all []row
		for _, bucket := range []string{"log", "research", "audit"} {
			all = append(all, f.rows(bucket)...)
		}
		r := pick(f, all)
		first := map[string]uint64{}
		for _, r := range h.do(f, r) {
			of, n := r.place()
			if was, there := first[of]; !there || n < was {
				first[of] = n
			}
		}
		db.Close()
		problems := checkFile(t, harmed)
		for of, n := range first {
			what := "action"
			if of == "audit log" {
				what = "entry"
			}
			i := slices.IndexFunc(problems, func(p string) bool { return strings.HasPrefix(p, of+": ") })
			if want := fmt.Sprintf("%s: %s %d", of, what, n); i < 0 || !strings.HasPrefix(problems[i]+" ", want+" ") && !strings.HasPrefix(problems[i], want+":") {
				t.Errorf("%s in %s, %s: check says %q, want %q first", h.name, r.bucket, of, problems, want)
			}
		}
		told := slices.DeleteFunc(slices.Clone(problems), func(p string) bool { return strings.HasPrefix(p, "table audit, ") })
		if len(told) > len(first) { // an entry that is damaged is told of with its table, too
			t.Errorf("%s in %s: one thing is told of as %q", h.name, r.bucket, problems)
		}
	}
}
