package api

import (
	"errors"
	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/hub/chat"
)

const (
	ajaxPath    = "/api/ajax"
	olderScript = "/static/jsmo.js"
)

// olderPages are those of the older client to which a survey may lead back.
var olderPages = map[string]string{
	"landing":   "/legacy/#/landing",
	"completed": "/legacy/#/completed",
}

// ajaxAction is one action of the older client's bridge: a translation of what
// there is for others, who may do it included.
type ajaxAction struct {
	guard  guard
	shape  shape
	handle func(*API, *call, jsontext.Value) ([]byte, error) // the payload is nil where there is none
}

// shape is how the page expects an answer.
type shape uint8

const (
	plain   shape = iota
	wrapped       // JSON in a string, as the only member of an object
)

var ajaxActions = map[string]ajaxAction{
	"validateUserPhone":   {openSaves, plain, (*API).ajaxPhone},
	"validateCode":        {openSaves, wrapped, (*API).ajaxCode},
	"getUserSessions":     {login, wrapped, (*API).ajaxSessions},
	"getParticipants":     {login, wrapped, (*API).ajaxParticipants},
	"updateParticipants":  {loginActs, wrapped, (*API).ajaxModerate},
	"getUserSurveys":      {loginActs, wrapped, (*API).ajaxSurveys},
	"checkUserCompletion": {loginActs, wrapped, (*API).ajaxCompletion},
	"getWhiteboard":       {loginActs, wrapped, (*API).ajaxWhiteboard},
	"setWhiteboard":       {loginActs, wrapped, (*API).ajaxSetWhiteboard},
	"handleActions":       {login, plain, (*API).ajaxHandleActions}, // acts if its queue is not empty
}

// postAjax answers the older client's page.
func (a *API) postAjax(c *call) error {
	b, err := a.body(c, maxOlderBody)
	if err != nil {
		return err
	}
	name, payload, err := legacy.DecodeAction(b)
	if err != nil {
		return err
	}
	action, ok := ajaxActions[name]
	if !ok {
		return chat.Errorf(chat.UnknownAction, "action: there is no such action")
	}
	token, _ := a.token(c.Request())
	if err := a.authenticate(c, token, action.guard); err != nil {
		var refused *chat.Error
		loggedOut := errors.As(err, &refused) && refused.Code == chat.NotAuthenticated
		if name == "getUserSessions" && payload == nil && loggedOut {
			// The page asks all the time, also before anybody has logged in.
			return a.json(c, 200, wrap([]byte("[]")))
		}
		return err
	}
	out, err := action.handle(a, c, payload)
	if err != nil {
		return err
	}
	if action.shape == wrapped {
		out = wrap(out)
	}
	return a.json(c, 200, out)
}

func wrap(b []byte) []byte { return append(first("result", string(b)), '}') }

// same refuses a page that was made for somebody else than is logged in now.
// One that does not say is no claim.
func same(c *call, claimed chat.PID) error {
	if claimed != "" && claimed != c.by() {
		return chat.Errorf(chat.WrongUser, "this page is another person's than the one who is logged in")
	}
	return nil
}
