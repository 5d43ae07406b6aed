package control

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// Erasure says what is to be erased: a person's content, a therapy session's,
// or that of one action of one.
type Erasure struct {
	Person  chat.PID      `json:"participant,omitempty"`
	Session chat.TSID     `json:"ts_id,omitempty"`
	Action  chat.ActionID `json:"id,omitempty"`
}

// Erased says what became of an Erasure.
type Erased struct {
	Actions   int       `json:"actions"`         // whose text is gone
	Histories int       `json:"histories"`       // of them had keystroke histories or timings
	Oldest    time.Time `json:"oldest,omitzero"` // of the first of them
	Backups   int       `json:"backups"`         // made since then, by the audit log
	Newest    time.Time `json:"newest,omitzero"` // of the last of those
	InRoster  bool      `json:"in_roster"`       // the person is still there, by name and phone
}

func (o Options) postErase(w http.ResponseWriter, r *http.Request) {
	var e Erasure
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&e); err != nil {
		reply(w, nil, err)
		return
	}
	// What was begun is finished, whether or not somebody still waits.
	ctx := context.WithoutCancel(r.Context())
	out, err := o.Store.Erase(ctx, operator, store.Erasure{Person: e.Person, Session: e.Session, Action: e.Action})
	reply(w, Erased{
		Actions: out.Actions, Histories: out.Histories, Oldest: out.Oldest, Backups: out.Backups, Newest: out.Newest,
		InRoster: o.Store.Roster().People[e.Person] != nil,
	}, err)
}

// Erase removes texts and keystroke histories for good; see [store.Store.Erase].
func (c *Client) Erase(ctx context.Context, e Erasure) (out Erased, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return out, err
	}
	err = c.call(ctx, http.MethodPost, "/erase", bytes.NewReader(body), &out)
	return out, err
}
