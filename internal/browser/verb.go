package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Run runs one of the program's other verbs on the server's data, as an
// operator does beside the server, and returns what it prints.
func (s *Server) Run(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, s.bin, args...)
	var stderr bytes.Buffer
	c.Dir, c.Env, c.Stderr = s.dir, append(os.Environ(), s.settings...), &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return string(out), nil
}

// Token makes an API token, for study staff, and returns its secret.
func (s *Server) Token(ctx context.Context, name string) (string, error) {
	out, err := s.Run(ctx, "token", "create", "--role", "admin", "--name", name, "--expires", "90d")
	return strings.TrimSpace(out), err
}
