package roster

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"hearth/hub/chat"
)

// Merge makes the roster that takes old's place: file's people and therapy
// sessions take the place of those with the same id, and old's others stay,
// unless prune. Neither roster is changed; the new one shares their values,
// old's where both say the same. A nil roster is an empty one.
func Merge(old, file *chat.Roster, prune bool) *chat.Roster {
	old, file = orEmpty(old), orEmpty(file)
	out := &chat.Roster{
		People:   make(map[chat.PID]*chat.User),
		Sessions: make(map[chat.TSID]*chat.TherapySession),
	}
	if !prune {
		maps.Copy(out.People, old.People)
		maps.Copy(out.Sessions, old.Sessions)
	}
	for id, u := range file.People {
		if was := old.People[id]; was != nil && len(personFields(was, u)) == 0 {
			u = was
		}
		out.People[id] = u
	}
	for id, s := range file.Sessions {
		if was := old.Sessions[id]; was != nil && len(sessionFields(was, s)) == 0 {
			s = was
		}
		out.Sessions[id] = s
	}
	return out
}

func orEmpty(r *chat.Roster) *chat.Roster {
	if r == nil {
		return &chat.Roster{}
	}
	return r
}

// Kind is what happened to an entry of a roster.
type Kind string

const (
	Added   Kind = "added"
	Changed Kind = "changed"
	Removed Kind = "removed"
)

// What is the kind of entry that a [Change] is of.
type What string

const (
	Person  What = "person"
	Session What = "session"
)

// Change is one difference between two rosters. It holds no value but the id.
type Change struct {
	Kind   Kind
	What   What
	ID     string
	Fields []string // of a Changed one: the file's keys, in the file's order
}

// Diff lists what is different in new: people first, then therapy sessions,
// each by id. The order of a list counts, because it is shown. A nil roster is
// an empty one.
func Diff(old, new *chat.Roster) []Change {
	old, new = orEmpty(old), orEmpty(new)
	return append(
		diff(Person, old.People, new.People, personFields),
		diff(Session, old.Sessions, new.Sessions, sessionFields)...)
}

func diff[K ~string, V any](what What, old, new map[K]*V, fields func(a, b *V) []string) []Change {
	var out []Change
	for id, b := range new {
		if a := old[id]; a == nil {
			out = append(out, Change{Kind: Added, What: what, ID: string(id)})
		} else if f := fields(a, b); len(f) > 0 {
			out = append(out, Change{Kind: Changed, What: what, ID: string(id), Fields: f})
		}
	}
	for id := range old {
		if new[id] == nil {
			out = append(out, Change{Kind: Removed, What: what, ID: string(id)})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// fields gathers the keys whose values differ.
type fields []string

func (f *fields) add(key string, same bool) {
	if !same {
		*f = append(*f, key)
	}
}

func personFields(a, b *chat.User) []string {
	var f fields
	f.add("name", a.Name == b.Name)
	f.add("last_name", a.LastName == b.LastName)
	f.add("phone", a.Phone == b.Phone)
	f.add("role", a.Role == b.Role)
	f.add("keystrokes", a.Keystrokes == b.Keystrokes)
	f.add("status", a.Withdrawn == b.Withdrawn)
	return f
}

func sessionFields(a, b *chat.TherapySession) []string {
	var f fields
	f.add("name", a.Name == b.Name)
	f.add("topic", a.Topic == b.Topic)
	f.add("date", sameDate(a.Date, b.Date))
	f.add("therapists", slices.Equal(a.Therapists, b.Therapists))
	f.add("participants", slices.Equal(a.Participants, b.Participants))
	f.add("waiting_room", a.WaitingRoom == b.WaitingRoom)
	f.add("private_messages", a.PrivateMessages == b.PrivateMessages)
	f.add("history", a.History == b.History)
	f.add("after_end", a.AfterEnd == b.AfterEnd)
	f.add("assessments", slices.Equal(a.Assessments, b.Assessments))
	return f
}

// sameDate tells apart one moment as two places say it.
func sameDate(a, b time.Time) bool {
	_, x := a.Zone()
	_, y := b.Zone()
	return a.Equal(b) && x == y
}
