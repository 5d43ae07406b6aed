// Screenshot makes docs/demo.png: a moment in the demo's first session, as the
// therapist sees it. Run it from the top of the project: go run
// ./docs/screenshot
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/chromedp"

	"hearth/internal/browser"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "hearth-screenshot-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	demo, err := browser.StartDemo(ctx, dir)
	if err != nil {
		return err
	}
	defer demo.Stop()
	chromium, err := browser.StartChromium(ctx)
	if err != nil {
		return err
	}
	defer chromium.Stop()
	howell, err := chromium.Open(demo, 1100, 720, "/?ts=TS1")
	if err != nil {
		return err
	}
	gilligan, err := chromium.Open(demo, 360, 720, "/?ts=TS1")
	if err != nil {
		return err
	}
	err = errors.Join(
		howell.LogIn("650 555 0100", "Howell"),
		howell.See(browser.Heading("Evening group")),
		gilligan.LogIn("650 555 0123", "Denver"),
		gilligan.See(browser.Heading("Evening group")),
		howell.Say("What helped you this week?"),
		gilligan.See(browser.Message("What helped you this week?")),
		gilligan.Say("Calling my sister. And the breathing exercise, on the bus."),
		howell.See(browser.Message("Calling my sister. And the breathing exercise, on the bus.")),
	)
	if err != nil {
		return err
	}
	if err := howell.Do(chromedp.Sleep(300 * time.Millisecond)); err != nil { // smooth scrolling
		return err
	}
	png, err := howell.Screenshot()
	if err != nil {
		return err
	}
	return os.WriteFile("docs/demo.png", png, 0o644)
}
