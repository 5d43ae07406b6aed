package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hearth/hub/chat"
)

// Action is one entry of an action log, as its reader gets it.
type Action struct {
	ID         chat.ActionID `json:"id"`
	Type       string        `json:"type"`
	User       chat.PID      `json:"user"`
	Sender     string        `json:"sender"`
	Timestamp  string        `json:"timestamp"`
	Body       string        `json:"body"`
	Recipients []chat.PID    `json:"recipients"`
	Target     chat.ActionID `json:"target"`
	Icon       string        `json:"icon"`
	ClientID   string        `json:"client_id"`
	ClientTS   string        `json:"client_ts"`
	Deleted    bool          `json:"deleted"`
}

// Page is the answer of getActions.
type Page struct {
	Result     string        `json:"result"`
	ServerTime string        `json:"server_time"`
	Epoch      chat.Epoch    `json:"epoch"`
	Max        chat.ActionID `json:"max_id"` // the position read to
	Actions    []Action      `json:"actions"`
	More       bool          `json:"more"`
	Reset      bool          `json:"reset"`
}

// Position is where the next read continues.
func (p *Page) Position() chat.Position { return chat.Position{Epoch: p.Epoch, ID: p.Max} }

// Query is what getActions is asked. The zero value reads the current therapy
// session from its start.
type Query struct {
	TS    chat.TSID // empty: the current one
	From  chat.Position
	Wait  time.Duration // 0: answer at once
	Limit int           // 0: the server's
}

// GetActions reads what is above a position.
func (c *Client) GetActions(ctx context.Context, q Query) (p Page, err error) {
	v := url.Values{"last_action_id": {strconv.FormatUint(uint64(q.From.ID), 10)}}
	if q.TS != "" {
		v.Set("ts_id", string(q.TS))
	}
	if q.From.Epoch != "" {
		v.Set("epoch", string(q.From.Epoch))
	}
	if q.Wait != 0 {
		v.Set("wait", q.Wait.String())
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	err = c.Call(ctx, "GET", "/api/getActions?"+v.Encode(), nil, &p)
	return p, err
}

// Poll reads one therapy session on and on.
type Poll struct {
	Client *Client
	Query  Query // From is where it stands
}

// Next reads what is new.
func (p *Poll) Next(ctx context.Context) (Page, error) {
	page, err := p.Client.GetActions(ctx, p.Query)
	if err == nil {
		p.Query.From = page.Position()
	}
	return page, err
}

// Result is what became of one draft: an id, or an error.
type Result struct {
	ID        chat.ActionID `json:"id"`
	Timestamp string        `json:"timestamp"`
	Error     *ActionError  `json:"error"`
}

// ActionError says why an action was refused.
type ActionError struct {
	Code       chat.Code `json:"code"`
	Message    string    `json:"message"`
	RetryAfter int       `json:"retry_after"` // seconds
}

func (e *ActionError) Error() string { return string(e.Code) + ": " + e.Message }

// Saved is the answer of saveActions.
type Saved struct {
	Result     string        `json:"result"`
	ServerTime string        `json:"server_time"`
	Epoch      chat.Epoch    `json:"epoch"`
	Max        chat.ActionID `json:"max_id"` // the log's highest id
	Saved      []Result      `json:"saved"`
}

// SaveActions asks for drafts in ts (empty: the current one).
func (c *Client) SaveActions(ctx context.Context, ts chat.TSID, drafts ...chat.Draft) (s Saved, err error) {
	in := map[string]any{"actions": encodeDrafts(drafts)}
	if ts != "" {
		in["ts_id"] = ts
	}
	err = c.Call(ctx, "POST", "/api/saveActions", in, &s)
	return s, err
}

// OlderAction is an action as older clients get it.
type OlderAction struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	User       string   `json:"user"`
	Sender     string   `json:"sender"`
	Timestamp  string   `json:"timestamp"`
	Body       string   `json:"body"`
	Recipients []string `json:"recipients"`
	Target     *string  `json:"target"`
	Icon       string   `json:"icon"`
	ClientID   string   `json:"client_id"`
	ClientTS   string   `json:"client_ts"`
	Deleted    bool     `json:"deleted"`
}

// OlderPage is the answer of handleActions.
type OlderPage struct {
	Data       []OlderAction `json:"data"`
	ServerTime float64       `json:"serverTime"` // milliseconds
	MaxID      string        `json:"maxID"`
	Epoch      chat.Epoch    `json:"epoch"`
	Reset      bool          `json:"reset"`
	Errors     []struct {
		Index   int       `json:"index"`
		Code    chat.Code `json:"code"`
		Message string    `json:"message"`
	} `json:"errors"`
}

// OlderPoll is an older client, which saves and reads by handleActions.
type OlderPoll struct {
	Client *Client
	TS     chat.TSID // empty: the current one
	At     chat.Position
}

// Next saves drafts and reads what is new.
func (p *OlderPoll) Next(ctx context.Context, drafts ...chat.Draft) (page OlderPage, err error) {
	in := map[string]any{"maxID": strconv.FormatUint(uint64(p.At.ID), 10), "actionQueue": encodeDrafts(drafts)}
	if p.TS != "" {
		in["ts_id"] = p.TS
	}
	if p.At.Epoch != "" {
		in["epoch"] = p.At.Epoch
	}
	if err := p.Client.Call(ctx, "POST", "/api/handleActions", in, &page); err != nil {
		return page, err
	}
	id, err := strconv.ParseUint(page.MaxID, 10, 64)
	p.At = chat.Position{Epoch: page.Epoch, ID: chat.ActionID(id)}
	return page, err
}

// draft is a chat.Draft on the wire.
type draft struct {
	Type           string        `json:"type"`
	ClientID       string        `json:"client_id,omitzero"`
	ClientTS       string        `json:"client_ts,omitzero"`
	User           chat.PID      `json:"user,omitzero"`
	Body           string        `json:"body,omitzero"`
	Recipients     []chat.PID    `json:"recipients"`
	Target         chat.ActionID `json:"target,omitzero"`
	Icon           string        `json:"icon,omitzero"`
	History        []string      `json:"character_history,omitzero"`
	TimeToComplete string        `json:"time_to_complete,omitzero"`
}

func encodeDrafts(drafts []chat.Draft) []jsontext.Value {
	all := make([]jsontext.Value, len(drafts))
	for i, d := range drafts {
		all[i] = EncodeDraft(d)
	}
	return all
}

// EncodeDraft is d as clients send it. Its epoch is not part of it.
func EncodeDraft(d chat.Draft) jsontext.Value {
	w := draft{
		Type: d.Type.String(), ClientID: d.ClientID, ClientTS: d.ClientTS, User: d.User, Body: string(d.Body),
		Recipients: d.Recipients, Target: d.Target, History: d.Research.History, TimeToComplete: d.Research.TimeToComplete,
	}
	if d.Icon != 0 {
		w.Icon = d.Icon.String()
	}
	b, err := json.Marshal(w, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("client: a draft is always JSON: " + err.Error())
	}
	return b
}
