// Package client speaks Hearth's protocol from the outside: it is for tests,
// and for the verbs doctor and bench. It knows addresses, headers and wire
// formats, and nothing of how the server makes its answers.
//
// Start reading at [Client]; socket.go is the WebSocket, action.go the polls.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"hearth/hub/chat"
)

// Options of a client. URL is required.
type Options struct {
	URL     string // of the server, such as http://127.0.0.1:8080
	Cookies bool   // be a browser: keep the login in cookies and send an Origin; else a bearer header carries it
	TLS     *tls.Config

	// Dial opens connections; nil: the network's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Received is told of every answer's body and every frame, as it came,
	// before anything else is. It must not keep b. nil: nobody is.
	Received func(b []byte)

	// Answered and Framed are told of the same, by kind. nil: nobody is.
	Answered func(r *http.Request, a Answer)
	Framed   func(b []byte)
}

// Client is one device of one person. Its methods may be called at the same
// time.
type Client struct {
	opt  Options
	base *url.URL
	http *http.Client

	mu    sync.Mutex
	token string
}

// New makes a client that is not logged in. It fails only for a bad URL.
func New(opt Options) (*Client, error) {
	u, err := url.Parse(opt.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("URL: must be http://host or https://host")
	}
	if opt.Received == nil {
		opt.Received = func([]byte) {}
	}
	if opt.Answered == nil {
		opt.Answered = func(*http.Request, Answer) {}
	}
	if opt.Framed == nil {
		opt.Framed = func([]byte) {}
	}
	c := &Client{opt: opt, base: &url.URL{Scheme: u.Scheme, Host: u.Host}}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext: opt.Dial, TLSClientConfig: opt.TLS.Clone(), ForceAttemptHTTP2: opt.TLS != nil, DisableCompression: true,
		},
		// Where a redirect leads is for the caller to see.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if opt.Cookies {
		if c.http.Jar, err = cookiejar.New(nil); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Close gives idle connections up. Sockets are closed by themselves.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Token is the login's, empty before and with cookies.
func (c *Client) Token() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// SetToken makes t the login; empty: none.
func (c *Client) SetToken(t string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = t
}

// Cookies are those that the next call sends.
func (c *Client) Cookies() []*http.Cookie {
	if c.http.Jar == nil {
		return nil
	}
	return c.http.Jar.Cookies(c.base)
}

// Origin is the server's own.
func (c *Client) Origin() string { return c.base.String() }

func (c *Client) header() http.Header {
	h := http.Header{}
	if t := c.Token(); t != "" {
		h.Set("Authorization", "Bearer "+t)
	}
	if c.opt.Cookies {
		h.Set("Origin", c.Origin())
	}
	return h
}

// NewRequest makes a request as this client sends it; the caller may change
// it. body is JSON; nil: none.
func (c *Client) NewRequest(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	var b io.Reader
	if body != nil {
		b = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, b)
	if err != nil {
		return nil, err
	}
	r.Header = c.header()
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// Answer is one HTTP answer, whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends r and reads the whole answer, whatever its status is.
func (c *Client) Do(r *http.Request) (Answer, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	c.opt.Received(b)
	a := Answer{res.StatusCode, res.Header, b}
	if err == nil {
		c.opt.Answered(r, a)
	}
	return a, err
}

// Call sends in as JSON (nil: no body) and reads the answer into out (nil: it
// is not looked at). An answer that is an error is a *[Problem].
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = b
	}
	r, err := c.NewRequest(ctx, method, path, body)
	if err != nil {
		return err
	}
	a, err := c.Do(r)
	if err != nil {
		return err
	}
	return a.into(method+" "+r.URL.Path, out)
}

func (a *Answer) into(what string, out any) error {
	if a.Status >= 400 {
		return a.Problem()
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", what, err)
	}
	return nil
}

// Problem is an error as the server tells it (RFC 9457).
type Problem struct {
	Status     int       `json:"status"`
	Title      string    `json:"title"`
	Code       chat.Code `json:"code"`
	Detail     string    `json:"detail"`
	RetryAfter int       `json:"retry_after"` // seconds; 0: waiting does not help
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// Problem reads an answer that is an error. One that is not of the server's
// making (a proxy's, say) has no code.
func (a *Answer) Problem() *Problem {
	p := &Problem{Status: a.Status, Detail: http.StatusText(a.Status)}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") {
		if json.Unmarshal(a.Body, p) != nil {
			p.Code = ""
		}
	}
	return p
}
