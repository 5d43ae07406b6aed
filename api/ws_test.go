package api_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

func TestUpgradeIsRefusedBeforeIt(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.API.AllowedOrigins = []string{"https://study.example.org"} })
	cookie, bearer := s.Browser("P1"), s.Login("P1")
	for _, row := range []struct {
		name   string
		by     *apitest.Person
		header http.Header
		code   chat.Code
	}{
		{"a cookie and the own origin", cookie, nil, ""},
		{"a cookie and an allowed origin", cookie, http.Header{"Origin": {"https://study.example.org"}}, ""},
		{"a cookie and a foreign origin", cookie, http.Header{"Origin": {"https://evil.example"}}, chat.CrossOrigin},
		{"a cookie and an opaque origin", cookie, http.Header{"Origin": {"null"}}, chat.CrossOrigin},
		{"a cookie and no origin", cookie, http.Header{"Origin": nil}, chat.CrossOrigin},
		{"a cookie, no origin, Sec-Fetch-Site", cookie, http.Header{"Origin": nil, "Sec-Fetch-Site": {"same-origin"}}, chat.CrossOrigin},
		{"a cookie and two origins", cookie, http.Header{"Origin": {s.URL, "https://evil.example"}}, chat.CrossOrigin},
		{"a bearer", bearer, nil, ""},
		{"a bearer and a foreign origin", bearer, http.Header{"Origin": {"https://evil.example"}}, ""},
		{"a bad bearer beside a good cookie", cookie, http.Header{"Authorization": {"Bearer x"}}, chat.NotAuthenticated},
		{"nothing", s.Person("P1", false), nil, chat.NotAuthenticated},
		{"nothing, from a foreign origin", s.Person("P1", false), http.Header{"Origin": {"https://evil.example"}}, chat.NotAuthenticated},
		{"another subprotocol", bearer, http.Header{"Sec-Websocket-Protocol": {"chat.v1"}}, chat.BadRequest},
		{"ours among others", bearer, http.Header{"Sec-Websocket-Protocol": {"chat.v1, hearth.v1"}}, ""},
	} {
		k, err := row.by.ConnectWith(soon(t), row.header)
		if got := problem(t, err); got != row.code {
			t.Errorf("%s: %q, want %q", row.name, got, row.code)
		}
		if k != nil {
			if k.Subprotocol() != "hearth.v1" {
				t.Errorf("%s: subprotocol %q", row.name, k.Subprotocol())
			}
			k.Close()
		}
	}
	a := do(t, bearer, request{method: "GET", path: "/api/ws", header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"8"}, "Sec-Websocket-Key": {"x"},
	}})
	wantProblem(t, a, 400, chat.BadRequest)
}

func TestNothingIsCompressed(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	d := websocket.Dialer{EnableCompression: true}
	conn, res, err := d.DialContext(soon(t), "ws"+strings.TrimPrefix(s.URL, "http")+"/api/ws", http.Header{"Authorization": {"Bearer " + p.Token()}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := res.Header.Get("Sec-Websocket-Extensions"); got != "" {
		t.Errorf("negotiated %q", got)
	}
}

func TestTwentySocketsAPerson(t *testing.T) {
	s := apitest.New(t)
	p, other := s.Login("P1"), s.Login("P2")
	var open []*client.Socket
	for range 20 {
		open = append(open, must[*client.Socket](t)(s.Login("P1").Client.Connect(soon(t))))
	}
	_, err := p.Client.Connect(soon(t))
	if e, ok := err.(*client.Problem); !ok || e.Status != 429 || e.Code != chat.TooFast || e.RetryAfter == 0 {
		t.Errorf("the next one: %v", err)
	}
	other.Connect()
	open[0].Close()
	for { // until the server has noticed
		k, err := p.Client.Connect(soon(t))
		if err == nil {
			k.Close()
			break
		}
		if problem(t, err) != chat.TooFast || t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	for _, k := range open {
		k.Close()
	}
}

func TestWhatIsNoFrame(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.Plain)
	for i, row := range []struct {
		frame string
		code  chat.Code
		text  string
	}{
		{`{"type":"nonsense"}`, chat.UnknownType, "type: "},
		{`{"type":"Ping"}`, chat.UnknownType, "type: "},
		{`{}`, chat.InvalidFrame, "type: missing"},
		{`{"type":null}`, chat.InvalidFrame, "type: missing"},
		{`{"type":7}`, chat.InvalidFrame, "type: must be a string"},
		{`[]`, chat.InvalidFrame, "must be an object"},
		{`"x"`, chat.InvalidFrame, "must be an object"},
		{`null`, chat.InvalidFrame, "must be an object"},
		{`7`, chat.InvalidFrame, "must be an object"},
		{`{"type":"ping","type":"ping"}`, chat.InvalidFrame, `"type": given twice`},
		{`{"type":"ping","x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, chat.InvalidFrame, "nested deeper"},
		{`{"type":"\ud800"}`, chat.InvalidFrame, "type: not valid Unicode"},
		{`{"type":"ping","ref":7}`, chat.InvalidFrame, "ref: "},
		{`{"type":"ping","ref":"` + strings.Repeat("x", 101) + `"}`, chat.InvalidFrame, "ref: "},
		{`{"type":"enter"}`, chat.InvalidFrame, "ts_id: missing"},
		{`{"type":"enter","ts_id":7}`, chat.InvalidFrame, "ts_id: must be a string"},
		{`{"type":"enter","ts_id":"TS1","last_action_id":{}}`, chat.InvalidFrame, "last_action_id: "},
		{`{"type":"enter","ts_id":"TS1","epoch":7}`, chat.InvalidFrame, "epoch: must be a string"},
		{`{"type":"save"}`, chat.InvalidFrame, "actions: missing"},
		{`{"type":"save","actions":{}}`, chat.InvalidFrame, "actions: must be an array"},
		{`{"type":"typing","recipients":"P2"}`, chat.InvalidFrame, "recipients: "},
		{`{"type":"enter","ts_id":"none"}`, chat.NotAllowed, ""},
	} {
		if err := p.Socket.SendRaw(websocket.TextMessage, []byte(row.frame)); err != nil {
			t.Fatal(err)
		}
		if f := p.AwaitType("error"); f.Code != row.code || !strings.HasPrefix(f.Message, row.text) {
			t.Errorf("%d. %s: %s", i, row.frame, f.Raw)
		}
	}
	p.WaitFor(p.Save(message("it goes on")))
}

func TestSocketEndsWithACodeThatSaysWhy(t *testing.T) {
	s := apitest.New(t)
	for _, row := range []struct {
		name string
		kind int
		data string
		code int
	}{
		{"not JSON", websocket.TextMessage, "hello", 4400},
		{"two values", websocket.TextMessage, `{"type":"ping"} {}`, 4400},
		{"nothing", websocket.TextMessage, "", 4400},
		{"a broken string", websocket.TextMessage, `{"type":"ping`, 4400},
		{"binary", websocket.BinaryMessage, `{"type":"ping"}`, 4400},
		{"a byte too much", websocket.TextMessage, `{"type":"ping"}` + strings.Repeat(" ", 1<<20-14), websocket.CloseMessageTooBig},
		{"far too much", websocket.TextMessage, strings.Repeat(" ", 4<<20), websocket.CloseMessageTooBig},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := s.Login("P1")
			p.Connect()
			p.AwaitType("hello")
			go p.Socket.SendRaw(row.kind, []byte(row.data)) // the server may end before it has read all
			if e := p.Closed(); e.Code != row.code {
				t.Errorf("%v, want %d", e, row.code)
			}
		})
	}
	p := s.Login("P1")
	p.Connect()
	if err := p.Socket.SendRaw(websocket.TextMessage, []byte(`{"type":"ping"}`+strings.Repeat(" ", 1<<20-15))); err != nil {
		t.Fatal(err)
	}
	p.AwaitType("pong")
}

func TestSwitchingAndLeaving(t *testing.T) {
	s := apitest.New(t)
	ann, dr, other := s.Enter("P1", apitest.Plain), s.Enter("T1", apitest.Plain), s.Enter("T1", apitest.PrivateOff)
	if me := must[client.Me](t)(ann.Me(soon(t))); me.TS != apitest.Plain {
		t.Errorf("the current one is %q", me.TS)
	}
	ann.Enter(apitest.PrivateOff)
	if me := must[client.Me](t)(ann.Me(soon(t))); me.TS != apitest.PrivateOff {
		t.Errorf("the current one is %q", me.TS)
	}
	dr.Save(notice("in the first one"))
	ann.WaitFor(other.Save(notice("in the second one")))
	id := ann.Save(message("in the second one"))
	other.WaitFor(id)
	ann.NeverReceived(t, "in the first one")

	if f := ann.Ask(map[string]any{"type": "leave", "ref": "l"}); f.Type != "left" {
		t.Errorf("%s", f.Raw)
	}
	if me := must[client.Me](t)(ann.Me(soon(t))); me.TS != "" {
		t.Errorf("the current one is %q", me.TS)
	}
	left := other.Await("that ann has left", func(f client.Frame) bool {
		return f.Type == "actions" && slices.Contains(bodies(f.Actions), "Gilligan has left the session")
	})
	other.Save(notice("without her"))
	if f := ann.Ask(map[string]any{"type": "leave", "ref": "again"}); f.Type != "left" {
		t.Errorf("%s", f.Raw)
	}
	if f := ann.Ask(map[string]any{"type": "save", "ref": "s", "actions": []any{}}); f.Code != chat.NotAdmitted {
		t.Errorf("%s", f.Raw)
	}
	ann.NeverReceived(t, "without her")
	// She is still admitted, and finds all of it when she comes back.
	ann.EnterFrom(apitest.PrivateOff, chat.Position{Epoch: left.Epoch, ID: id})
	if got := bodies(ann.Actions()); !slices.Contains(got, "without her") {
		t.Errorf("%q", got)
	}
	// One of the first that fails to switch stays where it is.
	if f := ann.Ask(map[string]any{"type": "enter", "ref": "no", "ts_id": "none"}); f.Code != chat.NotAllowed {
		t.Errorf("%s", f.Raw)
	}
	ann.WaitFor(ann.Save(message("still in the second one")))
}

func TestServerPingsAndNoticesWhoIsGone(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Enter("P1", apitest.Plain)
		asleep := s.Login("P2")
		k := must[*client.Socket](t)(asleep.Client.Connect(soon(t)))
		k.OnPing(func() bool { return false })
		asleep.Listen(k)
		asleep.Enter(apitest.Plain)
		start := time.Now()
		for asleep.Open() {
			time.Sleep(time.Second)
		}
		if d := time.Since(start); d < 44*time.Second || d > 46*time.Second {
			t.Errorf("who answers no ping is out after %v", d)
		}
		time.Sleep(time.Hour)
		p.WaitFor(p.Save(message("an hour of pings later")))
	})
}

func TestServerPingsEveryTwentySeconds(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Login("P1")
		k := must[*client.Socket](t)(p.Client.Connect(soon(t)))
		pings := make(chan time.Time, 100)
		k.OnPing(func() bool {
			pings <- time.Now()
			return true
		})
		p.Listen(k)
		last := <-pings
		for range 10 {
			at := <-pings
			if d := at.Sub(last); d != 20*time.Second {
				t.Errorf("a ping after %v", d)
			}
			last = at
		}
	})
}

func TestSocketsAreToldToComeBackWhenTheServerStops(t *testing.T) {
	s := apitest.New(t)
	var all []*apitest.Person
	for range 5 {
		all = append(all, s.Enter("P1", apitest.Plain))
	}
	s.API.Drain()
	reasons := map[string]bool{}
	for _, p := range all {
		e := p.Closed()
		if e.Code != websocket.CloseGoingAway || !regexp.MustCompile(`^retry_ms=([0-9]|[1-9][0-9]{1,3})$`).MatchString(e.Text) {
			t.Errorf("%v", e)
		}
		reasons[e.Text] = true
	}
	if len(reasons) == 1 {
		t.Errorf("all of them come back at once: %v", reasons)
	}
	wantProblem(t, get(t, all[0], "/readyz"), 503, chat.StorageUnavailable)
	wantStatus(t, get(t, all[0], "/healthz"), 200)
	k := must[*client.Socket](t)(all[0].Client.Connect(soon(t)))
	all[0].Listen(k)
	if e := all[0].Closed(); e.Code != websocket.CloseGoingAway {
		t.Errorf("a later one: %v", e)
	}
}
