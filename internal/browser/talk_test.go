package browser_test

import (
	"testing"

	. "hearth/internal/browser"
)

func TestTwoPeopleTalkInTheDemo(t *testing.T) {
	c := haveChromium(t)
	_ = c
	demo := ok[*Demo](t)(RunDemo(t.Context(), ok[string](t)(binary())))
	t.Cleanup(func() {
		if err := demo.Stop(); err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	howell := window(t, demo, 1280, "/")
	must(t,
		howell.LogIn("+1 650 555 0100", "howell"),
		howell.See(Heading("Your sessions")),
		howell.Press(In(Article(eveningGroup), Button("Enter"))),
		howell.See(Heading(eveningGroup)),
	)
	// The deep link survives the login; the phone is narrow.
	gilligan := window(t, demo, 360, "/?ts=TS1")
	must(t,
		gilligan.LogIn("650 555 0123", "DENVER"),
		gilligan.See(Heading(eveningGroup)),
		howell.Say("Hello Gilligan"),
		gilligan.See(Message("Hello Gilligan")),
		gilligan.Say("Good evening"),
		howell.See(Message("Good evening")),
	)
	skipper := window(t, demo, 360, "/?ts=TS1&transport=poll")
	must(t,
		skipper.LogIn("650 555 0125", "Grumby"),
		skipper.Press(`//a[contains(normalize-space(.), "Where are you today?")]`),
		skipper.Type(`//input[@id="note"]`, "At home"),
		skipper.Press(Button("Done")),
		skipper.See(Heading(eveningGroup)),
		skipper.Say("Here I am"),
		gilligan.See(Message("Here I am")),
	)
}
