package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"hearth/api"
	"hearth/api/control"
	"hearth/auth"
	"hearth/auth/sms"
	"hearth/hub"
	"hearth/hub/chat"
	"hearth/internal/metrics"
	"hearth/static"
	"hearth/store"
)

// sender is the configured way to send SMS.
func sender(cfg Config, terminal io.Writer, log *slog.Logger) (sms.Sender, error) {
	switch cfg.SMS.Provider {
	case "console":
		return &sms.Console{Out: terminal}, nil
	case "file":
		return &sms.File{Path: cfg.SMS.File}, nil
	case "vonage":
		v := cfg.SMS.Vonage
		return sms.NewVonage(sms.Options{
			APIKey: string(v.APIKey), APISecret: string(v.APISecret), From: v.From, BaseURL: v.BaseURL, Log: log,
		})
	}
	return nil, fmt.Errorf("sms.provider: unknown")
}

// server is everything that runs, wired.
type server struct {
	cfg     Config
	log     *slog.Logger
	store   *store.Store
	auth    *auth.Auth
	hub     *hub.Hub
	api     *api.API
	metrics *metrics.Metrics

	noting sync.Mutex // held while the configuration in force is noted

	stop context.CancelFunc // of the background work
	work sync.WaitGroup
}

// serverOptions are what demo has its own way with.
type serverOptions struct {
	terminal io.Writer                       // where the console sender writes
	pages    func(http.Handler) http.Handler // around the static pages; nil: just these
	anyHost  bool                            // answer to whatever name it is called by
}

// newServer opens the data and wires the rooms together. It does not listen
// yet. close must be called.
func newServer(ctx context.Context, cfg Config, log *slog.Logger, o serverOptions) (s *server, err error) {
	s = &server{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	pages, err := openPages(cfg) // first: a mistake in the configuration changes nothing
	if err != nil {
		return s, err
	}
	if o.pages != nil {
		pages = o.pages(pages)
	}
	var told atomic.Pointer[hub.Hub] // nobody listens before it is there
	roster := make(chan struct{}, 1)
	s.metrics = metrics.New(version)
	st, links, err := openStore(ctx, cfg, false, log, func(e store.Event) {
		if h := told.Load(); h != nil {
			h.Committed(e)
		}
		if e.Roster {
			select {
			case roster <- struct{}{}:
			default:
			}
		}
	}, s.metrics.Commit)
	if err != nil {
		return s, err
	}
	s.store = st
	if err := st.FinishErasing(ctx); err != nil { // those who are in therapy must not wait for an operator
		log.Error("what was begun to be erased is not erased; run \"hearth erase\" again", "error", err)
	}
	if s.hub, err = hub.New(ctx, hub.Options{Store: st, Log: log}); err != nil {
		return s, err
	}
	told.Store(s.hub)
	if s.auth, err = openAuth(ctx, cfg, st, o.terminal, log, s.hub.InOpenSession); err != nil {
		return s, err
	}
	s.api, err = api.New(api.Options{
		Hub: s.hub, Auth: s.auth, Store: st, PublicURL: cfg.PublicURL, AllowedOrigins: cfg.AllowedOrigins, AnyHost: o.anyHost,
		TrustedProxies: cfg.TrustedProxies, PollInterval: cfg.Chat.PollInterval,
		MaxActionsPerCall: cfg.Chat.MaxActionsPerCall, NoLegacy: !cfg.Legacy.Enabled, LinkKey: links,
		Region: cfg.DefaultRegion, LoginField: cfg.Auth.Field, Pages: pages, PageCSP: static.CSP, Log: log,
		Answered: s.metrics.Answered, Version: version, SMSSender: cfg.SMS.Provider, Disk: diskUse(cfg.DataDir),
	})
	if err != nil {
		return s, err
	}
	s.metrics.Watch(metrics.Sources{Store: st, Hub: s.hub, Auth: s.auth})
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.work.Go(func() { s.auth.Run(work) })
	s.work.Go(func() {
		sweep := time.NewTicker(10 * time.Minute)
		defer sweep.Stop()
		for {
			var err error
			select {
			case <-work.Done():
				return
			case <-roster:
				err = s.auth.RosterChanged(work)
			case <-sweep.C:
				err = st.SweepRefusals(work)
			}
			if err != nil && work.Err() == nil {
				log.Error("background work failed", "error", err)
			}
		}
	})
	return s, nil
}

// openPages is all that the server has besides the API.
func openPages(cfg Config) (http.Handler, error) {
	pages := static.Handler(static.Options{
		LoginField: cfg.Auth.Field, CodeDigits: cfg.Auth.OTP.Digits, CodeTries: cfg.Auth.OTP.AttemptsPerCode, ExitURL: cfg.Chat.ExitURL,
	})
	if !cfg.Legacy.Enabled {
		return pages, nil
	}
	pages, err := static.Legacy(pages, cfg.Legacy.ClientDir)
	if err != nil {
		return nil, fmt.Errorf("legacy.client_dir: %w", err)
	}
	return pages, nil
}

// openAuth opens the door to logins on the data in st. terminal is where the
// console sender writes.
func openAuth(
	ctx context.Context, cfg Config, st *store.Store, terminal io.Writer, log *slog.Logger, inSession func(chat.PID, chat.TSID) bool,
) (*auth.Auth, error) {
	send, err := sender(cfg, terminal, log)
	if err != nil {
		return nil, err
	}
	a := cfg.Auth
	return auth.New(ctx, auth.Options{
		Store: st, Sender: send, KeyFile: filepath.Join(cfg.DataDir, loginKeyFile), Region: cfg.DefaultRegion, Field: a.Field,
		OTP: auth.OTP{
			Digits: a.OTP.Digits, Lifetime: a.OTP.Lifetime, ResendAfter: resendAfter(a.OTP.ResendAfter),
			MaxSends: a.OTP.MaxSends, Window: a.OTP.Window, AttemptsPerCode: a.OTP.AttemptsPerCode,
		},
		Limits: auth.Limits(a.Limits), Idle: a.Session.Idle, Absolute: a.Session.Absolute,
		InSession: inSession, Log: log,
	})
}

// listenForMetrics opens the address of the metrics; nil if there is none.
func (s *server) listenForMetrics() (net.Listener, error) {
	if s.cfg.Metrics.Listen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", s.cfg.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w", err)
	}
	s.log.Info("metrics", "listen", l.Addr().String())
	return l, nil
}

// resendAfter: in the configuration 0 is no wait; in package auth it is the
// default.
func resendAfter(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// close ends what newServer began, in the order that loses nothing: first
// those who ask, then what answers.
func (s *server) close() error {
	if s.api != nil {
		s.api.Close()
	}
	if s.stop != nil {
		s.stop()
	}
	s.work.Wait()
	if s.hub != nil {
		s.hub.Close()
	}
	var errs []error
	if s.auth != nil {
		errs = append(errs, s.auth.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// A stop takes at most 10 seconds.
const (
	drainTime = 3 * time.Second         // for calls and sockets to end by themselves; then their connections are cut
	stopTime  = 9500 * time.Millisecond // for all of it: a code that is being sent may take five seconds
)

// serve answers on l, and operators' commands in the data directory, until
// ctx ends; then it drains and closes everything. It calls ready when whoever
// comes will be answered.
func (s *server) serve(ctx context.Context, l *listener, ready func()) error {
	ctl, err := control.Listen(s.cfg.DataDir)
	if err != nil {
		l.Close()
		return errors.Join(err, s.close())
	}
	numbers, err := s.listenForMetrics()
	if err != nil {
		ctl.Close()
		l.Close()
		return errors.Join(err, s.close())
	}
	s.noteStart()
	ready()
	srv := s.api.Server()
	var unused unusedConns
	srv.ConnState = unused.changed
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	var serving sync.WaitGroup
	var failed error
	serving.Go(func() {
		h := control.Handler(control.Options{
			Store: s.store, Auth: func() (*auth.Auth, error) { return s.auth, nil }, Dir: s.cfg.DataDir, OpenCopy: openCopy,
			Displaced: func() error { return displaced(s.cfg.DataDir) },
			Region:    s.cfg.DefaultRegion, Field: s.cfg.Auth.Field,
			Log: s.log,
		})
		if err := control.Serve(run, ctl, h); err != nil {
			s.log.Error("the control socket failed", "error", err)
		}
	})
	serving.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed = err
			cancel()
		}
	})
	if numbers != nil {
		scraped := &http.Server{Handler: s.metrics.Handler(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute}
		serving.Go(func() {
			if err := scraped.Serve(numbers); !errors.Is(err, http.ErrServerClosed) {
				s.log.Error("metrics are not served any more", "error", err)
			}
		})
		defer scraped.Close()
		context.AfterFunc(run, func() { scraped.Close() })
	}
	<-run.Done()
	s.log.Info("stopping")
	tooLate := time.After(stopTime)
	drained := time.AfterFunc(drainTime, func() {
		srv.Close()
		l.door.cut()
	})
	defer drained.Stop()
	stopped := make(chan error, 1)
	go func() {
		s.api.Drain()
		unused.close()
		srv.Shutdown(context.WithoutCancel(ctx))
		serving.Wait()
		s.noteStop()
		stopped <- errors.Join(failed, s.close())
	}()
	select {
	case err := <-stopped:
		return err
	case <-tooLate: // the process ends, and with it what hangs
		return errors.New("stopping took too long; what was acknowledged is on the disk")
	}
}
