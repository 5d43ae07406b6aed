package legacy_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"hearth/api/legacy"
	"hearth/api/strictjson"
	"hearth/hub/chat"
)

var payloads = []string{
	`["Denver","16505550123"]`, `["",null]`, `"482913"`, `" 482913\n"`, `{"record_id":"P123","admin":"1"}`,
	`{"participants":["P124","P123","",null,"P124"]}`, `{"record_id":"TS1","action":"admit","participant_id":"P124"}`,
	`{"participant_id":"P1","therapy_session_id":"TS1","completed":true}`,
	`{"participant_ids":["P1"],"therapy_session_id":"TS1"}`, `{"record_id":"TS1","ts_whiteboard":""}`,
	`{"sessionID":"TS1","userID":"P123","isAdmin":false,"maxID":null,"actionQueue":[],"endChatSession":false}`,
	`{"sessionID":"TS1","maxID":"7","actionQueue":[{"type":"delete","target":"pending-0"},{},null,"x"],"epoch":"e"}`,
	`{"sessionID":"TS1","maxID":99999999999999999999}`, `{"sessionID":"TS1","sessionID":"TS2"}`, `{"record_id":"\ud83d"}`,
	"{\"record_id\":\"\xff\"}", `{"action":"x","payload":{"a":[1]}}`, `null`, `true`, `7`, `[]`, `{}`, ``, `{`, `{"record_id":1} x`,
	`{"type":"message","recipients":["T1","P2"],"target":3,"sessionID":"TS1"}`, `{"type":"nonsense","recipients":"groupChat"}`,
}

// FuzzPayload: whatever a page sends is understood, or refused with the name
// of the field; and nobody is claimed to be whom the page does not name.
func FuzzPayload(f *testing.F) {
	for _, s := range payloads {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		payload := jsontext.Value(raw)
		check := func(what string, err error) bool {
			t.Helper()
			var e *strictjson.Error
			if err != nil && (!errors.As(err, &e) || e.Problem == "" || !utf8.ValidString(e.Error())) {
				t.Fatalf("%s of %q: %v", what, raw, err)
			}
			return err == nil
		}
		text := func(what string, all ...string) {
			t.Helper()
			for _, s := range all {
				if !utf8.ValidString(s) {
					t.Fatalf("%s of %q: %q", what, raw, s)
				}
			}
		}
		name, _, err := legacy.DecodeAction(raw)
		if check("action", err) && name == "" {
			t.Fatalf("an action without a name in %q", raw)
		}
		field, phone, err := legacy.DecodePhone(payload)
		if check("phone", err) && (field == "" || phone == "") {
			t.Fatalf("nothing of %q", raw)
		}
		text("phone", field, phone)
		code, err := legacy.DecodeCode(payload)
		if check("code", err) && code == "" {
			t.Fatalf("an empty code in %q", raw)
		}
		who, err := legacy.DecodeUser(payload)
		check("user", err)
		text("user", string(who))
		all, err := legacy.DecodeParticipants(payload)
		check("participants", err)
		for i, p := range all {
			if p == "" || i > 0 && p == all[i-1] {
				t.Fatalf("participants of %q: %q", raw, all)
			}
		}
		c, err := legacy.DecodeChange(payload)
		if check("change", err) && (c.TS == "" || c.Whom == "" || c.To != chat.Admit && c.To != chat.Revoke) {
			t.Fatalf("change of %q: %+v", raw, c)
		}
		s, err := legacy.DecodeSurveys(payload)
		if check("surveys", err) && (s.TS == "" || s.Whom == "") {
			t.Fatalf("surveys of %q: %+v", raw, s)
		}
		_, _, err = legacy.DecodeCompletion(payload)
		check("completion", err)
		ts, err := legacy.DecodeRecord(payload)
		if check("record", err) && ts == "" {
			t.Fatalf("no record in %q", raw)
		}
		_, board, err := legacy.DecodeWhiteboard(payload)
		check("whiteboard", err)
		text("whiteboard", string(board))
		p, err := legacy.DecodePoll(payload)
		if check("poll", err) && (p.TS == "" || p.MaxID >= 1<<53 || p.First && p.MaxID != 0) {
			t.Fatalf("poll of %q: %+v", raw, p)
		}
		for _, q := range append(p.Queue, payload) {
			a := legacy.ReadAsked(q)
			text("words", legacy.Refusal(a, chat.Errorf(chat.InvalidAction, "type: unknown")))
		}
	})
}

func TestPhoneGetsThePlusThatThePageLeavesOut(t *testing.T) {
	for typed, want := range map[string]string{
		"16505550123": "+16505550123", "6505550123": "6505550123", "26505550123": "26505550123", "165055501234": "165055501234",
		"+16505550123": "+16505550123", "1650555012x": "1650555012x", "(650) 555-0123": "(650) 555-0123", "1 650555012": "1 650555012",
	} {
		_, phone, err := legacy.DecodePhone(jsontext.Value(`["x","` + typed + `"]`))
		if err != nil || phone != want {
			t.Errorf("%q became %q, %v", typed, phone, err)
		}
	}
}
