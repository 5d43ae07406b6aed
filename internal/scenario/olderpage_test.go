package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// olderPage is somebody's browser with the older client's page and our script
// in it. It has the client's manners, bad ones included: its timers wait for
// no answer, so that calls overlap and carry the same queue; any news empties
// the queue, with what was typed meanwhile; nothing in the queue is marked as
// sent. What the script mends of that is mended here, too.
type olderPage struct {
	*client.Client
	line  *line
	way   way
	by    chat.PID
	ts    chat.TSID
	every olderPace

	stop func() // the timers; waits for calls under way

	mu    sync.Mutex
	moved chan struct{} // closed when something changes
	wrong error         // the first thing that must not be
	typed []typed
	calls []olderCall
	looks int       // at the list of therapy sessions, that have come to an end
	lastT time.Time // of what was typed

	// What the browser keeps.
	user   json.RawMessage
	admin  bool
	queue  []queued // the client's
	outbox []queued // the script's, of this therapy session

	// What the script keeps until the page is loaded anew.
	loads   int
	gotNews int
	epoch   chat.Epoch
	saved   map[string]bool

	// What the client keeps while the chat is open.
	open    bool // else it is in the waiting room
	mounts  int
	maxID   *string
	read    chat.ActionID // as the server says
	screen  []olderEntry  // in the order they came
	known   map[string]bool
	sending map[string]bool // by client_ts
	notices []string        // that have no id
	ended   bool            // it asks no more
}

// olderPace is how often the page asks.
type olderPace struct{ poll, sessions time.Duration }

// olderUsual is what the older client does.
var olderUsual = olderPace{2 * time.Second, 3 * time.Second}

// typed is what its owner did.
type typed struct {
	typ, body, icon, clientTS string
	to                        []chat.PID
	target                    chat.ActionID
}

// queued is an action in the queue.
type queued struct {
	key string // by which the script knows it again
	raw json.RawMessage
}

// olderCall is a poll that has come to an end.
type olderCall struct {
	asked, came time.Time
	carried     []string // keys
	err         error
	overtaken   bool
}

// way is what happens to calls: how many of a hundred do not come to the
// server, are answered to nobody, or to somebody who has asked again since.
type way struct {
	unsent, lost, late int
	delay              time.Duration // the longest
}

// send makes a call.
func (w *way) send(ctx context.Context, call func() error) error {
	n := rand.IntN(100)
	if n < w.unsent {
		return errLost
	}
	err := call()
	switch n -= w.unsent; {
	case n < w.lost:
		return errLost
	case n < w.lost+w.late:
		pause(ctx, rand.N(w.delay))
	}
	return err
}

func newOlderPage(url string, dial dialer, by chat.PID, ts chat.TSID, secrets *apitest.Secrets) (*olderPage, error) {
	p := &olderPage{line: &line{dial: dial}, by: by, ts: ts, every: olderUsual, stop: func() {}, moved: make(chan struct{})}
	p.load()
	var err error
	p.Client, err = client.New(client.Options{URL: url, Cookies: true, Dial: p.line.Dial, Answered: secrets.Answered})
	return p, err
}

// load loads the page: what was in its memory is gone, and calls under way are
// nobody's any more.
func (p *olderPage) load() {
	p.loads++
	p.gotNews, p.epoch, p.saved = 0, "", map[string]bool{}
	p.mount(false)
}

// mount opens the chat, or the waiting room.
func (p *olderPage) mount(open bool) {
	p.mounts++
	p.open = open
	p.maxID, p.read, p.screen, p.notices, p.ended = nil, 0, nil, nil, false
	p.known, p.sending = map[string]bool{}, map[string]bool{}
}

// reload is load by somebody who presses the button.
func (p *olderPage) reload() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load()
}

// fail notes what must not be.
func (p *olderPage) fail(format string, args ...any) {
	if p.wrong == nil {
		p.wrong = fmt.Errorf("%s's page: %w", p.by, fmt.Errorf(format, args...))
	}
}

func (p *olderPage) change() {
	close(p.moved)
	p.moved = make(chan struct{})
}

// ajax calls an action whose answer is plain.
func (p *olderPage) ajax(ctx context.Context, action string, payload, out any) error {
	return p.Call(ctx, "POST", "/api/ajax", map[string]any{"action": action, "payload": payload}, out)
}

// wrapped calls one whose answer is JSON in a string.
func (p *olderPage) wrapped(ctx context.Context, action string, payload, out any) error {
	var a struct {
		Result *string `json:"result"`
	}
	if err := p.ajax(ctx, action, payload, &a); err != nil {
		return err
	}
	if a.Result == nil {
		return fmt.Errorf("%s: there is no result", action)
	}
	return json.Unmarshal([]byte(*a.Result), out)
}

// login logs in; phone is written with its country, as the page's widget does.
func (p *olderPage) login(ctx context.Context, phone, field string, code func(context.Context) (string, error)) error {
	var ok bool
	if err := p.ajax(ctx, "validateUserPhone", []string{field, phone[1:]}, &ok); err != nil || !ok {
		return fmt.Errorf("validateUserPhone: %v, %w", ok, err)
	}
	c, err := code(ctx)
	if err != nil {
		return err
	}
	var in struct {
		User json.RawMessage `json:"current_user"`
	}
	if err := p.wrapped(ctx, "validateCode", c, &in); err != nil {
		return err
	}
	var who struct {
		ID    chat.PID `json:"record_id"`
		Admin string   `json:"admin"`
	}
	if err := json.Unmarshal(in.User, &who); err != nil || who.ID != p.by {
		return fmt.Errorf("%s is logged in as %s: %w", p.by, in.User, err)
	}
	p.user, p.admin = in.User, who.Admin == "1"
	return nil
}

// start starts the timers, which wait for no answer.
func (p *olderPage) start() {
	ctx, cancel := context.WithCancel(context.Background())
	var timers, calls sync.WaitGroup
	tick := func(every time.Duration, call func(context.Context)) {
		timers.Go(func() {
			for ok := true; ok; ok = pause(ctx, every) {
				calls.Go(func() { call(context.WithoutCancel(ctx)) })
			}
		})
	}
	tick(p.every.sessions, p.look)
	tick(p.every.poll, p.poll)
	p.stop = func() {
		cancel()
		timers.Wait()
		calls.Wait()
		p.stop = func() {}
	}
}

func (p *olderPage) shut() {
	p.stop()
	p.line.cut()
	p.Close()
}

// olderRow is a therapy session in the page's list.
type olderRow struct {
	ID         chat.TSID  `json:"record_id"`
	Start      *string    `json:"ts_start"`
	Authorized []chat.PID `json:"ts_authorized_participants"`
	Chat       []chat.PID `json:"ts_chat_room_participants"`
}

// look asks for the list of therapy sessions, and goes where it leads.
func (p *olderPage) look(ctx context.Context) {
	p.mu.Lock()
	load := p.loads
	p.mu.Unlock()
	var rows []olderRow
	err := p.way.send(ctx, func() error { return p.wrapped(ctx, "getUserSessions", p.user, &rows) })
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.change()
	p.looks++
	if p.loads != load {
		return
	}
	if code := refusal(err); code != "" {
		p.fail("getUserSessions is refused: %v", err)
	}
	if err != nil {
		return
	}
	i := slices.IndexFunc(rows, func(r olderRow) bool { return r.ID == p.ts })
	if i < 0 { // what the page knows of it stays as it was
		return
	}
	if rows[i].Start == nil || rows[i].Chat == nil || rows[i].Authorized == nil {
		p.fail("its therapy session is not all there in %+v", rows[i])
		return
	}
	if in := p.admin || slices.Contains(rows[i].Chat, p.by); in != p.open {
		p.mount(in)
	}
}

// do does something, which goes into the queue. A client_ts is given to what
// has none.
func (p *olderPage) do(d typed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.clientTS == "" {
		// Nobody does two things within a millisecond.
		now := time.Now().UTC().Truncate(time.Millisecond)
		if !now.After(p.lastT) {
			now = p.lastT.Add(time.Millisecond)
		}
		p.lastT, d.clientTS = now, now.Format("2006-01-02T15:04:05.000Z")
	}
	var target any
	if d.target != 0 {
		target = strconv.FormatUint(uint64(d.target), 10)
	}
	a := map[string]any{"type": d.typ, "sessionID": p.ts, "client_ts": d.clientTS}
	switch d.typ {
	case "message":
		a["user"], a["body"], a["target"], a["recipients"] = p.by, d.body, target, append([]chat.PID{}, d.to...)
		a["time_to_complete"], a["character_history"] = "671ms", []string{"h", "Shift", fmt.Sprintf("key-%d;", len(p.typed))}
		p.sending[d.clientTS] = true
	case "delete":
		a["target"] = target
	case "reaction":
		a["user"], a["icon"], a["target"] = p.by, d.icon, target
	case "notice", "whiteboard":
		a["user"], a["body"] = p.by, d.body
	case "endChatSession":
		a["recipients"] = "groupChat"
	}
	raw, err := json.Marshal(a)
	if err != nil {
		p.fail("%w", err)
	}
	p.typed = append(p.typed, d)
	p.queue = append(p.queue, queued{fmt.Sprint(d.typ, " ", d.clientTS, " ", target), raw})
}

// end ends the therapy session, as the button does.
func (p *olderPage) end() {
	p.do(typed{typ: "notice", body: "The Admin has closed this Chat Session"})
	p.do(typed{typ: "endChatSession", clientTS: p.typed[len(p.typed)-1].clientTS})
}

// wait waits until is, asked under the lock, says so.
func (p *olderPage) wait(ctx context.Context, what string, is func() bool) error {
	for {
		p.mu.Lock()
		ok, moved, wrong := is(), p.moved, p.wrong
		state := fmt.Sprintf("chat open: %v, queue %d, outbox %d, sending %d, read %d", p.open, len(p.queue), len(p.outbox), len(p.sending), p.read)
		p.mu.Unlock()
		if wrong != nil {
			return wrong
		}
		if ok {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("%s's page waits for %s in vain: %s", p.by, what, state)
		}
	}
}

// idle waits until nothing is left to be sent.
func (p *olderPage) idle(ctx context.Context) error {
	return p.wait(ctx, "its queue to be empty", func() bool { return p.open && len(p.queue)+len(p.outbox) == 0 })
}

// reads waits until the page has all up to id.
func (p *olderPage) reads(ctx context.Context, id chat.ActionID) error {
	return p.wait(ctx, fmt.Sprint("action ", id), func() bool { return p.open && p.read >= id })
}

// pick is a message on the screen, one of the last; 0: there is none.
func (p *olderPage) pick(is func(*olderEntry) bool) chat.ActionID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []chat.ActionID
	for i := max(0, len(p.screen)-20); i < len(p.screen); i++ {
		if e := &p.screen[i]; e.Type == "message" && is(e) {
			ids = append(ids, e.id())
		}
	}
	if len(ids) == 0 {
		return 0
	}
	return ids[rand.IntN(len(ids))]
}
