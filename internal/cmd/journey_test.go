package cmd

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// sampleRoster has P123 and P124 in TS1 with a survey to fill in, and P123 in
// TS2 without one.
const sampleRoster = `
participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123", role: participant}
  - {id: P124, name: Mary Ann, last_name: Summers, phone: "+1 650 555 0124", role: participant}
therapy_sessions:
  - id: TS1
    name: Evening group
    topic: Castaways
    therapists: [T1]
    participants: [P123, P124]
    assessments:
      - {name: location, title: "Where are you?", phase: pre, required: true, url: "https://surveys.example/location?back={return_url}"}
  - {id: TS2, name: Morning group, therapists: [T1], participants: [P123, P124]}
`

// ctxOf ends with the test, or when something hangs.
func ctxOf(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// newClient is a device that speaks to the server at address, which it calls by
// url; an empty url is the address.
func newClient(t *testing.T, address, url string, o client.Options) *client.Client {
	t.Helper()
	if o.URL = url; url == "" {
		o.URL = "http://" + address
	}
	o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	o.Answered = told.Answered
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// login logs c in with the code that p prints.
func (p *process) login(t *testing.T, c *client.Client, phone chat.Phone, field string) (in client.LoggedIn, code string) {
	t.Helper()
	printed := regexp.MustCompile(`SMS to ` + regexp.QuoteMeta(string(phone)) + `, .*\n\s*\n +(\d+) is your code`)
	before := len(printed.FindAllString(p.out.String(), -1))
	in, err := c.Login(ctxOf(t), string(phone), field, func(context.Context) (string, error) {
		m, err := p.out.await(printed, before+1, p.done)
		if err != nil {
			return "", err
		}
		code = m[1]
		return code, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return in, code
}

// serve starts a server with the sample roster.
func serve(t *testing.T, config string) (p *process, address, dir string) {
	t.Helper()
	dir = write(t, map[string]string{"config.yaml": "listen: 127.0.0.1:0\n" + config, "roster.yaml": sampleRoster})
	hearth(t, dir, 0, "import", "roster.yaml")
	p = run(t, dir, "serve")
	return p, p.address(t), dir
}

// enter connects, enters ts and reads until it has caught up.
func enter(t *testing.T, c *client.Client, ts chat.TSID) *client.Socket {
	t.Helper()
	s, err := c.Connect(ctxOf(t))
	if err != nil {
		t.Fatal(err)
	}
	return enterBy(t, s, ts)
}

func enterBy(t *testing.T, s *client.Socket, ts chat.TSID) *client.Socket {
	t.Helper()
	t.Cleanup(func() { s.Drop() })
	if _, err := s.Enter(ts, chat.Position{}); err != nil {
		t.Fatal(err)
	}
	var target chat.ActionID
	for {
		switch f := readFrame(t, s); f.Type {
		case "error":
			t.Fatalf("%s: %s", f.Code, f.Message)
		case "entered":
			target = f.Max
		case "actions":
			if f.Max >= target {
				return s
			}
		}
	}
}

func readFrame(t *testing.T, s *client.Socket) client.Frame {
	t.Helper()
	f, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Whatever people type and are sent must be nowhere in the log, however much of
// it is asked for.
func TestLogsHoldNothingOfAnybody(t *testing.T) {
	t.Parallel()
	p, address, dir := serve(t, "log: {level: debug, format: json}\n")
	ctx := ctxOf(t)
	secrets := map[string]string{
		"a phone": "6505550123", "a phone as it is typed": "650 555 0123", "another's phone": "5550124",
		"a name": "Gilligan", "a last name": "Denver", "another's last name": "Summers", "the therapist's name": "Howell",
		"the group's name": "Evening group", "its topic": "Castaways",
	}

	// Who does not get in.
	stranger := newClient(t, address, "", client.Options{})
	if _, err := stranger.StartLogin(ctx, "+16505550177", "Thurston"); err != nil {
		t.Fatal(err)
	}
	secrets["a stranger's phone"], secrets["what a stranger typed"] = "5550177", "Thurston"
	if _, err := stranger.StartLogin(ctx, "phone-of-nobody", "Lovey"); err == nil {
		t.Error("that was a phone")
	}
	secrets["what is no phone"] = "phone-of-nobody"
	ch, err := stranger.StartLogin(ctx, "+16505550124", "Summers")
	if err != nil {
		t.Fatal(err)
	}
	secrets["a challenge"] = ch.ID
	if _, err := stranger.Verify(ctx, ch.ID, "badcode"); err == nil {
		t.Error("that was a code")
	}
	secrets["a wrong code"] = "badcode"

	// A browser, a program, and a therapist.
	browser, program := newClient(t, address, "", client.Options{Cookies: true}), newClient(t, address, "", client.Options{})
	in, code := p.login(t, browser, "+16505550123", "Denver")
	secrets["a browser's token"], secrets["a browser's code"] = in.Token, code
	for _, k := range browser.Cookies() {
		secrets["the cookie "+k.Name] = k.Value
	}
	in, code = p.login(t, program, "+16505550124", "Summers")
	secrets["a program's token"], secrets["a program's code"] = in.Token, code
	therapist := newClient(t, address, "", client.Options{})
	in, code = p.login(t, therapist, "+16505550100", "Howell")
	secrets["the therapist's token"], secrets["the therapist's code"] = in.Token, code

	// The survey, whose link is as good as a login for it.
	e, err := browser.Enter(ctx, "TS1")
	if err != nil || e.State != "waiting" || len(e.Assessments) != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	_, back, _ := strings.Cut(e.Assessments[0].URL, "%2Fsurvey%2Fdone%2F")
	secrets["a survey's link"] = back
	if back == "" {
		t.Fatal(e.Assessments[0].URL)
	}
	do(t, browser, "GET", "/survey/done/"+back, nil, 303)
	do(t, browser, "GET", "/survey/done/"+back+"x", nil, 404)

	// What is said.
	socket := enter(t, browser, "TS1")
	if _, err := socket.Save(chat.Draft{Type: chat.Message, Body: "secret-body-1", Research: chat.Research{
		History: []string{"secret-key-1"}, TimeToComplete: "1234567ms",
	}}, chat.Draft{Type: chat.Message, Body: "secret-body-2", Recipients: []chat.PID{"T1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := therapist.Enter(ctx, "TS1"); err != nil {
		t.Fatal(err)
	}
	if _, err := therapist.SaveActions(ctx, "", chat.Draft{Type: chat.Whiteboard, Body: "secret-board"},
		chat.Draft{Type: chat.Notice, Body: "secret-notice"}, chat.Draft{Type: chat.Message, Body: "secret-refused", Target: 999}); err != nil {
		t.Fatal(err)
	}
	if _, err := therapist.Moderate(ctx, "TS1", "P123", chat.Mute); err != nil {
		t.Fatal(err)
	}
	if _, err := (&client.OlderPoll{Client: therapist}).Next(ctx, chat.Draft{Type: chat.Message, Body: "secret-older"}); err != nil {
		t.Fatal(err)
	}
	var help struct {
		Code string `json:"code"`
	}
	if err := therapist.Call(ctx, "POST", "/api/code", map[string]string{"p_id": "P124"}, &help); err != nil || help.Code == "" {
		t.Fatalf("%+v, %v", help, err)
	}
	secrets["a code to read out"] = help.Code

	// What is wrong.
	if err := socket.Send(map[string]any{"type": "secret-type", "ref": "secret-ref"}); err != nil {
		t.Fatal(err)
	}
	if err := socket.SendRaw(1, []byte(`{"secret-frame`)); err != nil {
		t.Fatal(err)
	}
	do(t, therapist, "POST", "/api/saveActions", []byte(`[{"type":"message","body":"secret-broken`), 400)
	do(t, therapist, "GET", "/api/secret-path?secret-query=1", nil, 404)
	do(t, therapist, "GET", "/api/getActions?wait=secret-wait", nil, 400)
	do(t, newClient(t, address, "http://secret-host.example", client.Options{}), "GET", "/", nil, 421)
	raw := rawRequest(t, address, "GET /secret-request HTTP/9.9\r\n\r\n")
	if !strings.HasPrefix(raw, "HTTP/1.1 505") {
		t.Error(raw)
	}
	if err := browser.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	if _, err := p.log.await(regexp.MustCompile(`log\.level was read again`), 1, p.done); err != nil {
		t.Fatal(err)
	}
	p.stop(t)

	log := p.log.String()
	for line := range strings.Lines(log) {
		var record struct {
			Time       time.Time
			Level, Msg string
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Msg == "" || record.Level == "" || record.Time.IsZero() {
			t.Errorf("not a record of JSON: %s", line)
		}
	}
	for what, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s, %q", what, secret)
		}
	}
	if strings.Contains(log, "secret-") || strings.Contains(log, "1234567ms") {
		t.Error("the log holds what somebody typed")
	}
	if t.Failed() {
		t.Log(log)
	}
	if _, stderr := hearth(t, dir, 0, "check"); stderr != "" {
		t.Error(stderr)
	}
	if found, err := filepath.Glob(filepath.Join(dir, "data", "*")); err != nil || len(found) != 4 {
		t.Errorf("the data directory holds %v, %v", found, err)
	}
}

// do sends a request and wants a status.
func do(t *testing.T, c *client.Client, method, path string, body []byte, want int) client.Answer {
	t.Helper()
	r, err := c.NewRequest(ctxOf(t), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Do(r)
	if err != nil || a.Status != want {
		t.Fatalf("%s %s: %d, %v, want %d\n%s", method, path, a.Status, err, want, a.Body)
	}
	return a
}
