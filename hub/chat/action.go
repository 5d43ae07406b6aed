package chat

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// Type says what an action is. The numbers stand on disk: never change one.
type Type uint8

const (
	Message           Type = 1
	Delete            Type = 2
	Reaction          Type = 3
	MessageRead       Type = 4
	Notice            Type = 5
	Whiteboard        Type = 6
	EndChatSession    Type = 7
	UpdateAssessments Type = 8
	UpdateChatDetails Type = 9
)

var typeNames = [...]string{
	Message: "message", Delete: "delete", Reaction: "reaction", MessageRead: "message_read", Notice: "notice",
	Whiteboard: "whiteboard", EndChatSession: "endChatSession", UpdateAssessments: "update_assessments",
	UpdateChatDetails: "update_chat_details",
}

// String is the type's word in every wire format.
func (t Type) String() string {
	if int(t) < len(typeNames) && t > 0 {
		return typeNames[t]
	}
	return "unknown"
}

// ParseType reads a wire format's word; 0 and false if there is no such type.
func ParseType(s string) (Type, bool) {
	i := slices.Index(typeNames[1:], s)
	return Type(i + 1), i >= 0
}

// Types lists every type.
func Types() []Type {
	var all []Type
	for i := range typeNames[1:] {
		all = append(all, Type(i+1))
	}
	return all
}

// Icon is a reaction's. The numbers stand on disk: never change one.
type Icon uint8

const (
	Heart Icon = 1
	Smile Icon = 2
	Sad   Icon = 3
	Angry Icon = 4
)

var iconNames = [...]string{Heart: "heart", Smile: "smile", Sad: "sad", Angry: "angry"}

func (i Icon) String() string {
	if int(i) < len(iconNames) && i > 0 {
		return iconNames[i]
	}
	return "unknown"
}

// ParseIcon reads a wire format's word; 0 and false if there is no such icon.
func ParseIcon(s string) (Icon, bool) {
	i := slices.Index(iconNames[1:], s)
	return Icon(i + 1), i >= 0
}

// Draft is an action that somebody asks for.
type Draft struct {
	Type       Type
	ClientID   string // the client's idempotency key; empty: none
	ClientTS   string // the client's time, as it came; empty: none
	User       PID    // who it claims to be from; empty: the caller
	Epoch      Epoch  // the log that Target is of; empty: the present one
	Body       Text
	Recipients []PID // empty: everyone
	Target     ActionID
	Icon       Icon
	Research   Research
}

// Research is what is kept of how a message came to be. Readers of the chat
// never get it.
type Research struct {
	History        []string // what was typed, key by key, as the client told it
	Cut            bool     // the history was longer than the limit, or could not be read whole
	TimeToComplete string   // such as "671ms"; empty: none, or malformed
}

// Format implements fmt.Formatter: keys typed are content, and print masked.
func (r Research) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "[research, %d keys]", len(r.History)) }

// LogValue implements slog.LogValuer.
func (r Research) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// Empty reports whether there is nothing to keep.
func (r *Research) Empty() bool { return len(r.History) == 0 && !r.Cut && r.TimeToComplete == "" }

var timing = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?ms$`)

// tidy bounds a history to max entries and drops a malformed timing.
func (r Research) tidy(max int) Research {
	if len(r.History) > max {
		r.History, r.Cut = r.History[:max:max], true
	}
	for i, key := range r.History {
		if !utf8.ValidString(key) {
			r.History, r.Cut = r.History[:i:i], true
			break
		}
	}
	if !timing.MatchString(r.TimeToComplete) {
		r.TimeToComplete = ""
	}
	return r
}

// Action is one entry of a therapy session's action log.
type Action struct {
	ID       ActionID
	Type     Type
	By       PID       // empty: the server
	Sender   Text      // of a notice: from whom, as shown
	At       time.Time // UTC, whole milliseconds; never falls within a log
	Body     Text
	To       []PID // nil: everyone; else By, these and the session's therapists
	Target   ActionID
	Root     ActionID // the entry whose place in the log decides who may see this one: itself, its target, or its target's target
	Icon     Icon
	ClientID string
	ClientTS string
	Content  Hash // keyed hash of type, target, icon, recipients and body
	Erased   bool // Body is gone for good, by the operator's hand; Content is still that of what it was
}

// Hash is half of an HMAC-SHA256 under the key of one action log.
type Hash [16]byte

// millis is a time as the log keeps it.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
