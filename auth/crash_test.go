package auth_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

func TestSpentCodeStaysSpentAfterReopening(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c, sent := f.ask(denver), f.sms.code(t, denver)
	other, otherSent := f.ask(grumby), f.sms.code(t, grumby)
	f.verify(c, wrong(sent))
	f.reopen()
	if got := f.verify(c, sent); got != chat.InvalidCode {
		t.Errorf("spent: %q", got)
	}
	if got := f.verify(other, otherSent); got != "" {
		t.Errorf("an open challenge: %q", got)
	}
	f.reopen()
	if got := f.verify(other, otherSent); got != chat.InvalidCode {
		t.Errorf("a code that was used: %q", got)
	}
}

// The try is on disk before the code is looked at: a server that is killed
// right then has given nothing away.
func TestKillingTheServerGivesNoFurtherTry(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	f.settle()

	after := newFixture(t, auth.Options{})
	after.close()
	failed := errors.New("no commit")
	f.driver.afterNext(func() { failed = f.snapshot(after.dir) }) // the commit that counts the try
	if got := f.verify(c, sent); got != "" {
		t.Fatal(got)
	}
	if failed != nil {
		t.Fatalf("no copy of the data: %v", failed)
	}
	after.open()
	if got := after.verify(c, sent); got != chat.InvalidCode {
		t.Errorf("the right code after the crash: %q", got)
	}
	after.sms = f.sms
	for range 4 {
		after.settle()
		after.guessWrong(denver)
		after.clock.add(2 * time.Hour)
	}
	if got := after.refusedLogin(home, denver); got.Code != chat.TooManyTries {
		t.Errorf("the try was not counted: %v", got.Code)
	}
}

func TestOutageSaysUnknownAndRecoveryTellsTheTruth(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	one, two := f.logIn(denver), f.logIn(grumby)
	loginOne := f.mustLogin(one)
	c := f.ask(howell)
	sent := f.sms.code(t, howell)
	f.WaitForPost()

	f.driver.setFail(true)
	if err := f.Logout(t.Context(), loginOne.ID); code(err) != chat.StorageUnavailable { // which is stored all the same
		t.Fatalf("logout: %v", err)
	}
	if _, err := f.Login(t.Context(), home, string(denver.Phone), "Denver"); code(err) != chat.StorageUnavailable {
		t.Errorf("login: %v", err)
	}
	if _, err := f.Resend(t.Context(), home, c.ID); code(err) != chat.StorageUnavailable {
		t.Errorf("resend: %v", err)
	}
	if _, err := f.Verify(t.Context(), home, c.ID, sent); code(err) != chat.StorageUnavailable {
		t.Errorf("verify: %v", err)
	}
	f.mustLogin(two) // who is logged in stays so

	f.recover()
	if err := f.RosterChanged(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.login(one); code(err) != chat.NotAuthenticated {
		t.Errorf("the logout had been stored: %v", err)
	}
	if !f.events.ended(loginOne) {
		t.Error("nobody was told of it")
	}
	f.mustLogin(two)
	if got := f.verify(c, sent); got != "" {
		t.Errorf("the code that could not be tried: %q", got)
	}
}

// recover ends an outage and waits until the store has read everything anew.
func (f *fixture) recover() {
	for len(f.events.roster) > 0 {
		<-f.events.roster
	}
	f.driver.setFail(false)
	<-f.events.roster
	for f.store.Ready() != nil { // it says so a moment after the event
		runtime.Gosched()
	}
}

// A login whose commit's fate was unknown, but that was stored, can be ended.
func TestLoginOfAnUnknownCommitIsFoundAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	c := f.ask(denver)
	sent := f.sms.code(t, denver)
	f.WaitForPost()
	f.driver.afterNext(func() { f.driver.fail = true }) // for the commit after, which makes the login
	if _, err := f.Verify(t.Context(), home, c.ID, sent); code(err) != chat.StorageUnavailable {
		t.Fatalf("got %v", err)
	}
	f.recover()
	if err := f.RosterChanged(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.clock.add(31 * time.Minute)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.wantAudit("login_end  P1  why=idle", 1)
}
