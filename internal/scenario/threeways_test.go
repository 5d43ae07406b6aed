package scenario_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// TestThreeKindsOfClientsHaveTheSameConversation has one talk by a WebSocket,
// one by handleActions and one by the older client's page, each of them as the
// therapist, too, who ends it.
func TestThreeKindsOfClientsHaveTheSameConversation(t *testing.T) {
	for _, people := range [][3]chat.PID{{"T1", "P1", "P2"}, {"P2", "T1", "P1"}, {"P1", "P2", "T1"}} {
		t.Run(fmt.Sprintf("WebSocket %s, handleActions %s, page %s", people[0], people[1], people[2]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newThreeWays(t, people).run() })
		})
	}
}

// threeWays is a conversation by three ways.
type threeWays struct {
	*stage
	ctx     context.Context
	devices [2]*device
	page    *olderPage
	staff   *client.Client // the therapist's
}

func newThreeWays(t *testing.T, people [3]chat.PID) *threeWays {
	roster := apitest.Sample()
	g := &stage{plan: &plan{session: *roster.Sessions[ts]}, t: t, roster: roster, logins: make(chan struct{}, 1)}
	g.server = apitest.New(t, func(o *apitest.Options) { o.Pipe, o.Roster = true, roster })
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	t.Cleanup(cancel)
	c := &threeWays{stage: g, ctx: ctx}
	var err error
	for i, how := range []transport{socket, older} {
		if c.devices[i], err = g.device(ctx, people[i]); err != nil {
			t.Fatal(err)
		}
		c.devices[i].use(how)
	}
	c.page = g.olderPage(ctx, people[2])
	c.page.start()
	all := map[chat.PID]*client.Client{people[0]: c.devices[0].Client, people[1]: c.devices[1].Client, people[2]: c.page.Client}
	c.staff = all["T1"]
	return c
}

// olderPage is somebody's page, logged in.
func (g *stage) olderPage(ctx context.Context, by chat.PID) *olderPage {
	g.t.Helper()
	p, err := newOlderPage(g.server.URL, g.dial, by, g.session.ID, g.server.Secrets)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(p.shut)
	u := g.roster.People[by]
	n := g.server.SMS.Sent(u.Phone)
	err = p.login(ctx, string(u.Phone), string(u.LastName), func(ctx context.Context) (string, error) {
		return g.server.SMS.Code(ctx, u.Phone, n)
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

func (c *threeWays) log() []client.Action {
	c.t.Helper()
	all, err := whole(func(q client.Query) (client.Page, error) { return c.staff.GetActions(c.ctx, q) })
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *threeWays) run() {
	for _, d := range c.devices { // everybody is in, so that nothing is refused for that
		c.must(d.reads(c.ctx, 1))
	}
	c.must(c.page.reads(c.ctx, 1))
	var all sync.WaitGroup
	for range 25 {
		for _, d := range c.devices {
			all.Go(func() { c.deviceDoes(d) })
		}
		all.Go(c.pageDoes)
		all.Wait()
		pause(c.ctx, rand.N(5*time.Second))
	}
	c.must(c.page.idle(c.ctx))
	if c.page.by == "T1" {
		c.page.end()
	} else {
		for _, d := range c.devices {
			if d.by == "T1" {
				d.say(c.ctx, chat.Draft{Type: chat.EndChatSession, ClientID: "end"})
			}
		}
	}
	c.must(c.page.wait(c.ctx, "the end", func() bool { return c.page.ended }))
	c.compare(c.devices[:], c.page)

	// Afterwards somebody leaves, and the page comes back.
	for _, d := range c.devices {
		if d.by != "T1" {
			before := len(c.log())
			d.leave(c.ctx)
			if len(c.log()) == before {
				c.t.Error("nobody has left")
			}
			break
		}
	}
	c.page.reload()
	c.must(c.page.wait(c.ctx, "the end", func() bool { return c.page.ended }))
	c.compare(nil, c.page)
}

func (c *threeWays) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// what draws what somebody does.
func (c *threeWays) what(by chat.PID, message, own func() chat.ActionID) typed {
	d := typed{typ: "message", body: fmt.Sprintf("text-%d-%s; it's <b>&\"x\" &amp;", c.next(), by)}
	switch n := rand.IntN(12); {
	case n < 2 && by == "T1":
		d.to = []chat.PID{[]chat.PID{"P1", "P2"}[n]}
	case n < 2:
		d.to = []chat.PID{"T1"}
	case n < 4:
		d.target = message()
	case n < 6:
		d = typed{typ: "reaction", icon: []string{"heart", "smile", "sad", "angry"}[rand.IntN(4)], target: message()}
	case n < 8:
		d = typed{typ: "delete", target: own()}
	case n == 8 && by == "T1":
		d.typ = "whiteboard"
	case n == 9 && by == "T1":
		d.typ = "notice"
	}
	return d
}

func (c *threeWays) deviceDoes(d *device) {
	seen := func(own bool) func() chat.ActionID {
		return func() chat.ActionID {
			ids := d.seen(func(a *client.Action) bool { return a.Type == "message" && (!own || a.User == d.by || d.by == "T1") })
			if len(ids) == 0 {
				return 0
			}
			return ids[max(0, len(ids)-1-rand.IntN(10))]
		}
	}
	w := c.what(d.by, seen(false), seen(true))
	if w.body == "" && w.target == 0 {
		return
	}
	typ, _ := chat.ParseType(w.typ)
	icon, _ := chat.ParseIcon(w.icon)
	d.say(c.ctx, chat.Draft{
		Type: typ, Body: chat.Text(w.body), Recipients: w.to, Target: w.target, Icon: icon, ClientID: fmt.Sprint("c", c.next()),
	})
}

func (c *threeWays) pageDoes() {
	p := c.page
	message := func() chat.ActionID { return p.pick(func(*olderEntry) bool { return true }) }
	own := func() chat.ActionID {
		return p.pick(func(e *olderEntry) bool { return e.User == string(p.by) || p.admin })
	}
	if w := c.what(p.by, message, own); w.body != "" || w.target != 0 {
		p.do(w)
	}
}

// compare waits until everybody has read to the end, and holds against each
// other what they have.
func (c *threeWays) compare(devices []*device, page *olderPage) {
	c.t.Helper()
	log := c.log()
	names := map[chat.PID]string{}
	for id, u := range c.roster.People {
		names[id] = string(u.Name)
	}
	j := newJudge(&c.session, names, log)
	j.findTexts()
	j.once()
	j.older([]*olderPage{page})
	j.olderSecrets(page)
	who := map[string]chat.PID{"page": page.by}
	have := map[string][]string{"page": j.asRead(page.by, page.actions())}
	for _, d := range devices {
		c.must(d.reads(c.ctx, chat.ActionID(len(log))))
		j.pages(d, 1)
		j.secrets(d, 1)
		if d.wrong != nil {
			j.wrong("%w", d.wrong)
		}
		var all []client.Action
		for _, p := range d.pages {
			all = append(all, p.actions...)
		}
		how := fmt.Sprint("transport ", d.how)
		who[how], have[how] = d.by, j.asRead(d.by, all)
	}
	for how, got := range have {
		if want := j.asRead(who[how], log); !slices.Equal(got, want) {
			j.wrong("%s by %s has\n%s\nand the log is\n%s", who[how], how, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	c.must(j.err())
}

// asRead is what one has after reading actions, a line each: what is not
// deleted. What is private to others is left out.
func (j *judge) asRead(by chat.PID, actions []client.Action) (all []string) {
	for _, a := range actions {
		if j.deleted[a.ID] != 0 || a.Type == "delete" || a.Type == "message_read" || !j.sees(by, a.ID, 1) {
			continue
		}
		if t := a.Target; t != 0 && (j.deleted[t] != 0 || !j.sees(by, t, 1)) {
			if a.Target = 0; a.Type == "reaction" {
				continue
			}
		}
		all = append(all, fmt.Sprintf("%d %s by %s%s to %v about %d: %s%s", a.ID, a.Type, a.User, a.Sender, a.Recipients, a.Target, a.Icon, a.Body))
	}
	return all
}

// actions are what is on the page's screen in today's words; the end, which is
// at the bottom, in its place.
func (p *olderPage) actions() (all []client.Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.screen {
		a := client.Action{
			ID: e.id(), Type: e.Type, User: chat.PID(e.User), Sender: e.Sender, Body: e.Body, Icon: e.Icon,
			Recipients: e.Recipients, Target: e.target(),
		}
		if a.Type == "message" || a.Type == "notice" {
			a.Body = olderUnescapes.Replace(a.Body)
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b client.Action) int { return int(a.ID) - int(b.ID) })
	return all
}

var olderUnescapes = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#039;", "'")
