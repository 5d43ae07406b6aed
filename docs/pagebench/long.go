package main

import (
	"context"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"hearth/hub/chat"
)

// long is what the conversation of thousands costs.
type long struct{ Phases []phase }

type phase struct {
	Name         string
	Took         float64 // ms
	Frames       int
	LongestFrame float64 // ms from one frame to the next, as the page sees it
	FramesOver   int     // over 50 ms
	LongestTask  float64 // ms that the main thread had the processor for it
	TasksOver    int     // over 50 ms
	Heap         int     // bytes, after a collection at the end
	Nodes        int     // kept in memory, in the document or not
	Elements     int     // in the document
	Why          why
}

// frames counts the frames until the page says that it is done.
const frames = `
  const m = window.phase = {done: false, took: 0, frames: 0, longest: 0, over: 0};
  const began = performance.now();
  let last = 0;
  const frame = step => requestAnimationFrame(now => {
    if (last) {
      m.frames++;
      m.longest = Math.max(m.longest, now - last);
      if (now - last > 50) m.over++;
    }
    const dt = last ? now - last : 16;
    last = now;
    if (step(dt) === false) { m.took = performance.now() - began; m.done = true; } else frame(step);
  });
`

// sweep scrolls as a hard fling does, up or down, until there is no more: where
// there is a button for more, it is pressed.
const sweep = `(() => {` + frames + `
  let box = document.querySelector('[role=log]');
  while (box && box.scrollHeight <= box.clientHeight + 1) box = box.parentElement;
  let still = 0;
  frame(dt => {
    const was = box.scrollTop;
    box.scrollTop += WAY * SPEED * Math.min(dt, 50) / 1000; // a frame that hangs is not made up for
    if (Math.abs(box.scrollTop - was) >= 1) { still = 0; return true; }
    const more = WAY < 0 && Array.from(box.querySelectorAll('button')).find(b => b.textContent.trim() === 'Show earlier messages');
    if (more && !more.disabled) { still = 0; more.click(); return true; }
    still += dt;
    return still < 1000;
  });
})()`

// attend counts frames until it is told to stop.
const attend = `(() => {` + frames + `
  window.stopAttending = () => { m.stop = true; };
  frame(() => !m.stop);
})()`

const (
	speed    = 10000 // px/s
	received = 200   // messages while one looks on
	apart    = 100 * time.Millisecond
)

func measureLong(ctx context.Context, s *server, n *line, set settings) (*long, error) {
	browser, stop, err := chromium(ctx, s, set.HTTP1)
	if err != nil {
		return nil, err
	}
	defer stop()
	n.slow(0, 0)
	w, err := openWindow(browser, set.Slowdown)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.logIn(s.url, s.login(1)); err != nil {
		return nil, err
	}
	ready := script(chatReady, map[string]any{"LAST": lastWords})
	if err := w.inject(strings.ReplaceAll(watch, "READY", ready)); err != nil {
		return nil, err
	}
	l := &long{}
	type counted struct {
		Took, Longest float64
		Frames, Over  int
	}
	phase := func(name string, f func() (counted, error)) error {
		say("%s", name)
		p := phase{Name: name}
		t, err := w.record(set.why, func() error {
			c, err := f()
			p.Took, p.Frames, p.LongestFrame, p.FramesOver = c.Took, c.Frames, c.Longest, c.Over
			return err
		})
		if err != nil {
			return err
		}
		p.LongestTask, p.TasksOver, p.Why = t.tasks()
		if p.Heap, p.Nodes, p.Elements, err = w.size(); err != nil {
			return err
		}
		l.Phases = append(l.Phases, p)
		return nil
	}
	play := func(js string) func() (counted, error) {
		return func() (counted, error) {
			if err := w.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := chromedp.Evaluate[chromedp.Void](js)(ctx, t)
				return err
			})); err != nil {
				return counted{}, err
			}
			if err := w.wait("window.phase.done", 3*time.Minute); err != nil {
				return counted{}, err
			}
			return chromedp.Run(w.ctx, chromedp.Evaluate[counted](`window.phase`))
		}
	}
	swept := func(way int) string { return script(sweep, map[string]any{"WAY": way, "SPEED": speed}) }
	for _, step := range []struct {
		name string
		f    func() (counted, error)
	}{
		{"open it", func() (counted, error) {
			if err := w.do(chromedp.Navigate(s.url + "/?ts=" + string(longTS))); err != nil {
				return counted{}, err
			}
			if err := w.wait("window.pagebench && pagebench.usable", time.Minute); err != nil {
				return counted{}, err
			}
			took, err := chromedp.Run(w.ctx, chromedp.Evaluate[float64](`pagebench.usable`))
			return counted{Took: took}, err
		}},
		{"scroll from bottom to top", play(swept(-1))},
		{"scroll from top to bottom", play(swept(1))},
		{"receive 200 messages, 10/s", func() (counted, error) {
			stopped := make(chan error, 1)
			go func() { stopped <- s.chatter(ctx, w) }()
			c, err := play(attend)()
			if e := <-stopped; e != nil {
				err = e
			}
			return c, err
		}},
	} {
		if err := phase(step.name, step.f); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// chatter lets the group talk, and tells w when that is over.
func (s *server) chatter(ctx context.Context, w *window) error {
	tick := time.NewTicker(apart)
	defer tick.Stop()
	for i := range received {
		<-tick.C
		by := []int{0, 2, 3, 4, 5}[i%5] // not who looks on
		if _, err := s.save(ctx, by, longTS, chat.Draft{Type: chat.Message, Body: said(i)}); err != nil {
			return err
		}
	}
	time.Sleep(500 * time.Millisecond)
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`stopAttending(), true`))
	return err
}
