package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hearth/api/client"
	"hearth/hub/chat"
	"hearth/internal/browser"
)

// The people.
var (
	howell   = browser.Person{Phone: "+1 650 555 0100", LastName: "Howell"}
	gilligan = browser.Person{Phone: "+1 650 555 0123", LastName: "Denver"}
	mary     = browser.Person{Phone: "+1 650 555 0124", LastName: "Summers"}
	skipper  = browser.Person{Phone: "+1 650 555 0125", LastName: "Grumby"}
)

const evening, morning, lone = "Evening group", "Morning group", "One to one"

const roster = `participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123", role: participant}
  - {id: P124, name: Mary Ann, last_name: Summers, phone: "+1 650 555 0124", role: participant}
  - {id: P125, name: Skipper, last_name: Grumby, phone: "+1 650 555 0125", role: participant}
  - {id: P126, name: Ginger, last_name: Grant, phone: "+1 650 555 0126", role: participant}
therapy_sessions:
  - id: TS1
    name: Evening group
    topic: Coping with stress
    date: 2030-12-01T18:00:00-08:00
    therapists: [T1]
    participants: [P123, P124, P125, P126]
    private_messages: anyone
    assessments:
      - {name: after, title: How was the session?, phase: post, url: "https://surveys.example/after"}
  - id: TS2
    name: Morning group
    topic: Sleeping better
    date: 2030-12-02T09:00:00-08:00
    therapists: [T1]
    participants: [P123, P124, P125, P126]
    waiting_room: true
    private_messages: therapist
  - id: TS3
    name: One to one
    topic: A private hour
    date: 2030-12-03T17:00:00-08:00
    therapists: [T1]
    participants: [P123]
    private_messages: "off"
    assessments:
      - {name: location, title: Where are you today?, phase: pre, required: true, url: "https://surveys.example/location"}
`

// stage is a server, the network before it, and the windows at it.
type stage struct {
	*browser.Proxy
	ctx      context.Context
	chromium *browser.Chromium
	clients  map[browser.Person]*client.Client
	windows  []*browser.Window
	in       window // that is opened
	dir      string // for the server's files
}

func newStage(ctx context.Context, c *browser.Chromium, bin, dir string) (*stage, error) {
	server, err := browser.StartServer(ctx, bin, dir, roster)
	if err != nil {
		return nil, err
	}
	p, err := browser.StartProxy(server)
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return &stage{Proxy: p, ctx: ctx, chromium: c, clients: map[browser.Person]*client.Client{}, dir: dir}, nil
}

func (s *stage) close() {
	for _, w := range s.windows {
		w.Close()
	}
	s.Proxy.Stop()
	s.Proxy.Server.Stop()
}

// open opens a window of nobody.
func (s *stage) open(path string) *browser.Window {
	w, err := s.chromium.Open(s, s.in.width, s.in.height, "")
	s.windows = append(s.windows, w)
	if err == nil { // where the sessions are
		_, err = chromedp.Call(w.Context(), emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/Los_Angeles"})
	}
	if err == nil && s.in.touch { // else there is a mouse
		_, err = chromedp.Call(w.Context(), emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	}
	if err == nil {
		err = w.Look(browser.Media{LessMotion: true})
	}
	if err == nil && path != "" {
		err = w.Go(path)
	}
	w.BadNetwork() // a picture is not the place for complaints
	return failing(w, err)
}

// failing makes a window whose first step fails, so that the row need not look
// at each error.
func failing(w *browser.Window, err error) *browser.Window {
	if err != nil {
		w.Close()
	}
	return w
}

// as opens a window in which p is logged in.
func (s *stage) as(p browser.Person, path string) *browser.Window {
	w := s.open("")
	c, err := s.client(p)
	if err == nil {
		err = w.Use(c)
	}
	if err == nil {
		err = w.Go(path)
	}
	return failing(w, err)
}

// client is p without a window.
func (s *stage) client(p browser.Person) (*client.Client, error) {
	if c := s.clients[p]; c != nil {
		return c, nil
	}
	c, err := s.Proxy.Client(s.ctx, p, true)
	s.clients[p] = c
	return c, err
}

// chat opens a window of p in the chat ts.
func (s *stage) chat(p browser.Person, ts string) *browser.Window {
	w := s.as(p, "/?ts="+url.QueryEscape(ts))
	return failing(w, w.See(browser.Log))
}

// said is one thing in a conversation. What answers and what gets a heart is
// named by how many messages ago it was said.
type said struct {
	by      browser.Person
	body    string
	to      []chat.PID
	answers int
	heart   int
}

var talk = []said{
	{by: howell, body: "Good evening everyone. How was your week?"},
	{by: gilligan, body: "Better than the last one. I slept through twice."},
	{by: mary, body: "Mine was long. Work kept calling after hours."},
	{by: howell, body: "What did you do when the phone rang?"},
	{by: mary, body: "I let it ring once. That was new for me."},
	{by: howell, body: "That is worth a lot. How did it feel?", answers: 1, heart: 1},
	{by: mary, body: "Strange at first, then quiet."},
	{by: skipper, body: "I tried the breathing exercise on the bus. Counted to four, and lost count at three."},
	{by: gilligan, body: "Losing count still counts.", answers: 1, heart: 1},
	{by: gilligan, body: "I also wrote down three things that went well, as we said."},
	{by: howell, body: "Would you like to share one of them?"},
}

// lastWords are what a window sees when it has all of it.
var lastWords = talk[len(talk)-1].body

// speak lets everybody of TS1 in, and say what is in the list.
func (s *stage) speak(all []said) error {
	var ids []chat.ActionID
	save := func(by browser.Person, d chat.Draft) (chat.ActionID, error) {
		c, err := s.client(by)
		if err != nil {
			return 0, err
		}
		if _, err := c.Enter(s.ctx, "TS1"); err != nil {
			return 0, err
		}
		r, err := c.SaveActions(s.ctx, "TS1", d)
		if err != nil {
			return 0, err
		}
		if e := r.Saved[0].Error; e != nil {
			return 0, e
		}
		return r.Saved[0].ID, nil
	}
	for _, x := range all {
		d := chat.Draft{Type: chat.Message, Body: chat.Text(x.body), Recipients: x.to}
		if x.answers > 0 {
			d.Target = ids[len(ids)-x.answers]
		}
		id, err := save(x.by, d)
		if err != nil {
			return fmt.Errorf("%q: %w", x.body, err)
		}
		if x.heart > 0 {
			if _, err := save(x.by, chat.Draft{Type: chat.Reaction, Target: ids[len(ids)-x.heart], Icon: chat.Heart}); err != nil {
				return err
			}
		}
		ids = append(ids, id)
	}
	return nil
}

// board writes on the whiteboard of TS1.
func (s *stage) board(text string) error {
	c, err := s.client(howell)
	if err != nil {
		return err
	}
	if _, err := c.Enter(s.ctx, "TS1"); err != nil {
		return err
	}
	_, err = c.SaveActions(s.ctx, "TS1", chat.Draft{Type: chat.Whiteboard, Body: chat.Text(text)})
	return err
}

// end ends TS1.
func (s *stage) end() error {
	_, err := s.clients[howell].SaveActions(s.ctx, "TS1", chat.Draft{Type: chat.EndChatSession})
	return err
}
