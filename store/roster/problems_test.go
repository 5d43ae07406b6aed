package roster_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hearth/hub/chat"
	"hearth/store/roster"
)

const (
	peopleBefore = `participants:
  - {id: P1, name: Gilligan, last_name: Denver, phone: +16505550123, role: participant}
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: +16505550100, role: therapist}
`
	sessionsBefore = peopleBefore + "therapy_sessions:\n"
	sessionBefore  = sessionsBefore + "  - id: TS1\n    name: Evening group\n    therapists: [T1]\n"
	surveysBefore  = sessionBefore + "    assessments:\n"
)

// wantProblems checks the whole list; a wanted line that ends in … is a beginning.
func wantProblems(t *testing.T, data string, o roster.Options, want ...string) {
	t.Helper()
	r, err := roster.Parse([]byte(data), o)
	var problems roster.Problems
	if !errors.As(err, &problems) || r != nil {
		t.Fatalf("got %s and error %v", dump(t, r), err)
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(problems) {
		t.Errorf("%d problems in %d lines", len(problems), len(got))
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("too much:\n\t%s", got[i])
		case i >= len(got):
			t.Errorf("missing:\n\t%s", want[i])
		default:
			begin, open := strings.CutSuffix(want[i], "…")
			if got[i] != want[i] && !(open && strings.HasPrefix(got[i], begin)) {
				t.Errorf("got\n\t%s\nwant\n\t%s", got[i], want[i])
			}
		}
	}
}

func TestEveryProblemHasItsLine(t *testing.T) {
	long := strings.Repeat("x", 201)
	for _, row := range []struct {
		what string
		data string
		want []string
	}{
		// The file.
		{"empty file", "", []string{"line 1: the file is empty"}},
		{"nothing but comments", "# people\n# sessions\n", []string{"line 1: the file is empty"}},
		{"null file", "---\n~\n", []string{"line 1: the file is empty"}},
		{"list at the top", "# people\n- id: P1\n", []string{"line 2: must be a mapping of keys to values"}},
		{"no list at all", "\n{}\n", []string{"line 2: neither participants nor therapy_sessions"}},
		{"null lists", "participants:\ntherapy_sessions: null\n", []string{"line 1: neither participants nor therapy_sessions"}},
		{"over 8 MiB", "# " + strings.Repeat("x", 8<<20), []string{"line 1: the file is over 8 MiB"}},
		{"Latin-1", "participants: []\n# caf\xe9\r\n\n# \xff\xfe\n", []string{
			"line 2: not UTF-8; save the file in that encoding", "line 4: not UTF-8; save the file in that encoding"}},
		{"control characters", "\n\ttherapy_sessions: \x00\x01[]\n#\x7f\n", []string{
			"line 2: the character U+0000 is not allowed", "line 3: the character U+007F is not allowed"}},
		{"Unicode line breaks", "participants: []\r# \u2028\r# \u0085\r# \u2029\r# \ufeff", []string{
			"line 2: the character U+2028 is not allowed", "line 3: the character U+0085 is not allowed",
			"line 4: the character U+2029 is not allowed", "line 5: the character U+FEFF is not allowed"}},
		{"two documents", "participants: []\n---\nparticipants: []\n", []string{"line 2: a second document begins; a roster is one"}},
		{"merge key", peopleBefore + "  - <<: {id: P2}\n    name: x\n", []string{
			"line 4: merge keys (<<) are not allowed", "line 4: id: missing", "line 4: last_name: missing", "line 4: phone: missing", "line 4: role: missing"}},
		{"alias", "participants: &p []\ntherapy_sessions: *p\n", []string{
			"line 1: participants: anchors (&) and aliases (*) are not allowed; quote a text that begins with one of these characters",
			"line 2: therapy_sessions: anchors (&) and aliases (*)…"}},
		{"alias of a value", sessionBefore + "    participants: [&p P1]\n    topic: *p\n", []string{
			"line 8: participants: anchors (&)…", "line 9: topic: anchors (&)…"}},
		{"alias that contains itself", "participants: &p\n  - *p\n", []string{"line 1: participants: anchors (&)…"}},
		{"alias as a key", "&a participants: []\n*a : []\n", []string{"line 1: anchors (&)…", "line 2: anchors (&)…"}},
		{"alias of nothing", sessionBefore + "    topic: *important\n    name: x\n", []string{"line 8: not valid YAML: anchors (&)…"}},
		{"text that begins with *", sessionBefore + "    topic: *important*\n", []string{
			"line 8: not valid YAML: did not find expected alphabetic or numeric character"}},
		{"tag", sessionBefore + "    topic: !!binary aGk=\n    waiting_room: !!bool yes\n    participants: !!set {}\n", []string{
			"line 8: topic: tags (!) are not allowed; quote a text that begins with this character",
			"line 9: waiting_room: tags (!)…", "line 10: participants: tags (!)…"}},
		{"mapping as a key", "? {a: b}\n: c\nparticipants: []\n", []string{"line 2: not valid YAML: did not find expected key"}},
		{"list as a key", "[a]: c\nparticipants: []\n", []string{"line 1: must be a single value"}},

		// Syntax.
		{"colon in a text", peopleBefore + "  - id: P2\n    name: Gilligan: the First\n    phone: 1\n", []string{
			"line 5: not valid YAML: mapping values are not allowed in this context"}},
		{"brace left open", peopleBefore + "  - {id: P2, name: x\n  - {id: P3}\n  - {id: P4}\n", []string{
			"line 4: not valid YAML: did not find expected ',' or '}'"}},
		{"wrong indentation of an item", peopleBefore + "   - {id: P2}\n  - {id: P3}\n", []string{
			"line 4: not valid YAML: did not find expected '-' indicator"}},
		{"wrong indentation of a key", peopleBefore + "  - id: P2\n    name: x\n   phone: 1\n  - id: P3\n", []string{
			"line 6: not valid YAML: did not find expected '-' indicator"}},
		{"key without a colon", peopleBefore + "  - id: P2\n    name x\n    phone: 1\n", []string{
			"line 5: not valid YAML: could not find expected ':'"}},
		{"quote left open", peopleBefore + "  - id: P2\n    name: \"x\n    phone: 1\n\n\n\n", []string{
			"line 5: not valid YAML: found unexpected end of stream"}},
		{"quote left open on the first line", "participants: 'x\n\n\n", []string{"line 1: not valid YAML: found unexpected end of stream"}},
		{"unknown escape", peopleBefore + "  - id: P2\n    name: \"x\\q\"\n    phone: 1\n", []string{
			"line 5: not valid YAML: found unknown escape character"}},
		{"half a surrogate pair", "{\"participants\": [\n {\"id\": \"P1\",\n  \"name\": \"\\ud83d\"}]}", []string{
			"line 3: not valid YAML: found invalid Unicode character escape code"}},
		{"tab as indentation", peopleBefore + "  - id: P2\n\tname: x\n    phone: 1\n", []string{
			"line 5: not valid YAML: found a tab character that violates indentation"}},
		{"text after a quoted one", peopleBefore + "  - id: P2\n    name: 'x' y\n    phone: 1\n\n# end\n", []string{
			"line 5: not valid YAML: did not find expected key"}},
		{"text that begins with @", peopleBefore + "  - id: P2\n    name: @x\n    phone: 1\n", []string{
			"line 5: not valid YAML: found character that cannot start any token"}},
		{"second document broken", peopleBefore + "---\na: b: c\n", []string{
			"line 5: not valid YAML: mapping values are not allowed in this context"}},
		{"JSON without a comma", "{\n\"participants\": [\n{\"id\": 1},\n{\n\"id\": 4\n\"name\": 5},\n{\"id\": 6}\n]}\n", []string{
			`line 6: not valid JSON: invalid character '"' after object key:value pair`}},
		{"JSON cut off", "{\n\"participants\": [\n{\"id\": 1},\n{\"id\": 2}", []string{"line 4: not valid JSON: unexpected end of JSON input"}},
		{"flow style over many lines", "participants: [\n  {id: P1},\n  {id: P2\n  {id: P3},\n  {id: P4}\n]\n", []string{"line 3: not valid YAML: did not find expected ',' or '}'"}},
		{"brackets mixed up over many lines", "participants: [\n  {id: P1},\n  {id: [},\n  {id: P3}\n]\n", []string{"line 3: not valid YAML: did not find expected node content"}},
		{"nested too deep", "participants:\n" + strings.Repeat("[", 20_000), []string{"line 2: not valid YAML: …"}},

		// Keys and kinds.
		{"unknown keys", "people: []\nparticipants:\n  - {id: P1, name: a, last_name: b, phone: 6505550123, role: participant, email: c}\nsessions: []\n", []string{
			"line 1: people: unknown key", "line 3: email: unknown key", "line 4: sessions: unknown key"}},
		{"key that may be a phone or a name", "participants:\n  - id: P1\n    6505550123: x\n    Gilligan Denver: x\n    name: a\n    last_name: b\n    phone: 6505550123\n    role: participant\n", []string{
			"line 3: an unknown key, which is not like any key of a roster", "line 4: an unknown key, which is not like any key of a roster"}},
		{"comma in a text", "participants:\n  - {id: P1, name: Denver, Gilligan, last_name: b, phone: 6505550123, role: participant}\n", []string{
			"line 2: a key without a value; quote a text that holds a comma"}},
		{"keys given twice", "participants: []\nparticipants: []\n\"therapy_sessions\": []\ntherapy_sessions: []\n", []string{
			"line 2: participants: given twice, first on line 1", "line 4: therapy_sessions: given twice, first on line 3"}},
		{"key given twice in a person", peopleBefore + "  - id: P2\n    id: P3\n    name: a\n    last_name: b\n    phone: 6505550199\n    role: participant\n    role: null\n", []string{
			"line 5: id: given twice, first on line 4", "line 10: role: given twice, first on line 9"}},
		{"value instead of a list", "participants: P1\ntherapy_sessions:\n  id: TS1\n", []string{
			"line 1: participants: must be a list", "line 3: therapy_sessions: must be a list"}},
		{"value instead of an entry", "participants:\n  - P1\n  -\ntherapy_sessions:\n  - [TS1]\n", []string{
			"line 2: participants: must be a mapping of keys to values", "line 3: participants: must be a mapping of keys to values",
			"line 5: therapy_sessions: must be a mapping of keys to values"}},
		{"too many entries", "participants: [" + strings.Repeat("1,", 100_001) + "]\n", []string{"line 1: participants: more than 100000 entries"}},
		{"list instead of a value", "participants:\n  - id: [P1]\n    name: {a: b}\n    last_name: [b]\n    phone: []\n    role: {}\n    keystrokes: []\n    status: []\n", []string{
			"line 2: id: must be a single value", "line 3: name: must be a single value", "line 4: last_name: must be a single value",
			"line 5: phone: must be a single value", "line 6: role: must be a single value", "line 7: keystrokes: must be a single value",
			"line 8: status: must be a single value"}},

		// People.
		{"person with nothing", "participants:\n\n  - {}\n", []string{
			"line 3: id: missing", "line 3: name: missing", "line 3: last_name: missing", "line 3: phone: missing", "line 3: role: missing"}},
		{"person with null", "participants:\n  - keystrokes: ~\n    id: null\n    name:\n    last_name: ~\n    phone: null\n    role: # later\n", []string{
			"line 2: id: missing", "line 2: name: missing", "line 2: last_name: missing", "line 2: phone: missing", "line 2: role: missing"}},
		{"bad values of a person", "participants:\n  - id: P 1\n    name: ' '\n    last_name: \"a\\tb\"\n    phone: 12\n    role: admin\n    keystrokes: yes\n    status: gone\n", []string{
			"line 2: id: an id must not hold white space, control characters or |",
			"line 3: name: must not be blank",
			"line 4: last_name: must not hold control characters or line breaks",
			"line 5: phone: not a telephone number; write it with its area code",
			"line 6: role: must be participant or therapist",
			"line 7: keystrokes: must be true or false, without quotes",
			"line 8: status: must be active or withdrawn"}},
		{"quoted boolean", peopleBefore + "  - {id: P2, name: a, last_name: b, phone: 6505550199, role: participant,\n     keystrokes: \"true\"}\n", []string{
			"line 5: keystrokes: must be true or false, without quotes"}},
		{"names of odd characters", "participants:\n  - id: \"\"\n    name: \"\\u2028a\"\n    last_name: \"\\u0301\\u200b\"\n    phone: ''\n    role: \"\"\n    status: ''\n", []string{
			"line 2: id: an id must not be empty",
			"line 3: name: must not hold control characters or line breaks",
			"line 4: last_name: must not be blank",
			"line 5: phone: not a telephone number…", "line 6: role: must be participant or therapist", "line 7: status: must be active or withdrawn"}},
		{"long names", peopleBefore + "  - id: groupChat\n    name: " + long + "\n    last_name: " + strings.Repeat("é", 200) + "\n    phone: 6505550199\n    role: participant\n", []string{
			`line 4: id: the id "groupChat" has another meaning`, "line 5: name: must be at most 200 characters"}},
		{"same person twice", peopleBefore + "  - id: P1\n    name: a\n    last_name: b\n    phone: 6505550199\n    role: participant\n", []string{
			`line 4: id: "P1" is already on line 2`}},
		{"same phone and last name", peopleBefore + "  - name: Mary Ann\n    phone: (650) 555-0123\n    last_name: ' DÉNVER '\n    role: participant\n    id: P2\n    status: withdrawn\n" +
			"  - {id: P3, name: a, last_name: denver, phone: 6505550123, role: participant}\n", []string{
			`line 5: phone: "P2" has the same phone and last_name as "P1" on line 2`,
			`line 10: phone: "P3" has the same phone and last_name as "P1" on line 2`}},

		// Therapy sessions.
		{"session with nothing", sessionsBefore + "  -\n    topic: x\n", []string{
			"line 6: id: missing", "line 6: name: missing", "line 6: therapists: missing"}},
		{"bad values of a session", sessionsBefore + "  - id: a|b\n    name: ''\n    topic: \"a\\nb\"\n    date: 2026-12-01T18:00:00\n    therapists: []\n    participants: P1\n" +
			"    waiting_room: off\n    private_messages: false\n    history: none\n    after_end: open\n    assessments: {}\n", []string{
			"line 5: id: an id must not hold white space, control characters or |",
			"line 6: name: must not be blank",
			"line 7: topic: must not hold control characters or line breaks",
			"line 8: date: must be a date and time with offset, such as 2026-12-01T18:00:00-08:00",
			"line 9: therapists: must name at least one",
			"line 10: participants: must be a list",
			"line 11: waiting_room: must be true or false, without quotes",
			"line 12: private_messages: must be off, therapist or anyone",
			"line 13: history: must be all or since_admitted",
			"line 14: after_end: must be read or closed",
			"line 15: assessments: must be a list"}},
		{"dates that are not RFC 3339", sessionBefore + "    date: 2026-12-01 18:00:00-08:00\n  - {id: TS2, name: a, therapists: [T1], date: 2026-12-01}\n" +
			"  - {id: TS3, name: a, therapists: [T1], date: 2026-02-30T18:00:00Z}\n  - {id: TS4, name: a, therapists: [T1], date: 0001-01-01T00:00:00Z}\n" +
			"  - {id: TS5, name: a, therapists: [T1], date: 2026-12-01T6:00:00Z}\n", []string{
			"line 8: date: must be a date and time with offset…", "line 9: date: must be a date and time with offset…",
			"line 10: date: must be a date and time with offset…", "line 11: date: must be of the years 1900 to 2999",
			"line 12: date: must be a date and time with offset…"}},
		{"same session twice", sessionBefore + "  - {id: TS1, name: b, therapists: [T1]}\n", []string{`line 8: id: "TS1" is already on line 5`}},
		{"members", sessionsBefore + "  - id: TS1\n    name: a\n    therapists: [T1, T1, P1,\n      T9, ~, [T1], \"a b\"]\n    participants:\n      - P1\n      - P9\n      - P1\n      - T1\n      -\n", []string{
			`line 7: therapists: "T1" is already on line 7`,
			`line 7: therapists: "P1" is a participant`,
			"line 8: therapists: an id must not be empty",
			"line 8: therapists: must be a single value",
			"line 8: therapists: an id must not hold white space, control characters or |",
			`line 8: therapists: "T9" is not in the roster`,
			`line 10: participants: "P1" is also among the therapists, on line 7`,
			`line 11: participants: "P9" is not in the roster`,
			`line 12: participants: "P1" is already on line 10`,
			`line 13: participants: "T1" is also among the therapists, on line 7`,
			"line 14: participants: an id must not be empty"}},
		{"therapist of another session as participant", peopleBefore + "  - {id: T2, name: a, last_name: b, phone: 6505550199, role: therapist}\ntherapy_sessions:\n" +
			"  - {id: TS1, name: a, therapists: [T1], participants: [T2]}\n", []string{`line 6: participants: "T2" is a therapist`}},
		{"member whose role is bad is one problem", peopleBefore + "  - {id: P2, name: a, last_name: b, phone: 6505550199, role: nobody}\ntherapy_sessions:\n" +
			"  - {id: TS1, name: a, therapists: [T1], participants: [P2]}\n", []string{"line 4: role: must be participant or therapist"}},

		// Assessments.
		{"assessment with nothing", surveysBefore + "      - {}\n      - x\n", []string{
			"line 9: name: missing", "line 9: phase: missing", "line 10: assessments: must be a mapping of keys to values"}},
		{"bad values of assessments", surveysBefore +
			"      - {name: error, phase: pre}\n      - {name: no_surveys_required, phase: post}\n      - {name: a, title: '', phase: after}\n" +
			"      - {name: a, phase: pre, required: no}\n      - {name: b c, phase: pre, color: x}\n", []string{
			`line 9: name: "error" has another meaning`, `line 10: name: "no_surveys_required" has another meaning`,
			"line 11: title: must not be blank", "line 11: phase: must be pre or post",
			`line 12: name: "a" is already on line 11`, "line 12: required: must be true or false, without quotes",
			"line 13: color: unknown key", "line 13: name: an id must not hold white space, control characters or |"}},
		{"too many assessments", surveysBefore + strings.Repeat("      - {name: a}\n", 101), []string{"line 9: assessments: more than 100"}},
	} {
		t.Run(row.what, func(t *testing.T) { wantProblems(t, row.data, roster.Options{}, row.want...) })
	}
}

func TestLinksOfAssessments(t *testing.T) {
	const (
		link  = "must be https:// or http:// and a host, without a user, or a path that begins with one /"
		place = "is not a link; a placeholder may stand in its path, query and fragment only"
		brace = "a brace that is not part of a placeholder; write %7B or %7D"
		white = "must not hold white space or control characters"
	)
	for url, want := range map[string]string{
		"https://surveys.example/s?p={p_id}&ts={ts_id}&n={name}&r={return_url}#{name}": "",
		"http://localhost:8080/{p_id}/{ts_id}":                                         "",
		"/survey/{name}?back={return_url}":                                             "",
		"HTTPS://surveys.example":                                                      "",
		"https://[2001:db8::1]/s?q=%7B&x=ü":                                            "",

		"":                                                     "must be https…",
		"surveys.example/s":                                    link,
		"survey":                                               link,
		"?p={p_id}":                                            link,
		"//surveys.example/s":                                  link,
		`/\surveys.example/s`:                                  link,
		"ftp://surveys.example/":                               link,
		"javascript:alert(1)":                                  link,
		"https:///s":                                           link,
		"https://:443/s":                                       link,
		"https:surveys.example":                                link,
		"https://user:pw@surveys.example":                      link,
		"{return_url}":                                         link,
		"{name}://surveys.example/":                            place,
		"https://{ts_id}.example/":                             place,
		"https://surveys.example:{p_id}/":                      place,
		"https://{p_id}@surveys.example/":                      link,
		"https://surveys.example/%zz":                          place,
		"https://surveys.example/{pid}":                        "{pid} is not a placeholder; there are {p_id} {ts_id} {name} {return_url}",
		"https://surveys.example/{}":                           "{} is not a placeholder…",
		"https://surveys.example/{P_ID}":                       "{P_ID} is not a placeholder…",
		"https://surveys.example/{{name}":                      brace,
		"https://surveys.example/{name}}":                      brace,
		"https://surveys.example/{name":                        brace,
		"https://surveys.example/{na me}":                      white,
		`https://surveys.example/\ta`:                          white,
		`https://surveys.example/\u00a0`:                       white,
		`https://surveys.example/\u0000`:                       white,
		"https://surveys.example/" + strings.Repeat("x", 2000): "must be at most 2000 bytes",
	} {
		t.Run(url, func(t *testing.T) {
			yaml := url
			if !strings.HasPrefix(url, `/\`) {
				yaml = `"` + url + `"`
			}
			data := surveysBefore + "      - {name: a, phase: pre,\n         url: " + yaml + "}\n"
			if want == "" {
				got := mustParse(t, data, roster.Options{}).Sessions["TS1"].Assessments[0].URL
				if got != url {
					t.Errorf("got %s", got)
				}
				return
			}
			if want == "must be https…" {
				want = link
			}
			wantProblems(t, data, roster.Options{}, "line 10: url: "+want)
		})
	}
}

func TestLoginFieldDecidesWhoIsTheSame(t *testing.T) {
	sameLast := "participants:\n  - {id: P1, name: Mary Ann, last_name: Denver, phone: 6505550123, role: participant}\n" +
		"  - {id: P2, name: Gilligan, last_name: denver, phone: 6505550123, role: participant}\n"
	sameFirst := "participants:\n  - {id: P1, name: Gilligan, last_name: Denver, phone: 6505550123, role: participant}\n" +
		"  - {id: P2, name: gilligan, last_name: Howell, phone: 6505550123, role: participant}\n"
	mustParse(t, sameLast, roster.Options{LoginField: "name"})
	mustParse(t, sameFirst, roster.Options{LoginField: "last_name"})
	wantProblems(t, sameLast, roster.Options{}, `line 3: phone: "P2" has the same phone and last_name as "P1" on line 2`)
	wantProblems(t, sameFirst, roster.Options{LoginField: "name"}, `line 3: phone: "P2" has the same phone and name as "P1" on line 2`)
}

func TestFileIsReadBesideTheRosterInUse(t *testing.T) {
	existing := exampleRoster()
	existing.People["P7"] = &chat.User{ID: "P7", Name: "Mary Ann", LastName: "Summers", Phone: "+16505550177", Role: chat.Participant, Withdrawn: true}
	existing.Sessions["TS2"] = &chat.TherapySession{ID: "TS2", Name: "Morning group", Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P123"}}
	for _, row := range []struct {
		what       string
		data       string
		here, only []string // problems when adding, and when pruning
	}{
		{"session of people of the roster",
			"therapy_sessions:\n  - {id: TS3, name: a, therapists: [T1],\n     participants: [P123]}\n",
			nil, []string{`line 2: therapists: "T1" is not in the roster`, `line 3: participants: "P123" is not in the roster`}},
		{"session of a wrong role",
			"therapy_sessions:\n  - {id: TS3, name: a, therapists: [P7]}\n",
			[]string{`line 2: therapists: "P7" is a participant`}, []string{`line 2: therapists: "P7" is not in the roster`}},
		{"the file's role counts",
			"therapy_sessions:\n  - {id: TS3, name: a, therapists: [P7]}\nparticipants:\n  - {id: P7, name: a, last_name: b, phone: 6505550177, role: therapist}\n",
			nil, nil},
		{"phone and field of somebody withdrawn",
			"participants:\n  - {id: P8, name: a, last_name: summers, role: participant,\n     phone: 6505550177}\n",
			[]string{`line 3: phone: "P8" has the same phone and last_name as "P7", who is in the roster already`}, nil},
		{"phone of somebody whom the file gives another",
			"participants:\n  - {id: P8, name: a, last_name: summers, role: participant, phone: 6505550177}\n" +
				"  - {id: P7, name: a, last_name: summers, role: participant, phone: 6505550178}\n",
			nil, nil},
		{"same people again", string(example(t)), []string{}, nil},
		{"new role of a therapist",
			"participants:\n  - id: T1\n    name: a\n    last_name: b\n    phone: 6505550100\n    role: participant\n",
			[]string{`line 6: role: "T1" is listed as therapist in the therapy session "TS1", which the file leaves as it is`}, nil},
		{"new role of a participant whose other session stays",
			"participants:\n  - {id: P123, name: a, last_name: b, phone: 6505550100, role: therapist}\n  - {id: T1, name: a, last_name: c, phone: 6505550100, role: therapist}\n" +
				"therapy_sessions:\n  - {id: TS1, name: a, therapists: [P123]}\n",
			[]string{`line 2: role: "P123" is listed as participant in the therapy session "TS2", which the file leaves as it is`}, nil},
		{"new role with all sessions",
			"participants:\n  - {id: P123, name: a, last_name: b, phone: 6505550100, role: therapist}\n" +
				"therapy_sessions:\n  - {id: TS1, name: a, therapists: [P123]}\n  - {id: TS2, name: a, therapists: [P123]}\n",
			nil, nil},
		{"new role of somebody in no session",
			"participants:\n  - {id: P7, name: a, last_name: b, phone: 6505550177, role: therapist}\n",
			nil, nil},
	} {
		t.Run(row.what, func(t *testing.T) {
			for prune, want := range map[bool][]string{false: row.here, true: row.only} {
				o := roster.Options{Existing: existing, Prune: prune}
				if len(want) > 0 {
					wantProblems(t, row.data, o, want...)
					continue
				}
				merged := roster.Merge(existing, mustParse(t, row.data, o), prune)
				whole, err := roster.Format(merged)
				if err != nil {
					t.Fatal(err)
				}
				mustParse(t, string(whole), roster.Options{}) // consistent by itself
			}
		})
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString("therapy_sessions:\n")
	for i := range 10_000 { // three each, found after the people's, which stand behind them
		fmt.Fprintf(&b, "  - {id: TS%d}\n", i)
	}
	b.WriteString("participants:\n")
	for range 20_000 {
		b.WriteString("  - x\n")
	}
	_, err := roster.Parse([]byte(b.String()), roster.Options{})
	var problems roster.Problems
	if !errors.As(err, &problems) || len(problems) != 101 {
		t.Fatalf("got %d problems", len(problems))
	}
	for i, p := range problems[:100] {
		if p.Line != 2+i/2 {
			t.Errorf("problem %d is on line %d", i, p.Line)
		}
	}
	if got, want := problems[100].String(), "line 52: and 39900 more problems from here on"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestProblemsHoldNeitherNamesNorPhones(t *testing.T) {
	const secret = "Skipper" // stands for what a problem must not repeat
	for _, data := range []string{
		"participants:\n  - {id: P1, name: Skipper, last_name: Skipper, phone: 6505550123, role: participant}\n  - {id: P2, name: x, last_name: Skipper, phone: 6505550123, role: participant}\n",
		"participants:\n  - {id: P1, name: \"Skipper\\t6505550123\", last_name: [Skipper], phone: Skipper, role: Skipper, keystrokes: Skipper, status: Skipper}\n",
		"participants:\n  - {id: P1, name: X, Skipper, phone: 6505550123, Skipper: Jonas Grumby, role: participant, Skipper Jonas: 6505550123}\n",
		"participants:\n  - {id: P1, name: *Skipper, phone: 6505550123}\n",
		"participants:\n  - {id: P1, name: !Skipper x, phone: 6505550123}\n",
		"participants:\n  - {id: P1, name: &Skipper x, phone: 6505550123}\n",
		"participants:\n  - {id: P1, name: Skipper: Skipper, phone: [6505550123}\n",
		"participants:\n  - {id: P1, name: \"Skipper\\q6505550123\"}\n",
		"{\"participants\": [{\"name\": \"Skipper\" \"6505550123\"}]}\n",
		"%Skipper 6505550123\n---\nx\n",
		"%TAG !Skipper! 6505550123\n---\n!x!y z\n",
		"participants: Skipper 6505550123\ntherapy_sessions: !!int Skipper\n",
		surveysBefore + "      - {name: Skipper Jonas, title: \"Skipper\\t\", phase: Skipper, url: 'Skipper {6505550123}'}\n",
		sessionBefore + "    topic: \"Skipper\\t\"\n    date: Skipper\n    private_messages: Skipper\n    history: Skipper\n    after_end: Skipper\n",
	} {
		_, err := roster.Parse([]byte(data), roster.Options{})
		if err == nil {
			t.Errorf("no problem in\n%s", data)
			continue
		}
		// A word that looks like a key is named as one.
		message := strings.ReplaceAll(err.Error(), secret+": unknown key", "")
		if strings.Contains(message, secret) || strings.Contains(message, "Grumby") || strings.Contains(message, "5550123") {
			t.Errorf("%v", err)
		}
	}
}
