package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// httpConn asks one thing after the other over one connection (HTTP/1.1), as
// cheaply as it can be done.
type httpConn struct {
	net.Conn
	in   *bufio.Reader
	body []byte
}

// dialHTTP connects to a server by its URL, such as https://chat.example.org.
func dialHTTP(ctx context.Context, server string) (*httpConn, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 20 * time.Second}
	var c net.Conn
	if u.Scheme == "https" {
		c, err = (&tls.Dialer{NetDialer: &d}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443")))
	} else {
		c, err = d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")))
	}
	if err != nil {
		return nil, err
	}
	return &httpConn{Conn: c, in: bufio.NewReader(c)}, nil
}

// do sends a whole request and returns the answer's body, which is good until
// the next call. Anything but 200 with a length is an error.
func (c *httpConn) do(request []byte) ([]byte, error) {
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	ok := bytes.HasPrefix(line, []byte("HTTP/1.1 200 "))
	status := ""
	if !ok {
		status = string(bytes.TrimSpace(line))
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		if len(name) == len("content-length") && bytes.EqualFold(name, []byte("content-length")) {
			n, ok := ScanUint(bytes.TrimSpace(value))
			if !ok {
				return nil, fmt.Errorf("a bad header: %q", line)
			}
			length = int(n)
		}
	}
	if length < 0 {
		return nil, errors.New("an answer without Content-Length")
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%s: %.300s", status, c.body)
	}
	return c.body, nil
}

// Request is a whole HTTP/1.1 request with a JSON body.
func Request(path, host, header, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s",
		path, host, header, len(body), body)
}

// PollLoad is pollers, each of whom asks again when the answer is there.
type PollLoad struct {
	Pollers          int
	Warmup, Duration time.Duration
	Count            int64 // answers after which it ends earlier; 0: no bound
}

// Check says what is wrong with l.
func (l *PollLoad) Check() error {
	if l.Pollers < 1 || l.Pollers > 10_000 {
		return fmt.Errorf("--pollers must be from 1 to 10000")
	}
	return checkTimes(l.Warmup, l.Duration, l.Count)
}

// Poll has each poller send its request to the server with that URL again and
// again. check says what is wrong with an answer; one that is wrong ends the
// poller.
func Poll(
	ctx context.Context, at string, load PollLoad, request func(i int) []byte, check func(i int, body []byte) error,
	server *Server, say Progress,
) (f Figures, bad []string, err error) {
	if err := load.Check(); err != nil {
		return nil, nil, err
	}
	conns := make([]*httpConn, load.Pollers)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	for i := range conns {
		if conns[i], err = dialHTTP(ctx, at); err != nil {
			return nil, nil, err
		}
	}
	var phase atomic.Int32
	var left, answered atomic.Int64
	left.Store(load.Count)
	spent, spend := context.WithCancel(ctx)
	defer spend()
	violations := new(Violations)
	samples := make([]*Samples, load.Pollers)
	var polling sync.WaitGroup
	for i, c := range conns {
		samples[i] = NewSamples(max(2_000_000/load.Pollers, 100))
		polling.Go(func() {
			asks := request(i)
			n := int64(0)
			defer func() { answered.Add(n) }()
			for phase.Load() < draining {
				from := time.Now()
				body, err := c.do(asks)
				took := time.Since(from)
				if err == nil {
					err = check(i, body)
				}
				if err != nil {
					if phase.Load() != closing {
						violations.Add("poller %d: %v", i, err)
					}
					return
				}
				if phase.Load() != measuring {
					continue
				}
				n++
				samples[i].Add(took)
				if load.Count > 0 && left.Add(-1) <= 0 {
					spend()
					return
				}
			}
		})
	}
	stop := func() {
		phase.Store(closing)
		for _, c := range conns {
			c.SetDeadline(time.Now().Add(-time.Second))
		}
		polling.Wait()
	}
	say.say("warming up for %v, then polling for %v", load.Warmup, load.Duration)
	if err := sleep(ctx, load.Warmup); err != nil {
		stop()
		return nil, nil, err
	}
	w := server.watch(say)
	phase.Store(measuring)
	sleep(spent, load.Duration)
	phase.Store(draining)
	used := w.stop()
	if err := context.Cause(ctx); err != nil {
		stop()
		return nil, nil, err
	}
	for _, c := range conns {
		c.SetDeadline(time.Now().Add(drainTime))
	}
	polling.Wait()
	n := float64(answered.Load())
	f.Add("answers_per_s", n/used.wall.Seconds())
	f.addLatency("answer", samples...)
	used.tell(&f)
	used.per(&f, "server_cpu_s_per_million_answers", n)
	f.Add("generator_cpu_s_per_million_answers", used.own.Seconds()/n*1e6)
	return f, violations.List(), nil
}

// parameters are those of l, for a report.
func (l *PollLoad) parameters() (f Figures) {
	f.Add("pollers", float64(l.Pollers))
	f.Add("warmup_s", l.Warmup.Seconds())
	f.Add("duration_s", l.Duration.Seconds())
	if l.Count > 0 {
		f.Add("count", float64(l.Count))
	}
	return f
}

// NewPollReport is the report of a [Poll].
func NewPollReport(server string, load PollLoad, f Figures, bad []string) *Report {
	return &Report{Bench: "poll", Server: server, Parameters: load.parameters(), Figures: f, Violations: bad}
}
