package roster_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store/roster"
)

func example(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func exampleRoster() *chat.Roster {
	return &chat.Roster{
		People: map[chat.PID]*chat.User{
			"P123": {ID: "P123", Name: "Gilligan", LastName: "Denver", Phone: "+16505550123", Role: chat.Participant, Keystrokes: true},
			"T1":   {ID: "T1", Name: "Dr. Howell", LastName: "Howell", Phone: "+16505550100", Role: chat.Therapist, Keystrokes: true},
		},
		Sessions: map[chat.TSID]*chat.TherapySession{
			"TS1": {
				ID: "TS1", Name: "Evening group", Topic: "Coping with stress",
				Date:       time.Date(2026, 12, 1, 18, 0, 0, 0, time.FixedZone("", -8*3600)),
				Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P123"},
				Assessments: []chat.Assessment{
					{Name: "location", Title: "Where are you today?", Phase: chat.Pre, Required: true,
						URL: "https://surveys.example/location?p={p_id}&ts={ts_id}"},
					{Name: "post-session_survey", Title: "post-session_survey", Phase: chat.Post,
						URL: "https://surveys.example/post?p={p_id}&ts={ts_id}"},
				},
			},
		},
	}
}

func mustParse(t testing.TB, data string, o roster.Options) *chat.Roster {
	t.Helper()
	r, err := roster.Parse([]byte(data), o)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return r
}

func TestExampleIsReadWhole(t *testing.T) {
	got := mustParse(t, string(example(t)), roster.Options{})
	if want := exampleRoster(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", dump(t, got), dump(t, want))
	}
}

func TestSameRosterWhateverTheMachinesTimeZone(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	time.Local = time.FixedZone("PST", -8*3600)
	if got := mustParse(t, string(example(t)), roster.Options{}); !reflect.DeepEqual(got, exampleRoster()) {
		t.Errorf("got %s", dump(t, got))
	}
}

func TestFileFormsOfTheExample(t *testing.T) {
	yaml := string(example(t))
	var asJSON strings.Builder
	asJSON.WriteString(`{"participants": [
	{"id": "P123", "name": "Gilligan", "last_name": "Denver", "phone": "+1 650 555 0123", "role": "participant"},
	{"id": "T1", "name": "Dr. Howell", "last_name": "Howell", "phone": "+16505550100", "role": "therapist", "status": null}],
	"therapy_sessions": [{"id":"TS1","name":"Evening group","topic":"Coping with stress","date":"2026-12-01T18:00:00-08:00",
		"therapists":["T1"],"participants":["P123"],"waiting_room":false,"assessments":[
		{"name":"location","title":"Where are you today?","phase":"pre","required":true,
		 "url":"https:\/\/surveys.example\/location?p={p_id}\u0026ts={ts_id}"},
		{"name":"post-session_survey","phase":"post","url":"https://surveys.example/post?p={p_id}&ts={ts_id}"}]}]}`)
	if !json.Valid([]byte(asJSON.String())) {
		t.Fatal("the test's JSON is not JSON")
	}
	for what, data := range map[string]string{
		"JSON with tabs and escaped slashes": asJSON.String(),
		"CRLF line breaks":                   strings.ReplaceAll(yaml, "\n", "\r\n"),
		"CR line breaks":                     strings.ReplaceAll(yaml, "\n", "\r"),
		"byte order mark":                    "\ufeff" + yaml,
		"document markers":                   "%YAML 1.1\n---\n" + yaml + "...\n",
		"sessions before people":             yaml[strings.Index(yaml, "therapy_sessions"):] + yaml[:strings.Index(yaml, "therapy_sessions")],
	} {
		t.Run(what, func(t *testing.T) {
			if got := mustParse(t, data, roster.Options{}); !reflect.DeepEqual(got, exampleRoster()) {
				t.Errorf("got %s", dump(t, got))
			}
		})
	}
}

func TestTextIsTakenAsWritten(t *testing.T) {
	for what, row := range map[string]struct {
		person string
		want   chat.User
	}{
		"unquoted numbers":      {`{id: 123, name: 7, last_name: 1e3, phone: 6505550123, role: participant}`, chat.User{ID: "123", Name: "7", LastName: "1e3"}},
		"leading zeros":         {`{id: 007, name: 0x1F, last_name: 1_000, phone: 6505550123, role: participant}`, chat.User{ID: "007", Name: "0x1F", LastName: "1_000"}},
		"words for booleans":    {`{id: No, name: Yes, last_name: true, phone: 650-555-0123, role: participant}`, chat.User{ID: "No", Name: "Yes", LastName: "true"}},
		"Null is a name":        {`{id: P1, name: Null, last_name: NULL, phone: (650) 555-0123, role: participant}`, chat.User{ID: "P1", Name: "Null", LastName: "NULL"}},
		"quoted null is a name": {`{id: P1, name: "null", last_name: '~', phone: 650.555.0123, role: participant}`, chat.User{ID: "P1", Name: "null", LastName: "~"}},
		"tagged as a string":    {`{id: !!str 5, name: !!str null, last_name: Denver, phone: 6505550123, role: participant}`, chat.User{ID: "5", Name: "null", LastName: "Denver"}},
		"dates":                 {`{id: 2026-12-01, name: 12:30, last_name: Denver, phone: +1 650 555 0123, role: participant}`, chat.User{ID: "2026-12-01", Name: "12:30", LastName: "Denver"}},
		"other scripts":         {`{id: Ж-1, name: Žofie 😀, last_name: 李, phone: +16505550123, role: participant}`, chat.User{ID: "Ж-1", Name: "Žofie 😀", LastName: "李"}},
		"JSON escapes":          {`{"id": "P1", "name": "\ud83d\ude00 \u00e9 \\ud83d", "last_name": "A\/B", "phone": 6505550123, "role": "participant"}`, chat.User{ID: "P1", Name: `😀 é \ud83d`, LastName: "A/B"}},
	} {
		t.Run(what, func(t *testing.T) {
			row.want.Phone, row.want.Role, row.want.Keystrokes = "+16505550123", chat.Participant, true
			data := "participants: [" + row.person + "]"
			if what == "JSON escapes" {
				data = `{"participants": [` + row.person + "]}"
			}
			got := mustParse(t, data, roster.Options{}).People[row.want.ID]
			if got == nil || *got != row.want {
				t.Errorf("got %s, want %s", dump(t, got), dump(t, row.want))
			}
		})
	}
}

func TestDefaultsAndChoices(t *testing.T) {
	got := mustParse(t, `
participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "030 901820", role: therapist, keystrokes: null, status: }
  - id: P1
    name: >
      Gilligan
      the First
    last_name: |
      Denver
    phone: +49 30 901821
    role: participant
    keystrokes: FALSE
    status: withdrawn
therapy_sessions:
  - {id: TS1, name: Morning group, therapists: [T1], participants: [], assessments: [], topic: ~}
  - {id: TS2, name: Evening group, therapists: [T1], participants: [P1], date: 2026-12-01T18:00:00Z, waiting_room: true,
     private_messages: off, history: since_admitted, after_end: closed,
     assessments: [{name: a, phase: post, required: true, url: "/survey/{name}?back={return_url}"}, {name: b, phase: pre}]}
`, roster.Options{Region: "DE"})
	want := &chat.Roster{
		People: map[chat.PID]*chat.User{
			"T1": {ID: "T1", Name: "Dr. Howell", LastName: "Howell", Phone: "+4930901820", Role: chat.Therapist, Keystrokes: true},
			"P1": {ID: "P1", Name: "Gilligan the First", LastName: "Denver", Phone: "+4930901821", Role: chat.Participant, Withdrawn: true},
		},
		Sessions: map[chat.TSID]*chat.TherapySession{
			"TS1": {ID: "TS1", Name: "Morning group", Therapists: []chat.PID{"T1"}},
			"TS2": {ID: "TS2", Name: "Evening group", Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P1"},
				Date: time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC), WaitingRoom: true, PrivateMessages: chat.PrivateOff,
				History: chat.HistorySinceAdmitted, AfterEnd: chat.AfterEndClosed,
				Assessments: []chat.Assessment{
					{Name: "a", Title: "a", Phase: chat.Post, Required: true, URL: "/survey/{name}?back={return_url}"},
					{Name: "b", Title: "b"},
				}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", dump(t, got), dump(t, want))
	}
}

func TestEmptyListsAreARoster(t *testing.T) {
	got := mustParse(t, "participants: []\ntherapy_sessions: []\n", roster.Options{Prune: true})
	if len(got.People)+len(got.Sessions) != 0 {
		t.Errorf("got %s", dump(t, got))
	}
}

func TestBadOptionIsNotTheFilesProblem(t *testing.T) {
	_, err := roster.Parse(example(t), roster.Options{LoginField: "phone"})
	var problems roster.Problems
	if err == nil || errors.As(err, &problems) {
		t.Errorf("got %v", err)
	}
}

// dump shows what the types of chat mask.
func dump(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
