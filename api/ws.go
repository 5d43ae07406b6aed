package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"hearth/api/strictjson"
	"hearth/auth"
	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

// The WebSocket, subprotocol hearth.v1. Two goroutines each: the reader
// (ws_reader.go) carries out what the client asks, one frame after the other;
// the writer (here) alone writes, reads on from its own position when it is
// woken, and ends the socket. What the reader has to say goes through it.

const (
	subprotocol = "hearth.v1"
	maxFrame    = 1 << 20   // bytes, both ways
	pageBytes   = 900 << 10 // of actions in one frame: there is room for the rest of it
)

var (
	errDraining = errors.New("the server stops")
	errTooSlow  = errors.New("too slow a reader")
	errRemoved  = errors.New("removed from the therapy session")
	errNotJSON  = errors.New("not JSON")
)

// socket is one WebSocket.
type socket struct {
	api    *API
	conn   *websocket.Conn
	net    *stallConn
	login  auth.Login
	host   string // the Host that the client used
	ctx    context.Context
	cancel context.CancelCauseFunc

	replies chan reply    // from the reader to the writer; the writer's pace is the reader's
	ping    chan struct{} // capacity 1
	where   chat.TSID     // the reader's: the therapy session entered
	typed   time.Time     // the reader's: when typing was last passed on

	at *listening // the writer's; nil: nowhere
}

// reply is something for the writer.
type reply struct {
	frame []byte
	enter *listening // begin to listen
	leave bool       // stop listening
}

// listening is where the writer stands in one therapy session.
type listening struct {
	sub    *hub.Subscription
	ts     chat.TSID
	from   chat.Position
	state  hub.State
	reads  bool          // what is said there
	target chat.ActionID // the highest id at entry
	behind bool          // the catch-up has not been ended yet
}

func (a *API) getWebSocket(c *call) error {
	r := c.Request()
	if !websocket.IsWebSocketUpgrade(r) {
		return chat.Errorf(chat.BadRequest, "Upgrade: this address is a WebSocket's")
	}
	if _, fromCookie := a.token(r); fromCookie {
		if from := r.Header["Origin"]; len(from) != 1 || !a.origins.own(from[0], r.Host) {
			return chat.Errorf(chat.CrossOrigin, "Origin: must be the server's own or an allowed one")
		}
	}
	if offered := websocket.Subprotocols(r); len(offered) > 0 && !slices.Contains(offered, subprotocol) {
		return chat.Errorf(chat.BadRequest, "Sec-WebSocket-Protocol: must offer %s", subprotocol)
	}
	closed, err := a.hub.OpenSocket(c.by())
	if err != nil {
		return err
	}
	defer closed()
	s := &socket{
		api: a, login: c.login, host: r.Host, replies: make(chan reply, 8), ping: make(chan struct{}, 1),
	}
	upgrader := websocket.Upgrader{
		HandshakeTimeout: 10 * time.Second, Subprotocols: []string{subprotocol},
		ReadBufferSize: 1024, WriteBufferSize: 4096,
		CheckOrigin: func(*http.Request) bool { return true }, // asked above
		Error: func(_ http.ResponseWriter, _ *http.Request, _ int, reason error) {
			err = chat.Errorf(chat.BadRequest, "the WebSocket handshake failed: %s", reason.Error())
		},
	}
	w := &hijacker{ResponseWriter: c.Response(), stall: a.opt.WriteStall}
	conn, upgradeErr := upgrader.Upgrade(w, r, nil)
	if upgradeErr != nil {
		return err
	}
	s.conn, s.net = conn, w.conn
	defer conn.Close()
	ctx, release := a.hub.Bind(context.WithoutCancel(r.Context()), c.login.ID)
	defer release()
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	defer context.AfterFunc(s.ctx, s.net.end)()
	if !a.addSocket(s) {
		s.end(errDraining)
		return nil
	}
	defer a.dropSocket(s)
	if _, err := a.auth.Touch(c.login.ID, false); err != nil { // it may have ended before Bind
		s.end(err)
		return nil
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.cancel(s.read())
	}()
	s.end(s.write())
	conn.Close() // ends the reader
	<-read
	return nil
}

// write is the writer: it returns why the socket is to end.
func (s *socket) write() (why error) {
	defer func() {
		// Who has logged out has left; a connection that ends may come back.
		r := asRefusal(why)
		s.listen(nil, r != nil && r.Code == chat.NotAuthenticated)
	}()
	for {
		var wake <-chan struct{}
		if s.at != nil {
			wake = s.at.sub.Wake()
		}
		var err error
		select {
		case r := <-s.replies:
			if r.enter != nil || r.leave {
				s.listen(r.enter, r.leave)
			}
			if err = s.put(r.frame); err == nil && r.enter != nil {
				err = s.look()
			}
		case <-wake:
			err = s.look()
		case <-s.ping:
			err = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.api.opt.WriteStall))
			if s.net.stalled.Load() {
				err = errTooSlow
			}
		case <-s.ctx.Done():
			return s.last(context.Cause(s.ctx))
		}
		switch {
		case err == nil:
		case s.ctx.Err() != nil: // and that is why
			return s.last(context.Cause(s.ctx))
		default:
			return err
		}
	}
}

// last writes the answers that are ready when the server stops: what they
// say has happened.
func (s *socket) last(why error) error {
	for errors.Is(why, errDraining) {
		select {
		case r := <-s.replies:
			if r.enter != nil {
				r.enter.sub.Close()
			}
			if err := s.putLast(r.frame); err != nil {
				return err
			}
		default:
			return why
		}
	}
	return why
}

// listen moves to another therapy session, or to none.
func (s *socket) listen(to *listening, leave bool) {
	if s.at != nil {
		was := s.at
		was.sub.Close()
		if leave {
			s.api.hub.Leave(context.WithoutCancel(s.ctx), s.login.User.ID, was.ts)
		}
	}
	s.at = to
}

// put writes one frame, unless the socket is to end: what it says may be no
// longer for this reader to know.
func (s *socket) put(frame []byte) error {
	if why := context.Cause(s.ctx); why != nil && !errors.Is(why, errDraining) {
		return why
	}
	return s.putLast(frame)
}

// putLast writes one frame. A reader that blocks it too long is too slow.
func (s *socket) putLast(frame []byte) error {
	err := s.conn.WriteMessage(websocket.TextMessage, frame)
	if s.net.stalled.Load() {
		return errTooSlow
	}
	return err
}

// look writes what is new since the last look: first what became of the
// person's standing, then actions, then presence and typing.
func (s *socket) look() error {
	l := s.at
	e, err := s.api.hub.State(s.ctx, s.login.User.ID, l.ts)
	if r := asRefusal(err); r != nil && r.Code == chat.NotAllowed {
		if _, err := s.api.auth.Touch(s.login.ID, false); err != nil {
			return err // out of the study, not of this therapy session alone
		}
		return errRemoved
	}
	if err != nil {
		return s.failed(err)
	}
	if e.State != l.state && (l.state == hub.StateWaiting || e.State == hub.StateWaiting) || e.Reads != l.reads {
		if !e.Reads {
			e.Max = min(e.Max, l.from.ID) // there is nothing to catch up with
		}
		frame, err := s.entered(l.ts, e, nil)
		if err != nil {
			return s.failed(err)
		}
		if err := s.put(frame); err != nil {
			return err
		}
		l.became(e)
	}
	l.state = e.State
	if l.reads && l.state != hub.StateWaiting {
		if err := s.readOn(); err != nil {
			return err
		}
	}
	presence, typing := l.sub.Ephemeral()
	for p, status := range presence {
		b := strictjson.AppendMember([]byte(`{"type":"presence"`), "user", string(p))
		if err := s.put(append(strictjson.AppendMember(b, "status", string(status)), '}')); err != nil {
			return err
		}
	}
	for p, to := range typing {
		b := strictjson.AppendMember([]byte(`{"type":"typing"`), "user", string(p))
		if len(to) > 0 {
			b = strictjson.AppendStrings(b, "recipients", to)
		}
		if err := s.put(append(b, '}')); err != nil {
			return err
		}
	}
	return nil
}

// failed is why the socket ends that could not read what it is to write. What
// is not a refusal is logged.
func (s *socket) failed(err error) error { return s.api.refusal(err, "a WebSocket") }

// readOn writes the actions above the writer's position, in frames.
func (s *socket) readOn() error {
	l := s.at
	for {
		p, err := s.api.store.Read(s.ctx, s.login.User.ID, l.ts, l.from, maxPage)
		if r := asRefusal(err); r != nil && (r.Code == chat.NotAdmitted || r.Code == chat.NotAllowed) {
			return nil // revoked this moment: the wake-up of it is on its way
		}
		if err != nil {
			return s.failed(err)
		}
		frames, max := appendFrames(l.ts, &p)
		for _, f := range frames {
			if err := s.put(f); err != nil {
				return err
			}
		}
		l.from = chat.Position{Epoch: p.Epoch, ID: max}
		if len(frames) > 0 && max >= l.target {
			l.behind = false
		}
		if max == p.Max && !p.More {
			return s.endCatchUp(max, p.Epoch)
		}
	}
}

// became notes what the person is there now: with a right to read begins a
// catch-up.
func (l *listening) became(e hub.Entered) {
	l.state, l.reads, l.target = e.State, e.Reads, e.Max
	l.behind = l.reads && l.state != hub.StateWaiting
}

// endCatchUp tells a client that has nothing (more) to catch up so.
func (s *socket) endCatchUp(max chat.ActionID, epoch chat.Epoch) error {
	if !s.at.behind {
		return nil
	}
	s.at.behind = false
	return s.put(append(actionsHead(s.at.ts, epoch, max), `[]}`...))
}

func actionsHead(ts chat.TSID, epoch chat.Epoch, max chat.ActionID) []byte {
	b := strictjson.AppendMember([]byte(`{"type":"actions"`), "ts_id", string(ts))
	b = strictjson.AppendMember(b, "epoch", string(epoch))
	return fmt.Appendf(b, `,"max_id":%d,"actions":`, max)
}

// appendFrames makes frames of a page's actions, none of them too large, and
// returns the position they lead to. A page without actions makes none, but
// for one that tells of a reset.
func appendFrames(ts chat.TSID, p *store.Page) (frames [][]byte, max chat.ActionID) {
	reset := p.Reset
	for rest := p.Actions; len(rest) > 0 || reset; {
		var body []byte
		n := 0
		for n < len(rest) && len(body) < pageBytes {
			if n > 0 {
				body = append(body, ',')
			}
			before := len(body)
			body = appendAction(body, &rest[n])
			if n > 0 && len(body) > pageBytes {
				body = body[:before-1]
				break
			}
			n++
		}
		max = p.Max
		if n < len(rest) {
			max = rest[n-1].ID
		}
		rest = rest[n:]
		f := append(append(actionsHead(ts, p.Epoch, max), '['), body...)
		f = append(f, ']')
		if reset {
			f = append(f, `,"reset":true`...)
			reset = false
		}
		frames = append(frames, append(f, '}'))
	}
	return frames, p.Max
}

// end closes the socket for the reason it ended.
func (s *socket) end(why error) {
	code, reason := closeCode(why)
	if code == 0 {
		return // the peer has closed it, or gorilla has said why
	}
	s.net.end()
	s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}

func closeCode(why error) (code int, reason string) {
	switch e := asRefusal(why); {
	case e != nil && faces[e.Code].close != 0:
		return faces[e.Code].close, string(e.Code)
	case errors.Is(why, errDraining):
		return websocket.CloseGoingAway, fmt.Sprintf("retry_ms=%d", rand.IntN(5001))
	case errors.Is(why, errTooSlow):
		return websocket.CloseTryAgainLater, "too slow a reader"
	case errors.Is(why, errRemoved):
		return closeRemoved, "removed"
	case errors.Is(why, errNotJSON):
		return closeNotJSON, "frames must be JSON text"
	case e != nil:
		return websocket.CloseInternalServerErr, string(e.Code)
	}
	return 0, ""
}
