package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

func open(path string) (store.Driver, error) { return bolt.Open(path, bolt.Options{MustExist: true}) }

// restore makes the copy at path a restored data set.
func restore(t *testing.T, path string, old store.Driver) (store.Restored, error) {
	t.Helper()
	return store.Restore(t.Context(), "operator", store.Options{Driver: openBolt(t, path), AuditKey: auditKey}, old)
}

func TestBackupsUnderLoadHaveWhatWasAnsweredBeforeThem(t *testing.T) {
	const savers = 4
	backups := 200
	if testing.Short() {
		backups = 20
	}
	h := newStoreIn(t, memoryDir(t), store.Options{Rate: chat.Rate{PerSecond: 1e6, Burst: 1e6}})
	h.enter(t, "TS1", "T1", "P1", "P2", "P3")
	var mu sync.Mutex
	said := map[chat.ActionID]string{}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for i := range savers {
		by := []chat.PID{"T1", "P1", "P2", "P3"}[i]
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				d := message(fmt.Sprintf("%s says %d", by, n))
				d.ClientID = fmt.Sprint(by, n)
				saved, err := h.Append(context.Background(), by, "TS1", []chat.Draft{d})
				if err != nil || saved.Results[0].Err != nil {
					t.Errorf("save: %v", err)
					return
				}
				mu.Lock()
				said[saved.Results[0].Action.ID] = string(d.Body)
				mu.Unlock()
				time.Sleep(5 * time.Millisecond) // so that the file stays small
			}
		})
	}
	dir := memoryDir(t)
	for i := range backups {
		path := filepath.Join(dir, fmt.Sprint("backup-", i))
		mu.Lock()
		before := maps.Clone(said)
		mu.Unlock()
		if r, err := h.Backup(t.Context(), "operator", path, open); err != nil || r.Actions < uint64(len(before)) {
			t.Fatalf("backup %d: %+v, %v", i, r, err)
		}
		if out, err := restore(t, path, nil); err != nil || out.Actions < uint64(len(before)) || out.Why != "" {
			t.Fatalf("restore %d: %+v, %v", i, out, err)
		}
		s, err := store.Open(t.Context(), store.Options{Driver: openBolt(t, path), AuditKey: auditKey})
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Read(t.Context(), "T1", "TS1", chat.Position{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Actions {
			if was, ok := before[a.ID]; ok && was == string(a.Body) {
				delete(before, a.ID)
			}
		}
		if len(before) > 0 {
			t.Fatalf("backup %d lacks %d actions that were answered before it", i, len(before))
		}
		s.Close()
		os.Remove(path)
	}
}

func TestABackupIsWholeOrNotThere(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Backup(t.Context(), "operator", there, open); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file that is there: %v", err)
	}
	if b, _ := os.ReadFile(there); string(b) != "precious" {
		t.Errorf("it says %q now", b)
	}
	if _, err := h.Backup(t.Context(), "operator", h.path, open); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto the live file: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	gone := filepath.Join(dir, "gone")
	if _, err := h.Backup(ended, "operator", gone, open); err == nil {
		t.Error("a backup that was given up")
	}
	if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left of it: %v", err)
	}
}

// trail is the events of the audit log.
func (h *harness) trail(t *testing.T) (all []string) {
	t.Helper()
	err := h.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		line := strings.TrimSpace(e.Event + " " + e.Subject)
		for _, d := range e.Details {
			line += " " + d.Name + "=" + d.Value
		}
		all = append(all, line)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRestoringTakesOverWhatMustNotBeUndone(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "T1", "P1", "P2", "P3")
	put := func(table store.Table, key, value string) {
		t.Helper()
		err := h.Update(t.Context(), func(tx *store.Tx) error {
			if value == "" {
				tx.Delete(table, []byte(key))
			} else {
				tx.Put(table, []byte(key), []byte(value))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func(s *store.Store, table store.Table, key string) string {
		t.Helper()
		b, err := s.Get(t.Context(), table, []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	h.save(t, "P1", "TS1", message("before"))
	put(store.TableToken, "a", "good")
	put(store.TableCounter, "wrong", "1")
	put(store.TableChallenge, "open", "unspent")
	put(store.TableLogin, "login", "P1")
	copied := filepath.Join(t.TempDir(), "backup")
	if _, err := h.Backup(t.Context(), "operator", copied, open); err != nil {
		t.Fatal(err)
	}
	was, err := h.Read(t.Context(), "T1", "TS1", chat.Position{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.save(t, "P1", "TS1", message("after"))
	put(store.TableToken, "a", "revoked")
	put(store.TableToken, "b", "newer")
	put(store.TableCounter, "wrong", "5")
	put(store.TableChallenge, "open", "")
	for whom, change := range map[chat.PID]chat.Change{"P2": chat.Remove, "P3": chat.Mute} {
		if _, err := h.Moderate(t.Context(), "T1", "TS1", whom, change); err != nil {
			t.Fatal(err)
		}
	}
	err = h.ApplyRoster(t.Context(), "operator", "import", func(old *chat.Roster) (*chat.Roster, error) {
		r := &chat.Roster{People: maps.Clone(old.People), Sessions: old.Sessions}
		gone := *r.People["P3"]
		gone.Withdrawn = true
		r.People["P3"] = &gone
		return r, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	entries := h.trail(t)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	old := openBolt(t, h.path)
	out, err := restore(t, copied, old)
	old.Close()
	h.open(t)
	if err != nil || out.Why != "" || out.Audit != 4 { // backup, remove, mute, import
		t.Fatalf("%+v, %v", out, err)
	}

	n := &harness{path: copied, opt: store.Options{AuditKey: auditKey}}
	n.open(t)
	defer n.Close()
	n.mustCheck(t)
	now := n.trail(t)
	if len(now) != len(entries)+2 || strings.Join(now[:len(entries)], "\n") != strings.Join(entries, "\n") {
		t.Errorf("the audit log is %q, want %q and two more", now, entries)
	}
	if last := now[len(now)-1]; !strings.HasPrefix(last, "restored backup_of=") || !strings.Contains(last, "entries_taken_over=4") {
		t.Errorf("it ends with %q", last)
	}
	page, err := n.Read(t.Context(), "T1", "TS1", chat.Position{}, 0)
	if err != nil || page.Epoch == was.Epoch || len(page.Actions) != len(was.Actions)+1 { // that somebody withdrew
		t.Errorf("%+v, %v", page, err)
	}
	if page, err = n.Read(t.Context(), "T1", "TS1", chat.Position{Epoch: was.Epoch, ID: was.Max}, 0); err != nil || !page.Reset {
		t.Errorf("a reader of before is not told to start over: %+v, %v", page, err)
	}
	for _, row := range []struct {
		table     store.Table
		key, want string
	}{
		{store.TableToken, "a", "revoked"}, {store.TableToken, "b", "newer"}, {store.TableCounter, "wrong", "5"},
		{store.TableChallenge, "open", ""}, {store.TableLogin, "login", ""},
	} {
		if got := get(n.Store, row.table, row.key); got != row.want {
			t.Errorf("%s %s is %q, want %q", row.table, row.key, got, row.want)
		}
	}
	if _, err := n.Enter(t.Context(), "P2", "TS1"); err == nil {
		t.Error("who was removed is let in again")
	}
	if !n.Roster().People["P3"].Withdrawn {
		t.Error("who has withdrawn is in again")
	}
	if _, err := n.Enter(t.Context(), "P1", "TS1"); err != nil {
		t.Error(err)
	}
	n.save(t, "P1", "TS1", message("after the restore"))
}

func TestNothingIsTakenOverFromWhatDoesNotContinueTheBackup(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	h.enter(t, "TS1", "T1", "P1")
	copied := filepath.Join(t.TempDir(), "backup")
	if _, err := h.Backup(t.Context(), "operator", copied, open); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	other := newStoreIn(t, memoryDir(t), store.Options{})
	other.enter(t, "TS1", "T1", "P1", "P2")
	other.Close()
	damaged := filepath.Join(t.TempDir(), "damaged")
	h.reopen(t)
	b, err := os.ReadFile(h.path)
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(string(b), "backup")
	b[i] ^= 1
	if err := os.WriteFile(damaged, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"another data set": other.path, "a damaged one": damaged} {
		if err := os.WriteFile(copied, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		old := openBolt(t, path)
		out, err := restore(t, copied, old)
		old.Close()
		if err != nil || out.Why == "" || out.Audit != 0 {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
		if problems := checkFile(t, copied); len(problems) > 0 {
			t.Errorf("%s: %q", name, problems)
		}
	}
	other.open(t)
	// A backup that is not whole is none.
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := restore(t, copied, nil); err == nil {
		t.Errorf("a damaged backup: %+v", out)
	}
}
