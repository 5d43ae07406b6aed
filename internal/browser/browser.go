// Package browser drives Hearth as people do: the real binary, and windows of
// a real Chromium, with a network between them that can be made bad. It is for
// tests and for the pictures in the docs.
//
// Start reading at Site (demo.go, server.go), Proxy and Window.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	_ "hearth/internal/cmd" // what Build builds: a test's result must not outlive it in the cache
)

// ErrNone is returned where no Chromium is installed.
var ErrNone = errors.New("chromium is not installed")

// patience is how long a step waits for what should come at once; a machine
// that does other things too is slow.
const patience = 20 * time.Second

// Site is a server that people can log in to.
type Site interface {
	// Address is the origin that a window opens, such as
	// http://127.0.0.1:8080.
	Address() string

	// Sent is how many codes (or lines) there are so far; Code waits for the
	// newest one for phone that came after the first from of them. An empty
	// phone is anybody's.
	Sent() int
	Code(ctx context.Context, phone string, from int) (string, error)
}

// Build builds the program in dir and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "hearth")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "hearth").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
}
