package auth_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
	"hearth/store"
)

func TestRightCodeLogsIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	for _, test := range []struct{ name, phone, field string }{
		{"as in the roster", "+16505550123", "Denver"},
		{"a phone without country code", "(650) 555-0123", "Denver"},
		{"case, accents and white space do not matter", "16505550123", "  dénVER "},
	} {
		c, err := f.Login(t.Context(), home, test.phone, test.field)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if c.ResendAfter != time.Minute || c.ExpiresIn != 10*time.Minute || c.ID == "" {
			t.Errorf("%s: got %+v", test.name, c)
		}
		in, err := f.Verify(t.Context(), home, c.ID, " \t"+f.sms.code(t, denver)+"\n")
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if in.User != denver || !in.ExpiresAt.Equal(f.clock.Now().Add(12*time.Hour)) || in.Device == "" {
			t.Errorf("%s: got %v until %v", test.name, in.User.ID, in.ExpiresAt)
		}
		if l := f.mustLogin(in); l.User != denver || !l.AuthenticatedAt.Equal(f.clock.Now()) || l.TS != "" {
			t.Errorf("%s: the login is %+v", test.name, l)
		}
		f.clock.add(time.Hour)
	}
	f.wantAudit("login P1  ", 3)
}

func TestFieldCanBeTheName(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Field: "name"})
	c, err := f.Login(t.Context(), home, string(denver.Phone), "gilligan")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.verify(c, f.sms.code(t, denver)); got != "" {
		t.Fatal(got)
	}
}

func TestWhatIsNoPhoneIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	for _, phone := range []string{"", "555 0123", "Denver", strings.Repeat("1", 100)} {
		if _, err := f.Login(t.Context(), home, phone, "Denver"); code(err) != chat.InvalidPhone {
			t.Errorf("%q: got %v", phone, err)
		}
	}
}

// shape is what commits wrote, without its content. How long a counter is
// depends on what else the server has sent, and the audit entry of a wrong
// code names the person.
func shape(commits [][]store.Pair) (s []string) {
	for _, c := range commits {
		for _, p := range c {
			size := len(p.Value)
			switch p.Table {
			case store.TableCounter, "audit", "refusal":
				size = 0
			}
			s = append(s, fmt.Sprintf("%s: key of %d bytes, value of %d", p.Table, len(p.Key), size))
		}
		s = append(s, "commit")
	}
	return s
}

// What a stranger can see of a login must not depend on whether there is such
// a person: not the answers, not what is written before them.
func TestLoginTellsNothingOfWhoThereIs(t *testing.T) {
	t.Parallel()
	type step struct {
		answer auth.Challenge
		err    error
		wrote  string
	}
	withdrawn := denver
	withdrawn.Withdrawn = true
	watch := func(u chat.User, roster ...chat.User) (steps []step) {
		f := newFixture(t, auth.Options{})
		f.setRoster(roster...)
		f.clock.add(40 * 24 * time.Hour)
		note := func(c auth.Challenge, err error) auth.Challenge {
			commits := f.driver.take()
			if c.ID != "" { // a code: what its SMS writes, after the answer, may be there already
				commits = commits[:1]
			}
			steps = append(steps, step{auth.Challenge{ResendAfter: c.ResendAfter, ExpiresIn: c.ExpiresIn}, err,
				strings.Join(shape(commits), "\n")})
			f.settle() // what becomes of a code is written after the answer
			f.driver.take()
			return c
		}
		ask := func() auth.Challenge {
			return note(f.Login(t.Context(), home, string(u.Phone), string(u.LastName)))
		}
		f.driver.take()
		c := ask()
		ask() // shares the code
		note(f.Resend(t.Context(), home, c.ID))
		f.clock.add(time.Minute)
		note(f.Resend(t.Context(), home, c.ID))
		_, err := f.Verify(t.Context(), home, c.ID, "no code")
		note(auth.Challenge{}, err)
		_, err = f.Verify(t.Context(), home, c.ID, "no code")
		note(auth.Challenge{}, err)
		note(f.Resend(t.Context(), home, c.ID))
		ask()
		f.clock.add(time.Minute)
		ask() // too many in the hour
		for range 4 {
			f.clock.add(time.Hour)
			c = ask()
			_, err = f.Verify(t.Context(), home, c.ID, "no code")
			note(auth.Challenge{}, err)
		}
		f.clock.add(time.Hour)
		ask() // locked
		f.clock.add(24 * time.Hour)
		ask()
		return steps
	}
	want := watch(denver, people()...)
	for name, got := range map[string][]step{
		"nobody has this field with this phone": watch(nobody, people()...),
		"somebody who was withdrawn":            watch(denver, withdrawn, grumby, howell),
		"somebody who was removed":              watch(denver, grumby, howell),
	} {
		for i := range want {
			if got[i].answer != want[i].answer {
				t.Errorf("%s: step %d is answered %+v, somebody's %+v", name, i, got[i].answer, want[i].answer)
			}
			w, g := want[i].err, got[i].err
			if (w == nil) != (g == nil) || w != nil && *refusal(t, w) != *refusal(t, g) {
				t.Errorf("%s: step %d is refused with %v, somebody's with %v", name, i, g, w)
			}
			if got[i].wrote != want[i].wrote {
				t.Errorf("%s: step %d wrote\n%s\nfor somebody\n%s", name, i, got[i].wrote, want[i].wrote)
			}
		}
	}
	if n := len(want); want[n-2].err == nil || want[n-1].err != nil {
		t.Errorf("the last steps: %v, %v", want[n-2].err, want[n-1].err)
	}
}

func TestLoginSoonAfterAnotherSharesItsCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	first := f.ask(denver)
	f.clock.add(20 * time.Second)
	second := f.ask(denver)
	if second.ID == first.ID || second.ResendAfter != 40*time.Second || second.ExpiresIn != 9*time.Minute+40*time.Second {
		t.Errorf("got %+v after %+v", second, first)
	}
	sent := f.sms.code(t, denver)
	f.settle()
	f.sms.none(t)
	if got := f.verify(second, sent); got != "" {
		t.Fatalf("the second challenge: %q", got)
	}
	if got := f.verify(first, sent); got != chat.InvalidCode {
		t.Errorf("the code was used twice: %q", got)
	}
}

func TestSharedCodeGivesNoFurtherGuess(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	first, second := f.ask(denver), f.ask(denver)
	sent := f.sms.code(t, denver)
	if got := f.verify(first, wrong(sent)); got != chat.InvalidCode {
		t.Fatal(got)
	}
	if got := f.verify(second, sent); got != chat.InvalidCode {
		t.Errorf("a spent code was good for another challenge: %q", got)
	}
}

func TestStartingOverAfterASpentCodeSendsANewOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	f.guessWrong(denver)
	f.logIn(denver) // waits for the SMS
	f.logIn(denver) // a code that was used is no more use, either
}

func TestResendKillsTheOldCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{AttemptsPerCode: 2, Digits: 10}})
	c := f.ask(denver)
	old := f.sms.code(t, denver)
	f.clock.add(time.Minute)
	again, err := f.Resend(t.Context(), home, c.ID)
	if err != nil || again != c {
		t.Fatalf("got %+v, %v, want %+v", again, err, c)
	}
	sent := f.sms.code(t, denver)
	f.clock.add(10*time.Minute - time.Millisecond) // the new code has its whole life
	if got := f.verify(c, old); got != chat.InvalidCode {
		t.Errorf("the old code: %q", got)
	}
	if got := f.verify(c, sent); got != "" {
		t.Errorf("the new code: %q", got)
	}
}

func TestNewCodeKillsTheChallengesOfTheOldOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{Digits: 10}})
	first, old := f.ask(denver), f.sms.code(t, denver)
	f.clock.add(time.Minute)
	second, sent := f.ask(denver), f.sms.code(t, denver)
	for name, typed := range map[string]string{"the old code": old, "the new one": sent} {
		if got := f.verify(first, typed); got != chat.InvalidCode {
			t.Errorf("%s for the first challenge: %q", name, got)
		}
	}
	if got := f.verify(second, sent); got != "" {
		t.Errorf("the second challenge: %q", got)
	}
}

func TestResendIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	refused := func(id string) chat.Error {
		t.Helper()
		_, err := f.Resend(t.Context(), home, id)
		return *refusal(t, err)
	}
	f.clock.add(15 * time.Second)
	if got := refused(c.ID); got.Code != chat.ResendTooSoon || got.RetryAfter != 45*time.Second {
		t.Errorf("too soon: %v, %v", got.Code, got.RetryAfter)
	}
	unknown := refused("AAAAAAAAAAAAAAAAAAAAAA")
	if unknown.Code != chat.InvalidCode {
		t.Errorf("an unknown challenge: %v", unknown)
	}
	f.verify(c, wrong(sent))
	if got := refused(c.ID); got != unknown {
		t.Errorf("a spent challenge: %v", got)
	}
	other := f.ask(grumby)
	f.sms.code(t, grumby)
	f.clock.add(10 * time.Minute)
	if got := refused(other.ID); got != unknown {
		t.Errorf("an expired challenge: %v", got)
	}
	f.settle()
	f.sms.none(t)
}

func TestCodesThatAreNoGoodAreRefusedAlike(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	try := func(id, typed string) chat.Error {
		t.Helper()
		_, err := f.Verify(t.Context(), home, id, typed)
		return *refusal(t, err)
	}
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	want := try(c.ID, wrong(sent))
	if want.Code != chat.InvalidCode || want.RetryAfter != 0 {
		t.Fatalf("a wrong code: %v", want)
	}
	for name, id := range map[string]string{
		"spent": c.ID, "unknown": "AAAAAAAAAAAAAAAAAAAAAA", "empty": "", "malformed": "../" + strings.Repeat("x", 70_000),
	} {
		if got := try(id, sent); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	other := f.ask(grumby)
	sent = f.sms.code(t, grumby)
	f.clock.add(10*time.Minute - time.Millisecond)
	third := f.ask(howell)
	good := f.sms.code(t, howell)
	f.clock.add(time.Millisecond)
	if got := try(other.ID, sent); got != want {
		t.Errorf("expired: %v", got)
	}
	if got := try(third.ID, wrong(good)); got != want {
		t.Errorf("wrong: %v", got)
	}
	f.settle()
	f.ask(nobody)
	f.settle()
	if got := try(f.ask(nobody).ID, "000000"); got != want {
		t.Errorf("nobody's: %v", got)
	}
}

func TestWhatIsNoCodeSpendsATryToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{SendsPerDay: 100, WrongCodesPerDay: 100, WrongCodesPer30Days: 100}})
	for _, typed := range []string{"", "  ", "abcdef", "12345", "１２３４５６", "123 456", strings.Repeat("0", 1<<20), "\x00\xff"} {
		c := f.ask(denver)
		sent := f.sms.code(t, denver)
		if got := f.verify(c, typed); got != chat.InvalidCode {
			t.Errorf("%.10q: %q", typed, got)
		}
		if got := f.verify(c, sent); got != chat.InvalidCode {
			t.Errorf("%.10q was no try: %q", typed, got)
		}
		f.clock.add(time.Hour)
	}
}

func TestAttemptsPerCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{OTP: auth.OTP{AttemptsPerCode: 3}})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	f.verify(c, wrong(sent))
	f.verify(c, wrong(sent))
	if got := f.verify(c, sent); got != "" {
		t.Errorf("the third try: %q", got)
	}
	c = f.ask(grumby)
	sent = f.sms.code(t, grumby)
	for range 3 {
		f.verify(c, wrong(sent))
	}
	if got := f.verify(c, sent); got != chat.InvalidCode {
		t.Errorf("a fourth try: %q", got)
	}
}

func TestCodesHaveTheConfiguredDigitsAndAreSpread(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{
		OTP:    auth.OTP{Digits: 4, MaxSends: 1000, ResendAfter: -1},
		Limits: auth.Limits{SendsPerDay: 1000, LoginsPerAddressPerHour: 1000},
	})
	first := map[byte]int{}
	for range 60 {
		f.ask(denver)
		c := f.sms.code(t, denver)
		if len(c) != 4 {
			t.Fatalf("code %s", c)
		}
		first[c[0]]++
	}
	if len(first) < 6 { // fails once in a hundred million runs
		t.Errorf("first digits: %v", first)
	}
}

func TestAddressesShareTheirLimit(t *testing.T) {
	t.Parallel()
	v4, v6 := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("2001:db8:1:2ff::1")
	for _, test := range []struct {
		name         string
		first, other netip.Addr
		shared       bool
	}{
		{"the same IPv4 address", v4, v4, true},
		{"the same one written as IPv6", v4, netip.AddrFrom16(v4.As16()), true},
		{"another IPv4 address", v4, v4.Next(), false},
		{"IPv6 within the same /56", v6, netip.MustParseAddr("2001:db8:1:200:ffff::9%eth0"), true},
		{"IPv6 of the next /56", v6, netip.MustParseAddr("2001:db8:1:300::1"), false},
		{"no address at all", netip.Addr{}, netip.Addr{}, true},
	} {
		f := newFixture(t, auth.Options{Limits: auth.Limits{LoginsPerAddressPerHour: 2}})
		f.askFrom(auth.Caller{Addr: test.first}, denver)
		f.clock.add(10 * time.Minute)
		f.askFrom(auth.Caller{Addr: test.first}, nobody)
		_, err := f.Login(t.Context(), auth.Caller{Addr: test.other}, string(howell.Phone), "Howell")
		if !test.shared {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if got := refusal(t, err); got.Code != chat.TooManyTries || got.RetryAfter != 50*time.Minute {
			t.Errorf("%s: %v, %v", test.name, got.Code, got.RetryAfter)
		}
		f.clock.add(50 * time.Minute)
		f.askFrom(auth.Caller{Addr: test.other}, howell)
	}
}
