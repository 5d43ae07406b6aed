package api

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/hub"
	"hearth/hub/chat"
)

// olderRow is a therapy session as its reader may see it.
func olderRow(d *hub.Detail) legacy.Row {
	r := legacy.NewRow(d.Session, d.Status)
	r.Therapist, r.Whiteboard = olderTherapist(d), string(d.Whiteboard)
	seen := false
	for _, p := range d.People {
		if p.Role == chat.Participant {
			r.Add(p.ID, p.Cleared)
			seen = seen || p.ID == d.You.ID
		}
	}
	if !seen && d.You.Role == chat.Participant { // who waits sees nobody, but looks for themselves
		r.Add(d.You.ID, d.You.Cleared)
	}
	return r
}

// olderTherapist is the one whom the page takes for the session's: it knows
// one only.
func olderTherapist(d *hub.Detail) chat.PID {
	if d.You.Role == chat.Therapist {
		return d.You.ID
	}
	for _, p := range d.People {
		if p.Role == chat.Therapist {
			return p.ID
		}
	}
	return ""
}

// ajaxSessions lists the caller's therapy sessions, newest first.
func (a *API) ajaxSessions(c *call, payload jsontext.Value) ([]byte, error) {
	claimed, err := legacy.DecodeUser(payload)
	if err == nil {
		err = same(c, claimed)
	}
	if err != nil {
		return nil, err
	}
	if c.login.TS != "" {
		a.hub.StillWaits(c.login.TS, c.by()) // the waiting page asks for nothing else
	}
	all, err := a.hub.Details(c.Request().Context(), c.by())
	if err != nil {
		return nil, err
	}
	rows := []legacy.Row{}
	for i := range all {
		rows = append(rows, olderRow(&all[i]))
	}
	return json.Marshal(rows)
}

// ajaxParticipants names those who were asked for, as far as the caller sees
// them anywhere, and the therapists.
func (a *API) ajaxParticipants(c *call, payload jsontext.Value) ([]byte, error) {
	asked, err := legacy.DecodeParticipants(payload)
	if err != nil {
		return nil, err
	}
	all, err := a.hub.Details(c.Request().Context(), c.by())
	if err != nil {
		return nil, err
	}
	visible := map[chat.PID]legacy.Person{}
	for _, d := range all {
		for _, p := range append(d.People, d.You) {
			visible[p.ID] = legacy.NewPerson(p.ID, p.Name, p.Role)
			if p.Role == chat.Therapist {
				asked = append(asked, p.ID)
			}
		}
	}
	found := []legacy.Person{}
	for _, id := range asked {
		if p, ok := visible[id]; ok {
			found = append(found, p)
			delete(visible, id)
		}
	}
	return json.Marshal(map[string][]legacy.Person{"data": found})
}

// ajaxModerate admits somebody or sends them back.
func (a *API) ajaxModerate(c *call, payload jsontext.Value) ([]byte, error) {
	in, err := legacy.DecodeChange(payload)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	if _, err := a.hub.Moderate(ctx, c.by(), in.TS, in.Whom, in.To); err != nil {
		return nil, err
	}
	d, err := a.hub.Detail(ctx, c.by(), in.TS)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]legacy.Row{"data": olderRow(&d)})
}

// ajaxSurveys lists somebody's surveys of one phase: before the session those
// that keep them out, after it all.
func (a *API) ajaxSurveys(c *call, payload jsontext.Value) ([]byte, error) {
	in, err := legacy.DecodeSurveys(payload)
	if err != nil {
		return nil, err
	}
	page := "completed"
	if in.Phase == chat.Pre {
		page = "landing"
		if in.Whom == c.by() {
			// It is the waiting page that asks. That the caller may not come
			// in is nothing new to them.
			a.enterOlder(c, in.TS)
		}
	}
	all, err := a.hub.Assessments(c.Request().Context(), c.by(), in.TS, in.Whom)
	if err != nil {
		return nil, err
	}
	var surveys []legacy.Survey
	for _, as := range all {
		if as.Phase == in.Phase && (as.Required || in.Phase == chat.Post) {
			surveys = append(surveys, legacy.Survey{
				Name: as.Name, Complete: as.Complete,
				URL: a.surveyURLFrom(page, c.Request().Host, in.TS, in.Whom, as.Assessment),
			})
		}
	}
	return legacy.AppendSurveys(nil, surveys), nil
}

// ajaxCompletion says of participants whether their surveys are done.
func (a *API) ajaxCompletion(c *call, payload jsontext.Value) ([]byte, error) {
	ts, whom, err := legacy.DecodeCompletion(payload)
	if err != nil {
		return nil, err
	}
	ready, err := a.hub.Ready(c.Request().Context(), c.by(), ts)
	if err != nil {
		return nil, err
	}
	return legacy.AppendCompletion(nil, whom, ready), nil
}

// ajaxWhiteboard reads the whiteboard.
func (a *API) ajaxWhiteboard(c *call, payload jsontext.Value) ([]byte, error) {
	ts, err := legacy.DecodeRecord(payload)
	if err != nil {
		return nil, err
	}
	d, err := a.hub.Detail(c.Request().Context(), c.by(), ts)
	if err != nil {
		return nil, err
	}
	return legacy.AppendWhiteboard(nil, d.Whiteboard), nil
}

// ajaxSetWhiteboard sets it. The page says the same again as an action, which
// is then there already.
func (a *API) ajaxSetWhiteboard(c *call, payload jsontext.Value) ([]byte, error) {
	ts, text, err := legacy.DecodeWhiteboard(payload)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	if err := a.hub.MayModerate(ctx, c.by(), ts); err != nil { // before they enter by it
		return nil, err
	}
	if _, err := a.enterOlder(c, ts); err != nil {
		return nil, err
	}
	saved, err := a.store.Append(ctx, c.by(), ts, []chat.Draft{{Type: chat.Whiteboard, Body: text}})
	if err != nil {
		return nil, err
	}
	if refusal := saved.Results[0].Err; refusal != nil {
		return nil, refusal
	}
	return []byte(`{"data":"Success"}`), nil
}
