package browser

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// Chromium is one running browser.
type Chromium struct {
	ctx  context.Context
	stop context.CancelFunc
}

// StartChromium starts a headless browser; it ends with ctx or Stop.
func StartChromium(ctx context.Context) (*Chromium, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, ErrNone
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		// A mouse, whether or not the machine has one.
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"),
		chromedp.Flag("lang", "en-US"), chromedp.Flag("force-color-profile", "srgb"))
	alloc, stopAlloc := chromedp.NewExecAllocator(ctx, options...)
	browser, stopBrowser := chromedp.NewContext(alloc)
	c := &Chromium{ctx: browser, stop: func() { stopBrowser(); stopAlloc() }}
	if err := chromedp.Do(browser); err != nil {
		c.stop()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	return c, nil
}

// Stop ends the browser.
func (c *Chromium) Stop() { c.stop() }
