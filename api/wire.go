package api

import (
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store"
)

// timeFormat is RFC 3339 in UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// decodeDraft reads one action as clients send it. The error is an
// invalid_action that names the field.
func decodeDraft(raw []byte) (chat.Draft, *chat.Error) {
	d, err := draft(raw)
	if err != nil {
		return d, chat.Errorf(chat.InvalidAction, "%s", err.Error())
	}
	return d, nil
}

func draft(raw []byte) (chat.Draft, error) {
	o, err := strictjson.ParseObject(raw)
	if err != nil {
		return chat.Draft{}, err
	}
	return draftOf(o)
}

// decodeOlderDraft is decodeDraft for older clients, who have several words
// for everyone and for no target.
func decodeOlderDraft(raw []byte) (chat.Draft, *chat.Error) {
	o, err := strictjson.ParseObject(raw)
	if err == nil {
		var d chat.Draft
		if d, err = olderDraftOf(o); err == nil {
			return d, nil
		}
	}
	return chat.Draft{}, chat.Errorf(chat.InvalidAction, "%s", err.Error())
}

func olderDraftOf(o strictjson.Object) (chat.Draft, error) {
	if legacy.Everyone(o) {
		delete(o, "recipients")
	}
	if target, err := o.String("target"); err == nil && target == "" {
		delete(o, "target")
	}
	return draftOf(o)
}

func draftOf(o strictjson.Object) (d chat.Draft, err error) {
	text := func(name string) (s string) {
		if err == nil {
			s, err = o.String(name)
		}
		return s
	}
	typ, icon := text("type"), text("icon")
	d.ClientID, d.ClientTS = text("client_id"), text("client_ts")
	d.User, d.Body = chat.PID(text("user")), chat.Text(text("body"))
	if err != nil {
		return d, err
	}
	if d.Type, err = parseType(typ); err != nil {
		return d, err
	}
	var known bool
	if d.Icon, known = chat.ParseIcon(icon); !known && icon != "" {
		return d, &strictjson.Error{Field: "icon", Problem: "unknown"}
	}
	to, err := o.Strings("recipients")
	if err != nil {
		return d, err
	}
	for _, p := range to {
		d.Recipients = append(d.Recipients, chat.PID(p))
	}
	target, err := o.ID("target")
	if err != nil {
		return d, err
	}
	d.Target = chat.ActionID(target)
	d.Research = decodeResearch(o)
	return d, nil
}

func parseType(s string) (chat.Type, error) {
	t, ok := chat.ParseType(s)
	switch {
	case s == "":
		return 0, &strictjson.Error{Field: "type", Problem: "missing"}
	case !ok:
		return 0, &strictjson.Error{Field: "type", Problem: "unknown"}
	}
	return t, nil
}

// decodeResearch reads how a message came to be. What is malformed is left
// out, and marked: it must not cost the message.
func decodeResearch(o strictjson.Object) (r chat.Research) {
	r.TimeToComplete, _ = o.String("time_to_complete")
	if !o.Has("character_history") {
		return r
	}
	items, err := strictjson.ParseArray(o["character_history"])
	r.Cut = err != nil
	for _, v := range items {
		key, err := strictjson.String(v)
		if err != nil {
			r.Cut = true
			continue
		}
		r.History = append(r.History, key)
	}
	return r
}

// appendAction writes one action as a reader sees it.
func appendAction(b []byte, s *chat.Seen) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendUint(b, uint64(s.ID), 10)
	b = append(b, `,"type":"`...)
	b = append(b, s.Type.String()...)
	b = append(b, '"')
	switch {
	case s.Sender != "":
		b = strictjson.AppendMember(b, "sender", string(s.Sender))
	case s.By != "":
		b = strictjson.AppendMember(b, "user", string(s.By))
	default:
		b = append(b, `,"user":"system"`...)
	}
	b = append(b, `,"timestamp":"`...)
	b = s.At.UTC().AppendFormat(b, timeFormat)
	b = append(b, '"')
	if !s.Tombstone {
		switch s.Type {
		case chat.Message, chat.Notice, chat.Whiteboard:
			b = strictjson.AppendMember(b, "body", string(s.Body))
		}
	}
	b = strictjson.AppendStrings(b, "recipients", s.To)
	switch {
	case s.Target != 0:
		b = append(b, `,"target":`...)
		b = strconv.AppendUint(b, uint64(s.Target), 10)
	case s.Type == chat.Message && !s.Tombstone:
		b = append(b, `,"target":null`...)
	}
	if s.Icon != 0 {
		b = strictjson.AppendMember(b, "icon", s.Icon.String())
	}
	if s.ClientID != "" {
		b = strictjson.AppendMember(b, "client_id", s.ClientID)
	}
	if s.ClientTS != "" {
		b = strictjson.AppendMember(b, "client_ts", s.ClientTS)
	}
	if s.Deleted {
		b = append(b, `,"deleted":true`...)
	}
	return append(b, '}')
}

// first begins an object with a member.
func first(name, value string) []byte {
	return append([]byte{'{'}, strictjson.AppendMember(nil, name, value)[1:]...)
}

// appendResults writes what became of each draft.
func appendResults(b []byte, results []store.Result) []byte {
	b = append(b, '[')
	for i, r := range results {
		if i > 0 {
			b = append(b, ',')
		}
		if r.Err != nil {
			b = append(b, `{"error":{"code":"`...)
			b = append(b, r.Err.Code...)
			b = append(b, '"')
			b = strictjson.AppendMember(b, "message", r.Err.Message)
			if r.Err.RetryAfter > 0 {
				b = append(b, `,"retry_after":`...)
				b = strconv.AppendInt(b, seconds(r.Err.RetryAfter), 10)
			}
			b = append(b, "}}"...)
			continue
		}
		b = append(b, `{"id":`...)
		b = strconv.AppendUint(b, uint64(r.Action.ID), 10)
		b = append(b, `,"timestamp":"`...)
		b = r.Action.At.UTC().AppendFormat(b, timeFormat)
		b = append(b, `"}`...)
	}
	return append(b, ']')
}

// seconds is a waiting time as clients get it: whole seconds, rounded up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// decodeDrafts reads each action by itself; the bad ones have their error in
// results, the good ones are in drafts, and at says where each good one is.
func decodeDrafts(raw []jsontext.Value, epoch chat.Epoch, decode func([]byte) (chat.Draft, *chat.Error)) (
	drafts []chat.Draft, at []int, results []store.Result,
) {
	results = make([]store.Result, len(raw))
	for i, v := range raw {
		d, err := decode(v)
		if err != nil {
			results[i].Err = err
			continue
		}
		d.Epoch = epoch
		drafts, at = append(drafts, d), append(at, i)
	}
	return drafts, at, results
}

// asRefusal is the *chat.Error in err, or nil.
func asRefusal(err error) *chat.Error {
	var e *chat.Error
	errors.As(err, &e)
	return e
}
