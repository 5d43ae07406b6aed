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

func TestDeletedTextGoesToNoParticipantByAnyWay(t *testing.T) {
	s := apitest.New(t)
	ann, bob, dr := s.Enter("P1", apitest.Plain), s.Enter("P2", apitest.Plain), s.Enter("T1", apitest.Plain)
	away := s.Enter("P3", apitest.Plain)
	_, at := away.Socket.Position()
	away.HangUp()
	said := ann.Save(message("a slip of the tongue"))
	bob.WaitFor(said)
	reply := bob.Save(chat.Draft{Type: chat.Message, Body: "what?", Target: said})
	note := dr.Save(notice("a notice that was wrong"))
	heart := bob.Save(react(said, chat.Heart))
	deletes := map[chat.ActionID]chat.ActionID{said: ann.Save(remove(said)), note: dr.Save(remove(note)), heart: bob.Save(remove(heart))}
	last := dr.Save(notice("marker"))

	want := func(how string, actions []client.Action) {
		t.Helper()
		for target, id := range deletes {
			i := slices.IndexFunc(actions, func(a client.Action) bool { return a.ID == target })
			j := slices.IndexFunc(actions, func(a client.Action) bool { return a.ID == id })
			if i < 0 || j < 0 {
				t.Errorf("%s: %d or its delete %d is not there", how, target, id)
				continue
			}
			a := actions[i]
			if !a.Deleted || a.Body != "" || a.Target != 0 || a.Icon != "" || a.Timestamp == "" || a.Type == "" || a.ClientID != "" {
				t.Errorf("%s: %+v", how, a)
			}
			if actions[j].Target != target || actions[j].Type != "delete" {
				t.Errorf("%s: %+v", how, actions[j])
			}
		}
		if i := slices.IndexFunc(actions, func(a client.Action) bool { return a.ID == reply }); i < 0 || actions[i].Body != "what?" || actions[i].Target != said {
			t.Errorf("%s: the reply is %+v", how, actions[i])
		}
	}
	away.Connect()
	away.EnterFrom(apitest.Plain, at)
	want("a socket that comes back", away.Actions())
	want("getActions", page(t, away, apitest.Plain).Actions)
	raw := string(get(t, away, "/api/getActions?ts_id=TS1").Body)
	if tombstone := fmt.Sprintf(`{"id":%d,"type":"message","user":"P1","timestamp":"2026-12-01T18:00:00.000Z","recipients":[],"deleted":true}`, said); !strings.Contains(raw, tombstone) {
		t.Errorf("no %s in %s", tombstone, raw)
	}
	held := must[client.Page](t)(away.GetActions(soon(t), client.Query{TS: apitest.Plain, From: at, Wait: 1e9}))
	want("a wait", held.Actions)
	for limit := range 5 { // also where a page ends in between
		poll := client.Poll{Client: away.Client, Query: client.Query{TS: apitest.Plain, Limit: limit + 1}}
		var all []client.Action
		for {
			p := must[client.Page](t)(poll.Next(soon(t)))
			all = append(all, p.Actions...)
			if !p.More {
				break
			}
		}
		want("pages", all)
	}
	older := client.OlderPoll{Client: away.Client, TS: apitest.Plain}
	for range 2 {
		for _, a := range must[client.OlderPage](t)(older.Next(soon(t))).Data {
			for target, id := range deletes {
				if a.ID == fmt.Sprint(target) || a.ID == fmt.Sprint(id) {
					t.Errorf("an older client gets %+v", a)
				}
			}
		}
		older.At = at // has heard of none of them
	}
	author := s.Enter("P1", apitest.Plain)
	want("their author", author.Actions())
	for _, text := range []string{"slip of the tongue", "was wrong"} {
		away.NeverReceived(t, text)
		author.NeverReceived(t, text)
	}
	bob.WaitFor(last) // who was there saw it, and then its delete
	if got := bob.WaitFor(deletes[said]); got.Target != said {
		t.Errorf("%+v", got)
	}

	again := s.Enter("T1", apitest.Plain)
	for _, actions := range [][]client.Action{again.Actions(), page(t, again, apitest.Plain).Actions} {
		for target, text := range map[chat.ActionID]string{said: "a slip of the tongue", note: "a notice that was wrong", heart: ""} {
			i := slices.IndexFunc(actions, func(a client.Action) bool { return a.ID == target })
			if a := actions[i]; !a.Deleted || a.Body != text {
				t.Errorf("the therapist gets %+v", a)
			}
		}
	}
}

func TestDeletingAReactionTakesItBack(t *testing.T) {
	s := apitest.New(t)
	ann := s.Enter("P1", apitest.Plain)
	said := ann.Save(message("x"))
	first := ann.Save(react(said, chat.Smile))
	if again := ann.Save(react(said, chat.Smile)); again != first {
		t.Errorf("%d and %d", first, again)
	}
	del := ann.Save(remove(first))
	if again := ann.Save(remove(first)); again != del {
		t.Errorf("%d and %d", del, again)
	}
	if second := ann.Save(react(said, chat.Smile)); second <= del {
		t.Errorf("it comes again as %d", second)
	}
}
