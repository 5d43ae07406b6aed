package export

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hearth/hub/chat"
)

func sampleMask() *mask {
	r := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{"TS1": {ID: "TS1"}}}
	for _, u := range []chat.User{
		{ID: "T1", Name: "Dr. Howell", LastName: "Howell", Phone: "+16505550100"},
		{ID: "P123", Name: "Gilligan", LastName: "Denver", Phone: "+16505550123"},
		{ID: "P-12 B", Name: "Mary Ann", LastName: "O'Hara", Phone: "+493012345678"},
		{ID: "7", Name: "Zoë", LastName: "Wentworth-Smith"},
		{ID: "100234", Name: "J", LastName: "李小龍"},
	} {
		r.People[u.ID] = &u
	}
	return newMask(r, nil, map[string]bool{"Professor Nobody": true})
}

func TestMaskedText(t *testing.T) {
	m := sampleMask()
	for _, tt := range []struct{ name, text, want string }{
		{"nobody", "I slept well. 7 hours, 10:30, 100%", "I slept well. 7 hours, 10:30, 100%"},
		{"nothing", "", ""},
		{"a name", "Hello Gilligan!", "Hello [name]!"},
		{"without case", "GILLIGAN and gilligan", "[name] and [name]"},
		{"accents that are not typed", "Zoe, ZOË, Zoe\u0308", "[name], [name], [name]"},
		{"accents that are typed", "Gïlligán", "[name]"},
		{"a last name", "Mrs. Denver lives in Denver", "Mrs. [name] lives in [name]"},
		{"the genitive", "Gilligan's, Gilligans, Gilligan’s", "[name]'s, [name], [name]’s"},
		{"a whole name is one", "Dr. Howell, dr howell, Dr Howell", "[name], [name], [name]"},
		{"a title names nobody", "The Dr. was there", "The Dr. was there"},
		{"several words", "Mary Ann, mary-ann, MaryAnn, Mary, Ann", "[name], [name], [name], [name]"},
		{"words that only begin like a name", "Annual denversion Gilliganesque", "Annual denversion Gilliganesque"},
		{"an address", "gilligan.denver@example.org, @Gilligan99, gilligan_d, GilliganDenver", "[name].[name]@example.org, @[name], [name]_d, [name]"},
		{"hidden parts", "Gil\u00adli\u200bgan", "[name]"},
		{"last names of parts", "O'Hara, o’hara, Wentworth-Smith, Smith", "[name], [name], [name], [name]"},
		{"one letter is no name", "J is a letter", "J is a letter"},
		{"a script without spaces", "我是李小龍。", "我是[name]。"},
		{"further names", "Professor Nobody, nobody", "[name], [name]"},
		{"ids", "P123, p123, p-12 b, TS1, 100234, P1234", "[id], [id], [id], [id], [id], P1234"},
		{"phones", "+1 650 555 0123, (650) 555-0123, 6505550123, 555-0123, 555.01.23", "[phone], [phone], [phone], [phone], [phone]"},
		{"a phone at home and abroad", "030 12345678, 0049 30 1234 5678, +49(30)12345678", "[phone], [phone], [phone]"},
		{"full width", "６５０５５５０１２３", "[phone]"},
		{"others' phones", "650 555 9999, 12:30-14:00, 2026-12-01", "650 555 9999, 12:30-14:00, 2026-12-01"},
		{"a name that hangs on a phone", "A5550123GilligAn, x555-0123Gilligan5550123y", "A[phone][name], x[phone][name][phone]y"},
		{"all at once", "P123 Gilligan 650-555-0123", "[id] [name] [phone]"},
		{"broken text", "Gilligan\xff\xfe", "[name]\xff\xfe"},
	} {
		if got := m.text(tt.text); got != tt.want {
			t.Errorf("%s: %q became %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("Hello Gilligan, 650-555-0123")
	f.Add("Zoe\u0308 (ＭＡＲＹ) ann +1(650)5550123 P-12 B")
	m := sampleMask()
	f.Add("5550123Gilligan 555-0123P123 Zoë\u200d7")
	f.Add("A5550123GilligAn")
	f.Fuzz(func(t *testing.T, s string) {
		masked := m.text(s)
		for _, w := range split(masked) {
			if m.isName(w.folded) {
				t.Fatalf("%q became %q, which names %q", s, masked, w.folded)
			}
		}
		if len(m.phonesIn(masked)) > 0 {
			t.Fatalf("%q became %q, which has a phone", s, masked)
		}
		for _, part := range strings.FieldsFunc(masked, func(r rune) bool { return r == '[' || r == ']' }) {
			if part != "name" && part != "phone" && part != "id" && !strings.Contains(s, part) {
				t.Fatalf("%q became %q: %q is new", s, masked, part)
			}
		}
	})
}

func TestPseudonymsAreTheSameForAStudyAndOthersForAnother(t *testing.T) {
	a, again, other := newVeil([]byte("key")), newVeil([]byte("key")), newVeil([]byte("another"))
	seen := map[string]bool{}
	for _, id := range []string{"P1", "P2", "TS1", "p_"} {
		p, s := a.person(chat.PID(id)), a.session(chat.TSID(id))
		if p != again.person(chat.PID(id)) || s != again.session(chat.TSID(id)) || p == other.person(chat.PID(id)) || seen[p] || seen[s] {
			t.Errorf("%s is %s and %s", id, p, s)
		}
		seen[p], seen[s] = true, true
	}
	if a.person("") != "" || (*veil)(nil).person("P1") != "P1" {
		t.Error("the server, or a person without a veil")
	}
}

func TestDatesMoveByWholeDays(t *testing.T) {
	v := newVeil([]byte("key"))
	at := time.Date(2026, 12, 2, 2, 1, 30, 5e6, time.UTC)
	moved := map[int]bool{}
	for i := range 5000 {
		ts := chat.TSID(strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String())
		days := v.days(ts)
		moved[days] = true
		if d := v.time(ts, at).Sub(at); d != time.Duration(days)*24*time.Hour {
			t.Fatalf("%d days are %v", days, d)
		}
	}
	if len(moved) != 2*maxShift || moved[0] || moved[maxShift+1] || moved[-maxShift-1] || !moved[maxShift] || !moved[-maxShift] {
		t.Errorf("%d different shifts", len(moved))
	}
	if !v.time("TS1", time.Time{}).IsZero() || !(*veil)(nil).time("TS1", at).Equal(at) {
		t.Error("no time, or no veil")
	}
	days := time.Duration(v.days("TS1")) * 24 * time.Hour
	for _, tt := range []struct{ told, layout string }{
		{"2026-12-02T02:01:30.005Z", "2006-01-02T15:04:05.000Z07:00"}, {"2026-12-01T18:01:30.250-08:00", "2006-01-02T15:04:05.000Z07:00"},
		{"2026-12-02T02:01:30+05:45", time.RFC3339Nano}, {"2026-12-02T02:01:30.123456Z", time.RFC3339Nano},
	} {
		was, _ := time.Parse(tt.layout, tt.told)
		is, err := time.Parse(tt.layout, v.clientTime("TS1", tt.told))
		if err != nil || is.Sub(was) != days || !strings.HasSuffix(v.clientTime("TS1", tt.told), "Z") {
			t.Errorf("%s became %s", tt.told, v.clientTime("TS1", tt.told))
		}
	}
	ms := time.UnixMilli(1764640890005)
	if got := v.clientTime("TS1", "1764640890005"); got != strconv.FormatInt(ms.Add(days).UnixMilli(), 10) {
		t.Errorf("milliseconds became %s", got)
	}
	if got := v.clientTime("TS1", "1764640890"); got != strconv.FormatInt(ms.Add(days).Unix(), 10) {
		t.Errorf("seconds became %s", got)
	}
	for _, s := range []string{"Gilligan's clock", "12345", "now", "", "2026-12-02 02:01:30", "2026-12-02T02:01:30", "2026-12-02T02:01:30.005"} {
		if got := v.clientTime("TS1", s); got != "" {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestWhatAKeyIs(t *testing.T) {
	for _, tt := range []struct{ key, kind, veiled string }{
		{"a", "character", "letter"}, {"é", "character", "letter"}, {"e\u0301", "character", "letter"}, {"李", "character", "letter"},
		{"7", "character", "digit"}, {" ", "character", "space"}, {"!", "character", "punctuation"}, {"€", "character", "symbol"},
		{"😀", "character", "symbol"}, {"👩‍👩‍👧", "character", "symbol"}, {"1️⃣", "character", "digit"}, {"@", "character", "punctuation"},
		{"Backspace", "delete", "Backspace"}, {"DeleteWord", "delete", "DeleteWord"}, {"Enter", "enter", "Enter"},
		{"ArrowLeft", "navigation", "ArrowLeft"}, {"Shift", "modifier", "Shift"}, {"Paste", "paste", "Paste"}, {"Word", "composition", "Word"},
		{"Replacement", "replacement", "Replacement"}, {"Dictation", "dictation", "Dictation"}, {"Mention", "mention", "Mention"},
		{"F1", "other", "F1"}, {"MediaPlay", "other", "other"}, {"Gilligan", "other", "other"}, {"H", "character", "letter"},
		{"He", "other", "other"}, {"he", "text", "text"}, {"I am Gilligan", "text", "text"}, {"12", "text", "text"}, {"", "text", "text"},
	} {
		if kind, veiled := keyKind(tt.key), veiledKey(tt.key); kind != tt.kind || veiled != tt.veiled {
			t.Errorf("%q is %s and becomes %q, want %s and %q", tt.key, kind, veiled, tt.kind, tt.veiled)
		}
	}
	kinds := keyKinds()
	for _, kind := range namedKeys {
		if !slices.ContainsFunc(kinds, func(v Value) bool { return v.Code == kind }) {
			t.Errorf("%s is not in the codebook", kind)
		}
	}
}

func TestTimesOfKeys(t *testing.T) {
	all := strokes([]string{"a@0+80", "@@100+50", "Enter@140", "é@300+1"})
	want := []stroke{{"a", true, 0, 80}, {"@", true, 100, 50}, {"Enter", true, 140, -1}, {"é", true, 300, 1}}
	if !slices.Equal(all, want) {
		t.Errorf("%v", all)
	}
	for i, want := range []struct {
		ms    int64
		there bool
	}{{0, false}, {20, true}, {-10, true}, {0, false}} {
		if ms, there := flight(all, i); ms != want.ms || there != want.there {
			t.Errorf("flight of key %d: %d, %t", i, ms, there)
		}
	}
	for _, history := range [][]string{{"a", "a@", "a@1"}, {"a@0", "b"}, {"me@1"}, {"a@1+"}, {"a@-1"}, {"@1"}, {""}, {"a@9999999999"}} {
		for i, s := range strokes(history) {
			if s.timed || s.key != history[i] {
				t.Errorf("%q is taken for times: %v", history, s)
			}
		}
	}
	v := newVeil([]byte("key"))
	if got := v.history([]string{"a@0+80", "7@5"}); !slices.Equal(got, []string{"letter@0+80", "digit@5"}) {
		t.Errorf("veiled: %q", got)
	}
	if v.history(nil) != nil {
		t.Error("no history became one")
	}
}
