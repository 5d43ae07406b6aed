package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
)

// Client talks to the process that holds the data in one directory.
type Client struct {
	http *http.Client
}

// ErrNoServer is Dial's when nobody serves the data.
var ErrNoServer = errors.New("no server is running on this data")

// Dial reaches the process that serves the data in dir. The error is
// ErrNoServer if there is none, or none any more.
func Dial(dir string) (*Client, error) {
	dial := func(ctx context.Context) (net.Conn, error) {
		d, short, err := shortPath(dir, SocketName)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return new(net.Dialer).DialContext(ctx, "unix", short)
	}
	probe, err := dial(context.Background())
	switch {
	case err == nil:
		probe.Close()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNoServer
	default:
		return nil, fmt.Errorf("reach the server: %w", err)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}}}, nil
}

// Close lets go of the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Import sends a roster file.
func (c *Client) Import(ctx context.Context, data []byte, prune, dryRun bool) (out Imported, err error) {
	path := fmt.Sprintf("/import?prune=%t&dry_run=%t", prune, dryRun)
	err = c.call(ctx, http.MethodPost, path, bytes.NewReader(data), &out)
	return out, err
}

// Check verifies the data.
func (c *Client) Check(ctx context.Context) (out Report, err error) {
	err = c.call(ctx, http.MethodGet, "/check", nil, &out)
	return out, err
}

func (c *Client) call(ctx context.Context, method, path string, body io.Reader, out any) error {
	answer, err := c.open(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(answer).Decode(out); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// open begins to read an answer, which must be closed.
func (c *Client) open(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	res, err := c.answer(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// answer is an answer that is no error; its body must be closed.
func (c *Client) answer(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://control"+path, body)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("talk to the server: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	var f failure
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil || f.Error == "" {
		return nil, fmt.Errorf("the server answered with status %d", res.StatusCode)
	}
	return nil, errors.New(f.Error)
}
