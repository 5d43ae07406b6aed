package api

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// stallConn is a WebSocket's connection that knows when its reader is too
// slow. A timed-out write leaves a frame half written, and gorilla gives the
// connection up; so here the rest of the frame gets one more such time, after
// which the close frame that says why can still be understood.
type stallConn struct {
	net.Conn
	stall   time.Duration
	stalled atomic.Bool

	mu    sync.Mutex
	until time.Time // nothing is written any more after it; zero: not yet known
}

func (c *stallConn) Write(b []byte) (int, error) {
	c.setDeadline()
	n, err := c.Conn.Write(b)
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || c.stalled.Swap(true) {
		return n, err
	}
	c.setDeadline()
	m, err := c.Conn.Write(b[n:])
	return n + m, err
}

func (c *stallConn) setDeadline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(c.stall)
	if !c.until.IsZero() && at.After(c.until) {
		at = c.until
	}
	c.Conn.SetWriteDeadline(at)
}

// lastWords is how long a socket that has to end may go on writing.
const lastWords = 2 * time.Second

// end gives what is written now, and the close frame, the time of lastWords.
func (c *stallConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Now().Add(lastWords)
	c.Conn.SetWriteDeadline(c.until)
}

// SetWriteDeadline does nothing: Write has its own.
func (c *stallConn) SetWriteDeadline(time.Time) error { return nil }

// hijacker hands gorilla a stallConn.
type hijacker struct {
	http.ResponseWriter
	stall time.Duration
	conn  *stallConn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &stallConn{Conn: conn, stall: h.stall}
	return h.conn, rw, nil
}

// addSocket counts a socket in; false: the server stops.
func (a *API) addSocket(s *socket) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.draining.Err() != nil {
		return false
	}
	a.sockets[s] = struct{}{}
	a.running.Add(1)
	return true
}

func (a *API) dropSocket(s *socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sockets, s)
	a.running.Done()
}

// pinger pings each socket every PingEvery, a part of them at a time, and
// ends all of them when the server drains.
func (a *API) pinger() {
	const parts = 20
	tick := time.NewTicker(a.opt.PingEvery / parts)
	defer tick.Stop()
	turn := map[*socket]int{}
	for n := 0; ; n++ {
		select {
		case <-a.draining.Done():
			a.mu.Lock()
			for s := range a.sockets {
				s.cancel(errDraining)
			}
			a.mu.Unlock()
			return
		case <-tick.C:
		}
		a.mu.Lock()
		for s := range turn {
			if _, ok := a.sockets[s]; !ok {
				delete(turn, s)
			}
		}
		for s := range a.sockets {
			at, ok := turn[s]
			if !ok {
				at = len(turn) % parts
				turn[s] = at
			}
			if at == n%parts {
				select {
				case s.ping <- struct{}{}:
				default:
				}
			}
		}
		a.mu.Unlock()
	}
}

// untilDrained is ctx that also ends, with errDraining, when the server does.
func (a *API) untilDrained(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(a.draining, func() { cancel(errDraining) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}
