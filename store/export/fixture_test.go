package export_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
	"hearth/store/export"
)

var update = flag.Bool("update", false, "write the golden files anew")

// study is a store with a clock that a test sets.
type study struct {
	*store.Store
	t    testing.TB
	path string
	at   time.Time
}

func newStudy(t testing.TB, r *chat.Roster) *study {
	t.Helper()
	s := &study{t: t, path: filepath.Join(memoryDir(t), "hearth.db"), at: time.Date(2026, 12, 2, 2, 0, 0, 0, time.UTC)}
	s.open()
	t.Cleanup(func() {
		if r, err := s.Check(context.Background()); err != nil || len(r.Problems) > 0 {
			t.Errorf("check: %v, %q", err, r.Problems)
		}
		s.Close()
	})
	s.roster(func(*chat.Roster) *chat.Roster { return r })
	return s
}

// memoryDir is a directory in memory, where there are such: what is on the
// disk is not what these tests are about.
func memoryDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "hearth-export-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (s *study) open() {
	s.t.Helper()
	db, err := bolt.Open(s.path, bolt.Options{})
	s.must(err)
	s.Store, err = store.Open(context.Background(), store.Options{
		Driver: db, AuditKey: []byte("0123456789abcdef0123456789abcdef"), Now: func() time.Time { return s.at },
		Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9},
	})
	s.must(err)
}

func (s *study) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *study) roster(change func(*chat.Roster) *chat.Roster) {
	s.t.Helper()
	s.must(s.ApplyRoster(context.Background(), "test", "import", func(old *chat.Roster) (*chat.Roster, error) { return change(old), nil }))
}

// after moves the clock.
func (s *study) after(d time.Duration) *study {
	s.at = s.at.Add(d)
	return s
}

func (s *study) arrive(ts chat.TSID, people ...chat.PID) {
	s.t.Helper()
	for _, p := range people {
		_, err := s.Enter(context.Background(), p, ts)
		s.must(err)
		s.must(s.Arrive(context.Background(), ts, p))
	}
}

func (s *study) leave(ts chat.TSID, p chat.PID) {
	s.t.Helper()
	s.must(s.Depart(context.Background(), ts, p))
}

func (s *study) save(by chat.PID, ts chat.TSID, d chat.Draft) chat.ActionID {
	s.t.Helper()
	saved, err := s.Append(context.Background(), by, ts, []chat.Draft{d})
	s.must(err)
	if err := saved.Results[0].Err; err != nil {
		s.t.Fatal(err)
	}
	return saved.Results[0].Action.ID
}

func (s *study) say(by chat.PID, ts chat.TSID, body string, keys ...string) chat.ActionID {
	s.t.Helper()
	d := chat.Draft{Type: chat.Message, Body: chat.Text(body)}
	if len(keys) > 0 {
		d.Research = chat.Research{History: keys, TimeToComplete: "671ms"}
	}
	return s.save(by, ts, d)
}

func (s *study) export(r export.Request) string {
	s.t.Helper()
	e, err := export.Begin(context.Background(), s.Store, "operator", r)
	s.must(err)
	var b strings.Builder
	_, err = e.WriteTo(context.Background(), &b)
	s.must(err)
	return b.String()
}

// row is one of an export, by its columns.
type row map[string]any

func (s *study) rows(r export.Request) []row {
	s.t.Helper()
	r.Format = export.NDJSON
	return parse(s.t, s.export(r))
}

func parse(t testing.TB, ndjson string) (all []row) {
	t.Helper()
	for line := range strings.Lines(ndjson) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// cast are the people of the samples. P125 keeps no keystrokes; P126 never
// comes; P127 is of no therapy session.
func cast() *chat.Roster {
	r := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
	for _, u := range []chat.User{
		{ID: "T1", Name: "Dr. Howell", LastName: "Howell", Phone: "+16505550100", Role: chat.Therapist, Keystrokes: true},
		{ID: "P123", Name: "Gilligan", LastName: "Denver", Phone: "+16505550123", Role: chat.Participant, Keystrokes: true},
		{ID: "P124", Name: "Mary Ann", LastName: "Summers", Phone: "+16505550124", Role: chat.Participant, Keystrokes: true},
		{ID: "P125", Name: "Skipper", LastName: "Grumby", Phone: "+16505550125", Role: chat.Participant},
		{ID: "P126", Name: "Zoë", LastName: "Wentworth", Phone: "+493012345678", Role: chat.Participant, Keystrokes: true, Withdrawn: true},
		{ID: "P127", Name: "Ginger", LastName: "Grant", Phone: "+16505550127", Role: chat.Participant, Keystrokes: true},
	} {
		r.People[u.ID] = &u
	}
	r.Sessions["TS1"] = &chat.TherapySession{
		ID: "TS1", Name: "Dr. Howell's evening group", Date: time.Date(2026, 12, 1, 18, 0, 0, 0, time.FixedZone("", -8*3600)),
		Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P123", "P124", "P125", "P126"}, PrivateMessages: chat.PrivateToAnyone,
	}
	r.Sessions["TS2"] = &chat.TherapySession{
		ID: "TS2", Name: "Morning group", Date: time.Date(2026, 12, 9, 9, 0, 0, 0, time.UTC),
		Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P124"},
	}
	return r
}

// evening is a therapy session with a bit of everything, and one that has not
// begun.
func evening(t testing.TB) *study {
	t.Helper()
	s := newStudy(t, cast())
	s.arrive("TS1", "T1", "P123")
	s.after(90*time.Second).arrive("TS1", "P124", "P125")
	hello := s.after(1234*time.Millisecond).say("P123", "TS1", "Hello, I am Gilligan", "Shift", "H", "e", "Backspace", "e", "l", "l", "o", "4", " ", "!", "Paste")
	s.after(time.Second).save("P124", "TS1", chat.Draft{Type: chat.MessageRead, Target: hello})
	s.save("T1", "TS1", chat.Draft{Type: chat.MessageRead, Target: hello})
	heart := s.save("P124", "TS1", chat.Draft{Type: chat.Reaction, Target: hello, Icon: chat.Heart})
	s.save("T1", "TS1", chat.Draft{Type: chat.Reaction, Target: hello, Icon: chat.Smile})
	s.after(time.Second).save("P124", "TS1", chat.Draft{Type: chat.Delete, Target: heart})
	s.after(time.Minute).save("P124", "TS1", chat.Draft{
		Type: chat.Message, Body: "Only for you, GILLIGAN:\r\n\"call\" me,\rat (650) 555-0124; mary-ann", Recipients: []chat.PID{"P123"}, Target: hello,
		ClientID: "c-1", ClientTS: "2026-12-01T18:02:37.000-08:00",
		Research: chat.Research{History: []string{"a@0+80", "b@150+90", "Enter@200"}, Cut: true, TimeToComplete: "1500.5ms"},
	})
	regret := s.after(time.Second).save("P125", "TS1", chat.Draft{
		Type: chat.Message, Body: "=SUM(A1) I regret this", ClientTS: "Grumby's clock",
		Research: chat.Research{History: []string{"s", "e", "c", "r", "e", "t"}, TimeToComplete: "9ms"},
	})
	s.after(time.Second).save("P125", "TS1", chat.Draft{Type: chat.Delete, Target: regret})
	s.say("P123", "TS1", "-5 °C; Zoe and gilligan denver, P126 😀")
	s.after(10*time.Minute).leave("TS1", "P123")
	s.after(30*time.Second).arrive("TS1", "P123")
	s.after(time.Minute).save("T1", "TS1", chat.Draft{Type: chat.Notice, Body: "Five minutes left, Ms. Summers", Recipients: []chat.PID{"P124"}})
	s.save("T1", "TS1", chat.Draft{Type: chat.Whiteboard, Body: "Breathe"})
	s.save("T1", "TS1", chat.Draft{Type: chat.Whiteboard, Body: ""})
	s.leave("TS1", "P125")
	s.after(5*time.Minute).save("T1", "TS1", chat.Draft{Type: chat.EndChatSession})
	s.after(2*time.Hour).leave("TS1", "P123")
	return s
}

// requests are one of each kind of export of the sample.
func requests() map[string]export.Request {
	all := map[string]export.Request{}
	for _, table := range export.Tables() {
		for _, format := range []export.Format{export.CSV, export.JSON, export.NDJSON} {
			for _, deidentify := range []bool{false, true} {
				r := export.Request{Table: table, Format: format, Deidentify: deidentify}
				if table == export.Transcript {
					r.TS = "TS1"
				}
				name := string(table)
				if deidentify {
					name += "-deidentified"
				}
				all[name+"."+string(format)] = r
			}
		}
	}
	return all
}

// golden holds got against a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	was, is := slices.Collect(strings.Lines(string(want))), slices.Collect(strings.Lines(got))
	for i := range max(len(was), len(is)) {
		if i >= len(was) || i >= len(is) || was[i] != is[i] {
			t.Errorf("%s differs from line %d on (-update writes it anew):\n%q", name, i+1, is[min(i, len(is)):min(i+1, len(is))])
			return
		}
	}
}
