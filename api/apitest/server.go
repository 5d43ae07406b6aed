// Package apitest is a whole server for tests: a real store on a real file,
// hub, auth, API and HTTP server, with a clock that tests set and SMS that
// they read. At the end of the test the store is checked.
//
// Start reading at [New], then person.go for the people who use it.
package apitest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hearth/api"
	"hearth/api/client"
	"hearth/auth"
	"hearth/hub"
	"hearth/hub/chat"
	"hearth/internal/metrics"
	"hearth/store"
	"hearth/store/bolt"
)

// Options of a server. What the rooms need of each other, a key, a driver or
// a sender is filled in; the rest of the zero value is their defaults, but for
// limits on logins and rates, which are out of the way unless they are given.
type Options struct {
	Roster *chat.Roster // nil: Sample()
	Store  store.Options
	Hub    hub.Options
	Auth   auth.Options
	API    api.Options

	// Leaky is for a test that leaks secrets on purpose.
	Leaky bool

	// Pipe makes connections in memory and lets the clock run, so that all
	// of it works under testing/synctest.
	Pipe bool
}

// Server is a running server.
type Server struct {
	URL   string
	Clock *Clock
	SMS   *SMS  // what was sent, unless another Sender was given
	Disk  *Disk // what it is stored on
	Log   *Log  // what the server has logged

	// Secrets are all that this server was told or has told so far and that
	// its logs, metrics and audit entries must not hold; at the end of the
	// test they are looked for. People of the roster, codes, and what goes by
	// way of a client of this server are added by themselves.
	Secrets *Secrets
	Metrics *metrics.Metrics // since the latest start

	Store *store.Store
	Hub   *hub.Hub
	Auth  *auth.Auth
	API   *api.API

	t      testing.TB
	opt    Options
	dir    string
	pipe   *pipe // nil: the network
	stop   func()
	people []*Person
	scrape string // of those metrics that have ended

	lookedAt struct { // by documented
		mu sync.Mutex
		n  map[string]int
	}
}

// New starts a server that ends with the test. change may set options.
func New(t testing.TB, change ...func(*Options)) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir(), Log: &Log{}, Secrets: &Secrets{}}
	s.SMS = newSMS(s.Secrets)
	for _, f := range change {
		f(&s.opt)
	}
	s.Clock = newClock(s.opt.Pipe)
	if s.opt.Roster == nil {
		s.opt.Roster = Sample()
	}
	s.setDefaults()
	s.start("127.0.0.1:0")
	s.SetRoster(func(*chat.Roster) *chat.Roster { return s.opt.Roster })
	t.Cleanup(func() { s.end(t) })
	return s
}

func (s *Server) setDefaults() {
	o := &s.opt
	if o.Store.Rate == (chat.Rate{}) {
		o.Store.Rate = chat.Rate{PerSecond: 1e6, Burst: 1e6}
	}
	if o.Auth.Limits == (auth.Limits{}) {
		o.Auth.Limits = auth.Limits{
			SendsPerDay: 1e6, WrongCodesPerDay: 1e6, WrongCodesPer30Days: 1e6, LoginsPerAddressPerHour: 1e6, SendsPerHour: 1e6,
		}
	}
	if o.Auth.OTP == (auth.OTP{}) {
		o.Auth.OTP = auth.OTP{MaxSends: 1e6}
	}
	o.Store.AuditKey = bytes.Repeat([]byte{1}, 32)
	o.Store.Now, o.Auth.Now = s.Clock.Now, s.Clock.Now
	o.API.LinkKey = bytes.Repeat([]byte{2}, 32)
	o.Auth.KeyFile = filepath.Join(s.dir, "login.key")
	if o.Auth.Sender == nil {
		o.Auth.Sender = s.SMS
	} else {
		o.Auth.Sender = overheard{o.Auth.Sender, s.Secrets}
	}
	for _, key := range [][]byte{o.Store.AuditKey, o.API.LinkKey} {
		s.Secrets.Token(hex.EncodeToString(key))
		s.Secrets.Token(base64.StdEncoding.EncodeToString(key))
	}
	log := slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Store.Log, o.Hub.Log, o.Auth.Log, o.API.Log = log, log, log, log
}

// start opens the data and serves it at address.
func (s *Server) start(address string) {
	s.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	db, err := bolt.Open(filepath.Join(s.dir, "hearth.db"), bolt.Options{})
	must(err)
	s.Disk = &Disk{Driver: db}
	roster := make(chan struct{}, 1)
	o := s.opt
	o.Store.Driver = s.Disk
	numbers := metrics.New("test") // a call of before a restart may still be counted
	s.Metrics = numbers
	o.Store.Observe = both(o.Store.Observe, numbers.Commit)
	answered := o.API.Answered
	o.API.Answered = func(method, route string, status int, took time.Duration) {
		numbers.Answered(method, route, status, took)
		if answered != nil {
			answered(method, route, status, took)
		}
	}
	var told atomic.Pointer[hub.Hub]
	o.Store.Committed = func(e store.Event) {
		if h := told.Load(); h != nil {
			h.Committed(e)
		}
		if e.Roster {
			select {
			case roster <- struct{}{}:
			default:
			}
		}
	}
	s.Store, err = store.Open(ctx, o.Store)
	must(err)
	o.Hub.Store = s.Store
	s.Hub, err = hub.New(ctx, o.Hub)
	must(err)
	told.Store(s.Hub)
	o.Auth.Store, o.Auth.InSession = s.Store, s.Hub.InOpenSession
	s.Auth, err = auth.New(ctx, o.Auth)
	must(err)
	o.API.Store, o.API.Hub, o.API.Auth = s.Store, s.Hub, s.Auth
	s.API, err = api.New(o.API)
	must(err)
	s.Metrics.Watch(metrics.Sources{Store: s.Store, Hub: s.Hub, Auth: s.Auth})

	run, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { s.Auth.Run(run) })
	work.Go(func() {
		for {
			select {
			case <-run.Done():
				return
			case <-roster:
				s.Auth.RosterChanged(run)
			}
		}
	})
	srv := s.API.Server()
	l := s.listen(address)
	s.URL = "http://" + l.Addr().String()
	work.Go(func() { srv.Serve(l) })
	s.stop = func() {
		s.scrape += s.scraped()
		s.API.Drain()
		late, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if srv.Shutdown(late) != nil {
			srv.Close()
		}
		s.API.Close()
		stop()
		work.Wait()
		s.Hub.Close()
		if err := s.Auth.Close(); err != nil && s.Store.Ready() == nil {
			s.t.Error(err)
		}
	}
}

func (s *Server) listen(address string) net.Listener {
	s.t.Helper()
	if s.opt.Pipe {
		s.pipe = newPipe()
		return s.pipe
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// Dial connects to the server, for tests that speak for themselves.
func (s *Server) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.pipe != nil {
		return s.pipe.dial(ctx)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Restart stops the server as an operator would, and starts it again at the
// same address. Open sockets end.
func (s *Server) Restart() {
	s.t.Helper()
	s.stop()
	if err := s.Store.Close(); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range s.people {
		p.Client.Close() // connections that the old server has closed
	}
	s.start(s.URL[len("http://"):])
}

// For has what goes wrong from here on fail t, a subtest or a fuzz target. The
// server still ends with the test that it was made for.
func (s *Server) For(t testing.TB) { s.t = t }

// end stops everything and checks what is stored.
func (s *Server) end(t testing.TB) {
	s.t = t
	for _, p := range s.people {
		p.hangUp()
	}
	s.stop()
	s.Check()
	if !s.opt.Leaky {
		s.KeepsSecrets(t)
	}
	if err := s.Store.Close(); err != nil {
		s.t.Error(err)
	}
}

// Check fails the test if what is stored is not as it should be.
func (s *Server) Check() {
	s.t.Helper()
	r, err := s.Store.Check(context.Background())
	if err != nil || len(r.Problems) > 0 {
		s.t.Errorf("check: %v, %q", err, r.Problems)
	}
}

// SetRoster puts another roster in the present one's place.
func (s *Server) SetRoster(make func(now *chat.Roster) *chat.Roster) {
	s.t.Helper()
	err := s.Store.ApplyRoster(context.Background(), "test", "import", func(now *chat.Roster) (*chat.Roster, error) {
		return make(now), nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Secrets.Roster(s.Store.Roster())
}

// NewClient makes a client of this server that is not logged in; URL and Dial
// are filled in.
func (s *Server) NewClient(o client.Options) *client.Client {
	s.t.Helper()
	o.URL, o.Dial = s.URL, s.Dial
	o.Answered, o.Framed = s.answered, s.framed
	c, err := client.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}
