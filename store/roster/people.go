package roster

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

// person is an entry of participants with a usable id. What was wrong
// elsewhere in it is a zero value.
type person struct {
	user              *chat.User
	line, phone, role int // lines of id, phone and role
}

// person returns nil if the entry cannot be told from others.
func (r *reader) person(n *yaml.Node) *person {
	o, ok := r.object(n, "participants", "id", "name", "last_name", "phone", "role", "keystrokes", "status")
	if !ok {
		return nil
	}
	p := &person{user: &chat.User{}}
	id, line := r.requiredID(o, "id")
	p.user.ID, p.line = chat.PID(id), line
	p.user.Name = chat.Text(r.requiredName(o, "name"))
	p.user.LastName = chat.Text(r.requiredName(o, "last_name"))
	if s, line, ok := r.required(o, "phone"); ok {
		phone, err := chat.ParsePhone(s, r.Region)
		if err != nil {
			r.add(line, "phone", "not a telephone number; write it with its area code")
		}
		p.user.Phone, p.phone = phone, line
	}
	if s, line, ok := r.required(o, "role"); ok {
		role, ok := chat.ParseRole(s)
		if !ok {
			r.add(line, "role", "must be participant or therapist")
		}
		p.user.Role, p.role = role, line
	}
	p.user.Keystrokes = r.boolean(o, "keystrokes", true)
	p.user.Withdrawn = choice(r, o, "status", "active or withdrawn", parseWithdrawn)
	if id == "" {
		return nil
	}
	if first := r.people[p.user.ID]; first != nil {
		r.add(p.line, "id", "%q is already on line %d", id, first.line)
		return nil
	}
	r.people[p.user.ID] = p
	return p
}

func parseWithdrawn(s string) (withdrawn, ok bool) {
	return s == "withdrawn", s == "withdrawn" || s == "active"
}

// login is what finds a person at the door.
type login struct {
	phone chat.Phone
	field string // folded
}

func (r *reader) loginOf(u *chat.User) login {
	if r.LoginField == loginName {
		return login{u.Phone, chat.Fold(string(u.Name))}
	}
	return login{u.Phone, chat.Fold(string(u.LastName))}
}

// checkLogins finds people who could not be told apart by phone and login
// field. Withdrawn people count: they may come back.
func (r *reader) checkLogins(people []*person) {
	inUse := make(map[login]chat.PID)
	if r.Existing != nil && !r.Prune {
		for id, u := range r.Existing.People {
			if r.people[id] != nil {
				continue // the file's entry takes its place
			}
			at := r.loginOf(u)
			if other, taken := inUse[at]; !taken || id < other {
				inUse[at] = id
			}
		}
	}
	inFile := make(map[login]*person, len(people))
	for _, p := range people {
		at := r.loginOf(p.user)
		if at.phone == "" || at.field == "" {
			continue
		}
		if first := inFile[at]; first != nil {
			r.add(p.phone, "phone", "%q has the same phone and %s as %q on line %d",
				p.user.ID, r.LoginField, first.user.ID, first.phone)
			continue
		}
		inFile[at] = p
		if id, taken := inUse[at]; taken {
			r.add(p.phone, "phone", "%q has the same phone and %s as %q, who is in the roster already",
				p.user.ID, r.LoginField, id)
		}
	}
}

// checkRoles finds people of a new role whom a therapy session that the file
// leaves as it is lists in the old one.
func (r *reader) checkRoles(people []*person) {
	if r.Existing == nil || r.Prune {
		return
	}
	changed := make(map[chat.PID]*person)
	for _, p := range people {
		if u := r.Existing.People[p.user.ID]; u != nil && p.user.Role != chat.Nobody && u.Role != p.user.Role {
			changed[p.user.ID] = p
		}
	}
	if len(changed) == 0 {
		return
	}
	for _, s := range sortedByID(r.Existing.Sessions, func(s *chat.TherapySession) chat.TSID { return s.ID }) {
		if r.sessions[s.ID] != nil {
			continue
		}
		for _, id := range slices.Concat(s.Therapists, s.Participants) {
			p := changed[id]
			if p == nil || s.RoleOf(id) == p.user.Role {
				continue
			}
			r.add(p.role, "role", "%q is listed as %s in the therapy session %q, which the file leaves as it is",
				id, s.RoleOf(id), s.ID)
			delete(changed, id)
		}
	}
}

func sortedByID[K cmp.Ordered, V any](m map[K]V, id func(V) K) []V {
	out := make([]V, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b V) int { return cmp.Compare(id(a), id(b)) })
	return out
}
