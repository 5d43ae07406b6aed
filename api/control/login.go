package control

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

// Token is an API token as an operator sees it. Times are zero where there is
// none.
type Token struct {
	ID       string    `json:"id"`
	Name     string    `json:"name,omitempty"`
	Role     string    `json:"role"`
	Created  time.Time `json:"created"`
	By       string    `json:"created_by"` // operator, or token: and the id of the one it was made with
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"last_used,omitzero"`
	Revoked  time.Time `json:"revoked,omitzero"`
}

// NewToken is a token that was made just now, and its secret, which is told
// only now.
type NewToken struct {
	Token
	Secret string `json:"secret"`
}

// Code is a one-time code to read out, and until when it works.
type Code struct {
	Code  string    `json:"code"`
	Until time.Time `json:"until"`
}

// loginRoutes are the commands about logins.
func loginRoutes(mux *http.ServeMux, o Options) {
	handle := func(pattern string, f func(*auth.Auth, context.Context, url.Values) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a, err := o.Auth()
			if err != nil {
				reply(w, nil, err)
				return
			}
			out, err := f(a, r.Context(), r.URL.Query())
			reply(w, out, err)
		})
	}
	done := struct{}{}
	handle("POST /token", func(a *auth.Auth, ctx context.Context, q url.Values) (any, error) {
		lifetime, err := time.ParseDuration(q.Get("expires"))
		if err != nil {
			return nil, err
		}
		secret, t, err := a.CreateToken(ctx, operator, q.Get("role"), q.Get("name"), lifetime)
		return NewToken{Token(t), secret}, err
	})
	handle("GET /tokens", func(a *auth.Auth, ctx context.Context, _ url.Values) (any, error) {
		all, err := a.Tokens(ctx)
		out := []Token{}
		for _, t := range all {
			out = append(out, Token(t))
		}
		return out, err
	})
	handle("POST /token/revoke", func(a *auth.Auth, ctx context.Context, q url.Values) (any, error) {
		return done, a.RevokeToken(ctx, operator, q.Get("id"))
	})
	handle("POST /unlock", func(a *auth.Auth, ctx context.Context, q url.Values) (any, error) {
		return done, a.Unlock(ctx, operator, chat.PID(q.Get("p_id")))
	})
	handle("POST /code", func(a *auth.Auth, ctx context.Context, q url.Values) (any, error) {
		code, until, err := a.MakeCode(ctx, operator, chat.PID(q.Get("p_id")))
		return Code{code, until}, err
	})
	handle("POST /rotate", func(a *auth.Auth, ctx context.Context, q url.Values) (any, error) {
		return done, a.Rotate(ctx, operator, q.Get("now") == "true")
	})
}

// CreateToken makes an API token. lifetime 0 is until it is revoked.
func (c *Client) CreateToken(ctx context.Context, role, name string, lifetime time.Duration) (out NewToken, err error) {
	err = c.call(ctx, http.MethodPost, "/token?"+url.Values{
		"role": {role}, "name": {name}, "expires": {lifetime.String()},
	}.Encode(), nil, &out)
	return out, err
}

// Tokens lists the API tokens, the newest first.
func (c *Client) Tokens(ctx context.Context) (out []Token, err error) {
	err = c.call(ctx, http.MethodGet, "/tokens", nil, &out)
	return out, err
}

// RevokeToken ends an API token.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.do(ctx, "/token/revoke", "id", id)
}

// Unlock clears the login limits of a person.
func (c *Client) Unlock(ctx context.Context, id string) error {
	return c.do(ctx, "/unlock", "p_id", id)
}

// MakeCode makes a code for a person, to be read out.
func (c *Client) MakeCode(ctx context.Context, id string) (out Code, err error) {
	err = c.call(ctx, http.MethodPost, "/code?"+url.Values{"p_id": {id}}.Encode(), nil, &out)
	return out, err
}

// Rotate makes a new login key; with now every login ends.
func (c *Client) Rotate(ctx context.Context, now bool) error {
	return c.do(ctx, "/rotate", "now", strconv.FormatBool(now))
}

// do is a command with one argument and no answer.
func (c *Client) do(ctx context.Context, path, name, value string) error {
	return c.call(ctx, http.MethodPost, path+"?"+url.Values{name: {value}}.Encode(), nil, &struct{}{})
}
