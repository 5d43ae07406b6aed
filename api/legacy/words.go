package legacy

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/strictjson"
	"hearth/hub/chat"
)

// sentences say each code of a refused call to a person: the older client's
// login page shows them as they are.
var sentences = map[chat.Code]string{
	chat.InvalidAction:        "The server did not understand this. Reload the page and try again.",
	chat.TooLarge:             "That is too much for the server at once.",
	chat.WrongUser:            "Somebody else has logged in here meanwhile. Reload the page.",
	chat.NotAllowed:           "There is no such session, or you may not do this in it.",
	chat.NoSuchTarget:         "What this is about is no longer there.",
	chat.Muted:                "You are muted. You can still write to the therapist alone.",
	chat.TooFast:              "That was a lot at once. It is sent again in a moment.",
	chat.ClientIDReused:       "This was sent before, with other words. Reload the page.",
	chat.SessionEnded:         "This session has ended.",
	chat.StorageUnavailable:   "The server cannot save anything at the moment. Try again in a minute.",
	chat.BadRequest:           "Something is missing or not as it should be. Check what you typed, and try again.",
	chat.NotFound:             "There is no such thing here.",
	chat.MethodNotAllowed:     "The server did not understand this. Reload the page and try again.",
	chat.UnsupportedMediaType: "The server did not understand this. Reload the page and try again.",
	chat.Internal:             "The server failed. Try again, and tell the study staff if it happens again.",
	chat.NotAuthenticated:     "You are not logged in any more. Reload the page and log in.",
	chat.NotAdmitted:          "You have not been let into this session yet.",
	chat.CrossOrigin:          "This page may not use the server. Open the chat at its own address.",
	chat.WrongHost:            "The chat is not at this address.",
	chat.InvalidPhone:         "That is not a telephone number. Write it with its area code.",
	chat.InvalidCode:          "That code is not right. Reload the page to get a new one.",
	chat.TooManyTries:         "That was tried too often. Wait, or ask the study staff.",
	chat.ResendTooSoon:        "A code was sent just now. Wait for it.",
	chat.UnknownAction:        "The server does not know this. Reload the page and try again.",
	chat.UnknownType:          "The server did not understand this. Reload the page and try again.",
	chat.InvalidFrame:         "The server did not understand this. Reload the page and try again.",
}

// AppendSentence adds to a problem, which is one JSON object, what a person is
// to read.
func AppendSentence(problem []byte, e *chat.Error) []byte {
	b := append(problem[:len(problem)-1], `,"error":{"msg":`...)
	return append(strictjson.AppendString(b, Sentence(e)), "}}"...)
}

// Sentence is what a person is to read of a refused call.
func Sentence(e *chat.Error) string {
	s := sentences[e.Code]
	if s == "" {
		s = sentences[chat.Internal]
	}
	if e.Code == chat.TooManyTries && e.RetryAfter > 0 {
		s = "That was tried too often. Try again in " + span(e.RetryAfter) + ", or ask the study staff."
	}
	return s
}

// span is a waiting time in words, rounded up.
func span(d time.Duration) string {
	in := func(unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
	switch {
	case d > 48*time.Hour:
		return fmt.Sprintf("%d days", in(24*time.Hour))
	case d > 2*time.Hour:
		return fmt.Sprintf("%d hours", in(time.Hour))
	case d > time.Minute:
		return fmt.Sprintf("%d minutes", in(time.Minute))
	}
	return "a minute"
}

// PrivateChat is what stands in a private tab in which nothing has been said.
const PrivateChat = "Private chat. The session's therapists can read it."

// Asked is what a refused action of the queue was about, as far as it can be
// read.
type Asked struct {
	Type   chat.Type     // 0: not known
	Target chat.ActionID // 0: none, or not an id
	Peer   chat.PID      // the last of those to whom it was to go alone
}

// ReadAsked reads what it can.
func ReadAsked(raw jsontext.Value) (a Asked) {
	o, err := strictjson.ParseObject(raw)
	if err != nil {
		return a
	}
	typ, _ := o.String("type")
	a.Type, _ = chat.ParseType(typ)
	target, _ := o.ID("target")
	a.Target = chat.ActionID(target)
	if to, err := o.Strings("recipients"); err == nil && len(to) > 0 && !Everyone(o) {
		a.Peer = chat.PID(to[len(to)-1])
	}
	return a
}

// fieldName is how errors name the field at fault, which means nothing to a
// person.
var fieldName = regexp.MustCompile(`^[a-z_A-Z]+(\[[0-9]+\])?: `)

// Refusal says to its author why an action of the queue was refused.
func Refusal(a Asked, e *chat.Error) string {
	what := "Not sent"
	switch a.Type {
	case chat.Delete:
		what = "Not deleted"
	case chat.Reaction:
		what = "Your reaction was not saved"
	case chat.Whiteboard:
		what = "The whiteboard was not saved"
	case chat.EndChatSession:
		what = "The session was not ended"
	case chat.MessageRead:
		what = "Not marked as read"
	}
	back := ""
	if a.Type == chat.Delete {
		back = " It is there again when you reload the page."
		if a.Target == 0 {
			return what + ": the message is still on its way. Try again in a moment." + back
		}
	}
	why := fieldName.ReplaceAllString(e.Message, "")
	switch e.Code {
	case chat.Muted:
		why = "you are muted; you can still write to the therapist alone"
	case chat.TooLarge:
		why = "it is " + why
	case chat.WrongUser:
		why = "somebody else has logged in here meanwhile; reload the page"
	case chat.NoSuchTarget:
		why = "what it is about is no longer there"
		back = ""
	case chat.NotAllowed:
		if a.Type == chat.Delete {
			why = "it is not your own"
		} else if a.Type != chat.Message {
			why = "only the therapists can do this"
		}
	case chat.InvalidAction:
		why = "it is empty, or the server could not read it"
	case chat.ClientIDReused:
		why = "it was sent before, with other words"
	case chat.Internal:
		why = "the server failed on it; send it again"
	}
	return what + ": " + strings.TrimSuffix(why, ".") + "." + back
}
