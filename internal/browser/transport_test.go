package browser_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "hearth/internal/browser"
)

func TestOtherWaysWhereWebSocketsAreBlocked(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	p := through(t, s)
	p.NoSocket(true)
	g := window(t, p, 360, "")
	g.BadNetwork()
	must(t, g.Use(login(t, p, gilligan)), g.Go("/?ts=TS1"), g.See(Log))
	h := in(t, s, howell, 1280, "TS1", eveningGroup)

	await := func(what string, is func(Request) bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if err := p.Await(ctx, len(p.Requests(0)), is); err != nil {
			t.Fatalf("%s: %v; there was %v", what, err, p.Requests(0))
		}
	}
	read := func(held bool) func(Request) bool {
		return func(r Request) bool {
			return r.Path == "/api/getActions" && strings.Contains(r.Query, "wait=") == held
		}
	}
	both := func(way string) {
		t.Helper()
		must(t, h.Say("To you, "+way), g.See(Message("To you, "+way)), g.Say("To all, "+way), h.See(Message("To all, "+way)))
	}
	both("held") // a message that comes ends a held call, and another begins
	await("long polling", read(true))

	p.NoHold(true)
	await("polling", read(false))
	both("polled")
	for _, r := range p.Requests(0) {
		if strings.Contains(r.Query, "token") {
			t.Errorf("a request tells a secret in its address: %s", r.Path)
		}
	}
	must(t, g.See(`//*[@aria-label="Connection"]`))
}

func TestASlowLineIsNoDeadLine(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	p := through(t, s)
	g := in(t, p, gilligan, 360, "TS1", eveningGroup)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	p.Latency(time.Second)
	must(t, g.Say("Slowly"), h.See(Message("Slowly")), h.Say("But surely"), g.See(Message("But surely")))
	if there := ok[bool](t)(g.Sees(Text("No connection."))); there {
		t.Error("the page says that there is no connection")
	}
	p.Latency(0)
}
