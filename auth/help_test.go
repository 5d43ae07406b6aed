package auth_test

import (
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

func TestUnlockLetsALockedPersonIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(24 * time.Hour)
	for range 5 {
		c := f.askFrom(with(in), denver)
		f.verify(c, wrong(f.sms.code(t, denver)))
		f.clock.add(time.Hour)
	}
	f.useUp(denver)
	if err := f.Unlock(t.Context(), "T1", "P1"); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	f.logIn(denver)
	f.logInFrom(with(in), denver)
	f.wantAudit("unlock T1 P1 ", 1)
}

func TestUnlockIsForOnePerson(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{LoginsPerAddressPerHour: 1000}})
	for range 5 {
		f.guessWrong(denver)
		f.guessWrong(grumby)
		f.clock.add(time.Hour)
	}
	if err := f.Unlock(t.Context(), "T1", "P1"); err != nil {
		t.Fatal(err)
	}
	if got := f.refusedLogin(home, grumby); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
}

func TestStaffCannotHelpWhoMayNotLogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	withdrawn := denver
	withdrawn.Withdrawn = true
	f.setRoster(withdrawn, grumby)
	for _, id := range []chat.PID{"P1", "P99", ""} {
		if err := f.Unlock(t.Context(), "T1", id); code(err) != chat.NotFound {
			t.Errorf("unlock %q: %v", id, err)
		}
		if _, _, err := f.MakeCode(t.Context(), "T1", id); code(err) != chat.NotFound {
			t.Errorf("code %q: %v", id, err)
		}
	}
}

func TestSpokenCodeWorksOnceWithAnyOpenChallenge(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{Digits: 8}})
	c := f.ask(denver) // the SMS never arrives
	sent := f.sms.code(t, denver)
	spoken, until, err := f.MakeCode(t.Context(), "T1", "P1")
	if err != nil || len(spoken) != 8 || !until.Equal(start.Add(10*time.Minute)) {
		t.Fatalf("%d digits until %v, %v", len(spoken), until, err)
	}
	other := f.ask(grumby)
	f.sms.code(t, grumby)
	if got := f.verify(other, spoken); got != chat.InvalidCode {
		t.Errorf("another's challenge: %q", got)
	}
	f.reopen()
	f.clock.add(10*time.Minute - time.Millisecond)
	c = f.ask(denver)
	f.sms.code(t, denver)
	if got := f.verify(c, spoken); got != "" {
		t.Fatalf("the spoken code: %q", got)
	}
	f.clock.add(-time.Minute)
	c = f.ask(denver)
	f.sms.code(t, denver)
	if got := f.verify(c, spoken); got != chat.InvalidCode {
		t.Errorf("a second time: %q", got)
	}
	_ = sent
	f.wantAudit("code T1 P1 ", 1)
}

func TestSpokenCodeSpendsTheChallengesOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c, second := f.ask(denver), f.ask(denver)
	sent := f.sms.code(t, denver)
	spoken, _, err := f.MakeCode(t.Context(), "T1", "P1")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.verify(c, spoken); got != "" {
		t.Fatal(got)
	}
	if got := f.verify(second, sent); got != chat.InvalidCode {
		t.Errorf("the code that was sent: %q", got)
	}
}

func TestSentCodeStillWorksBesideASpokenOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	if _, _, err := f.MakeCode(t.Context(), "T1", "P1"); err != nil {
		t.Fatal(err)
	}
	if got := f.verify(c, sent); got != "" {
		t.Error(got)
	}
}

func TestSpokenCodeEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		then func(f *fixture)
	}{
		{"after ten minutes", func(f *fixture) { f.clock.add(10 * time.Minute) }},
		{"when another is made", func(f *fixture) { f.MakeCode(f.t.Context(), "T1", "P1") }},
		{"after as many wrong tries as a day may have", func(f *fixture) {
			c := f.ask(denver)
			sent := f.sms.code(f.t, denver)
			for range 2 {
				f.verify(c, wrong(sent))
			}
			if err := f.Unlock(f.t.Context(), "T1", "P1"); err != nil {
				f.t.Fatal(err)
			}
		}},
	} {
		f := newFixture(t, auth.Options{
			OTP: auth.OTP{Digits: 10, AttemptsPerCode: 2}, Limits: auth.Limits{WrongCodesPerDay: 2},
		})
		spoken, _, err := f.MakeCode(t.Context(), "T1", "P1")
		if err != nil {
			t.Fatal(err)
		}
		test.then(f)
		c := f.ask(denver)
		f.sms.code(t, denver)
		if got := f.verify(c, spoken); got != chat.InvalidCode {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

func TestWrongTryOfAStrangerDoesNotSpoilASpokenCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{Digits: 10}})
	spoken, _, err := f.MakeCode(t.Context(), "T1", "P1")
	if err != nil {
		t.Fatal(err)
	}
	f.guessWrong(denver)
	c := f.ask(denver)
	f.sms.code(t, denver)
	if got := f.verify(c, spoken); got != "" {
		t.Error(got)
	}
}
