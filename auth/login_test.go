package auth_test

import (
	"math"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
	"hearth/store"
)

func TestIdleCountsFromTheLastThingAPersonDid(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	for range 3 {
		f.clock.add(29 * time.Minute)
		if _, err := f.Authenticate(t.Context(), in.Token, true); err != nil {
			t.Fatal(err)
		}
	}
	f.clock.add(20 * time.Minute)
	l := f.mustLogin(in) // a poll: not something they did
	if want := f.clock.Now().Add(10 * time.Minute); !l.IdleExpires.Equal(want) || !l.LastActivity.Equal(want.Add(-30*time.Minute)) {
		t.Errorf("idle until %v, last activity %v", l.IdleExpires, l.LastActivity)
	}
	f.clock.add(10*time.Minute - time.Millisecond)
	f.mustLogin(in)
	f.clock.add(time.Millisecond)
	if _, err := f.Authenticate(t.Context(), in.Token, true); code(err) != chat.NotAuthenticated {
		t.Errorf("idle: %v", err)
	}
	f.clock.add(-time.Minute)
	if _, err := f.login(in); code(err) != chat.NotAuthenticated {
		t.Errorf("it came back: %v", err)
	}
	f.clock.add(time.Minute)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !f.events.ended(l) {
		t.Error("nobody was told")
	}
	f.wantAudit("login_end  P1  why=idle", 1)
}

func TestAbsoluteLimitHolds(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{InSession: func(chat.PID, chat.TSID) bool { return true }})
	in := f.logIn(denver)
	l := f.mustLogin(in)
	for range 12*6 - 1 {
		f.clock.add(10 * time.Minute)
		if _, err := f.Touch(l.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	f.clock.add(10*time.Minute - time.Millisecond)
	if l := f.mustLogin(in); !l.IdleExpires.Equal(l.Expires) {
		t.Errorf("idle ends %v, all %v", l.IdleExpires, l.Expires)
	}
	f.clock.add(time.Millisecond)
	if _, err := f.login(in); code(err) != chat.NotAuthenticated {
		t.Errorf("got %v", err)
	}
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !f.events.ended(l) {
		t.Error("nobody was told")
	}
	f.wantAudit("login_end  P1  why=expired", 1)
}

func TestInATherapySessionIdleDoesNotCount(t *testing.T) {
	t.Parallel()
	var in atomic.Bool
	f := newFixture(t, auth.Options{InSession: func(p chat.PID, ts chat.TSID) bool {
		return p == "P1" && ts == "TS1" && in.Load()
	}})
	one, other := f.logIn(denver), f.logIn(grumby)
	l := f.mustLogin(one)
	if err := f.SetCurrentSession(t.Context(), l.ID, "TS1"); err != nil {
		t.Fatal(err)
	}
	in.Store(true)
	f.clock.add(2 * time.Hour)
	me, err := f.Me(l.ID)
	if err != nil || !me.IdleExpires.Equal(me.Expires) || me.TS != "TS1" {
		t.Errorf("got %+v, %v", me, err)
	}
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.login(other); code(err) != chat.NotAuthenticated {
		t.Errorf("one who is in no session: %v", err)
	}
	f.reopen() // nobody is connected right after a restart
	in.Store(false)
	f.mustLogin(one)
	in.Store(true)
	f.clock.add(2 * time.Hour)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.Store(false) // the session ends: now idle time begins
	f.clock.add(29 * time.Minute)
	if l := f.mustLogin(one); !l.LastActivity.Equal(start) {
		t.Errorf("last activity %v", l.LastActivity)
	}
	f.clock.add(time.Minute)
	if _, err := f.login(one); code(err) != chat.NotAuthenticated {
		t.Errorf("idle after the session: %v", err)
	}
}

func TestLoginsAreFoundAgainAfterReopening(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	l := f.mustLogin(in)
	f.clock.add(10 * time.Minute)
	if err := f.SetCurrentSession(t.Context(), l.ID, "TS9"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Touch(l.ID, true); err != nil {
		t.Fatal(err)
	}
	want := f.mustLogin(in)
	if want.TS != "TS9" || !want.LastActivity.Equal(f.clock.Now()) {
		t.Errorf("got %+v", want)
	}
	f.reopen()
	if got := f.mustLogin(in); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := f.SetCurrentSession(t.Context(), l.ID, ""); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	if got := f.mustLogin(in); got.TS != "" {
		t.Errorf("still in %s", got.TS)
	}
}

func TestLookingUpTouchesNoDiskAndActivityIsStoredOnceAMinute(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.WaitForPost()
	f.driver.take()
	for range 60 {
		f.clock.add(time.Second)
		if _, err := f.Authenticate(t.Context(), in.Token, true); err != nil {
			t.Fatal(err)
		}
		if n := len(f.driver.take()); n != 0 {
			t.Fatalf("%d commits", n)
		}
	}
	writes := 0
	for range 600 {
		f.clock.add(time.Second)
		if _, err := f.Authenticate(t.Context(), in.Token, true); err != nil {
			t.Fatal(err)
		}
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		writes += len(f.driver.take())
	}
	if writes < 9 || writes > 11 {
		t.Errorf("%d commits in ten minutes", writes)
	}
}

func TestLogoutEndsOneLogin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	one, two := f.logIn(denver), f.logIn(denver)
	l := f.mustLogin(one)
	for range 2 { // a second time changes nothing
		if err := f.Logout(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	if !f.events.ended(l) {
		t.Error("nobody was told")
	}
	for _, again := range []bool{false, true} {
		if again {
			f.reopen()
		}
		if _, err := f.login(one); code(err) != chat.NotAuthenticated {
			t.Errorf("reopened %v: %v", again, err)
		}
		f.mustLogin(two)
	}
	if err := f.SetCurrentSession(t.Context(), l.ID, "TS1"); code(err) != chat.NotAuthenticated {
		t.Errorf("entering with an ended login: %v", err)
	}
	f.wantAudit("login_end  P1  why=logout", 1)
}

func TestLogoutEverywhereEndsAllOfOnePerson(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	one, two, other := f.logIn(denver), f.logIn(denver), f.logIn(grumby)
	if err := f.LogoutEverywhere(t.Context(), "operator", "P1"); err != nil {
		t.Fatal(err)
	}
	for _, in := range []auth.LoggedIn{one, two} {
		if _, err := f.login(in); code(err) != chat.NotAuthenticated {
			t.Errorf("got %v", err)
		}
	}
	f.mustLogin(other)
	f.wantAudit("logout_everywhere operator P1 ", 1)
}

func TestChangedPeopleLoseTheirLoginsAndChallenges(t *testing.T) {
	t.Parallel()
	otherPhone, otherRole, withdrawn, otherName := denver, denver, denver, denver
	otherPhone.Phone = "+16505550199"
	otherRole.Role = chat.Therapist
	withdrawn.Withdrawn = true
	otherName.LastName, otherName.Name = "Gilligan", "Willy"
	for _, test := range []struct {
		name  string
		now   []chat.User
		stays bool
	}{
		{"another phone", []chat.User{otherPhone, grumby}, false},
		{"another role", []chat.User{otherRole, grumby}, false},
		{"withdrawn", []chat.User{withdrawn, grumby}, false},
		{"removed", []chat.User{grumby}, false},
		{"another name", []chat.User{otherName, grumby}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, auth.Options{})
			in, other := f.logIn(denver), f.logIn(grumby)
			l, otherLogin := f.mustLogin(in), f.mustLogin(other)
			f.clock.add(5 * time.Minute)
			c := f.ask(denver)
			sent := f.sms.code(t, denver)
			spoken, _, err := f.MakeCode(t.Context(), "operator", "P1")
			if err != nil {
				t.Fatal(err)
			}
			f.setRoster(test.now...)
			if _, err := f.login(in); (err == nil) != test.stays {
				t.Errorf("the login, at once: %v", err)
			}
			if err := f.RosterChanged(t.Context()); err != nil {
				t.Fatal(err)
			}
			if f.events.ended(l) == test.stays || f.events.ended(otherLogin) {
				t.Error("the wrong logins ended")
			}
			f.mustLogin(other)
			if test.stays {
				if got := f.mustLogin(in).User; got != otherName {
					t.Errorf("the login is of %v", got)
				}
			} else {
				f.setRoster(people()...) // and it does not come back
				if _, err := f.login(in); code(err) != chat.NotAuthenticated {
					t.Errorf("the login came back: %v", err)
				}
				f.setRoster(test.now...)
			}
			if got := f.verify(c, sent); (got == "") != test.stays {
				t.Errorf("the open challenge: %q", got)
			}
			if !test.stays {
				f.clock.add(time.Minute)
				c = f.ask(denver)
				if got := f.verify(c, spoken); got == "" {
					t.Error("the code that was to be read out is still good")
				}
				f.settle()
			}
		})
	}
}

func TestResendOfAChallengeWhosePersonChangedSendsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c := f.ask(denver)
	f.sms.code(t, denver)
	withdrawn := denver
	withdrawn.Withdrawn = true
	f.setRoster(withdrawn)
	f.clock.add(time.Minute)
	if got, err := f.Resend(t.Context(), home, c.ID); err != nil || got != c {
		t.Errorf("got %+v, %v", got, err)
	}
	f.settle()
	f.sms.none(t)
}

func TestTwoPeopleWithTheSamePhoneAndFieldAreNobody(t *testing.T) {
	t.Parallel()
	twin := denver
	twin.ID, twin.LastName = "P7", "DENVER"
	f := newFixture(t, auth.Options{})
	f.setRoster(denver, twin)
	f.ask(denver)
	f.settle()
	f.sms.none(t)
	twin.Withdrawn = true
	f.setRoster(denver, twin)
	f.clock.add(time.Minute)
	f.logIn(denver)
}

func TestEmptyFieldIsNobodys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	blank := denver
	blank.LastName = " "
	f.setRoster(blank)
	f.ask(blank)
	f.settle()
	f.sms.none(t)
}

func TestSweepRemovesWhatNoLongerMatters(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	for range 3 {
		f.guessWrong(denver)
		f.guessWrong(nobody)
		f.logIn(grumby)
		if _, _, err := f.MakeCode(t.Context(), "operator", "P1"); err != nil {
			t.Fatal(err)
		}
		f.ask(howell)
		f.sms.code(t, howell)
		f.clock.add(time.Hour)
	}
	f.settle()
	count := func(tables ...store.Table) (n int) {
		for _, table := range tables {
			err := f.store.Scan(t.Context(), table, nil, func(_, _ []byte) error { n++; return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	auths := []store.Table{store.TableLogin, store.TableLoginOf, store.TableChallenge, store.TableCounter, store.TableDevice}
	for _, step := range []struct {
		wait time.Duration
		gone []store.Table
		left []store.Table
	}{
		{0, auths[2:3], auths[3:]},
		{24 * time.Hour, auths[:3], auths[3:]},
		{31 * 24 * time.Hour, auths[:4], auths[4:]},
		{auth.DeviceLifetime, auths, nil},
	} {
		f.clock.add(step.wait)
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(step.gone...); n != 0 {
			t.Errorf("after %v: %d records in %v", step.wait, n, step.gone)
		}
		for _, table := range step.left {
			if count(table) == 0 {
				t.Errorf("after %v: nothing left in %v", step.wait, table)
			}
		}
	}
}

func TestRunEndsIdleLoginsWithinSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, auth.Options{})
		f.clock.follow()
		in := f.logIn(denver)
		l := f.mustLogin(in)
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.Run(t.Context())
		}()
		time.Sleep(time.Until(l.IdleExpires) - time.Second)
		synctest.Wait()
		if f.events.ended(l) {
			t.Error("ended too early")
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !f.events.ended(l) {
			t.Error("not ended")
		}
	})
}

func TestClockSetBackDoesNotProlongLogins(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(-48 * time.Hour)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	f.clock.add(30 * time.Minute)
	if _, err := f.login(in); code(err) != chat.NotAuthenticated {
		t.Errorf("idle: %v", err)
	}
	in = f.logIn(grumby)
	l := f.mustLogin(in)
	f.clock.add(-48 * time.Hour)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 12 * 3 {
		f.clock.add(20 * time.Minute)
		f.Touch(l.ID, true)
	}
	if _, err := f.login(in); code(err) != chat.NotAuthenticated {
		t.Errorf("absolute: %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	good := auth.Options{Store: f.store, Sender: f.sms, KeyFile: filepath.Join(f.dir, "keys.json")}
	for _, test := range []struct {
		want string
		bad  func(*auth.Options)
	}{
		{"auth: Store must be set", func(o *auth.Options) { o.Store, o.Now = nil, time.Now }},
		{"auth: Sender must be set", func(o *auth.Options) { o.Sender = nil }},
		{"auth: KeyFile must be set", func(o *auth.Options) { o.KeyFile = "" }},
		{"auth: Field must be last_name or name", func(o *auth.Options) { o.Field = "phone" }},
		{"auth: OTP.Digits must be 4 to 10", func(o *auth.Options) { o.OTP.Digits = 3 }},
		{"auth: OTP.ResendAfter must be below OTP.Lifetime", func(o *auth.Options) { o.OTP.ResendAfter = time.Hour }},
		{"auth: OTP.AttemptsPerCode must be positive", func(o *auth.Options) { o.OTP.AttemptsPerCode = -1 }},
		{"auth: Limits.SendsPerDay must be positive", func(o *auth.Options) { o.Limits.SendsPerDay = -1 }},
		{"auth: Idle must be positive and at most Absolute", func(o *auth.Options) { o.Idle = 13 * time.Hour }},
	} {
		o := good
		test.bad(&o)
		if _, err := auth.New(t.Context(), o); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestGuessChance(t *testing.T) {
	t.Parallel()
	day, month, year := auth.Options{}.GuessChance()
	if day != 5e-6 || month != 20e-6 || math.Abs(year-20e-6*365.25/30) > 1e-12 {
		t.Errorf("got %v a day, %v a month, %v a year", day, month, year)
	}
	day, month, year = auth.Options{OTP: auth.OTP{Digits: 4}, Limits: auth.Limits{WrongCodesPerDay: 100, WrongCodesPer30Days: 100}}.GuessChance()
	if day != 6e-4 || month != 1e-2 || math.Abs(year-1e-2*365.25/30) > 1e-12 {
		t.Errorf("got %v a day, %v a month, %v a year", day, month, year)
	}
}

func TestLoginAfterAChangeDoesNotShareTheDeadCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{MaxSends: 10}})
	f.setRoster(grumby)
	f.ask(denver) // is nobody yet
	f.setRoster(denver, grumby)
	f.logIn(denver)
	f.ask(denver)
	f.sms.code(t, denver)
	therapist := denver
	therapist.Role = chat.Therapist
	f.setRoster(therapist, grumby)
	f.logIn(therapist)
}
