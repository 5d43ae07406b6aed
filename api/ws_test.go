package api_test

import (
	"fmt"
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

func TestEveryPermittedReaderGetsEachActionOnce(t *testing.T) {
	s := apitest.New(t)
	ann, bob, dr := s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny), s.Enter("T1", apitest.PrivateAny)
	twice := s.Enter("P1", apitest.PrivateAny) // another device
	var last chat.ActionID
	for i := range 30 {
		switch i % 3 {
		case 0:
			last = ann.Save(message(fmt.Sprint("for all ", i)))
		case 1:
			last = bob.Save(message(fmt.Sprint("between us ", i), "P1"))
		case 2:
			last = dr.Save(notice(fmt.Sprint("to bob ", i), "P2"))
		}
		if i == 10 {
			bob.HangUp()
			bob.Reconnect()
		}
		if i == 20 {
			ann.Reconnect() // in the middle of everything
		}
	}
	marker := dr.Save(notice("marker"))
	for _, p := range []*apitest.Person{ann, bob, dr, twice} {
		p.WaitFor(marker)
	}
	if last >= marker {
		t.Fatal("ids do not grow")
	}
	for _, p := range []*apitest.Person{twice, dr} {
		var ids []chat.ActionID
		for _, a := range p.Actions() {
			ids = append(ids, a.ID)
		}
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("%s has %v", p.ID, ids)
		}
	}
	ann.NeverReceived(t, "to bob")
	twice.NeverReceived(t, "to bob")
	want := 0
	for i := range 30 {
		if i%3 != 2 {
			want++
		}
	}
	if got := slices.DeleteFunc(bodies(twice.Actions()), func(b string) bool {
		return !strings.HasPrefix(b, "for all") && !strings.HasPrefix(b, "between us")
	}); len(got) != want {
		t.Errorf("the second device has %d of %d: %q", len(got), want, got)
	}
	// The saver's own are among what a socket is sent.
	if !slices.Contains(bodies(twice.Actions()), "for all 0") {
		t.Error("own messages do not come back")
	}
}

func TestCatchUpEndsAsPromised(t *testing.T) {
	s := apitest.New(t)
	dr, ann, bob := s.Enter("T1", apitest.PrivateAny), s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny)
	one := ann.Save(message("one"))
	bob.WaitFor(one)
	_, at := bob.Socket.Position()
	bob.HangUp()
	for range 3 {
		ann.Save(message("between us", "T1"))
	}
	t.Run("without a visible action", func(t *testing.T) {
		bob.Connect()
		entered := bob.EnterFrom(apitest.PrivateAny, at)
		f := bob.AwaitType("actions")
		if len(f.Actions) != 0 || f.Max < entered.Max || entered.Max != one+3 || f.Epoch != at.Epoch || f.Reset {
			t.Errorf("%s after %s", f.Raw, entered.Raw)
		}
	})
	t.Run("and later frames have one", func(t *testing.T) {
		ann.Save(message("between us", "T1"))
		id := dr.Save(notice("marker"))
		f := bob.AwaitType("actions")
		if len(f.Actions) != 1 || f.Actions[0].ID != id || f.Max != id {
			t.Errorf("%s", f.Raw)
		}
		for _, f := range bob.Frames()[3:] {
			if f.Type == "actions" && len(f.Actions) == 0 {
				t.Errorf("an empty one: %s", f.Raw)
			}
		}
	})
	t.Run("with everything seen", func(t *testing.T) {
		bob.Reconnect()
		if f := bob.AwaitType("actions"); len(f.Actions) != 0 || f.Reset {
			t.Errorf("%s", f.Raw)
		}
	})
	t.Run("from the start", func(t *testing.T) {
		bob.Connect()
		entered := bob.Enter(apitest.PrivateAny)
		if f := bob.AwaitType("actions"); len(f.Actions) == 0 || f.Actions[0].ID != 1 || f.Max < entered.Max || f.Reset {
			t.Errorf("%s", f.Raw)
		}
	})
	bob.NeverReceived(t, "between us")
}

func TestPositionThatIsNotOfThisLogStartsOver(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.Plain)
	id := p.Save(message("x"))
	p.WaitFor(id)
	_, at := p.Socket.Position()
	for name, from := range map[string]func() chat.Position{
		"another epoch":       func() chat.Position { return chat.Position{Epoch: "other", ID: id} },
		"another, at 0":       func() chat.Position { return chat.Position{Epoch: "other"} },
		"an id above the log": func() chat.Position { return chat.Position{ID: id + 1} },
		"one far above it":    func() chat.Position { return chat.Position{Epoch: at.Epoch, ID: id + 100} },
	} {
		p.Connect()
		p.EnterFrom(apitest.Plain, from())
		if f := p.AwaitType("actions"); !f.Reset || len(f.Actions) != int(id) || f.Epoch != at.Epoch || f.Max != id {
			t.Errorf("%s: %s", name, f.Raw)
		}
		next := p.Save(message("y"))
		if f := p.AwaitType("actions"); f.Reset || len(f.Actions) != 1 {
			t.Errorf("%s, then: %s", name, f.Raw)
		}
		p.WaitFor(next)
		id = next
	}
}

func TestFramesOfAHugeLogAreBounded(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.Plain)
	const n = 120
	var drafts []chat.Draft
	for i := range n {
		body := "small"
		switch i % 4 {
		case 0:
			body = strings.Repeat("😀", 10_000) // 40,000 bytes
		case 1:
			body = strings.Repeat("\x01", 10_000) // 60,000, escaped
		}
		drafts = append(drafts, message(body))
	}
	must[struct{}](t)(struct{}{}, func() error {
		_, err := s.Store.Append(t.Context(), "P1", apitest.Plain, drafts)
		return err
	}())
	p.WaitFor(n + 1)
	check := func(p *apitest.Person) {
		t.Helper()
		next, frames := chat.ActionID(1), 0
		for _, f := range p.Frames() {
			if len(f.Raw) > 1<<20 {
				t.Errorf("a frame of %d bytes", len(f.Raw))
			}
			if f.Type != "actions" {
				continue
			}
			frames++
			for _, a := range f.Actions {
				if a.ID != next {
					t.Fatalf("action %d in the place of %d", a.ID, next)
				}
				next++
			}
			if f.Max != next-1 {
				t.Errorf("max_id %d of a frame that ends with %d", f.Max, next-1)
			}
		}
		if next != n+2 || frames < 4 {
			t.Errorf("%d actions in %d frames", next-1, frames)
		}
	}
	check(p)
	fresh := s.Enter("P1", apitest.Plain)
	fresh.WaitFor(n + 1)
	check(fresh)
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

func TestPresenceAndTypingReachWhomTheyConcern(t *testing.T) {
	s := apitest.New(t)
	dr, ann, bob := s.Enter("T1", apitest.PrivateAny), s.Enter("P1", apitest.PrivateAny), s.Enter("P2", apitest.PrivateAny)
	elsewhere := s.Enter("P3", apitest.Plain)
	is := func(status string, who chat.PID) func(client.Frame) bool {
		return func(f client.Frame) bool {
			return f.Type == "presence" && f.User.ID == who && f.Status == status
		}
	}
	dr.Await("ann", is("online", "P1"))
	dr.Await("bob", is("online", "P2"))
	ann.Await("bob", is("online", "P2"))
	types := func(p *apitest.Person, to ...chat.PID) {
		t.Helper()
		if err := p.Socket.Typing(to...); err != nil {
			t.Fatal(err)
		}
	}
	typing := func(who chat.PID) func(client.Frame) bool {
		return func(f client.Frame) bool { return f.Type == "typing" && f.User.ID == who }
	}
	types(ann)
	bob.Await("ann's typing", typing("P1"))
	dr.Await("ann's typing", typing("P1"))
	types(bob, "T1")
	dr.Await("bob's typing", typing("P2"))
	s.Login("P3").Connect()
	// What somebody else is told comes before what comes now.
	marker := dr.Save(notice("marker"))
	for _, p := range []*apitest.Person{ann, bob} {
		p.WaitFor(marker)
	}
	for p, not := range map[*apitest.Person]chat.PID{ann: "P2", bob: "P2", dr: "T1", elsewhere: ""} {
		for _, f := range p.Frames() {
			if f.Type == "typing" && (f.User.ID == not || f.User.ID == p.ID || not == "") {
				t.Errorf("%s is told %s", p.ID, f.Raw)
			}
		}
	}
	// The muted type to therapists alone; a private one that is off, to nobody.
	must[client.Person](t)(dr.Moderate(soon(t), apitest.PrivateAny, "P2", chat.Mute))
	types(bob)
	marker = dr.Save(notice("marker"))
	ann.WaitFor(marker)
	for _, f := range ann.Frames() {
		if f.Type == "typing" {
			t.Errorf("ann is told %s", f.Raw)
		}
	}
	if n := len(dr.Frames()); n == 0 {
		t.Fatal()
	}
	bob.Ask(map[string]any{"type": "leave", "ref": "x"})
	dr.Await("bob", is("offline", "P2"))
	ann.Await("bob", is("offline", "P2"))
}

func TestWhoWaitsIsSeenByTherapistsAlone(t *testing.T) {
	s := apitest.New(t)
	dr := s.Enter("T1", apitest.WaitingRoom)
	ann := s.Enter("P1", apitest.WaitingRoom)
	must[client.Person](t)(dr.Moderate(soon(t), apitest.WaitingRoom, "P1", chat.Admit))
	ann.Await("to be let in", func(f client.Frame) bool { return f.State == "admitted" })
	bob := s.Enter("P2", apitest.WaitingRoom)
	waits := dr.Await("bob", func(f client.Frame) bool { return f.Type == "presence" && f.User.ID == "P2" })
	if waits.Status != "waiting" {
		t.Errorf("%s", waits.Raw)
	}
	if f := bob.Frames()[1]; f.State != "waiting" || f.Reason != "waiting_room" {
		t.Errorf("%s", f.Raw)
	}
	ann.WaitFor(dr.Save(notice("marker")))
	for _, f := range ann.Frames() {
		if f.Type == "presence" && f.User.ID == "P2" {
			t.Errorf("ann is told %s", f.Raw)
		}
	}
	for _, f := range bob.Frames() {
		if f.Type == "presence" && f.User.ID == "P1" || f.Type == "actions" {
			t.Errorf("bob, who waits, is told %s", f.Raw)
		}
	}
	bob.NeverReceived(t, "Gilligan")
	bob.NeverReceived(t, "marker")
}

func TestModerationTakesEffectOnOpenSocketsAndHeldPolls(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		const ts = apitest.WaitingRoom
		dr := s.Enter("T1", ts)
		moderate := func(c chat.Change) client.Person {
			t.Helper()
			return must[client.Person](t)(dr.Moderate(soon(t), ts, "P1", c))
		}
		within := func(start time.Time, what string) {
			t.Helper()
			if d := time.Since(start); d > time.Second {
				t.Errorf("%s took %v", what, d)
			}
		}
		ann := s.Enter("P1", ts)
		early := dr.Save(notice("before"))
		time.Sleep(time.Second)
		start := time.Now()
		if p := moderate(chat.Admit); p.Status != "online" {
			t.Errorf("admitted: %+v", p)
		}
		again := ann.Await("entered", func(f client.Frame) bool { return f.Type == "entered" && f.Ref == "" })
		if again.State != "admitted" || again.TS != ts || again.Reason != "" || again.Detail.ID != ts || len(again.Detail.Participants) != 4 {
			t.Errorf("%s", again.Raw)
		}
		ann.WaitFor(early)
		within(start, "admitting")
		ann.WaitFor(ann.Save(message("in")))

		held := connect(t, s, s.Login("P1"), ts)
		time.Sleep(time.Second)
		start = time.Now()
		if p := moderate(chat.Revoke); p.Status != "waiting" {
			t.Errorf("revoked: %+v", p)
		}
		again = ann.Await("entered", func(f client.Frame) bool { return f.Type == "entered" && f.Ref == "" })
		if again.State != "waiting" || again.Reason != "waiting_room" || len(again.Detail.Participants) != 2 {
			t.Errorf("%s", again.Raw)
		}
		if err := <-held.wait; problem(t, err) != chat.NotAdmitted {
			t.Errorf("held poll: %v", err)
		}
		within(start, "revoking")
		if f := ann.Ask(map[string]any{"type": "save", "ref": "r", "actions": []any{}}); f.Code != chat.NotAdmitted {
			t.Errorf("%s", f.Raw)
		}
		secret := dr.Save(notice("while she was out"))
		time.Sleep(time.Second)
		ann.NeverReceived(t, "while she was out")

		moderate(chat.Admit)
		ann.WaitFor(secret) // and nothing was missed
		held.HangUp()
		held = connect(t, s, s.Login("P1"), ts)
		time.Sleep(time.Second)
		start = time.Now()
		if p := moderate(chat.Remove); p.Status != "offline" {
			t.Errorf("removed: %+v", p)
		}
		for _, p := range []*apitest.Person{ann, held.Person} {
			if e := p.Closed(); e.Code != 4403 {
				t.Errorf("removed: %v", e)
			}
		}
		if err := <-held.wait; problem(t, err) != chat.NotAllowed {
			t.Errorf("held poll: %v", err)
		}
		within(start, "removing")
		_, err := ann.Client.Enter(soon(t), ts)
		if problem(t, err) != chat.NotAllowed {
			t.Errorf("entering: %v", err)
		}
		if l := must[client.List](t)(ann.TherapySessions(soon(t))); slices.ContainsFunc(l.Sessions, func(l client.Listed) bool { return l.ID == ts }) {
			t.Error("it is still listed")
		}
		ann.Connect()
		if f := ann.Ask(map[string]any{"type": "enter", "ref": "e", "ts_id": ts}); f.Code != chat.NotAllowed {
			t.Errorf("%s", f.Raw)
		}
		moderate(chat.Admit)
		if f := ann.Enter(ts); f.State != "admitted" {
			t.Errorf("admitted again: %s", f.Raw)
		}
	})
}

func TestMutedMayStillWriteToTherapists(t *testing.T) {
	s := apitest.New(t)
	dr, ann := s.Enter("T1", apitest.Plain), s.Enter("P1", apitest.Plain)
	id := dr.Save(message("x"))
	must[client.Person](t)(dr.Moderate(soon(t), apitest.Plain, "P1", chat.Mute))
	if r := ann.Try(message("x")); r.Error == nil || r.Error.Code != chat.Muted {
		t.Errorf("%+v", r)
	}
	ann.Save(message("x", "T1"))
	ann.Save(react(id, chat.Heart))
	must[client.Person](t)(dr.Moderate(soon(t), apitest.Plain, "P1", chat.Unmute))
	ann.Save(message("x"))
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
