package apitest

import (
	"fmt"
	"time"

	"hearth/hub/chat"
)

// The therapy sessions of [Sample]. In all but Elsewhere T1 is the therapist,
// and P1, P2 and P3 are authorized.
const (
	Plain         chat.TSID = "TS1" // every setting is the default
	WaitingRoom   chat.TSID = "TS2" // T1 admits each one
	Survey        chat.TSID = "TS3" // has a required survey before, and one after
	SinceAdmit    chat.TSID = "TS4" // history: since_admitted
	Closed        chat.TSID = "TS5" // after_end: closed
	PrivateOff    chat.TSID = "TS6" // private_messages: off
	PrivateAny    chat.TSID = "TS7" // private_messages: anyone
	Elsewhere     chat.TSID = "TS8" // of T2 and P4 only
	WaitAndSurvey chat.TSID = "TS9" // both a waiting room and the surveys
)

// Sample is a roster: the therapists T1 and T2, the participants P1 to P4, and
// W1, who has withdrawn.
func Sample() *chat.Roster {
	r := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
	for i, u := range []chat.User{
		{ID: "T1", Name: "Dr. Howell", LastName: "Howell", Role: chat.Therapist},
		{ID: "T2", Name: "Dr. Lovey", LastName: "Wentworth", Role: chat.Therapist},
		{ID: "P1", Name: "Gilligan", LastName: "Denver", Role: chat.Participant},
		{ID: "P2", Name: "Skipper", LastName: "Grumby", Role: chat.Participant},
		{ID: "P3", Name: "Mary Ann", LastName: "Summers", Role: chat.Participant},
		{ID: "P4", Name: "Ginger", LastName: "Grant", Role: chat.Participant},
		{ID: "W1", Name: "Roy", LastName: "Hinkley", Role: chat.Participant, Withdrawn: true},
	} {
		u.Phone, u.Keystrokes = chat.Phone(fmt.Sprintf("+1650555010%d", i)), u.ID != "P3"
		r.People[u.ID] = &u
	}
	day := Start.Truncate(24 * time.Hour)
	surveys := []chat.Assessment{
		{
			Name: "location", Title: "Where are you today?", Phase: chat.Pre, Required: true,
			URL: "https://surveys.example/location?p={p_id}&ts={ts_id}&back={return_url}",
		},
		{Name: "mood", Title: "How are you?", Phase: chat.Pre, URL: "https://surveys.example/mood?p={p_id}"},
		{Name: "post-session_survey", Title: "How was it?", Phase: chat.Post, URL: "https://surveys.example/post?p={p_id}&ts={ts_id}"},
	}
	for i, s := range []chat.TherapySession{
		{ID: Plain, Name: "Evening group", Topic: "Coping with stress"},
		{ID: WaitingRoom, Name: "Morning group", WaitingRoom: true},
		{ID: Survey, Name: "Survey group", Assessments: surveys},
		{ID: SinceAdmit, Name: "Open group", History: chat.HistorySinceAdmitted},
		{ID: Closed, Name: "Closed group", AfterEnd: chat.AfterEndClosed},
		{ID: PrivateOff, Name: "Plenary group", PrivateMessages: chat.PrivateOff},
		{ID: PrivateAny, Name: "Pair group", PrivateMessages: chat.PrivateToAnyone},
		{ID: Elsewhere, Name: "Other group"},
		{ID: WaitAndSurvey, Name: "Careful group", WaitingRoom: true, Assessments: surveys},
	} {
		s.Date = day.Add(time.Duration(18-24*i) * time.Hour)
		s.Therapists, s.Participants = []chat.PID{"T1"}, []chat.PID{"P1", "P2", "P3"}
		if s.ID == Elsewhere {
			s.Therapists, s.Participants = []chat.PID{"T2"}, []chat.PID{"P4"}
		}
		r.Sessions[s.ID] = &s
	}
	return r
}
