package auth_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/auth"
	"hearth/auth/sms"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

// fixture is an Auth on a real store, with a clock that stands still and a
// provider that keeps what it is given.
type fixture struct {
	*auth.Auth
	t      testing.TB
	store  *store.Store
	driver *recording
	dir    string
	opt    auth.Options
	clock  *clock
	sms    *provider
	log    *syncBuffer
	events *events
}

var start = time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)

func newFixture(t testing.TB, opt auth.Options) *fixture {
	t.Helper()
	f := &fixture{
		t: t, dir: t.TempDir(), opt: opt, clock: &clock{now: start}, log: &syncBuffer{}, events: &events{},
		sms: &provider{sent: make(chan message, 1000)},
	}
	f.events.roster = make(chan struct{}, 100)
	f.open()
	f.setRoster(people()...)
	t.Cleanup(func() { f.close() })
	return f
}

func (f *fixture) open() {
	f.t.Helper()
	db, err := bolt.Open(filepath.Join(f.dir, "data"), bolt.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.driver = &recording{DB: db}
	f.store, err = store.Open(f.t.Context(), store.Options{
		Driver: f.driver, AuditKey: bytes.Repeat([]byte{1}, 32), Now: f.clock.Now, Committed: f.events.add,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.openAuth()
}

func (f *fixture) openAuth() {
	f.t.Helper()
	o := f.opt
	o.Store, o.Sender, o.KeyFile = f.store, f.sms, filepath.Join(f.dir, "keys.json")
	o.Log = slog.New(slog.NewTextHandler(f.log, nil))
	var err error
	if f.Auth, err = auth.New(f.t.Context(), o); err != nil {
		f.t.Fatal(err)
	}
}

// settle waits until everything that was to be sent was sent, and what became
// of it is stored.
func (f *fixture) settle() {
	f.t.Helper()
	if err := f.Auth.Close(); err != nil {
		f.t.Fatal(err)
	}
	f.openAuth()
}

func (f *fixture) close() {
	if f.Auth == nil {
		return
	}
	if err := f.Auth.Close(); err != nil {
		f.t.Error(err)
	}
	if err := f.store.Close(); err != nil {
		f.t.Error(err)
	}
	f.Auth = nil
}

func (f *fixture) reopen() {
	f.t.Helper()
	f.close()
	f.open()
}

// The people of these tests. Denver's phone has the last digits 23.
var (
	denver = chat.User{ID: "P1", Name: "Gilligan", LastName: "Denver", Phone: "+16505550123", Role: chat.Participant}
	grumby = chat.User{ID: "P2", Name: "Skipper", LastName: "Grumby", Phone: "+16505550124", Role: chat.Participant}
	howell = chat.User{ID: "T1", Name: "Dr. Howell", LastName: "Howell", Phone: "+16505550100", Role: chat.Therapist}
	// nobody has the phone of somebody, but not their field.
	nobody = chat.User{LastName: "Summers", Phone: "+16505550123"}
)

func people() []chat.User { return []chat.User{denver, grumby, howell} }

func (f *fixture) setRoster(people ...chat.User) {
	f.t.Helper()
	err := f.store.ApplyRoster(f.t.Context(), "operator", "import", func(*chat.Roster) (*chat.Roster, error) {
		r := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
		for _, u := range people {
			r.People[u.ID] = &u
		}
		return r, nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

var home = auth.Caller{Addr: netip.MustParseAddr("198.51.100.7")}

// ask logs u in up to the challenge.
func (f *fixture) ask(u chat.User) auth.Challenge {
	f.t.Helper()
	return f.askFrom(home, u)
}

func (f *fixture) askFrom(by auth.Caller, u chat.User) auth.Challenge {
	f.t.Helper()
	c, err := f.Login(f.t.Context(), by, string(u.Phone), string(u.LastName))
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// refusedLogin is the error of a login that is refused.
func (f *fixture) refusedLogin(by auth.Caller, u chat.User) *chat.Error {
	f.t.Helper()
	_, err := f.Login(f.t.Context(), by, string(u.Phone), string(u.LastName))
	return refusal(f.t, err)
}

func refusal(t testing.TB, err error) *chat.Error {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *chat.Error", err)
	}
	return e
}

func code(err error) chat.Code {
	var e *chat.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// verify tries a code and reports the error's code.
func (f *fixture) verify(c auth.Challenge, typed string) chat.Code {
	f.t.Helper()
	_, err := f.Verify(f.t.Context(), home, c.ID, typed)
	if err != nil {
		return refusal(f.t, err).Code
	}
	return ""
}

// logIn logs u in.
func (f *fixture) logIn(u chat.User) auth.LoggedIn {
	f.t.Helper()
	return f.logInFrom(home, u)
}

func (f *fixture) logInFrom(by auth.Caller, u chat.User) auth.LoggedIn {
	f.t.Helper()
	c := f.askFrom(by, u)
	in, err := f.Verify(f.t.Context(), by, c.ID, f.sms.code(f.t, u))
	if err != nil {
		f.t.Fatal(err)
	}
	return in
}

// login is the login session of a token; its person does nothing by it.
func (f *fixture) login(in auth.LoggedIn) (auth.Login, error) {
	return f.Authenticate(f.t.Context(), in.Token, false)
}

func (f *fixture) mustLogin(in auth.LoggedIn) auth.Login {
	f.t.Helper()
	l, err := f.login(in)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// wrong is a code that is not c.
func wrong(c string) string {
	if c[0] == '0' {
		return "1" + c[1:]
	}
	return "0" + c[1:]
}

// guessWrong spends a new challenge of u with a wrong code.
func (f *fixture) guessWrong(u chat.User) {
	f.t.Helper()
	c := f.ask(u)
	guess := "000000"
	if u.ID != "" {
		guess = wrong(f.sms.code(f.t, u))
	}
	if got := f.verify(c, guess); got != chat.InvalidCode {
		f.t.Fatalf("a wrong code: %q", got)
	}
}

// audit is what the audit log holds, as "event actor subject reason".
func (f *fixture) audit() (all []string) {
	f.t.Helper()
	err := f.store.AuditLog(f.t.Context(), 1, func(e store.AuditEntry) bool {
		line := strings.Join([]string{e.Event, e.Actor, e.Subject, e.Reason}, " ")
		for _, d := range e.Details {
			line += " " + d.Name + "=" + d.Value
		}
		all = append(all, line)
		return true
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func (f *fixture) wantAudit(line string, n int) {
	f.t.Helper()
	all := f.audit()
	got := 0
	for _, l := range all {
		if l == line {
			got++
		}
	}
	if got != n {
		f.t.Errorf("the audit log holds %q %d times, want %d:\n%s", line, got, n, strings.Join(all, "\n"))
	}
}

type clock struct {
	mu   sync.Mutex
	now  time.Time
	real bool
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real {
		return time.Now()
	}
	return c.now
}

// follow makes the clock go, as that of the bubble of synctest does.
func (c *clock) follow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.real = true
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type message struct {
	to   chat.Phone
	text string
}

// provider stands in for the SMS account.
type provider struct {
	sent chan message
	mu   sync.Mutex
	err  error // what Send returns
}

func (p *provider) Send(_ context.Context, to chat.Phone, text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.sent <- message{to, text}
	return nil
}

func (p *provider) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

var errNoCredit = sms.Refuse(errors.New("no credit"))

var codePattern = regexp.MustCompile(`^([0-9]{4,10}) is your code for Hearth\. It is good for 10 minutes\.$`)

// code waits for the SMS to u and returns its code.
func (p *provider) code(t testing.TB, u chat.User) string {
	t.Helper()
	m := <-p.sent
	found := codePattern.FindStringSubmatch(m.text)
	if m.to != u.Phone || found == nil {
		t.Fatalf("an SMS to %s: %q", string(m.to), m.text)
	}
	return found[1]
}

// none fails the test if there is an SMS nobody has waited for. To be called
// after settle.
func (p *provider) none(t testing.TB) {
	t.Helper()
	select {
	case m := <-p.sent:
		t.Errorf("an SMS was sent to %s", string(m.to))
	default:
	}
}

// recording is the real driver; it remembers what is written, and can fail.
type recording struct {
	*bolt.DB
	mu      sync.Mutex
	written [][]store.Pair
	fail    bool   // commits fail, after having been stored
	after   func() // if not nil, runs after the next commit, once
}

func (r *recording) Commit(ctx context.Context, b *store.Batch) error {
	err := r.DB.Commit(ctx, b)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written = append(r.written, b.Put)
	if err == nil && r.fail {
		err = errors.New("the disk is on fire")
	}
	if f := r.after; f != nil {
		r.after = nil
		f()
	}
	return err
}

func (r *recording) Recover(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail {
		return errors.New("the disk still burns")
	}
	return r.DB.Recover(ctx)
}

func (r *recording) setFail(fail bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fail
}

func (r *recording) afterNext(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after = f
}

// take is what was written since the last take.
func (r *recording) take() (all [][]store.Pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, r.written = r.written, nil
	return all
}

type events struct {
	mu     sync.Mutex
	logins []store.EndedLogin
	roster chan struct{} // if not nil, gets a value for each roster event
}

func (e *events) add(event store.Event) {
	e.mu.Lock()
	e.logins = append(e.logins, event.Logins...)
	e.mu.Unlock()
	if event.Roster && e.roster != nil {
		e.roster <- struct{}{}
	}
}

// ended reports whether an event told that the login ended.
func (e *events) ended(l auth.Login) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.logins, store.EndedLogin{Login: l.ID, By: l.User.ID})
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// snapshot copies the data file, as a killed server would leave it. It must
// run in the committer.
func (f *fixture) snapshot(dir string) error {
	for _, name := range []string{"data", "keys.json"} {
		b, err := os.ReadFile(filepath.Join(f.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
