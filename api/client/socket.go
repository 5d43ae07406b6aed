package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"

	"hearth/hub/chat"
)

// Subprotocol is that of the WebSocket.
const Subprotocol = "hearth.v1"

// Frame is what the server sends on a WebSocket; which members it has depends
// on its Type.
type Frame struct {
	Type string `json:"type"` // hello, entered, actions, saved, left, pong, presence, typing or error
	Ref  string `json:"ref"`  // of the frame that this answers; empty: none

	Entered           // of entered; of actions TS, Epoch and Max; of saved Max
	Actions []Action  `json:"actions"`
	Reset   bool      `json:"reset"` // of actions: start over from these
	Results []Result  `json:"results"`
	User    User      `json:"user"`   // of hello; of presence and typing the id alone
	Status  string    `json:"status"` // of presence
	Code    chat.Code `json:"code"`   // of error, as the following
	Message string    `json:"message"`
	Retry   int       `json:"retry_after"` // seconds
	Hello   int       `json:"protocol"`    // of hello: its version
	At      string    `json:"server_time"` // of hello
	Raw     []byte    `json:"-"`           // as it came
}

// Socket is one WebSocket. One goroutine may read while others send.
type Socket struct {
	conn     *websocket.Conn
	received func([]byte)
	framed   func([]byte)

	mu  sync.Mutex // one writer at a time, and what follows
	ref int
	ts  chat.TSID
	at  chat.Position
}

// Connect opens a WebSocket. A refusal before the upgrade is a *[Problem].
func (c *Client) Connect(ctx context.Context) (*Socket, error) {
	return c.ConnectWith(ctx, http.Header{})
}

// ConnectWith is Connect with further headers, or others in the place of the
// client's own.
func (c *Client) ConnectWith(ctx context.Context, header http.Header) (*Socket, error) {
	d := websocket.Dialer{
		NetDialContext: c.opt.Dial, TLSClientConfig: c.opt.TLS, Jar: c.http.Jar, HandshakeTimeout: 10 * time.Second,
		Subprotocols: []string{Subprotocol}, ReadBufferSize: 4096, WriteBufferSize: 1024,
	}
	h := c.header()
	for name, values := range header {
		if len(values) == 0 {
			h.Del(name)
		} else {
			h[name] = values
		}
	}
	if h.Get("Sec-WebSocket-Protocol") != "" {
		d.Subprotocols = nil // gorilla takes it from the header, or from here
	}
	conn, res, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(c.base.String(), "http")+"/api/ws", h)
	if errors.Is(err, websocket.ErrBadHandshake) && res != nil {
		b, _ := io.ReadAll(res.Body) // gorilla has kept its first kilobyte
		c.opt.Received(b)
		a := Answer{res.StatusCode, res.Header, b}
		return nil, a.Problem()
	}
	if err != nil {
		return nil, err
	}
	return &Socket{conn: conn, received: c.opt.Received, framed: c.opt.Framed}, nil
}

// Subprotocol is the one that the server chose.
func (s *Socket) Subprotocol() string { return s.conn.Subprotocol() }

// Read blocks until the next frame. Control frames are answered meanwhile. Its
// error is a *websocket.CloseError where the server said why it closed.
func (s *Socket) Read() (Frame, error) {
	_, b, err := s.conn.ReadMessage()
	if err != nil {
		return Frame{}, err
	}
	s.received(b)
	s.framed(b)
	f := Frame{Raw: b}
	if err := json.Unmarshal(b, &f); err != nil {
		return f, fmt.Errorf("read a frame: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f.Type == "entered":
		s.ts = f.TS
	case f.Type == "actions" && f.TS == s.ts:
		s.at = chat.Position{Epoch: f.Epoch, ID: f.Max}
	}
	return f, nil
}

// Position is where to resume: the therapy session entered, and how far it
// was read.
func (s *Socket) Position() (chat.TSID, chat.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ts, s.at
}

// Enter asks to enter ts and to be told what is above from.
func (s *Socket) Enter(ts chat.TSID, from chat.Position) (ref string, err error) {
	f := map[string]any{"type": "enter", "ts_id": ts, "last_action_id": from.ID}
	if from.Epoch != "" {
		f["epoch"] = from.Epoch
	}
	s.mu.Lock()
	s.at = from
	s.mu.Unlock()
	return s.ask(f)
}

// Save asks for drafts where the socket has entered.
func (s *Socket) Save(drafts ...chat.Draft) (ref string, err error) {
	return s.ask(map[string]any{"type": "save", "actions": encodeDrafts(drafts)})
}

// Leave leaves.
func (s *Socket) Leave() (ref string, err error) { return s.ask(map[string]any{"type": "leave"}) }

// Typing tells that a message with these recipients is being typed.
func (s *Socket) Typing(to ...chat.PID) error {
	return s.Send(map[string]any{"type": "typing", "recipients": to})
}

// Ping asks for a pong.
func (s *Socket) Ping() error { return s.Send(map[string]any{"type": "ping"}) }

// ask sends a frame with a reference of its own.
func (s *Socket) ask(frame map[string]any) (ref string, err error) {
	s.mu.Lock()
	s.ref++
	ref = strconv.Itoa(s.ref)
	s.mu.Unlock()
	frame["ref"] = ref
	return ref, s.Send(frame)
}

// Send sends any frame as JSON.
func (s *Socket) Send(frame any) error {
	b, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return s.SendRaw(websocket.TextMessage, b)
}

// SendRaw sends any message; kind is one of gorilla's.
func (s *Socket) SendRaw(kind int, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn.WriteMessage(kind, b)
}

// OnPing has f asked, by the goroutine that reads, whether to answer a ping of
// the server; a device that has gone to sleep answers none. To be called
// before the first Read.
func (s *Socket) OnPing(f func() (answer bool)) {
	pong := s.conn.PingHandler()
	s.conn.SetPingHandler(func(data string) error {
		if !f() {
			return nil
		}
		return pong(data)
	})
}

// Close says goodbye and closes the connection.
func (s *Socket) Close() error {
	s.conn.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	return s.conn.Close()
}

// Drop closes the connection without a word, as a lost network does.
func (s *Socket) Drop() error { return s.conn.Close() }
