package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// TestEverybodyGetsWhatIsForThem has random people do random things by random
// transports, with answers lost, connections cut and the server restarted.
func TestEverybodyGetsWhatIsForThem(t *testing.T) {
	checks(t, 30)
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // what is tested here is not the disk
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		var err error
		synctest.Test(t, func(t *testing.T) { err = p.run(t) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

const ts chat.TSID = "TS1"

// stage is a plan under way.
type stage struct {
	*plan
	t       *testing.T
	server  *apitest.Server
	roster  *chat.Roster
	devices []*device
	gate    sync.RWMutex  // held by a restart
	logins  chan struct{} // capacity 1: whose turn it is
	ruling  chan struct{} // likewise
	over    bool          // of whose turn it is

	mu     sync.Mutex
	serial int
	ruled  []ruled
}

// ruled is a therapist's word about somebody.
type ruled struct {
	whom     chat.PID
	change   chat.Change
	asked    time.Time
	answered time.Time // zero: it is not known what came of it
}

func (p *plan) run(t *testing.T) error {
	g := &stage{plan: p, t: t, roster: apitest.Sample(), logins: make(chan struct{}, 1), ruling: make(chan struct{}, 1)}
	g.roster.Sessions[ts] = &p.session
	g.server = apitest.New(t, func(o *apitest.Options) { o.Pipe, o.Roster = true, g.roster })
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	stranger, err := g.device(ctx, "P4")
	if err != nil {
		return err
	}
	for _, s := range p.scripts {
		d, err := g.device(ctx, s.by)
		if err != nil {
			return err
		}
		g.devices = append(g.devices, d)
	}
	var all sync.WaitGroup
	for i, s := range p.scripts {
		d := g.devices[i]
		d.use(s.how)
		all.Go(func() {
			for _, step := range s.steps {
				if pause(ctx, step.after) {
					g.play(ctx, d, step)
				}
			}
		})
	}
	all.Go(func() {
		for _, after := range p.restarts {
			time.Sleep(after)
			g.gate.Lock()
			g.server.Restart()
			g.gate.Unlock()
		}
	})
	all.Go(func() { g.strangers(ctx, stranger) })
	all.Wait()
	log, err := g.finish(ctx)
	if err != nil {
		return err
	}
	return g.judge(log, stranger)
}

var errDown = errors.New("connection refused")

// dial connects to the server, if it is up.
func (g *stage) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !g.gate.TryRLock() {
		return nil, errDown
	}
	defer g.gate.RUnlock()
	return g.server.Dial(ctx, network, address)
}

// device makes somebody's device and logs it in.
func (g *stage) device(ctx context.Context, by chat.PID) (*device, error) {
	d, err := newDevice(g.server.URL, g.dial, by, ts, g.server.Secrets)
	if err != nil {
		return nil, err
	}
	g.t.Cleanup(d.shut)
	return d, g.login(ctx, d)
}

// login logs a device in anew.
func (g *stage) login(ctx context.Context, d *device) error {
	g.logins <- struct{}{} // a person has one code at a time
	defer func() { <-g.logins }()
	u := g.roster.People[d.by]
	n := g.server.SMS.Sent(u.Phone)
	_, err := d.Login(ctx, string(u.Phone), string(u.LastName), func(ctx context.Context) (string, error) {
		soon, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if code, err := g.server.SMS.Code(soon, u.Phone, n); err == nil {
			return code, nil
		}
		return g.server.SMS.Code(ctx, u.Phone, 0) // the one before is still good
	})
	return err
}

// next is a number of its own.
func (g *stage) next() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.serial++
	return g.serial
}

// play does one step.
func (g *stage) play(ctx context.Context, d *device, s step) {
	n := g.next()
	draft, text := blank(n, d.by)
	others := slices.Concat(g.session.Therapists, g.session.Participants)
	// pick is one of the ids that the device has seen.
	pick := func(is func(*client.Action) bool) chat.ActionID {
		if ids := d.seen(is); len(ids) > 0 {
			return ids[len(ids)-1-s.n%len(ids)]
		}
		return 0
	}
	message := func(a *client.Action) bool { return a.Type == "message" }
	own := func(a *client.Action) bool {
		return (a.Type == "message" || a.Type == "reaction") && (a.User == d.by || s.m == 0 && d.by[0] == 'T')
	}
	switch s.do {
	case "say", "lose the answer", "repeat":
		draft.Type, draft.Body = chat.Message, text
	case "say to one":
		draft.Type, draft.Body, draft.Recipients = chat.Message, text, []chat.PID{others[s.n%len(others)]}
	case "reply":
		draft.Type, draft.Body, draft.Target = chat.Message, text, pick(message)
		if s.m == 0 {
			draft.Recipients = []chat.PID{"T1"}
		}
	case "react":
		draft.Type, draft.Target, draft.Icon = chat.Reaction, pick(message), chat.Heart+chat.Icon(s.m)
	case "read":
		draft.Type, draft.Target = chat.MessageRead, pick(message)
	case "delete":
		draft.Type, draft.Target = chat.Delete, pick(own)
	case "write":
		draft.Type, draft.Body = chat.Whiteboard, text
	case "notice":
		draft.Type, draft.Body = chat.Notice, text
	case "end":
		if s.n > 30 { // seldom
			return
		}
		g.end(ctx, d, draft)
		return
	case "cut":
		d.line.cut()
		return
	case "switch":
		d.use(transport(1 + s.n%4))
		return
	case "leave":
		d.leave(ctx)
		pause(ctx, time.Duration(s.n)*time.Second)
		d.use(transport(1 + s.m))
		return
	case "log in anew":
		if g.login(ctx, d) == nil {
			d.use(d.how) // the new login has entered nothing yet
		}
		return
	case "moderate":
		g.moderate(ctx, d, g.session.Participants[s.n%3], chat.Change(s.n%5))
		return
	default:
		return
	}
	if draft.Target == 0 && (draft.Type == chat.Delete || draft.Type == chat.Reaction || draft.Type == chat.MessageRead) {
		return
	}
	if s.do == "lose the answer" {
		d.line.loseNext()
	}
	d.say(ctx, draft)
	if s.do == "repeat" { // by another transport
		d.use(transport(1 + s.m))
		d.say(ctx, draft)
	}
}

// blank is a draft without a type, and what could be its text; none is like
// another.
func blank(n int, by chat.PID) (chat.Draft, chat.Text) {
	d := chat.Draft{ClientID: fmt.Sprintf("c%d", n)}
	if n%5 == 0 {
		d.ClientID, d.ClientTS = "", fmt.Sprintf("t%d", n)
	}
	d.Research = chat.Research{History: []string{fmt.Sprintf("key-%d;", n)}, TimeToComplete: "671ms"}
	return d, chat.Text(fmt.Sprintf("text-%d-%s;", n, by))
}

// end ends the session, when everybody is in: from then on nobody is sent out
// again, either. (What becomes of somebody who waits at the end, or is out
// after it, is not looked at here.)
func (g *stage) end(ctx context.Context, d *device, draft chat.Draft) {
	g.ruling <- struct{}{}
	defer func() { <-g.ruling }()
	for _, p := range g.session.Participants {
		g.rule(ctx, d, p, chat.Admit)
	}
	g.over = true
	draft.Type = chat.EndChatSession
	d.say(ctx, draft)
}

// moderate says something about somebody; one therapist at a time.
func (g *stage) moderate(ctx context.Context, d *device, whom chat.PID, c chat.Change) {
	g.ruling <- struct{}{}
	defer func() { <-g.ruling }()
	if g.over && (c == chat.Revoke || c == chat.Remove) {
		return
	}
	g.rule(ctx, d, whom, c)
}

func (g *stage) rule(ctx context.Context, d *device, whom chat.PID, c chat.Change) {
	r := ruled{whom: whom, change: c, asked: time.Now()}
	for range tries {
		_, err := d.Moderate(ctx, ts, whom, c)
		if err == nil {
			r.answered = time.Now()
			break
		}
		pause(ctx, d.pace.retry)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ruled = append(g.ruled, r)
}

// strangers has somebody of another session try to get in.
func (g *stage) strangers(ctx context.Context, d *device) {
	d.use(socket)
	for range 10 {
		pause(ctx, time.Second)
		_, enter := d.Enter(ctx, ts)
		_, detail := d.Detail(ctx, ts)
		_, read := d.GetActions(ctx, client.Query{TS: ts})
		_, save := d.SaveActions(ctx, ts, chat.Draft{Type: chat.Message, Body: "let me in"})
		_, older := (&client.OlderPoll{Client: d.Client, TS: ts}).Next(ctx)
		for _, err := range []error{enter, detail, read, save, older} {
			if c := refusal(err); err == nil || c != "" && c != chat.NotAllowed {
				d.fail("a stranger is answered %w", err)
			}
		}
	}
	d.stop()
}

// finish lets everybody in, sends again what was not answered, and has
// everybody read to the end. It returns the log as a therapist reads it.
func (g *stage) finish(ctx context.Context) ([]client.Action, error) {
	staff, err := g.device(ctx, "T1")
	if err != nil {
		return nil, err
	}
	for _, p := range g.session.Participants {
		for _, c := range []chat.Change{chat.Admit, chat.Unmute} {
			g.moderate(ctx, staff, p, c)
		}
	}
	for _, d := range g.devices {
		for _, s := range d.sent {
			if s.open() {
				d.insist(ctx, s)
			}
		}
	}
	head, err := staff.GetActions(ctx, client.Query{TS: ts, Limit: 1})
	for err == nil && head.More {
		head, err = staff.GetActions(ctx, client.Query{TS: ts, From: head.Position()})
	}
	if err != nil {
		return nil, err
	}
	for _, d := range g.devices {
		d.use(d.how)
		late, cancel := context.WithTimeout(ctx, 5*time.Minute)
		err := d.reads(late, head.Max)
		cancel()
		d.stop()
		if err != nil {
			return nil, err
		}
		for _, s := range d.sent {
			if s.open() {
				return nil, fmt.Errorf("%s: %s %s is never answered", d.by, s.draft.Type, s.draft.ClientID)
			}
		}
	}
	var log []client.Action
	for q := (client.Query{TS: ts, Limit: 1 + rand.IntN(20)}); ; {
		p, err := staff.GetActions(ctx, q)
		if err != nil {
			return nil, err
		}
		log = append(log, p.Actions...)
		if q.From = p.Position(); !p.More {
			return log, nil
		}
	}
}

// judge holds all that happened against the log.
func (g *stage) judge(log []client.Action, stranger *device) error {
	names := map[chat.PID]string{}
	for id, u := range g.roster.People {
		names[id] = string(u.Name)
	}
	j := newJudge(&g.session, names, log)
	var all []*sent
	for _, d := range g.devices {
		all = append(all, d.sent...)
	}
	j.learn(all)
	j.answers(all)
	for _, d := range append(g.devices, stranger) {
		since := j.since(d.by, g.devices)
		if d == stranger {
			since = chat.ActionID(len(log) + 1)
		}
		j.pages(d, since)
		j.secrets(d, since)
		for _, o := range g.outs() {
			j.out(d, o)
		}
		if d.wrong != nil {
			j.errs = append(j.errs, d.wrong)
		}
	}
	return j.err()
}

// outs are the times within which somebody was out by a therapist's word.
func (g *stage) outs() (all []outs) {
	for _, r := range g.ruled {
		if r.answered.IsZero() || r.change != chat.Revoke && r.change != chat.Remove {
			continue
		}
		o := outs{r.whom, r.answered, r.answered.Add(24 * time.Hour)}
		for _, a := range g.ruled {
			// One that was answered before cannot have undone it.
			if a.whom == r.whom && a.change == chat.Admit && (a.answered.IsZero() || !a.answered.Before(r.asked)) && a.asked.Before(o.till) {
				o.till = a.asked
			}
		}
		all = append(all, o)
	}
	return all
}
