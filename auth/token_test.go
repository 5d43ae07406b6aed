package auth_test

import (
	"strings"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

func TestAPITokensAreMadeListedAndRevoked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	ctx := t.Context()
	secret, made, err := f.CreateToken(ctx, "operator", "admin", "nightly import", 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if made.Role != "admin" || made.Name != "nightly import" || !made.Expires.Equal(start.Add(90*24*time.Hour)) || !made.Revoked.IsZero() {
		t.Errorf("made %+v", made)
	}
	f.clock.add(time.Hour)
	lasting, other, err := f.CreateToken(ctx, "operator", "admin", "", 0)
	if err != nil || lasting == secret || other.ID == made.ID {
		t.Fatal(other.ID, err)
	}
	if got, err := f.AuthenticateToken(ctx, secret); err != nil || got != made {
		t.Errorf("got %+v, %v", got, err)
	}
	f.reopen() // when they were used is stored
	made.LastUsed = f.clock.Now()
	list, err := f.Tokens(ctx)
	if err != nil || len(list) != 2 || list[0] != other || list[1] != made {
		t.Errorf("list %+v, %v", list, err)
	}
	for name, bad := range map[string]string{
		"empty": "", "no prefix": secret[7:], "cut": secret[:len(secret)-1], "longer": secret + "A", "another id": strings.Replace(secret, made.ID, other.ID, 1),
		"id alone": "hearth_" + made.ID, "unknown": "hearth_0123456789ab_" + secret[20:], "huge": "hearth_" + strings.Repeat("A", 1<<20),
		"case": strings.ToUpper(secret), "a login's": f.logIn(denver).Token,
	} {
		if _, err := f.AuthenticateToken(ctx, bad); code(err) != chat.NotAuthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.RevokeToken(ctx, "operator", other.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.RevokeToken(ctx, "operator", other.ID); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := f.RevokeToken(ctx, "operator", "0123456789ab"); code(err) != chat.NotFound {
		t.Errorf("an unknown one: %v", err)
	}
	f.reopen()
	if _, err := f.AuthenticateToken(ctx, lasting); code(err) != chat.NotAuthenticated {
		t.Errorf("revoked: %v", err)
	}
	f.clock.add(90*24*time.Hour - time.Hour - time.Millisecond)
	if _, err := f.AuthenticateToken(ctx, secret); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	f.clock.add(time.Millisecond)
	if _, err := f.AuthenticateToken(ctx, secret); code(err) != chat.NotAuthenticated {
		t.Errorf("expired: %v", err)
	}
	if _, err := f.Authenticate(ctx, secret, true); code(err) != chat.NotAuthenticated {
		t.Errorf("an API token as a login: %v", err)
	}
	f.wantAudit("token_create operator token:"+made.ID+" ", 1)
	f.wantAudit("token_revoke operator token:"+other.ID+" ", 1)
}

func TestBadAPITokensAreNotMade(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	for _, test := range []struct {
		role, name string
		lifetime   time.Duration
		want       string
	}{
		{"therapist", "", 0, "role: must be admin"},
		{"", "", 0, "role: must be admin"},
		{"admin", "", -1, "expires: must not be in the past"},
		{"admin", strings.Repeat("x", 101), 0, "name: at most 100 characters"},
		{"admin", "a\nb", 0, "name: at most 100 characters"},
		{"admin", "\xff", 0, "name: at most 100 characters"},
	} {
		_, _, err := f.CreateToken(t.Context(), "operator", test.role, test.name, test.lifetime)
		if e := refusal(t, err); e.Code != chat.BadRequest || !strings.HasPrefix(e.Message, test.want) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
