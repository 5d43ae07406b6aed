package api_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"

	"hearth/api"
	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

var draftSeeds = []string{
	`{"type":"message","body":"x","recipients":["T1"],"target":"2","client_id":"c","client_ts":"t","user":"P1","character_history":["a","Shift"],"time_to_complete":"671ms"}`,
	`{"type":"delete","target":2}`, `{"type":"reaction","icon":"heart","target":"2"}`, `{"type":"message_read","target":2}`,
	`{"type":"notice","body":"x"}`, `{"type":"whiteboard","body":""}`, `{"type":"endChatSession","recipients":"groupChat"}`,
	`{"type":"message","body":"\ud83d\ude00 \u2028","recipients":["groupChat"],"target":""}`,
	`{"type":"message","body":"\ud83d"}`, `{"type":"message","type":"message"}`, "{\"type\":\"message\",\"body\":\"\xff\"}",
	`{"type":"message","target":9007199254740993}`, `{"type":"message","target":-1}`, `{"type":"message","recipients":[1]}`,
	`{"type":"message","character_history":{"a":1},"time_to_complete":7}`, `null`, `[]`, `7`, ``, `{`, `{"type":"message"} x`,
}

// FuzzDraft: what is let through is what the client said, and older clients
// are understood wherever others are.
func FuzzDraft(f *testing.F) {
	for _, s := range draftSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := api.DecodeDraft(raw)
		older, olderErr := api.DecodeOlderDraft(raw)
		for _, e := range []*chat.Error{err, olderErr} {
			if e != nil && (e.Code != chat.InvalidAction || e.Message == "" || !utf8.ValidString(e.Message)) {
				t.Fatalf("%q: %v", raw, e)
			}
		}
		if err != nil {
			return
		}
		if olderErr != nil || older.Type != d.Type || older.Body != d.Body || older.Target != d.Target {
			t.Fatalf("%q: an older client's: %v", raw, olderErr)
		}
		for _, s := range append([]string{string(d.Body), d.ClientID, d.ClientTS, string(d.User)}, d.Research.History...) {
			if !utf8.ValidString(s) {
				t.Fatalf("%q: %q", raw, s)
			}
		}
		if d.Target >= 1<<53 {
			t.Fatalf("%q: target %d", raw, d.Target)
		}
		// Said again by a client of ours, it is the same.
		again, err := api.DecodeDraft(client.EncodeDraft(d))
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		again.Research.Cut = d.Research.Cut
		if fmt.Sprintf("%#v", plain(again)) != fmt.Sprintf("%#v", plain(d)) {
			t.Fatalf("%q became %#v, then %#v", raw, plain(d), plain(again))
		}
	})
}

// plain is a draft that prints itself.
func plain(d chat.Draft) any {
	return struct {
		Type                                   string
		ClientID, ClientTS, User, Body, Timing string
		Recipients, History                    string
		Target                                 uint64
		Icon                                   string
	}{
		d.Type.String(), d.ClientID, d.ClientTS, string(d.User), string(d.Body), d.Research.TimeToComplete,
		fmt.Sprintf("%q", d.Recipients), fmt.Sprintf("%q", d.Research.History), uint64(d.Target), d.Icon.String(),
	}
}

// FuzzFrame: whatever a client sends, the answer is a frame or a close code,
// and nobody else is disturbed.
func FuzzFrame(f *testing.F) {
	for _, s := range append(draftSeeds,
		`{"type":"ping"}`, `{"type":"enter","ref":"1","ts_id":"TS1","last_action_id":1,"epoch":"x"}`, `{"type":"enter","ts_id":"TS8"}`,
		`{"type":"save","ref":"2","actions":[{"type":"message","body":"x"}]}`, `{"type":"save","actions":[null]}`,
		`{"type":"save","epoch":"x","actions":[{"type":"delete","target":1}]}`, `{"type":"typing","recipients":[]}`,
		`{"type":"typing","recipients":["P9"]}`, `{"type":"leave","ref":"3"}`, `{"type":"nonsense"}`, `{"ref":7}`,
	) {
		f.Add([]byte(s))
	}
	s := apitest.New(f)
	p, other := s.Login("P1"), s.Enter("P2", apitest.Plain)
	n := 0
	f.Fuzz(func(t *testing.T, raw []byte) {
		s.For(t)
		if !p.Open() {
			p.Connect()
			p.Enter(apitest.Plain)
		}
		if err := p.Socket.SendRaw(websocket.TextMessage, raw); err != nil {
			t.Fatal(err)
		}
		if !jsontext.Value(raw).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
			if e := p.Closed(); e.Code != 4400 {
				t.Fatalf("%q: %v", raw, e)
			}
			return
		}
		// The next answer comes after that one's.
		n++
		ref := fmt.Sprint("marker ", n)
		if f := p.Ask(map[string]any{"type": "nonsense", "ref": ref}); f.Code != chat.UnknownType {
			t.Fatalf("%q: %s", raw, f.Raw)
		}
		if n%100 == 0 {
			other.WaitFor(other.Save(message("undisturbed")))
			p.Connect()
			p.Enter(apitest.Plain)
		}
	})
}

// FuzzHandleActions: an answer is whole JSON with the data that older clients
// cannot do without, or a problem that is the client's fault.
func FuzzHandleActions(f *testing.F) {
	for _, s := range draftSeeds {
		f.Add([]byte(`{"maxID":"1","actionQueue":[` + s + `]}`))
	}
	for _, s := range []string{
		`{}`, `{"maxID":null,"actionQueue":null}`, `{"maxID":"99999999999999999999"}`, `{"maxID":{}}`, `{"ts_id":"TS8"}`,
		`{"epoch":"x","maxID":3}`, `[]`, `{"actionQueue":[[[[]]]]}`, `{"actionQueue":[1,"x",null,{}]}`,
	} {
		f.Add([]byte(s))
	}
	s := apitest.New(f)
	p := s.Login("T1")
	must[client.Entered](f)(p.Client.Enter(f.Context(), apitest.Plain))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s.For(t)
		r := must[client.Answer](t)(func() (client.Answer, error) {
			r, err := p.NewRequest(t.Context(), "POST", "/api/handleActions", append([]byte{}, raw...))
			if err != nil {
				return client.Answer{}, err
			}
			return p.Client.Do(r)
		}())
		switch r.Status {
		case 200:
			var page client.OlderPage
			if err := json.Unmarshal(r.Body, &page); err != nil || page.Data == nil || !strings.HasPrefix(string(r.Body), `{"data":[`) {
				t.Fatalf("%q: %v, %s", raw, err, r.Body)
			}
		case 400, 403, 413:
			if p := r.Problem(); p.Code == "" {
				t.Fatalf("%q: %s", raw, r.Body)
			}
		default:
			t.Fatalf("%q: %d %s", raw, r.Status, r.Body)
		}
	})
}

// FuzzAjax: whatever comes to the older client's bridge is answered with what
// breaks neither that client nor the server.
func FuzzAjax(f *testing.F) {
	for _, s := range []string{
		`{"action":"getUserSessions"}`, `{"action":"getUserSessions","payload":{"record_id":"T1"}}`, `{"action":"nonsense"}`, `{}`, `[]`, `{`,
		`{"action":"validateUserPhone","payload":["Nobody","16505550199"]}`, `{"action":"validateCode","payload":"123456"}`,
		`{"action":"getParticipants","payload":{"participants":["P1",null,""]}}`,
		`{"action":"updateParticipants","payload":{"record_id":"TS1","action":"revoke","participant_id":"P2"}}`,
		`{"action":"getUserSurveys","payload":{"participant_id":"P1","therapy_session_id":"TS3","completed":true}}`,
		`{"action":"checkUserCompletion","payload":{"participant_ids":["P1","X"],"therapy_session_id":"TS3"}}`,
		`{"action":"setWhiteboard","payload":{"record_id":"TS1","ts_whiteboard":"<b>"}}`, `{"action":"getWhiteboard","payload":{"record_id":"TS1"}}`,
		`{"action":"handleActions","payload":{"sessionID":"TS1","userID":"T1","maxID":null,"actionQueue":[]}}`,
		`{"action":"handleActions","payload":{"sessionID":"TS1","maxID":1e99,"actionQueue":[1,"x",null,{},[[]]],"epoch":"x"}}`,
	} {
		f.Add([]byte(s))
	}
	for _, s := range draftSeeds {
		f.Add([]byte(`{"action":"handleActions","payload":{"sessionID":"TS1","maxID":"0","actionQueue":[` + s + `]}}`))
	}
	s := apitest.New(f)
	p := s.Login("T1")
	page := olderPage(f, p, apitest.Plain)
	page.poll()
	f.Fuzz(func(t *testing.T, raw []byte) {
		s.For(t)
		page.t = t
		r, err := p.NewRequest(t.Context(), "POST", "/api/ajax", append([]byte{}, raw...))
		if err != nil {
			t.Fatal(err)
		}
		a := must[client.Answer](t)(p.Client.Do(r))
		if a.Status != 200 {
			if a.Status >= 500 {
				t.Fatalf("%q: %d %s", raw, a.Status, a.Body)
			}
			said(t, a, a.Status, a.Problem().Code)
			return
		}
		switch {
		case string(a.Body) == "true":
		case strings.HasPrefix(string(a.Body), `{"data":`):
			u := &olderUpdate{}
			if err := json.Unmarshal(a.Body, u); err != nil {
				t.Fatalf("%q: %v, %s", raw, err, a.Body)
			}
			page.unbroken(u, false, a.Body)
		default:
			result(t, a)
		}
	})
}
