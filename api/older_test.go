package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// olderIDs are the ids of what an older client gets.
func olderIDs(p client.OlderPage) (ids []string) {
	for _, a := range p.Data {
		ids = append(ids, a.ID)
	}
	return ids
}

// An older client cannot show what has been deleted. It gets the delete if it
// may have the target from an earlier answer.
func TestOlderClientsGetDeletesOfWhatTheyMayHave(t *testing.T) {
	s := apitest.New(t)
	p, dr := s.Login("P1"), s.Login("T1")
	for _, who := range []*apitest.Person{dr, p} {
		must[client.Entered](t)(who.Client.Enter(soon(t), apitest.Plain)) // 1, 2: joined
	}
	must[client.Saved](t)(p.SaveActions(soon(t), "", message("three"), message("four"), react(3, chat.Heart)))
	must[client.Saved](t)(p.SaveActions(soon(t), "", remove(3), remove(5), message("eight"))) // 6 and 7
	for _, row := range []struct {
		who  *apitest.Person
		from string
		want string
	}{
		{p, "null", "1 2 4 8"}, {p, "0", "1 2 4 8"}, {p, "2", "4 8"}, {p, `"2"`, "4 8"},
		{p, "3", "4 6 8"}, {p, `"3"`, "4 6 8"}, {p, "4", "6 8"}, {p, "5", "6 7 8"}, {p, "6", "7 8"}, {p, "7", "8"}, {p, "8", ""},
		{dr, "0", "1 2 3 4 5 6 7 8"}, {dr, "4", "5 6 7 8"},
		{p, "9", "1 2 4 8"}, {p, "99", "1 2 4 8"}, // reset: it has nothing by then
	} {
		a := post(t, row.who, "/api/handleActions", `{"maxID":`+row.from+`}`)
		wantStatus(t, a, 200)
		var page client.OlderPage
		decode(t, a.Body, &page)
		if got := strings.Join(olderIDs(page), " "); got != row.want {
			t.Errorf("%s above %s: %s, want %s", row.who.ID, row.from, got, row.want)
		}
		if page.MaxID != "8" {
			t.Errorf("%s above %s: maxID %q", row.who.ID, row.from, page.MaxID)
		}
		if reset := strings.Trim(row.from, `"`) > "8" && row.from != "null"; page.Reset != reset {
			t.Errorf("above %s: reset %v", row.from, page.Reset)
		}
	}
	// What is deleted in the same call is gone from its answer, too.
	older := client.OlderPoll{Client: p.Client, At: chat.Position{ID: 8}}
	page := must[client.OlderPage](t)(older.Next(soon(t), message("nine"), remove(9), message("eleven")))
	if got := olderIDs(page); !slices.Equal(got, []string{"11"}) {
		t.Errorf("%q", got)
	}
	p.NeverReceived(t, "nine")
}

func TestPositionsOfOlderClients(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	must[client.Saved](t)(p.SaveActions(soon(t), "", message("x")))
	epoch := page(t, p, apitest.Plain).Epoch
	for _, row := range []struct {
		payload string
		n       int
		reset   bool
	}{
		{`{}`, 2, false},
		{`{"maxID":null}`, 2, false},
		{`{"maxID":""}`, 2, false},
		{`{"maxID":"0"}`, 2, false},
		{`{"maxID":1}`, 1, false},
		{`{"maxID":"2"}`, 0, false},
		{`{"maxID":3}`, 2, true},
		{`{"maxID":"99999999999999999999"}`, 2, true},
		{`{"maxID":-1}`, 2, true},
		{`{"maxID":"x"}`, 2, true},
		{`{"maxID":1.5}`, 2, true},
		{`{"maxID":[]}`, 2, true},
		{`{"maxID":"1","epoch":"` + string(epoch) + `"}`, 1, false},
		{`{"maxID":"1","epoch":"other"}`, 2, true},
		{`{"maxID":"1","epoch":""}`, 1, false},
		{`{"maxID":"1","ts_id":"TS1","actionQueue":null}`, 1, false},
	} {
		a := post(t, p, "/api/handleActions", row.payload)
		wantStatus(t, a, 200)
		var page client.OlderPage
		decode(t, a.Body, &page)
		if len(page.Data) != row.n || page.Reset != row.reset || page.MaxID != "2" || page.Epoch != epoch {
			t.Errorf("%s: %s", row.payload, a.Body)
		}
	}
	for _, payload := range []string{`{"actionQueue":{}}`, `{"actionQueue":"x"}`, `{"ts_id":7}`, `{"epoch":7}`} {
		wantProblem(t, post(t, p, "/api/handleActions", payload), 400, chat.BadRequest)
	}
}

func TestEveryoneAndNoTargetInOlderWords(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	for i, row := range []struct{ fields, recipients, code string }{
		{``, `[]`, ""},
		{`,"recipients":null`, `[]`, ""},
		{`,"recipients":""`, `[]`, ""},
		{`,"recipients":[]`, `[]`, ""},
		{`,"recipients":"groupChat"`, `[]`, ""},
		{`,"recipients":["groupChat"]`, `[]`, ""},
		{`,"recipients":["T1"]`, `["T1"]`, ""},
		{`,"recipients":"T1"`, "", "invalid_action"},
		{`,"recipients":["groupChat","T1"]`, "", "invalid_action"},
		{`,"target":null`, `[]`, ""},
		{`,"target":""`, `[]`, ""},
		{`,"target":"2"`, `[]`, ""}, // the first of these
		{`,"target":"pending-0"`, "", "invalid_action"},
		{`,"sessionID":"TS1","userID":"P2","isAdmin":true`, `[]`, ""},
	} {
		before := page(t, p, apitest.Plain).Max
		a := post(t, p, "/api/handleActions", fmt.Sprintf(`{"maxID":%d,"actionQueue":[{"type":"message","body":"%d"%s}]}`, before, i, row.fields))
		wantStatus(t, a, 200)
		var got client.OlderPage
		decode(t, a.Body, &got)
		switch {
		case row.code != "":
			if len(got.Errors) != 1 || string(got.Errors[0].Code) != row.code || len(got.Data) != 0 {
				t.Errorf("%s: %s", row.fields, a.Body)
			}
		case len(got.Data) != 1 || !strings.Contains(string(a.Body), `"recipients":`+row.recipients):
			t.Errorf("%s: %s", row.fields, a.Body)
		}
	}
}

// The queue of a lost answer is sent again, also by another login, and beside
// other transports.
func TestQueueSentAgainIsStoredOnce(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	queue := []chat.Draft{
		{Type: chat.Message, Body: "one", ClientTS: "2026-12-01T18:00:00.001Z"},
		{Type: chat.Message, Body: "two", ClientID: "c2", ClientTS: "2026-12-01T18:00:00.002Z"},
		{Type: chat.Reaction, Target: 2, Icon: chat.Sad, ClientTS: "2026-12-01T18:00:00.003Z"},
	}
	older := client.OlderPoll{Client: p.Client, At: chat.Position{ID: 1}}
	first := must[client.OlderPage](t)(older.Next(soon(t), queue...))
	other := client.OlderPoll{Client: s.Login("P1").Client, TS: apitest.Plain, At: chat.Position{ID: 1}}
	for range 2 {
		again := must[client.OlderPage](t)(other.Next(soon(t), queue...))
		if !slices.Equal(olderIDs(first), olderIDs(again)) || len(again.Data) != 3 {
			t.Errorf("%q, then %q", olderIDs(first), olderIDs(again))
		}
		other.At.ID = 1
	}
	saved := must[client.Saved](t)(p.SaveActions(soon(t), "", queue...))
	q := s.Enter("P1", apitest.Plain)
	for i, d := range queue {
		if id := chat.ActionID(i + 2); saved.Saved[i].ID != id || q.Save(d) != id {
			t.Errorf("%d. is %d, %d", i, saved.Saved[i].ID, q.Save(d))
		}
	}
	if got := page(t, p, apitest.Plain); got.Max != 4 {
		t.Errorf("max_id %d", got.Max)
	}
}

func TestNamingATherapySessionDoesNotEnterIt(t *testing.T) {
	s := apitest.New(t)
	p := s.Enter("P1", apitest.PrivateAny) // admitted there, once
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	saved := must[client.Saved](t)(p.SaveActions(soon(t), apitest.PrivateAny, message("there")))
	if saved.Saved[0].Error != nil {
		t.Error(saved.Saved[0].Error)
	}
	must[client.Saved](t)(p.SaveActions(soon(t), "", message("here")))
	if got := bodies(page(t, p, apitest.Plain).Actions); !slices.Contains(got, "here") || slices.Contains(got, "there") {
		t.Errorf("%q", got)
	}
	if me := must[client.Me](t)(p.Me(soon(t))); me.TS != apitest.Plain {
		t.Errorf("%+v", me)
	}
	if err := p.Client.Leave(soon(t)); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, get(t, p, "/api/getActions"), 403, chat.NotAdmitted)
	wantProblem(t, post(t, p, "/api/saveActions", "[]"), 403, chat.NotAdmitted)
	wantStatus(t, get(t, p, "/api/getActions?ts_id=TS1"), 200)
	if err := p.Client.Leave(soon(t)); err != nil { // again
		t.Fatal(err)
	}
}

func TestTargetsOfAnotherEpochAreNone(t *testing.T) {
	s := apitest.New(t)
	p := s.Login("P1")
	must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
	must[client.Saved](t)(p.SaveActions(soon(t), "", message("x")))
	epoch := string(page(t, p, apitest.Plain).Epoch)
	for e, ok := range map[string]bool{"": true, epoch: true, "other": false} {
		var saved client.Saved
		a := post(t, p, "/api/saveActions", `{"epoch":"`+e+`","actions":[{"type":"reaction","target":2,"icon":"sad"},{"type":"message","body":"y"}]}`)
		wantStatus(t, a, 200)
		decode(t, a.Body, &saved)
		if failed := saved.Saved[0].Error; (failed == nil) != ok || failed != nil && failed.Code != chat.NoSuchTarget || saved.Saved[1].Error != nil {
			t.Errorf("%q: %s", e, a.Body)
		}
	}
}
