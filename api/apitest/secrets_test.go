package apitest_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/hub/chat"
	"hearth/store"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJQMSJ9.c2lnbmF0dXJlIG9mIHRoaXMgdG9rZW4"

func known() *apitest.Secrets {
	s := &apitest.Secrets{}
	s.Roster(apitest.Sample())
	s.Name("Zoë Ångström")
	s.Code("407312")
	s.Token(jwt)
	s.Body("I am \"afraid\" <of> it")
	s.Body("Bananasplit123")
	s.Body("It began when I was at school, and nobody ever asked me about it.")
	return s
}

func TestSecretsAreFound(t *testing.T) {
	s := known()
	for what, line := range map[string]string{
		"a phone":                             `msg=login phone=+16505550102`,
		"a phone as people write it":          `msg=login phone="(650) 555-0102"`,
		"a phone without its last two digits": `msg=login phone=+165055501…`,
		"a phone without its area code":       `msg=login phone=5550102`,
		"a name":                              `{"msg":"entered","name":"Gilligan"}`,
		"a part of a name, in lower case":     `msg="dr howell entered"`,
		"a last name, folded":                 `field=denver`,
		"a name without its accents":          `field="zoe angstrom"`,
		"a code":                              `msg="407312 is your code"`,
		"a code after a colon":                `code:407312`,
		"a token":                             `Authorization: Bearer ` + jwt,
		"a token's signature":                 `sig=c2lnbmF0dXJlIG9mIHRoaXMgdG9rZW4`,
		"a body":                              `body: I am "afraid" <of> it`,
		"a body in quotes":                    `msg="saved I am \"afraid\" <of> it"`,
		"a body in JSON":                      `{"msg":"I am \"afraid\" \u003cof\u003e it"}`,
		"a body in HTML":                      `I am &#34;afraid&#34; &lt;of&gt; it`,
		"a body in an address":                `GET /?q=I+am+%22afraid%22+%3Cof%3E+it`,
		"a body of one long word":             `saved bananasplit123`,
		"the beginning of a long body":        `saved "It began when I was at…"`,
		"the end of a long body":              `saved "…ver asked me about it."`,
	} {
		if found := s.In("time=2026-12-01T18:00:00.000Z level=INFO " + line + "\n"); len(found) == 0 {
			t.Errorf("%s is not found in %s", what, line)
		}
	}
}

func TestWhatIsNoSecretIsNoFalseAlarm(t *testing.T) {
	s := known()
	s.Phone("112")
	s.Name("Al")
	s.Code("2026")
	s.Token("ok")
	s.Body("hello")
	s.Body("message")
	s.Body("a b c")
	text := `time=2026-12-01T18:00:00.407312Z level=INFO msg="message saved" p_id=P1 took=1.407312ms phone="[phone …02]" port=50102
		request_id=a407312b9 level=DEBUG msg=hello ok=true count=4073120 al=112 a b c path=/tmp/TestGilliganLeaves1/001
		{"event":"code_sent","details":{"phone_ends":"02"}} hearth_commit_seconds_bucket{le="0.00025"} 10 11 12 20.26 127.0.0.1:16505 5550`
	if found := s.In(text); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

func TestSecretsOfARequestAreFoundByItsMembers(t *testing.T) {
	s := &apitest.Secrets{}
	s.JSON([]byte(`{"phone":"+49 30 12345678","field":"Wentworth","x":{"code":"998877"},"actions":[{"type":"message","body":"nobody's business"}]}`))
	s.JSON([]byte(`{"code":`))
	for _, line := range []string{"4930123456", "WENTWORTH", "998877", "nobody's business"} {
		if len(s.In(line)) != 1 {
			t.Errorf("%s is not found", line)
		}
	}
}

func TestSecretsOfFilesAreFound(t *testing.T) {
	s := &apitest.Secrets{}
	s.File([]byte("participants:\n  - {id: P1, name: Gilligan, last_name: Denver, phone: \"+1 650 555 0123\"}\ntherapy_sessions:\n  - {id: TS1, name: Evening group}\n"))
	s.File([]byte(`{"to":"+493012345678","text":"112233 is your code"}` + "\n" + `{"to":"+15055501234","text":"445566 is your code"}` + "\n" + `{"to`))
	for _, line := range []string{"gilligan", "denver", "6505550123", "493012345678", "112233", "445566"} {
		if len(s.In(line)) != 1 {
			t.Errorf("%s is not found", line)
		}
	}
	if found := s.In("the evening group began"); len(found) > 0 {
		t.Errorf("a therapy session's name is no secret: %q", found)
	}
}

func TestSecretsInAProgramsLogAndAuditLogFailTheTest(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"roster.yaml": `participants: [{id: P1, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123"}]`,
		"sms.jsonl":   `{"to":"+16505550123","text":"112233 is your code"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verbs := func(audit string) func(args ...string) (string, error) {
		return func(args ...string) (string, error) {
			switch fmt.Sprint(args[:2]) {
			case "[export attendance]":
				return `{"ts_id":"TS1","person_id":"P1"}` + "\n", nil
			case "[export transcript]":
				return `{"ts_id":"` + args[2] + `","body":"nobody's business"}` + "\n", nil
			}
			return audit, nil
		}
	}
	for _, leak := range []string{"gilligan", "denver", "6505550123", "112233", "nobody's business", "556677"} {
		for _, p := range []apitest.Program{
			{Log: "msg=" + leak}, {Run: verbs(`{"event":"login","actor":"` + leak + `"}`)},
		} {
			p.Dir, p.Out = dir, "  556677 is your code\n"
			if p.Run == nil {
				p.Run = verbs("")
			}
			r := &recorder{TB: t}
			if p.KeepsSecrets(r, &apitest.Secrets{}); len(r.errors) != 1 {
				t.Errorf("%s: told of %q", leak, r.errors)
			}
		}
	}
	r := &recorder{TB: t}
	clean := apitest.Program{Dir: dir, Log: "msg=serving p_id=P1 ends=23", Run: verbs(`{"event":"login","actor":"P1"}`)}
	if clean.KeepsSecrets(r, &apitest.Secrets{}); len(r.errors) != 0 {
		t.Errorf("a false alarm: %q", r.errors)
	}
}

// recorder is a test that has gone wrong, or not.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// TestLeaksFailTheTest leaks on purpose: what every test with a server would
// see if the server did.
func TestLeaksFailTheTest(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Leaky = true })
	p := s.Enter("P1", apitest.Plain)
	browser := s.Browser("P2")
	p.Save(chat.Draft{Type: chat.Message, Body: "nobody's business"})
	told := func() string {
		r := &recorder{TB: t}
		s.KeepsSecrets(r)
		return strings.Join(r.errors, "\n")
	}
	if now := told(); now != "" {
		t.Fatalf("before any leak: %s", now)
	}
	code, err := s.SMS.Code(t.Context(), "+16505550102", 0)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]func(string){
		"the log": func(leak string) { slog.New(slog.NewTextHandler(s.Log, nil)).Info("leaked", "it", leak) },
		"the audit log": func(leak string) {
			err := s.Store.Update(t.Context(), func(tx *store.Tx) error {
				tx.Audit(store.AuditEntry{Event: "test", Details: []store.Detail{{Name: "it", Value: leak}}})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		},
		"the metrics": func(leak string) { s.Metrics.Answered("GET", "/"+leak, 200, 0) },
	}
	for what, leak := range map[string]string{
		"a code": code, "a phone": "05550102", "a name": "Gilligan", "a body": "nobody's business",
		"a token": p.Token(), "a cookie": browser.Cookies()[0].Value, "a field": "DENVER",
	} {
		for where, leaks := range places {
			leaks(leak)
			if now := told(); !regexp.MustCompile("(?m)^" + where + " holds a [a-z]+ " + regexp.QuoteMeta(strconv.Quote(strings.ToLower(leak)))).MatchString(now) {
				t.Errorf("%s in %s is not told of in:\n%s", what, where, now)
			}
		}
	}
}
