package scenario_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"regexp"
	"sync"
)

// line is a device's way to the server. It keeps every byte that comes in,
// and can be cut.
type line struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex
	bytes bytes.Buffer
	lose  bool // the next answer
	conns map[*lineConn]struct{}
}

var errLost = errors.New("the connection was cut")

func (l *line) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &lineConn{Conn: conn, line: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = map[*lineConn]struct{}{}
	}
	l.conns[c] = struct{}{}
	return c, nil
}

// loseNext cuts the connection on which something comes in next, in its
// place: the server has received what was sent, and its answer is lost.
func (l *line) loseNext() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose = true
}

// cut cuts every connection.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Conn.Close()
	}
}

// find is what matches in all that came in.
func (l *line) find(re *regexp.Regexp) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, found := range re.FindAll(l.bytes.Bytes(), -1) {
		all = append(all, string(found))
	}
	return all
}

type lineConn struct {
	net.Conn
	line *line
}

func (c *lineConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	l := c.line
	l.mu.Lock()
	l.bytes.Write(b[:n])
	lost := l.lose && n > 0
	if lost {
		l.lose = false
	}
	l.mu.Unlock()
	if lost {
		c.Conn.Close()
		return 0, errLost
	}
	return n, err
}

func (c *lineConn) Close() error {
	c.line.mu.Lock()
	delete(c.line.conns, c)
	c.line.mu.Unlock()
	return c.Conn.Close()
}
