package roster

import (
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

// session is an entry of therapy_sessions with a usable id. What was wrong
// elsewhere in it is a zero value.
type session struct {
	ts                       *chat.TherapySession
	line                     int // of the id
	therapists, participants []member
}

// member is one id of a session's lists.
type member struct {
	id   chat.PID
	line int
}

// session returns nil if the entry cannot be told from others.
func (r *reader) session(n *yaml.Node) *session {
	o, ok := r.object(n, "therapy_sessions", "id", "name", "topic", "date", "therapists", "participants",
		"waiting_room", "private_messages", "history", "after_end", "assessments")
	if !ok {
		return nil
	}
	id, line := r.requiredID(o, "id")
	ts := &chat.TherapySession{
		ID:              chat.TSID(id),
		Name:            r.requiredName(o, "name"),
		Topic:           r.topic(o),
		Date:            r.date(o),
		WaitingRoom:     r.boolean(o, "waiting_room", false),
		PrivateMessages: choice(r, o, "private_messages", "off, therapist or anyone", chat.ParsePrivateMessages),
		History:         choice(r, o, "history", "all or since_admitted", chat.ParseHistory),
		AfterEnd:        choice(r, o, "after_end", "read or closed", chat.ParseAfterEnd),
		Assessments:     r.assessments(o),
	}
	s := &session{ts: ts, line: line}
	s.therapists, ts.Therapists = r.members(o, "therapists")
	s.participants, ts.Participants = r.members(o, "participants")
	switch n := o.values["therapists"]; {
	case n == nil:
		r.add(o.line, "therapists", "missing")
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		r.add(n.Line, "therapists", "must name at least one")
	}
	if id == "" {
		return nil
	}
	if first := r.sessions[ts.ID]; first != nil {
		r.add(line, "id", "%q is already on line %d", id, first.line)
		return nil
	}
	r.sessions[ts.ID] = s
	return s
}

func (r *reader) topic(o object) string {
	s, line, ok := r.text(o, "topic")
	if !ok {
		return ""
	}
	if err := checkText(s, maxTopicChars); err != nil {
		r.add(line, "topic", "%v", err)
		return ""
	}
	return s
}

// rfc3339 is the date-time of RFC 3339, 5.6, in capitals: package time also
// takes hours of one digit and offsets of more than a day.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

func (r *reader) date(o object) time.Time {
	s, line, ok := r.text(o, "date")
	if !ok {
		return time.Time{}
	}
	// In UTC, so that an offset which happens to be the machine's own stays a plain offset.
	t, err := time.ParseInLocation(time.RFC3339, s, time.UTC)
	switch {
	case err != nil || !rfc3339.MatchString(s):
		r.add(line, "date", "must be a date and time with offset, such as 2026-12-01T18:00:00-08:00")
	case t.Year() < 1900 || t.Year() > 2999:
		r.add(line, "date", "must be of the years 1900 to 2999")
	default:
		return t
	}
	return time.Time{}
}

// members reads a list of ids, each once.
func (r *reader) members(o object, key string) ([]member, []chat.PID) {
	var members []member
	var ids []chat.PID
	lines := make(map[chat.PID]int)
	for _, n := range r.list(o, key) {
		if !r.is(n, key, yaml.ScalarNode) {
			continue
		}
		id := chat.PID(scalar(n))
		if isNull(n) {
			id = ""
		}
		if err := chat.CheckID(string(id)); err != nil {
			r.add(n.Line, key, "%v", err)
			continue
		}
		if first, seen := lines[id]; seen {
			r.add(n.Line, key, "%q is already on line %d", id, first)
			continue
		}
		lines[id] = n.Line
		members = append(members, member{id, n.Line})
		ids = append(ids, id)
	}
	return members, ids
}

// checkMembers holds a session's lists against the people of the file and of
// the roster that it will be merged into.
func (r *reader) checkMembers(s *session) {
	therapists := make(map[chat.PID]int, len(s.therapists))
	for _, m := range s.therapists {
		therapists[m.id] = m.line
		r.checkMember(m, "therapists", chat.Therapist)
	}
	for _, m := range s.participants {
		if line, both := therapists[m.id]; both {
			r.add(m.line, "participants", "%q is also among the therapists, on line %d", m.id, line)
			continue
		}
		r.checkMember(m, "participants", chat.Participant)
	}
}

func (r *reader) checkMember(m member, key string, want chat.Role) {
	var role chat.Role
	if p := r.people[m.id]; p != nil {
		if role = p.user.Role; role == chat.Nobody {
			return // which is a problem already
		}
	} else if r.Existing != nil && !r.Prune && r.Existing.People[m.id] != nil {
		role = r.Existing.People[m.id].Role
	}
	switch {
	case role == chat.Nobody:
		r.add(m.line, key, "%q is not in the roster", m.id)
	case role != want:
		r.add(m.line, key, "%q is a %s", m.id, role)
	}
}
