package roster_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store/roster"
)

const formatted = `participants:
  - {id: P123, name: "Gilligan", last_name: "Denver", phone: "+16505550123", role: participant, keystrokes: true, status: active}
  - {id: T1, name: "Dr. Howell", last_name: "Howell", phone: "+16505550100", role: therapist, keystrokes: true, status: active}
therapy_sessions:
  - id: TS1
    name: "Evening group"
    topic: "Coping with stress"
    date: 2026-12-01T18:00:00-08:00
    therapists: [T1]
    participants: [P123]
    waiting_room: false
    private_messages: therapist
    history: all
    after_end: read
    assessments:
      - {name: location, title: "Where are you today?", phase: pre, required: true, url: "https://surveys.example/location?p={p_id}&ts={ts_id}"}
      - {name: post-session_survey, title: "post-session_survey", phase: post, required: false, url: "https://surveys.example/post?p={p_id}&ts={ts_id}"}
`

func TestFormatIsReadable(t *testing.T) {
	got, err := roster.Format(exampleRoster())
	if err != nil || string(got) != formatted {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestFormatIsParsedAsTheSameRoster(t *testing.T) {
	odd := exampleRoster()
	for i, id := range []chat.PID{"123", "007", "No", "null", "~", "-", "a?b", "[x]", "{}", "a:b", "#", "&a", "*a", "!x", "<<", "1e3", "'", `"`, `\`, "@", "%", "Ж😀", "\u200b", "\uf3e5?", "=", "2026-12-01"} {
		odd.People[id] = &chat.User{ID: id, Name: chat.Text(id + " \u00a0\ufeff: #?"), LastName: "Null", Role: chat.Participant,
			Phone: chat.Phone(fmt.Sprintf("+165055502%02d", i)), Withdrawn: i%2 == 0, Keystrokes: i%3 == 0}
		odd.Sessions["TS1"].Participants = append(odd.Sessions["TS1"].Participants, id)
	}
	odd.Sessions["2"] = &chat.TherapySession{ID: "2", Name: strings.Repeat("long name ", 20), Topic: "  ", Therapists: []chat.PID{"T1"}, WaitingRoom: true,
		PrivateMessages: chat.PrivateToAnyone, History: chat.HistorySinceAdmitted, AfterEnd: chat.AfterEndClosed,
		Date:        time.Date(2026, 12, 1, 18, 0, 0, 5000, time.FixedZone("", 5*3600+45*60)),
		Assessments: []chat.Assessment{{Name: "1", Title: "1"}}}
	for what, r := range map[string]*chat.Roster{
		"example":    exampleRoster(),
		"odd values": odd,
		"empty":      {People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}},
	} {
		t.Run(what, func(t *testing.T) {
			data, err := roster.Format(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := mustParse(t, string(data), roster.Options{}); !reflect.DeepEqual(got, r) {
				t.Errorf("got  %s\nwant %s\nfrom\n%s", dump(t, got), dump(t, r), data)
			}
			again, err := roster.Format(mustParse(t, string(data), roster.Options{}))
			if err != nil || !bytes.Equal(data, again) {
				t.Errorf("%v: the second time it is\n%s", err, again)
			}
		})
	}
}

func TestFormatRefusesWhatNoFileSays(t *testing.T) {
	r := exampleRoster()
	r.People["P123"].Role = chat.System
	if _, err := roster.Format(r); err == nil || strings.Contains(err.Error(), "Gilligan") {
		t.Errorf("role: got %v", err)
	}
	r = exampleRoster()
	r.People["P123"].Name = "Gilligan\xff"
	if _, err := roster.Format(r); err == nil || strings.Contains(err.Error(), "Gilligan") {
		t.Errorf("invalid UTF-8: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		string(example(f)), formatted, sessionBefore, "",
		"participants: []\ntherapy_sessions: []\n",
		"{\"participants\": [{\"id\": 7, \"name\": \"\\ud83d\\ude00?\", \"last_name\": \"A\\/B\", \"phone\": 6505550123, \"role\": \"participant\"}]}",
		"? a\n: &b *b\n<<: !c [d, {e?: f}]\n--- # g\n...\n",
		"a: |\n  b\n\n# c\nd: >-\n e\n\t\n- f\n",
		"therapy_sessions:\n  - {id: TS2, name: a, therapists: [T1], participants: [P123]}\nparticipants:\n  - {id: T1, name: a, last_name: b, phone: 6505550123, role: therapist}\n",
		sessionBefore + "    date: 2026-12-01T18:00:00.25+05:45\n    assessments: [{name: 1, phase: pre, url: /?{name}}]\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		besideRosterInUse(t, data)
		r, err := roster.Parse(data, roster.Options{})
		if err != nil {
			if r != nil || err.Error() == "" {
				t.Fatalf("roster %v with error %q", r, err)
			}
			for i, p := range err.(roster.Problems) {
				if p.Line < 1 || p.Line > 1+bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r")) {
					t.Fatalf("problem %d: %v", i, p)
				}
			}
			return
		}
		out, err := roster.Format(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := roster.Parse(out, roster.Options{})
		if err != nil {
			t.Fatalf("%v\nin\n%s", err, out)
		}
		if !reflect.DeepEqual(r, again) {
			t.Fatalf("%s\nis not\n%s", dump(t, again), dump(t, r))
		}
		if changes := roster.Diff(r, again); len(changes) > 0 {
			t.Fatalf("differs: %v", changes)
		}
	})
}

// besideRosterInUse: what is accepted there makes a consistent roster with it.
func besideRosterInUse(t *testing.T, data []byte) {
	existing := exampleRoster()
	r, err := roster.Parse(data, roster.Options{Existing: existing})
	if err != nil {
		return
	}
	merged, err := roster.Format(roster.Merge(existing, r, false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := roster.Parse(merged, roster.Options{}); err != nil {
		t.Fatalf("merged: %v\nin\n%s", err, merged)
	}
}
