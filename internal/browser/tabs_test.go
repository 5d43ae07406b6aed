package browser_test

import (
	"slices"
	"testing"

	. "hearth/internal/browser"
)

func TestTwoTabsAreOnePerson(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	one := in(t, s, gilligan, 360, "TS1", eveningGroup)
	two := tab(t, one, "/?ts=TS1")
	must(t, two.See(Log), one.Say("From the first"), two.See(Message("From the first")), two.Say("From the second"), one.See(Message("From the second")))
	must(t, h.Show("People"))
	two.Close()
	must(t, h.Say("Still there?"), one.See(Message("Still there?")), one.Say("Yes"), h.See(Message("Yes")))
	if n := ok[int](t)(h.Count(In(Log, Text("Gilligan has left")))); n != 0 {
		t.Error("closing one of two tabs counts as leaving")
	}
	if n := ok[int](t)(h.Count(In(Log, Text("Gilligan has joined")))); n != 1 {
		t.Errorf("they have joined %d times", n)
	}
}

func TestAReloadKeepsWhatIsNotSent(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	p := through(t, s)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	g := as(t, p, gilligan, 360, "/?ts=TS1&transport=poll")
	must(t, g.See(Log), g.Say("First"), h.See(Message("First")))
	g.BadNetwork()
	p.Refuse("/api/saveActions")
	pending := In(Log, `//*[contains(normalize-space(.), "Sending") or contains(normalize-space(.), "Is sent when") or contains(normalize-space(.), "Not sent.")]`)
	must(t,
		g.Say("Not sent"), g.See(Message("Not sent")),
		g.Type(Composer, "Half a sen"),
		g.Reload(),
		g.See(Message("Not sent")),
		g.Until(`document.querySelector('textarea').value === 'Half a sen'`),
	)
	// A copy of the tab has a copy of what waits in it; it is still one message.
	copied := watched(t, ok[*Window](t)(g.Duplicate()), nil)
	must(t, copied.See(Message("Not sent")))
	p.Refuse()
	must(t, h.See(Message("Not sent")), g.Gone(pending), copied.Gone(pending))
	must(t, g.Type(Composer, "tence"), g.Press(Button("Send")), h.See(Message("Half a sentence")), copied.See(Message("Half a sentence")))
	must(t, copied.Run(`0`), g.Reload(), g.See(Message("Half a sentence")))
	if got, want := messages(t, s, "TS1"), []string{"First", "Not sent", "Half a sentence"}; !slices.Equal(got, want) {
		t.Errorf("the log holds %q, want %q", got, want)
	}
	for _, w := range []*Window{g, copied} {
		if n := ok[int](t)(w.Count(Message("Not sent"))); n != 1 {
			t.Errorf("it is shown %d times", n)
		}
	}
}

func TestALoginThatEndsElsewhereKeepsTheDraft(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	c := login(t, s, gilligan)
	g := window(t, s, 360, "")
	must(t, g.Use(c), g.Go("/?ts=TS1"), g.See(Log), g.Type(Composer, "I wanted to say"))
	must(t, c.Logout(t.Context()), g.See(Heading("Log in")), g.See(Text("You have been logged out.")))
	must(t,
		g.LogIn("650 555 0123", "Denver"),
		g.See(Heading(eveningGroup)),
		g.Until(`document.querySelector('textarea').value === 'I wanted to say'`),
	)
}

func TestSomebodyElseInTheSameTabGetsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	c := login(t, s, gilligan)
	g := window(t, s, 360, "")
	must(t, g.Use(c), g.Go("/?ts=TS1"), g.See(Log), g.Type(Composer, "Only mine"))
	must(t, c.Logout(t.Context()), g.See(Heading("Log in")))
	must(t, g.LogIn("650 555 0124", "Summers"), g.See(Log), g.See(Box("Message")))
	if v := ok[string](t)(Value[string](g, `document.querySelector('textarea').value`)); v != "" {
		t.Errorf("the next person finds %q", v)
	}
	kept := ok[string](t)(Value[string](g, `JSON.stringify(Object.entries(sessionStorage))`))
	if slices.ContainsFunc([]string{"P123", "Only mine", "0123"}, func(s string) bool { return contains(kept, s) }) {
		t.Errorf("the tab still keeps %s", kept)
	}
}
