package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"hearth/api/control"
	"hearth/api/strictjson"
	"hearth/auth"
)

// tokenJSON is an API token, without its secret.
type tokenJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Created  string `json:"created_at"`
	By       string `json:"created_by"`
	Expires  string `json:"expires_at,omitzero"`
	LastUsed string `json:"last_used_at,omitzero"`
	Current  bool   `json:"current"`
}

// moment is t on the wire, empty for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return formatTime(t)
}

// getAdminTokens are the API tokens that are not revoked.
func (a *API) getAdminTokens(c *call) error {
	all, err := a.auth.Tokens(c.Request().Context())
	if err != nil {
		return err
	}
	out := struct {
		Tokens []tokenJSON `json:"tokens"`
	}{[]tokenJSON{}}
	for _, t := range all {
		if t.Revoked.IsZero() {
			out.Tokens = append(out.Tokens, tokenJSON{
				t.ID, t.Name, t.Role, formatTime(t.Created), t.By, moment(t.Expires), moment(t.LastUsed), t.ID == c.token.ID,
			})
		}
	}
	return a.answer(c, out)
}

// postAdminToken makes an API token with the one that the call is made with.
func (a *API) postAdminToken(c *call) error {
	o, err := a.object(c)
	if err != nil {
		return err
	}
	name, err := o.String("name")
	if err == nil && name == "" {
		err = &strictjson.Error{Field: "name", Problem: "missing"}
	}
	if err != nil {
		return err
	}
	lifetime, err := expires(o)
	if err != nil {
		return err
	}
	secret, t, err := a.auth.CreateTokenWith(c.Request().Context(), c.token, name, lifetime)
	if err != nil {
		return err
	}
	b, err := json.Marshal(newTokenJSON(secret, t))
	if err != nil {
		return err
	}
	return a.json(c, http.StatusCreated, b)
}

// expires reads how long a token is to last; 0: it is left out.
func expires(o strictjson.Object) (time.Duration, error) {
	const field = "expires"
	if !o.Has(field) {
		return 0, nil
	}
	s, err := o.String(field)
	if err != nil {
		return 0, err
	}
	d, err := control.ParseLifetime(s)
	if err != nil {
		return 0, &strictjson.Error{Field: field, Problem: err.Error()}
	}
	return d, nil
}

// newTokenJSON has the secret, which is told only now.
func newTokenJSON(secret string, t auth.Token) any {
	return struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Role    string `json:"role"`
		Expires string `json:"expires_at"`
		Token   string `json:"token"`
	}{t.ID, t.Name, t.Role, formatTime(t.Expires), secret}
}

// deleteAdminToken ends an API token, perhaps the one that it is called with.
func (a *API) deleteAdminToken(c *call) error {
	if err := a.auth.RevokeToken(c.Request().Context(), c.admin(), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
