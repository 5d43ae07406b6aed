package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hearth/hub/chat"
	"hearth/store"
)

// Token is an API token, of a program or of study staff.
type Token struct {
	ID       string
	Name     string // what its maker calls it; may be empty
	Role     string // admin
	Created  time.Time
	By       string    // who made it: operator, or token: and the id of another
	Expires  time.Time // zero: never
	LastUsed time.Time // to a minute or so; zero: never
	Revoked  time.Time // zero: it is not
}

// tokenRecord is a token on disk. A revoked one stays: that it was there, and
// that it is not any more, should be known.
type tokenRecord struct {
	Hash     string    `json:"hash"` // SHA-256 of the secret, which is too random to be guessed
	Name     string    `json:"name,omitempty"`
	Role     string    `json:"role"`
	Created  time.Time `json:"created"`
	By       string    `json:"by,omitempty"` // of an older version: empty
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"last_used,omitzero"`
	Revoked  time.Time `json:"revoked,omitzero"`
}

const (
	tokenPrefix  = "hearth_" // so that a leaked one can be recognised
	tokenIDChars = 12        // hexadecimal
	maxTokenName = 100       // characters

	// tokenLifetime is that of a token made with another one, unless a
	// lifetime is asked for.
	tokenLifetime = 90 * day
)

// RoleAdmin is the role of API tokens.
const RoleAdmin = "admin"

func (r *tokenRecord) token(id string) Token {
	// Before it was written down who made a token, only operators could.
	return Token{id, r.Name, r.Role, r.Created, cmp.Or(r.By, "operator"), r.Expires, r.LastUsed, r.Revoked}
}

// Actor is who does what is done with the token, in the audit log.
func (t Token) Actor() string { return "token:" + t.ID }

// over reports whether the token's time has come.
func (r *tokenRecord) over(now time.Time) bool { return !r.Expires.IsZero() && !now.Before(r.Expires) }

func tokenHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// CreateToken makes an API token that is good for lifetime (0: until it is
// revoked) and returns its secret, which is kept nowhere. by names in the
// audit log who made it. A bad role, name or lifetime is a bad_request.
func (a *Auth) CreateToken(
	ctx context.Context, by, role, name string, lifetime time.Duration,
) (secret string, _ Token, _ error) {
	return a.createToken(ctx, by, role, name, lifetime, func(tx *store.Tx) (end time.Time, _ error) {
		if lifetime > 0 {
			end = tx.Now().Add(lifetime)
		}
		return end, nil
	})
}

// CreateTokenWith is CreateToken for whoever holds the token maker, with its
// role. None outlives the one it was made with: whose access ends must not be
// able to prolong it. lifetime 0 is 90 days, or as long as maker lasts if that
// is shorter. A lifetime that is longer than that is a bad_request that says
// until when it may be; it is not_authenticated if maker ended meanwhile.
func (a *Auth) CreateTokenWith(
	ctx context.Context, maker Token, name string, lifetime time.Duration,
) (secret string, _ Token, _ error) {
	return a.createToken(ctx, maker.Actor(), maker.Role, name, lifetime, func(tx *store.Tx) (time.Time, error) {
		m, err := load[tokenRecord](tx, store.TableToken, maker.ID)
		if err != nil {
			return time.Time{}, err
		}
		if m == nil || !m.Revoked.IsZero() || m.over(tx.Now()) {
			return time.Time{}, errNotAuthenticated()
		}
		end := tx.Now().Add(cmp.Or(lifetime, tokenLifetime))
		switch {
		case m.Expires.IsZero() || !end.After(m.Expires):
			return end, nil
		case lifetime == 0:
			return m.Expires, nil
		}
		return time.Time{}, chat.Errorf(chat.BadRequest,
			"expires: not after %s, when the token that makes it ends", m.Expires.UTC().Format(time.RFC3339))
	})
}

func (a *Auth) createToken(
	ctx context.Context, by, role, name string, lifetime time.Duration, ends func(*store.Tx) (time.Time, error),
) (secret string, _ Token, _ error) {
	switch {
	case role != RoleAdmin:
		return "", Token{}, chat.Errorf(chat.BadRequest, "role: must be admin")
	case lifetime < 0:
		return "", Token{}, chat.Errorf(chat.BadRequest, "expires: must not be in the past")
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxTokenName || strings.ContainsFunc(name, unicode.IsControl):
		return "", Token{}, chat.Errorf(chat.BadRequest, "name: at most %d characters, none of them a control character", maxTokenName)
	}
	b, err := a.random(tokenIDChars/2 + 32)
	if err != nil {
		return "", Token{}, err
	}
	id := hex.EncodeToString(b[:tokenIDChars/2])
	secret = tokenPrefix + id + "_" + base64.RawURLEncoding.EncodeToString(b[tokenIDChars/2:])
	rec := tokenRecord{Hash: tokenHash(secret), Name: name, Role: role, By: by}
	err = a.store.Update(ctx, func(tx *store.Tx) (err error) {
		if raw, err := tx.Get(store.TableToken, []byte(id)); err != nil {
			return err
		} else if raw != nil {
			return chat.Errorf(chat.Internal, "this id is taken; try again")
		}
		rec.Created = tx.Now()
		if rec.Expires, err = ends(tx); err != nil {
			return err
		}
		tx.Audit(store.AuditEntry{Event: "token_create", Actor: by, Subject: "token:" + id})
		return save(tx, store.TableToken, id, &rec)
	})
	if err != nil {
		return "", Token{}, err
	}
	return secret, rec.token(id), nil
}

// Tokens lists the API tokens, the newest first, with those that have expired
// or were revoked.
func (a *Auth) Tokens(ctx context.Context) ([]Token, error) {
	var out []Token
	err := a.store.Scan(ctx, store.TableToken, nil, func(key, value []byte) error {
		r, err := decode[tokenRecord](store.TableToken, value)
		if err == nil {
			out = append(out, r.token(string(key)))
		}
		return err
	})
	slices.SortStableFunc(out, func(t, u Token) int { return u.Created.Compare(t.Created) })
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range out { // what is stored lags behind
		if at := a.used[out[i].ID].UTC().Truncate(time.Millisecond); at.After(out[i].LastUsed) {
			out[i].LastUsed = at
		}
	}
	return out, err
}

// RevokeToken ends an API token. by names in the audit log who did it. It is
// not_found if there is none with this id, and nil if it was revoked before.
func (a *Auth) RevokeToken(ctx context.Context, by, id string) error {
	return a.store.Update(ctx, func(tx *store.Tx) error {
		r, err := load[tokenRecord](tx, store.TableToken, id)
		switch {
		case err != nil:
			return err
		case r == nil:
			return chat.Errorf(chat.NotFound, "id: there is no such token")
		case !r.Revoked.IsZero():
			return nil
		}
		r.Revoked = tx.Now()
		tx.Audit(store.AuditEntry{Event: "token_revoke", Actor: by, Subject: "token:" + id})
		return save(tx, store.TableToken, id, r)
	})
}

// AuthenticateToken is the API token with this secret. The error is a
// *chat.Error, not_authenticated, unless the store cannot be read; that
// somebody was refused who showed a secret is noted in the audit log.
func (a *Auth) AuthenticateToken(ctx context.Context, secret string) (Token, error) {
	t, refused, err := a.tokenOf(ctx, secret)
	if err != nil {
		return Token{}, err
	}
	if refused != nil {
		if secret != "" {
			a.noteRefused(ctx, *refused)
		}
		return Token{}, errNotAuthenticated()
	}
	a.mu.Lock()
	a.used[t.ID] = a.now()
	a.mu.Unlock()
	return t, nil
}

// tokenOf is the token with this secret, or why it is refused. Nothing of the
// secret is in that.
func (a *Auth) tokenOf(ctx context.Context, secret string) (Token, *refusal, error) {
	rest, ok := strings.CutPrefix(secret, tokenPrefix)
	if !ok || len(rest) < tokenIDChars || len(rest) > 2*tokenIDChars+64 {
		if l, err := a.Authenticate(ctx, secret, false); err == nil {
			return Token{}, &refusal{actor: string(l.User.ID), reason: loginNotToken}, nil
		}
		return Token{}, &refusal{reason: tokenUnknown}, nil
	}
	id := rest[:tokenIDChars]
	raw, err := a.store.Get(ctx, store.TableToken, []byte(id))
	if err != nil {
		return Token{}, nil, err
	}
	if raw == nil {
		return Token{}, &refusal{reason: tokenUnknown}, nil
	}
	r, err := decode[tokenRecord](store.TableToken, raw)
	if err != nil {
		return Token{}, nil, err
	}
	t := r.token(id)
	switch {
	case subtle.ConstantTimeCompare([]byte(r.Hash), []byte(tokenHash(secret))) != 1:
		return Token{}, &refusal{subject: t.Actor(), reason: tokenUnknown}, nil
	case !r.Revoked.IsZero():
		return Token{}, &refusal{actor: t.Actor(), reason: tokenRevoked}, nil
	case r.over(a.now()):
		return Token{}, &refusal{actor: t.Actor(), reason: tokenExpired}, nil
	}
	return t, nil, nil
}

// flushTokens stores when tokens were last used.
func (a *Auth) flushTokens(ctx context.Context) error {
	a.mu.Lock()
	used := a.used
	a.used = map[string]time.Time{}
	a.mu.Unlock()
	return inBatches(used, func(batch map[string]time.Time) error {
		return a.store.Update(ctx, func(tx *store.Tx) error {
			for id, at := range batch {
				r, err := load[tokenRecord](tx, store.TableToken, id)
				if err != nil {
					return err
				}
				if r == nil || at.Sub(r.LastUsed).Abs() < persistEvery {
					continue
				}
				r.LastUsed = at.UTC().Truncate(time.Millisecond)
				if err := save(tx, store.TableToken, id, r); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
