package legacy

import (
	"hearth/api/strictjson"
	"hearth/hub/chat"
)

// Row is a therapy session as the older client's page keeps it. Every field is
// always there: the page breaks on a list or a time that is null, and takes
// each difference for news.
type Row struct {
	ID         chat.TSID  `json:"record_id"`
	Title      string     `json:"ts_title"`
	Topic      string     `json:"ts_topic"`
	Start      string     `json:"ts_start"` // by the clock on the wall, as the roster gave it; empty: none
	Status     string     `json:"ts_status"`
	Therapist  chat.PID   `json:"ts_therapist"`
	Authorized []chat.PID `json:"ts_authorized_participants"` // who is not in Chat
	Chat       []chat.PID `json:"ts_chat_room_participants"`
	Whiteboard string     `json:"ts_whiteboard"`
	StartUTC   string     `json:"hearth_start"` // RFC 3339 in UTC, for our script; empty: none
}

// NewRow begins a row with what does not depend on its reader.
func NewRow(s *chat.TherapySession, status chat.Status) Row {
	r := Row{ID: s.ID, Title: s.Name, Topic: s.Topic, Status: "1", Authorized: []chat.PID{}, Chat: []chat.PID{}}
	if status == chat.Ended {
		r.Status = "2"
	}
	if !s.Date.IsZero() {
		r.Start = s.Date.Format(timeFormat)
		r.StartUTC = s.Date.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return r
}

// Add puts a participant where the page looks for them.
func (r *Row) Add(p chat.PID, cleared bool) {
	if cleared {
		r.Chat = append(r.Chat, p)
	} else {
		r.Authorized = append(r.Authorized, p)
	}
}

// Person is somebody as the older client's page knows them.
type Person struct {
	ID        chat.PID `json:"record_id"`
	Name      string   `json:"participant_display_name"`
	FirstName string   `json:"participant_first_name"`
	Admin     string   `json:"admin"` // compared with "1"
	Status    string   `json:"participant_status"`
}

// NewPerson makes one; there is nothing to say of first name and status.
func NewPerson(id chat.PID, name chat.Text, role chat.Role) Person {
	return Person{ID: id, Name: string(name), Admin: admin(role)}
}

func admin(role chat.Role) string {
	if role == chat.Therapist {
		return "1"
	}
	return "0"
}

// CurrentUser is who has logged in. The page keeps all of it for long, so
// there is nothing in it by which one could log in.
type CurrentUser struct {
	ID        chat.PID `json:"record_id"`
	Admin     string   `json:"admin"`
	Name      string   `json:"participant_display_name"`
	FirstName string   `json:"participant_first_name"`
	LastName  string   `json:"participant_last_name"`
}

// NewCurrentUser makes one.
func NewCurrentUser(u *chat.User) CurrentUser {
	return CurrentUser{ID: u.ID, Admin: admin(u.Role), Name: string(u.Name), LastName: string(u.LastName)}
}

// Survey is one that is to be filled in, or has been.
type Survey struct {
	Name     string
	URL      string // of one that is not complete
	Complete bool
}

// AppendSurveys writes surveys by name. None at all is said in a way of its
// own: the page opens no door to an empty object.
func AppendSurveys(b []byte, all []Survey) []byte {
	if len(all) == 0 {
		return append(b, `{"no_surveys_required":1}`...)
	}
	for i, s := range all {
		b = append(b, "{,"[min(i, 1)])
		b = append(strictjson.AppendString(b, s.Name), ':')
		if s.Complete {
			b = append(b, `{"complete":"2"}`...)
			continue
		}
		b = strictjson.AppendString(append(b, `{"url":`...), s.URL)
		b = append(b, `,"complete":"0"}`...)
	}
	return append(b, '}')
}

// AppendCompletion writes for each of whom that is known whether they are
// ready.
func AppendCompletion(b []byte, whom []chat.PID, ready map[chat.PID]bool) []byte {
	b = append(b, '{')
	n := 0
	for _, p := range whom {
		is, known := ready[p]
		if !known {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = strictjson.AppendString(b, string(p))
		if is {
			b = append(b, ":true"...)
		} else {
			b = append(b, ":false"...)
		}
	}
	return append(b, '}')
}

// AppendWhiteboard writes the whiteboard's text, as the one row of a table.
func AppendWhiteboard(b []byte, text chat.Text) []byte {
	b = strictjson.AppendString(append(b, `{"data":[{"ts_whiteboard":`...), string(text))
	return append(b, "}]}"...)
}
