package api_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// held is a long poll that is under way.
type held struct {
	page  chan client.Page
	err   chan error
	start time.Time
}

func hold(t *testing.T, p *apitest.Person, q client.Query) *held {
	t.Helper()
	h := &held{make(chan client.Page, 1), make(chan error, 1), time.Now()}
	ctx := soon(t)
	go func() {
		page, err := p.GetActions(ctx, q)
		h.page <- page
		h.err <- err
	}()
	synctest.Wait() // it waits by now, or is answered
	return h
}

// answered is the answer and how long it took.
func (h *held) answered(t *testing.T) (client.Page, time.Duration) {
	t.Helper()
	page, err := <-h.page, <-h.err
	if err != nil {
		t.Fatal(err)
	}
	return page, time.Since(h.start)
}

func (h *held) isHeld(t *testing.T, what string) {
	t.Helper()
	synctest.Wait()
	if len(h.page) > 0 {
		t.Errorf("answered because of %s: %+v", what, <-h.page)
	}
}

func TestLongPoll(t *testing.T) {
	const ts = apitest.PrivateAny
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		ann, bob, dr := s.Enter("P1", ts), s.Enter("P2", ts), s.Enter("T1", ts)
		p := s.Login("P3")
		must[client.Entered](t)(p.Client.Enter(soon(t), ts))
		start := page(t, p, ts)
		wait := func(at chat.Position) *held {
			return hold(t, p, client.Query{TS: ts, From: at, Wait: 25 * time.Second})
		}

		h := wait(chat.Position{})
		if got, d := h.answered(t); d != 0 || len(got.Actions) == 0 {
			t.Errorf("with something to read: %+v after %v", got, d)
		}
		h = wait(start.Position())
		time.Sleep(3 * time.Second)
		id := ann.Save(message("to all"))
		if got, d := h.answered(t); d != 3*time.Second || len(got.Actions) != 1 || got.Actions[0].ID != id || got.Max != id {
			t.Errorf("%+v after %v", got, d)
		}

		h = wait(chat.Position{Epoch: start.Epoch, ID: id})
		ann.Save(message("between us", "P2"))
		h.isHeld(t, "a private message of others")
		bob.Save(message("between us", "T1"))
		h.isHeld(t, "another")
		must[client.Person](t)(dr.Moderate(soon(t), ts, "P2", chat.Admit))
		h.isHeld(t, "a change of somebody else's standing")
		s.SetRoster(func(now *chat.Roster) *chat.Roster {
			return &chat.Roster{People: now.People, Sessions: now.Sessions}
		})
		h.isHeld(t, "a new roster that changes nothing here")
		if err := ann.Socket.Typing(); err != nil {
			t.Fatal(err)
		}
		h.isHeld(t, "somebody's typing")
		got, d := h.answered(t)
		if d != 25*time.Second || len(got.Actions) != 0 || got.Reset || got.More || got.Max != id+2 {
			t.Errorf("with nothing to read: %+v after %v", got, d)
		}

		h = wait(got.Position())
		s.API.Drain()
		if again, d := h.answered(t); d != 0 || len(again.Actions) != 0 || again.Max != got.Max {
			t.Errorf("when the server stops: %+v after %v", again, d)
		}
		h = wait(got.Position())
		if _, d := h.answered(t); d != 0 {
			t.Errorf("while it stops: held for %v", d)
		}
	})
}

func TestLongPollAnswersAtOnceWhatIsOfAnotherLog(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Login("P1")
		must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
		for _, at := range []chat.Position{{ID: 99}, {Epoch: "other", ID: 1}, {Epoch: "other"}} {
			got, d := hold(t, p, client.Query{From: at, Wait: 55 * time.Second}).answered(t)
			if !got.Reset || d != 0 || len(got.Actions) != 1 {
				t.Errorf("%+v: %+v after %v", at, got, d)
			}
		}
	})
}

// A client that hangs up holds nothing.
func TestLongPollThatIsGivenUp(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Login("P1")
		must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
		at := page(t, p, apitest.Plain)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.GetActions(ctx, client.Query{From: at.Position(), Wait: 55 * time.Second})
		if err == nil {
			t.Fatal("it was answered")
		}
		start := time.Now()
		s.Restart() // waits for every handler
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("a handler went on for %v", d)
		}
	})
}

func TestPollingIsPresence(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		dr := s.Login("T1")
		status := func(who chat.PID) string {
			t.Helper()
			for _, p := range must[client.Detail](t)(dr.Detail(soon(t), apitest.Plain)).Participants {
				if p.ID == who {
					return p.Status
				}
			}
			return ""
		}
		want := func(what, s string) {
			t.Helper()
			if got := status("P1"); got != s {
				t.Errorf("%s: %s, want %s", what, got, s)
			}
		}
		notices := func() []string {
			t.Helper()
			return bodies(page(t, dr, apitest.Plain).Actions)
		}
		p := s.Login("P1")
		want("at first", "offline")
		must[client.Entered](t)(p.Client.Enter(soon(t), apitest.Plain))
		want("entered", "online")
		poll := client.Poll{Client: p.Client}
		for range 5 {
			time.Sleep(70 * time.Second)
			must[client.Page](t)(poll.Next(soon(t)))
		}
		want("while polling", "online")
		time.Sleep(70 * time.Second)
		want("70 s later", "online")
		time.Sleep(15 * time.Second)
		want("85 s later", "offline")
		must[client.Page](t)(poll.Next(soon(t)))
		want("back", "online")
		older := client.OlderPoll{Client: p.Client}
		for range 3 {
			time.Sleep(70 * time.Second)
			must[client.OlderPage](t)(older.Next(soon(t)))
		}
		want("while an older client polls", "online")
		// Reading another therapy session by name is no presence there, and
		// none in the current one.
		time.Sleep(85 * time.Second)
		get(t, p, "/api/getActions?ts_id="+string(apitest.PrivateAny))
		want("polling elsewhere", "offline")
		must[client.Page](t)(poll.Next(soon(t)))
		if err := p.Leave(soon(t)); err != nil {
			t.Fatal(err)
		}
		want("left", "offline")
		joined, left := "Gilligan has joined the session", "Gilligan has left the session"
		got := notices()
		if len(got) != 6 || got[0] != joined || got[1] != left || got[2] != joined || got[3] != left || got[4] != joined || got[5] != left {
			t.Errorf("%q", got)
		}
	})
}

func TestReconnectingIsNoArrival(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Enter("P1", apitest.Plain)
		other := s.Enter("P1", apitest.Plain)
		p.Drop()
		time.Sleep(time.Hour)
		p.Reconnect()
		p.Drop()
		other.Drop()
		time.Sleep(70 * time.Second)
		p.Reconnect()
		time.Sleep(time.Minute)
		s.Restart()
		time.Sleep(30 * time.Second)
		p.Reconnect()
		time.Sleep(time.Hour)
		if got := bodies(page(t, p, apitest.Plain).Actions); len(got) != 1 {
			t.Errorf("%q", got)
		}
		p.HangUp()
		time.Sleep(80 * time.Second)
		dr := s.Login("T1")
		if got := bodies(page(t, dr, apitest.Plain).Actions); len(got) != 2 || got[1] != "Gilligan has left the session" {
			t.Errorf("%q", got)
		}
	})
}
