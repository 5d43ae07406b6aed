package sms_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hearth/auth/sms"
)

// A standIn is the SMS account: an HTTP server that gives its answers in order,
// the last one for ever, on connections in memory, so that the clock of a
// synctest bubble moves while it makes its client wait.
type standIn struct {
	answers []http.HandlerFunc
	conns   chan net.Conn

	mu    sync.Mutex
	forms []url.Values // of the messages it was asked to send
	log   strings.Builder
}

// newStandIn must be called in the bubble.
func newStandIn(t *testing.T, answers ...http.HandlerFunc) *standIn {
	s := &standIn{answers: answers, conns: make(chan net.Conn)}
	server := &http.Server{Handler: s}
	served := make(chan error)
	go func() { served <- server.Serve(s) }()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	return s
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm() // reads the body, so that the server notices when its client leaves
	s.mu.Lock()
	answer := s.answers[min(len(s.forms), len(s.answers)-1)]
	s.forms = append(s.forms, r.PostForm)
	s.mu.Unlock()
	answer(w, r)
}

func (s *standIn) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.forms)
}

// options are those of a sender that talks to s, and logs everything to s.log.
func (s *standIn) options(t *testing.T) sms.Options {
	transport := &http.Transport{DialContext: s.dial}
	t.Cleanup(transport.CloseIdleConnections)
	return sms.Options{
		APIKey: apiKey, APISecret: apiSecret, From: "Hearth",
		BaseURL: "http://localhost/",
		Client:  &http.Client{Transport: transport},
		Log:     debugLog(&s.log),
	}
}

func (s *standIn) sender(t *testing.T) *sms.Vonage {
	t.Helper()
	v, err := sms.NewVonage(s.options(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *standIn) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case s.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// The net.Listener that the server has.

func (s *standIn) Accept() (net.Conn, error) {
	if c, ok := <-s.conns; ok {
		return c, nil
	}
	return nil, errors.New("closed")
}

func (s *standIn) Close() error   { close(s.conns); return nil }
func (s *standIn) Addr() net.Addr { return &net.TCPAddr{} }

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// statuses answers 200 with one part for each status; a refusal echoes the
// phone, the text and the secret, which must go no further.
func statuses(list ...string) http.HandlerFunc {
	parts := make([]string, len(list))
	for i, status := range list {
		parts[i] = `{"to":"16505550123","message-id":"0A0000000123ABCD1","status":"0","remaining-balance":"3.14","message-price":"0.03","network":"12345"}`
		if status != "0" {
			parts[i] = `{"status":"` + status + `","error-text":"Bad: 16505550123 ` + text + ` ` + apiKey + ` ` + apiSecret + `"}`
		}
	}
	return answer(200, `{"message-count":"`+string(rune('0'+len(list)))+`","messages":[`+strings.Join(parts, ",")+`]}`)
}

var (
	accepts   = statuses("0")
	throttles = statuses("1")
	// silence reads the request and never answers.
	silence http.HandlerFunc = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	// hangUp reads the request and closes the connection.
	hangUp http.HandlerFunc = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	// garbage is no HTTP, and says what it was told.
	garbage http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, r.PostForm.Encode()+" "+text+" "+string(phone)+"\r\n\r\n")
		conn.Close()
	}
)
