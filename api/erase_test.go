package api_test

import (
	"strings"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
	"hearth/store"
)

func TestWhatIsErasedVanishesFromEveryReader(t *testing.T) {
	s := apitest.New(t)
	ann, bob, dr := s.Enter("P1", apitest.Plain), s.Enter("P2", apitest.Plain), s.Enter("T1", apitest.Plain)
	said := ann.Save(message("what nobody shall read"))
	bob.WaitFor(said)
	dr.WaitFor(said)
	poll := client.OlderPoll{Client: bob.Client, TS: apitest.Plain}
	must[client.OlderPage](t)(poll.Next(soon(t)))
	last := bob.Save(message("and what stays"))
	for _, p := range []*apitest.Person{ann, bob, dr} {
		p.WaitFor(last)
	}
	if _, err := s.Store.Erase(t.Context(), "operator", store.Erasure{Session: apitest.Plain, Action: said}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*apitest.Person{ann, bob, dr} {
		f := p.Await("to be told to start over", func(f client.Frame) bool { return f.Type == "actions" && f.Reset })
		for _, a := range f.Actions {
			if a.ID == said && (!a.Deleted || a.Body != "") {
				t.Errorf("%s gets %+v", p.ID, a)
			}
		}
		if raw := string(get(t, p, "/api/getActions?ts_id=TS1").Body); strings.Contains(raw, "nobody shall read") || !strings.Contains(raw, "what stays") {
			t.Errorf("%s gets %s", p.ID, raw)
		}
	}
	older := must[client.OlderPage](t)(poll.Next(soon(t)))
	if !older.Reset {
		t.Errorf("an older client is not told to start over: %+v", older)
	}
	for _, a := range older.Data {
		if strings.Contains(a.Body, "nobody shall read") {
			t.Errorf("an older client gets %+v", a)
		}
	}
	// The talk goes on.
	next := ann.Save(chat.Draft{Type: chat.Message, Body: "on", Target: last})
	for _, p := range []*apitest.Person{bob, dr} {
		p.WaitFor(next)
	}
}
