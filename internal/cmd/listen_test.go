package cmd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inMemory is a listener whose connections are pipes: with them the clock of
// a synctest bubble moves.
type inMemory struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *inMemory) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *inMemory) Close() error {
	close(l.closed)
	return nil
}

func (l *inMemory) Addr() net.Addr { return &net.TCPAddr{} }

// inBubble runs f with a way to connect to a server that has the limits of the
// real one. Its time is the bubble's.
func inBubble(t *testing.T, h http.HandlerFunc, f func(t *testing.T, connect func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		l := &inMemory{make(chan net.Conn), make(chan struct{})}
		srv := httpServer(h, slog.New(slog.DiscardHandler))
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(l) }()
		f(t, func() net.Conn {
			mine, theirs := net.Pipe()
			l.conns <- theirs
			t.Cleanup(func() { mine.Close() })
			return mine
		})
		srv.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		time.Sleep(time.Second) // of the bubble: after a refusal the server lingers
	})
}

// trickle sends text once a second until c is closed; stop waits for that.
func trickle(c net.Conn, text string) (stop func()) {
	var done sync.WaitGroup
	done.Go(func() {
		for text != "" {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
			time.Sleep(time.Second) // of the bubble
		}
	})
	return func() {
		c.Close()
		done.Wait()
	}
}

func ok(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }

func TestSlowHeadersAreCut(t *testing.T) {
	for name, drip := range map[string]string{"silence": "", "a header a second": "X-Header: x\r\n"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, ok, func(t *testing.T, connect func() net.Conn) {
				c, began := connect(), time.Now()
				io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n")
				defer trickle(c, drip)()
				b, _ := io.ReadAll(c)
				if took := time.Since(began); took != headerTime || strings.Contains(string(b), "200") {
					t.Errorf("after %v it answers %q", took, b)
				}
			})
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	inBubble(t, ok, func(t *testing.T, connect func() net.Conn) {
		c, began := connect(), time.Now()
		if b, _ := io.ReadAll(c); len(b) > 0 || time.Since(began) != headerTime {
			t.Errorf("without a request it takes %v, and says %q", time.Since(began), b)
		}
		c = connect()
		r := bufio.NewReader(c)
		for range 2 {
			ask(t, c, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200)
			time.Sleep(idleTime - time.Second)
		}
		ask(t, c, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200)
		began = time.Now()
		if _, err := r.ReadByte(); err == nil || time.Since(began) != idleTime {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// A handler that does not look at the body must not make it a way to keep a
// connection for ever.
func TestSlowBodiesThatNobodyReadsAreCut(t *testing.T) {
	inBubble(t, ok, func(t *testing.T, connect func() net.Conn) {
		c, began := connect(), time.Now()
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
		defer trickle(c, "x")()
		io.ReadAll(c)
		if took := time.Since(began); took < bodyTime || took > bodyTime+time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A handler that waits longer than a body may take goes on, and the time limit
// of one answer is not that of the next one on the connection.
func TestTimeLimitsEndWithTheirRequest(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/limited":
			http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Second))
		case "/long":
			select {
			case <-time.After(55 * time.Second):
			case <-r.Context().Done():
				w.WriteHeader(500)
			}
		}
		io.WriteString(w, "ok")
	}
	inBubble(t, h, func(t *testing.T, connect func() net.Conn) {
		c := connect()
		r := bufio.NewReader(c)
		ask(t, c, r, "GET /limited HTTP/1.1\r\nHost: x\r\n\r\n", 200)
		time.Sleep(time.Minute)
		ask(t, c, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200)
		ask(t, c, r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 200)
		ask(t, c, r, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n", 200)
	})
}

func TestLargeHeadersAreRefused(t *testing.T) {
	inBubble(t, ok, func(t *testing.T, connect func() net.Conn) {
		for size, want := range map[int]int{maxHeader / 2: 200, 2 * maxHeader: 431} {
			c := connect()
			go io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Header: "+strings.Repeat("x", size)+"\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != want {
				t.Errorf("%d bytes: %d, want %d", size, res.StatusCode, want)
			}
			c.Close()
		}
	})
}

// ask sends a request and wants a status.
func ask(t *testing.T, c net.Conn, r *bufio.Reader, request string, want int) {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); res.StatusCode != want || err != nil {
		t.Fatalf("%.30q: %d %q, %v", request, res.StatusCode, b, err)
	}
}

func TestCutEndsEveryConnection(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	var log bytes.Buffer
	l, err := listen(cfg, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan net.Conn, 1)
	srv := httpServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
		}
		taken <- c
	}), slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	address := l.Addr().String()

	gone := dial(t, address)
	io.WriteString(gone, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	(<-taken).Close()
	stays := dial(t, address)
	io.WriteString(stays, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	hijacked := <-taken
	if n := len(l.door.open); n != 1 {
		t.Errorf("%d connections are known", n)
	}
	srv.Close() // knows nothing of what was hijacked
	l.door.cut()
	if _, err := fmt.Fprint(hijacked, "x"); err == nil {
		t.Error("it is still open")
	}
	if _, err := stays.Read(make([]byte, 1)); err == nil {
		t.Error("it is still open at the other end")
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	if log.Len() > 0 {
		t.Errorf("closing is logged: %s", &log)
	}
}

type failing struct{ net.Listener }

func (failing) Accept() (net.Conn, error) { return nil, errors.New("too many open files") }

func TestRefusedConnectionsAreLogged(t *testing.T) {
	var log bytes.Buffer
	d := &door{Listener: failing{}, log: slog.New(slog.NewTextHandler(&log, nil))}
	if _, err := d.Accept(); err == nil || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "too many open files") {
		t.Errorf("%v: %s", err, &log)
	}
}
