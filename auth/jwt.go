package auth

import (
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

// parse returns what a token says that one of the keys signed, and that has
// not expired. same reports whether it is the token of a login.
func (k *keys) parse(token string, now func() time.Time) (id string, same func(*loginRecord) bool, err error) {
	// The base64 decoder skips line breaks.
	if len(token) > maxTokenBytes || strings.ContainsAny(token, "\r\n") {
		return "", nil, errToken
	}
	var c claims
	t, err := jwt.ParseWithClaims(token, &c,
		func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			key, ok := k.find(kid)
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
		return "", nil, errToken
	}
	if c.IssuedAt == nil || c.Login == "" || c.Subject == "" {
		return "", nil, errToken
	}
	return c.Login, func(l *loginRecord) bool {
		return t.Header["kid"] == l.Key && chat.PID(c.Subject) == l.Person && c.IssuedAt.Equal(l.Created)
	}, nil
}
