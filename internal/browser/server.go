package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"hearth/api/client"
)

// Server is the program serving as it does in a study, on a port that stays
// the same, with a data directory that outlives it.
type Server struct {
	URL string

	bin, dir string
	settings []string // of the environment
	p        *process
}

// StartServer makes a server of the binary bin in dir and starts it. roster is
// a roster file's text. settings are added to the environment, such as
// HEARTH_CHAT_POLL_INTERVAL=1s. Without others, anybody may log in as often as
// they like, and codes go to a file.
func StartServer(ctx context.Context, bin, dir, roster string, settings ...string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := l.Addr().String()
	l.Close()
	s := &Server{URL: "http://" + at, bin: bin, dir: dir}
	s.settings = append([]string{
		"HEARTH_LISTEN=" + at, "HEARTH_DATA_DIR=" + filepath.Join(dir, "data"),
		"HEARTH_SMS_PROVIDER=file", "HEARTH_SMS_FILE=" + s.smsFile(),
		"HEARTH_AUTH_OTP_RESEND_AFTER=0s", "HEARTH_AUTH_OTP_MAX_SENDS=1000",
		"HEARTH_AUTH_LIMITS_SENDS_PER_DAY=1000", "HEARTH_AUTH_LIMITS_LOGINS_PER_ADDRESS_PER_HOUR=1000",
		"HEARTH_CHAT_POLL_INTERVAL=1s",
	}, settings...)
	if err := s.Import(ctx, roster); err != nil {
		return nil, err
	}
	return s, s.Start(ctx)
}

func (s *Server) smsFile() string { return filepath.Join(s.dir, "sms.jsonl") }

// Import loads a roster file's text, whether or not the server runs.
func (s *Server) Import(ctx context.Context, roster string) error {
	file := filepath.Join(s.dir, "roster.yaml")
	if err := os.WriteFile(file, []byte(roster), 0o600); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, s.bin, "import", file)
	c.Dir, c.Env = s.dir, append(os.Environ(), s.settings...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("import: %w\n%s", err, out)
	}
	return nil
}

// Start starts it, again if it was killed or stopped: the same data, the same
// port. It returns when the server answers.
func (s *Server) Start(ctx context.Context) error {
	p, err := start(s.bin, s.dir, s.settings, "serve")
	if err != nil {
		return err
	}
	s.p = p
	if _, err := p.find(ctx, 0, regexp.MustCompile(`msg=(serving) `)); err != nil {
		p.kill()
		return err
	}
	return nil
}

// Kill ends it at once, as a power cut does.
func (s *Server) Kill() { s.p.kill() }

// Stop ends it as an operator does.
func (s *Server) Stop() error { return s.p.stop() }

// Log is what it has written since it was started last.
func (s *Server) Log() string {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return strings.Join(s.p.lines, "\n")
}

// Address is where it is.
func (s *Server) Address() string { return s.URL }

type sms struct {
	To, Text string
}

func (s *Server) texts() []sms {
	b, err := os.ReadFile(s.smsFile())
	if err != nil {
		return nil // there is none yet
	}
	var all []sms
	for line := range bytes.Lines(b) {
		var m sms
		if json.Unmarshal(line, &m) == nil { // the last one may be half written
			all = append(all, m)
		}
	}
	return all
}

// Sent is how many SMS were sent so far.
func (s *Server) Sent() int { return len(s.texts()) }

var codeInText = regexp.MustCompile(`\b[0-9]{6}\b`)

// Code waits for an SMS to phone (its digits) after the first from.
func (s *Server) Code(ctx context.Context, phone string, from int) (string, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		all := s.texts()
		for i := len(all) - 1; i >= from; i-- {
			if strings.HasSuffix(digits(all[i].To), digits(phone)) {
				return codeInText.FindString(all[i].Text), nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fmt.Errorf("no SMS has come: %w", ctx.Err())
		}
	}
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// Person is somebody of a roster, by what they log in with.
type Person struct {
	Phone, LastName string
}

// Client logs p in without a window. With cookies the client is like a
// browser.
func (s *Server) Client(ctx context.Context, p Person, cookies bool) (*client.Client, error) {
	c, err := client.New(client.Options{URL: s.URL, Cookies: cookies})
	if err != nil {
		return nil, err
	}
	from := s.Sent()
	_, err = c.Login(ctx, p.Phone, p.LastName, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return s.Code(ctx, p.Phone, from)
	})
	return c, errors.Join(err)
}
