package api

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"

	"hearth/api/strictjson"
	"hearth/hub"
	"hearth/hub/chat"
)

// read carries out the client's frames until the socket ends. Its error says
// why it did.
func (s *socket) read() error {
	s.conn.SetReadLimit(maxFrame)
	alive := func() { s.conn.SetReadDeadline(time.Now().Add(s.api.opt.PongWait)) }
	alive()
	s.conn.SetPongHandler(func(string) error {
		alive()
		return nil
	})
	hello := append([]byte(`{"type":"hello","protocol":1,"user":`), userJSON(&s.login.User)...)
	hello = strictjson.AppendMember(hello, "server_time", formatTime(s.api.store.Now()))
	if err := s.send(reply{frame: append(hello, '}')}); err != nil {
		return err
	}
	for {
		typ, b, err := s.conn.ReadMessage()
		if err != nil {
			return err
		}
		alive()
		if typ != websocket.TextMessage || !jsontext.Value(b).IsValid(
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
			return errNotJSON
		}
		if err := s.frame(b); err != nil {
			return err
		}
	}
}

// send hands r to the writer.
func (s *socket) send(r reply) error {
	select {
	case s.replies <- r:
		return nil
	case <-s.ctx.Done():
		if r.enter != nil {
			r.enter.sub.Close()
		}
		return context.Cause(s.ctx)
	}
}

// frame carries out one frame. Its error ends the socket.
func (s *socket) frame(b []byte) error {
	ref, err := s.act(b)
	if err == nil {
		return nil
	}
	var field *strictjson.Error
	if errors.As(err, &field) {
		err = chat.Errorf(chat.InvalidFrame, "%s", field.Error())
	}
	e := s.api.refusal(err, "a WebSocket")
	if faces[e.Code].close != 0 {
		return e
	}
	out := append([]byte(`{"type":"error"`), ref...)
	out = strictjson.AppendMember(out, "code", string(e.Code))
	out = strictjson.AppendMember(out, "message", e.Message)
	if e.RetryAfter > 0 {
		out = fmt.Appendf(out, `,"retry_after":%d`, seconds(e.RetryAfter))
	}
	return s.send(reply{frame: append(out, '}')})
}

// act carries out one frame; ref is its reference as the answer repeats it.
func (s *socket) act(b []byte) (ref []byte, err error) {
	if err := strictjson.Check(b); err != nil {
		return nil, err
	}
	o, err := strictjson.ParseObject(b)
	if err != nil {
		return nil, err
	}
	if name, err := o.String("ref"); err != nil || utf8.RuneCountInString(name) > 64 {
		return nil, &strictjson.Error{Field: "ref", Problem: "must be a string of at most 64 characters"}
	} else if o.Has("ref") {
		ref = strictjson.AppendMember(nil, "ref", name)
	}
	typ, err := o.String("type")
	if err != nil {
		return ref, err
	}
	if typ != "ping" {
		if _, err := s.api.auth.Touch(s.login.ID, true); err != nil {
			return ref, err
		}
	}
	switch typ {
	case "ping":
		return ref, s.send(reply{frame: []byte(`{"type":"pong"}`)})
	case "enter":
		return ref, s.enter(o, ref)
	case "save":
		return ref, s.save(o, ref)
	case "typing":
		return ref, s.typing(o)
	case "leave":
		return ref, s.leave(ref)
	case "":
		return ref, &strictjson.Error{Field: "type", Problem: "missing"}
	}
	return ref, chat.Errorf(chat.UnknownType, "type: unknown")
}

func (s *socket) enter(o strictjson.Object, ref []byte) error {
	name, err := o.String("ts_id")
	if err != nil {
		return err
	}
	if name == "" {
		return &strictjson.Error{Field: "ts_id", Problem: "missing"}
	}
	last, err := o.ID("last_action_id")
	if err != nil {
		return err
	}
	epoch, err := o.String("epoch")
	if err != nil {
		return err
	}
	ts := chat.TSID(name)
	l := &listening{
		sub: s.api.hub.Subscribe(ts, s.login.User.ID, true), ts: ts,
		from: chat.Position{Epoch: chat.Epoch(epoch), ID: chat.ActionID(last)},
	}
	e, err := s.api.hub.Enter(s.ctx, s.login.User.ID, ts)
	if err == nil {
		err = s.api.auth.SetCurrentSession(s.ctx, s.login.ID, ts)
	}
	var frame []byte
	if err == nil {
		frame, err = s.entered(ts, e, ref)
	}
	if err != nil {
		l.sub.Close()
		return err
	}
	l.became(e)
	s.where = ts
	return s.send(reply{frame: frame, enter: l})
}

// entered is the frame of that name.
func (s *socket) entered(ts chat.TSID, e hub.Entered, ref []byte) ([]byte, error) {
	b := append([]byte(`{"type":"entered"`), ref...)
	return s.api.appendEntered(s.ctx, append(b, ','), s.login.User.ID, ts, e, s.host)
}

func (s *socket) save(o strictjson.Object, ref []byte) error {
	if !o.Has("actions") {
		return &strictjson.Error{Field: "actions", Problem: "missing"}
	}
	raw, err := strictjson.ParseArray(o["actions"])
	if err != nil {
		return &strictjson.Error{Field: "actions", Problem: "must be an array"}
	}
	if len(raw) > s.api.opt.MaxActionsPerCall {
		return chat.Errorf(chat.TooLarge, "actions: more than %d in one frame; nothing was saved", s.api.opt.MaxActionsPerCall)
	}
	if s.where == "" {
		return chat.Errorf(chat.NotAdmitted, "enter a therapy session first")
	}
	epoch, err := o.String("epoch")
	if err != nil {
		return err
	}
	saved, err := s.api.save(s.ctx, s.login.User.ID, s.where, chat.Epoch(epoch), raw, decodeDraft)
	if e := asRefusal(err); err != nil && (e == nil || e.Code != chat.StorageUnavailable) {
		return err
	}
	out := append([]byte(`{"type":"saved"`), ref...)
	out = fmt.Appendf(out, `,"max_id":%d,"results":`, saved.Max)
	return s.send(reply{frame: append(appendResults(out, saved.Results), '}')})
}

// typingEvery is how often one socket's typing is passed on.
const typingEvery = 500 * time.Millisecond

func (s *socket) typing(o strictjson.Object) error {
	names, err := o.Strings("recipients")
	if err != nil {
		return err
	}
	if s.where == "" || time.Since(s.typed) < typingEvery {
		return nil
	}
	s.typed = time.Now()
	var to []chat.PID
	for _, p := range names {
		to = append(to, chat.PID(p))
	}
	err = s.api.hub.Typing(s.ctx, s.where, s.login.User.ID, to)
	if e := asRefusal(err); e != nil && e.Code != chat.InvalidAction {
		return nil // it is not worth an error: the message itself will get it
	}
	return err
}

func (s *socket) leave(ref []byte) error {
	if s.where != "" {
		if err := s.api.auth.SetCurrentSession(s.ctx, s.login.ID, ""); err != nil {
			return err
		}
		s.where = ""
	}
	left := append([]byte(`{"type":"left"`), ref...)
	return s.send(reply{frame: append(left, '}'), leave: true})
}
