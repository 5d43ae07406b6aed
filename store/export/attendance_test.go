package export_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store/export"
)

// stays is who was there in TS1, as a table's rows tell: when they came and
// went, in minutes after the beginning, how often, and for how long.
func stays(rows []row, began time.Time) map[string]string {
	all := map[string]string{}
	at := func(v any) string {
		if v == nil {
			return "-"
		}
		t, err := time.Parse(time.RFC3339, v.(string))
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(t.Sub(began).Minutes())
	}
	for _, r := range rows {
		if r["ts_id"] != "TS1" || r["arrivals"] == 0.0 {
			continue
		}
		id := fmt.Sprint(r["person_id"])
		if r["person_id"] == nil {
			id = fmt.Sprint(r["person_name"], "?")
		}
		all[id] = fmt.Sprintf("%s to %s, %vx, %v min", at(r["first_in_at"]), at(r["last_out_at"]), r["arrivals"], r["minutes_present"])
		if r["still_present"] == true {
			all[id] += ", still"
		}
		if r["matched_by_name"] == true {
			all[id] += ", by name"
		}
	}
	return all
}

func TestWhoWasThere(t *testing.T) {
	older := func(said string) func(*study) {
		return func(s *study) {
			s.must(s.Announce(t.Context(), "TS1", chat.Draft{Type: chat.Notice, Body: chat.Text(said)}))
		}
	}
	came := func(p chat.PID) func(*study) { return func(s *study) { s.arrive("TS1", p) } }
	left := func(p chat.PID) func(*study) { return func(s *study) { s.leave("TS1", p) } }
	says := func(p chat.PID) func(*study) { return func(s *study) { s.say(p, "TS1", "x") } }
	ends := func(s *study) { s.save("T1", "TS1", chat.Draft{Type: chat.EndChatSession}) }
	began := time.Date(2026, 12, 2, 2, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	for _, tt := range []struct {
		name string
		does []func(*study) // one a minute
		ask  export.Request
		want map[string]string
	}{
		{"nobody", nil, export.Request{}, map[string]string{}},
		{"once", []func(*study){came("P123"), left("P123")}, export.Request{}, map[string]string{"P123": "0 to 1, 1x, 1 min"}},
		{"twice is counted, a minute between is none", []func(*study){
			came("P123"), left("P123"), came("P123"), came("P124"), left("P123"), says("P124"), came("P123"), left("P123"), left("P124"),
		}, export.Request{}, map[string]string{"P123": "0 to 7, 2x, 5 min", "P124": "3 to 8, 1x, 5 min"}},
		{"each absence counts", []func(*study){came("P123"), left("P123"), came("P123"), left("P123")}, export.Request{MergeGap: -1},
			map[string]string{"P123": "0 to 3, 2x, 2 min"}},
		{"long absences are none", []func(*study){came("P123"), left("P123"), came("P124"), came("P125"), came("P123"), left("P123")},
			export.Request{MergeGap: 3 * time.Minute},
			map[string]string{"P123": "0 to 5, 1x, 5 min", "P124": "2 to -, 1x, 3 min, still", "P125": "3 to -, 1x, 2 min, still"}},
		{"still there, to the last action", []func(*study){came("T1"), came("P123"), says("P123")}, export.Request{},
			map[string]string{"T1": "0 to -, 1x, 2 min, still", "P123": "1 to -, 1x, 1 min, still"}},
		{"the end is the end", []func(*study){came("T1"), came("P123"), came("P124"), ends, left("P123")}, export.Request{},
			map[string]string{"T1": "0 to 3, 1x, 3 min", "P123": "1 to 3, 1x, 2 min", "P124": "2 to 3, 1x, 1 min"}},
		{"a part of it", []func(*study){came("P123"), came("P124"), left("P123"), came("P125"), says("P125"), left("P124"), came("P123")},
			export.Request{From: minute(2), To: minute(5)},
			map[string]string{"P124": "2 to 5, 1x, 3 min", "P125": "3 to 5, 1x, 2 min"}},
		{"an older log tells names", []func(*study){
			came("P125"), older("Gilligan has joined the session"), older("Mary Ann has joined the session"), older("Gilligan has left the session"),
			older("Old Name has joined the session"), older("Old Name has left the session"), older("somebody has left"),
		}, export.Request{}, map[string]string{
			"P123": "1 to 3, 1x, 2 min, by name", "P124": "2 to -, 1x, 4 min, still, by name", "Old Name?": "4 to 5, 1x, 1 min, by name",
			"P125": "0 to -, 1x, 6 min, still",
		}},
		{"a therapist's notice is no arrival", []func(*study){came("T1"), func(s *study) {
			s.save("T1", "TS1", chat.Draft{Type: chat.Notice, Body: "Gilligan has joined the session"})
		}}, export.Request{}, map[string]string{"T1": "0 to -, 1x, 1 min, still"}},
		{"a name that two have", []func(*study){
			came("P125"), func(s *study) { rename(s, "P124", "Gilligan") }, older("Gilligan has joined the session"),
		}, export.Request{}, map[string]string{"P125": "0 to -, 1x, 2 min, still", "Gilligan?": "2 to -, 1x, 0 min, still, by name"}},
		{"renamed since", []func(*study){came("P123"), left("P123"), func(s *study) { rename(s, "P123", "Gil") }}, export.Request{},
			map[string]string{"P123": "0 to 1, 1x, 1 min"}},
		{"taken off the roster", []func(*study){came("P123"), left("P123"), func(s *study) {
			s.roster(func(old *chat.Roster) *chat.Roster {
				r := &chat.Roster{People: maps.Clone(old.People), Sessions: map[chat.TSID]*chat.TherapySession{}}
				delete(r.People, "P123")
				return r
			})
		}}, export.Request{}, map[string]string{"P123": "0 to 1, 1x, 1 min"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStudy(t, cast())
			s.t = t
			for i, do := range tt.does {
				s.at = minute(i)
				do(s)
			}
			tt.ask.Table = export.Attendance
			rows := s.rows(tt.ask)
			if got := stays(rows, began); !maps.Equal(got, tt.want) {
				t.Errorf("%q", got)
			}
			for _, r := range rows {
				if came := r["arrivals"] != 0.0; came && r["attended"] != true {
					t.Errorf("%v attended not", r["person_id"])
				}
			}
		})
	}
}

func rename(s *study, p chat.PID, name chat.Text) {
	s.roster(func(old *chat.Roster) *chat.Roster {
		r := &chat.Roster{People: maps.Clone(old.People), Sessions: old.Sessions}
		u := *r.People[p]
		u.Name = name
		r.People[p] = &u
		return r
	})
}

func TestATimeWithoutActionsHasOnlyTheSessionsOfItsDate(t *testing.T) {
	s := evening(t)
	day := func(d int) time.Time { return time.Date(2026, 12, d, 0, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		from, to time.Time
		want     string
	}{
		"all":                {want: "TS1 TS1 TS1 TS1 TS1 TS2 TS2"},
		"that evening":       {day(2), day(3), "TS1 TS1 TS1 TS1 TS1"},
		"the day of TS2":     {day(9), day(10), "TS2 TS2"},
		"another day":        {day(5), day(6), ""},
		"from then on":       {from: day(5), want: "TS2 TS2"},
		"until then":         {to: day(5), want: "TS1 TS1 TS1 TS1 TS1"},
		"until it began":     {to: s.at.Add(-48 * time.Hour), want: ""},
		"both of them":       {day(2), day(10), "TS1 TS1 TS1 TS1 TS1 TS2 TS2"},
		"to is not included": {day(8), day(9).Add(9 * time.Hour), ""},
	} {
		var got []string
		for _, r := range s.rows(export.Request{Table: export.Attendance, From: tt.from, To: tt.to}) {
			got = append(got, r["ts_id"].(string))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestKeystrokesAreOfWhoAgrees(t *testing.T) {
	s := newStudy(t, cast())
	s.arrive("TS1", "P123", "P124", "P125")
	s.say("P123", "TS1", "a", "a")
	s.say("P124", "TS1", "bc", "b", "c")
	s.say("P125", "TS1", "d", "d") // never stored
	s.say("P124", "TS1", "without")
	s.after(time.Hour).say("P124", "TS1", "e", "e")
	late := s.at
	keys := func(r export.Request) (all string) {
		r.Table = export.Keystrokes
		for _, r := range s.rows(r) {
			all += fmt.Sprint(r["author_id"], ":", r["key"], ":", r["history_missing"], " ")
		}
		return all
	}
	for _, tt := range []struct {
		ask  export.Request
		want string
	}{
		{export.Request{}, "P123:a:false P124:b:false P124:c:false P124:<nil>:true P124:e:false "},
		{export.Request{TS: "TS2"}, ""},
		{export.Request{From: late}, "P124:e:false "},
		{export.Request{To: late}, "P123:a:false P124:b:false P124:c:false P124:<nil>:true "},
	} {
		if got := keys(tt.ask); got != tt.want {
			t.Errorf("%+v: %s", tt.ask, got)
		}
	}
	// Who agrees no more: what is stored of them stays where it is.
	s.roster(func(old *chat.Roster) *chat.Roster {
		r := &chat.Roster{People: maps.Clone(old.People), Sessions: old.Sessions}
		u := *r.People["P124"]
		u.Keystrokes = false
		r.People["P124"] = &u
		return r
	})
	if got := keys(export.Request{}); got != "P123:a:false " {
		t.Error(got)
	}
	for _, r := range s.rows(export.Request{Table: export.Transcript, TS: "TS1"}) {
		if r["author_id"] != "P123" && (r["character_history"] != nil || r["time_to_complete"] != nil) {
			t.Errorf("%v", r)
		}
	}
}

func TestDeidentifiedExportsNameNobody(t *testing.T) {
	s := evening(t)
	s.after(time.Hour)
	rename(s, "P123", "Gil") // the log still has the name of then
	secrets := []string{
		"gilligan", "denver", "mary ann", "mary", "summers", "skipper", "grumby", "zoë", "zoe", "wentworth", "howell", "ginger", "grant",
		"555-01", "5550124", "12345678", "evening group", "morning group", "c-1", "2026-12-0",
	}
	for id := range cast().People {
		secrets = append(secrets, strings.ToLower(string(id)))
	}
	pseudonyms := map[string]bool{}
	for name, r := range requests() {
		if !r.Deidentify {
			continue
		}
		text := strings.ToLower(s.export(r))
		for _, secret := range secrets {
			if strings.Contains(strings.ReplaceAll(text, "ts_", ""), secret) {
				t.Errorf("%s has %q", name, secret)
			}
		}
		if strings.Contains(text, "ts1") || strings.Contains(text, "ts2") {
			t.Errorf("%s names a therapy session", name)
		}
		for _, row := range s.rows(r) {
			for _, column := range []string{"author_id", "person_id", "deleted_by"} {
				if id, ok := row[column].(string); ok {
					pseudonyms[id] = true
				}
			}
		}
	}
	if len(pseudonyms) != 5 {
		t.Errorf("five people have the pseudonyms %v", pseudonyms)
	}
	// Everything is where it was: only names, ids, times and keys differ.
	for _, table := range export.Tables() {
		open, veiled := s.rows(export.Request{Table: table, TS: "TS1"}), s.rows(export.Request{Table: table, TS: "TS1", Deidentify: true})
		if len(open) != len(veiled) {
			t.Errorf("%s: %d rows and %d", table, len(open), len(veiled))
		}
	}
}

// Where a therapy session is cut by --from or --to stands a time that the
// reader knows: beside the same one, moved, it would tell by how many days.
func TestDeidentifiedTimesAreNotCutWhereTheReaderKnowsIt(t *testing.T) {
	s := evening(t)
	began := time.Date(2026, 12, 2, 2, 0, 0, 0, time.UTC)
	for _, table := range []export.Table{export.Attendance, export.Keystrokes} {
		ask := func(ts chat.TSID, from, to time.Time) string {
			return s.export(export.Request{Table: table, Format: export.NDJSON, TS: ts, Deidentify: true, From: from, To: to})
		}
		whole := ask("TS1", time.Time{}, time.Time{})
		if whole == "" {
			t.Fatal("nothing to see")
		}
		month := func(from, to time.Duration) string { return ask("", began.Add(from), began.Add(to)) }
		const days = 24 * time.Hour
		for name, got := range map[string]string{
			"cut at its beginning": month(2*time.Minute, 2*time.Minute+28*days),
			"cut at its end":       ask("TS1", began.Add(-28*days), began.Add(2*time.Minute)),
			"from the midst on":    ask("TS1", began.Add(2*time.Minute), time.Time{}),
			"until the midst":      ask("TS1", time.Time{}, began.Add(2*time.Minute)),
			"in the midst of it":   ask("TS1", began.Add(-14*days), began.Add(14*days)),
		} {
			if name == "cut at its beginning" { // TS2 is of that month, too
				got = strings.Join(slices.DeleteFunc(slices.Collect(strings.Lines(got)), func(l string) bool {
					return !strings.Contains(whole, l)
				}), "")
			}
			if got != whole {
				t.Errorf("%s, %s:\n%swant\n%s", table, name, got, whole)
			}
		}
		if got := ask("TS1", time.Time{}, began.Add(-days)); got != "" {
			t.Errorf("%s before it was: %s", table, got)
		}
		if got := ask("TS1", began.Add(days), time.Time{}); got != "" {
			t.Errorf("%s after it was: %s", table, got)
		}
	}
	_, err := export.Begin(t.Context(), s.Store, "operator", export.Request{
		Table: export.Attendance, Format: export.CSV, Deidentify: true, From: began, To: began.Add(27 * 24 * time.Hour),
	})
	if err == nil || !strings.Contains(err.Error(), "deidentify, from, to: ") {
		t.Errorf("a short time: %v", err)
	}
}
