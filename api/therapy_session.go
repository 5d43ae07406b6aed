package api

import (
	"cmp"
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"hearth/api/strictjson"
	"hearth/hub"
	"hearth/hub/chat"
)

type assessmentJSON struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Phase    string `json:"phase"`
	Required bool   `json:"required"`
	Status   string `json:"status"`
	URL      string `json:"url,omitzero"`
}

type listedJSON struct {
	ID          chat.TSID        `json:"id"`
	Name        string           `json:"name"`
	Topic       string           `json:"topic"`
	Date        *string          `json:"date"`
	Status      string           `json:"status"`
	Unread      int              `json:"unread"`
	Assessments []assessmentJSON `json:"assessments"`
}

type actionItemJSON struct {
	TS     chat.TSID `json:"ts_id"`
	TSName string    `json:"ts_name"`
	Name   string    `json:"name"`
	Title  string    `json:"title"`
	URL    string    `json:"url"`
}

type personJSON struct {
	ID     chat.PID `json:"id"`
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Status string   `json:"status"`
	Muted  bool     `json:"muted"`
	Reason string   `json:"reason,omitzero"`
}

type detailJSON struct {
	ID              chat.TSID    `json:"id"`
	Name            string       `json:"name"`
	Topic           string       `json:"topic"`
	Date            *string      `json:"date"`
	Status          string       `json:"status"`
	Whiteboard      string       `json:"whiteboard"`
	PrivateMessages string       `json:"private_messages"`
	WaitingRoom     bool         `json:"waiting_room"`
	Participants    []personJSON `json:"participants"`
}

func date(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := formatTime(t)
	return &s
}

func person(p hub.Person) personJSON {
	return personJSON{p.ID, string(p.Name), p.Role.String(), string(p.Status), p.Muted, string(p.Reason)}
}

func detail(d hub.Detail) detailJSON {
	out := detailJSON{
		ID: d.Session.ID, Name: d.Session.Name, Topic: d.Session.Topic, Date: date(d.Session.Date),
		Status: d.Status.String(), Whiteboard: string(d.Whiteboard),
		PrivateMessages: d.Session.PrivateMessages.String(), WaitingRoom: d.Session.WaitingRoom,
		Participants: []personJSON{},
	}
	for _, p := range d.People {
		out.Participants = append(out.Participants, person(p))
	}
	return out
}

// assessments describes those of whom. host is what a survey is to come back
// to where the server has no public address.
func (a *API) assessments(host string, ts chat.TSID, whom chat.PID, all []hub.Assessment) []assessmentJSON {
	out := []assessmentJSON{}
	for _, as := range all {
		j := assessmentJSON{Name: as.Name, Title: as.Title, Phase: as.Phase.String(), Required: as.Required, Status: "complete"}
		if !as.Complete {
			j.Status, j.URL = "incomplete", a.surveyURL(host, ts, whom, as.Assessment)
		}
		out = append(out, j)
	}
	return out
}

func (a *API) answer(c *call, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.json(c, 200, b)
}

func (a *API) getTherapySessions(c *call) error {
	poll, err := queryBool(c, "poll")
	if err != nil {
		return err
	}
	if !poll {
		if _, err := a.auth.Touch(c.login.ID, true); err != nil {
			return err
		}
	}
	all, err := a.hub.List(c.Request().Context(), c.by())
	if err != nil {
		return err
	}
	host := c.Request().Host
	out := struct {
		Sessions []listedJSON     `json:"therapy_sessions"`
		Items    []actionItemJSON `json:"action_items"`
	}{[]listedJSON{}, []actionItemJSON{}}
	for _, l := range all {
		s := l.Session
		out.Sessions = append(out.Sessions, listedJSON{
			ID: s.ID, Name: s.Name, Topic: s.Topic, Date: date(s.Date), Status: l.Status.String(), Unread: l.Unread,
			Assessments: a.assessments(host, s.ID, c.by(), l.Assessments),
		})
		for _, d := range l.Due() {
			out.Items = append(out.Items, actionItemJSON{
				TS: s.ID, TSName: s.Name, Name: d.Name, Title: d.Title, URL: a.surveyURL(host, s.ID, c.by(), d.Assessment),
			})
		}
	}
	return a.answer(c, out)
}

func (a *API) postEnter(c *call) error {
	v, err := a.required(c, "ts_id")
	if err != nil {
		return err
	}
	ts, ctx := chat.TSID(v[0]), c.Request().Context()
	e, err := a.hub.Enter(ctx, c.by(), ts)
	if err == nil && e.State == hub.StateEnded {
		err = chat.Errorf(chat.SessionEnded, "this therapy session has ended; read it with getActions?ts_id=")
	}
	if err != nil {
		return err
	}
	if err := a.auth.SetCurrentSession(ctx, c.login.ID, ts); err != nil {
		return err
	}
	b, err := a.appendEntered(ctx, []byte("{"), c.by(), ts, e, c.Request().Host)
	if err != nil {
		return err
	}
	return a.json(c, 200, b)
}

// appendEntered writes the members of an entry's answer, and the closing
// brace.
func (a *API) appendEntered(
	ctx context.Context, b []byte, by chat.PID, ts chat.TSID, e hub.Entered, host string,
) ([]byte, error) {
	d, err := a.hub.Detail(ctx, by, ts)
	if err != nil {
		return nil, err
	}
	out := struct {
		TS          chat.TSID        `json:"ts_id"`
		State       hub.State        `json:"state"`
		Reason      chat.Reason      `json:"reason,omitzero"`
		Epoch       chat.Epoch       `json:"epoch"`
		Max         chat.ActionID    `json:"max_id"`
		Detail      detailJSON       `json:"detail"`
		Assessments []assessmentJSON `json:"assessments,omitzero"`
	}{ts, e.State, e.Reason, e.Epoch, e.Max, detail(d), nil}
	if e.State == hub.StateWaiting {
		all, err := a.hub.Assessments(ctx, by, ts, by)
		if err != nil {
			return nil, err
		}
		out.Assessments = a.assessments(host, ts, by, all)
	}
	j, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return append(b, j[1:]...), nil
}

func (a *API) postLeave(c *call) error {
	ctx := c.Request().Context()
	only, err := query(c, "ts_id")
	if err != nil {
		return err
	}
	ts := chat.TSID(cmp.Or(only, string(c.login.TS)))
	if ts != "" && ts == c.login.TS {
		if err := a.auth.SetCurrentSession(ctx, c.login.ID, ""); err != nil {
			return err
		}
	}
	if s := a.store.Roster().Sessions[ts]; s != nil && s.RoleOf(c.by()) != chat.Nobody {
		a.hub.Leave(ctx, c.by(), ts)
	}
	return c.NoContent(204)
}

// tsQuery is the parameter ts_id, which must be there.
func tsQuery(c *call) (chat.TSID, error) {
	ts, err := query(c, "ts_id")
	if err == nil && ts == "" {
		err = &strictjson.Error{Field: "ts_id", Problem: "missing"}
	}
	return chat.TSID(ts), err
}

func (a *API) getDetail(c *call) error {
	ts, err := tsQuery(c)
	if err != nil {
		return err
	}
	d, err := a.hub.Detail(c.Request().Context(), c.by(), ts)
	if err != nil {
		return err
	}
	return a.answer(c, detail(d))
}

func (a *API) getAssessments(c *call) error {
	ts, err := tsQuery(c)
	if err != nil {
		return err
	}
	whom, err := query(c, "p_id")
	if err != nil {
		return err
	}
	if whom == "" {
		whom = string(c.by())
	}
	all, err := a.hub.Assessments(c.Request().Context(), c.by(), ts, chat.PID(whom))
	if err != nil {
		return err
	}
	return a.answer(c, map[string]any{
		"assessments": a.assessments(c.Request().Host, ts, chat.PID(whom), all),
	})
}

func (a *API) postUpdateParticipants(c *call) error {
	v, err := a.required(c, "ts_id", "p_id", "action")
	if err != nil {
		return err
	}
	change, ok := chat.ParseChange(v[2])
	if !ok {
		return &strictjson.Error{Field: "action", Problem: "must be admit, revoke, remove, mute or unmute"}
	}
	p, err := a.hub.Moderate(c.Request().Context(), c.by(), chat.TSID(v[0]), chat.PID(v[1]), change)
	if err != nil {
		return err
	}
	return a.answer(c, person(p))
}
