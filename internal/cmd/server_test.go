package cmd

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/api/client"
	"hearth/hub/chat"
)

func TestStoppingEndsSocketsAndWaits(t *testing.T) {
	t.Parallel()
	p, address, _ := serve(t, "")
	c := newClient(t, address, "", client.Options{})
	p.login(t, c, "+16505550123", "Denver")
	socket := enter(t, c, "TS2")
	at, from := socket.Position()
	type polled struct {
		page client.Page
		err  error
	}
	poll := make(chan polled, 1)
	go func() {
		page, err := c.GetActions(context.Background(), client.Query{TS: at, From: from, Wait: 55 * time.Second})
		if err == nil {
			poll <- polled{page, err}
			page, err = c.GetActions(context.Background(), client.Query{TS: at, From: page.Position(), Wait: 55 * time.Second})
		}
		poll <- polled{page, err}
	}()
	if _, err := socket.Save(chat.Draft{Type: chat.Message, Body: "hello"}); err != nil {
		t.Fatal(err)
	}
	if got := <-poll; got.err != nil || len(got.page.Actions) != 1 {
		t.Fatalf("%+v", got)
	}
	do(t, c, "GET", "/api/me", nil, 200)   // the second wait is likely to have begun by then
	spare, err := net.Dial("tcp", address) // as browsers open some, and ask nothing
	if err != nil {
		t.Fatal(err)
	}
	defer spare.Close()
	p.signal(t, syscall.SIGTERM)
	began := time.Now()
	var refused *client.Problem
	switch got := <-poll; {
	case errors.As(got.err, &refused), got.err == nil && len(got.page.Actions) != 0:
		t.Errorf("the wait ended with %+v", got)
	case got.err != nil:
		t.Logf("the wait came too late: %v", got.err)
	}
	var gone *websocket.CloseError
	for {
		if _, err := socket.Read(); err != nil {
			if !errors.As(err, &gone) || gone.Code != websocket.CloseGoingAway || !strings.HasPrefix(gone.Text, "retry_ms=") {
				t.Errorf("the socket ended with %v", err)
			}
			break
		}
	}
	if status, err := p.exit(10 * time.Second); err != nil || status != 0 {
		t.Errorf("status %d, %v", status, err)
	}
	if took := p.ended.Sub(began); took >= drainTime { // then connections were cut
		t.Errorf("stopping took %v", took)
	}
}

// Nobody may keep a server from stopping in time: not who sends a body that
// does not arrive, and not who has an SMS sent by a provider that hangs.
func TestStoppingWaitsForNobodyTooLong(t *testing.T) {
	t.Parallel()
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	asked := make(chan net.Conn, 4)
	go func() {
		for {
			c, err := hanging.Accept()
			if err != nil {
				return
			}
			asked <- c
		}
	}()
	p, address, dir := serve(t, "sms: {provider: vonage, vonage: {api_key: k, api_secret: s, from: Hearth, base_url: 'http://"+hanging.Addr().String()+"'}}\n")
	if _, err := newClient(t, address, "", client.Options{}).StartLogin(ctxOf(t), "+16505550123", "Denver"); err != nil {
		t.Fatal(err)
	}
	defer (<-asked).Close()
	slow := dial(t, address)
	io.WriteString(slow, "POST /api/login HTTP/1.1\r\nHost: "+address+"\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if line, err := bufio.NewReader(slow).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // its handler waits for it
		t.Fatalf("%q, %v", line, err)
	}
	p.signal(t, syscall.SIGTERM)
	if status, err := p.exit(10 * time.Second); err != nil || status != 0 {
		t.Errorf("status %d, %v", status, err)
	}
	hearth(t, dir, 0, "check")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"roster.yaml": sampleRoster, "config.yaml": `
listen: 127.0.0.1:0
public_url: https://chat.example.org
tls: {cert_file: cert.pem, key_file: key.pem}
`})
	first, second := newCertificate(t), newCertificate(t)
	first.save(t, dir)
	hearth(t, dir, 0, "import", "roster.yaml")
	p := run(t, dir, "serve")
	address := p.address(t)
	trust := x509.NewCertPool()
	trust.AddCert(first.cert)
	trust.AddCert(second.cert)
	ctx := ctxOf(t)

	// HTTP/2 where the client speaks it, HTTP/1.1 where not.
	get := func(protocols ...string) *http.Response {
		t.Helper()
		// A connection of its own, and what was negotiated on it.
		tr := &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: trust, NextProtos: protocols},
			ForceAttemptHTTP2: len(protocols) > 1,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			},
		}
		defer tr.CloseIdleConnections()
		r, err := http.NewRequestWithContext(ctx, "GET", "https://chat.example.org/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 || res.TLS.Version < tls.VersionTLS12 || res.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%d, TLS %#x, %v", res.StatusCode, res.TLS.Version, res.Header)
		}
		return res
	}
	if res := get("h2", "http/1.1"); res.ProtoMajor != 2 {
		t.Errorf("%s, want HTTP/2", res.Proto)
	}
	if res := get("http/1.1"); res.ProtoMajor != 1 {
		t.Errorf("%s, want HTTP/1.1", res.Proto)
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{RootCAs: trust, ServerName: "chat.example.org", MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if got := rawRequest(t, address, "GET / HTTP/1.1\r\nHost: chat.example.org\r\n\r\n"); !strings.Contains(got, "400 Bad Request") {
		t.Errorf("plain HTTP is answered with %q", got)
	}

	// The whole way to a message.
	c := newClient(t, address, "https://chat.example.org", client.Options{Cookies: true, TLS: &tls.Config{RootCAs: trust}})
	p.login(t, c, "+16505550123", "Denver")
	for _, k := range c.Cookies() {
		if !strings.HasPrefix(k.Name, "__Host-") {
			t.Errorf("there is a cookie %s", k.Name)
		}
	}
	// A browser's WebSocket has a connection of its own, without HTTP/2.
	var cookies []string
	for _, k := range c.Cookies() {
		cookies = append(cookies, k.String())
	}
	socket, err := newClient(t, address, "https://chat.example.org", client.Options{TLS: &tls.Config{RootCAs: trust}}).ConnectWith(ctx,
		http.Header{"Cookie": {strings.Join(cookies, "; ")}, "Origin": {"https://chat.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	enterBy(t, socket, "TS2")

	// A renewed certificate is for new connections; those that there are stay.
	serial := func() *big.Int {
		t.Helper()
		return get("http/1.1").TLS.PeerCertificates[0].SerialNumber
	}
	if serial().Cmp(first.cert.SerialNumber) != 0 {
		t.Error("another certificate is served")
	}
	second.save(t, dir)
	p.signal(t, syscall.SIGHUP)
	if _, err := p.log.await(regexp.MustCompile(`level=INFO msg="the certificate was read again"`), 1, p.done); err != nil {
		t.Fatal(err)
	}
	if serial().Cmp(second.cert.SerialNumber) != 0 {
		t.Error("the renewed certificate is not served")
	}
	// A certificate that does not fit its key changes nothing.
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), first.certPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	if _, err := p.log.await(regexp.MustCompile(`level=ERROR msg="the certificate could not be read again; the one before stays"`), 1, p.done); err != nil {
		t.Fatal(err)
	}
	if serial().Cmp(second.cert.SerialNumber) != 0 {
		t.Error("the certificate before does not stay")
	}
	if ref, err := socket.Save(chat.Draft{Type: chat.Message, Body: "still here"}); err != nil {
		t.Error(err)
	} else {
		for f := readFrame(t, socket); f.Ref != ref; f = readFrame(t, socket) {
		}
	}
	p.stop(t)
	// At the start it is an error.
	_, stderr := hearth(t, dir, 1, "serve")
	if !strings.Contains(stderr, "hearth serve: tls.cert_file, tls.key_file: tls: private key does not match") {
		t.Error(stderr)
	}
}

type testCertificate struct {
	cert            *x509.Certificate
	certPEM, keyPEM []byte
}

// newCertificate is for chat.example.org, signed by itself.
func newCertificate(t *testing.T) *testCertificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "chat.example.org"}, DNSNames: []string{"chat.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &testCertificate{
		cert:    cert,
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
}

func (c *testCertificate) save(t *testing.T, dir string) {
	t.Helper()
	for name, b := range map[string][]byte{"cert.pem": c.certPEM, "key.pem": c.keyPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What an import changes while no server runs holds at the next start.
func TestWithdrawnPeopleAreOutAfterTheNextStart(t *testing.T) {
	t.Parallel()
	p, address, dir := serve(t, "")
	clients := map[chat.Phone]*client.Client{}
	for phone, field := range map[chat.Phone]string{"+16505550123": "Denver", "+16505550124": "Summers", "+16505550100": "Howell"} {
		clients[phone] = newClient(t, address, "", client.Options{})
		p.login(t, clients[phone], phone, field)
	}
	p.stop(t)
	changed := strings.Replace(sampleRoster, `0123", role: participant`, `0123", role: participant, status: withdrawn`, 1)
	changed = strings.Replace(changed, "555 0124", "555 0144", 1)
	if err := os.WriteFile(filepath.Join(dir, "roster.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := hearth(t, dir, 0, "import", "roster.yaml"); !strings.Contains(out, "changed person P123 (status)\nchanged person P124 (phone)\n2 changes") {
		t.Error(out)
	}
	p = run(t, dir, "serve")
	address = p.address(t)
	for phone, want := range map[chat.Phone]int{"+16505550123": 401, "+16505550124": 401, "+16505550100": 200} {
		c := newClient(t, address, "", client.Options{})
		c.SetToken(clients[phone].Token())
		do(t, c, "GET", "/api/me", nil, want)
	}
}

func TestImportingWhileServingEndsLoginsAtOnce(t *testing.T) {
	t.Parallel()
	p, address, dir := serve(t, "")
	c := newClient(t, address, "", client.Options{})
	p.login(t, c, "+16505550123", "Denver")
	socket := enter(t, c, "TS2")
	changed := strings.Replace(sampleRoster, `0123", role: participant`, `0123", role: participant, status: withdrawn`, 1)
	if err := os.WriteFile(filepath.Join(dir, "roster.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	hearth(t, dir, 0, "import", "roster.yaml")
	do(t, c, "GET", "/api/me", nil, 401)
	for {
		if _, err := socket.Read(); err != nil {
			var ended *websocket.CloseError
			if !errors.As(err, &ended) || ended.Code != 4401 {
				t.Error(err)
			}
			break
		}
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// rawRequest sends text and returns all that comes back until the server
// closes.
func rawRequest(t *testing.T, address, text string) string {
	t.Helper()
	c := dial(t, address)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	return string(b)
}
