package browser_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hearth/internal/browser"
)

func start(t *testing.T) (*browser.Demo, *browser.Chromium) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	chromium, err := browser.StartChromium(ctx)
	if errors.Is(err, browser.ErrNone) {
		t.Skip("chromium is not installed: the pages are not tried in a browser")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Stop)
	demo, err := browser.StartDemo(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := demo.Stop(); err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	return demo, chromium
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, c *browser.Chromium, d *browser.Demo, width int64, path string) *browser.Window {
	w, err := c.Open(d, width, 720, path)
	must(t, err)
	t.Cleanup(func() {
		for _, f := range w.Faults() {
			t.Errorf("the page reported: %s", f)
		}
		w.Close()
	})
	return w
}

func TestTwoPeopleTalkInTheDemo(t *testing.T) {
	demo, chromium := start(t)
	howell := open(t, chromium, demo, 1280, "/")
	must(t,
		howell.LogIn("+1 650 555 0100", "howell"),
		howell.See(browser.Heading("Your sessions")),
		howell.Press(`//article[.//*[normalize-space(.)="Evening group"]]//button[normalize-space(.)="Enter"]`),
		howell.See(browser.Heading("Evening group")),
	)
	// The deep link survives the login; the phone is narrow.
	gilligan := open(t, chromium, demo, 360, "/?ts=TS1")
	must(t,
		gilligan.LogIn("650 555 0123", "DENVER"),
		gilligan.See(browser.Heading("Evening group")),
		howell.Say("Hello Gilligan <b>&amp;</b>"),
		gilligan.See(browser.Message("Hello Gilligan <b>&amp;</b>")),
		gilligan.Say("Good evening"),
		howell.See(browser.Message("Good evening")),
		// Somebody on the slowest transport hears the same.
		gilligan.See(browser.Message("Good evening")),
	)
	ann := open(t, chromium, demo, 360, "/?ts=TS1&transport=poll")
	must(t,
		ann.LogIn("650 555 0124", "Summers"),
		ann.See(browser.Message("Good evening")),
		howell.Say("Welcome, Mary Ann"),
		ann.See(browser.Message("Welcome, Mary Ann")),
		ann.Say("Sorry I am late"),
		gilligan.See(browser.Message("Sorry I am late")),
		howell.Press(browser.Button("End session")),
		howell.Press(browser.Button("End now")),
		gilligan.See(`//section[@aria-label="The session has ended" or .//*[normalize-space(.)="The session has ended"]]`),
		ann.See(`//section[@aria-label="The session has ended" or .//*[normalize-space(.)="The session has ended"]]`),
	)
}

func TestASurveyLeadsBackIntoTheSession(t *testing.T) {
	demo, chromium := start(t)
	skipper := open(t, chromium, demo, 360, "/?ts=TS1")
	must(t,
		skipper.LogIn("650 555 0125", "Grumby"),
		skipper.Press(`//a[contains(normalize-space(.), "Where are you today?")]`),
		skipper.Type(`//input[@id="note"]`, "At home"),
		skipper.Press(browser.Button("Done")),
		skipper.See(browser.Heading("Evening group")),
		skipper.Say("Here I am"),
		skipper.See(browser.Message("Here I am")),
	)
}
