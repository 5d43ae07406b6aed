package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// ajax calls an action of the older client's bridge. payload is JSON; empty:
// there is none.
func ajax(t testing.TB, p *apitest.Person, action, payload string) client.Answer {
	t.Helper()
	body := `{"action":"` + action + `"`
	if payload != "" {
		body += `,"payload":` + payload
	}
	return post(t, p, "/api/ajax", body+"}")
}

// result is the JSON inside of a wrapped answer.
func result(t testing.TB, a client.Answer) json.RawMessage {
	t.Helper()
	var w struct{ Result *string }
	if a.Status != 200 || json.Unmarshal(a.Body, &w) != nil || w.Result == nil || !json.Valid([]byte(*w.Result)) {
		t.Fatalf("answered %d %s, which has no result", a.Status, a.Body)
	}
	return json.RawMessage(*w.Result)
}

// said is what a refusal says to a person.
func said(t testing.TB, a client.Answer, status int, code chat.Code) string {
	t.Helper()
	wantProblem(t, a, status, code)
	var p struct{ Error struct{ Msg string } }
	if json.Unmarshal(a.Body, &p) != nil || p.Error.Msg == "" {
		t.Errorf("nothing for a person in %s", a.Body)
	}
	return p.Error.Msg
}

// entry is one of the answer to a poll. What must be there is told from what
// is not.
type entry struct {
	ID         *string          `json:"id"`
	Type       string           `json:"type"`
	User       *string          `json:"user"`
	Sender     *string          `json:"sender"`
	Body       *string          `json:"body"`
	Recipients *json.RawMessage `json:"recipients"`
	Target     json.RawMessage  `json:"target"`
	Icon       string           `json:"icon"`
	ClientTS   *string          `json:"client_ts"`
	Timestamp  *string          `json:"timestamp"`
}

// String is the entry in short: what tests say they want.
func (e entry) String() string {
	s := e.Type
	for _, f := range []struct {
		name  string
		value *string
	}{{" ", e.ID}, {" by ", e.User}, {": ", e.Body}} {
		if f.value != nil {
			s += f.name + *f.value
		}
	}
	return s
}

// olderUpdate is the answer to a poll.
type olderUpdate struct {
	Data   []entry `json:"data"`
	MaxID  string  `json:"maxID"`
	Epoch  string  `json:"epoch"`
	Reset  bool    `json:"reset"`
	Errors []struct {
		Index int       `json:"index"`
		Code  chat.Code `json:"code"`
	} `json:"errors"`
}

// short lists what came, entry by entry.
func (u *olderUpdate) short() (all []string) {
	for _, e := range u.Data {
		all = append(all, e.String())
	}
	return all
}

// old is the older client's page in one therapy session: it keeps its position
// and its queue as that client does.
type old struct {
	t     testing.TB
	p     *apitest.Person
	ts    chat.TSID
	maxID string // as JSON
	seen  []entry
}

func olderPage(t testing.TB, p *apitest.Person, ts chat.TSID) *old {
	return &old{t: t, p: p, ts: ts, maxID: "null"}
}

// call polls with a queue, and returns the answer as it is.
func (o *old) call(queue ...string) client.Answer {
	o.t.Helper()
	ended := slices.ContainsFunc(queue, func(q string) bool { return strings.Contains(q, `"endChatSession"`) })
	return ajax(o.t, o.p, "handleActions", fmt.Sprintf(
		`{"sessionID":%q,"userID":%q,"isAdmin":false,"maxID":%s,"actionQueue":[%s],"endChatSession":%v}`,
		o.ts, o.p.ID, o.maxID, strings.Join(queue, ","), ended))
}

// poll is call that works. It fails the test if the answer would break the
// older client.
func (o *old) poll(queue ...string) *olderUpdate {
	o.t.Helper()
	a := o.call(queue...)
	u := &olderUpdate{}
	if a.Status != 200 || json.Unmarshal(a.Body, u) != nil {
		o.t.Fatalf("answered %d %s", a.Status, a.Body)
	}
	o.unbroken(u, len(queue) > 0, a.Body)
	if n := len(u.Data); n > 0 {
		o.maxID = `"` + *u.Data[n-1].ID + `"`
		o.seen = append(o.seen, u.Data...)
	}
	return u
}

// unbroken holds an answer against all that breaks the older client.
func (o *old) unbroken(u *olderUpdate, queued bool, raw []byte) {
	o.t.Helper()
	if !bytes.HasPrefix(raw, []byte(`{"data":[`)) {
		o.t.Errorf("no data: %s", raw)
	}
	if queued && len(u.Data) == 0 {
		o.t.Errorf("the queue is not acknowledged: %s", raw)
	}
	if n := len(u.Data); n > 0 && u.Data[n-1].ID == nil {
		o.t.Errorf("the last entry has no id: %s", raw)
	}
	for i, e := range u.Data {
		switch {
		case e.Recipients == nil || (*e.Recipients)[0] != '[':
			o.t.Errorf("recipients are no array in %s", raw)
		case e.Type == "message" && e.Target == nil:
			o.t.Errorf("a message without a target in %s", raw)
		case e.Type == "endChatSession" && i != len(u.Data)-1:
			o.t.Errorf("something behind the end in %s", raw)
		case e.Body != nil && e.Type != "whiteboard" && strings.ContainsAny(*e.Body, `<>"'`):
			o.t.Errorf("a body is not escaped in %s", raw)
		}
	}
	for _, never := range []string{
		`"deleted"`, `"character_history"`, `"time_to_complete"`, `"client_id"`, `"sessionID"`, `"isFake"`, `"userID"`,
	} {
		if bytes.Contains(raw, []byte(never)) {
			o.t.Errorf("%s in %s", never, raw)
		}
	}
}

// queued makes an action as the older client queues it; fields is more JSON.
func (o *old) queued(typ, fields string) string {
	s := fmt.Sprintf(`{"type":%q,"sessionID":%q`, typ, o.ts)
	if typ != "delete" && typ != "endChatSession" && !strings.Contains(fields, `"user"`) {
		s += fmt.Sprintf(`,"user":%q`, o.p.ID)
	}
	if fields != "" {
		s += "," + fields
	}
	return s + "}"
}

// say queues a message as the older client does.
func (o *old) say(body, at string, to ...string) string {
	recipients, _ := json.Marshal(append([]string{}, to...))
	b, _ := json.Marshal(body)
	return o.queued("message", fmt.Sprintf(
		`"body":%s,"target":null,"recipients":%s,"client_ts":"2026-12-01T18:00:%sZ","time_to_complete":"671ms","character_history":["h","Shift"]`,
		b, recipients, at))
}

// varies is what is different each time.
var varies = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"epoch":"[a-z0-9]+"`), `"epoch":"EPOCH"`},
	{regexp.MustCompile(`"serverTime":[0-9.]+`), `"serverTime":1`},
	{regexp.MustCompile(`127\.0\.0\.1%3A[0-9]+`), `HOST`},
	{regexp.MustCompile(`done%2F[A-Za-z0-9_.-]+`), `done%2FTOKEN`},
}

// golden is what is kept of the answers of one action.
type golden struct {
	Case    string          `json:"case"`
	As      string          `json:"as"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Status  int             `json:"status"`
	Refused string          `json:"refused,omitempty"` // code and detail
	Answer  json.RawMessage `json:"answer,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"` // of Answer, if it is wrapped

	spoiled bool
}

// cases are the answers of one action.
type cases struct {
	t      *testing.T
	action string
	all    []golden
}

// add calls the action and keeps the answer.
func (c *cases) add(name, as string, p *apitest.Person, payload string) client.Answer {
	c.t.Helper()
	a := ajax(c.t, p, c.action, payload)
	text := string(a.Body)
	for _, v := range varies {
		text = v.what.ReplaceAllString(text, v.with)
	}
	g := golden{Case: name, As: as, Payload: json.RawMessage(payload), Status: a.Status, Answer: json.RawMessage(text)}
	if payload == "" {
		g.Payload = nil
	}
	var w struct{ Result *string }
	if json.Unmarshal([]byte(text), &w) == nil && w.Result != nil {
		g.Answer, g.Result = nil, json.RawMessage(*w.Result)
	}
	if a.Status >= 400 {
		p := a.Problem()
		if said(c.t, a, a.Status, p.Code); p.Code == "" || a.Status >= 500 {
			c.t.Errorf("%s, %s: %d %s", c.action, name, a.Status, a.Body)
		}
		g.Answer, g.Refused = nil, string(p.Code)+": "+p.Detail
	}
	c.all = append(c.all, g)
	return a
}

// spoil calls the action with each field of a good payload missing, null and
// of each other type.
func (c *cases) spoil(as string, p *apitest.Person, payload string) {
	c.t.Helper()
	before := len(c.all)
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(payload), &fields); err != nil {
		c.t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		good := fields[name]
		for _, value := range []string{"", "null", "7", "true", `"x"`, `["x"]`, "[7]", `{"x":1}`} {
			delete(fields, name)
			what := name + " missing"
			if value != "" {
				fields[name], what = json.RawMessage(value), name+" is "+value
			}
			c.add(what, as, p, string(encode(c.t, fields)))
		}
		fields[name] = good
	}
	c.add("no payload", as, p, "")
	for _, value := range []string{"null", "7", `"x"`, "[]", "[1,2]", "{}"} {
		c.add("payload is "+value, as, p, value)
	}
	for i := range c.all[before:] {
		g := &c.all[before+i]
		g.Payload, g.spoiled = nil, true // it is told by its name
	}
}

func encode(t testing.TB, v any) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatalf("%v in %v", err, v)
	}
	return bytes.TrimSpace(b.Bytes())
}

// check holds what came against the golden file. In it each case is a line or
// a few.
func (c *cases) check() {
	c.t.Helper()
	var b bytes.Buffer
	b.WriteString("[")
	for i, g := range c.all {
		if i > 0 {
			b.WriteString(",")
		}
		line := encode(c.t, g)
		b.WriteString("\n")
		if g.spoiled || len(line) < 200 {
			b.Write(line)
		} else if err := json.Indent(&b, line, "", " "); err != nil {
			c.t.Fatal(err)
		}
	}
	b.WriteString("\n]\n")
	file := filepath.Join("testdata", "legacy", c.action+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatalf("%v (go test -update writes it)", err)
	}
	if bytes.Equal(b.Bytes(), want) {
		return
	}
	got, wanted := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i, line := range got {
		if i >= len(wanted) || line != wanted[i] {
			c.t.Errorf("%s:%d: got\n%s\nwant\n%s", file, i+1, line, strings.Join(wanted[min(i, len(wanted)):min(i+1, len(wanted))], ""))
			return
		}
	}
	c.t.Errorf("%s has more than came", file)
}
