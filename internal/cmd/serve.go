package cmd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// runServe is the verb serve.
func runServe(v *verbCall) error {
	configFile := v.configFlag()
	if err := v.parse(); err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // from the beginning: it must never end the process
	defer signal.Stop(hup)
	ctx, stop := untilStopped(v.ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	cfg, err := v.loadConfig(configFile)
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	log := newLogger(cfg, v.stderr, level)
	for _, w := range cfg.Warnings() {
		log.Warn(w)
	}
	cert, err := openCertificate(cfg)
	if err != nil {
		return err
	}
	s, err := newServer(ctx, cfg, log, serverOptions{terminal: v.stdout})
	if err != nil {
		return err
	}
	l, err := listen(cfg, cert, log)
	if err != nil {
		return errors.Join(err, s.close())
	}
	var reloading sync.WaitGroup
	defer reloading.Wait()
	defer stop()
	reloading.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				s.reload(func() (Config, error) { return v.loadConfig(configFile) }, cert, level)
			}
		}
	})
	return s.serve(ctx, l, func() { log.Info("serving", "listen", l.Addr().String(), "version", version) })
}

// reload reads again what can be changed while the server runs. What cannot be
// read stays as it is.
func (s *server) reload(load func() (Config, error), cert *certificate, level *slog.LevelVar) {
	log := s.log
	if cert != nil {
		err := cert.read()
		s.noteCertificate(cert, err)
		if err != nil {
			log.Error("the certificate could not be read again; the one before stays", "error", err)
		} else {
			log.Info("the certificate was read again")
		}
	}
	cfg, err := load()
	if err != nil {
		log.Error("the configuration could not be read again; the one before stays", "error", err)
		return
	}
	var next slog.Level
	next.UnmarshalText([]byte(cfg.Log.Level))
	level.Set(min(level.Level(), next)) // so that this is told
	defer level.Set(next)
	inForce := s.cfg
	inForce.Log.Level = cfg.Log.Level
	s.noteConfig(inForce)
	log.Info("log.level was read again; other changes of the configuration need a restart", "level", cfg.Log.Level)
}

// untilStopped is a context that one of these signals ends. Nor does the
// process end because nobody reads its output any more.
func untilStopped(ctx context.Context, signals ...os.Signal) (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE)
	return signal.NotifyContext(ctx, signals...)
}

// newLogger writes to out as the configuration says. It holds no codes,
// tokens, phones or bodies: what is logged prints itself masked.
func newLogger(cfg Config, out io.Writer, level *slog.LevelVar) *slog.Logger {
	level.UnmarshalText([]byte(cfg.Log.Level)) // checked with the configuration
	o := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, o))
	}
	return slog.New(slog.NewTextHandler(out, o))
}
