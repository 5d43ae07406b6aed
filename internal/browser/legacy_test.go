package browser_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
	. "hearth/internal/browser"
)

// older starts a server that has a page in the manner of an older client.
func older(t *testing.T, roster string, settings ...string) *Server {
	t.Helper()
	dir := ok[string](t)(filepath.Abs(filepath.Join("testdata", "legacy")))
	return serve(t, roster, append(settings, "HEARTH_LEGACY_CLIENT_DIR="+dir)...)
}

// olderMorning is the morning's group as a study that moves here has it.
func olderMorning(survey string) string {
	return strings.Replace(morning(survey), "topic: Sleeping better", "topic: Sleeping & waking\n    date: 2030-12-02T09:00:00-08:00", 1)
}

// olderAs opens the older page with p logged in, in the therapy session that
// it lists.
func olderAs(t *testing.T, site Site, p Person) *Window {
	t.Helper()
	w := window(t, site, 1000, "/legacy/")
	must(t, olderLogIn(w, site, p, p.LastName, nil), w.Press(Button("Select")))
	return w
}

// olderLogIn logs p in, where the page asks for name. What is typed for the
// code is made of it by code; nil: the code itself.
func olderLogIn(w *Window, site Site, p Person, name string, code func(string) string) error {
	from := site.Sent()
	err := errors.Join(w.Type(Box("Display Name"), name), w.Type(Box("Phone"), "1"+digitsOf(p.Phone)), w.Press(Button("Send")), w.See(Box("Code")))
	if err != nil {
		return err
	}
	c, err := w.Code(p.Phone, from)
	if code != nil {
		c = code(c)
	}
	return errors.Join(err, w.Type(Box("Code"), " "+c), w.Press(Button("Verify")))
}

// digitsOf is a US number without its country's code.
func digitsOf(phone string) string {
	return strings.TrimPrefix(strings.ReplaceAll(phone, " ", ""), "+1")
}

// otherCode is one that is not this.
func otherCode(code string) string {
	last := "0"
	if strings.HasSuffix(code, "0") {
		last = "1"
	}
	return code[:len(code)-1] + last
}

func at(w *Window, hash string) error { return w.Until(`location.hash === '` + hash + `'`) }

// olderSay writes a message on the older page.
func olderSay(w *Window, body string) error {
	return errors.Join(w.Type(Box("Message"), body), w.Press(Button("Send")))
}

// olderLog is what the older page's log says now.
func olderLog(t *testing.T, w *Window) []string {
	t.Helper()
	return ok[[]string](t)(Value[[]string](w, `Array.from(document.querySelectorAll('[role=log] article.message p'), p => p.textContent)`))
}

func TestAnOlderPageFromLoginToTheEnd(t *testing.T) {
	t.Parallel()
	s := older(t, olderMorning(surveys(t)), "HEARTH_AUTH_FIELD=name")
	doctor := Person{Phone: howell.Phone, LastName: "Dr. Howell"} // the field is the name

	g := window(t, s, 1000, "/legacy/")
	must(t,
		g.See(Box("Display Name")),
		g.Type(Box("Display Name"), "Gilligan"), g.Type(Box("Phone"), "12"), g.Press(Button("Send")), g.See(Alert("not a telephone number")),
		g.Reload(),
		olderLogIn(g, s, gilligan, "gilligan", otherCode), g.See(Alert("Reload the page")), g.Reload(),
		olderLogIn(g, s, gilligan, "gilligan", nil),
		at(g, "#/select"), g.See(Text(morningGroup)),
		g.Reload(), at(g, "#/select"), g.See(Text(morningGroup)), g.See(Text("Sleeping & waking")),
	)
	start := ok[string](t)(Value[string](g, `document.querySelector('.start').textContent`))
	local := ok[string](t)(Value[string](g, `(d => d.toLocaleDateString('sv') + ' at ' + d.toLocaleTimeString('sv'))(new Date('2030-12-02T17:00:00Z'))`))
	if start != local {
		t.Errorf("the session starts %q, here that is %q", start, local)
	}
	if kept := ok[string](t)(Value[string](g, `JSON.stringify(localStorage)`)); strings.Contains(kept, "650") || !strings.Contains(kept, "900000001") {
		t.Errorf("the browser keeps %s", kept)
	}

	// The survey leads back here.
	must(t, g.Press(Button("Select")), at(g, "#/landing"), g.Press(Link("location")), g.Press(Link("Done")))
	must(t, g.Until(`location.pathname === '/legacy/'`), at(g, "#/landing"), g.See(Text("location: complete")))
	h := as(t, s, doctor, 1280, "/?ts=TS1")
	must(t, h.See(Log), h.Show("People"), h.Press(Button("Admit Gilligan")), at(g, "#/chat"))

	// Text reads as typed and runs nothing, also where the page makes HTML of it.
	said := []string{
		`@Gilligan <img src=x onerror="alert(1)">`, `<b>it's</b> & "fine" &amp; &lt;`, `Hello @Dr. <script>alert(2)</script>`,
	}
	for _, body := range said {
		must(t, h.Say(body), g.See(Message(body)))
	}
	must(t, olderSay(g, `@Gilligan <img src=y onerror="alert(3)">`), h.See(In(Log, Text(`<img src=y onerror="alert(3)">`))), g.Gone(Text("Sending...")))
	if n := ok[int](t)(g.Count(Log + `//p/*`)); n > 0 {
		t.Errorf("somebody's text has become %d elements", n)
	}
	must(t, g.See(In(Log, Text("Dr. Howell"))))
	at_ := ok[bool](t)(Value[bool](g, `Array.from(document.querySelectorAll('time')).every(t => Math.abs(new Date(t.textContent) - new Date()) < 600000)`))
	if !at_ {
		t.Errorf("the times are not the clock's: %q", ok[[]string](t)(g.Texts(Log+`//time`)))
	}

	// Ids such as P123 have tabs of their own.
	must(t, h.Converse("Gilligan"), h.Type(In(Region("Gilligan"), Box("Message to Gilligan")), "Between us"), h.Keys(Enter))
	must(t, g.Press(Button("Tab Dr. Howell")), g.See(Message("Between us")), olderSay(g, "Thank you"), h.See(Message("Thank you")))
	must(t, g.Press(Button("Group")), g.Gone(Message("Between us")))
	if got := olderLog(t, g); !slices.Equal(got, append(slices.Clone(said), `@Gilligan <img src=y onerror="alert(3)">`)) {
		t.Errorf("the group's log holds %q", got)
	}
	if tabs := ok[[]string](t)(g.Texts(`//nav/button`)); !slices.Equal(tabs, []string{"Group", "Tab Dr. Howell"}) {
		t.Errorf("the tabs are %q", tabs)
	}

	// The end, and back again.
	c := ok[*client.Client](t)(s.Client(t.Context(), doctor, false))
	ok[client.Entered](t)(c.Enter(t.Context(), "TS1"))
	ok[client.Saved](t)(c.SaveActions(t.Context(), "TS1", chat.Draft{Type: chat.EndChatSession}))
	must(t, g.Press(Button("Go to Post Chat Room")), at(g, "#/completed"), g.Press(Link("after")), g.Press(Link("Done")))
	must(t, g.Until(`location.pathname === '/legacy/'`), at(g, "#/completed"), g.See(Text("after: complete")))
	must(t, g.Press(Button("Back to the chat")), g.See(Message(said[0])), g.See(Button("Go to Post Chat Room")))
}

func TestATherapistOnTheOlderPage(t *testing.T) {
	t.Parallel()
	s := older(t, olderMorning(surveys(t)))
	h := olderAs(t, s, howell)
	must(t, at(h, "#/chat"))
	g := olderAs(t, s, gilligan)
	m := as(t, s, mary, 1000, "/?ts=TS1")
	must(t, m.Press(Link("Where are you today?")), m.Press(Link("Done")), m.See(Region("Waiting room")))

	list := func(name, holds string) string {
		return `//ul[@aria-label="` + name + `"]//li[contains(., "` + holds + `")]`
	}
	must(t,
		h.See(list("Waiting", "Gilligan")), h.Press(Button("Check completion")), h.See(list("Waiting", "Mary Ann (done)")),
		g.Press(Link("location")), g.Press(Link("Done")), at(g, "#/landing"),
		h.Press(Button("Admit Gilligan")), h.See(list("Chat", "Gilligan")), at(g, "#/chat"),
		h.Press(Button("Admit Mary Ann")), m.See(Log),
	)
	must(t,
		olderSay(g, "From the older page"), m.See(Message("From the older page")), h.See(Message("From the older page")),
		m.Say("From the newer one"), g.See(Message("From the newer one")),
		h.Press(In(Message("From the newer one"), Button("Reply"))), olderSay(h, "A reply"), m.See(Message("A reply")), g.See(In(Message("A reply"), `//blockquote`)),
		g.Press(In(Message("From the newer one"), Button("heart"))), m.See(In(Message("From the newer one"), Button("Heart, 1"))),
		h.See(In(Message("From the newer one"), `//i[.="heart"]`)),
	)
	// Private, in the older page's way of telling people apart.
	must(t,
		h.Press(Button("Tab Gilligan")), olderSay(h, "To Gilligan alone"),
		h.Press(Button("Tab Mary Ann")), olderSay(h, "To Mary Ann alone"),
		g.Press(Button("Tab Dr. Howell")), g.See(Message("To Gilligan alone")), olderSay(g, "Back to you"),
		h.Press(Button("Tab Gilligan")), h.See(Message("Back to you")), h.Gone(Message("To Mary Ann alone")),
		m.Converse("Dr. Howell"), m.See(Message("To Mary Ann alone")),
		m.Converse("Group"), g.Press(Button("Group")), h.Press(Button("Group")),
	)
	// A delete throws away the older page's empty tabs; none is.
	must(t,
		h.Press(In(Message("From the older page"), Button("Delete"))), g.Gone(Message("From the older page")), m.Gone(Message("From the older page")),
		g.See(Button("Tab Dr. Howell")), h.See(Button("Tab Gilligan")), h.See(Button("Tab Mary Ann")),
		olderSay(g, "And on"), h.See(Message("And on")),
		g.Reload(), g.See(Message("And on")),
	)
	if got := olderLog(t, g); slices.Contains(got, "From the older page") {
		t.Errorf("a reload brings back what was deleted: %q", got)
	}
	board := `a < b & "c"`
	must(t, h.Type(Box("Whiteboard text"), board), h.Press(Button("Save Whiteboard")), g.See(`//pre[.='`+board+`']`), m.Show("Whiteboard"), m.See(Text(board)))

	must(t, h.Press(Button("Revoke Gilligan")), at(g, "#/landing"))
	must(t, h.Press(Button("Admit Gilligan")), at(g, "#/chat"), g.See(Message("And on")))

	must(t, h.Press(Button("End Session")), h.See(Button("Return to Chat Select Room")), g.See(Button("Go to Post Chat Room")), m.See(Region("The session has ended")))
	must(t, g.See(In(Log, Text("The Admin has closed this Chat Session"))))

	c := ok[*client.Client](t)(s.Client(t.Context(), howell, false))
	page := ok[client.Page](t)(c.GetActions(t.Context(), client.Query{TS: "TS1"}))
	n := map[string]int{}
	for _, a := range page.Actions {
		n[a.Type]++
	}
	if n["whiteboard"] != 1 || n["endChatSession"] != 1 || n["message"] != 7 || n["reaction"] != 1 || n["delete"] != 1 {
		t.Errorf("the log holds %v", n)
	}
}

func TestAnOlderPagesLogout(t *testing.T) {
	t.Parallel()
	s := older(t, evening)
	l := login(t, s, gilligan)
	g := window(t, s, 1000, "")
	must(t, g.Use(l), g.Go("/legacy/"), olderKnows(g, "P123"), g.Press(Button("Select")), at(g, "#/chat"), olderSay(g, "Good bye"), g.Gone(Text("Sending...")))
	must(t, g.Press(Button("Log out")), g.See(Box("Display Name")), ended(t, l))
	// It is not undone by what was under way, and the next one may log in.
	must(t, g.Until(`localStorage.getItem('current_session') === '[]'`), olderLogIn(g, s, mary, "Summers", nil), at(g, "#/select"), g.See(Text(eveningGroup)))
	<-time.After(7 * time.Second) // two of its polls
	must(t, at(g, "#/select"), g.See(Text(eveningGroup)))
}

func TestAnEndedLoginOnTheOlderPage(t *testing.T) {
	t.Parallel()
	s := older(t, evening)
	l := login(t, s, gilligan)
	g := window(t, s, 1000, "")
	must(t, g.Use(l), g.Go("/legacy/"), olderKnows(g, "P123"), g.Press(Button("Select")), at(g, "#/chat"))
	must(t, l.Logout(t.Context()), g.See(Box("Display Name")), at(g, "#/"))
	must(t, olderLogIn(g, s, gilligan, "Denver", nil), at(g, "#/select"))
	// Another person's login in the same browser is noticed, and is left alone.
	m := login(t, s, mary)
	must(t, g.Press(Button("Select")), at(g, "#/chat"), g.Use(m), g.See(Box("Display Name")))
	if _, err := m.Me(t.Context()); err != nil {
		t.Errorf("the other's login: %v", err)
	}
}

func TestNothingIsLostOnTheOlderPage(t *testing.T) {
	t.Parallel()
	s := older(t, evening)
	p := through(t, s)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	g := olderAs(t, p, gilligan)
	must(t, at(g, "#/chat"), olderSay(g, "Before"), h.See(Message("Before")))
	g.BadNetwork()
	want := []string{"Before"}
	// News comes while something is typed that no poll has carried yet.
	for _, body := range lines("Typed", 6) {
		must(t, h.Say("News for "+body), olderSay(g, body), g.See(Message("News for "+body)))
		want = append(want, "News for "+body, body)
	}
	p.Offline(true)
	for _, body := range lines("Offline", 5) {
		must(t, olderSay(g, body))
		want = append(want, body)
	}
	must(t, h.Say("Meanwhile"))
	want = append(want, "Meanwhile")
	<-time.After(outage())
	p.Offline(false)
	must(t, g.See(Message("Meanwhile")), h.See(Message("Offline 5")))
	p.LoseAnswers(true)
	must(t, olderSay(g, "Once"), h.See(Message("Once")))
	want = append(want, "Once")
	<-time.After(3 * time.Second) // it is sent again
	p.LoseAnswers(false)
	must(t, h.Say("After"), g.See(Message("After")), g.Gone(Text("Sending...")), g.Until(`localStorage.getItem('sendActionQueue') === '[]'`))
	want = append(want, "After")
	got := messages(t, s, "TS1")
	slices.Sort(want)
	if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, want) {
		t.Errorf("the log holds %q", got)
	}
	if shown := olderLog(t, g); !slices.Equal(slices.Sorted(slices.Values(shown)), want) {
		t.Errorf("the page shows %q", shown)
	}
}

func TestAMutedPersonOnTheOlderPageIsToldWhy(t *testing.T) {
	t.Parallel()
	s := older(t, evening)
	g := olderAs(t, s, gilligan)
	must(t, at(g, "#/chat"), g.See(Log))
	c := ok[*client.Client](t)(s.Client(t.Context(), howell, false))
	must(t, olderSay(g, "Still here"), g.Gone(Text("Sending...")))
	ok[client.Person](t)(c.Moderate(t.Context(), "TS1", "P123", chat.Mute))
	must(t, olderSay(g, "May I?"), g.See(In(Log, Text("muted"))), g.Until(`localStorage.getItem('sendActionQueue') === '[]'`))
	if got := messages(t, s, "TS1"); !slices.Equal(got, []string{"Still here"}) {
		t.Errorf("the log holds %q", got)
	}
}

// A study may have the client in a page of its own, on another host or port of
// the same site.
func TestAnOlderPageOnAnotherPort(t *testing.T) {
	t.Parallel()
	var script string
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Study</title><link rel="icon" href="data:,"><script src="%s"></script><p>Here</p>`, script)
	}))
	t.Cleanup(page.Close)
	s := serve(t, evening, "HEARTH_ALLOWED_ORIGINS="+page.URL)
	script = s.URL + "/static/jsmo.js"
	w := window(t, s, 1000, "/legacy/") // there is no client, and it says so
	must(t, w.See(Text("There is no older client here")))
	must(t, w.Run(`location.href = '`+page.URL+`'`), w.See(Text("Here")))
	call := func(js string) string {
		return ok[string](t)(Value[string](w, `new Promise(done => { const j = ExternalModules.Stanford.GroupChatTherapy;
			const say = how => (...v) => done(how + ' ' + JSON.stringify(v)); `+js+`; })`))
	}
	from := s.Sent()
	if got := call(`j.validateUserPhone('Denver', '16505550123', say('ok'), say('err'))`); got != `ok ["validateUserPhone",true]` {
		t.Error(got)
	}
	code := ok[string](t)(w.Code(gilligan.Phone, from))
	if got := call(`j.validateCode('` + code + `', say('ok'), say('err'))`); !strings.Contains(got, `"record_id":"900000001"`) {
		t.Error(got)
	}
	if got := call(`j.getUserSessions({record_id: '900000001'}, say('ok'), say('err'))`); !strings.HasPrefix(got, `ok [[{"record_id":"TS1"`) {
		t.Error(got)
	}
	// Claims decide nothing.
	for _, claim := range []string{
		`j.ajax('handleActions', {sessionID: 'TS1', userID: 'P124', maxID: null, actionQueue: []}).then(say('ok'), say('err'))`,
		`j.getUserSessions({record_id: 'P124'}, say('ok'), say('err'))`,
		`j.ajax('handleActions', {sessionID: 'TS9', userID: 'P123', isAdmin: true}).then(say('ok'), say('err'))`,
		`j.updateParticipants({record_id: 'TS1', action: 'revoke', participant_id: 'P124'}, say('ok'), say('err'))`,
	} {
		if got := call(claim); !strings.HasPrefix(got, "err ") || !strings.Contains(got, `"status":403`) {
			t.Errorf("%s: %s", claim, got)
		}
	}
}

// olderKnows makes the page believe that this person has logged in, as a
// reload does.
func olderKnows(w *Window, id string) error {
	return errors.Join(
		w.Run(`localStorage.setItem('hearth_legacy_ids', '{"`+id+`":"900000001"}');
			localStorage.setItem('current_session', '{"current_user":{"record_id":"900000001","admin":"0"}}'); 0`),
		w.Reload(), at(w, "#/select"),
	)
}

// ended waits until the login of l is no more.
func ended(t *testing.T, l *client.Client) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		_, err := l.Me(t.Context())
		if p := (*client.Problem)(nil); errors.As(err, &p) && p.Status == 401 {
			return nil
		}
	}
	return errors.New("the login has not ended")
}
