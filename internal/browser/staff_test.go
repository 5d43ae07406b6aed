package browser_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	. "hearth/internal/browser"
)

// studied is a roster whose names are markup, as somebody might write them.
const studied = `participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123", role: participant}
  - {id: P124, name: "` + evil + `Mary", last_name: Summers, phone: "+1 650 555 0124", role: participant}
therapy_sessions:
  - {id: TS1, name: Evening group, topic: "` + evil + `Coping", therapists: [T1], participants: [P123, P124]}
  - {id: TS2, name: "` + evil + `Morning", date: "2030-12-02T09:00:00-08:00", therapists: [T1], participants: [P123, P124], waiting_room: true}
`

const odd = evil + "Mary"

// All of it is one server's: its parts do not get into each other's way.
func TestStaff(t *testing.T) {
	t.Parallel()
	s := serve(t, studied)
	for name, part := range map[string]func(*testing.T, *Server){
		"signing in and out": staffSignIn, "sessions": staffSessions, "a roster": staffRoster, "downloads": staffDownloads,
		"tokens and the audit log": staffTokens, "with a keyboard only": staffKeyboard, "looks": staffLooks,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, s)
		})
	}
}

// staff opens a window in which somebody is signed in with a token of their own.
func staff(t *testing.T, s *Server, width int64) (w *Window, token string) {
	t.Helper()
	token = ok[string](t)(s.Token(t.Context(), t.Name()))
	w = window(t, s, width, "/staff")
	must(t, signIn(w, token), w.See(Heading("Sessions")))
	return w, token
}

func signIn(w *Window, token string) error {
	if err := w.Focus(Box("API token")); err != nil {
		return err
	}
	if err := w.Insert(token); err != nil { // pasted
		return err
	}
	return w.Press(Button("Sign in"))
}

// view goes to one of the views.
func view(t *testing.T, w *Window, name string) {
	t.Helper()
	must(t, w.Press(`//nav`+Link(name)), w.See(Heading(name)))
}

// nothingOf looks that neither the page nor what the browser keeps for it holds secret.
func nothingOf(t *testing.T, w *Window, when, secret string) {
	t.Helper()
	for what, js := range map[string]string{
		"the page":   `document.documentElement.outerHTML + Array.from(document.querySelectorAll('input'), i => i.value).join()`,
		"storage":    `JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie])`,
		"databases":  `indexedDB.databases().then(all => JSON.stringify(all))`,
		"caches":     `caches.keys().then(all => JSON.stringify(all))`,
		"an address": `location.href + JSON.stringify(history.state)`,
	} {
		if got := ok[string](t)(Value[string](w, js)); strings.Contains(got, secret) || strings.Contains(got, "Gilligan") {
			t.Errorf("%s: %s holds something: %.300s", when, what, got)
		}
	}
}

func staffSignIn(t *testing.T, s *Server) {
	token := ok[string](t)(s.Token(t.Context(), "Signing in"))
	w := window(t, s, 1280, "/staff")
	must(t, w.See(Heading("Sign in")), w.Press(Button("Sign in")), w.See(Alert("Please paste your API token.")), w.HasFocus(Box("API token")))
	must(t, signIn(w, "hearth_ nonsense!"), w.See(Alert("A token is made of letters")))
	must(t, w.Run(`document.querySelector('input').value = ''`), signIn(w, token[:len(token)-1]+"_"), w.See(Alert("This token does not work.")))
	if kind := ok[string](t)(Value[string](w, `[document.querySelector('input').type, document.querySelector('input').autocomplete, document.querySelector('input').name].join()`)); kind != "password,off," {
		t.Errorf("the field is %q", kind)
	}
	must(t, w.Press(Button("Show token")), w.Until(`document.querySelector('input').type === 'text'`))
	must(t, w.Run(`document.querySelector('input').value = ''`), signIn(w, token), w.See(Heading("Sessions")), w.HasFocus(Heading("Sessions")))
	if got := ok[string](t)(Value[string](w, `document.documentElement.outerHTML`)); strings.Contains(got, token) {
		t.Error("the token stands in the page")
	}
	view(t, w, "Tokens")
	must(t, w.Back(), w.See(Heading("Sessions")), w.Press(Button("Sign out")), w.See(Text("You have signed out.")))
	nothingOf(t, w, "after signing out", token)
	must(t, signIn(w, token), w.See(Text("Evening group")), w.Run(`document.querySelectorAll("details").forEach(d => { d.open = true; })`), w.See(Text("Gilligan")), w.Reload(), w.See(Heading("Sign in")))
	nothingOf(t, w, "after loading again", token)

	// Half an hour goes by.
	must(t, signIn(w, token), w.See(Text("Evening group")), w.Run(`document.querySelectorAll("details").forEach(d => { d.open = true; })`), w.See(Text("Gilligan")))
	must(t, w.Run(`globalThis.was = Date.now; Date.now = () => was() + 28.5 * 60000; document.dispatchEvent(new Event('visibilitychange'))`), w.See(Alert("In 2 minutes you will be signed out")))
	must(t, w.Press(Button("Stay signed in")), w.Gone(Alert("In 2 minutes")))
	must(t, w.Run(`Date.now = () => was() + 61 * 60000; document.dispatchEvent(new Event('visibilitychange'))`), w.See(Text("nothing had happened here for half an hour")))
	nothingOf(t, w, "after half an hour", token)
	must(t, signIn(w, token), w.See(Text("Evening group")), w.Go("/away"), w.Back(), w.See(Heading("Sign in")))
	nothingOf(t, w, "after coming back", token)

	must(t, w.Press(Button("Español")), w.See(Heading("Entrar")), w.Focus(Box("Clave de API")), w.Insert(token), w.Press(Button("Entrar")), w.See(Heading("Sesiones")),
		w.Press(Link("Estado")), w.See(Text("El servidor está listo.")))
}

func staffSessions(t *testing.T, s *Server) {
	w, _ := staff(t, s, 1280)
	evening, morning := Article("Evening group"), Article(evil+"Morning")
	must(t, w.See(evening), w.Run(`document.querySelectorAll("details").forEach(d => { d.open = true; })`), w.See(In(evening, Text(odd))), w.See(In(evening, Text(evil+"Coping"))), w.See(morning))
	as(t, s, gilligan, 360, "/?ts=TS2")
	must(t, w.See(In(morning, `//*[contains(@class, "presence") and .="waiting"]`))) // by itself
	if n := ok[int](t)(w.Count(`//img | //body//script`)); n > 0 {
		t.Errorf("somebody's text has become %d elements", n)
	}
	must(t, w.Type(Box("Find a session or a person"), "P124"), w.Gone(Text("Gilligan")))
	help := Group("Help " + odd + " to log in")
	must(t, w.Press(In(evening, Button("Help to log in: "+odd))), w.Press(In(help, Button("Unlock"))), w.HasFocus(Button("Cancel")), w.Keys(Escape), w.HasFocus(In(help, Button("Unlock"))))
	must(t, w.Press(In(help, Button("Unlock"))), w.Press(In(Group("Unlock the login of "+odd+"?"), Button("Unlock"))), w.See(Text(odd+" can try to log in again now.")))
	must(t, w.Press(In(help, Button("Make a code"))), w.Press(In(Group("Make a code for "+odd+"?"), Button("Make a code"))), w.See(Text("and only once")))
	code := strings.Join(strings.Fields(ok[[]string](t)(w.Texts(In(help, `//*[contains(@class, "onetime")]//*[@aria-hidden]`)))[0]), "")
	if len(code) != 6 {
		t.Errorf("the code is %q", code)
	}
	must(t, w.Press(In(help, Button("Done"))), w.Gone(Text(code)), w.HasFocus(In(evening, Button("Help to log in: "+odd))))
	m := window(t, s, 360, "/") // it is a code
	must(t, m.Type(Box("Phone"), mary.Phone), m.Type(Box("Last name"), mary.LastName), m.Press(Button("Send code")), m.Type(Box("Code"), code), m.Press(Button("Log in")), m.See(Heading("Your sessions")))
}

// choose puts a file into the field, as if it had been picked.
func choose(w *Window, name, content string) error {
	c, _ := json.Marshal(content)
	n, _ := json.Marshal(name)
	return w.Run(fmt.Sprintf(`{ const all = new DataTransfer(); all.items.add(new File([%s], %s)); const input = document.querySelector('input[type=file]');
		input.files = all.files; input.dispatchEvent(new Event('change', {bubbles: true})) }`, c, n))
}

func staffRoster(t *testing.T, s *Server) {
	w, _ := staff(t, s, 1280)
	dir := t.TempDir()
	must(t, w.DownloadTo(dir))
	view(t, w, "Roster")
	must(t, w.Press(Button("Download the roster")), w.See(Text("is saved where")))
	file := string(ok[[]byte](t)(w.Downloaded(dir, "roster-"+ok[string](t)(Value[string](w, `new Date().toLocaleDateString('sv')`))+".yaml")))
	if !strings.Contains(file, "P124") || !strings.Contains(file, evil) {
		t.Fatalf("the roster is %s", file)
	}
	must(t, choose(w, "roster.xlsx", "PK"), w.See(Alert("This is no YAML or JSON file.")))
	must(t, choose(w, "roster.yaml", "participants:\n  - {id: P9, name: \""+odd+"\", last_name: Grumby, phone: \"12\", role: participant}\n  - {id: P10, role: nobody}\n"),
		w.See(Region("Mistakes")), w.Gone(Alert("This is no YAML")))
	must(t, w.See(In(Region("Mistakes"), `//li[.//h3[.="Line 2"]]//code[contains(., "`+odd+`")]`)), w.See(In(Region("Mistakes"), `//h3[.="Line 3"]`)), w.See(Text("phone: not a telephone number")))

	added := "participants:\n  - {id: P126, name: \"" + evil + "Ginger\", last_name: Grant, phone: \"+1 650 555 0126\", role: participant}\n  - {id: T9, name: Dr. Bellows, last_name: Bellows, phone: \"+1 650 555 0109\", role: therapist}\n"
	must(t, choose(w, "added.yaml", added), w.See(Region("What would change")), w.See(Text("2 people are added")), w.HasFocus(`//h2[.="What would change"]`))
	if got := ok[string](t)(s.Run(t.Context(), "audit")); strings.Count(got, "import") != 1 {
		t.Errorf("the preview has changed something:\n%s", got)
	}
	// Without the others the file would remove them: asked first, and taken back.
	prune := `//input[@id="prune"]`
	must(t, w.Press(prune), w.See(Text("3 people are removed")), w.See(Text("2 sessions are removed")), w.HasFocus(prune), w.Press(Button("Apply these changes")),
		w.Press(In(Group("Apply, and remove 5 of people and sessions?"), Button("Cancel"))), w.HasFocus(Button("Apply these changes")), w.Press(prune), w.Gone(Text("are removed")))
	must(t, w.Run(`globalThis.bodies = []; const real = fetch; globalThis.fetch = (url, o) => { if (o && o.method === 'POST') bodies.push(new TextDecoder().decode(o.body)); return real(url, o); }`))
	must(t, w.Press(Button("Apply these changes")), w.See(Text("Done. This has changed:")), w.See(Text("P126")))
	if sent := ok[[]string](t)(Value[[]string](w, `bodies`)); len(sent) != 1 || sent[0] != added {
		t.Errorf("sent were %q", sent)
	}
	must(t, w.Press(Button("Choose another file")), choose(w, "again.yaml", added), w.See(Text("Nothing would change")))
	if n := ok[int](t)(w.Count(`//img`)); n > 0 {
		t.Errorf("somebody's text has become %d elements", n)
	}
}

func staffDownloads(t *testing.T, s *Server) {
	h := login(t, s, howell)
	ok[any](t)(h.Enter(t.Context(), "TS1"))
	w, _ := staff(t, s, 1280)
	dir := t.TempDir()
	must(t, w.DownloadTo(dir))
	view(t, w, "Downloads")
	must(t, w.Press(`//label[.="Codebook"]`), w.Gone(Text("Free text can still tell")), w.Press(Button("Download")), w.See(Text("is complete")))
	if b := string(ok[[]byte](t)(w.Downloaded(dir, "codebook.csv"))); !strings.Contains(b, "keystrokes") {
		t.Errorf("the codebook is %.200s", b)
	}
	must(t, w.Press(`//label[.="Transcript"]`), w.See(Text("Free text can still tell")), w.Press(Button("Download")), w.See(Alert("Please choose a session")), w.HasFocus(`//select[@id="session"]`))
	pick := func(id, value string) error {
		return w.Run(fmt.Sprintf(`{ const e = document.getElementById('%s'); e.value = '%s'; e.dispatchEvent(new Event('change', {bubbles: true})) }`, id, value))
	}
	must(t, pick("session", "TS1"), w.Press(`//label[.="Hide who is who"]`), w.See(Text("This file will name people.")), w.Press(Button("Download")), w.See(Text("transcript-TS1.csv")))
	if b := string(ok[[]byte](t)(w.Downloaded(dir, "transcript-TS1.csv"))); !strings.Contains(b, "ts_id") {
		t.Errorf("the transcript is %.200s", b)
	}

	// What is cut in the middle, or stopped, is no file.
	must(t, w.Run(`globalThis.real = fetch; globalThis.cut = null; globalThis.fetch = (url, o) => /exports/.test(url) ? Promise.resolve(new Response(new ReadableStream({
		start(c) { c.enqueue(new Uint8Array(1500)); globalThis.cut = () => c.error(new TypeError('cut')); o.signal.addEventListener('abort', () => c.error(new DOMException('', 'AbortError'))); }}),
		{headers: {'Content-Disposition': 'attachment; filename=never.csv'}})) : real(url, o)`))
	must(t, w.Press(Button("Download")), w.See(Text("1.5 kB so far")), w.HasFocus(Button("Stop")), w.Press(Button("Stop")), w.See(Text("Stopped. No file was saved.")), w.HasFocus(Button("Download")))
	must(t, w.Press(Button("Download")), w.See(Text("1.5 kB so far")), w.Run(`cut()`), w.See(Alert("The connection broke before all of it had come")))
	must(t, w.Run(`globalThis.fetch = real`), w.Press(`//label[.="Codebook"]`), pick("format", "json"), w.Press(Button("Download")), w.See(Text("is complete")))
	ok[[]byte](t)(w.Downloaded(dir, "codebook.json")) // one that would have come before it is there by now
	for _, f := range ok[[]os.DirEntry](t)(os.ReadDir(dir)) {
		if strings.Contains(f.Name(), "never") {
			t.Errorf("%s was saved", f.Name())
		}
	}
}

func staffTokens(t *testing.T, s *Server) {
	w, own := staff(t, s, 1280)
	view(t, w, "Tokens")
	name := evil + "Program"
	must(t, w.Press(Button("Make a token")), w.See(Alert("Please say whose token it is")), w.Type(Box("Name"), name))
	longer := `{ const e = document.getElementById('token-expires'); e.value = '90d'; e.dispatchEvent(new Event('change', {bubbles: true})) }`
	must(t, w.Run(longer), w.Press(Button("Make a token")), w.See(Alert("A token cannot make one that works longer than itself.")))
	must(t, w.Run(strings.Replace(longer, "90d", "7d", 1)), w.Press(Button("Make a token")), w.See(Region("The new token")))
	secret := ok[[]string](t)(w.Texts(`//*[contains(@class, "secret")]`))[0]
	if !strings.HasPrefix(secret, "hearth_") {
		t.Errorf("the secret is %q", secret)
	}
	must(t, w.Press(In(Region("The new token"), Button("Copy"))), w.See(In(Region("The new token"), `//*[@role="status" and (contains(., "Copied.") or contains(., "is selected"))]`)))
	must(t, w.Press(In(Region("The new token"), Button("Done"))), w.Gone(Text(secret)), w.HasFocus(Box("Name")), w.See(Button("Revoke "+name)))
	nothingHolds := `!document.documentElement.outerHTML.includes('` + secret + `')`
	must(t, w.Until(nothingHolds))

	other := window(t, s, 360, "/staff")
	must(t, signIn(other, secret), other.See(Heading("Sessions")))
	view(t, other, "Audit log")
	must(t, other.Type(Box("Search"), "token_"))
	must(t, w.Press(Button("Revoke "+name)), w.Press(In(Group("Revoke the token "+name+"?"), Button("Revoke"))), w.See(Text(name+" is revoked.")))
	// Who used it is signed out at their next step, and what they typed is there with another token.
	must(t, other.Press(Button("Show")), other.See(Text("Your token does not work any more")), signIn(other, own), other.See(Heading("Audit log")),
		other.Until(`document.getElementById('search').value === 'token_'`), other.See(Text("A token was made")), other.See(Text("A token was revoked")))
	if n := ok[int](t)(other.Count(`//*[contains(@class, "entry")][not(.//*[contains(., "token_")])]`)); n > 0 {
		t.Errorf("%d entries do not hold what was searched for", n)
	}
	// One's own.
	must(t, w.Press(`//li[.//*[.="the one you use"]]//button`), w.See(Text("you will be signed out at once")), w.Press(`//*[@role="group"]`+Button("Revoke")), w.See(Text("You have revoked the token that you were signed in with.")))
}

func staffKeyboard(t *testing.T, s *Server) {
	token := ok[string](t)(s.Token(t.Context(), "Keyboard"))
	w := window(t, s, 1280, "/staff")
	must(t, w.TabTo(Box("API token")), w.Insert(token), w.Keys(Enter), w.See(Heading("Sessions")), w.HasFocus(Heading("Sessions")))
	must(t, w.TabTo(Box("Find a session or a person")), w.Keys("Gilligan"), w.TabTo(Button("Help to log in: Gilligan")), w.Keys(Enter))
	help := Group("Help Gilligan to log in")
	must(t, w.HasFocus(In(help, Button("Unlock"))), w.Keys(Enter), w.HasFocus(Button("Cancel")), w.TabBackTo(`//*[@class="confirm"]`+Button("Unlock")), w.Keys(Enter), w.See(Text("can try to log in again")))
	must(t, w.Keys(Escape), w.Gone(help), w.HasFocus(Button("Help to log in: Gilligan")))
	must(t, w.TabBackTo(`//nav`+Link("Downloads")), w.Keys(Enter), w.HasFocus(Heading("Downloads")), w.TabTo(`//input[@id="table-attendance"]`), w.TabTo(Button("Download")))
	must(t, w.TabBackTo(Link("To the content")), w.Keys(Enter), w.HasFocus(Heading("Downloads")))
	must(t, w.TabBackTo(Button("Sign out")), w.Keys(Enter), w.See(Heading("Sign in")))
}

func staffLooks(t *testing.T, s *Server) {
	haveAxe(t)
	began := time.Now()
	w := window(t, s, 1280, "/staff")
	must(t, w.See(Heading("Sign in")), w.Press(Button("Sign in")), w.See(Alert("Please paste")))
	looks(t, w, "staff: sign in, with an error")
	w, _ = staff(t, s, 1280)
	must(t, w.Type(Box("Find a session or a person"), "Evening"), w.Press(Button("Help to log in: Gilligan")), w.Press(Button("Make a code")),
		w.Press(In(Group("Make a code for Gilligan?"), Button("Make a code"))), w.See(Button("Done")), w.Press(Button("Unlock")), w.See(Group("Unlock the login of Gilligan?")))
	looks(t, w, "staff: sessions, with help")
	view(t, w, "Roster")
	must(t, choose(w, "roster.yaml", "participants:\n  - {id: P9, phone: \"12\"}\n"), w.See(Region("Mistakes")))
	looks(t, w, "staff: roster, with mistakes")
	must(t, choose(w, "roster.yaml", "therapy_sessions: []\n"), w.See(Region("What would change")), w.Press(`//input[@id="prune"]`), w.Press(Button("Apply these changes")), w.See(`//*[@class="confirm"]`))
	looks(t, w, "staff: roster, asked before removing")
	view(t, w, "Downloads")
	must(t, w.Press(`//label[.="Transcript"]`), w.Press(Button("Download")), w.See(Alert("Please choose a session")))
	looks(t, w, "staff: downloads")
	view(t, w, "Audit log")
	must(t, w.See(`//*[contains(@class, "entry")]`))
	looks(t, w, "staff: audit log")
	view(t, w, "Tokens")
	must(t, w.Type(Box("Name"), "Looks"), w.Press(Button("Make a token")), w.See(Region("The new token")))
	looks(t, w, "staff: tokens")
	view(t, w, "Health")
	must(t, w.See(Text("There is no backup yet.")))
	looks(t, w, "staff: health")
	t.Logf("looked for %v", time.Since(began))
}
