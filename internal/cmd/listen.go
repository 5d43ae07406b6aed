package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// certificate is the configured one. It can be read again while it serves.
type certificate struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
}

// openCertificate is nil if none is configured.
func openCertificate(cfg Config) (*certificate, error) {
	if cfg.TLS.CertFile == "" {
		return nil, nil
	}
	c := &certificate{certFile: cfg.TLS.CertFile, keyFile: cfg.TLS.KeyFile}
	return c, c.read()
}

// read reads the files. If that fails, what was read before stays.
func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("tls.cert_file, tls.key_file: %w", err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// Of TLS 1.2 those alone that authenticate what they encrypt (RFC 9325,
		// 4.2); the order is the library's.
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// listener is an open address. It knows its connections, as WebSockets are
// none of the HTTP server's any more.
type listener struct {
	net.Listener // what is served: with TLS if there is a certificate
	door         *door
}

// listen opens the configured address; plain http if cert is nil.
func listen(cfg Config, cert *certificate, log *slog.Logger) (*listener, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	d := &door{Listener: l, log: log, open: map[*visitor]struct{}{}}
	if cert != nil {
		return &listener{tls.NewListener(d, cert.config()), d}, nil
	}
	return &listener{d, d}, nil
}

// door counts connections in and out.
type door struct {
	net.Listener
	log *slog.Logger

	mu   sync.Mutex
	open map[*visitor]struct{}
}

// visitor is one connection.
type visitor struct {
	net.Conn
	door *door
}

func (d *door) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		if !errors.Is(err, net.ErrClosed) { // the HTTP server tries again, after a pause
			d.log.Warn("a connection could not be accepted", "error", err)
		}
		return nil, err
	}
	v := &visitor{c, d}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[v] = struct{}{}
	return v, nil
}

func (v *visitor) Close() error {
	v.door.mu.Lock()
	delete(v.door.open, v)
	v.door.mu.Unlock()
	return v.Conn.Close()
}

// cut ends every connection, whatever it is doing.
func (d *door) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range d.open {
		v.Conn.Close()
	}
}

// unusedConns are the connections on which nothing was asked yet: browsers open
// some to spare, and a stop would wait for them to ask.
type unusedConns struct {
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// changed is the server's ConnState.
func (u *unusedConns) changed(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(u.open, c)
	case u.closed:
		c.Close()
	default:
		if u.open == nil {
			u.open = map[net.Conn]struct{}{}
		}
		u.open[c] = struct{}{}
	}
}

// close closes them, and those that come later.
func (u *unusedConns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for c := range u.open {
		c.Close()
	}
}
