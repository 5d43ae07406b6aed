package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"hearth/hub/chat"
)

const (
	issuer        = "hearth"
	maxTokenBytes = 2048 // ours have some 300
	// tokenLeeway forgives a token the rounding of its times. When a login
	// ends its record says.
	tokenLeeway = time.Second
)

// claims are a token's (RFC 7519).
type claims struct {
	jwt.RegisteredClaims
	Login string `json:"sid"`
}

// sign makes the token of a login session.
func (k signingKey) sign(id string, l *loginRecord) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, &claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{issuer}, Subject: string(l.Person),
			IssuedAt: jwt.NewNumericDate(l.Created), ExpiresAt: jwt.NewNumericDate(l.Expires),
		},
		Login: id,
	})
	t.Header["kid"] = k.ID
	s, err := t.SignedString(k.Key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return s, nil
}

var errToken = errors.New("not a token of ours")

// verified is what a token says that one of the keys signed.
type verified struct {
	key, login      string
	person          chat.PID
	issued, expires time.Time
}

// is reports whether it is the token of a login.
func (v *verified) is(l *loginRecord) bool {
	return v.key == l.Key && v.person == l.Person && v.issued.Equal(l.Created)
}

// parse returns what a token says that one of the keys signed, and that has
// not expired.
func (k *keys) parse(token string, now func() time.Time) (*verified, error) {
	// The base64 decoder skips line breaks.
	if len(token) > maxTokenBytes || strings.ContainsAny(token, "\r\n") {
		return nil, errToken
	}
	digest := sha256.Sum256([]byte(token))
	v, ring := k.known(digest)
	if v != nil {
		if !now().Before(v.expires.Add(tokenLeeway)) {
			return nil, errToken
		}
		return v, nil
	}
	var c claims
	t, err := jwt.ParseWithClaims(token, &c,
		func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			key, ok := find(ring, kid)
			if !ok {
				return nil, errToken
			}
			return key, nil
		},
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(issuer), jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(), jwt.WithTimeFunc(now), jwt.WithLeeway(tokenLeeway),
	)
	if err != nil {
		return nil, errToken
	}
	if c.IssuedAt == nil || c.Login == "" || c.Subject == "" {
		return nil, errToken
	}
	kid, _ := t.Header["kid"].(string)
	v = &verified{kid, c.Login, chat.PID(c.Subject), c.IssuedAt.Time, c.ExpiresAt.Time}
	k.remember(digest, v, ring)
	return v, nil
}
