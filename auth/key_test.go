package auth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

func (f *fixture) keyFile() string { return filepath.Join(f.dir, "keys.json") }

func (f *fixture) countKeys() int {
	f.t.Helper()
	b, err := os.ReadFile(f.keyFile())
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.Count(string(b), `"key":`)
}

func TestKeyFileIsMadeForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	info, err := os.Stat(f.keyFile())
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	files, err := filepath.Glob(filepath.Join(f.dir, "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("left over: %v", files)
	}
}

func TestKeyFileThatCannotBeTrustedIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	good, err := os.ReadFile(f.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		content string
		mode    os.FileMode
		want    string
	}{
		{"readable by the group", string(good), 0o640, "can be read or written by others (mode 0640)"},
		{"writable by all", string(good), 0o602, "can be read or written by others (mode 0602)"},
		{"empty", "", 0o600, "is not the key file's JSON"},
		{"cut short", string(good[:len(good)/2]), 0o600, "is not the key file's JSON"},
		{"of a later version", strings.Replace(string(good), `"version": 1`, `"version": 2`, 1), 0o600, "holds no keys that this version can use"},
		{"without keys", `{"version":1,"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","keys":[]}`, 0o600, "holds no keys"},
		{"with a short secret", `{"version":1,"secret":"AAAA","keys":[{"id":"a","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`, 0o600, "holds no keys"},
		{"with a short key", `{"version":1,"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","keys":[{"id":"a","key":"AAAA"}]}`, 0o600, "holds no keys"},
	} {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		a, err := auth.New(t.Context(), auth.Options{Store: f.store, Sender: f.sms, KeyFile: path})
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", test.name, err)
		} else if strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: the error quotes the file: %v", test.name, err)
		}
	}
	if _, err := auth.New(t.Context(), auth.Options{Store: f.store, Sender: f.sms, KeyFile: t.TempDir()}); err == nil {
		t.Error("a directory was taken")
	}
	missing := filepath.Join(t.TempDir(), "no", "keys.json")
	if _, err := auth.New(t.Context(), auth.Options{Store: f.store, Sender: f.sms, KeyFile: missing}); err == nil {
		t.Error("no directory, no error")
	}
}

func TestRotatedKeyVerifiesUntilItsLoginsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	old := f.logIn(denver)
	if err := f.Rotate(t.Context(), "operator", false); err != nil {
		t.Fatal(err)
	}
	fresh := f.logIn(grumby)
	kid := func(in auth.LoggedIn) string { return in.Token[:strings.Index(in.Token, ".")] }
	if kid(old) == kid(fresh) {
		t.Error("the old key still signs")
	}
	for _, again := range []bool{false, true} {
		if again {
			f.reopen()
		}
		f.mustLogin(old)
		f.mustLogin(fresh)
	}
	f.clock.add(20 * time.Minute)
	f.Touch(f.mustLogin(old).ID, true)
	f.clock.add(20 * time.Minute)
	sweep := func(keys int) {
		t.Helper()
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := f.countKeys(); n != keys {
			t.Errorf("%d keys, want %d", n, keys)
		}
	}
	sweep(2)
	f.mustLogin(old)
	if err := f.Rotate(t.Context(), "operator", false); err != nil {
		t.Fatal(err)
	}
	f.clock.add(time.Hour - time.Second)
	sweep(3) // no login needs the old ones, but one might be being made
	f.clock.add(time.Second)
	sweep(1)
	f.reopen()
	f.wantAudit("key_rotate operator   now=false", 2)
	f.mustLogin(f.logIn(howell))
}

func TestRotatingNowEndsAllLogins(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	one, two := f.logIn(denver), f.logIn(grumby)
	l := f.mustLogin(one)
	if err := f.Rotate(t.Context(), "operator", true); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		if again {
			f.reopen()
		}
		for _, in := range []auth.LoggedIn{one, two} {
			if _, err := f.login(in); code(err) != chat.NotAuthenticated {
				t.Errorf("reopened %v: %v", again, err)
			}
		}
	}
	if !f.events.ended(l) {
		t.Error("nobody was told")
	}
	if n := f.countKeys(); n != 1 {
		t.Errorf("%d keys", n)
	}
	f.mustLogin(f.logIn(howell))
	f.wantAudit("key_rotate operator   now=true", 1)
	f.wantAudit("login_end  P1  why=key_rotate", 1)
}

func TestLimitsAndDevicesOutliveARotation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	f.clock.add(24 * time.Hour)
	f.useUp(denver)
	if err := f.Rotate(t.Context(), "operator", true); err != nil {
		t.Fatal(err)
	}
	if got := f.refusedLogin(home, denver); got.Code != chat.TooManyTries {
		t.Errorf("got %v", got.Code)
	}
	f.logInFrom(with(in), denver)
}
