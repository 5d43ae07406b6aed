package browser_test

import (
	"errors"
	"testing"
	"time"

	"hearth/api/client"
	. "hearth/internal/browser"
)

func TestLeavingQuickly(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	for _, c := range []struct {
		name  string
		leave func(*Window) error
	}{
		{"by the button", func(w *Window) error { return w.Press(Button("Leave quickly")) }},
		{"by Escape twice", func(w *Window) error { return errors.Join(w.Keys(Escape), w.Keys(Escape)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := login(t, s, gilligan)
			g := window(t, s, 360, "")
			g.BadNetwork() // the page that it leads to may not be reachable
			must(t, g.Use(l), g.Go("/"), g.See(Heading("Your sessions")), g.Press(In(Article(eveningGroup), Button("Enter"))), g.See(Log))
			must(t, g.Say("Somebody is coming"), g.See(Message("Somebody is coming")), g.Type(Box("Message"), "I must"))
			other := tab(t, g, "/?ts=TS1") // the same login
			other.BadNetwork()
			must(t, other.See(Message("Somebody is coming")), c.leave(g))
			must(t, other.Until(`!document.querySelector('h1, textarea')`))
			must(t, g.Until(`!document.querySelector('[role=log]') && !document.querySelector('h1, textarea')`))
			tick, late := time.NewTicker(20*time.Millisecond), time.After(20*time.Second)
			defer tick.Stop()
			for {
				_, err := l.Me(t.Context())
				if p := (*client.Problem)(nil); errors.As(err, &p) && p.Status == 401 {
					break
				}
				select {
				case <-tick.C:
				case <-late:
					t.Fatalf("the login has not ended: %v", err)
				}
			}
			for range 3 { // Back never shows the chat
				if g.Back() != nil {
					break
				}
				text := ok[string](t)(Value[string](g, `document.body ? document.body.innerText : ''`))
				if contains(text, "Somebody is coming") || contains(text, eveningGroup) {
					t.Errorf("Back shows %q", text)
				}
			}
			must(t, g.Go("/"), g.See(Heading("Log in")))
			if left := ok[[]string](t)(storage(g)); len(left) > 0 {
				t.Errorf("the browser keeps %q", left)
			}
		})
	}
}
