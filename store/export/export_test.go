package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/export"
)

func TestExportsOfTheSample(t *testing.T) {
	s := evening(t)
	for name, r := range requests() {
		if r.Format != export.JSON {
			golden(t, name, s.export(r))
		}
	}
	r := requests()["transcript.csv"]
	r.Spreadsheet = true
	golden(t, "transcript-spreadsheet.csv", s.export(r))
	for _, format := range []export.Format{export.CSV, export.NDJSON} {
		var b strings.Builder
		if _, err := export.Codebook(&b, format, ""); err != nil {
			t.Fatal(err)
		}
		golden(t, "codebook."+string(format), b.String())
	}
	for _, table := range export.Tables() {
		var b strings.Builder
		if _, err := export.Codebook(&b, export.REDCap, table); err != nil {
			t.Fatal(err)
		}
		golden(t, "redcap-"+string(table)+".csv", b.String())
	}
}

// book is the codebook by table, as it is written.
func book(t *testing.T) map[string][]row {
	t.Helper()
	var b strings.Builder
	if _, err := export.Codebook(&b, export.NDJSON, ""); err != nil {
		t.Fatal(err)
	}
	all := map[string][]row{}
	for _, r := range parse(t, b.String()) {
		all[r["table"].(string)] = append(all[r["table"].(string)], r)
	}
	return all
}

var shapes = map[string]*regexp.Regexp{
	"text": regexp.MustCompile(`(?s).+`), "choice": regexp.MustCompile(`^\w+$`), "list": regexp.MustCompile(`.+`),
	"integer": regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`), "number": regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`),
	"boolean": regexp.MustCompile(`^[01]$`), "datetime": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`),
	"json": regexp.MustCompile(`(?s)^\[.*\]$`),
}

func TestEveryValueIsAsTheCodebookSays(t *testing.T) {
	s := evening(t)
	told := book(t)
	filled := map[string]bool{}
	for name, r := range requests() {
		if r.Format != export.CSV {
			continue
		}
		records, err := csv.NewReader(strings.NewReader(s.export(r))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		columns := told[string(r.Table)]
		if len(records) < 6 || len(records[0]) != len(columns) {
			t.Fatalf("%s: %d rows, header %q", name, len(records), records[0])
		}
		ids := map[string]bool{}
		for i, record := range records[1:] {
			if ids[record[0]] {
				t.Errorf("%s: row_id %q twice", name, record[0])
			}
			ids[record[0]] = true
			for j, c := range columns {
				value, kind := record[j], c["type"].(string)
				if i == 0 && records[0][j] != c["variable"] {
					t.Errorf("%s: column %d is %q, the codebook says %q", name, j+1, records[0][j], c["variable"])
				}
				switch {
				case value == "" && kind == "list":
				case value == "":
					if c["never_missing"].(bool) {
						t.Errorf("%s, row %d: %s is missing", name, i+1, c["variable"])
					}
					continue
				case !shapes[kind].MatchString(value):
					t.Errorf("%s, row %d: %s is no %s: %q", name, i+1, c["variable"], kind, value)
				case kind == "json" && !json.Valid([]byte(value)):
					t.Errorf("%s, row %d: %s is no JSON: %q", name, i+1, c["variable"], value)
				}
				if kind == "choice" && !slices.ContainsFunc(c["values"].([]any), func(v any) bool { return strings.HasPrefix(v.(string), value+" = ") }) {
					t.Errorf("%s, row %d: %s may not be %q", name, i+1, c["variable"], value)
				}
				if r.Deidentify && c["deidentified"] == "missing" {
					t.Errorf("%s, row %d: %s is there", name, i+1, c["variable"])
				}
				filled[string(r.Table)+"."+c["variable"].(string)] = true
			}
		}
	}
	for table, columns := range told {
		for _, c := range columns {
			if name := table + "." + c["variable"].(string); !filled[name] {
				t.Errorf("the sample never fills %s", name)
			}
		}
	}
}

func TestCodebookNamesImportAnywhere(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]{0,25}$`)
	for table, columns := range book(t) {
		seen := map[any]bool{}
		for _, c := range columns {
			v := c["variable"].(string)
			if seen[v] || !name.MatchString(v) {
				t.Errorf("%s: %q", table, v)
			}
			seen[v] = true
			if c["label"] == nil || (c["type"] == "choice") != (len(c["values"].([]any)) > 0) {
				t.Errorf("%s: %s is not explained", table, v)
			}
			if c["holds"] != nil && c["deidentified"] == nil {
				t.Errorf("%s: --deidentify leaves %s as it is", table, v)
			}
		}
	}
}

func TestREDCapDictionaryIsAsREDCapTakesIt(t *testing.T) {
	code := regexp.MustCompile(`^[A-Za-z0-9_]+, [^|]+$`)
	for _, table := range export.Tables() {
		var b strings.Builder
		if _, err := export.Codebook(&b, export.REDCap, table); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(records[0]) != 18 || records[1][0] != "row_id" || records[1][3] != "text" {
			t.Fatalf("%s: %q, %v", table, records[:2], err)
		}
		for _, r := range records[1:] {
			if !slices.Contains([]string{"text", "notes", "dropdown", "truefalse"}, r[3]) || r[1] != string(table) || r[4] == "" {
				t.Errorf("%q", r)
			}
			if (r[3] == "dropdown") != (r[5] != "") {
				t.Errorf("%q", r)
			}
			for _, choice := range strings.Split(r[5], " | ") {
				if r[5] != "" && !code.MatchString(choice) {
					t.Errorf("%s: choice %q", r[0], choice)
				}
			}
		}
	}
	if _, err := export.Codebook(nil, export.REDCap, ""); err == nil {
		t.Error("all tables in one project: a name can be used once")
	}
}

func TestJSONAndNDJSONHoldTheSame(t *testing.T) {
	s := evening(t)
	for name, r := range requests() {
		if r.Format != export.JSON {
			continue
		}
		var array []row
		if err := json.Unmarshal([]byte(s.export(r)), &array); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if lines := s.rows(r); !reflect.DeepEqual(array, lines) {
			t.Errorf("%s: %v\n%v", name, array, lines)
		}
	}
	r := export.Request{Table: export.Attendance, Format: export.JSON, TS: "TS1", From: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(1999, 1, 2, 0, 0, 0, 0, time.UTC)}
	if got := s.export(r); got != "[\n]\n" {
		t.Errorf("no rows: %q", got)
	}
}

// Python's csv module reads fields as they are, line breaks included.
func TestAnotherProgramReadsTheSameCSV(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3, the independent reader of CSV, is not installed")
	}
	s := evening(t)
	told := book(t)
	files := map[string]string{}
	for name, r := range requests() {
		if r.Format == export.CSV {
			files[name] = s.export(r)
		}
	}
	in, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	python := exec.Command("python3", "-c", `
import csv, io, json, sys
files = json.load(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"))
print(json.dumps({name: list(csv.DictReader(io.StringIO(text, newline=""), strict=True)) for name, text in files.items()}))`)
	python.Stdin = bytes.NewReader(in)
	out, err := python.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][]row
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	for name, read := range all {
		r := requests()[name]
		want := s.rows(r)
		if len(read) != len(want) {
			t.Fatalf("%s: %d rows, want %d", name, len(read), len(want))
		}
		for i := range want {
			for _, c := range told[string(r.Table)] {
				column := c["variable"].(string)
				if got, want := read[i][column], inCSV(t, c["type"].(string), want[i][column]); got != want {
					t.Errorf("%s, row %d: %s is %q, want %q", name, i+1, column, got, want)
				}
			}
		}
	}
	if len(all) != len(files) {
		t.Errorf("%d of %d files were read", len(all), len(files))
	}
}

// inCSV is how a value of JSON stands in CSV.
func inCSV(t *testing.T, kind string, v any) string {
	t.Helper()
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return map[bool]string{true: "1", false: "0"}[v]
	case []any:
		if kind == "list" {
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ";"), "[]")
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	t.Fatalf("%T", v)
	return ""
}

func TestFieldsThatSpreadsheetsWouldRun(t *testing.T) {
	s := newStudy(t, cast())
	s.arrive("TS1", "P123", "P124")
	bodies := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "plain", " =1", "'=1"}
	for _, b := range bodies {
		s.say("P123", "TS1", b)
	}
	for _, protect := range []bool{false, true} {
		text := s.export(export.Request{Table: export.Transcript, Format: export.CSV, TS: "TS1", Spreadsheet: protect})
		if strings.HasPrefix(text, "\ufeff") != protect {
			t.Errorf("protected %t: the byte order mark", protect)
		}
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		body := slices.Index(records[0], "body")
		for i, want := range bodies {
			if protect && i < 8 {
				want = "'" + want
			}
			if got := records[i+3][body]; got != want {
				t.Errorf("protected %t: %q, want %q", protect, got, want)
			}
		}
	}
	err := (&export.Request{Table: export.Transcript, TS: "TS1", Format: export.JSON, Spreadsheet: true}).Check()
	if err == nil {
		t.Error("JSON for a spreadsheet")
	}
}

func TestTranscriptHoldsWhatWasSaid(t *testing.T) {
	s := newStudy(t, cast())
	s.arrive("TS1", "P123", "P124")
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\r\n", "\"", ",", "null", "</script>", "\u2028", "\x00", "'"}))
		people := []chat.PID{"P123", "P124"}
		before := len(s.rows(export.Request{Table: export.Transcript, TS: "TS1"}))
		var said []chat.Draft
		var by []chat.PID
		for range rapid.IntRange(1, 5).Draw(t, "messages") {
			d := chat.Draft{
				Type: chat.Message, Body: chat.Text(word.Draw(t, "body") + "."), ClientTS: rapid.SampledFrom([]string{"", "now", "2026"}).Draw(t, "ts"),
				Research: chat.Research{History: rapid.SliceOfN(word, 0, 4).Draw(t, "keys"), TimeToComplete: rapid.SampledFrom([]string{"", "5ms", "0.5ms"}).Draw(t, "time")},
			}
			d.ClientID = strconv.Itoa(before + len(said))
			if rapid.Bool().Draw(t, "private") {
				d.Recipients = []chat.PID{"T1"}
			}
			who := rapid.SampledFrom(people).Draw(t, "who")
			s.save(who, "TS1", d)
			said, by = append(said, d), append(by, who)
		}
		got := s.rows(export.Request{Table: export.Transcript, TS: "TS1"})[before:]
		if len(got) != len(said) {
			t.Fatalf("%d rows of %d messages", len(got), len(said))
		}
		for i, d := range said {
			want := row{
				"action_id": float64(before + i + 1), "author_id": string(by[i]), "body": string(d.Body), "client_id": d.ClientID,
				"private": d.Recipients != nil, "character_history": any(nil), "time_to_complete": any(nil), "client_ts": any(nil),
			}
			if len(d.Research.History) > 0 {
				keys := []any{}
				for _, k := range d.Research.History {
					keys = append(keys, k)
				}
				want["character_history"] = keys
			}
			if d.Research.TimeToComplete != "" {
				want["time_to_complete"] = d.Research.TimeToComplete
			}
			if d.ClientTS != "" {
				want["client_ts"] = d.ClientTS
			}
			for k, v := range want {
				if !reflect.DeepEqual(got[i][k], v) {
					t.Fatalf("%s of message %d is %#v, was %#v", k, i, got[i][k], v)
				}
			}
		}
	})
}

func TestAnExportIsInTheAuditLogBeforeItLeaves(t *testing.T) {
	s := evening(t)
	exports := func() (all []store.AuditEntry) {
		s.must(s.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
			if e.Event == "export" {
				e.Seq, e.At = 0, time.Time{}
				all = append(all, e)
			}
			return true
		}))
		return all
	}
	from := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if _, err := export.Begin(t.Context(), s.Store, "token:1", export.Request{Table: export.Transcript, TS: "TS1", Format: export.CSV, Deidentify: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Begin(t.Context(), s.Store, "operator", export.Request{Table: export.Attendance, Format: export.JSON, From: from}); err != nil {
		t.Fatal(err)
	}
	detail := func(names ...string) (all []store.Detail) {
		for i := 0; i < len(names); i += 2 {
			all = append(all, store.Detail{Name: names[i], Value: names[i+1]})
		}
		return all
	}
	want := []store.AuditEntry{
		{Event: "export", Actor: "token:1", Subject: "transcript", Session: "TS1", Details: detail("format", "csv", "deidentified", "yes", "actions", "23")},
		{Event: "export", Actor: "operator", Subject: "attendance", Details: detail("format", "json", "deidentified", "no", "from", "2026-12-01T00:00:00.000Z", "actions", "23")},
	}
	if got := exports(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for name, tt := range map[string]struct {
		r    export.Request
		code chat.Code
	}{
		"unknown session":        {export.Request{Table: export.Transcript, TS: "TS9", Format: export.CSV}, chat.NotFound},
		"no session":             {export.Request{Table: export.Transcript, Format: export.CSV}, chat.BadRequest},
		"unknown table":          {export.Request{Table: "people", Format: export.CSV}, chat.BadRequest},
		"unknown format":         {export.Request{Table: export.Attendance, Format: "xml"}, chat.BadRequest},
		"a dictionary":           {export.Request{Table: export.Attendance, Format: export.REDCap}, chat.BadRequest},
		"a part of a transcript": {export.Request{Table: export.Transcript, TS: "TS1", Format: export.CSV, From: from}, chat.BadRequest},
		"no time":                {export.Request{Table: export.Keystrokes, Format: export.CSV, From: from, To: from}, chat.BadRequest},
		"a short time, with its dates hidden": {
			export.Request{Table: export.Attendance, Format: export.CSV, Deidentify: true, From: from, To: from.AddDate(0, 0, 27)}, chat.BadRequest,
		},
		"a merge gap for keystrokes": {export.Request{Table: export.Keystrokes, Format: export.CSV, MergeGap: 1}, chat.BadRequest},
	} {
		_, err := export.Begin(t.Context(), s.Store, "operator", tt.r)
		var refused *chat.Error
		if !errors.As(err, &refused) || refused.Code != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(exports()); n != 2 {
		t.Errorf("refused exports are among the %d entries", n)
	}
	s.Close()
	if _, err := export.Begin(t.Context(), s.Store, "operator", export.Request{Table: export.Keystrokes, Format: export.CSV}); err == nil {
		t.Error("exported although nothing can be noted")
	}
	s.open()
}

// growing appends to the log that is being exported at every write.
type growing struct {
	s *study
	b strings.Builder
}

func (g *growing) Write(p []byte) (int, error) {
	g.s.say("P123", "TS1", "said meanwhile")
	g.s.save("P124", "TS1", chat.Draft{Type: chat.Delete, Target: 3})
	return g.b.Write(p)
}

func TestALogThatGrowsIsExportedAsItStood(t *testing.T) {
	s := newStudy(t, cast())
	s.arrive("TS1", "P123", "P124")
	s.say("P124", "TS1", "deleted meanwhile")
	for i := range 1000 {
		s.say("P123", "TS1", strings.Repeat("x", 100)+strconv.Itoa(i))
	}
	e, err := export.Begin(t.Context(), s.Store, "operator", export.Request{Table: export.Transcript, TS: "TS1", Format: export.NDJSON})
	if err != nil {
		t.Fatal(err)
	}
	s.say("P123", "TS1", "said before it was written")
	g := &growing{s: s}
	n, err := e.WriteTo(t.Context(), g)
	if err != nil || n != 1003 || e.Rows() != 1003 {
		t.Fatalf("%d rows, %v", n, err)
	}
	rows := parse(t, g.b.String())
	for i, r := range rows {
		if r["action_id"] != float64(i+1) || r["deleted"] != false || strings.HasPrefix(fmt.Sprint(r["body"]), "said") {
			t.Fatalf("row %d: %v", i, r)
		}
	}
	if now := s.rows(e.Request); len(now) < 1005 || now[2]["deleted"] != true {
		t.Errorf("nothing happened meanwhile")
	}
}

func TestAnExportThatCannotBeWrittenFails(t *testing.T) {
	s := evening(t)
	for _, table := range export.Tables() {
		e, err := export.Begin(t.Context(), s.Store, "operator", export.Request{Table: table, TS: "TS1", Format: export.CSV})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.WriteTo(t.Context(), full{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", table, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := e.WriteTo(ctx, &strings.Builder{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", table, err)
		}
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }
