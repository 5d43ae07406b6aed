package auth_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
	"hearth/store"
)

// refusals are the audit log's entries about refused calls with API tokens, as
// "actor subject reason count".
func (f *fixture) refusals() (all []string) {
	f.t.Helper()
	for _, e := range f.entries() {
		if e.Event == "token_use" {
			line := strings.Join([]string{e.Actor, e.Subject, e.Reason}, " ")
			if e.Count > 1 {
				line += " " + strings.Repeat("+", e.Count)
			}
			all = append(all, line)
		}
	}
	return all
}

func (f *fixture) entries() (all []store.AuditEntry) {
	f.t.Helper()
	err := f.store.AuditLog(f.t.Context(), 1, func(e store.AuditEntry) bool {
		all = append(all, e)
		return true
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func (f *fixture) wantRefusals(when string, want ...string) {
	f.t.Helper()
	if got := f.refusals(); !slices.Equal(got, want) {
		f.t.Errorf("%s: noted %q, want %q", when, got, want)
	}
}

func TestRefusedAPITokensAreNoted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	make := func(lifetime time.Duration) (string, string) {
		secret, token, err := f.CreateToken(t.Context(), "operator", "admin", "", lifetime)
		if err != nil {
			t.Fatal(err)
		}
		return secret, token.ID
	}
	good, goodID := make(0)
	revoked, revokedID := make(0)
	expired, expiredID := make(time.Minute)
	if err := f.RevokeToken(t.Context(), "operator", revokedID); err != nil {
		t.Fatal(err)
	}
	f.clock.add(time.Minute)
	for _, c := range []struct{ name, secret, want string }{
		{"none at all", "", ""},
		{"no token", "let me in", "  unknown_token"},
		{"one that never was", "hearth_0123456789ab_" + good[20:], ""}, // as the one before
		{"another's secret", strings.Replace(good, goodID, expiredID, 1), " token:" + expiredID + " unknown_token"},
		{"a revoked one", revoked, "token:" + revokedID + "  revoked"},
		{"one whose time is over", expired, "token:" + expiredID + "  expired"},
		{"somebody's login", f.logIn(denver).Token, "P1  not_allowed"},
		{"a good one", good, ""},
	} {
		before := f.refusals()
		_, err := f.AuthenticateToken(t.Context(), c.secret)
		if want := map[bool]chat.Code{true: "", false: chat.NotAuthenticated}[c.secret == good]; code(err) != want {
			t.Errorf("%s: %v", c.name, err)
		}
		want := before
		if c.want != "" {
			want = append(want, c.want)
		}
		f.wantRefusals(c.name, want...)
	}
	for _, e := range f.entries() {
		for _, secret := range []string{good, revoked, expired} {
			if _, random, _ := strings.Cut(secret[7:], "_"); strings.Contains(strings.Join([]string{e.Actor, e.Subject, e.Reason}, " "), random) {
				t.Errorf("the audit log has a secret: %+v", e)
			}
		}
	}
}

func TestEqualRefusalsOfTokensAreOneEntryAnHour(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	refuse := func(n int) {
		for range n {
			if _, err := f.AuthenticateToken(t.Context(), "let me in"); code(err) != chat.NotAuthenticated {
				t.Error(err)
			}
		}
	}
	sweep := func() {
		t.Helper()
		if err := f.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	}
	const one = "  unknown_token"
	refuse(5)
	f.wantRefusals("at once", one)
	f.clock.add(time.Hour - time.Millisecond)
	sweep()
	f.wantRefusals("within the hour", one)
	f.clock.add(time.Millisecond)
	sweep()
	f.wantRefusals("after the hour", one, one+" ++++")
	sweep()
	refuse(1)
	f.wantRefusals("in the next hour", one, one+" ++++", one)
	refuse(2)
	f.reopen() // what is only in memory is stored
	f.wantRefusals("after a restart", one, one+" ++++", one, one+" ++")
	refuse(1)
	f.wantRefusals("after a restart within the hour", one, one+" ++++", one, one+" ++")
	f.clock.add(2 * time.Hour)
	if err := f.store.SweepRefusals(t.Context()); err != nil {
		t.Fatal(err)
	}
	sweep()
	f.wantRefusals("later", one, one+" ++++", one, one+" ++", one)
	f.clock.add(-12 * time.Hour) // set back
	refuse(2)
	sweep()
	if n := len(f.refusals()); n < 6 {
		t.Errorf("with the clock set back: %q", f.refusals())
	}
}

// Anybody can send anything as fast as the network goes: that must cost the
// disk, which everybody's chat waits for, nothing.
func TestFloodOfBadTokensIsOneCommit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	f.driver.take()
	for i := range 2000 {
		secret := "hearth_" + strings.Repeat("0", 12) + "_" + strings.Repeat("x", i%50)
		if _, err := f.AuthenticateToken(t.Context(), secret); code(err) != chat.NotAuthenticated {
			t.Fatal(err)
		}
	}
	if n := len(f.driver.take()); n != 1 {
		t.Errorf("%d commits", n)
	}
}

func TestRefusalIsAnsweredWhileNothingCanBeStored(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	f.driver.setFail(true)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 3 {
		if _, err := f.AuthenticateToken(ctx, "let me in"); code(err) != chat.NotAuthenticated {
			t.Error(err)
		}
	}
	f.recover()
	f.clock.add(time.Hour)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The first was stored although it was not known to be: it counts twice.
	f.wantRefusals("after the outage", "  unknown_token", "  unknown_token +++")
}

func TestTokenIsMadeWithAToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	const day = 24 * time.Hour
	maker := func(lifetime time.Duration) auth.Token {
		t.Helper()
		_, token, err := f.CreateToken(t.Context(), "operator", "admin", "maker", lifetime)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, c := range []struct {
		name          string
		maker, asked  time.Duration
		want          time.Duration
		refusedBefore string
	}{
		{"nothing is said, and the maker lasts for ever", 0, 0, 90 * day, ""},
		{"nothing is said, and the maker ends later", 100 * day, 0, 90 * day, ""},
		{"nothing is said, and the maker ends earlier", 12 * time.Hour, 0, 12 * time.Hour, ""},
		{"less than the maker", 10 * day, day, day, ""},
		{"as long as the maker", 10 * day, 10 * day, 10 * day, ""},
		{"longer than the maker", 10 * day, 10*day + 1e9, 0, "expires: not after 2026-12-11T18:00:00Z"},
		{"very long, and the maker lasts for ever", 0, 1000 * day, 1000 * day, ""},
		{"of the past", 0, -1, 0, "expires: must not be in the past"},
	} {
		by := maker(c.maker)
		secret, made, err := f.CreateTokenWith(t.Context(), by, "made", c.asked)
		if c.refusedBefore != "" {
			if e := refusal(t, err); e.Code != chat.BadRequest || !strings.HasPrefix(e.Message, c.refusedBefore) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || !made.Expires.Equal(start.Add(c.want)) || made.Role != "admin" || made.By != "token:"+by.ID {
			t.Errorf("%s: %+v, %v", c.name, made, err)
		}
		if got, err := f.AuthenticateToken(t.Context(), secret); err != nil || got != made {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
		f.wantAudit("token_create token:"+by.ID+" token:"+made.ID+" ", 1)
	}
	ended := maker(day)
	if err := f.RevokeToken(t.Context(), "operator", ended.ID); err != nil {
		t.Fatal(err)
	}
	over := maker(time.Minute)
	f.clock.add(time.Minute)
	for _, by := range []auth.Token{ended, over, {ID: "0123456789ab", Role: "admin"}} {
		if _, _, err := f.CreateTokenWith(t.Context(), by, "late", 0); code(err) != chat.NotAuthenticated {
			t.Errorf("made with %+v: %v", by, err)
		}
		f.wantAudit("token_create token:"+by.ID, 0)
	}
}

func TestTokensOfAnOlderVersionWereMadeByTheOperator(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	err := f.store.Update(t.Context(), func(tx *store.Tx) error {
		tx.Put(store.TableToken, []byte("0123456789ab"), []byte(`{"hash":"00","role":"admin","created":"2026-11-01T00:00:00Z"}`))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.Tokens(t.Context())
	if err != nil || len(all) != 1 || all[0].By != "operator" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestUseOfATokenIsListedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	secret, _, err := f.CreateToken(t.Context(), "operator", "admin", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.add(time.Hour)
	if _, err := f.AuthenticateToken(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	all, err := f.Tokens(t.Context())
	if err != nil || len(all) != 1 || !all[0].LastUsed.Equal(f.clock.Now()) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestSMSOfTheLastHourAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{SendsPerHour: 7}})
	want := func(n int) {
		t.Helper()
		if sent, limit, err := f.SMSUse(t.Context()); sent != n || limit != 7 || err != nil {
			t.Errorf("%d of %d, %v; want %d of 7", sent, limit, err, n)
		}
	}
	want(0)
	f.ask(denver)
	f.ask(nobody) // to nobody nothing is sent
	f.clock.add(59 * time.Minute)
	f.ask(grumby)
	f.settle()
	want(2)
	f.clock.add(time.Minute)
	want(1)
	f.clock.add(time.Hour)
	want(0)
}
