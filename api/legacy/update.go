package legacy

import (
	"strconv"
	"strings"
	"time"

	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store"
)

// Shown is what the older client's page can hold of actions, the order that it
// needs, and no more than it can show: maxID is the id up to which it has all.
//
// What has been deleted is left out, for everybody: the page cannot mark it.
// So is a delete of what the page cannot have, and every delete of a reaction:
// it cannot take one back. The end comes last: it breaks on anything behind.
func Shown(actions []chat.Seen, maxID uint64) []chat.Seen {
	kept := actions[:0]
	var end []chat.Seen
	for _, a := range actions {
		about := a.Type == chat.Reaction || a.Type == chat.MessageRead
		switch {
		case a.Deleted, about && a.TargetDeleted:
			continue
		case a.Type == chat.Delete && (a.Target == 0 || a.TargetType == chat.Reaction || uint64(a.Target) > maxID):
			continue
		case a.Type == chat.EndChatSession:
			end = append(end, a)
			continue
		case a.Type == chat.Message && a.TargetDeleted:
			a.Target = 0 // there is nothing to quote
		}
		kept = append(kept, a)
	}
	return append(kept, end...)
}

// Notice is one that is stored nowhere and has no id.
type Notice struct {
	Body string
	Peer chat.PID // in whose private tab it is shown; empty: in the group's
}

// Update is the answer to a poll of the older client's page.
type Update struct {
	Reader  chat.PID
	Keep    []Notice // that keep tabs from being empty
	KeepAt  time.Time
	Refused []Notice
	Now     time.Time // of Refused
	Actions []chat.Seen
	Asked   bool   // something was asked for: the page must not get nothing
	MaxID   uint64 // the page's own

	Took    time.Duration
	Max     chat.ActionID
	Epoch   chat.Epoch
	Reset   bool
	Results []store.Result // of the queue, in its order
}

// AppendUpdate writes the answer. Its data ends with an entry that has an id,
// from which the page takes its next position, and is not empty when something
// was asked for: the page empties its queue only then.
func AppendUpdate(b []byte, u *Update) []byte {
	b = append(b, `{"data":[`...)
	start := len(b)
	next := func() {
		if len(b) > start {
			b = append(b, ',')
		}
	}
	for _, of := range []struct {
		all []Notice
		at  time.Time
	}{{u.Keep, u.KeepAt}, {u.Refused, u.Now}} {
		for _, n := range of.all {
			next()
			b = appendNotice(b, n, u.Reader, of.at)
		}
	}
	for i := range u.Actions {
		next()
		b = appendEntry(b, &u.Actions[i])
	}
	if len(u.Actions) == 0 && (u.Asked || len(b) > start) {
		next() // the page has this id, or looks at nothing of it
		b = append(b, `{"id":"`...)
		b = strconv.AppendUint(b, u.MaxID, 10)
		b = append(b, `","type":"ack","recipients":[]}`...)
	}
	return appendRest(b, u.Took, u.Max, u.Epoch, u.Reset, u.Results)
}

func appendNotice(b []byte, n Notice, reader chat.PID, at time.Time) []byte {
	b = append(b, `{"type":"notice","sender":"system"`...)
	b = strictjson.AppendMember(b, "body", escape(n.Body))
	if n.Peer != "" {
		b = strictjson.AppendMember(b, "user", string(n.Peer))
		b = strictjson.AppendStrings(b, "recipients", []chat.PID{reader})
	} else {
		b = strictjson.AppendStrings(b, "recipients", []chat.PID{})
	}
	return appendTime(b, at)
}

// appendEntry writes one action as the page can hold it. The texts that it
// sets as HTML are escaped, and only those.
func appendEntry(b []byte, s *chat.Seen) []byte {
	b = appendHead(b, s)
	to := s.To
	if s.By == "" {
		to = nil // the server is nobody to have a private tab with
	}
	if s.Type == chat.Notice {
		b = strictjson.AppendMember(b, "sender", string(s.Sender))
	}
	if s.By != "" && (s.Type != chat.Notice || to != nil) {
		b = strictjson.AppendMember(b, "user", string(s.By))
	}
	switch s.Type {
	case chat.Message, chat.Notice:
		b = strictjson.AppendMember(b, "body", escape(string(s.Body)))
	case chat.Whiteboard:
		b = strictjson.AppendMember(b, "body", string(s.Body))
	}
	b = appendAbout(b, s, to)
	if s.ClientTS != "" {
		b = strictjson.AppendMember(b, "client_ts", s.ClientTS)
	}
	return appendTime(b, s.At)
}

func appendTime(b []byte, at time.Time) []byte {
	b = append(b, `,"timestamp":"`...)
	b = at.UTC().AppendFormat(b, timeFormat)
	return append(b, `"}`...)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#039;")

// escape makes a text safe where the page sets it as HTML.
func escape(s string) string { return escaper.Replace(s) }
