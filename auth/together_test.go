package auth_test

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"

	"hearth/auth"
	"hearth/hub/chat"
)

// hold makes the next commit wait, once it is stored, until release is called.
func (f *fixture) hold() (release func()) {
	gate := make(chan struct{})
	f.driver.afterNext(func() { <-gate })
	return func() { close(gate) }
}

func TestCodeIsGoodForOneOfTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, auth.Options{OTP: auth.OTP{AttemptsPerCode: 10}})
		c := f.ask(denver)
		sent := f.sms.code(t, denver)
		f.WaitForPost()
		release := f.hold()
		results := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := f.Verify(t.Context(), home, c.ID, sent)
				results <- err
			}()
			synctest.Wait() // the first is being counted, the second is next
		}
		release()
		one, two := <-results, <-results
		if (one == nil) == (two == nil) || code(errors.Join(one, two)) != chat.InvalidCode {
			t.Errorf("got %v and %v", one, two)
		}
	})
}

func TestLoginMadeWhileItsPersonIsLoggedOutEverywhereDoesNotLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, auth.Options{})
		c := f.ask(denver)
		sent := f.sms.code(t, denver)
		f.WaitForPost()
		var release func()
		f.driver.afterNext(func() { // after the try was counted
			gate := make(chan struct{})
			release = func() { close(gate) }
			f.driver.after = func() { <-gate } // once the login is stored
		})
		var in auth.LoggedIn
		var err error
		var both sync.WaitGroup
		both.Go(func() { in, err = f.Verify(t.Context(), home, c.ID, sent) })
		synctest.Wait()
		both.Go(func() {
			if err := f.LogoutEverywhere(t.Context(), "operator", "P1"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		release()
		both.Wait()
		if err == nil {
			_, err = f.login(in)
		}
		if err == nil {
			t.Error("the login lives")
		}
	})
}

func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{
		OTP:    auth.OTP{MaxSends: 1000, ResendAfter: -1},
		Limits: auth.Limits{SendsPerDay: 1000, LoginsPerAddressPerHour: 1000},
	})
	var all sync.WaitGroup
	for i, u := range people() {
		all.Go(func() {
			by := auth.Caller{Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})}
			for range 5 {
				c, err := f.Login(t.Context(), by, string(u.Phone), string(u.LastName))
				if err != nil {
					t.Error(err)
					return
				}
				spoken, _, err := f.MakeCode(t.Context(), "operator", u.ID)
				if err != nil {
					t.Error(err)
					return
				}
				in, err := f.Verify(t.Context(), by, c.ID, spoken)
				if err != nil {
					t.Error(err)
					return
				}
				by.Device = in.Device
				l, err := f.Authenticate(t.Context(), in.Token, true)
				if err != nil || l.User != u {
					t.Errorf("logged in as %s: %v", l.User.ID, err)
					return
				}
				if err := f.SetCurrentSession(t.Context(), l.ID, "TS1"); err != nil {
					t.Error(err)
				}
				if err := f.Logout(t.Context(), l.ID); err != nil {
					t.Error(err)
				}
				if _, err := f.Touch(l.ID, true); code(err) != chat.NotAuthenticated {
					t.Errorf("after the logout: %v", err)
				}
			}
		})
	}
	all.Go(func() {
		for range 10 {
			if err := errors.Join(f.Sweep(t.Context()), f.RosterChanged(t.Context()), f.Rotate(t.Context(), "operator", false)); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
}

// same is a source that always says the same.
type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

func TestRightGuessOfACodeForNobodyLogsNobodyIn(t *testing.T) {
	t.Parallel()
	for _, u := range []chat.User{denver, nobody} {
		f := newFixture(t, auth.Options{Rand: same(0)})
		want := chat.Code("")
		if u == nobody {
			want = chat.InvalidCode
		}
		if got := f.verify(f.ask(u), "000000"); got != want {
			t.Errorf("%s: %q", u.ID, got)
		}
	}
}
