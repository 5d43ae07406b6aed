package browser

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Proxy is the network between windows and a server, with everything that can
// be wrong with it. It is a site of its own: the server sees the host that the
// window sees.
type Proxy struct {
	*Server
	URL string

	http *http.Server

	mu       sync.Mutex
	conns    map[*wire]bool
	requests []Request
	noSocket bool          // upgrades are refused
	noHold   bool          // calls that ask to be held are cut
	offline  bool          // nothing comes through
	deaf     bool          // what the server says is lost on its way
	refused  []string      // paths whose calls are cut
	latency  time.Duration // of what comes from the window
}

// Request is one that came to the proxy, in the order of their coming.
type Request struct {
	Method, Path, Query string
	Upgrade             bool // it asked for a WebSocket
}

// StartProxy puts a proxy in front of s.
func StartProxy(s *Server) (*Proxy, error) {
	target, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Server: s, URL: "http://" + l.Addr().String(), conns: map[*wire]bool{}}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		// A server that is down is a connection that breaks.
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		FlushInterval: -1,
		Transport:     &http.Transport{DisableCompression: true},
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	p.http = &http.Server{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.passes(r) {
			panic(http.ErrAbortHandler)
		}
		pass.ServeHTTP(w, r)
	})}
	go p.http.Serve(wires{l, p})
	return p, nil
}

// Stop ends it, and every connection through it.
func (p *Proxy) Stop() {
	p.http.Close()
	p.Cut()
}

// Address is where windows find the server.
func (p *Proxy) Address() string { return p.URL }

func (p *Proxy) passes(r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Upgrade: r.Header.Get("Upgrade") != ""}
	p.requests = append(p.requests, q)
	return !(p.offline || p.noSocket && q.Upgrade || p.noHold && strings.Contains(q.Query, "wait=") || slices.Contains(p.refused, q.Path))
}

// Requests are those that came since the first from.
func (p *Proxy) Requests(from int) []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[from:len(p.requests):len(p.requests)]
}

// set changes a switch, and cuts what is open where that belongs to it.
func (p *Proxy) set(cut bool, change func()) {
	p.mu.Lock()
	change()
	p.mu.Unlock()
	if cut {
		p.Cut()
	}
}

// NoSocket refuses WebSockets, and cuts those that are open.
func (p *Proxy) NoSocket(on bool) { p.set(on, func() { p.noSocket = on }) }

// NoHold cuts answers that are held (wait=…).
func (p *Proxy) NoHold(on bool) { p.set(on, func() { p.noHold = on }) }

// Refuse cuts calls of these paths, and of no others from now on.
func (p *Proxy) Refuse(paths ...string) { p.set(false, func() { p.refused = paths }) }

// Offline cuts every connection and lets none come up until it is switched off.
func (p *Proxy) Offline(on bool) { p.set(on, func() { p.offline = on }) }

// LoseAnswers lets requests and frames through to the server, and loses what
// it answers. Switching it off cuts the connections whose answers are missing.
func (p *Proxy) LoseAnswers(on bool) { p.set(!on, func() { p.deaf = on }) }

// Latency delays whatever a window sends by d.
func (p *Proxy) Latency(d time.Duration) { p.set(false, func() { p.latency = d }) }

// Cut breaks every connection that is open now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	open := p.conns
	p.conns = map[*wire]bool{}
	p.mu.Unlock()
	for c := range open {
		c.reset()
	}
}

// wires are a listener's connections, each known to the proxy.
type wires struct {
	net.Listener
	p *Proxy
}

func (l wires) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		w := &wire{Conn: c, p: l.p}
		l.p.mu.Lock()
		offline := l.p.offline
		if !offline {
			l.p.conns[w] = true
		}
		l.p.mu.Unlock()
		if !offline {
			return w, nil
		}
		w.reset()
	}
}

// wire is one connection of a window.
type wire struct {
	net.Conn
	p *Proxy
}

// reset ends it as a broken line does.
func (w *wire) reset() {
	w.Conn.(*net.TCPConn).SetLinger(0)
	w.Conn.Close()
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.p.mu.Lock()
	d := w.p.latency
	w.p.mu.Unlock()
	if d > 0 && n > 0 {
		<-time.After(d)
	}
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	deaf := w.p.deaf
	w.p.mu.Unlock()
	if deaf {
		return len(b), nil
	}
	return w.Conn.Write(b)
}

func (w *wire) Close() error {
	w.p.mu.Lock()
	delete(w.p.conns, w)
	w.p.mu.Unlock()
	return w.Conn.Close()
}

// Await waits until the proxy's record since the first from is as wanted.
func (p *Proxy) Await(ctx context.Context, from int, what func(Request) bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, r := range p.Requests(from) {
			if what(r) {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
