package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"hearth/hub/chat"
	"hearth/store"
)

// eventful makes a data file with a bit of everything in it, and returns its
// path.
func eventful(t *testing.T) string {
	t.Helper()
	h := newStoreIn(t, memoryDir(t), store.Options{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h.enter(t, "TS1", "T1", "P1", "P2", "P3")
	h.enter(t, "TS2", "T2")
	must(h.Arrive(t.Context(), "TS1", "P1"))
	must(h.SetAssessment(t.Context(), "token:1", "TS2", "P1", "mood", true))
	for i := range 8 {
		d := message(fmt.Sprint("secret ", i))
		d.ClientID = fmt.Sprint("c", i)
		if i%2 == 0 {
			d.Research = chat.Research{History: []string{"b", "bo", string(d.Body)}, TimeToComplete: "671ms"}
		}
		if i%3 == 0 {
			d.Recipients = []chat.PID{"P2", "T1"}
		}
		id := h.save(t, "P1", "TS1", d)
		h.save(t, "P2", "TS1", chat.Draft{Type: chat.MessageRead, Target: id})
		h.save(t, "T1", "TS1", chat.Draft{Type: chat.Reaction, Target: id, Icon: chat.Smile})
		h.save(t, "T2", "TS2", chat.Draft{Type: chat.Notice, Body: d.Body, ClientTS: "2026-12-01T18:00:00Z"})
		if i%4 == 0 {
			h.save(t, "P1", "TS1", chat.Draft{Type: chat.Delete, Target: id})
		}
	}
	h.save(t, "T1", "TS1", chat.Draft{Type: chat.Whiteboard, Body: "on the board"})
	for _, c := range []chat.Change{chat.Mute, chat.Revoke, chat.Admit} {
		_, err := h.Moderate(t.Context(), "T1", "TS1", "P3", c)
		must(err)
	}
	must(h.Update(t.Context(), func(tx *store.Tx) error {
		tx.Put(store.TableCounter, []byte("k"), []byte("v"))
		details := []store.Detail{{Name: "file", Value: "b"}, {Name: "size", Value: "9"}}
		tx.Audit(store.AuditEntry{Event: "backup", Actor: "operator", Details: details})
		return tx.Refuse(store.AuditEntry{Event: "login", Actor: "P1", Reason: "invalid_code"})
	}))
	h.mustCheck(t)
	file, err := os.ReadFile(h.path)
	must(err)
	path := filepath.Join(memoryDir(t), "hearth.db")
	must(os.WriteFile(path, file, 0o600))
	return path
}

// rawFile is a data file, opened below the store.
type rawFile struct {
	*bbolt.DB
	t   *testing.T
	rnd *rand.Rand
}

type row struct{ bucket, key, value string }

func (f *rawFile) rows(bucket string) (all []row) {
	f.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(k, v []byte) error {
			all = append(all, row{bucket, string(k), string(v)})
			return nil
		})
	})
	return all
}

func (f *rawFile) get(bucket, key string) (value string) {
	for _, r := range f.rows(bucket) {
		if r.key == key {
			value = r.value
		}
	}
	return value
}

// put stores rows; an empty value deletes.
func (f *rawFile) put(rows ...row) {
	err := f.Update(func(tx *bbolt.Tx) error {
		for _, r := range rows {
			var err error
			if b := tx.Bucket([]byte(r.bucket)); r.value == "" {
				err = b.Delete([]byte(r.key))
			} else {
				err = b.Put([]byte(r.key), []byte(r.value))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func pick[V any](f *rawFile, all []V) V { return all[f.rnd.IntN(len(all))] }

func (f *rawFile) any(bucket string) row { return pick(f, f.rows(bucket)) }

// flip changes one byte.
func (f *rawFile) flip(value string) string {
	b := []byte(value)
	b[f.rnd.IntN(len(b))] ^= byte(1 + f.rnd.IntN(255))
	return string(b)
}

// names is how a problem with this row must be named: one of these.
func (r row) names() []string {
	switch r.bucket {
	case "log", "research", "head":
		return []string{[...]string{"therapy session TS1", "therapy session TS2"}[binary.BigEndian.Uint32([]byte(r.key))-1]}
	case "audit":
		return []string{"audit log"}
	case "meta":
		return []string{"audit log", "roster"}
	}
	return []string{"table " + r.bucket, "read roster: " + r.bucket}
}

func logOf(r row) uint32 { return binary.BigEndian.Uint32([]byte(r.key)) }
func idOf(r row) uint64  { return binary.BigEndian.Uint64([]byte(r.key)[4:]) }

func recordKey(log uint32, id uint64) string {
	return string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, log), id))
}

// resealed is r as the record of id, well-formed, after change.
func (f *rawFile) resealed(r row, id uint64, change func([]byte) []byte) row {
	log := logOf(r)
	head := f.get("head", string(store.LogKey(log)))
	v := store.ResealRecord(log, []byte(head), idOf(r), id, []byte(r.value), r.bucket == "research", change)
	return row{r.bucket, recordKey(log, id), string(v)}
}

func same(b []byte) []byte { return b }

// last is the id of the last record of r's log.
func (f *rawFile) last(r row) (id uint64) {
	for _, o := range f.rows("log") {
		if logOf(o) == logOf(r) {
			id = max(id, idOf(o))
		}
	}
	return id
}

// mutations each do one thing to a file that the store never does, and say
// how the problem must be named.
var mutations = []struct {
	name string
	do   func(f *rawFile) (names []string)
}{
	{"a byte flipped", func(f *rawFile) []string {
		var filled []string
		for _, t := range append([]string{"log", "research"}, tables()...) {
			if len(f.rows(t)) > 0 {
				filled = append(filled, t)
			}
		}
		r := f.any(pick(f, filled))
		f.put(row{r.bucket, r.key, f.flip(r.value)})
		return r.names()
	}},
	{"a byte of a record flipped and its checksum repaired", func(f *rawFile) []string {
		r := f.any(pick(f, []string{"log", "log", "research"}))
		f.put(f.resealed(r, idOf(r), func(b []byte) []byte { return []byte(f.flip(string(b))) }))
		return r.names()
	}},
	{"a byte of an audit entry flipped and its checksum repaired", func(f *rawFile) []string {
		r := f.any("audit")
		b := store.Unseal("audit", []byte(r.key), []byte(r.value))
		f.put(row{r.bucket, r.key, string(store.Seal("audit", []byte(r.key), []byte(f.flip(string(b)))))})
		return r.names()
	}},
	{"a value cut", func(f *rawFile) []string {
		r := f.any(pick(f, []string{"log", "research", "head", "audit", "person", "standing"}))
		f.put(row{r.bucket, r.key, r.value[:1+f.rnd.IntN(len(r.value)-1)]})
		return r.names()
	}},
	{"a record removed", func(f *rawFile) []string {
		r := f.any(pick(f, []string{"log", "research", "audit", "head"}))
		f.put(row{r.bucket, r.key, ""})
		return r.names()
	}},
	{"a therapy session's row removed", func(f *rawFile) []string {
		r := f.any("session")
		f.put(row{r.bucket, r.key, ""})
		return []string{"is of no therapy session"}
	}},
	{"the audit log's head removed", func(f *rawFile) []string {
		f.put(row{"meta", "audit_head", ""})
		return []string{"audit log"}
	}},
	{"two records or entries swapped", func(f *rawFile) []string {
		bucket := pick(f, []string{"log", "research", "audit"})
		a, b := f.any(bucket), f.any(bucket)
		for a == b {
			b = f.any(bucket)
		}
		f.put(row{bucket, a.key, b.value}, row{bucket, b.key, a.value})
		return append(a.names(), b.names()...)
	}},
	{"two records of a log swapped and their checksums repaired", func(f *rawFile) []string {
		bucket := pick(f, []string{"log", "research"})
		a, b := f.any(bucket), f.any(bucket)
		for logOf(a) != logOf(b) || idOf(a) == idOf(b) || bytes.Equal(f.bytes(a), f.bytes(b)) {
			a, b = f.any(bucket), f.any(bucket)
		}
		f.put(f.resealed(a, idOf(b), same), f.resealed(b, idOf(a), same))
		return a.names()
	}},
	{"two audit entries swapped and their checksums repaired", func(f *rawFile) []string {
		all := f.rows("audit")
		i := f.rnd.IntN(len(all) - 1)
		a, b := all[i], all[i+1]
		f.put(resealedAudit(a, b.key), resealedAudit(b, a.key))
		return a.names()
	}},
	{"the tail of a log cut", func(f *rawFile) []string {
		r := f.any("log")
		var gone []row
		for id := f.last(r); id > f.last(r)-uint64(1+f.rnd.IntN(3)); id-- {
			gone = append(gone, row{"log", recordKey(logOf(r), id), ""}, row{"research", recordKey(logOf(r), id), ""})
		}
		f.put(gone...)
		return r.names()
	}},
	{"the tail of a log cut, and the head's number with it", func(f *rawFile) []string {
		r := f.any("log")
		last, key := f.last(r), string(store.LogKey(logOf(r)))
		f.put(row{"log", recordKey(logOf(r), last), ""}, row{"research", recordKey(logOf(r), last), ""},
			row{"head", key, string(store.ChangeHead(logOf(r), []byte(f.get("head", key)), "last down"))})
		return r.names()
	}},
	{"the tail of the audit log cut", func(f *rawFile) []string {
		all := f.rows("audit")
		for _, r := range all[len(all)-1-f.rnd.IntN(3):] {
			f.put(row{r.bucket, r.key, ""})
		}
		return []string{"audit log"}
	}},
	{"a record added behind the last", func(f *rawFile) []string {
		r := f.any(pick(f, []string{"log", "research"}))
		f.put(f.resealed(r, f.last(r)+1+uint64(f.rnd.IntN(3)), same))
		return r.names()
	}},
	{"a record added before the first", func(f *rawFile) []string {
		r := f.any(pick(f, []string{"log", "research"}))
		f.put(f.resealed(r, 0, same))
		return r.names()
	}},
	{"a keystroke history added to an action without one", func(f *rawFile) []string {
		r, a := f.any("research"), f.any("log")
		for logOf(a) != logOf(r) || f.get("research", a.key) != "" {
			a = f.any("log")
		}
		f.put(f.resealed(r, idOf(a), same))
		return a.names()
	}},
	{"an audit entry added", func(f *rawFile) []string {
		all := f.rows("audit")
		f.put(resealedAudit(pick(f, all), string(binary.BigEndian.AppendUint64(nil, uint64(len(all)+1)))))
		return []string{"audit log"}
	}},
	{"a key changed", func(f *rawFile) []string {
		r := f.any(pick(f, []string{"log", "research", "audit", "head", "person", "session", "standing", "assessment"}))
		f.put(row{r.bucket, r.key, ""}, row{r.bucket, f.flip(r.key), r.value})
		return append(r.names(), "audit log", "of no therapy session", "table "+r.bucket)
	}},
	{"a head changed", func(f *rawFile) []string {
		r := f.any("head")
		f.put(row{r.bucket, r.key, string(store.ChangeHead(logOf(r), []byte(r.value), pick(f, store.HeadChanges)))})
		return r.names()
	}},
	{"a therapy session's row copied under another id", func(f *rawFile) []string {
		r := f.any("session")
		b := store.Unseal("session", []byte(r.key), []byte(r.value))
		f.put(row{"session", "TS9", string(store.Seal("session", []byte("TS9"), b))})
		return []string{"the same log as " + r.key}
	}},
	{"a head added", func(f *rawFile) []string {
		f.put(row{"head", string(store.LogKey(7)), f.any("head").value})
		return []string{"log 7 is of no therapy session"}
	}},
}

func (f *rawFile) bytes(r row) []byte {
	var b []byte
	f.resealed(r, idOf(r), func(v []byte) []byte {
		b = v
		return v
	})
	return b
}

func resealedAudit(r row, key string) row {
	return row{"audit", key, string(store.Seal("audit", []byte(key), store.Unseal("audit", []byte(r.key), []byte(r.value))))}
}

func tables() (all []string) {
	for _, t := range store.Tables() {
		all = append(all, string(t))
	}
	return all
}

// checkFile is what opening and checking a file says.
func checkFile(t *testing.T, path string) []string {
	t.Helper()
	h := &harness{path: path, opt: store.Options{AuditKey: auditKey, Driver: nil}}
	db := openBolt(t, path)
	h.opt.Driver = db
	s, err := store.Open(t.Context(), h.opt)
	if err != nil {
		return []string{err.Error()}
	}
	defer s.Close()
	r, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r.Problems
}

func TestCheckFindsEachSingleMutationAndNamesIt(t *testing.T) {
	path := eventful(t)
	if problems := checkFile(t, path); len(problems) > 0 {
		t.Fatalf("before any: %q", problems)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	mutated := filepath.Join(filepath.Dir(path), "mutated.db")
	for i := range 10 * len(mutations) {
		m := mutations[i%len(mutations)]
		if err := os.WriteFile(mutated, file, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(mutated, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		names := m.do(&rawFile{db, t, rnd})
		db.Close()
		problems := checkFile(t, mutated)
		named := slices.ContainsFunc(problems, func(p string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(p, n) })
		})
		if !named {
			t.Errorf("%s: check says %q, which names none of %q", m.name, problems, names)
		}
		for _, p := range problems {
			if strings.Contains(p, "secret ") || strings.Contains(p, "+1650") {
				t.Errorf("%s: a problem tells what it should not: %q", m.name, p)
			}
		}
	}
}

func TestAuditLogRewrittenWithoutTheAuditKeyIsFound(t *testing.T) {
	path := eventful(t)
	var entries []store.AuditEntry
	s, err := store.Open(t.Context(), store.Options{Driver: openBolt(t, path), AuditKey: auditKey})
	if err != nil {
		t.Fatal(err)
	}
	s.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		entries = append(entries, e)
		return true
	})
	s.Close()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &rawFile{DB: db, t: t}
	for _, r := range f.rows("audit") {
		f.put(row{r.bucket, r.key, ""})
	}
	f.put(row{"meta", "audit_head", ""})
	db.Close()
	s, err = store.Open(t.Context(), store.Options{Driver: openBolt(t, path), AuditKey: bytes.Repeat([]byte("x"), 32)})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		for _, e := range entries {
			if e.Event == "mute" {
				continue // this never happened
			}
			tx.Audit(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Check(t.Context()); err != nil || len(r.Problems) > 0 {
		t.Fatalf("with the forger's own key it is consistent: %q, %v", r.Problems, err)
	}
	s.Close()
	if problems := checkFile(t, path); len(problems) != 1 || !strings.Contains(problems[0], "audit key") {
		t.Fatalf("with the right key check says %q", problems)
	}
}

func TestCheckFindsNothingInAStoreThatIsInUse(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "T1", "P1")
	ctx, stop := context.WithCancel(context.Background())
	var users sync.WaitGroup
	use := func(f func(i int) error) {
		users.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	use(func(i int) error {
		d := message(fmt.Sprint("body ", i))
		d.Research.History = []string{"b"}
		_, err := h.Append(context.Background(), "P1", "TS1", []chat.Draft{d, d, d})
		return err
	})
	use(func(i int) error {
		_, err := h.Moderate(context.Background(), "T1", "TS1", "P2", []chat.Change{chat.Mute, chat.Unmute}[i%2])
		return err
	})
	use(func(i int) error {
		return h.ApplyRoster(context.Background(), "test", "import", func(old *chat.Roster) (*chat.Roster, error) {
			r := sample()
			for j := range i % 20 {
				ts := chat.TSID(fmt.Sprint("N", j))
				r.Sessions[ts] = &chat.TherapySession{ID: ts, Therapists: []chat.PID{"T1"}}
			}
			return r, nil
		})
	})
	use(func(i int) error {
		ts := chat.TSID(fmt.Sprint("N", i%20))
		if _, err := h.Enter(context.Background(), "T1", ts); err != nil && code(err) != chat.NotAllowed {
			return err
		}
		return nil
	})
	for checks := 0; checks < 20 || h.read(t, "T1", "TS1", 0).Head < 600; checks++ {
		h.mustCheck(t)
	}
	stop()
	users.Wait()
}
