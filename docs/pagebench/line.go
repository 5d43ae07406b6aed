package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// line is a bad line to the server, as TCP would find it: every byte is half a
// round trip under way, a connection takes a whole one before its first byte,
// and all connections share what the line carries. It has no slow start and no
// loss: a real one is worse.
type line struct {
	address  string // to connect to, host:port
	listener net.Listener

	setting sync.Mutex
	to      string        // host:port of the server
	rtt     time.Duration // there and back

	down, up     pace
	received     atomic.Int64 // bytes on the way to the browser
	sent         atomic.Int64 // bytes on the way to the server
	connections  atomic.Int64
	mu           sync.Mutex
	open         map[net.Conn]bool
	wg           sync.WaitGroup
	closing      bool
	lastReceived atomic.Int64 // Unix nanoseconds
}

// startLine makes one that leads nowhere yet and slows nothing.
func startLine(ctx context.Context) (*line, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &line{address: l.Addr().String(), listener: l, open: map[net.Conn]bool{}}
	n.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n.connections.Add(1)
			n.wg.Go(func() { n.carry(ctx, c) })
		}
	})
	return n, nil
}

// lead says where it leads.
func (n *line) lead(to string) {
	n.setting.Lock()
	defer n.setting.Unlock()
	n.to = to
}

// slow sets how slow connections are from now on: the time there and back, and
// bytes/s each way, 0 for as many as come.
func (n *line) slow(rtt time.Duration, rate int) {
	n.setting.Lock()
	defer n.setting.Unlock()
	n.rtt = rtt
	n.down.set(rate)
	n.up.set(rate)
}

// hangUp ends all its connections.
func (n *line) hangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.open {
		c.Close()
	}
}

// close ends it and all its connections.
func (n *line) close() {
	n.listener.Close()
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	n.hangUp()
	n.wg.Wait()
}

// forget begins to count anew.
func (n *line) forget() {
	n.received.Store(0)
	n.sent.Store(0)
	n.connections.Store(0)
}

func (n *line) keep(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[c] = true
	return !n.closing
}

func (n *line) carry(ctx context.Context, browser net.Conn) {
	defer browser.Close()
	n.setting.Lock()
	to, rtt := n.to, n.rtt
	n.setting.Unlock()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	if !n.keep(browser) || !n.keep(server) {
		return
	}
	born := time.Now()
	var both sync.WaitGroup
	both.Go(func() { n.way(server, browser, born.Add(rtt), rtt/2, &n.up, &n.sent) })
	both.Go(func() { n.way(browser, server, born.Add(rtt), rtt/2, &n.down, &n.received) })
	both.Wait()
	n.mu.Lock()
	delete(n.open, browser)
	delete(n.open, server)
	n.mu.Unlock()
}

type parcel struct {
	b  []byte
	at time.Time // when it is there
}

// way carries bytes one way, in order; what is under way does not hold up what
// follows it.
func (n *line) way(to, from net.Conn, notBefore time.Time, takes time.Duration, p *pace, count *atomic.Int64) {
	under := make(chan parcel, 1<<16)
	go func() {
		defer close(under)
		for {
			b := make([]byte, 1460) // a packet
			k, err := from.Read(b)
			if k > 0 {
				now := time.Now()
				if now.Before(notBefore) {
					now = notBefore
				}
				under <- parcel{b[:k], p.next(now, k).Add(takes)}
				count.Add(int64(k))
			}
			if err != nil {
				return
			}
		}
	}()
	for x := range under {
		time.Sleep(time.Until(x.at))
		if _, err := to.Write(x.b); err != nil {
			break
		}
		n.lastReceived.Store(time.Now().UnixNano())
	}
	if c, ok := to.(*net.TCPConn); ok && !errors.Is(c.CloseWrite(), io.EOF) {
		from.Close()
	}
	for range under {
	}
}

// pace is one direction of the line: one packet after the other.
type pace struct {
	mu   sync.Mutex
	rate int
	free time.Time // when the next may begin
}

func (p *pace) set(rate int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate, p.free = rate, time.Time{}
}

// next says when a packet of n bytes that is there at now has left.
func (p *pace) next(now time.Time, n int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate == 0 {
		return now
	}
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(n) * time.Second / time.Duration(p.rate))
	return p.free
}
