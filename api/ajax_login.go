package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/hub/chat"
)

// challengeCookie holds the challenge, for which the older client's page has no
// place. It is for one path alone, so over https it has the weaker of the two
// prefixes (RFC 6265bis, 4.1.3.1).
const (
	challengeCookie = "hearth_challenge"
	securePrefix    = "__Secure-"
)

func (a *API) challengeName() string {
	if a.origins.secure() {
		return securePrefix + challengeCookie
	}
	return challengeCookie
}

func (a *API) setChallenge(c *call, id string, lifetime time.Duration) {
	k := &http.Cookie{
		Name: a.challengeName(), Value: id, Path: ajaxPath, MaxAge: int(seconds(lifetime)),
		HttpOnly: true, Secure: a.origins.secure(), SameSite: http.SameSiteStrictMode,
	}
	if id == "" {
		k.MaxAge = -1
	}
	c.SetCookie(k)
}

// ajaxPhone asks for a code. The answer does not tell whether anybody matched.
func (a *API) ajaxPhone(c *call, payload jsontext.Value) ([]byte, error) {
	field, phone, err := legacy.DecodePhone(payload)
	if err != nil {
		return nil, err
	}
	ch, err := a.askForCode(c, phone, field)
	if err != nil {
		return nil, err
	}
	a.setChallenge(c, ch.ID, ch.ExpiresIn)
	return []byte("true"), nil
}

// ajaxCode makes a login of the right code for the challenge in the cookie.
func (a *API) ajaxCode(c *call, payload jsontext.Value) ([]byte, error) {
	code, err := legacy.DecodeCode(payload)
	if err != nil {
		return nil, err
	}
	k, err := c.Cookie(a.challengeName())
	if err != nil || k.Value == "" {
		return nil, chat.Errorf(chat.InvalidCode, "no code was asked for, or it is too late for it")
	}
	in, err := a.verify(c, k.Value, code)
	if refusal := asRefusal(err); err == nil || refusal != nil && refusal.Code == chat.InvalidCode {
		a.setChallenge(c, "", 0)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]legacy.CurrentUser{"current_user": legacy.NewCurrentUser(&in.User)})
}
