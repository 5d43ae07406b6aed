package cmd

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"testing"
)

func TestOnlyAuthenticatedCiphersAreSpoken(t *testing.T) {
	dir, own := t.TempDir(), newCertificate(t)
	own.save(t, dir)
	cfg := DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	cfg.TLS.CertFile, cfg.TLS.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert, err := openCertificate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(cfg, cert, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	trust := x509.NewCertPool()
	trust.AddCert(own.cert)
	offer := func(version uint16, suites ...uint16) (tls.ConnectionState, error) {
		c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{
			RootCAs: trust, ServerName: "chat.example.org", MinVersion: tls.VersionTLS10, MaxVersion: version, CipherSuites: suites,
		})
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer c.Close()
		return c.ConnectionState(), nil
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if s, err := offer(version); err != nil || s.Version != version {
			t.Errorf("%s: %s, %v", tls.VersionName(version), tls.VersionName(s.Version), err)
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if _, err := offer(version); err == nil {
			t.Errorf("%s is spoken", tls.VersionName(version))
		}
	}
	good := map[uint16]bool{}
	for _, id := range cert.config().CipherSuites {
		good[id] = true
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if good[suite.ID] || len(suite.SupportedVersions) == 1 && suite.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		if _, err := offer(tls.VersionTLS12, suite.ID); err == nil {
			t.Errorf("%s is spoken", suite.Name)
		}
	}
	if s, err := offer(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256); err != nil {
		t.Errorf("%v, %v", s, err)
	}
}
