package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/strictjson"
	"hearth/auth"
	"hearth/hub/chat"
)

// The cookies' names; over https they have the prefix that no other host or
// path can set (RFC 6265bis, 4.1.3.2).
const (
	sessionCookie = "hearth_session"
	deviceCookie  = "hearth_device"
	hostPrefix    = "__Host-"
)

// maxFieldChars bounds what is typed beside the phone, as the roster does.
const maxFieldChars = 200

func (a *API) cookieName(name string) string {
	if a.origins.secure() {
		return hostPrefix + name
	}
	return name
}

func (a *API) setCookie(c *call, name, value string, expires time.Time) {
	k := &http.Cookie{
		Name: a.cookieName(name), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.origins.secure(), SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		k.MaxAge = -1
	}
	c.SetCookie(k)
}

// token is the request's login token. A bearer header wins; a bad one is not
// rescued by the cookie.
func (a *API) token(r *http.Request) (token string, fromCookie bool) {
	if r.Header["Authorization"] != nil {
		h := r.Header.Get("Authorization")
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", false
		}
		return strings.TrimSpace(token), false
	}
	k, err := r.Cookie(a.cookieName(sessionCookie))
	if err != nil {
		return "", false
	}
	return k.Value, true
}

// hasCookie reports whether the request carries any cookie of ours.
func (a *API) hasCookie(r *http.Request) bool {
	for _, name := range []string{sessionCookie, deviceCookie} {
		if _, err := r.Cookie(a.cookieName(name)); err == nil {
			return true
		}
	}
	return false
}

func (a *API) caller(c *call) auth.Caller {
	by := auth.Caller{Addr: addr(c)}
	if k, err := c.Cookie(a.cookieName(deviceCookie)); err == nil {
		by.Device = k.Value
	}
	return by
}

func (a *API) postLogin(c *call) error {
	v, err := a.required(c, "phone", "field")
	if err != nil {
		return err
	}
	ch, err := a.askForCode(c, v[0], v[1])
	return a.challenge(c, ch, err)
}

func (a *API) askForCode(c *call, phone, field string) (auth.Challenge, error) {
	if utf8.RuneCountInString(field) > maxFieldChars {
		return auth.Challenge{}, &strictjson.Error{Field: "field", Problem: fmt.Sprintf("longer than %d characters", maxFieldChars)}
	}
	return a.auth.Login(c.Request().Context(), a.caller(c), phone, field)
}

func (a *API) postResend(c *call) error {
	v, err := a.required(c, "challenge")
	if err != nil {
		return err
	}
	ch, err := a.auth.Resend(c.Request().Context(), a.caller(c), v[0])
	return a.challenge(c, ch, err)
}

func (a *API) challenge(c *call, ch auth.Challenge, err error) error {
	if err != nil {
		return err
	}
	b := first("challenge", ch.ID)
	b = fmt.Appendf(b, `,"resend_after":%d,"expires_in":%d}`, seconds(ch.ResendAfter), seconds(ch.ExpiresIn))
	return a.json(c, 202, b)
}

func (a *API) postVerify(c *call) error {
	v, err := a.required(c, "challenge", "code")
	if err != nil {
		return err
	}
	in, err := a.verify(c, v[0], v[1])
	if err != nil {
		return err
	}
	b := first("token", in.Token)
	b = append(append(b, `,"user":`...), userJSON(&in.User)...)
	b = append(strictjson.AppendMember(b, "expires_at", formatTime(in.ExpiresAt)), '}')
	return a.json(c, 200, b)
}

// verify makes a login of the right code, and sets its cookies. A login whose
// cookie they replace ends: nobody could log it out any more.
func (a *API) verify(c *call, challenge, code string) (auth.LoggedIn, error) {
	ctx := c.Request().Context()
	in, err := a.auth.Verify(ctx, a.caller(c), challenge, code)
	if err != nil {
		return in, err
	}
	if before, fromCookie := a.token(c.Request()); fromCookie {
		if l, err := a.auth.Authenticate(ctx, before, false); err == nil {
			if err := a.auth.Logout(ctx, l.ID); err != nil {
				return auth.LoggedIn{}, err
			}
		}
	}
	a.setCookie(c, sessionCookie, in.Token, in.ExpiresAt)
	a.setCookie(c, deviceCookie, in.Device, a.store.Now().Add(auth.DeviceLifetime))
	return in, nil
}

func userJSON(u *chat.User) []byte {
	b := first("id", string(u.ID))
	b = strictjson.AppendMember(b, "name", string(u.Name))
	return append(strictjson.AppendMember(b, "role", u.Role.String()), '}')
}

func (a *API) postLogout(c *call) error {
	ctx := c.Request().Context()
	if err := a.auth.Logout(ctx, c.login.ID); err != nil {
		return err
	}
	if c.login.TS != "" {
		a.hub.Leave(ctx, c.by(), c.login.TS)
	}
	a.setCookie(c, sessionCookie, "", time.Unix(0, 0))
	return c.NoContent(204)
}

func (a *API) getMe(c *call) error {
	l, err := a.auth.Me(c.login.ID)
	if err != nil {
		return err
	}
	var ts *chat.TSID
	if l.TS != "" {
		ts = &l.TS
	}
	user := jsontext.Value(userJSON(&l.User))
	b, err := json.Marshal(struct {
		User            jsontext.Value `json:"user"`
		AuthenticatedAt string         `json:"authenticated_at"`
		LastActivity    string         `json:"last_activity"`
		IdleExpires     string         `json:"idle_expires_at"`
		Expires         string         `json:"expires_at"`
		TS              *chat.TSID     `json:"ts_id"`
		PollInterval    int64          `json:"poll_interval_ms"`
		Keystrokes      bool           `json:"keystrokes"`
	}{
		user, formatTime(l.AuthenticatedAt), formatTime(l.LastActivity), formatTime(l.IdleExpires), formatTime(l.Expires),
		ts, a.opt.PollInterval.Milliseconds(), l.User.Keystrokes,
	})
	if err != nil {
		return err
	}
	return a.json(c, 200, b)
}

func (a *API) postUnlock(c *call) error {
	v, err := a.required(c, "p_id")
	if err != nil {
		return err
	}
	if err := chat.MayHelp(a.store.Roster(), c.by(), chat.PID(v[0])); err != nil {
		return err
	}
	return a.unlock(c, string(c.by()), chat.PID(v[0]))
}

func (a *API) unlock(c *call, by string, whom chat.PID) error {
	if err := a.auth.Unlock(c.Request().Context(), by, whom); err != nil {
		return err
	}
	return c.NoContent(204)
}

func (a *API) postCode(c *call) error {
	v, err := a.required(c, "p_id")
	if err != nil {
		return err
	}
	if err := chat.MayHelp(a.store.Roster(), c.by(), chat.PID(v[0])); err != nil {
		return err
	}
	return a.makeCode(c, string(c.by()), chat.PID(v[0]))
}

func (a *API) makeCode(c *call, by string, whom chat.PID) error {
	code, until, err := a.auth.MakeCode(c.Request().Context(), by, whom)
	if err != nil {
		return err
	}
	b := first("code", code)
	return a.json(c, 200, fmt.Appendf(b, `,"expires_in":%d}`, seconds(until.Sub(a.store.Now()))))
}
