package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"hearth/api/client"
)

// Window is one window. Its cookies and storage are its own, or shared with
// the window that it was opened from.
type Window struct {
	site  Site
	ctx   context.Context
	close context.CancelFunc

	mu      sync.Mutex
	faults  []string
	asked   []string // dialogs that the page opened
	sent    []json.RawMessage
	forgive bool
	failed  bool          // a step has
	wake    chan struct{} // closed and replaced at each frame sent
}

// Life is how long a window may be used.
const Life = 4 * time.Minute

// Open opens a private window of width × height CSS pixels at path of the
// site.
func (c *Chromium) Open(site Site, width, height int64, path string) (*Window, error) {
	return (&Window{site: site}).open(c.ctx, width, height, path, chromedp.WithNewBrowserContext())
}

// Tab opens another tab beside this one: the same cookies, a storage of its
// own, and the same [Window.BadNetwork].
func (w *Window) Tab(width, height int64, path string) (*Window, error) {
	return w.sibling().open(w.ctx, width, height, path)
}

// sibling is on the same network, good or bad, from its first call on.
func (w *Window) sibling() *Window {
	other := &Window{site: w.site}
	w.note(func() { other.forgive = w.forgive })
	return other
}

func (w *Window) open(parent context.Context, width, height int64, path string, opt ...chromedp.ContextOption) (*Window, error) {
	ctx, closeTab := chromedp.NewContext(parent, opt...)
	ctx, cancel := context.WithTimeout(ctx, Life)
	w.ctx, w.close, w.wake = ctx, func() { cancel(); closeTab() }, make(chan struct{})
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		return w, err
	}
	// Each window is somebody's, who looks at it.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		return w, err
	}
	if err := w.Size(width, height); err != nil || path == "" {
		return w, err
	}
	return w, w.Go(path)
}

// Duplicate opens what the browser makes of "duplicate tab": the same page, with
// a copy of this one's storage.
func (w *Window) Duplicate() (*Window, error) {
	made := chromedp.WaitNewTarget(w.ctx, func(t *target.Info) bool { return t.Type == "page" })
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`!!window.open(location.href)`, func(p *runtime.EvaluateParams) { p.UserGesture = new(true) }))
	if err != nil {
		return nil, err
	}
	select {
	case id := <-made:
		return w.sibling().open(w.ctx, 360, 720, "", chromedp.WithTargetID(id))
	case <-time.After(patience):
		return nil, fmt.Errorf("no tab has opened")
	}
}

// Close closes the window.
func (w *Window) Close() { w.close() }

// Do carries out steps in the window.
func (w *Window) Do(steps ...chromedp.Action[chromedp.Void]) error {
	return chromedp.Do(w.ctx, steps...)
}

// Site is what the window was opened on.
func (w *Window) Site() Site { return w.site }

// Context ends with the window.
func (w *Window) Context() context.Context { return w.ctx }

// Go opens path of the site.
func (w *Window) Go(path string) error {
	return w.Do(chromedp.Navigate(w.site.Address() + path))
}

// Reload loads the page again, as people do.
func (w *Window) Reload() error { return w.Do(chromedp.Reload()) }

// Back goes back in the window's history.
func (w *Window) Back() error { return w.Do(chromedp.NavigateBack()) }

// Size makes the window width × height CSS pixels, and waits until the page is
// laid out anew.
func (w *Window) Size(width, height int64) error {
	if err := w.Do(chromedp.EmulateViewport(width, height)); err != nil {
		return err
	}
	return w.Run(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))`)
}

// Media is what the system of the person is set to.
type Media struct {
	Dark, LessMotion bool
	Print            bool // it is on its way to paper
}

// Look sets what the system is set to.
func (w *Window) Look(m Media) error {
	p := emulation.SetEmulatedMediaParams{}
	set := func(on bool, name, value string) {
		if on {
			p.Features = append(p.Features, &emulation.MediaFeature{Name: name, Value: value})
		}
	}
	set(m.Dark, "prefers-color-scheme", "dark")
	set(!m.Dark, "prefers-color-scheme", "light")
	set(m.LessMotion, "prefers-reduced-motion", "reduce")
	if m.Print {
		p.Media = "print"
	}
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, p)
	return err
}

// TextSize makes text as big as the browser's setting does, in percent of the
// normal size.
func (w *Window) TextSize(percent int) error {
	return w.Run(fmt.Sprintf(`document.documentElement.style.fontSize = '%d%%'`, percent))
}

// Screenshot is a picture of the window, a PNG.
func (w *Window) Screenshot() ([]byte, error) {
	return chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
}

// Use makes the login of c, which keeps it in cookies, this window's: as if
// they had logged in here.
func (w *Window) Use(c *client.Client) error {
	p := network.SetCookiesParams{}
	for _, k := range c.Cookies() {
		p.Cookies = append(p.Cookies, &network.CookieParam{
			Name: k.Name, Value: k.Value, URL: w.site.Address(), Path: "/", HTTPOnly: true, SameSite: network.CookieSameSiteStrict,
		})
	}
	if len(p.Cookies) == 0 {
		return fmt.Errorf("the client has no %T", http.Cookie{})
	}
	_, err := chromedp.Call(w.ctx, network.SetCookies, p)
	return err
}

// Run evaluates a statement in the page.
func (w *Window) Run(js string) error {
	return w.Do(chromedp.Evaluate[chromedp.Void](js, chromedp.EvalAwaitPromise))
}

// Value evaluates an expression in the page, and is what it, or its promise,
// becomes.
func Value[T any](w *Window, js string) (T, error) {
	return chromedp.Run(w.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// tool evaluates a call of the page's tools, which it brings there first.
func tool(call string) string {
	return `globalThis.__hearthTest || ` + pageScript + `; __hearthTest.` + call
}

// ErrBefore is returned by the steps of a window after the first that failed.
var ErrBefore = errors.New("a step before this one has failed")

func (w *Window) fail(err error) error {
	w.note(func() { w.failed = true })
	return err
}

func (w *Window) hasFailed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// step asks the page, again and again, until the answer is not null, false or
// an error; a page that is left meanwhile is no reason to give up. call gets
// one more argument: the milliseconds that the page may take.
func step[T any](w *Window, what, call string, done func(T) bool) (T, error) {
	var none T
	if w.hasFailed() {
		return none, ErrBefore
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	js := tool(strings.TrimSuffix(call, ")") + `, 1000)`)
	for {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
		if err == nil && done(got) {
			return got, nil
		}
		if ctx.Err() == nil && err != nil && !passing(err) {
			return none, w.fail(fmt.Errorf("%s: %w", what, err))
		}
		if ctx.Err() != nil {
			page, _ := Value[string](w, `location.pathname + location.search + ' ' + document.body.innerText.slice(0, 300) + ' … ' + document.body.innerText.slice(300).slice(-700)`)
			return none, w.fail(fmt.Errorf("%s: not within %v; the page says %q", what, patience, page))
		}
	}
}

// passing reports whether err says no more than that the page has changed.
func passing(err error) bool {
	for _, s := range []string{"navigated", "context was destroyed", "Cannot find context", "Promise was collected", "uniqueContextId not found", "null"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

func is(b bool) bool { return b }
