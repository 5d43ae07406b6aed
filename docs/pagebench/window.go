package main

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// chromium starts a browser that trusts s; stop ends it.
func chromium(ctx context.Context, s *server, http1 bool) (browser context.Context, stop func(), err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, nil, fmt.Errorf("chromium is not installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors-spki-list", s.key), chromedp.Flag("disable-http2", http1))
	alloc, stopAlloc := chromedp.NewExecAllocator(ctx, options...)
	browser, stopBrowser := chromedp.NewContext(alloc)
	if err := chromedp.Do(browser); err != nil {
		stopBrowser()
		stopAlloc()
		return nil, nil, fmt.Errorf("start chromium: %w", err)
	}
	return browser, func() { stopBrowser(); stopAlloc() }, nil
}

// window is a private window of a phone's size, with a slow processor.
type window struct {
	ctx   context.Context
	close func()

	mu       sync.Mutex
	requests map[network.RequestID]*request
	order    []*request
	trace    *trace
	traced   chan struct{} // closed when the trace is complete
}

// request is one that went to the network.
type request struct {
	url, by string // by: what asked for it
	cached  bool
	socket  bool
}

func openWindow(browser context.Context, slowdown float64) (*window, error) {
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	w := &window{ctx: ctx, close: closeTab, requests: map[network.RequestID]*request{}}
	err := chromedp.Listen(ctx, w.listen)
	if err == nil {
		err = w.do(chromedp.EmulateViewport(360, 720, chromedp.EmulateMobile, chromedp.EmulateTouch))
	}
	if err == nil {
		err = call(w, network.Enable, network.EnableParams{})
	}
	if err == nil {
		err = call(w, performance.Enable, performance.EnableParams{})
	}
	if err == nil {
		err = call(w, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slowdown})
	}
	if err != nil {
		closeTab()
		return nil, err
	}
	return w, nil
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) error {
	return chromedp.Do(w.ctx, steps...)
}

func call[P any](w *window, c cdp.Command[P, cdp.Empty], p P) error {
	_, err := ask(w, c, p)
	return err
}

func ask[P, R any](w *window, c cdp.Command[P, R], p P) (R, error) {
	return chromedp.Run(w.ctx, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, p) })
}

// listen gathers requests and traces.
func (w *window) listen(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r := &request{url: e.Request.URL, by: e.Initiator.URL}
		if s := e.Initiator.Stack; r.by == "" && s != nil && len(s.CallFrames) > 0 {
			r.by = s.CallFrames[0].URL
		}
		w.requests[e.RequestID] = r
		w.order = append(w.order, r)
	case *network.EventRequestServedFromCache:
		if r := w.requests[e.RequestID]; r != nil {
			r.cached = true
		}
	case *network.EventResponseReceived:
		if r := w.requests[e.RequestID]; r != nil && e.Response.FromDiskCache {
			r.cached = true
		}
	case *network.EventWebSocketCreated:
		r := &request{url: e.URL, socket: true}
		if i := e.Initiator; i != nil && i.Stack != nil && len(i.Stack.CallFrames) > 0 {
			r.by = i.Stack.CallFrames[0].URL
		}
		w.requests[e.RequestID] = r
		w.order = append(w.order, r)
	default:
		w.listenTrace(event)
	}
}

// forget begins to count requests anew.
func (w *window) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.order = nil
	w.requests = map[network.RequestID]*request{}
}

// asked is how many requests went to the network, and how many stand one
// behind the other: the page, what it names, what that asks for…
func (w *window) asked() (requests, depth int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	depths := map[string]int{}
	for _, r := range w.order {
		if r.cached {
			continue
		}
		requests++
		if _, known := depths[r.url]; !known {
			depths[r.url] = depths[r.by] + 1
		}
		depth = max(depth, depths[r.url])
	}
	return requests, depth
}

// logIn gives it somebody's cookies.
func (w *window) logIn(url string, cookies []*http.Cookie) error {
	yes := true
	for _, k := range cookies {
		_, err := ask(w, network.SetCookie, network.SetCookieParams{
			Name: k.Name, Value: k.Value, URL: url, HTTPOnly: &yes, Secure: &yes, SameSite: network.CookieSameSiteStrict,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inject runs js in each page from its beginning.
func (w *window) inject(js string) error {
	_, err := ask(w, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: js})
	return err
}

// wait waits until an expression is true.
func (w *window) wait(js string, atMost time.Duration) error {
	until := time.Now().Add(atMost)
	for {
		yes, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("!!("+js+")"))
		if err == nil && yes {
			return nil
		}
		if time.Now().After(until) {
			body, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 500)`))
			return fmt.Errorf("not true after %v: %s (%v); the page says %q", atMost, js, err, body)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// size is the heap after a collection, the nodes that are kept in it, in the
// document or not, and the document's elements.
func (w *window) size() (heap, nodes, elements int, err error) {
	if err := call(w, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		return 0, 0, 0, err
	}
	m, err := ask(w, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		return 0, 0, 0, err
	}
	for _, x := range m.Metrics {
		switch x.Name {
		case "JSHeapUsedSize":
			heap = int(x.Value)
		case "Nodes":
			nodes = int(x.Value)
		}
	}
	elements, err = chromedp.Run(w.ctx, chromedp.Evaluate[int](`document.querySelectorAll('*').length`))
	return heap, nodes, elements, err
}
