package api

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store"
)

const (
	maxPage = 500
	maxWait = 55 * time.Second
)

// place is the therapy session that a call is about: the one named, or the
// one entered last. In that one a call is a sign of life.
func (a *API) place(c *call, named chat.TSID) (chat.TSID, error) {
	ts := named
	if ts == "" {
		ts = c.login.TS
	}
	if ts == "" {
		return "", chat.Errorf(chat.NotAdmitted, "enter a therapy session first, or name it in ts_id")
	}
	if ts == c.login.TS {
		a.hub.Polled(c.Request().Context(), ts, c.by())
	}
	return ts, nil
}

func (a *API) getActions(c *call) error {
	last, err := queryNumber(c, "last_action_id", 0, 0)
	if err != nil {
		return err
	}
	limit, err := queryNumber(c, "limit", 1, maxPage)
	if err != nil {
		return err
	}
	wait, err := queryWait(c)
	if err != nil {
		return err
	}
	named, err := query(c, "ts_id")
	if err != nil {
		return err
	}
	epoch, err := query(c, "epoch")
	if err != nil {
		return err
	}
	ts, err := a.place(c, chat.TSID(named))
	if err != nil {
		return err
	}
	from := chat.Position{Epoch: chat.Epoch(epoch), ID: chat.ActionID(last)}
	start := time.Now()
	var p store.Page
	if wait == 0 {
		p, err = a.store.Read(c.Request().Context(), c.by(), ts, from, int(min(limit, maxPage)))
	} else {
		p, err = a.waitFor(c, ts, from, int(min(limit, maxPage)), wait)
		start = time.Now()
	}
	if err != nil {
		return err
	}
	b := answerHead(start, p.Epoch, p.Max)
	b = appendActions(append(b, `,"actions":`...), p.Actions)
	if p.More {
		b = append(b, `,"more":true`...)
	}
	if p.Reset {
		b = append(b, `,"reset":true`...)
	}
	return a.json(c, 200, append(b, '}'))
}

func queryWait(c *call) (time.Duration, error) {
	s, err := query(c, "wait")
	if err != nil || s == "" {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxWait {
		return 0, &strictjson.Error{Field: "wait", Problem: "must be a duration such as 25s, at most 55s"}
	}
	return d, nil
}

// waitFor holds the answer; the end of the login or of the server ends it.
func (a *API) waitFor(c *call, ts chat.TSID, from chat.Position, limit int, wait time.Duration) (store.Page, error) {
	ctx, release := a.hub.Bind(c.Request().Context(), c.login.ID)
	defer release()
	if _, err := a.auth.Touch(c.login.ID, false); err != nil { // it may have ended before Bind
		return store.Page{}, err
	}
	ctx, cancel := a.untilDrained(ctx)
	defer cancel()
	p, err := a.hub.Wait(ctx, c.by(), ts, from, limit, wait)
	if err == errDraining {
		// As if the time were up.
		return a.store.Read(c.Request().Context(), c.by(), ts, from, limit)
	}
	if err != nil {
		if _, ended := a.auth.Touch(c.login.ID, false); ended != nil { // perhaps for the same reason
			return store.Page{}, ended
		}
	}
	return p, err
}

// answerHead begins the answer of getActions and saveActions. server_time is
// how long it took to compute.
func answerHead(start time.Time, epoch chat.Epoch, max chat.ActionID) []byte {
	b := fmt.Appendf(nil, `{"result":"OK","server_time":"%dus"`, time.Since(start).Microseconds())
	b = strictjson.AppendMember(b, "epoch", string(epoch))
	b = append(b, `,"max_id":`...)
	return strconv.AppendUint(b, uint64(max), 10)
}

func appendActions(b []byte, actions []chat.Seen) []byte {
	b = append(b, '[')
	for i := range actions {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAction(b, &actions[i])
	}
	return append(b, ']')
}

// save asks for each action that can be read; the results are in raw's order.
// If the call fails as a whole, each of these has that error for its result.
func (a *API) save(
	ctx context.Context, by chat.PID, ts chat.TSID, epoch chat.Epoch, raw []jsontext.Value,
	decode func([]byte) (chat.Draft, *chat.Error),
) (store.Saved, error) {
	drafts, at, results := decodeDrafts(raw, epoch, decode)
	saved, err := a.store.Append(ctx, by, ts, drafts)
	for i, n := range at {
		if err != nil {
			results[n].Err = asRefusal(err)
		} else {
			results[n] = saved.Results[i]
		}
	}
	saved.Results = results
	return saved, err
}

func (a *API) postSaveActions(c *call) error {
	b, err := a.body(c, maxBody)
	if err != nil {
		return err
	}
	start := time.Now()
	raw, named, epoch, err := decodeSave(b)
	if err != nil {
		return err
	}
	if len(raw) > a.opt.MaxActionsPerCall {
		return chat.Errorf(chat.TooLarge, "actions: more than %d in one call; nothing was saved", a.opt.MaxActionsPerCall)
	}
	ts, err := a.place(c, named)
	if err != nil {
		return err
	}
	saved, err := a.save(c.Request().Context(), c.by(), ts, epoch, raw, decodeDraft)
	if err != nil {
		return err
	}
	out := answerHead(start, saved.Epoch, saved.Max)
	out = appendResults(append(out, `,"saved":`...), saved.Results)
	return a.json(c, 200, append(out, '}'))
}

// decodeSave reads an array of actions, or an object that has one.
func decodeSave(b []byte) (raw []jsontext.Value, ts chat.TSID, epoch chat.Epoch, err error) {
	if trimmed := bytes.TrimLeft(b, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		raw, err = strictjson.ParseArray(b)
		return raw, "", "", err
	}
	o, err := strictjson.ParseObject(b)
	if err != nil {
		return nil, "", "", err
	}
	if !o.Has("actions") {
		return nil, "", "", &strictjson.Error{Field: "actions", Problem: "missing"}
	}
	if raw, err = strictjson.ParseArray(o["actions"]); err != nil {
		return nil, "", "", &strictjson.Error{Field: "actions", Problem: "must be an array"}
	}
	named, err := o.String("ts_id")
	if err != nil {
		return nil, "", "", err
	}
	e, err := o.String("epoch")
	return raw, chat.TSID(named), chat.Epoch(e), err
}

// postHandleActions saves, then answers with all above maxID.
func (a *API) postHandleActions(c *call) error {
	b, err := a.body(c, maxOlderBody)
	if err != nil {
		return err
	}
	start := time.Now()
	in, err := legacy.DecodeCall(b)
	if err != nil {
		return err
	}
	if len(in.Queue) > 0 {
		if _, err := a.auth.Touch(c.login.ID, true); err != nil {
			return err
		}
	}
	ts, err := a.place(c, in.TS)
	if err != nil {
		return err
	}
	var saved store.Saved
	if len(in.Queue) > 0 {
		if saved, err = a.save(c.Request().Context(), c.by(), ts, in.Epoch, in.Queue, decodeOlderDraft); err != nil {
			return err
		}
		for _, r := range saved.Results {
			if r.Err != nil && r.Err.Code == chat.TooFast {
				return r.Err // no verdict: the client keeps its queue and sends it again
			}
		}
	}
	from := chat.Position{Epoch: in.Epoch, ID: chat.ActionID(in.MaxID)}
	p, err := a.store.Read(c.Request().Context(), c.by(), ts, from, 0)
	if err != nil {
		return err
	}
	if p.Reset {
		in.MaxID = 0
	}
	return a.json(c, 200, legacy.AppendAnswer(nil, legacy.Answer{
		Actions: legacy.Filter(p.Actions, c.login.User.Role, in.MaxID),
		Took:    time.Since(start), Max: p.Max, Epoch: p.Epoch, Reset: p.Reset, Results: saved.Results,
	}))
}
