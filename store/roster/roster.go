// Package roster reads and writes roster files: the people, the therapy
// sessions and their assessments, as study staff keep them in YAML or JSON.
//
// It knows the file's format and what makes a roster consistent. It must not
// know where a file comes from, how a roster is stored, or who is logged in.
//
// Where to start: [Parse] reads a file beside the roster in use, [Merge] makes
// the roster that takes its place, and [Diff] says what that changes.
package roster

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

const (
	maxBytes   = 8 << 20 // of a file
	maxEntries = 100_000 // of one list
)

// The login fields: what is asked for beside the phone.
const (
	loginLastName = "last_name"
	loginName     = "name"
)

// Options say how a file is read. The zero value reads a whole roster of
// American phones whose people log in with their last name.
type Options struct {
	Region     string       // ISO 3166 country of phones without a country code; "" is US
	LoginField string       // last_name or name: no two people share it and a phone; "" is last_name
	Existing   *chat.Roster // the roster in use, which the file adds to; nil: none. It is only read
	Prune      bool         // the file replaces Existing, so nothing may refer to what is only there
}

// Parse reads a roster file, in YAML or in JSON, which is a part of YAML. What
// it returns holds what the file says and nothing of o.Existing; lists of the
// file that are empty are nil. The two merged are a consistent roster: see
// [Merge].
//
// A file with any mistake gives a nil roster and all its mistakes as
// [Problems]. Any other error is a mistake in o.
func Parse(data []byte, o Options) (*chat.Roster, error) {
	if o.Region == "" {
		o.Region = "US"
	}
	switch o.LoginField {
	case "":
		o.LoginField = loginLastName
	case loginLastName, loginName:
	default:
		return nil, fmt.Errorf("login field %q: must be %s or %s", o.LoginField, loginLastName, loginName)
	}
	root, problems := load(data)
	if problems != nil {
		return nil, problems
	}
	r := &reader{
		Options:  o,
		people:   make(map[chat.PID]*person),
		sessions: make(map[chat.TSID]*session),
	}
	r.file(root)
	if problems := r.problems.list(); problems != nil {
		return nil, problems
	}
	out := &chat.Roster{
		People:   make(map[chat.PID]*chat.User, len(r.people)),
		Sessions: make(map[chat.TSID]*chat.TherapySession, len(r.sessions)),
	}
	for id, p := range r.people {
		out.People[id] = p.user
	}
	for id, s := range r.sessions {
		out.Sessions[id] = s.ts
	}
	return out, nil
}

// reader is one file being read.
type reader struct {
	Options
	problems collector
	people   map[chat.PID]*person
	sessions map[chat.TSID]*session
}

func (r *reader) file(root *yaml.Node) {
	o, ok := r.object(root, "", "participants", "therapy_sessions")
	if !ok {
		return
	}
	if len(o.values) == 0 && len(r.problems.found) == 0 {
		// Pruning by such a file would remove everybody; an empty list says so on purpose.
		r.add(root.Line, "", "neither participants nor therapy_sessions")
		return
	}
	// A session may stand before its people.
	var people []*person
	for _, n := range r.list(o, "participants") {
		if p := r.person(n); p != nil {
			people = append(people, p)
		}
	}
	var sessions []*session
	for _, n := range r.list(o, "therapy_sessions") {
		if s := r.session(n); s != nil {
			sessions = append(sessions, s)
		}
	}
	r.checkLogins(people)
	r.checkRoles(people)
	for _, s := range sessions {
		r.checkMembers(s)
	}
}
