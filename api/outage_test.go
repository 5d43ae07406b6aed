package api_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// ready waits until the store can write again.
func ready(t *testing.T, p *apitest.Person) {
	t.Helper()
	for start := time.Now(); get(t, p, "/readyz").Status != 200; time.Sleep(100 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("the store does not come back")
		}
	}
}

// While the store cannot write, what saves is refused as a whole, on a
// WebSocket action by action, and that means unknown. Reads go on.
func TestOutage(t *testing.T) {
	for _, stored := range []bool{false, true} {
		t.Run(fmt.Sprint("what fails is stored: ", stored), func(t *testing.T) {
			inMemory(t, func(t *testing.T, s *apitest.Server) { outage(t, s, stored) })
		})
	}
}

func outage(t *testing.T, s *apitest.Server, stored bool) {
	const ts = apitest.Plain
	dr, ann := s.Enter("T1", ts), s.Enter("P1", ts)
	bob := s.Login("P2")
	must[client.Entered](t)(bob.Client.Enter(soon(t), ts))
	said := ann.Save(message("before"))
	dr.WaitFor(said)
	s.Disk.Break(stored)

	mine := chat.Draft{Type: chat.Message, Body: "meanwhile", ClientID: "a1"}
	if err := ann.Socket.SendRaw(1, []byte(`{"type":"save","ref":"out","actions":[`+string(client.EncodeDraft(mine))+`,{"type":"nonsense"}]}`)); err != nil {
		t.Fatal(err)
	}
	f := ann.Await("the results", func(f client.Frame) bool { return f.Ref == "out" })
	if f.Type != "saved" || len(f.Results) != 2 || f.Results[0].Error == nil || f.Results[0].Error.Code != chat.StorageUnavailable ||
		f.Results[0].Error.RetryAfter == 0 || f.Results[1].Error == nil || f.Results[1].Error.Code != chat.InvalidAction {
		t.Errorf("%s", f.Raw)
	}
	for path, body := range map[string]string{
		"/api/saveActions":         `[{"type":"message","body":"meanwhile","client_id":"b1"},{"type":"nonsense"}]`,
		"/api/handleActions":       `{"actionQueue":[{"type":"message","body":"meanwhile","client_ts":"b2"}]}`,
		"/api/enterTherapySession": `{"ts_id":"TS7"}`,
		"/api/login":               `{"phone":"+16505550104","field":"Summers"}`,
		"/api/verify":              `{"challenge":"x","code":"1"}`,
		"/api/leaveTherapySession": "",
		"/api/logout":              "",
	} {
		if e := wantProblem(t, post(t, bob, path, body), 503, chat.StorageUnavailable); e.RetryAfter == 0 {
			t.Errorf("%s: no retry_after", path)
		}
	}
	for path, body := range map[string]string{
		"/api/updateParticipants": `{"ts_id":"TS1","p_id":"P2","action":"mute"}`, "/api/code": `{"p_id":"P1"}`, "/api/unlock": `{"p_id":"P1"}`,
	} {
		wantProblem(t, post(t, dr, path, body), 503, chat.StorageUnavailable)
	}
	wantProblem(t, get(t, bob, "/readyz"), 503, chat.StorageUnavailable)
	for _, path := range []string{
		"/healthz", "/api/me", "/api/getTherapySessions", "/api/getTherapySessionDetail?ts_id=TS1", "/api/getActions",
		"/api/getActions?wait=1s", "/api/getTherapySessionAssessments?ts_id=TS1",
	} {
		wantStatus(t, get(t, bob, path), 200)
	}
	wantStatus(t, post(t, bob, "/api/handleActions", `{}`), 200)
	if got := page(t, bob, ts); got.Max != said {
		t.Errorf("somebody reads what is not known to be stored: %+v", got)
	}
	ann.Reconnect() // and reads on
	if !ann.Open() {
		t.Error("a socket does not outlive an outage")
	}

	s.Disk.Mend()
	ready(t, bob)
	// Asked again, each has one true answer.
	id := ann.Save(mine)
	if again := ann.Save(mine); again != id || id <= said {
		t.Errorf("%d, then %d", id, again)
	}
	for range 2 {
		wantStatus(t, post(t, bob, "/api/saveActions", `[{"type":"message","body":"meanwhile","client_id":"b1"}]`), 200)
		wantStatus(t, post(t, bob, "/api/handleActions", `{"actionQueue":[{"type":"message","body":"meanwhile","client_ts":"b2"}]}`), 200)
	}
	dr.WaitFor(dr.Save(notice("marker")))
	n := 0
	for _, b := range bodies(dr.Actions()) {
		if b == "meanwhile" {
			n++
		}
	}
	if got := len(page(t, dr, ts).Actions); n != 3 || got != len(dr.Actions()) {
		t.Errorf("%d of 3 are there; a socket has %d actions, the log %d", n, len(dr.Actions()), got)
	}
	s.Login("P3") // and so do logins
}

// A reader who waits is told what came to light after an outage.
func TestWhatAnOutageLeftBehindReachesReaders(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		ann, bob := s.Enter("P1", apitest.Plain), s.Enter("P2", apitest.Plain)
		synctest.Wait() // until all of it is in the log
		at := page(t, bob, apitest.Plain)
		h := hold(t, s.Login("P2"), client.Query{TS: apitest.Plain, From: at.Position(), Wait: 55 * time.Second})
		s.Disk.Break(true)
		if r := ann.Try(message("stored after all")); r.Error == nil || r.Error.Code != chat.StorageUnavailable {
			t.Fatalf("%+v", r)
		}
		s.Disk.Mend()
		ready(t, bob)
		bob.WaitFor(at.Max + 1)
		if got, _ := h.answered(t); len(got.Actions) != 1 || got.Actions[0].Body != "stored after all" {
			t.Errorf("%+v", got)
		}
	})
}
