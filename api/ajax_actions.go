package api

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/api/strictjson"
	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

// enterOlder enters ts and makes it the login's current one: the older client
// has no call for that, and does it by others.
func (a *API) enterOlder(c *call, ts chat.TSID) (hub.Entered, error) {
	ctx := c.Request().Context()
	e, err := a.hub.Enter(ctx, c.by(), ts)
	if err == nil && e.State != hub.StateEnded {
		err = a.auth.SetCurrentSession(ctx, c.login.ID, ts)
	}
	return e, err
}

// ajaxHandleActions is the poll of the older client's chat: it enters, saves,
// and answers with all that is new.
func (a *API) ajaxHandleActions(c *call, payload jsontext.Value) ([]byte, error) {
	start := time.Now()
	in, err := legacy.DecodePoll(payload)
	if err == nil {
		err = same(c, in.User)
	}
	if err != nil {
		return nil, err
	}
	if len(in.Queue) > 0 {
		if _, err := a.auth.Touch(c.login.ID, true); err != nil {
			return nil, err
		}
	}
	e, err := a.enterOlder(c, in.TS)
	if err == nil && e.State == hub.StateWaiting {
		err = chat.Errorf(chat.NotAdmitted, "you have not been admitted to this therapy session")
	}
	if err != nil {
		return nil, err
	}
	results, err := a.saveQueue(c, &in)
	if err != nil {
		return nil, err
	}
	p, err := a.store.Read(c.Request().Context(), c.by(), in.TS, chat.Position{Epoch: in.Epoch, ID: chat.ActionID(in.MaxID)}, 0)
	if err != nil {
		return nil, err
	}
	if p.Reset {
		in.MaxID = 0
	}
	u := legacy.Update{
		Reader: c.by(), Refused: a.refusals(c, &in, results), Now: a.store.Now(), Actions: legacy.Shown(p.Actions, in.MaxID),
		Asked: len(in.Queue) > 0, MaxID: in.MaxID, Max: p.Max, Epoch: p.Epoch, Reset: p.Reset, Results: results,
	}
	if in.First {
		if u.Keep, u.KeepAt, err = a.tabs(c, in.TS); err != nil {
			return nil, err
		}
	}
	u.Took = time.Since(start)
	return legacy.AppendUpdate(nil, &u), nil
}

// saveQueue asks for each action of the queue. Where it is not known what
// became of one, or it came too early, the call fails as a whole: the page
// keeps its queue and sends it again.
func (a *API) saveQueue(c *call, in *legacy.Poll) (results []store.Result, err error) {
	for part := range slices.Chunk(in.Queue, a.opt.MaxActionsPerCall) {
		saved, err := a.save(c.Request().Context(), c.by(), in.TS, in.Epoch, part, queuedIn(in.TS))
		if err != nil {
			return nil, err
		}
		for _, r := range saved.Results {
			if r.Err != nil && (r.Err.Code == chat.TooFast || r.Err.Code == chat.StorageUnavailable) {
				return nil, r.Err
			}
		}
		results = append(results, saved.Results...)
	}
	return results, nil
}

// queuedIn reads actions that were queued in ts.
func queuedIn(ts chat.TSID) func([]byte) (chat.Draft, *chat.Error) {
	return func(raw []byte) (d chat.Draft, _ *chat.Error) {
		o, err := strictjson.ParseObject(raw)
		if err == nil {
			err = legacy.QueuedIn(o, ts)
		}
		if err == nil {
			d, err = olderDraftOf(o)
		}
		if err != nil {
			return chat.Draft{}, chat.Errorf(chat.InvalidAction, "%s", err.Error())
		}
		return d, nil
	}
}

// refusals tell the author of what was refused why, where they said it.
func (a *API) refusals(c *call, in *legacy.Poll, results []store.Result) (all []legacy.Notice) {
	looks := 20 // of who floods us with what is refused anyway the rest has no tab of its own
	for i, r := range results {
		if r.Err == nil {
			continue
		}
		asked := legacy.ReadAsked(in.Queue[i])
		if asked.Peer == "" && asked.Target != 0 && looks > 0 {
			looks--
			asked.Peer = a.peerOf(c, in, asked.Target)
		}
		if s := a.store.Roster().Sessions[in.TS]; asked.Peer == c.by() || s == nil || s.RoleOf(asked.Peer) == chat.Nobody {
			asked.Peer = ""
		}
		if n := (legacy.Notice{Body: legacy.Refusal(asked, r.Err), Peer: asked.Peer}); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// peerOf is in whose private tab the caller has the action with this id;
// empty: in the group's, or not at all.
func (a *API) peerOf(c *call, in *legacy.Poll, id chat.ActionID) chat.PID {
	p, err := a.store.Read(c.Request().Context(), c.by(), in.TS, chat.Position{Epoch: in.Epoch, ID: id - 1}, 1)
	if err != nil || len(p.Actions) == 0 || p.Actions[0].ID != id || len(p.Actions[0].To) == 0 {
		return ""
	}
	s := &p.Actions[0]
	if s.By != c.by() {
		return s.By
	}
	return s.To[len(s.To)-1]
}

// tabs are notices that keep the page's private tabs from being empty: it
// throws empty ones away when something is deleted. They are the same each
// time, so that it has them once.
func (a *API) tabs(c *call, ts chat.TSID) (all []legacy.Notice, at time.Time, err error) {
	d, err := a.hub.Detail(c.Request().Context(), c.by(), ts)
	if err != nil {
		return nil, at, err
	}
	at = time.Unix(0, 0)
	if !d.Session.Date.IsZero() {
		at = d.Session.Date
	}
	tab := func(peer chat.PID) { all = append(all, legacy.Notice{Body: legacy.PrivateChat, Peer: peer}) }
	switch {
	case d.Session.PrivateMessages == chat.PrivateOff:
	case d.You.Role == chat.Therapist:
		for _, p := range d.People {
			if p.Cleared {
				tab(p.ID)
			}
		}
	case d.Status == chat.Ended && d.Session.AfterEnd == chat.AfterEndClosed: // that it ended is all there is
	default:
		if t := olderTherapist(&d); t != "" {
			tab(t)
		}
	}
	return all, at, nil
}
