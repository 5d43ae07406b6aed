package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// transport is how a device talks to the server.
type transport int

const (
	none   transport = iota
	socket           // a WebSocket
	wait             // getActions that waits, and saveActions
	poll             // getActions now and then, and saveActions
	older            // handleActions
)

// pace is how soon a device does what again.
type pace struct{ poll, retry time.Duration }

// usual is what clients do.
var usual = pace{poll: 5 * time.Second, retry: time.Second}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// device is one of somebody's. It resumes from its own position, whatever its
// transport is, and sends what was not answered again, under the same name.
type device struct {
	*client.Client
	line *line
	by   chat.PID
	ts   chat.TSID
	pace pace

	how  transport
	stop func() // the reader; waits for it

	mu     sync.Mutex
	at     chat.Position
	pages  []page
	sent   []*sent
	waits  map[string]chan client.Frame // by ref; of the socket
	socket *client.Socket               // nil: not connected
	wrong  error                        // the first thing that must not be
	moved  chan struct{}                // closed when at changes
	turn   chan struct{}                // capacity 1: whose turn it is with handleActions
}

// page is what one answer or frame told of the log: all above from, to max.
type page struct {
	older   bool
	from    chat.ActionID
	max     chat.ActionID
	actions []client.Action
	raw     []byte
	asked   time.Time // not assembled before
	came    time.Time
}

// newDevice makes one that is not logged in. What it tells and is told is added
// to secrets.
func newDevice(url string, dial dialer, by chat.PID, ts chat.TSID, secrets *apitest.Secrets) (*device, error) {
	d := &device{
		line: &line{dial: dial}, by: by, ts: ts, pace: usual, stop: func() {},
		waits: map[string]chan client.Frame{}, moved: make(chan struct{}), turn: make(chan struct{}, 1),
	}
	var err error
	d.Client, err = client.New(client.Options{URL: url, Dial: d.line.Dial, Answered: secrets.Answered})
	return d, err
}

// fail notes what must not be.
func (d *device) fail(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wrong == nil {
		d.wrong = fmt.Errorf("%s: %w", d.by, fmt.Errorf(format, args...))
	}
}

// position is up to where the log was read.
func (d *device) position() chat.Position {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// keep takes in a page.
func (d *device) keep(p page, epoch chat.Epoch, reset bool) {
	p.came = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case reset:
		d.wrong = firstOf(d.wrong, fmt.Errorf("%s at %v has to start over", d.by, d.at))
	case d.at.Epoch != "" && d.at.Epoch != epoch:
		d.wrong = firstOf(d.wrong, fmt.Errorf("%s: the epoch changes from %s to %s", d.by, d.at.Epoch, epoch))
	case p.max < p.from:
		d.wrong = firstOf(d.wrong, fmt.Errorf("%s goes back from %d to %d", d.by, p.from, p.max))
	}
	d.pages = append(d.pages, p)
	d.at = chat.Position{Epoch: epoch, ID: p.max}
	close(d.moved)
	d.moved = make(chan struct{})
}

func firstOf(first, then error) error {
	if first != nil {
		return first
	}
	return then
}

// seen are the ids of the actions like this that the device knows.
func (d *device) seen(is func(*client.Action) bool) (ids []chat.ActionID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.pages {
		for i := range p.actions {
			if is(&p.actions[i]) {
				ids = append(ids, p.actions[i].ID)
			}
		}
	}
	return ids
}

// reads waits until the device has read up to id.
func (d *device) reads(ctx context.Context, id chat.ActionID) error {
	for {
		d.mu.Lock()
		at, moved := d.at.ID, d.moved
		d.mu.Unlock()
		if at >= id {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("%s by transport %d has read to %d and does not come to %d", d.by, d.how, at, id)
		}
	}
}

// use goes on by another transport, or by none.
func (d *device) use(how transport) {
	d.stop()
	d.how = how
	ctx, cancel := context.WithCancel(context.Background())
	var reader sync.WaitGroup
	d.stop = func() {
		cancel()
		reader.Wait()
	}
	run := map[transport]func(context.Context){
		socket: d.listen, wait: d.read, poll: d.read, older: d.readOlder,
	}[how]
	if run != nil {
		reader.Go(func() { run(ctx) })
	}
}

// shut ends all that the device does.
func (d *device) shut() {
	d.stop()
	d.line.cut()
	d.Close()
}

// pause lets some time pass; false: ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refusal is the server's reason for a refusal; empty: none, or it is not known
// whether there was one.
func refusal(err error) chat.Code {
	var p *client.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}
