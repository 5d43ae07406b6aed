package auth_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

// both runs a test for somebody and for nobody: limits must not tell them
// apart.
func both(t *testing.T, run func(t *testing.T, u chat.User)) {
	t.Run("somebody", func(t *testing.T) { run(t, denver) })
	t.Run("nobody", func(t *testing.T) { run(t, nobody) })
}

func TestSendsWithinTheWindowAreLimited(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, u chat.User) {
		f := newFixture(t, auth.Options{})
		c := f.ask(u)
		for range 2 {
			f.clock.add(10 * time.Minute / 3)
			if _, err := f.Resend(t.Context(), home, c.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, again := range []bool{false, true} {
			if again {
				f.reopen()
			}
			f.clock.add(time.Minute)
			_, err := f.Resend(t.Context(), home, c.ID)
			if got := refusal(t, err); got.Code != chat.TooManyTries || got.RetryAfter <= 50*time.Minute {
				t.Fatalf("a fourth in the hour, reopened %v: %v, %v", again, got.Code, got.RetryAfter)
			}
		}
		f.clock.add(50*time.Minute - 10*time.Minute/3*2 + 8*time.Minute - time.Millisecond)
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries || got.RetryAfter != time.Millisecond {
			t.Errorf("just before the window has passed: %v, %v", got.Code, got.RetryAfter)
		}
		f.clock.add(time.Millisecond)
		f.ask(u)
		f.clock.add(time.Minute)
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries {
			t.Errorf("the window slides: %v", got.Code)
		}
	})
}

func TestSendsOfADayAreLimited(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, u chat.User) {
		f := newFixture(t, auth.Options{})
		for range 6 {
			f.ask(u)
			f.clock.add(time.Hour)
		}
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries || got.RetryAfter != 18*time.Hour {
			t.Errorf("a seventh: %v, %v", got.Code, got.RetryAfter)
		}
		f.ask(howell) // others can
		f.clock.add(18 * time.Hour)
		f.ask(u)
	})
}

func TestWrongCodesLockForADay(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, u chat.User) {
		f := newFixture(t, auth.Options{})
		for range 4 {
			f.guessWrong(u)
			f.clock.add(time.Hour)
		}
		f.guessWrong(u)
		f.reopen()
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries || got.RetryAfter != 20*time.Hour {
			t.Errorf("locked: %v, %v", got.Code, got.RetryAfter)
		}
		f.wantAudit("locked  "+string(u.ID)+" too_many_tries", 1)
		f.logIn(howell)
		f.clock.add(20 * time.Hour)
		f.guessWrong(u)
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries || got.RetryAfter != time.Hour {
			t.Errorf("the window slides: %v, %v", got.Code, got.RetryAfter)
		}
	})
}

func TestWrongCodesLockForAMonth(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, u chat.User) {
		f := newFixture(t, auth.Options{})
		for range 5 {
			for range 4 {
				f.guessWrong(u)
				f.clock.add(time.Hour)
			}
			f.clock.add(24 * time.Hour)
		}
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries || got.RetryAfter != 25*24*time.Hour-20*time.Hour {
			t.Errorf("locked: %v, %v", got.Code, got.RetryAfter)
		}
		f.clock.add(25*24*time.Hour - 20*time.Hour)
		f.ask(u)
	})
}

func TestLockedAccountVerifiesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{AttemptsPerCode: 10}})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	for range 5 {
		f.verify(c, wrong(sent))
	}
	if _, err := f.Verify(t.Context(), home, c.ID, sent); code(err) != chat.TooManyTries {
		t.Errorf("the right code when locked: %v", err)
	}
	if _, err := f.Resend(t.Context(), home, c.ID); code(err) != chat.TooManyTries {
		t.Errorf("resend when locked: %v", err)
	}
}

func TestRightCodesAreNotCountedAsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{
		OTP: auth.OTP{MaxSends: 1000}, Limits: auth.Limits{SendsPerDay: 1000, WrongCodesPerDay: 2},
	})
	f.guessWrong(denver)
	for range 5 {
		f.logIn(denver)
	}
	f.guessWrong(denver)
	if got := f.refusedLogin(home, denver); got.Code != chat.TooManyTries {
		t.Errorf("right codes cleared wrong ones: %v", got.Code)
	}
}

func TestServerSendsAreLimitedSilently(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{SendsPerHour: 2}})
	f.ask(nobody) // nobody's do not count
	f.ask(denver)
	f.sms.code(t, denver)
	f.ask(grumby)
	f.sms.code(t, grumby)
	f.reopen()
	for range 3 {
		if c := f.ask(howell); c.ResendAfter != time.Minute || c.ExpiresIn != 10*time.Minute {
			t.Errorf("got %+v", c)
		}
	}
	f.settle()
	f.sms.none(t)
	if n := strings.Count(f.log.String(), "sends_per_hour is used up"); n != 1 {
		t.Errorf("%d alarms in the log:\n%s", n, f.log)
	}
	// What was not sent was not counted, and is not waited for.
	f.clock.add(time.Hour)
	f.ask(howell)
	f.sms.code(t, howell)
}

func TestResendKeepsTheOldCodeWhenTheServerMaySendNoMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{SendsPerHour: 1}})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	f.clock.add(2 * time.Minute)
	again, err := f.Resend(t.Context(), home, c.ID)
	if err != nil || again.ExpiresIn != 8*time.Minute {
		t.Fatalf("got %+v, %v", again, err)
	}
	if got := f.verify(c, sent); got != "" {
		t.Errorf("the code that had arrived: %q", got)
	}
}

func TestWhatTheProviderRefusedIsNotCounted(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, u chat.User) {
		f := newFixture(t, auth.Options{Limits: auth.Limits{SendsPerHour: 20}})
		f.sms.fail(errNoCredit)
		f.ask(howell) // tells what the provider's word is
		for range 10 {
			f.WaitForPost()
			if c := f.ask(u); c.ResendAfter != time.Minute {
				t.Fatalf("what was not sent was waited for: %+v", c)
			}
		}
		f.WaitForPost()
		f.sms.fail(nil)
		c := f.ask(howell)
		sent := f.sms.code(t, howell)
		f.WaitForPost()
		if got := f.verify(c, sent); got != "" {
			t.Fatal(got)
		}
		for range 3 {
			f.ask(u)
			f.WaitForPost()
			f.clock.add(2 * time.Minute)
		}
		if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries {
			t.Errorf("what was accepted was not counted: %v", got.Code)
		}
	})
	if t.Failed() {
		return
	}
	f := newFixture(t, auth.Options{})
	f.sms.fail(errNoCredit)
	f.ask(denver)
	f.settle()
	f.wantAudit("sms  P1 provider_refused", 1)
	f.wantAudit("code_sent  P1  phone=…23", 0)
}

func TestWhatMayHaveBeenSentIsCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	f.sms.fail(errors.New("no answer in time"))
	for range 3 {
		f.ask(denver)
		f.settle()
		f.clock.add(2 * time.Minute)
	}
	if got := f.refusedLogin(home, denver); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
	f.wantAudit("code_sent  P1  phone=…23 arrived=unknown", 3)
}

// A clock that is set back must not clear a limit, and must not make it last
// until the clock has caught up.
func TestClockSetBackNeitherUnlocksNorLocksForEver(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, u chat.User) {
		const back = -365 * 24 * time.Hour
		f := newFixture(t, auth.Options{})
		for range 5 {
			f.guessWrong(u)
			f.clock.add(30 * time.Minute)
		}
		f.clock.add(back)
		for _, again := range []bool{false, true} {
			if again {
				f.reopen()
				f.clock.add(time.Hour) // refusals do not begin the wait anew
			}
			got := f.refusedLogin(home, u)
			if got.Code != chat.TooManyTries || got.RetryAfter > 24*time.Hour || got.RetryAfter < 23*time.Hour {
				t.Errorf("wrong codes, again %v: %v, %v", again, got.Code, got.RetryAfter)
			}
		}
		f.clock.add(23 * time.Hour)
		f.ask(u)
	})
	f := newFixture(t, auth.Options{Limits: auth.Limits{LoginsPerAddressPerHour: 2}})
	f.ask(denver)
	f.ask(denver)
	sent := f.sms.code(t, denver)
	f.clock.add(-2 * time.Hour)
	if got := f.refusedLogin(home, denver); got.RetryAfter != time.Hour {
		t.Errorf("logins of an address: %v", got.RetryAfter)
	}
	f.clock.add(time.Hour)
	c := f.ask(denver)
	if c.ResendAfter != time.Minute || c.ExpiresIn != 10*time.Minute {
		t.Errorf("a code from the future was good: %+v", c)
	}
	if got := f.verify(c, sent); got != chat.InvalidCode && sent != f.sms.code(t, denver) {
		t.Errorf("a code from the future was taken: %q", got)
	}
}

func TestSmallStepBackOfTheClockHarmsNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	f.clock.add(-5 * time.Second)
	if _, err := f.Resend(t.Context(), home, c.ID); refusal(t, err).RetryAfter != time.Minute {
		t.Errorf("resend: %v", err)
	}
	if got := f.verify(c, sent); got != "" {
		t.Errorf("verify: %q", got)
	}
}

func TestStrangersOnOtherAddressesCountForTheSameAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	for i := range 3 {
		by := auth.Caller{Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})}
		f.askFrom(by, denver)
		f.clock.add(2 * time.Minute)
	}
	if got := f.refusedLogin(home, denver); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
}
