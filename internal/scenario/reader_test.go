package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// listen keeps a socket open, and reads from it.
func (d *device) listen(ctx context.Context) {
	for ok := true; ok; ok = pause(ctx, d.pace.retry+rand.N(d.pace.retry)) {
		k, err := d.Connect(ctx)
		if err != nil {
			continue
		}
		hangUp := context.AfterFunc(ctx, func() { k.Close() })
		d.follow(k)
		hangUp()
		k.Close()
		d.mu.Lock()
		d.socket = nil
		for ref, answer := range d.waits {
			close(answer)
			delete(d.waits, ref)
		}
		d.mu.Unlock()
	}
}

// follow enters by a new socket and takes in what it is sent, until it ends.
func (d *device) follow(k *client.Socket) {
	at := d.position()
	asked := time.Now()
	if _, err := k.Enter(d.ts, at); err != nil {
		return
	}
	var behind chat.ActionID
	entered := false
	for {
		f, err := k.Read()
		if err != nil {
			return
		}
		switch f.Type {
		case "entered":
			if f.TS != d.ts {
				d.fail("entered %s", f.TS)
			}
			if !entered {
				entered = true
				d.mu.Lock()
				d.socket = k
				d.mu.Unlock()
			}
			behind = f.Max
		case "actions":
			if !entered || f.TS != d.ts {
				d.fail("actions of %s where %s is entered: %v", f.TS, d.ts, entered)
			}
			if len(f.Actions) == 0 && f.Max < behind {
				d.fail("an empty frame at %d, behind %d", f.Max, behind)
			}
			d.keep(page{from: at.ID, max: f.Max, actions: f.Actions, raw: f.Raw, asked: asked}, f.Epoch, f.Reset)
			at = chat.Position{Epoch: f.Epoch, ID: f.Max}
		case "saved", "error", "left":
			if !entered { // and never will be: removed, or the server has its troubles
				return
			}
			d.mu.Lock()
			answer := d.waits[f.Ref]
			delete(d.waits, f.Ref)
			d.mu.Unlock()
			if answer != nil {
				answer <- f
			}
		}
	}
}

// ask sends a frame by the socket and waits for its answer.
func (d *device) ask(ctx context.Context, frame map[string]any) (client.Frame, error) {
	d.mu.Lock()
	k := d.socket
	ref := "r" + strconv.Itoa(rand.Int())
	answer := make(chan client.Frame, 1)
	if k != nil {
		d.waits[ref] = answer
	}
	d.mu.Unlock()
	if k == nil {
		return client.Frame{}, errLost
	}
	frame["ref"] = ref
	if err := k.Send(frame); err != nil {
		return client.Frame{}, err
	}
	select {
	case f, ok := <-answer:
		if !ok {
			return f, errLost
		}
		return f, nil
	case <-ctx.Done():
		return client.Frame{}, ctx.Err()
	}
}

// enter enters, as devices without a socket do. It reports whether that is
// done with, for now.
func (d *device) enter(ctx context.Context) bool {
	_, err := d.Enter(ctx, d.ts)
	return err == nil || refusal(err) == chat.SessionEnded
}

// read polls, or waits, for what is new.
func (d *device) read(ctx context.Context) {
	for entered := false; ; {
		entered = entered || d.enter(ctx)
		q := client.Query{TS: d.ts, From: d.position()}
		if d.how == wait {
			q.Wait = 25 * time.Second
		} else {
			q.Limit = 7
		}
		var raw bytes.Buffer
		asked := time.Now()
		p, err := d.getActions(ctx, q, &raw)
		if err == nil {
			d.keep(page{from: q.From.ID, max: p.Max, actions: p.Actions, raw: raw.Bytes(), asked: asked}, p.Epoch, p.Reset)
		}
		next := d.pace.poll
		if err == nil && (d.how == wait || p.More) {
			next = time.Millisecond
		}
		if !pause(ctx, next) {
			return
		}
	}
}

func (d *device) getActions(ctx context.Context, q client.Query, raw *bytes.Buffer) (p client.Page, err error) {
	path := fmt.Sprintf("/api/getActions?ts_id=%s&last_action_id=%d&epoch=%s", q.TS, q.From.ID, q.From.Epoch)
	if q.Wait > 0 {
		path += "&wait=" + q.Wait.String()
	}
	if q.Limit > 0 {
		path += "&limit=" + strconv.Itoa(q.Limit)
	}
	err = d.call(ctx, "GET", path, nil, raw)
	if err == nil {
		err = json.Unmarshal(raw.Bytes(), &p)
	}
	return p, err
}

// call is a request whose answer is wanted as it came.
func (d *device) call(ctx context.Context, method, path string, body []byte, raw *bytes.Buffer) error {
	r, err := d.NewRequest(ctx, method, path, body)
	if err != nil {
		return err
	}
	a, err := d.Do(r)
	if err != nil {
		return err
	}
	if a.Status >= 400 {
		return a.Problem()
	}
	raw.Write(a.Body)
	return nil
}

// readOlder polls as older clients do.
func (d *device) readOlder(ctx context.Context) {
	entered := false
	for ok := true; ok; ok = pause(ctx, d.pace.poll) {
		entered = entered || d.enter(ctx)
		d.handleActions(ctx)
	}
}

// handleActions saves drafts and takes in what is new. One call at a time.
func (d *device) handleActions(ctx context.Context, drafts ...chat.Draft) (out client.OlderPage, err error) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return out, ctx.Err()
	}
	defer func() { <-d.turn }()
	at := d.position()
	queue := []json.RawMessage{}
	for _, draft := range drafts {
		queue = append(queue, json.RawMessage(client.EncodeDraft(draft)))
	}
	body, err := json.Marshal(map[string]any{
		"maxID": strconv.FormatUint(uint64(at.ID), 10), "epoch": at.Epoch, "ts_id": d.ts, "actionQueue": queue,
	})
	if err != nil {
		return out, err
	}
	var raw bytes.Buffer
	asked := time.Now()
	if err := d.call(ctx, "POST", "/api/handleActions", body, &raw); err != nil {
		return out, err
	}
	if err := json.Unmarshal(raw.Bytes(), &out); err != nil {
		return out, err
	}
	p := page{older: true, from: at.ID, raw: raw.Bytes(), asked: asked}
	if p.max, err = olderID(out.MaxID); err != nil {
		return out, err
	}
	for _, a := range out.Data {
		b, err := fromOlder(a)
		if err != nil {
			return out, err
		}
		p.actions = append(p.actions, b)
	}
	d.keep(p, out.Epoch, out.Reset)
	return out, nil
}

func olderID(s string) (chat.ActionID, error) {
	id, err := strconv.ParseUint(s, 10, 64)
	return chat.ActionID(id), err
}

// fromOlder is an older client's action in today's words.
func fromOlder(a client.OlderAction) (b client.Action, err error) {
	b = client.Action{
		Type: a.Type, User: chat.PID(a.User), Sender: a.Sender, Body: a.Body, Icon: a.Icon,
		ClientID: a.ClientID, ClientTS: a.ClientTS, Deleted: a.Deleted,
	}
	for _, p := range a.Recipients {
		b.Recipients = append(b.Recipients, chat.PID(p))
	}
	if b.ID, err = olderID(a.ID); err == nil && a.Target != nil {
		b.Target, err = olderID(*a.Target)
	}
	return b, err
}
