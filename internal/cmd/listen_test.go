package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestCutEndsEveryConnection(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	var log bytes.Buffer
	l, err := listen(cfg, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan net.Conn, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
		}
		taken <- c
	})}
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
