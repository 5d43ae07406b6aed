package roster

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

// Format writes r as the YAML that [Parse] reads: everything, defaults too, in
// the order of the ids, so that two files can be compared line by line. r, if
// it came from Parse, is what Parse makes of it again. The error is of a
// roster that no file can describe.
func Format(r *chat.Roster) ([]byte, error) {
	people, sessions := list(false), list(false)
	for _, u := range sortedByID(r.People, func(u *chat.User) chat.PID { return u.ID }) {
		if u.Role != chat.Participant && u.Role != chat.Therapist {
			return nil, fmt.Errorf("person %q has the role %s", u.ID, u.Role)
		}
		people.Content = append(people.Content, formatPerson(u))
	}
	for _, s := range sortedByID(r.Sessions, func(s *chat.TherapySession) chat.TSID { return s.ID }) {
		sessions.Content = append(sessions.Content, formatSession(s))
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(mapping(false, "participants", people, "therapy_sessions", sessions)); err != nil {
		return nil, fmt.Errorf("write roster: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("write roster: %w", err)
	}
	return b.Bytes(), nil
}

func formatPerson(u *chat.User) *yaml.Node {
	return mapping(true,
		"id", word(string(u.ID)),
		"name", quoted(string(u.Name)),
		"last_name", quoted(string(u.LastName)),
		"phone", quoted(string(u.Phone)),
		"role", word(u.Role.String()),
		"keystrokes", boolean(u.Keystrokes),
		"status", word(status(u)))
}

func status(u *chat.User) string {
	if u.Withdrawn {
		return "withdrawn"
	}
	return "active"
}

func formatSession(s *chat.TherapySession) *yaml.Node {
	assessments := list(false)
	for _, a := range s.Assessments {
		n := mapping(true,
			"name", word(a.Name),
			"title", quoted(a.Title),
			"phase", word(a.Phase.String()),
			"required", boolean(a.Required))
		if a.URL != "" {
			n.Content = append(n.Content, word("url"), quoted(a.URL))
		}
		assessments.Content = append(assessments.Content, n)
	}
	n := mapping(false, "id", word(string(s.ID)), "name", quoted(s.Name), "topic", quoted(s.Topic))
	if !s.Date.IsZero() {
		date := &yaml.Node{Kind: yaml.ScalarNode, Value: s.Date.Format(time.RFC3339Nano)}
		n.Content = append(n.Content, word("date"), date)
	}
	n.Content = append(n.Content, mapping(false,
		"therapists", ids(s.Therapists),
		"participants", ids(s.Participants),
		"waiting_room", boolean(s.WaitingRoom),
		"private_messages", word(s.PrivateMessages.String()),
		"history", word(s.History.String()),
		"after_end", word(s.AfterEnd.String()),
		"assessments", assessments).Content...)
	return n
}

// mapping takes keys and their *yaml.Node values in turn.
func mapping(flow bool, pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	if flow {
		n.Style = yaml.FlowStyle
	}
	for i := 0; i < len(pairs); i += 2 {
		n.Content = append(n.Content, word(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return n
}

func list(flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if flow {
		n.Style = yaml.FlowStyle
	}
	return n
}

func ids(of []chat.PID) *yaml.Node {
	n := list(true)
	for _, id := range of {
		n.Content = append(n.Content, word(string(id)))
	}
	return n
}

// word is quoted only where YAML would take it for something else, such as
// the id 123.
func word(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// quoted is for what people typed: other programs that read the file might
// take a bare No or +1650 for another type.
func quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

func boolean(b bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(b)}
}
