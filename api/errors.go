package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"hearth/api/legacy"
	"hearth/api/strictjson"
	"hearth/hub/chat"
)

// face is how a code looks from outside.
type face struct {
	status int    // of HTTP
	title  string // of problem+json
	close  int    // WebSocket close code; 0: an error frame, the socket stays
}

// faces has a row for each code: problem+json, WebSocket errors and closes
// all read it.
var faces = map[chat.Code]face{
	chat.InvalidAction:        {status: 400, title: "Invalid action"},
	chat.TooLarge:             {status: 413, title: "Too large"},
	chat.WrongUser:            {status: 403, title: "Wrong user"},
	chat.NotAllowed:           {status: 403, title: "Not allowed"},
	chat.NoSuchTarget:         {status: 404, title: "No such target"},
	chat.Muted:                {status: 403, title: "Muted"},
	chat.TooFast:              {status: 429, title: "Too fast"},
	chat.ClientIDReused:       {status: 409, title: "client_id reused"},
	chat.SessionEnded:         {status: 409, title: "Session ended"},
	chat.StorageUnavailable:   {status: 503, title: "Storage unavailable"},
	chat.BadRequest:           {status: 400, title: "Bad request"},
	chat.NotFound:             {status: 404, title: "Not found"},
	chat.MethodNotAllowed:     {status: 405, title: "Method not allowed"},
	chat.UnsupportedMediaType: {status: 415, title: "Unsupported media type"},
	chat.Internal:             {status: 500, title: "Internal error"},
	chat.NotAuthenticated:     {status: 401, title: "Not authenticated", close: closeLoginEnded},
	chat.NotAdmitted:          {status: 403, title: "Not admitted"},
	chat.CrossOrigin:          {status: 403, title: "Foreign origin"},
	chat.WrongHost:            {status: 421, title: "Wrong host"},
	chat.InvalidPhone:         {status: 422, title: "Invalid phone"},
	chat.InvalidCode:          {status: 401, title: "Wrong code"},
	chat.TooManyTries:         {status: 429, title: "Too many tries"},
	chat.ResendTooSoon:        {status: 429, title: "Too soon"},
	chat.UnknownAction:        {status: 404, title: "Unknown action"},
	chat.UnknownType:          {status: 400, title: "Unknown frame type"},
	chat.InvalidFrame:         {status: 400, title: "Invalid frame"},
}

// WebSocket close codes beside those of RFC 6455, 7.4.1.
const (
	closeNotJSON    = 4400
	closeLoginEnded = 4401
	closeRemoved    = 4403
)

// refusal makes a *chat.Error of any error. What is not one is internal:
// logged whole with an id, shown as that id.
func (a *API) refusal(err error, id string) *chat.Error {
	if e := asRefusal(err); e != nil {
		return e
	}
	var field *strictjson.Error
	var http *echo.HTTPError
	switch {
	case errors.As(err, &field):
		return chat.Errorf(chat.BadRequest, "%s", field.Error())
	case errors.As(err, &http):
		switch http.Code {
		case 404:
			return chat.Errorf(chat.NotFound, "there is nothing at this address")
		case 405:
			return chat.Errorf(chat.MethodNotAllowed, "this address does not take this method")
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return chat.Errorf(chat.StorageUnavailable, "the request ended before its answer")
	}
	a.log.Error("a request failed", "request_id", id, "error", err)
	return chat.Errorf(chat.Internal, "the server failed on this; it is in its log as %s", id)
}

// fail answers with problem+json (RFC 9457).
func (a *API) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e := a.refusal(err, c.Response().Header().Get(echo.HeaderXRequestID))
	f := faces[e.Code]
	if f.status == 0 {
		f = faces[chat.Internal]
	}
	h := c.Response().Header()
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="hearth"`)
	}
	a.deadline(c)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	body := problem(e, f)
	var mistakes rosterProblems
	if errors.As(err, &mistakes) {
		body = append(strictjson.AppendStrings(body[:len(body)-1], "errors", mistakes), '}')
	}
	if r := c.Request(); r.Method == http.MethodPost && r.URL.Path == ajaxPath {
		body = legacy.AppendSentence(body, e)
	}
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(seconds(e.RetryAfter), 10))
	}
	c.Response().WriteHeader(f.status)
	if c.Request().Method != http.MethodHead {
		c.Response().Write(body)
	}
}

func problem(e *chat.Error, f face) []byte {
	b := []byte(`{"type":"about:blank"`)
	b = strictjson.AppendMember(b, "title", f.title)
	b = fmt.Appendf(b, `,"status":%d`, f.status)
	b = strictjson.AppendMember(b, "code", string(e.Code))
	b = strictjson.AppendMember(b, "detail", e.Message)
	if e.RetryAfter > 0 {
		b = fmt.Appendf(b, `,"retry_after":%d`, seconds(e.RetryAfter))
	}
	return append(b, '}')
}
