// Package legacy speaks the older clients' JSON: ids as strings, times as
// "2006-01-02 15:04:05" in UTC, recipients in several forms. It translates
// and has no rule of its own.
package legacy

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/strictjson"
	"hearth/hub/chat"
)

const timeFormat = "2006-01-02 15:04:05"

// Call is the payload of handleActions.
type Call struct {
	MaxID uint64 // one that could not be read is above every log
	Queue []jsontext.Value
	TS    chat.TSID // empty: the current one
	Epoch chat.Epoch
}

// unreadable is no id: the reader starts over.
const unreadable = 1 << 53

// DecodeCall reads the payload of handleActions. Fields it does not know are
// ignored.
func DecodeCall(b []byte) (c Call, err error) {
	o, err := strictjson.ParseObject(b)
	if err != nil {
		return c, err
	}
	if c.MaxID, err = o.ID("maxID"); err != nil {
		c.MaxID = unreadable
		if s, e := o.String("maxID"); e == nil && s == "" {
			c.MaxID = 0 // "" is sent for none
		}
	}
	if o.Has("actionQueue") {
		if c.Queue, err = strictjson.ParseArray(o["actionQueue"]); err != nil {
			return c, &strictjson.Error{Field: "actionQueue", Problem: "must be an array"}
		}
	}
	ts, err := o.String("ts_id")
	if err != nil {
		return c, err
	}
	epoch, err := o.String("epoch")
	c.TS, c.Epoch = chat.TSID(ts), chat.Epoch(epoch)
	return c, err
}

// Everyone reports whether recipients, as older clients write them, mean the
// whole group: absent, null, "", [], "groupChat" or ["groupChat"].
func Everyone(o strictjson.Object) bool {
	if !o.Has("recipients") {
		return true
	}
	if s, err := o.String("recipients"); err == nil {
		return s == "" || s == "groupChat"
	}
	to, err := o.Strings("recipients")
	return err == nil && (len(to) == 0 || len(to) == 1 && to[0] == "groupChat")
}

// AppendAction writes one action as a reader sees it.
func AppendAction(b []byte, s *chat.Seen) []byte {
	b = appendHead(b, s)
	switch {
	case s.Sender != "":
		b = strictjson.AppendMember(b, "sender", string(s.Sender))
	case s.By != "":
		b = strictjson.AppendMember(b, "user", string(s.By))
	default:
		b = append(b, `,"user":"system"`...)
	}
	switch s.Type {
	case chat.Message, chat.Notice, chat.Whiteboard:
		b = strictjson.AppendMember(b, "body", string(s.Body))
	}
	b = appendAbout(b, s, s.To)
	if s.ClientID != "" {
		b = strictjson.AppendMember(b, "client_id", s.ClientID)
	}
	if s.ClientTS != "" {
		b = strictjson.AppendMember(b, "client_ts", s.ClientTS)
	}
	if s.Deleted {
		b = append(b, `,"deleted":true`...)
	}
	return appendTime(b, s.At)
}

// appendHead begins an action's object.
func appendHead(b []byte, s *chat.Seen) []byte {
	b = append(b, `{"id":"`...)
	b = strconv.AppendUint(b, uint64(s.ID), 10)
	b = append(b, `","type":"`...)
	b = append(b, s.Type.String()...)
	return append(b, '"')
}

// appendAbout writes whom an action goes to and what it is about.
func appendAbout(b []byte, s *chat.Seen, to []chat.PID) []byte {
	b = strictjson.AppendStrings(b, "recipients", to)
	switch {
	case s.Target != 0:
		b = strictjson.AppendMember(b, "target", strconv.FormatUint(uint64(s.Target), 10))
	case s.Type == chat.Message:
		b = append(b, `,"target":null`...)
	}
	if s.Icon != 0 {
		b = strictjson.AppendMember(b, "icon", s.Icon.String())
	}
	return b
}

// Filter leaves out what older clients cannot show: for participants, what
// has been deleted by now, and its delete unless they may have the target
// from an earlier answer.
func Filter(actions []chat.Seen, role chat.Role, maxID uint64) []chat.Seen {
	if role != chat.Participant {
		return actions
	}
	kept := actions[:0]
	for _, a := range actions {
		if !a.Tombstone && (a.Type != chat.Delete || uint64(a.Target) <= maxID) {
			kept = append(kept, a)
		}
	}
	return kept
}
