package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// SocketName is the socket's, in the data directory.
const SocketName = "control.sock"

// Listen makes the socket in dir, mode 0600. Whoever calls it, and closes what
// it returns, holds the data file: a socket that is there already is of a
// process that was killed.
func Listen(dir string) (net.Listener, error) {
	const made = SocketName + ".new" // it gets its name when its mode is right
	d, short, err := shortPath(dir, made)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	begun := filepath.Join(dir, made)
	if err := os.Remove(begun); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l, err := net.Listen("unix", short)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	s := &socket{l.(*net.UnixListener), filepath.Join(dir, SocketName)}
	s.SetUnlinkOnClose(false) // by the short path, which is gone then
	if err = os.Chmod(begun, 0o600); err == nil {
		err = os.Rename(begun, s.path)
	}
	if err != nil {
		s.UnixListener.Close()
		os.Remove(begun)
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return s, nil
}

// socket is the listener of a socket that goes with it.
type socket struct {
	*net.UnixListener
	path string
}

func (s *socket) Close() error {
	os.Remove(s.path)
	return s.UnixListener.Close()
}

// shortPath is a socket's path by way of an open directory: the kernel takes
// at most some 100 bytes (unix(7)).
func shortPath(dir, name string) (*os.File, string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, "", fmt.Errorf("control socket: %w", err)
	}
	return d, filepath.Join("/proc/self/fd", strconv.Itoa(int(d.Fd())), name), nil
}

// grace is how long commands under way have when the server stops.
const grace = time.Second

// Serve answers commands on l until ctx ends; then commands under way have a
// second to finish. It returns when nothing runs any more, and closes l.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if srv.Shutdown(late) != nil {
			srv.Close()
		}
	})
	err := srv.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
