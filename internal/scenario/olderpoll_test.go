package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"hearth/hub/chat"
)

// olderEntry is one of the answer to a poll.
type olderEntry struct {
	ID         *string         `json:"id"`
	Type       string          `json:"type"`
	User       string          `json:"user"`
	Sender     string          `json:"sender"`
	Body       string          `json:"body"`
	Recipients []chat.PID      `json:"recipients"` // an error where it is no array
	Target     json.RawMessage `json:"target"`
	Icon       string          `json:"icon"`
	ClientTS   string          `json:"client_ts"`
	Timestamp  string          `json:"timestamp"`
}

// id is 0 of what has none.
func (e *olderEntry) id() chat.ActionID {
	if e.ID == nil {
		return 0
	}
	id, _ := olderID(*e.ID)
	return id
}

// target is 0 where there is none.
func (e *olderEntry) target() chat.ActionID {
	var s *string
	if json.Unmarshal(e.Target, &s) != nil || s == nil {
		return 0
	}
	id, _ := olderID(*s)
	return id
}

type olderAnswer struct {
	Data  json.RawMessage `json:"data"`
	MaxID string          `json:"maxID"`
	Epoch chat.Epoch      `json:"epoch"`
	Reset bool            `json:"reset"`
}

// entries are those of an array, or of an object by id.
func (a *olderAnswer) entries() (all []olderEntry, err error) {
	if len(a.Data) > 0 && a.Data[0] == '{' {
		of := map[string]olderEntry{}
		err = json.Unmarshal(a.Data, &of)
		ids := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
			m, _ := strconv.Atoi(a)
			n, _ := strconv.Atoi(b)
			return m - n
		})
		for _, id := range ids {
			all = append(all, of[id])
		}
		return all, err
	}
	err = json.Unmarshal(a.Data, &all)
	if err == nil && all == nil {
		err = fmt.Errorf("no data: %q", a.Data)
	}
	return all, err
}

// poll asks for news and sends the queue.
func (p *olderPage) poll(ctx context.Context) {
	p.mu.Lock()
	if !p.open || p.ended {
		p.mu.Unlock()
		return
	}
	load, mount, news := p.loads, p.mounts, p.gotNews
	queue := p.together()
	c := olderCall{asked: time.Now()}
	actions, ends := []json.RawMessage{}, false
	for _, q := range queue {
		c.carried, actions = append(c.carried, q.key), append(actions, q.raw)
		ends = ends || q.key[0] == 'e'
	}
	in := map[string]any{
		"sessionID": p.ts, "userID": p.by, "isAdmin": p.admin, "maxID": p.maxID, "actionQueue": actions, "endChatSession": ends,
	}
	if p.epoch != "" {
		in["epoch"] = p.epoch
	}
	p.mu.Unlock()
	var out olderAnswer
	c.err = p.way.send(ctx, func() error { return p.ajax(ctx, "handleActions", in, &out) })
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.change()
	c.came = time.Now()
	if p.loads == load && c.err == nil {
		c.overtaken = p.script(news, c.carried, &out)
		if !c.overtaken && p.mounts == mount {
			p.news(&out, len(queue) > 0)
		}
	}
	p.calls = append(p.calls, c)
}

// together is what a poll carries: what the client has forgotten, and its
// queue; each once.
func (p *olderPage) together() (all []queued) {
	for _, q := range slices.Concat(p.outbox, p.queue) {
		if !slices.ContainsFunc(all, func(have queued) bool { return have.key == q.key }) {
			all = append(all, q)
		}
	}
	return all
}

// script does with an answer what our script does before the client has it: it
// keeps what the client is about to forget and no answered call has carried.
// news is how often there had been some when the call was made. If there has
// been since, the answer is not for the client: it was made for a position
// that is no longer the client's, and may hold what has been deleted since,
// and lack the delete of what the client has by now.
func (p *olderPage) script(news int, carried []string, out *olderAnswer) (overtaken bool) {
	if out.Reset {
		p.fail("it has to start over")
	}
	for _, key := range carried {
		p.saved[key] = true
	}
	p.outbox = slices.DeleteFunc(p.outbox, func(q queued) bool { return p.saved[q.key] })
	if news < p.gotNews {
		return true
	}
	p.epoch = out.Epoch
	if string(out.Data) != "[]" {
		p.gotNews++
		for _, q := range p.queue {
			if !p.saved[q.key] && !slices.ContainsFunc(p.outbox, func(have queued) bool { return have.key == q.key }) {
				p.outbox = append(p.outbox, q)
			}
		}
	}
	return false
}

// news does with an answer what the client does. Whatever breaks the client is
// wrong.
func (p *olderPage) news(out *olderAnswer, asked bool) {
	all, err := out.entries()
	if err != nil {
		p.fail("handleActions: %w", err)
		return
	}
	read, err := olderID(out.MaxID)
	if err != nil {
		p.fail("handleActions: %w", err)
	}
	p.read = max(p.read, read)
	if len(all) == 0 {
		if asked {
			p.fail("its queue is not acknowledged")
		}
		return
	}
	for i, e := range all {
		switch {
		case e.Recipients == nil:
			p.fail("no recipients in %s", out.Data)
		case e.Type == "message" && e.Target == nil:
			p.fail("no target in %s", out.Data)
		case e.Type == "endChatSession" && i < len(all)-1:
			p.fail("something follows the end in %s", out.Data)
		}
		p.take(e)
	}
	if last := all[len(all)-1].ID; last != nil {
		p.maxID = last
	} else {
		p.fail("no id in the end of %s", out.Data)
	}
	p.queue = nil
}

// take puts one entry on the screen.
func (p *olderPage) take(e olderEntry) {
	switch {
	case e.ID == nil:
		p.notices = append(p.notices, e.Body)
		return
	case p.known[*e.ID], e.Type == "ack":
		return
	}
	p.known[*e.ID] = true
	switch e.Type {
	case "delete":
		p.screen = slices.DeleteFunc(p.screen, func(s olderEntry) bool { return s.id() == e.target() })
		return
	case "message":
		if e.User == string(p.by) {
			delete(p.sending, e.ClientTS)
		}
	case "endChatSession":
		p.ended = true
	}
	p.screen = append(p.screen, e)
}
