package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/auth"
	"hearth/hub/chat"
)

// sameAnswers fails the test if two answers tell more apart than when and
// which request they were.
func sameAnswers(t *testing.T, what string, known, unknown client.Answer) {
	t.Helper()
	for _, a := range []client.Answer{known, unknown} {
		a.Header.Del("Date")
		a.Header.Del("X-Request-Id")
	}
	if known.Status != unknown.Status || !maps.EqualFunc(known.Header, unknown.Header, slices.Equal) || len(known.Body) != len(unknown.Body) {
		t.Errorf("%s: %d %v %s, but for nobody %d %v %s", what, known.Status, known.Header, known.Body, unknown.Status, unknown.Header, unknown.Body)
	}
}

func TestLoginTellsNobodyWhoIsThere(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Auth.OTP = auth.OTP{MaxSends: 3}
		o.Auth.Limits = auth.Limits{WrongCodesPerDay: 5, LoginsPerAddressPerHour: 1000}
	})
	ask := func(body string) client.Answer { return post(t, s.Person("P1", false), "/api/login", body) }
	both := map[string][]string{} // who → their challenges
	for i := range 5 {
		known := ask(`{"phone":"+16505550102","field":"Denver"}`)
		for who, body := range map[string]string{
			"nobody's phone": `{"phone":"+16505550199","field":"Denver"}`, "another's field": `{"phone":"+16505550102","field":"Grumby"}`,
			"somebody withdrawn": `{"phone":"+16505550106","field":"Hinkley"}`, "an empty name": `{"phone":"+16505550198","field":" "}`,
		} {
			unknown := ask(body)
			sameAnswers(t, fmt.Sprintf("%d. login, %s", i, who), known, unknown)
			if unknown.Status == 202 {
				var ch client.Challenge
				decode(t, unknown.Body, &ch)
				both[who] = append(both[who], ch.ID)
			}
		}
		if i < 3 {
			wantStatus(t, known, 202)
			var ch client.Challenge
			decode(t, known.Body, &ch)
			both["known"] = append(both["known"], ch.ID)
		} else {
			wantProblem(t, known, 429, chat.TooManyTries)
		}
		s.Clock.Add(61 * time.Second)
	}
	try := func(path, who string, i int, code string) client.Answer {
		body := `{"challenge":"` + both[who][i] + `"`
		if code != "" {
			body += `,"code":"` + code + `"`
		}
		return post(t, s.Person("P1", false), path, body+"}")
	}
	for i := range 3 {
		for path, code := range map[string]string{"/api/resend": "", "/api/verify": "wrong"} {
			known := try(path, "known", i, code)
			for who := range both {
				if who != "known" {
					sameAnswers(t, path+", "+who, known, try(path, who, i, code))
				}
			}
		}
	}
	if n := s.SMS.Sent("+16505550199") + s.SMS.Sent("+16505550106") + s.SMS.Sent("+16505550198"); n != 0 || s.SMS.Sent("+16505550102") != 3 {
		t.Errorf("%d SMS to nobody, %d to Denver", n, s.SMS.Sent("+16505550102"))
	}
}

func TestLoginDoesNotWaitForTheSMS(t *testing.T) {
	s := apitest.New(t)
	release := s.SMS.Hold()
	defer release()
	p := s.Person("P1", false)
	ch := must[client.Challenge](t)(p.StartLogin(soon(t), "+16505550102", "Denver"))
	s.Clock.Add(61 * time.Second)
	must[client.Challenge](t)(p.Resend(soon(t), ch.ID))
	if s.SMS.Sent("+16505550102") != 0 {
		t.Error("an SMS was sent")
	}
	release()
	must[string](t)(s.SMS.Code(soon(t), "+16505550102", 1))
}

func TestRefusalsOfALogin(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Auth.OTP = auth.OTP{MaxSends: 2} })
	p := s.Person("P1", false)
	for _, phone := range []string{"x", "123", "+1650555010x", strings.Repeat("1", 100), "555 0102"} {
		wantProblem(t, post(t, p, "/api/login", `{"phone":"`+phone+`","field":"Denver"}`), 422, chat.InvalidPhone)
	}
	wantProblem(t, post(t, p, "/api/login", `{"phone":"+16505550102","field":"`+strings.Repeat("x", 201)+`"}`), 400, chat.BadRequest)

	ch := must[client.Challenge](t)(p.StartLogin(soon(t), "+16505550102", "Denver"))
	code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
	if e := wantProblem(t, post(t, p, "/api/resend", `{"challenge":"`+ch.ID+`"}`), 429, chat.ResendTooSoon); e.RetryAfter != 60 {
		t.Errorf("retry_after %d", e.RetryAfter)
	}
	s.Clock.Add(59*time.Second + time.Millisecond)
	if e := wantProblem(t, post(t, p, "/api/resend", `{"challenge":"`+ch.ID+`"}`), 429, chat.ResendTooSoon); e.RetryAfter != 1 {
		t.Errorf("retry_after %d, is rounded up", e.RetryAfter)
	}
	s.Clock.Add(time.Second)
	must[client.Challenge](t)(p.Resend(soon(t), ch.ID))
	newer := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 1))
	s.Clock.Add(61 * time.Second)
	if e := wantProblem(t, post(t, p, "/api/resend", `{"challenge":"`+ch.ID+`"}`), 429, chat.TooManyTries); e.RetryAfter <= 0 || e.RetryAfter > 3600 {
		t.Errorf("retry_after %d", e.RetryAfter)
	}
	if code != newer {
		_, err := p.Verify(soon(t), ch.ID, newer+"0")
		if problem(t, err) != chat.InvalidCode {
			t.Errorf("a wrong code: %v", err)
		}
	}
	// One try a code: the right one is too late.
	_, err := p.Verify(soon(t), ch.ID, newer)
	if problem(t, err) != chat.InvalidCode {
		t.Errorf("a spent code: %v", err)
	}
}

func TestCodeReadOutByTelephone(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Auth.OTP = auth.OTP{MaxSends: 1} })
	p, dr := s.Person("P1", false), s.Login("T1")
	ch := must[client.Challenge](t)(p.StartLogin(soon(t), "+16505550102", "Denver"))
	must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0)) // never arrives
	s.Clock.Add(2 * time.Minute)
	_, err := p.StartLogin(soon(t), "+16505550102", "Denver")
	if problem(t, err) != chat.TooManyTries {
		t.Errorf("%v", err)
	}
	var made struct {
		Code string `json:"code"`
	}
	a := post(t, dr, "/api/code", `{"p_id":"P1"}`)
	wantStatus(t, a, 200)
	decode(t, a.Body, &made)
	in := must[client.LoggedIn](t)(p.Verify(soon(t), ch.ID, made.Code))
	if in.User.ID != "P1" {
		t.Errorf("%+v", in)
	}
	wantStatus(t, post(t, dr, "/api/unlock", `{"p_id":"P1"}`), 204)
	must[client.Challenge](t)(p.StartLogin(soon(t), "+16505550102", "Denver"))
}

func TestDeviceThatWasLoggedInBeforeIsNotLockedOutByAStranger(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Auth.Limits = auth.Limits{WrongCodesPerDay: 2, SendsPerDay: 1000, LoginsPerAddressPerHour: 1000, SendsPerHour: 1000}
	})
	p := s.Browser("P1")
	if err := p.Logout(soon(t)); err != nil {
		t.Fatal(err)
	}
	stranger := s.Person("P1", true)
	for range 2 {
		ch := must[client.Challenge](t)(stranger.StartLogin(soon(t), "+16505550102", "Denver"))
		if _, err := stranger.Verify(soon(t), ch.ID, "no code"); problem(t, err) != chat.InvalidCode {
			t.Fatal(err)
		}
	}
	if _, err := stranger.StartLogin(soon(t), "+16505550102", "Denver"); problem(t, err) != chat.TooManyTries {
		t.Fatal(err)
	}
	p.Login()
	wantStatus(t, get(t, p, "/api/me"), 200)
}

// open are all the ways in which somebody may be connected.
type open struct {
	*apitest.Person
	wait chan error // of a long poll
}

func connect(t *testing.T, s *apitest.Server, p *apitest.Person, ts chat.TSID) *open {
	t.Helper()
	p.Connect()
	p.Enter(ts)
	o := &open{p, make(chan error, 1)}
	o.poll(t, ts)
	return o
}

// poll begins to wait for what comes next.
func (o *open) poll(t *testing.T, ts chat.TSID) {
	t.Helper()
	at := page(t, o.Person, ts)
	ctx := soon(t)
	go func() {
		_, err := o.GetActions(ctx, client.Query{TS: ts, From: at.Position(), Wait: 55 * time.Second})
		o.wait <- err
	}()
}

func TestLogoutReachesEverything(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		here := connect(t, s, s.Login("P1"), apitest.Plain)
		other := connect(t, s, s.Login("P1"), apitest.Plain) // another device
		time.Sleep(time.Second)
		start := time.Now()
		if err := here.Logout(soon(t)); err != nil {
			t.Fatal(err)
		}
		if e := here.Closed(); e.Code != 4401 || e.Text != "not_authenticated" {
			t.Errorf("socket: %v", e)
		}
		if err := <-here.wait; problem(t, err) != chat.NotAuthenticated {
			t.Errorf("long poll: %v", err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("it took %v", d)
		}
		for _, path := range []string{"/api/me", "/api/getActions?ts_id=TS1", "/api/getTherapySessions"} {
			wantProblem(t, get(t, here.Person, path), 401, chat.NotAuthenticated)
		}
		_, err := here.Client.Connect(soon(t))
		if problem(t, err) != chat.NotAuthenticated {
			t.Errorf("another socket: %v", err)
		}
		other.WaitFor(other.Save(message("still here")))
		if err := <-other.wait; err != nil {
			t.Errorf("the other device's long poll: %v", err)
		}
	})
}

func TestWithdrawnPersonIsLoggedOutEverywhere(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		q := s.Enter("P2", apitest.Plain)
		var all []*open
		for range 5 {
			all = append(all, connect(t, s, s.Login("P1"), apitest.Plain))
		}
		time.Sleep(time.Second)
		start := time.Now()
		s.SetRoster(func(now *chat.Roster) *chat.Roster {
			r := &chat.Roster{People: maps.Clone(now.People), Sessions: now.Sessions}
			u := *r.People["P1"]
			u.Withdrawn = true
			r.People["P1"] = &u
			return r
		})
		for _, p := range all {
			if e := p.Closed(); e.Code != 4401 {
				t.Errorf("socket: %v", e)
			}
			if err := <-p.wait; problem(t, err) != chat.NotAuthenticated {
				t.Errorf("long poll: %v", err)
			}
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("it took %v", d)
		}
		q.WaitFor(q.Save(message("still here")))
	})
}

func TestWhatCountsAsActivity(t *testing.T) {
	const idle = 30 * time.Minute
	for _, row := range []struct {
		name string
		do   func(*testing.T, *apitest.Person)
		is   bool
	}{
		{"a poll", func(t *testing.T, p *apitest.Person) { get(t, p, "/api/getActions?ts_id=TS2") }, false},
		{"a wait", func(t *testing.T, p *apitest.Person) { get(t, p, "/api/getActions?ts_id=TS2&wait=1s") }, false},
		{"handleActions with nothing to say", func(t *testing.T, p *apitest.Person) { post(t, p, "/api/handleActions", `{"ts_id":"TS2"}`) }, false},
		{"the list, as a look that nobody asked for", func(t *testing.T, p *apitest.Person) {
			wantStatus(t, get(t, p, "/api/getTherapySessions?poll=true"), 200)
		}, false},
		{"a ping", func(t *testing.T, p *apitest.Person) { p.Socket.Ping(); p.AwaitType("pong") }, false},
		{"a WebSocket's ping", func(t *testing.T, p *apitest.Person) { p.Socket.SendRaw(9, nil) }, false},
		{"a refused poll", func(t *testing.T, p *apitest.Person) { get(t, p, "/api/getActions?ts_id=none") }, false},
		{"handleActions with something to say", func(t *testing.T, p *apitest.Person) {
			post(t, p, "/api/handleActions", `{"ts_id":"TS2","actionQueue":[{"type":"message","body":"x"}]}`)
		}, true},
		{"saveActions", func(t *testing.T, p *apitest.Person) { post(t, p, "/api/saveActions", `[]`) }, true},
		{"the list", func(t *testing.T, p *apitest.Person) { get(t, p, "/api/getTherapySessions") }, true},
		{"a frame", func(t *testing.T, p *apitest.Person) { p.Ask(map[string]any{"type": "leave", "ref": "x"}) }, true},
		{"typing", func(t *testing.T, p *apitest.Person) {
			p.Socket.Typing()
			p.Socket.Ping()
			p.AwaitType("pong")
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, s *apitest.Server) {
				p := s.Login("P1")
				p.Connect()
				p.Ask(map[string]any{"type": "enter", "ref": "e", "ts_id": "TS2"}) // and waits there
				time.Sleep(idle / 2)
				row.do(t, p)
				time.Sleep(idle/2 - time.Second)
				wantStatus(t, get(t, p, "/api/me"), 200)
				time.Sleep(3 * time.Second)
				if row.is {
					wantStatus(t, get(t, p, "/api/me"), 200)
					time.Sleep(idle / 2)
				}
				wantProblem(t, get(t, p, "/api/me"), 401, chat.NotAuthenticated)
				if e := p.Closed(); e.Code != 4401 {
					t.Errorf("socket: %v", e)
				}
			})
		})
	}
}

func TestOnlyTheAbsoluteLimitCountsInAnOpenTherapySession(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Enter("P1", apitest.Plain)
		for range 11 {
			time.Sleep(time.Hour)
			wantStatus(t, get(t, p, "/api/me"), 200)
		}
		time.Sleep(time.Hour)
		wantProblem(t, get(t, p, "/api/me"), 401, chat.NotAuthenticated)
		if e := p.Closed(); e.Code != 4401 {
			t.Errorf("socket: %v", e)
		}
	})
}

func TestLogsHoldNoSecrets(t *testing.T) {
	s := apitest.New(t)
	p := s.Person("P1", true)
	in := p.Login()
	p.Connect()
	p.Enter(apitest.Plain)
	p.Save(message("a body that is nobody's business"))
	code := must[string](t)(s.SMS.Code(soon(t), "+16505550102", 0))
	do(t, p, request{method: "POST", path: "/api/verify?code=" + code, body: `{"challenge":"` + in.Token + `","code":"` + code + `"}`})
	s.Disk.Break(false)
	post(t, p, "/api/saveActions", `[{"type":"message","body":"another body"}]`)
	post(t, s.Person("P2", false), "/api/login", `{"phone":"+16505550103","field":"Grumby"}`)
	s.Disk.Mend()
	log := s.Log.String()
	if log == "" {
		t.Fatal("nothing was logged: this test sees nothing")
	}
	cookies := (&http.Request{Header: http.Header{"Cookie": {"hearth_session=" + in.Token}}}).Cookies()
	for name, secret := range map[string]string{
		"a token": cookies[0].Value, "a code": code, "a phone": "6505550102", "another phone": "6505550103",
		"a body": "nobody's business", "another body": "another body", "a name": "Denver", "another name": "Grumby",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log:\n%s", name, log)
		}
	}
}
