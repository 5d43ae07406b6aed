package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/api/client"
	"hearth/hub/chat"
)

// Person is one device of somebody who is logged in, perhaps with a socket.
// What goes wrong fails the test.
type Person struct {
	*client.Client
	ID     chat.PID
	Socket *client.Socket // the latest; nil: there was none

	s *Server

	mu       sync.Mutex
	received [][]byte // every byte of every answer and frame
	frames   []client.Frame
	next     int   // of frames: where Await goes on
	ended    error // of the socket
	changed  chan struct{}
	reader   sync.WaitGroup
}

// Person is somebody of the roster who is not logged in yet.
func (s *Server) Person(id chat.PID, cookies bool) *Person {
	s.t.Helper()
	p := &Person{ID: id, s: s, changed: make(chan struct{})}
	p.Client = s.NewClient(client.Options{Cookies: cookies, Received: p.keep})
	s.people = append(s.people, p)
	return p
}

func (p *Person) keep(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received = append(p.received, bytes.Clone(b))
}

// Login logs somebody in, with a bearer token.
func (s *Server) Login(id chat.PID) *Person {
	s.t.Helper()
	p := s.Person(id, false)
	p.Login()
	return p
}

// Browser logs somebody in, with cookies.
func (s *Server) Browser(id chat.PID) *Person {
	s.t.Helper()
	p := s.Person(id, true)
	p.Login()
	return p
}

// Enter logs somebody in, connects them and enters ts. It returns when they
// have caught up, or wait.
func (s *Server) Enter(id chat.PID, ts chat.TSID) *Person {
	s.t.Helper()
	p := s.Login(id)
	p.Connect()
	p.Enter(ts)
	return p
}

// Login asks for a code, reads it from the SMS and logs in.
func (p *Person) Login() client.LoggedIn {
	p.s.t.Helper()
	ctx, cancel := p.s.soon()
	defer cancel()
	u := p.s.Store.Roster().People[p.ID]
	n := p.s.SMS.Sent(u.Phone)
	in, err := p.Client.Login(ctx, string(u.Phone), string(u.LastName), func(ctx context.Context) (string, error) {
		return p.s.SMS.Code(ctx, u.Phone, n)
	})
	if err != nil {
		p.s.t.Fatalf("%s logs in: %v", p.ID, err)
	}
	return in
}

// soon is how long a test waits for what must come. A running clock costs
// nothing, so there it is longer than anything that the server waits for.
func (s *Server) soon() (context.Context, context.CancelFunc) {
	if s.opt.Pipe {
		return context.WithTimeout(context.Background(), 24*time.Hour)
	}
	return context.WithTimeout(context.Background(), 20*time.Second)
}

// Connect opens a socket, which is read from then on.
func (p *Person) Connect() {
	p.s.t.Helper()
	ctx, cancel := p.s.soon()
	defer cancel()
	k, err := p.Client.Connect(ctx)
	if err != nil {
		p.s.t.Fatalf("%s connects: %v", p.ID, err)
	}
	p.listen(k)
}

// Listen goes on with a socket that the test has opened.
func (p *Person) Listen(k *client.Socket) { p.listen(k) }

func (p *Person) listen(k *client.Socket) {
	p.hangUp()
	p.mu.Lock()
	p.Socket, p.frames, p.next, p.ended = k, nil, 0, nil
	p.mu.Unlock()
	p.reader.Go(func() {
		for {
			f, err := k.Read()
			p.mu.Lock()
			if err != nil {
				p.ended = err
			} else {
				p.frames = append(p.frames, f)
			}
			close(p.changed)
			p.changed = make(chan struct{})
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
}

// hangUp closes the socket and waits for its reader.
func (p *Person) hangUp() {
	if p.Socket != nil {
		p.Socket.Close()
		p.reader.Wait()
	}
}

// HangUp closes the socket, with a goodbye.
func (p *Person) HangUp() { p.hangUp() }

// Drop cuts the connection.
func (p *Person) Drop() {
	p.Socket.Drop()
	p.hangUp()
}

// Reconnect connects again and goes on from where the old socket stood.
func (p *Person) Reconnect() {
	p.s.t.Helper()
	ts, at := p.Socket.Position()
	p.Connect()
	p.EnterFrom(ts, at)
}

// wait waits until f, asked under the lock with what has come so far, says
// so. what describes it in the failure.
func (p *Person) wait(what string, f func() bool) {
	p.s.t.Helper()
	ctx, cancel := p.s.soon()
	defer cancel()
	for {
		p.mu.Lock()
		ok, ended, changed := f(), p.ended, p.changed
		p.mu.Unlock()
		if ok {
			return
		}
		if ended != nil {
			p.s.t.Fatalf("%s waits for %s, but the socket has ended: %v", p.ID, what, ended)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			p.s.t.Fatalf("%s waits for %s in vain; received:\n%s", p.ID, what, p.tail())
		}
	}
}

func (p *Person) tail() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Join(p.received[max(0, len(p.received)-20):], []byte("\n"))
}

// Await waits for a frame that match accepts, and returns it. The next Await
// goes on behind it.
func (p *Person) Await(what string, match func(client.Frame) bool) (found client.Frame) {
	p.s.t.Helper()
	p.wait(what, func() bool {
		i := slices.IndexFunc(p.frames[p.next:], match)
		if i >= 0 {
			found = p.frames[p.next+i]
			p.next += i + 1
		}
		return i >= 0
	})
	return found
}

// AwaitType waits for the next frame of a type.
func (p *Person) AwaitType(typ string) client.Frame {
	p.s.t.Helper()
	return p.Await("a frame "+typ, func(f client.Frame) bool { return f.Type == typ })
}

// answer waits for the answer to ref, of all frames.
func (p *Person) answer(ref string) (found client.Frame) {
	p.s.t.Helper()
	p.wait("the answer to "+ref, func() bool {
		i := slices.IndexFunc(p.frames, func(f client.Frame) bool { return f.Ref == ref })
		if i >= 0 {
			found = p.frames[i]
		}
		return i >= 0
	})
	return found
}

// Ask sends any frame that has a reference, and returns the answer.
func (p *Person) Ask(frame map[string]any) client.Frame {
	p.s.t.Helper()
	if b, err := json.Marshal(frame); err == nil {
		p.s.Secrets.JSON(b)
	}
	if err := p.Socket.Send(frame); err != nil {
		p.s.t.Fatal(err)
	}
	return p.answer(frame["ref"].(string))
}

// Enter enters ts and returns when they have caught up, or wait.
func (p *Person) Enter(ts chat.TSID) client.Frame {
	p.s.t.Helper()
	return p.EnterFrom(ts, chat.Position{})
}

// EnterFrom is Enter of somebody who knows the log up to a position.
func (p *Person) EnterFrom(ts chat.TSID, at chat.Position) client.Frame {
	p.s.t.Helper()
	ref, err := p.Socket.Enter(ts, at)
	if err != nil {
		p.s.t.Fatal(err)
	}
	entered := p.answer(ref)
	if entered.Type != "entered" {
		p.s.t.Fatalf("%s enters %s: %s", p.ID, ts, entered.Raw)
	}
	if entered.State != "waiting" {
		p.wait("the end of the catch-up", func() bool {
			return slices.ContainsFunc(p.frames, func(f client.Frame) bool {
				return f.Type == "actions" && f.TS == ts && f.Max >= entered.Max
			})
		})
	}
	return entered
}

// Try saves one draft over the socket and returns what became of it.
func (p *Person) Try(d chat.Draft) client.Result {
	p.s.t.Helper()
	p.s.Secrets.Body(string(d.Body))
	ref, err := p.Socket.Save(d)
	if err != nil {
		p.s.t.Fatal(err)
	}
	f := p.answer(ref)
	if f.Type != "saved" || len(f.Results) != 1 {
		p.s.t.Fatalf("%s saves: %s", p.ID, f.Raw)
	}
	return f.Results[0]
}

// Save saves one draft over the socket and returns its id.
func (p *Person) Save(d chat.Draft) chat.ActionID {
	p.s.t.Helper()
	r := p.Try(d)
	if r.Error != nil {
		p.s.t.Fatalf("%s saves: %v", p.ID, r.Error)
	}
	return r.ID
}

// WaitFor waits until the socket was sent the action with this id, and
// returns it. Being told that there is nothing up to there fails the test.
func (p *Person) WaitFor(id chat.ActionID) (found client.Action) {
	p.s.t.Helper()
	passed := false
	p.wait(fmt.Sprintf("action %d", id), func() bool {
		for _, f := range p.frames {
			for _, a := range f.Actions {
				if a.ID == id {
					found = a
					return true
				}
			}
			passed = passed || f.Type == "actions" && f.Max >= id
		}
		return passed
	})
	if found.ID == 0 {
		p.s.t.Fatalf("%s is past action %d without it", p.ID, id)
	}
	return found
}

// Closed waits until the server closes the socket and returns why.
func (p *Person) Closed() *websocket.CloseError {
	p.s.t.Helper()
	ctx, cancel := p.s.soon()
	defer cancel()
	for {
		p.mu.Lock()
		ended, changed := p.ended, p.changed
		p.mu.Unlock()
		if ended != nil {
			var e *websocket.CloseError
			if !errors.As(ended, &e) {
				p.s.t.Fatalf("%s: the socket ended without a close frame: %v", p.ID, ended)
			}
			return e
		}
		select {
		case <-changed:
		case <-ctx.Done():
			p.s.t.Fatalf("%s: the socket is still open", p.ID)
		}
	}
}

// Open reports whether the socket has not ended yet.
func (p *Person) Open() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Socket != nil && p.ended == nil
}

// Frames are those of the present socket, so far.
func (p *Person) Frames() []client.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.frames)
}

// Actions are all that the present socket was sent, in the order they came.
func (p *Person) Actions() (all []client.Action) {
	for _, f := range p.Frames() {
		all = append(all, f.Actions...)
	}
	return all
}

// NeverReceived fails the test if the text has been in any byte sent to this
// person: of any answer, poll or frame.
func (p *Person) NeverReceived(t testing.TB, text string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.received {
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%s has received %q in %s", p.ID, text, b)
			return
		}
	}
}
