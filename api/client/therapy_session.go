package client

import (
	"context"
	"net/url"

	"hearth/hub/chat"
)

// Assessment is a survey of a therapy session, for one person.
type Assessment struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Phase    string `json:"phase"`
	Required bool   `json:"required"`
	Status   string `json:"status"` // incomplete or complete
	URL      string `json:"url"`    // empty once complete
}

// Listed is one of the caller's therapy sessions.
type Listed struct {
	ID          chat.TSID    `json:"id"`
	Name        string       `json:"name"`
	Topic       string       `json:"topic"`
	Date        string       `json:"date"` // empty: none
	Status      string       `json:"status"`
	Unread      int          `json:"unread"`
	Assessments []Assessment `json:"assessments"`
}

// ActionItem is a survey that the caller should fill in now.
type ActionItem struct {
	TS     chat.TSID `json:"ts_id"`
	TSName string    `json:"ts_name"`
	Name   string    `json:"name"`
	Title  string    `json:"title"`
	URL    string    `json:"url"`
}

// List is the answer of getTherapySessions.
type List struct {
	Sessions []Listed     `json:"therapy_sessions"`
	Items    []ActionItem `json:"action_items"`
}

// Person is somebody of a therapy session.
type Person struct {
	ID     chat.PID `json:"id"`
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Status string   `json:"status"` // online, waiting or offline
	Muted  bool     `json:"muted"`
	Reason string   `json:"reason"` // why they wait; told to therapists
}

// Detail describes a therapy session.
type Detail struct {
	ID              chat.TSID `json:"id"`
	Name            string    `json:"name"`
	Topic           string    `json:"topic"`
	Date            string    `json:"date"`
	Status          string    `json:"status"`
	Whiteboard      string    `json:"whiteboard"`
	PrivateMessages string    `json:"private_messages"`
	WaitingRoom     bool      `json:"waiting_room"`
	Participants    []Person  `json:"participants"`
}

// Entered is the answer to entering.
type Entered struct {
	TS          chat.TSID     `json:"ts_id"`
	State       string        `json:"state"`  // admitted or waiting; on a WebSocket also ended
	Reason      string        `json:"reason"` // of waiting
	Epoch       chat.Epoch    `json:"epoch"`
	Max         chat.ActionID `json:"max_id"`
	Detail      Detail        `json:"detail"`
	Assessments []Assessment  `json:"assessments"` // of waiting
}

// TherapySessions lists those that the caller is in.
func (c *Client) TherapySessions(ctx context.Context) (l List, err error) {
	err = c.Call(ctx, "GET", "/api/getTherapySessions", nil, &l)
	return l, err
}

// Enter enters a therapy session.
func (c *Client) Enter(ctx context.Context, ts chat.TSID) (e Entered, err error) {
	err = c.Call(ctx, "POST", "/api/enterTherapySession", map[string]chat.TSID{"ts_id": ts}, &e)
	return e, err
}

// Leave leaves the current one.
func (c *Client) Leave(ctx context.Context) error {
	return c.Call(ctx, "POST", "/api/leaveTherapySession", nil, nil)
}

// Detail describes a therapy session.
func (c *Client) Detail(ctx context.Context, ts chat.TSID) (d Detail, err error) {
	err = c.Call(ctx, "GET", "/api/getTherapySessionDetail?ts_id="+url.QueryEscape(string(ts)), nil, &d)
	return d, err
}

// Assessments lists whom's; an empty whom is the caller.
func (c *Client) Assessments(ctx context.Context, ts chat.TSID, whom chat.PID) ([]Assessment, error) {
	q := url.Values{"ts_id": {string(ts)}}
	if whom != "" {
		q.Set("p_id", string(whom))
	}
	var out struct {
		Assessments []Assessment `json:"assessments"`
	}
	err := c.Call(ctx, "GET", "/api/getTherapySessionAssessments?"+q.Encode(), nil, &out)
	return out.Assessments, err
}

// Moderate does ch about a participant.
func (c *Client) Moderate(ctx context.Context, ts chat.TSID, whom chat.PID, ch chat.Change) (p Person, err error) {
	in := map[string]string{"ts_id": string(ts), "p_id": string(whom), "action": ch.String()}
	err = c.Call(ctx, "POST", "/api/updateParticipants", in, &p)
	return p, err
}
