package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// admin asks with an API token.
type admin struct {
	t      *testing.T
	s      *apitest.Server
	p      *apitest.Person
	secret string
	id     string
}

func newAdmin(t *testing.T, s *apitest.Server) *admin {
	t.Helper()
	secret, token, err := s.Auth.CreateToken(soon(t), "operator", "admin", "Study office", 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Person("nobody", false)
	p.SetToken(secret)
	return &admin{t, s, p, secret, token.ID}
}

func (a *admin) audited() string {
	a.t.Helper()
	return string(get(a.t, a.p, "/api/admin/audit").Body)
}

const aRoster = `{"participants":[{"id":"N1","name":"Professor","last_name":"Hinkley","phone":"+1 650 555 0177","role":"participant"}]}`

func TestTheRosterIsImportedAndRead(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	before := len(s.Store.Roster().People)
	for _, step := range []struct {
		name, query, body, contentType string
		status                         int
		answer                         string
		people                         int
	}{
		{"a dry run", "?dry_run=true", aRoster, "application/json", 200,
			`{"changes":[{"kind":"added","what":"person","id":"N1"}],"people":`, before},
		{"a file with mistakes", "", "participants:\n  - {id: N1}\n", "application/yaml", 400,
			`"errors":["line 2: `, before},
		{"not a roster", "", "[]", "application/json", 400, `"errors":["line 1: `, before},
		{"another type", "", aRoster, "text/plain", 415, "unsupported_media_type", before},
		{"a bad flag", "?prune=yes", aRoster, "application/json", 400, "prune: must be true or false", before},
		{"JSON", "", aRoster, "application/json", 200, `"changes":[{"kind":"added"`, before + 1},
		{"YAML", "", strings.Replace(aRoster, "Professor", "Roy", 1), "application/yaml", 200,
			`{"changes":[{"kind":"changed","what":"person","id":"N1","fields":["name"]}]`, before + 1},
	} {
		r := do(t, a.p, request{method: "POST", path: "/api/admin/roster" + step.query, body: step.body,
			header: http.Header{"Content-Type": {step.contentType}}})
		if r.Status != step.status || !strings.Contains(string(r.Body), step.answer) {
			t.Errorf("%s: %d %s", step.name, r.Status, r.Body)
		}
		if n := len(s.Store.Roster().People); n != step.people {
			t.Errorf("%s: %d people, want %d", step.name, n, step.people)
		}
	}
	var file struct {
		Participants []map[string]any `json:"participants"`
		Sessions     []map[string]any `json:"therapy_sessions"`
	}
	r := get(t, a.p, "/api/admin/roster")
	if err := json.Unmarshal(r.Body, &file); err != nil || len(file.Participants) != before+1 || len(file.Sessions) != len(s.Store.Roster().Sessions) {
		t.Errorf("%s: %v", r.Body, err)
	}
	// What was read can be imported again, and changes nothing.
	for format, contentType := range map[string]string{"json": "application/json", "yaml": "application/yaml"} {
		r := get(t, a.p, "/api/admin/roster?format="+format)
		if r.Status != 200 || r.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: %d %s", format, r.Status, r.Header.Get("Content-Type"))
		}
		again := do(t, a.p, request{method: "POST", path: "/api/admin/roster?prune=true", body: string(r.Body),
			header: http.Header{"Content-Type": {contentType}}})
		if !strings.HasPrefix(string(again.Body), `{"changes":[],`) {
			t.Errorf("%s, imported again: %s", format, again.Body)
		}
	}
	wantProblem(t, get(t, a.p, "/api/admin/roster?format=csv"), 400, chat.BadRequest)
	log := a.audited()
	for _, want := range []string{`"event":"import","actor":"token:` + a.id, `"event":"roster_read","actor":"token:` + a.id} {
		if !strings.Contains(log, want) {
			t.Errorf("the audit log lacks %s: %s", want, log)
		}
	}
	if strings.Contains(log, "Hinkley") || strings.Contains(log, "0177") {
		t.Errorf("the audit log has a name or a phone: %s", log)
	}
}

func TestAnAssessmentIsMarkedByAProgram(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	var ts chat.TSID
	var name string
	for id, session := range s.Store.Roster().Sessions {
		if len(session.Assessments) > 0 && session.RoleOf("P1") == chat.Participant {
			ts, name = id, session.Assessments[0].Name
		}
	}
	p := s.Login("P1")
	body := func(ts chat.TSID, whom, name, status string) string {
		return `{"ts_id":"` + string(ts) + `","p_id":"` + whom + `","name":"` + name + `","status":"` + status + `"}`
	}
	status := func() string {
		r := get(t, p, "/api/getTherapySessionAssessments?ts_id="+string(ts))
		_, rest, _ := strings.Cut(string(r.Body), `"name":"`+name+`"`)
		_, rest, _ = strings.Cut(rest, `"status":"`)
		is, _, _ := strings.Cut(rest, `"`)
		return is
	}
	for _, want := range []string{"complete", "complete", "incomplete"} {
		wantStatus(t, post(t, a.p, "/api/admin/assessments", body(ts, "P1", name, want)), 204)
		if got := status(); got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
	}
	for what, bad := range map[string]string{
		"ts_id: ":  body("none", "P1", name, "complete"),
		"p_id: ":   body(ts, "T1", name, "complete"),
		"name: ":   body(ts, "P1", "none", "complete"),
		"status: ": body(ts, "P1", name, "done"),
	} {
		r := post(t, a.p, "/api/admin/assessments", bad)
		if problem := r.Problem(); r.Status != 404 && r.Status != 400 || !strings.HasPrefix(problem.Detail, what) {
			t.Errorf("%s%d %s", what, r.Status, r.Body)
		}
	}
	if log := a.audited(); strings.Count(log, `"actor":"token:`+a.id+`","subject":"P1","ts_id":"`+string(ts)+`"`) != 2 {
		t.Errorf("the audit log: %s", log)
	}
}

func TestTheAuditLogIsReadInParts(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	for range 5 {
		s.Clock.Add(time.Hour)
		wantStatus(t, post(t, a.p, "/api/admin/unlock", `{"p_id":"P1"}`), 204)
	}
	at := s.Clock.Now().UTC()
	seqs := func(query string) (all []uint64, more bool) {
		t.Helper()
		r := get(t, a.p, "/api/admin/audit?search=unlock"+query)
		var out struct {
			Entries []struct {
				Seq   uint64 `json:"seq"`
				Event string `json:"event"`
			} `json:"entries"`
			More bool `json:"more"`
		}
		if err := json.Unmarshal(r.Body, &out); err != nil || r.Status != 200 {
			t.Fatalf("%s: %d %s", query, r.Status, r.Body)
		}
		for _, e := range out.Entries {
			if e.Event != "unlock" {
				t.Errorf("%s finds %s", query, e.Event)
			}
			all = append(all, e.Seq)
		}
		return all, out.More
	}
	first, _ := seqs("")
	if len(first) != 5 {
		t.Fatalf("%v", first)
	}
	for query, want := range map[string][]uint64{
		"&limit=2": first[:2], "&limit=2&newest=true": first[3:], "&limit=5": first, "&limit=5&newest=true": first, "&limit=100000": first,
		"&from=" + at.Add(-90*time.Minute).Format(time.RFC3339): first[3:], "&to=" + at.Add(-time.Hour).Format(time.RFC3339Nano): first[:3],
		"&from=2100-01-01": nil, "&to=2100-01-01": first,
	} {
		got, more := seqs(query)
		if len(got) != len(want) || len(got) > 0 && (got[0] != want[0] || got[len(got)-1] != want[len(want)-1]) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		if more != (strings.Contains(query, "limit=2")) {
			t.Errorf("%s: more %v", query, more)
		}
	}
	for _, bad := range []string{"from=x", "to=1", "limit=0", "after=-1", "newest=2", "search=a&search=b"} {
		wantProblem(t, get(t, a.p, "/api/admin/audit?"+bad), 400, chat.BadRequest)
	}
	if got := get(t, a.p, "/api/admin/audit?after=1&limit=1"); !strings.Contains(string(got.Body), `"seq":2,`) {
		t.Errorf("after the first: %s", got.Body)
	}
}

func TestStaffHelpAnybodyLogIn(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	r := post(t, a.p, "/api/admin/code", `{"p_id":"P1"}`)
	var code struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(r.Body, &code); err != nil || r.Status != 200 || code.Code == "" {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	u := s.Store.Roster().People["P1"]
	p := s.Person("P1", false)
	c := must[client.Challenge](t)(p.Client.StartLogin(soon(t), string(u.Phone), string(u.LastName)))
	must[client.LoggedIn](t)(p.Client.Verify(soon(t), c.ID, code.Code))
	for _, path := range []string{"/api/admin/code", "/api/admin/unlock"} {
		wantProblem(t, post(t, a.p, path, `{"p_id":"none"}`), 404, chat.NotFound)
		wantProblem(t, post(t, a.p, path, `{}`), 400, chat.BadRequest)
	}
	if log := a.audited(); strings.Contains(log, code.Code) {
		t.Error("the audit log has the code")
	}
}

func TestATokenIsAHeaderAloneAndEnds(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	wantStatus(t, get(t, a.p, "/api/admin/roster"), 200)
	browser := s.Person("nobody", true)
	for name, header := range map[string]http.Header{
		"as a cookie":         {"Cookie": {"hearth_session=" + a.secret}},
		"without its end":     {"Authorization": {"Bearer " + a.secret[:len(a.secret)-1]}},
		"by another scheme":   {"Authorization": {"Basic " + a.secret}},
		"with another secret": {"Authorization": {"Bearer " + a.secret[:len(a.secret)-2] + "AA"}},
	} {
		if r := do(t, browser, request{method: "GET", path: "/api/admin/roster", header: header}); r.Status != 401 {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	// A token is no login.
	wantProblem(t, get(t, a.p, "/api/me"), 401, chat.NotAuthenticated)
	if err := s.Auth.RevokeToken(soon(t), "operator", a.id); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, get(t, a.p, "/api/admin/roster"), 401, chat.NotAuthenticated)
	b := newAdmin(t, s)
	wantStatus(t, get(t, b.p, "/api/admin/roster"), 200)
	s.Clock.Add(24*time.Hour + time.Second)
	wantProblem(t, get(t, b.p, "/api/admin/roster"), 401, chat.NotAuthenticated)
}

func TestResearchTablesAreDownloaded(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	p := s.Enter("P1", apitest.Plain)
	p.Save(message("=1+1, she said"))
	ts := string(apitest.Plain)
	for path, want := range map[string]struct {
		status                int
		contentType, contains string
	}{
		"transcript?ts_id=" + ts:                  {200, "text/csv", "\"=1+1, she said\""},
		"transcript?format=json&ts_id=" + ts:      {200, "application/json", `"=1+1, she said"`},
		"transcript?format=ndjson&ts_id=" + ts:    {200, "application/x-ndjson", `"=1+1, she said"`},
		"transcript?spreadsheet=true&ts_id=" + ts: {200, "text/csv", "'=1+1"},
		"attendance":                                  {200, "text/csv", "Gilligan"},
		"attendance?deidentify=true":                  {200, "text/csv", "\r\n"},
		"keystrokes?ts_id=" + ts + "&from=2020-01-01": {200, "text/csv", "\r\n"},
		"codebook":                                    {200, "text/csv", "attendance"},
		"codebook?format=redcap&table=attendance":     {200, "text/csv", "Variable / Field Name"},
		"codebook?format=json":                        {200, "application/json", "keystrokes"},
		"transcript":                                  {400, "application/problem+json", "ts_id"},
		"transcript?ts_id=none":                       {404, "application/problem+json", "not_found"},
		"attendance?format=xml":                       {400, "application/problem+json", "format"},
		"attendance?from=x":                           {400, "application/problem+json", "from: "},
		"attendance?de_identify=true":                 {400, "application/problem+json", "de_identify: "},
		"transcript?deidentify=true&ts_id=" + ts:      {200, "text/csv", "\r\n"},
		"attendance?deidentify=yes":                   {400, "application/problem+json", "deidentify: "},
		"attendance?format=csv&format=json":           {400, "application/problem+json", "format: given twice"},
		"codebook?table=none":                         {400, "application/problem+json", "table: "},
		"secrets":                                     {404, "application/problem+json", "not_found"},
	} {
		r := get(t, a.p, "/api/admin/exports/"+path)
		if r.Status != want.status || !strings.HasPrefix(r.Header.Get("Content-Type"), want.contentType) || !strings.Contains(string(r.Body), want.contains) {
			t.Errorf("%s: %d %s %.300s", path, r.Status, r.Header.Get("Content-Type"), r.Body)
		}
		if file := r.Header.Get("Content-Disposition"); (r.Status == 200) != strings.HasPrefix(file, "attachment; filename=") {
			t.Errorf("%s: Content-Disposition %q", path, file)
		}
		told := r.Header.Get("Content-Disposition") + string(r.Body)
		if strings.Contains(path, "deidentify=true") && r.Status == 200 && (strings.Contains(told, "Gilligan") || strings.Contains(told, ts)) {
			t.Errorf("%s names somebody, or the therapy session: %s", path, told)
		}
	}
	if log := a.audited(); !strings.Contains(log, `"event":"export","actor":"token:`+a.id) {
		t.Errorf("the audit log: %s", log)
	}
}

// An answer of HTTP/1.0 ends where the connection does: one that was cut would
// be taken for the whole table.
func TestResearchTablesNeedAnHTTPThatTellsTheEnd(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	c, err := s.Dial(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /api/admin/exports/attendance HTTP/1.0\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", strings.TrimPrefix(s.URL, "http://"), a.secret)
	b, err := io.ReadAll(c)
	if answer := string(b); err != nil || !strings.HasPrefix(answer, "HTTP/1.0 400") || !strings.Contains(answer, "HTTP/1.1") || strings.Contains(answer, "Gilligan") {
		t.Errorf("%v, %s", err, answer)
	}
}
