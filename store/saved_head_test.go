package store_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"hearth/hub/chat"
	"hearth/store"
)

func TestASavedHeadIsAPrefixOfWhatCameAfterIt(t *testing.T) {
	h := newStoreIn(t, memoryDir(t), store.Options{})
	check := func(what string, saved store.SavedHead, want ...string) {
		t.Helper()
		r, err := h.CheckHead(t.Context(), saved)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(r.Problems) != len(want) {
			t.Fatalf("%s: %q, want %q", what, r.Problems, want)
		}
		for i, p := range r.Problems {
			if !strings.Contains(p, want[i]) {
				t.Errorf("%s: %q, want %q", what, p, want[i])
			}
		}
	}
	// back puts the data file back as it was.
	back := func(file []byte) {
		t.Helper()
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		h.open(t)
	}
	kept := func() []byte {
		t.Helper()
		h.reopen(t)
		file, err := os.ReadFile(h.path)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	head := func() store.SavedHead {
		t.Helper()
		s, err := h.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	h.enter(t, "TS1", "T1", "P1", "P2")
	first := head()
	early := kept()
	h.save(t, "P1", "TS1", message("one"))
	if _, err := h.Moderate(t.Context(), "T1", "TS1", "P2", chat.Mute); err != nil {
		t.Fatal(err)
	}
	later := head()
	check("at once", later)
	h.save(t, "P1", "TS1", message("two"))
	if _, err := h.Moderate(t.Context(), "T1", "TS1", "P2", chat.Unmute); err != nil {
		t.Fatal(err)
	}
	check("after more", later)
	check("an older one", first)

	changed := later
	changed.Entries--
	check("changed by somebody", changed, "it was not signed", "was rewritten")
	changed = later
	changed.Logs = slices.DeleteFunc(slices.Clone(later.Logs), func(l store.SavedLog) bool { return l.TS == "TS1" })
	check("with a log left out", changed, "it was not signed")

	back(early)
	check("an end that was cut off", first)
	check("an end that was cut off", later, "therapy session TS1: it has", "audit log: it has")
	h.save(t, "P1", "TS1", message("something else"))
	for _, c := range []chat.Change{chat.Mute, chat.Unmute} {
		if _, err := h.Moderate(t.Context(), "T1", "TS1", "P1", c); err != nil {
			t.Fatal(err)
		}
	}
	check("another history", first)
	check("another history", later, "therapy session TS1: action", "was rewritten")
	gone := later
	gone.Logs = append(slices.Clone(later.Logs), store.SavedLog{TS: "TS9", Actions: 1})
	check("a log that is gone", gone, "it was not signed", "TS9: it was there", "TS1: action", "was rewritten")
}
