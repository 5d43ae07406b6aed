package auth_test

import (
	"net/netip"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

// with is a call from the browser that got this device cookie.
func with(in auth.LoggedIn) auth.Caller {
	by := home
	by.Device = in.Device
	return by
}

// useUp leaves a stranger no login as u, nor from this address.
func (f *fixture) useUp(u chat.User) {
	f.t.Helper()
	for range 5 {
		f.guessWrong(u)
		f.clock.add(2 * time.Hour)
	}
	if got := f.refusedLogin(home, u); got.Code != chat.TooManyTries {
		f.t.Fatal(got)
	}
}

func TestOwnDeviceCannotBeLockedOutByStrangers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(24 * time.Hour)
	f.useUp(denver)
	again := f.logInFrom(with(in), denver)
	if again.Device == "" || again.Device == in.Device {
		t.Error("a login gives a new value of the cookie")
	}
	f.reopen()
	f.clock.add(time.Hour)
	f.logInFrom(with(again), denver)
}

func TestOwnDeviceIsNotBoundByItsAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{LoginsPerAddressPerHour: 2}})
	in := f.logIn(denver)
	f.ask(nobody)
	if got := f.refusedLogin(home, grumby); got.Code != chat.TooManyTries {
		t.Fatal(got)
	}
	f.logInFrom(with(in), denver)
}

func TestStrangerCannotSpoilTheCodeOfADevice(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(time.Hour)
	own, sent := f.askFrom(with(in), denver), f.sms.code(t, denver)
	strange := f.ask(denver)
	other := f.sms.code(t, denver)
	f.verify(strange, wrong(other))
	f.clock.add(time.Minute)
	f.ask(denver) // a new code for the stranger
	f.sms.code(t, denver)
	if got := f.verify(own, sent); got != "" {
		t.Errorf("the device's own code: %q", got)
	}
}

func TestDeviceHasLimitsToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(24 * time.Hour)
	for range 5 {
		c := f.askFrom(with(in), denver)
		f.verify(c, wrong(f.sms.code(t, denver)))
		f.clock.add(time.Hour)
	}
	if got := f.refusedLogin(with(in), denver); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
	// The person can still go without the device.
	f.logIn(denver)
}

func TestLoggingInDoesNotBeginADevicesLimitsAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(24 * time.Hour)
	for range 3 {
		in = f.logInFrom(with(in), denver)
	}
	if got := f.refusedLogin(with(in), denver); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
}

func TestDeviceIsGoodForItsPersonAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(grumby)
	f.clock.add(24 * time.Hour)
	f.useUp(denver)
	far := netip.MustParseAddr("192.0.2.200")
	for name, device := range map[string]string{
		"another person's": in.Device, "made up": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "none": "",
		"far too long": string(make([]byte, 100_000)),
	} {
		if got := f.refusedLogin(auth.Caller{Addr: far, Device: device}, denver); got.Code != chat.TooManyTries {
			t.Errorf("%s: %v", name, got.Code)
		}
	}
}

func TestDeviceExpires(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in, other := f.logIn(denver), f.logIn(grumby)
	f.clock.add(auth.DeviceLifetime - 24*time.Hour)
	f.useUp(denver)
	f.logInFrom(with(in), denver)
	f.clock.add(24 * time.Hour)
	f.useUp(grumby)
	if got := f.refusedLogin(with(other), grumby); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
}

func TestDeviceIsNoLogin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	if _, err := f.Authenticate(t.Context(), in.Device, true); code(err) != chat.NotAuthenticated {
		t.Errorf("got %v", err)
	}
}
