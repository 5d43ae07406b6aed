package roster_test

import (
	"reflect"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store/roster"
)

func TestMergeAddsUpdatesAndRemovesOnlyWhenPruning(t *testing.T) {
	old := exampleRoster()
	file := exampleRoster()
	delete(file.People, "P123")
	delete(file.Sessions, "TS1")
	file.People["P2"] = &chat.User{ID: "P2", Name: "Mary Ann"}
	file.Sessions["TS2"] = &chat.TherapySession{ID: "TS2", Name: "Morning group"}

	merged := roster.Merge(old, file, false)
	if len(merged.People) != 3 || len(merged.Sessions) != 2 {
		t.Errorf("got %s", dump(t, merged))
	}
	if merged.People["P123"] != old.People["P123"] || merged.Sessions["TS1"] != old.Sessions["TS1"] || merged.People["T1"] != old.People["T1"] {
		t.Error("what did not change is not shared")
	}
	if merged.People["P2"] != file.People["P2"] || merged.Sessions["TS2"] != file.Sessions["TS2"] {
		t.Error("what the file adds is not the file's")
	}
	if !reflect.DeepEqual(old, exampleRoster()) {
		t.Error("the old roster changed")
	}

	file.People["T1"].Keystrokes = false
	if got := roster.Merge(old, file, false).People["T1"]; got != file.People["T1"] {
		t.Errorf("update: got %s", dump(t, got))
	}
	if got := roster.Merge(old, file, true); !reflect.DeepEqual(got, file) {
		t.Errorf("pruned: got %s, want %s", dump(t, got), dump(t, file))
	}
	if got := roster.Merge(nil, nil, false); got.People == nil || got.Sessions == nil {
		t.Error("nothing merged has no maps to write to")
	}
}

func TestDiffNamesEachFieldThatChanged(t *testing.T) {
	for field, change := range map[string]func(*chat.User){
		"name":       func(u *chat.User) { u.Name = "Skipper" },
		"last_name":  func(u *chat.User) { u.LastName = "Grumby" },
		"phone":      func(u *chat.User) { u.Phone = "+16505550199" },
		"role":       func(u *chat.User) { u.Role = chat.Therapist },
		"keystrokes": func(u *chat.User) { u.Keystrokes = false },
		"status":     func(u *chat.User) { u.Withdrawn = true },
	} {
		r := exampleRoster()
		change(r.People["P123"])
		want := []roster.Change{{Kind: roster.Changed, What: roster.Person, ID: "P123", Fields: []string{field}}}
		if got := roster.Diff(exampleRoster(), r); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v", field, got)
		}
	}
	for field, change := range map[string]func(*chat.TherapySession){
		"name":             func(s *chat.TherapySession) { s.Name = "x" },
		"topic":            func(s *chat.TherapySession) { s.Topic = "x" },
		"date":             func(s *chat.TherapySession) { s.Date = s.Date.In(time.FixedZone("", -7*3600)) },
		"therapists":       func(s *chat.TherapySession) { s.Therapists = append(s.Therapists, "T2") },
		"participants":     func(s *chat.TherapySession) { s.Participants = nil },
		"waiting_room":     func(s *chat.TherapySession) { s.WaitingRoom = true },
		"private_messages": func(s *chat.TherapySession) { s.PrivateMessages = chat.PrivateOff },
		"history":          func(s *chat.TherapySession) { s.History = chat.HistorySinceAdmitted },
		"after_end":        func(s *chat.TherapySession) { s.AfterEnd = chat.AfterEndClosed },
		"assessments":      func(s *chat.TherapySession) { s.Assessments[1].Required = true },
	} {
		r := exampleRoster()
		change(r.Sessions["TS1"])
		want := []roster.Change{{Kind: roster.Changed, What: roster.Session, ID: "TS1", Fields: []string{field}}}
		if got := roster.Diff(exampleRoster(), r); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v", field, got)
		}
	}
}

// A field that is added to a word of the roster must be read, written and
// compared here too.
func TestEveryFieldIsKnownHere(t *testing.T) {
	for typ, want := range map[reflect.Type]int{
		reflect.TypeFor[chat.User]():           7,
		reflect.TypeFor[chat.TherapySession](): 11,
		reflect.TypeFor[chat.Assessment]():     5,
	} {
		if typ.NumField() != want {
			t.Errorf("%v has %d fields, this package knows %d", typ, typ.NumField(), want)
		}
	}
}

func TestDiffIsInStableOrder(t *testing.T) {
	old, changed := exampleRoster(), exampleRoster()
	delete(changed.People, "T1")
	delete(changed.Sessions, "TS1")
	changed.People["P123"].Name, changed.People["P123"].Withdrawn = "Skipper", true
	for _, id := range []chat.PID{"P2", "P10", "A"} {
		changed.People[id] = &chat.User{ID: id}
	}
	changed.Sessions["TS0"] = &chat.TherapySession{ID: "TS0"}
	want := []roster.Change{
		{Kind: roster.Added, What: roster.Person, ID: "A"},
		{Kind: roster.Added, What: roster.Person, ID: "P10"},
		{Kind: roster.Changed, What: roster.Person, ID: "P123", Fields: []string{"name", "status"}},
		{Kind: roster.Added, What: roster.Person, ID: "P2"},
		{Kind: roster.Removed, What: roster.Person, ID: "T1"},
		{Kind: roster.Added, What: roster.Session, ID: "TS0"},
		{Kind: roster.Removed, What: roster.Session, ID: "TS1"},
	}
	if got := roster.Diff(old, changed); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := roster.Diff(old, exampleRoster()); len(got) != 0 {
		t.Errorf("same rosters: got %v", got)
	}
	if got := roster.Diff(nil, old); len(got) != 3 {
		t.Errorf("from nothing: got %v", got)
	}
}
