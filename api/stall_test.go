package api_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// reads reads frames until it has what match accepts.
func reads(t *testing.T, k *client.Socket, match func(client.Frame) bool) client.Frame {
	t.Helper()
	for {
		f, err := k.Read()
		if err != nil {
			t.Fatal(err)
		}
		if match(f) {
			return f
		}
	}
}

// slow is a reader who has entered, caught up, and reads no more but by hand.
func slow(t *testing.T, s *apitest.Server, who chat.PID, ts chat.TSID) *client.Socket {
	t.Helper()
	k := must[*client.Socket](t)(s.Login(who).Client.Connect(soon(t)))
	if _, err := k.Enter(ts, chat.Position{}); err != nil {
		t.Fatal(err)
	}
	reads(t, k, func(f client.Frame) bool { return f.Type == "actions" })
	return k
}

func TestTooSlowAReaderIsToldSoAndHurtsNobody(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		ann, dr := s.Enter("P1", apitest.Plain), s.Enter("T1", apitest.Plain)
		k := slow(t, s, "P2", apitest.Plain)
		defer k.Close()
		ts, at := k.Position()
		synctest.Wait()
		start := time.Now()
		first := ann.Save(message("first"))
		for time.Since(start) < 9*time.Second { // blocked, but not for long enough
			begin := time.Now()
			dr.WaitFor(ann.Save(message(strings.Repeat("x", 10_000))))
			if d := time.Since(begin); d != 0 {
				t.Fatalf("others wait %v for one who does not read", d)
			}
			time.Sleep(300 * time.Millisecond)
		}
		reads(t, k, func(f client.Frame) bool { return len(f.Actions) > 0 && f.Actions[0].ID >= first })
		// It may go on: that write was let through in time.
		last := ann.Save(message("still there"))
		reads(t, k, func(f client.Frame) bool { return f.Max >= last })
		ts, at = k.Position()

		lost := ann.Save(message("not read in time"))
		time.Sleep(15 * time.Second)
		var err error
		for err == nil {
			_, err = k.Read()
		}
		var e *websocket.CloseError
		if !errors.As(err, &e) || e.Code != websocket.CloseTryAgainLater {
			t.Fatalf("too slow a reader is told %v", err)
		}
		again := s.Login("P2")
		again.Connect()
		again.EnterFrom(ts, at)
		again.WaitFor(lost)
	})
}

func TestStalledWriteShortened(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		ann := s.Enter("P1", apitest.Plain)
		k := slow(t, s, "P2", apitest.Plain)
		defer k.Close()
		ann.Save(message("x"))
		time.Sleep(1500 * time.Millisecond)
		var err error
		for err == nil {
			_, err = k.Read()
		}
		if !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
			t.Fatal(err)
		}
	}, func(o *apitest.Options) { o.API.WriteStall = time.Second })
}

// One who reads nothing holds up no stop: it has ten seconds in all.
func TestServerStopsWhileReadersAreBlocked(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		ann := s.Enter("P1", apitest.Plain)
		blocked := slow(t, s, "P2", apitest.Plain)
		defer blocked.Drop()
		ann.Save(message("x"))
		synctest.Wait()
		start := time.Now()
		s.API.Close()
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("closing took %v", d)
		}
		if e := ann.Closed(); e.Code != websocket.CloseGoingAway {
			t.Errorf("%v", e)
		}
	})
}

// What is said after a login has ended is not sent to it, even if its writer
// hears of both at once.
func TestEndedLoginOfABlockedReaderIsOver(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		ann := s.Enter("P1", apitest.Plain)
		var logins []*apitest.Person
		var sockets []*client.Socket
		for range 6 {
			p := s.Login("P2")
			k := must[*client.Socket](t)(p.Client.Connect(soon(t)))
			defer k.Drop()
			if _, err := k.Enter(apitest.Plain, chat.Position{}); err != nil {
				t.Fatal(err)
			}
			reads(t, k, func(f client.Frame) bool { return f.Type == "actions" })
			logins, sockets = append(logins, p), append(sockets, k)
		}
		ann.Save(message("x"))
		synctest.Wait() // all of them are blocked
		for _, p := range logins {
			if err := p.Logout(soon(t)); err != nil {
				t.Fatal(err)
			}
		}
		ann.WaitFor(ann.Save(message("after the logout")))
		for _, k := range sockets {
			var err error
			for err == nil {
				var f client.Frame
				if f, err = k.Read(); strings.Contains(string(f.Raw), "after the logout") {
					t.Errorf("received %s", f.Raw)
				}
			}
			if !websocket.IsCloseError(err, 4401) {
				t.Error(err)
			}
		}
	})
}
