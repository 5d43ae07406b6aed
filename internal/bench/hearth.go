package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hearth/api/client"
)

// Hearth is a Hearth server as a [Peer].
type Hearth struct {
	*Study
	Version string
}

// Name implements Peer.
func (h *Hearth) Name() string { return strings.TrimSpace("Hearth " + h.Version) }

// Open implements Peer: it enters the room from its log's start.
func (h *Hearth) Open(ctx context.Context, m *Member) error {
	header := http.Header{"Authorization": {"Bearer " + h.token(m.Room, m.Number)}}
	if err := m.Dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+"/api/ws", header, client.Subprotocol); err != nil {
		return err
	}
	frame := fmt.Sprintf(`{"type":"enter","ref":"e","ts_id":"%s","last_action_id":0}`, h.room(m.Room))
	if err := m.Write([]byte(frame)); err != nil {
		return err
	}
	return m.CatchUp(m.Entered)
}

// AppendSave implements Peer.
func (h *Hearth) AppendSave(b []byte, m *Member, ref uint32, body []byte) []byte {
	b = append(b, `{"type":"save","ref":"`...)
	b = strconv.AppendUint(b, uint64(ref), 10)
	b = append(b, `","actions":[{"type":"message","client_id":"`...)
	b = append(b, body[:stampChars-12]...) // not the time
	b = append(b, `","body":"`...)
	b = append(b, body...)
	return append(b, `","recipients":[]}]}`...)
}

var (
	actionsFrame = []byte(`{"type":"actions"`)
	savedFrame   = []byte(`{"type":"saved"`)
	enteredFrame = []byte(`{"type":"entered"`)
	errorFrame   = []byte(`{"type":"error"`)
	otherFrames  = [][]byte{[]byte(`{"type":"hello"`), []byte(`{"type":"presence"`), []byte(`{"type":"typing"`), []byte(`{"type":"pong"`)}

	actionsMember = []byte(`"actions":[`)
	resultsMember = []byte(`"results":[{`)
	refMember     = []byte(`"ref":"`)
	idBegins      = []byte(`{"id":`) // cannot be in a string: quotes are escaped there
	idMember      = []byte(`"id":`)
	maxIDMember   = []byte(`"max_id":`)
	bodyMember    = []byte(`"body":"`)
	codeMember    = []byte(`"code":"`)
	stateMember   = []byte(`"state":"`)
	retryMember   = []byte(`"retry_after":`)
)

// Scan implements Peer. It looks for members by their names rather than
// decoding: whatever it does not find where it should be is an error.
func (h *Hearth) Scan(frame []byte, m *Member) error {
	switch {
	case bytes.HasPrefix(frame, actionsFrame):
		return scanActions(frame, m)
	case bytes.HasPrefix(frame, savedFrame):
		return scanSaved(frame, m)
	case bytes.HasPrefix(frame, enteredFrame):
		if state := after(frame, stateMember); !bytes.HasPrefix(state, []byte("admitted")) {
			return fmt.Errorf("it was not admitted: %.200q", frame)
		}
		until, ok := ScanUint(after(frame, maxIDMember))
		if !ok {
			return notUnderstood(frame)
		}
		m.Enter(until)
		return nil
	case bytes.HasPrefix(frame, errorFrame):
		return fmt.Errorf("the server answered %.300q", frame)
	}
	for _, known := range otherFrames {
		if bytes.HasPrefix(frame, known) {
			return nil
		}
	}
	return notUnderstood(frame)
}

func notUnderstood(frame []byte) error {
	return fmt.Errorf("a frame was not understood: %.200q", frame)
}

// after is what follows the first one; nil: there is none.
func after(b, one []byte) []byte {
	if i := bytes.Index(b, one); i >= 0 {
		return b[i+len(one):]
	}
	return nil
}

func scanActions(frame []byte, m *Member) error {
	rest := after(frame, actionsMember)
	if len(rest) == 0 {
		return notUnderstood(frame)
	}
	if rest[0] == ']' {
		return nil
	}
	if !bytes.HasPrefix(rest, idBegins) {
		return notUnderstood(frame)
	}
	for len(rest) > 0 {
		rest = rest[len(idBegins):]
		id, ok := ScanUint(rest)
		if !ok {
			return notUnderstood(frame)
		}
		one := rest
		if next := bytes.Index(rest, idBegins); next >= 0 {
			one, rest = rest[:next], rest[next:]
		} else {
			rest = nil
		}
		m.Delivered(id, after(one, bodyMember))
	}
	return nil
}

func scanSaved(frame []byte, m *Member) error {
	ref, ok := ScanUint(after(frame, refMember))
	result := after(frame, resultsMember)
	if !ok || result == nil {
		return notUnderstood(frame)
	}
	if bytes.HasPrefix(result, idMember) {
		id, ok := ScanUint(result[len(idMember):])
		if !ok {
			return notUnderstood(frame)
		}
		m.Acked(uint32(ref), id, "", 0)
		return nil
	}
	code, _, ok := bytes.Cut(after(result, codeMember), []byte{'"'})
	if !ok {
		return notUnderstood(frame)
	}
	retry, _ := ScanUint(after(result, retryMember))
	m.Acked(uint32(ref), 0, string(code), time.Duration(retry)*time.Second)
	return nil
}

// Local is a Hearth server on data of its own, which this process started.
type Local struct {
	*Child
	Dir string
}

// serving finds the address in the log of serve.
func serving(line string) string {
	var l struct{ Msg, Listen string }
	if json.Unmarshal([]byte(line), &l) != nil || l.Msg != "serving" {
		return ""
	}
	return l.Listen
}

// StartLocal starts a server on data in dir, with the limits out of the way
// that are made to slow people down.
func StartLocal(ctx context.Context, dir string) (*Local, error) {
	type m = map[string]any
	const many = 1_000_000_000
	config, err := json.Marshal(m{ // YAML, too
		"listen": "127.0.0.1:0", "data_dir": dir,
		"sms": m{"provider": "file", "file": filepath.Join(dir, "sms.log")},
		"auth": m{
			"otp":     m{"max_sends": many},
			"limits":  m{"sends_per_day": many, "logins_per_address_per_hour": many, "sends_per_hour": many},
			"session": m{"idle": "24h", "absolute": "24h"},
		},
		"chat": m{"max_actions_per_call": 10_000, "rate": m{"per_second": many, "burst": many}},
		"log":  m{"level": "info", "format": "json"},
	})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	c, err := StartChild(ctx, dir, []string{"bench", "server", "--config", file}, serving)
	if err != nil {
		return nil, err
	}
	return &Local{c, dir}, nil
}

// Token makes an API token of role admin, as an operator does.
func (l *Local) Token(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self, "token", "create", "--role", "admin", "--name", "bench",
		"--config", filepath.Join(l.Dir, "config.yaml"))
	cmd.Args[0], cmd.Env = os.Args[0], ownEnv()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return "", fmt.Errorf("make an API token: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
