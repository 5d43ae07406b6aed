package legacy

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/strictjson"
	"hearth/hub/chat"
)

// Decoders of what the older client's page sends to the one address that it
// knows. Each returns a *[strictjson.Error] that names the field. What is a
// mere claim (a role, that somebody ends the session) is not looked at.

// DecodeAction takes a request apart: the action's name and its payload, which
// is nil where there is none.
func DecodeAction(b []byte) (name string, payload jsontext.Value, err error) {
	o, err := strictjson.ParseObject(b)
	if err != nil {
		return "", nil, err
	}
	if name, err = required(o, "action"); err != nil {
		return "", nil, err
	}
	if o.Has("payload") {
		payload = o["payload"]
	}
	return name, payload, nil
}

// required reads a string member that must be there and not empty.
func required(o strictjson.Object, name string) (string, error) {
	s, err := o.String(name)
	if err == nil && s == "" {
		err = missing(name)
	}
	return s, err
}

func missing(name string) error { return &strictjson.Error{Field: name, Problem: "missing"} }

// in says of an error that its field is in the payload.
func in(err error) error {
	if e, ok := err.(*strictjson.Error); ok {
		return &strictjson.Error{Field: strings.TrimSuffix("payload."+e.Field, "."), Problem: e.Problem}
	}
	return err
}

func payloadObject(payload jsontext.Value) (strictjson.Object, error) {
	if payload == nil {
		return nil, missing("payload")
	}
	o, err := strictjson.ParseObject(payload)
	if err != nil {
		return nil, in(err)
	}
	return o, nil
}

// texts reads string members of a payload, all of which must be there.
func texts(payload jsontext.Value, names ...string) (o strictjson.Object, all []string, err error) {
	if o, err = payloadObject(payload); err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		s, err := required(o, name)
		if err != nil {
			return nil, nil, in(err)
		}
		all = append(all, s)
	}
	return o, all, nil
}

// people reads a list of ids, without doubles and what is empty.
func people(o strictjson.Object, name string) (all []chat.PID, err error) {
	if !o.Has(name) {
		return nil, in(missing(name))
	}
	items, err := strictjson.ParseArray(o[name])
	if err != nil {
		return nil, in(&strictjson.Error{Field: name, Problem: "must be an array of ids"})
	}
	have := map[string]bool{"": true}
	for i, v := range items {
		if v.Kind() == 'n' {
			continue
		}
		s, err := strictjson.String(v)
		if err != nil {
			return nil, in(&strictjson.Error{Field: fmt.Sprintf("%s[%d]", name, i), Problem: err.Error()})
		}
		if !have[s] {
			have[s] = true
			all = append(all, chat.PID(s))
		}
	}
	return all, nil
}

// DecodePhone reads the payload of validateUserPhone: what was typed beside
// the number, and the number. Eleven digits that begin with 1 get the + that
// the page leaves out.
func DecodePhone(payload jsontext.Value) (field, phone string, err error) {
	if payload == nil {
		return "", "", missing("payload")
	}
	items, err := strictjson.ParseArray(payload)
	if err != nil || len(items) != 2 {
		return "", "", &strictjson.Error{Field: "payload", Problem: "must be an array of name and phone"}
	}
	var both [2]string
	for i, name := range []string{"payload[0]", "payload[1]"} {
		switch s, err := strictjson.String(items[i]); {
		case items[i].Kind() == 'n' || err == nil && s == "":
			return "", "", missing(name)
		case err != nil:
			return "", "", &strictjson.Error{Field: name, Problem: err.Error()}
		default:
			both[i] = s
		}
	}
	field, phone = both[0], both[1]
	if len(phone) == 11 && phone[0] == '1' && strings.Trim(phone, "0123456789") == "" {
		phone = "+" + phone
	}
	return field, phone, nil
}

// DecodeCode reads the payload of validateCode, without the white space
// around it.
func DecodeCode(payload jsontext.Value) (string, error) {
	if payload == nil {
		return "", missing("payload")
	}
	s, err := strictjson.String(payload)
	if err != nil {
		return "", in(err)
	}
	if s = strings.TrimSpace(s); s == "" {
		return "", missing("payload")
	}
	return s, nil
}

// DecodeUser reads the payload of getUserSessions: who the page believes is
// logged in; empty if it does not say.
func DecodeUser(payload jsontext.Value) (chat.PID, error) {
	if payload == nil {
		return "", nil
	}
	o, err := payloadObject(payload)
	if err != nil {
		return "", err
	}
	id, err := o.String("record_id")
	if err != nil {
		return "", in(err)
	}
	return chat.PID(id), nil
}

// DecodeParticipants reads the payload of getParticipants.
func DecodeParticipants(payload jsontext.Value) ([]chat.PID, error) {
	o, err := payloadObject(payload)
	if err != nil {
		return nil, err
	}
	return people(o, "participants")
}

// Change is the payload of updateParticipants.
type Change struct {
	TS   chat.TSID
	Whom chat.PID
	To   chat.Change // Admit or Revoke
}

// DecodeChange reads the payload of updateParticipants.
func DecodeChange(payload jsontext.Value) (Change, error) {
	_, s, err := texts(payload, "record_id", "participant_id", "action")
	if err != nil {
		return Change{}, err
	}
	to, ok := chat.ParseChange(s[2])
	if !ok || to != chat.Admit && to != chat.Revoke {
		return Change{}, in(&strictjson.Error{Field: "action", Problem: "must be admit or revoke"})
	}
	return Change{TS: chat.TSID(s[0]), Whom: chat.PID(s[1]), To: to}, nil
}

// Surveys is the payload of getUserSurveys.
type Surveys struct {
	TS    chat.TSID
	Whom  chat.PID
	Phase chat.Phase
}

// DecodeSurveys reads the payload of getUserSurveys.
func DecodeSurveys(payload jsontext.Value) (Surveys, error) {
	o, s, err := texts(payload, "therapy_session_id", "participant_id")
	if err != nil {
		return Surveys{}, err
	}
	completed, err := o.Bool("completed")
	if err != nil {
		return Surveys{}, in(err)
	}
	v := Surveys{TS: chat.TSID(s[0]), Whom: chat.PID(s[1])}
	if completed {
		v.Phase = chat.Post
	}
	return v, nil
}

// DecodeCompletion reads the payload of checkUserCompletion.
func DecodeCompletion(payload jsontext.Value) (chat.TSID, []chat.PID, error) {
	o, s, err := texts(payload, "therapy_session_id")
	if err != nil {
		return "", nil, err
	}
	whom, err := people(o, "participant_ids")
	return chat.TSID(s[0]), whom, err
}

// DecodeRecord reads the payload of getWhiteboard.
func DecodeRecord(payload jsontext.Value) (chat.TSID, error) {
	_, s, err := texts(payload, "record_id")
	if err != nil {
		return "", err
	}
	return chat.TSID(s[0]), nil
}

// DecodeWhiteboard reads the payload of setWhiteboard. The text may be empty.
func DecodeWhiteboard(payload jsontext.Value) (chat.TSID, chat.Text, error) {
	o, s, err := texts(payload, "record_id")
	if err != nil {
		return "", "", err
	}
	text, err := o.String("ts_whiteboard")
	if err == nil && !o.Has("ts_whiteboard") {
		err = missing("ts_whiteboard")
	}
	if err != nil {
		return "", "", in(err)
	}
	return chat.TSID(s[0]), chat.Text(text), nil
}

// Poll is the payload of handleActions as the older client's page sends it.
type Poll struct {
	TS    chat.TSID
	User  chat.PID // who the page believes is logged in; empty: it does not say
	MaxID uint64   // 0 if it could not be read
	First bool     // there was none: the page begins
	Queue []jsontext.Value
	Epoch chat.Epoch
}

// DecodePoll reads the payload of handleActions.
func DecodePoll(payload jsontext.Value) (p Poll, err error) {
	o, s, err := texts(payload, "sessionID")
	if err != nil {
		return p, err
	}
	p.TS = chat.TSID(s[0])
	user, err := o.String("userID")
	if err != nil {
		return p, in(err)
	}
	p.User = chat.PID(user)
	last, notText := o.String("maxID")
	p.First = notText == nil && last == "" // absent and null, too
	if n, err := o.ID("maxID"); err == nil {
		p.MaxID = n
	}
	if o.Has("actionQueue") {
		if p.Queue, err = strictjson.ParseArray(o["actionQueue"]); err != nil {
			return p, in(&strictjson.Error{Field: "actionQueue", Problem: "must be an array"})
		}
	}
	epoch, err := o.String("epoch")
	if err != nil {
		return p, in(err)
	}
	p.Epoch = chat.Epoch(epoch)
	return p, nil
}

// QueuedIn checks that an action of the queue is of the therapy session that
// the poll is of. One that does not say is.
func QueuedIn(o strictjson.Object, ts chat.TSID) error {
	s, err := o.String("sessionID")
	if err == nil && s != "" && s != string(ts) {
		err = &strictjson.Error{Field: "sessionID", Problem: "another therapy session's"}
	}
	return err
}
