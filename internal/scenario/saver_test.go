package scenario_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// sent is an action that a device asked for.
type sent struct {
	by    chat.PID
	draft chat.Draft
	known time.Time     // when the answer came
	id    chat.ActionID // 0: no answer yet
	code  chat.Code     // refused, for good
}

func (s *sent) open() bool { return s.id == 0 && s.code == "" }

// tries are enough to outlast a restart.
const tries = 15

// say sends something new until it is answered, or it is of no use.
func (d *device) say(ctx context.Context, draft chat.Draft) {
	s := &sent{by: d.by, draft: draft}
	d.mu.Lock()
	d.sent = append(d.sent, s)
	d.mu.Unlock()
	d.insist(ctx, s, chat.NotAdmitted, chat.NotAllowed)
}

// insist sends s again until it is answered, or a call is refused for one of
// these reasons.
func (d *device) insist(ctx context.Context, s *sent, hopeless ...chat.Code) {
	for range tries {
		one, cancel := context.WithTimeout(ctx, 30*time.Second)
		err := d.save(one, s)
		cancel()
		if err == nil || slices.Contains(hopeless, refusal(err)) || d.how == none || !pause(ctx, d.pace.retry) {
			return
		}
	}
}

// errLater is an answer that is none: the action is to be sent again.
var errLater = errors.New("not answered")

// save sends s once, by the present transport. Its error says that there is
// no answer yet.
func (d *device) save(ctx context.Context, s *sent) error {
	results, err := d.saveBy(ctx, d.how, s)
	switch {
	case err != nil:
		return err
	case len(results) != 1:
		d.fail("%d results of one action", len(results))
		return errLater
	}
	r := results[0]
	if r.Error != nil && (r.Error.Code == chat.StorageUnavailable || r.Error.Code == chat.TooFast) {
		return errLater
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	was := *s
	if s.open() {
		s.known = time.Now()
	}
	if r.Error != nil {
		s.code = r.Error.Code
	} else {
		s.id = r.ID
	}
	if (s.id == 0) == (s.code == "") || was.id != 0 && was.id != s.id {
		d.wrong = firstOf(d.wrong, fmt.Errorf("%s: %s was answered with %d %q, and now with %d %q",
			d.by, s.draft.ClientID, was.id, was.code, s.id, s.code))
	}
	return nil
}

func (d *device) saveBy(ctx context.Context, how transport, s *sent) ([]client.Result, error) {
	switch how {
	case socket:
		f, err := d.ask(ctx, map[string]any{"type": "save", "actions": []json.RawMessage{json.RawMessage(client.EncodeDraft(s.draft))}})
		if err == nil && f.Type != "saved" {
			err = &client.Problem{Code: f.Code, Detail: f.Message}
		}
		return f.Results, err
	case wait, poll:
		out, err := d.SaveActions(ctx, d.ts, s.draft)
		return out.Saved, err
	case older:
		out, err := d.handleActions(ctx, s.draft)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Errors {
			return []client.Result{{Error: &client.ActionError{Code: e.Code, Message: e.Message}}}, nil
		}
		// It is stored; which id it has is not told. Asking for the same
		// in another way tells.
		return d.saveBy(ctx, poll, s)
	}
	return nil, errLater
}

// leave says goodbye.
func (d *device) leave(ctx context.Context) {
	one, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if d.how == socket {
		d.ask(one, map[string]any{"type": "leave"})
	} else {
		d.Leave(one)
	}
	d.use(none)
}
