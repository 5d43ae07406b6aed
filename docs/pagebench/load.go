package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// load is what opening the page costs.
type load struct {
	Name        string
	Usable      float64 // ms from asking for the page until what Name says can be used
	Requests    int     // that went to the network, sockets included
	Depth       int     // as window.asked
	Journeys    float64 // round trips that nothing else was done in: how much a slower line slows it
	Received    int64   // bytes on the wire to the browser, headers and all, once it is quiet
	Sent        int64
	Connections int64
	LongestTask float64 // ms
}

// watch is in each page from its beginning. Usable: READY is true, and the
// page has drawn it and answers.
const watch = `(() => {
  const m = window.pagebench = {usable: 0, longest: 0};
  const ready = () => READY;
  let seen = false;
  const look = () => {
    if (seen || !ready()) return;
    seen = true;
    requestAnimationFrame(() => setTimeout(() => { m.usable = performance.now(); }));
  };
  new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
  new PerformanceObserver(l => l.getEntries().forEach(e => { m.longest = Math.max(m.longest, e.duration); }))
    .observe({type: 'longtask', buffered: true});
})();`

// What usable means.
const (
	loginReady = `(box => box && !box.disabled && box.offsetHeight > 0)(document.querySelector('input[type=tel]'))`
	// The last words are there, and one can write.
	chatReady = `(() => {
    const box = document.querySelector('textarea');
    if (!box || box.disabled || !box.offsetHeight) return false;
    const all = document.querySelectorAll('[role=log] article');
    for (let i = all.length - 1; i >= 0 && i > all.length - 20; i--) if (all[i].textContent.includes(LAST)) return true;
    return false;
  })()`
)

func measureLoads(ctx context.Context, s *server, n *line, set settings) ([]load, error) {
	chat := script(chatReady, map[string]any{"LAST": lastWords})
	var all []load
	for _, what := range []struct {
		name, path, ready string
		login             bool
	}{
		{"login form", "/", loginReady, false},
		{"chat with 150 actions, login kept", "/?ts=" + string(shortTS), chat, true},
	} {
		first, second := []load{}, []load{}
		for range set.Runs {
			say("loading the %s", what.name)
			a, b, err := loadTwice(ctx, s, n, set, what.path, what.ready, what.login)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", what.name, err)
			}
			first, second = append(first, a), append(second, b)
		}
		a, b := middle(what.name+", first visit", first), middle(what.name+", second visit", second)
		// Two lines that differ in nothing but the time there and back.
		const apart = time.Second
		for _, rtt := range []time.Duration{0, apart} {
			say("the same, %v there and back", rtt)
			x, y, err := loadTwice(ctx, s, n, settings{Slowdown: 1, HTTP1: set.HTTP1, RTT: rtt}, what.path, what.ready, what.login)
			if err != nil {
				return nil, err
			}
			sign := 1.0
			if rtt == 0 {
				sign = -1
			}
			a.Journeys += sign * x.Usable / float64(apart.Milliseconds())
			b.Journeys += sign * y.Usable / float64(apart.Milliseconds())
		}
		all = append(all, a, b)
	}
	return all, nil
}

// middle has the medians.
func middle(name string, of []load) load {
	m := of[0] // requests and bytes do not vary by much
	m.Name = name
	var usable, longest []float64
	for _, l := range of {
		usable, longest = append(usable, l.Usable), append(longest, l.LongestTask)
	}
	m.Usable, m.LongestTask = median(usable), median(longest)
	return m
}

// loadTwice opens the page in a browser that has never seen it, closes it and
// opens it once more.
func loadTwice(ctx context.Context, s *server, n *line, set settings, path, ready string, login bool) (first, second load, err error) {
	browser, stop, err := chromium(ctx, s, set.HTTP1)
	if err != nil {
		return first, second, err
	}
	defer stop()
	n.slow(set.RTT, set.Rate)
	w, err := openWindow(browser, set.Slowdown)
	if err != nil {
		return first, second, err
	}
	defer w.close()
	if login {
		if err := w.logIn(s.url, s.login(1)); err != nil {
			return first, second, err
		}
	}
	if err := w.inject(strings.ReplaceAll(watch, "READY", ready)); err != nil {
		return first, second, err
	}
	for _, l := range []*load{&first, &second} {
		if *l, err = loadOnce(w, n, s.url+path); err != nil {
			return first, second, err
		}
		if err := w.do(chromedp.Navigate("about:blank")); err != nil {
			return first, second, err
		}
		n.hangUp() // the second visit is another day's
	}
	return first, second, nil
}

func loadOnce(w *window, n *line, url string) (load, error) {
	w.forget()
	n.forget()
	if err := w.do(chromedp.Navigate(url)); err != nil {
		return load{}, err
	}
	if err := w.wait("window.pagebench && pagebench.usable", time.Minute); err != nil {
		return load{}, err
	}
	for time.Since(time.Unix(0, n.lastReceived.Load())) < 1500*time.Millisecond { // what comes after it is part of it
		time.Sleep(100 * time.Millisecond)
	}
	m, err := chromedp.Run(w.ctx, chromedp.Evaluate[struct{ Usable, Longest float64 }](`window.pagebench`))
	if err != nil {
		return load{}, err
	}
	l := load{Usable: m.Usable, LongestTask: m.Longest, Received: n.received.Load(), Sent: n.sent.Load(), Connections: n.connections.Load()}
	l.Requests, l.Depth = w.asked()
	return l, nil
}
