package client

import (
	"context"

	"github.com/go-json-experiment/json"

	"hearth/hub/chat"
)

// User is somebody, as told to themselves. Where the protocol has an id alone,
// that is all there is.
type User struct {
	ID   chat.PID
	Name string
	Role string
}

// UnmarshalJSON reads an object, or the id alone.
func (u *User) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &u.ID)
	}
	var o struct {
		ID   chat.PID `json:"id"`
		Name string   `json:"name"`
		Role string   `json:"role"`
	}
	err := json.Unmarshal(b, &o)
	*u = User(o)
	return err
}

// Challenge is the answer to a login that is under way.
type Challenge struct {
	ID          string `json:"challenge"`
	ResendAfter int    `json:"resend_after"` // seconds
	ExpiresIn   int    `json:"expires_in"`   // seconds
}

// LoggedIn is the answer to the right code.
type LoggedIn struct {
	Token     string `json:"token"`
	User      User   `json:"user"`
	ExpiresAt string `json:"expires_at"`
}

// Login logs in: code is asked for the code that the SMS holds.
func (c *Client) Login(
	ctx context.Context, phone, field string, code func(context.Context) (string, error),
) (LoggedIn, error) {
	ch, err := c.StartLogin(ctx, phone, field)
	if err != nil {
		return LoggedIn{}, err
	}
	typed, err := code(ctx)
	if err != nil {
		return LoggedIn{}, err
	}
	return c.Verify(ctx, ch.ID, typed)
}

// StartLogin asks for a code.
func (c *Client) StartLogin(ctx context.Context, phone, field string) (ch Challenge, err error) {
	err = c.Call(ctx, "POST", "/api/login", map[string]string{"phone": phone, "field": field}, &ch)
	return ch, err
}

// Resend asks for another code.
func (c *Client) Resend(ctx context.Context, challenge string) (ch Challenge, err error) {
	err = c.Call(ctx, "POST", "/api/resend", map[string]string{"challenge": challenge}, &ch)
	return ch, err
}

// Verify makes a login of the right code; this client has it from then on.
func (c *Client) Verify(ctx context.Context, challenge, code string) (in LoggedIn, err error) {
	err = c.Call(ctx, "POST", "/api/verify", map[string]string{"challenge": challenge, "code": code}, &in)
	if err == nil && !c.opt.Cookies {
		c.SetToken(in.Token)
	}
	return in, err
}

// Logout ends the login. A bearer token is kept, so that one can see that it
// is dead.
func (c *Client) Logout(ctx context.Context) error {
	return c.Call(ctx, "POST", "/api/logout", nil, nil)
}

// Me is the login as the server sees it.
type Me struct {
	User            User      `json:"user"`
	AuthenticatedAt string    `json:"authenticated_at"`
	LastActivity    string    `json:"last_activity"`
	IdleExpires     string    `json:"idle_expires_at"`
	Expires         string    `json:"expires_at"`
	TS              chat.TSID `json:"ts_id"` // empty: none
	PollInterval    int       `json:"poll_interval_ms"`
}

// Me asks for the login as the server sees it.
func (c *Client) Me(ctx context.Context) (me Me, err error) {
	err = c.Call(ctx, "GET", "/api/me", nil, &me)
	return me, err
}
