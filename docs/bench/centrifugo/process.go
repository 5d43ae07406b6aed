package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"hearth/internal/bench"
)

// centrifugo is a server that this process started.
type centrifugo struct {
	cmd     *exec.Cmd
	address string // host:port
	secret  []byte // of connections' tokens
	key     string // of its HTTP API
	history bool
}

func start(ctx context.Context, binary, dir string, history bool, size int) (*centrifugo, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := l.Addr().(*net.TCPAddr)
	l.Close() // it takes a port, not a listener
	c := &centrifugo{address: at.String(), secret: []byte(rand.Text()), key: rand.Text(), history: history}
	type m = map[string]any
	room := m{"name": "room", "allow_subscribe_for_client": true, "allow_publish_for_subscriber": true}
	if history {
		room["history_size"], room["history_ttl"], room["force_recovery"] = size+1000, "1h", true
	}
	config, err := json.Marshal(m{
		"http_server": m{"address": "127.0.0.1", "port": at.Port},
		"http_api":    m{"key": c.key},
		"client": m{
			"allowed_origins": []string{"*"}, "token": m{"hmac_secret_key": string(c.secret)},
			"recovery_max_publication_limit": size + 1000, "queue_max_size": 64 << 20,
		},
		"channel": m{"namespaces": []m{room}},
		"log":     m{"level": "error"},
	})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	c.cmd = exec.Command(binary, "--config", file)
	c.cmd.Stdout, c.cmd.Stderr = os.Stderr, os.Stderr
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(10 * time.Second); ; {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
		if err == nil {
			conn.Close()
			return c, nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			c.stop()
			return nil, fmt.Errorf("it did not start: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *centrifugo) stop() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

func (c *centrifugo) server() *bench.Server { return &bench.Server{PID: c.cmd.Process.Pid} }

// call calls its HTTP API.
func (c *centrifugo) call(ctx context.Context, method string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+c.address+"/api/"+method, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("X-API-Key", c.key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err = io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %.300s", method, res.Status, b)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(b, out)
}
