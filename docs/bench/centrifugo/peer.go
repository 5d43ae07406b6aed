package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"hearth/internal/bench"
)

func (c *centrifugo) Name() string {
	if c.history {
		return "Centrifugo, with history in memory"
	}
	return "Centrifugo, without history"
}

func channel(room int) string { return "room:" + strconv.Itoa(room) }

// Ids of the commands that are not publications'.
const (
	connectID   = 1
	subscribeID = 2
	firstID     = 10
)

// connect opens a connection of a member.
func (c *centrifugo) connect(ctx context.Context, m *bench.Member) error {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": fmt.Sprintf("bench-%d-%d", m.Room, m.Number), "exp": time.Now().Add(24 * time.Hour).Unix(),
	}).SignedString(c.secret)
	if err != nil {
		return err
	}
	if err := m.Dial(ctx, "ws://"+c.address+"/connection/websocket", nil); err != nil {
		return err
	}
	return m.Write(fmt.Appendf(nil, `{"id":%d,"connect":{"token":"%s"}}`, connectID, token))
}

// Open implements bench.Peer.
func (c *centrifugo) Open(ctx context.Context, m *bench.Member) error {
	if err := c.connect(ctx, m); err != nil {
		return err
	}
	if err := m.Write(fmt.Appendf(nil, `{"id":%d,"subscribe":{"channel":"%s"}}`, subscribeID, channel(m.Room))); err != nil {
		return err
	}
	return m.CatchUp(m.Entered)
}

// AppendSave implements bench.Peer.
func (c *centrifugo) AppendSave(b []byte, m *bench.Member, ref uint32, body []byte) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendUint(b, uint64(ref)+firstID, 10)
	b = append(b, `,"publish":{"channel":"room:`...)
	b = strconv.AppendInt(b, int64(m.Room), 10)
	b = append(b, `","data":{"body":"`...)
	b = append(b, body...)
	return append(b, `"}}}`...)
}

// Scan implements bench.Peer. A frame is one reply a line.
func (c *centrifugo) Scan(frame []byte, m *bench.Member) error {
	for len(frame) > 0 {
		var line []byte
		line, frame, _ = bytes.Cut(frame, []byte{'\n'})
		if err := c.scan(line, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *centrifugo) scan(line []byte, m *bench.Member) error {
	if bytes.HasPrefix(line, []byte(`{"push":{"channel":`)) {
		body, ok := after(line, `"data":{"body":"`)
		if !ok {
			return fmt.Errorf("not understood: %.200q", line)
		}
		var id uint64
		if c.history {
			offset, _ := after(body, `"offset":`)
			if id, ok = bench.ScanUint(offset); !ok {
				return fmt.Errorf("it has no offset: %.200q", line)
			}
		}
		m.Delivered(id, body)
		return nil
	}
	if len(line) == 0 || string(line) == "{}" {
		if len(line) > 0 {
			return m.Write([]byte("{}")) // a pong
		}
		return nil
	}
	rest, ok := bytes.CutPrefix(line, []byte(`{"id":`))
	id, good := bench.ScanUint(rest)
	if !ok || !good {
		return fmt.Errorf("not understood: %.200q", line)
	}
	if bytes.Contains(line[:min(len(line), 40)], []byte(`"error":{`)) {
		if id < firstID {
			return fmt.Errorf("refused: %s", line)
		}
		m.Acked(uint32(id-firstID), 0, string(rest), 0)
		return nil
	}
	switch id {
	case connectID:
		return nil
	case subscribeID:
		m.Enter(0)
		for {
			body, ok := after(line, `"data":{"body":"`)
			if !ok {
				return nil
			}
			line = body
			m.Delivered(0, body)
		}
	}
	m.Acked(uint32(id-firstID), 0, "", 0)
	return nil
}

func after(b []byte, what string) ([]byte, bool) {
	i := bytes.Index(b, []byte(what))
	if i < 0 {
		return nil, false
	}
	return b[i+len(what):], true
}

type position struct {
	Offset uint64 `json:"offset"`
	Epoch  string `json:"epoch"`
}

// fill publishes so many messages in channel 0 and returns where it stands.
func (c *centrifugo) fill(ctx context.Context, n, size int) (at position, err error) {
	type m = map[string]any
	text := m{"body": strings.Repeat("x", size)}
	for said := 0; said < n; {
		var commands []m
		for range min(n-said, 1000) {
			commands = append(commands, m{"publish": m{"channel": channel(0), "data": text}})
		}
		if err := c.call(ctx, "batch", m{"commands": commands}, nil); err != nil {
			return at, err
		}
		said += len(commands)
	}
	var out struct{ Result position }
	err = c.call(ctx, "history", m{"channel": channel(0), "limit": 0}, &out)
	return out.Result, err
}

// poll asks for what is new in a channel's history, by the HTTP API, which its
// own backend uses: there is none for people.
func (c *centrifugo) poll(ctx context.Context, load bench.PollLoad, say bench.Progress) (*bench.Report, error) {
	at, err := c.fill(ctx, 100, 250)
	if err != nil {
		return nil, err
	}
	body := fmt.Sprintf(`{"channel":"%s","limit":500,"since":{"offset":%d,"epoch":"%s"}}`, channel(0), at.Offset, at.Epoch)
	request := bench.Request("/api/history", c.address, "X-API-Key: "+c.key+"\r\n", body)
	want := fmt.Appendf(nil, `"offset":%d`, at.Offset)
	f, bad, err := bench.Poll(ctx, "http://"+c.address, load, func(int) []byte { return request }, func(_ int, body []byte) error {
		if !bytes.Contains(body, want) || bytes.Contains(body, []byte(`"data"`)) {
			return fmt.Errorf("there was no news, but the answer is %.200q", body)
		}
		return nil
	}, c.server(), say)
	if err != nil {
		return nil, err
	}
	return bench.NewPollReport(c.Name(), load, f, bad), nil
}

// catchup subscribes from the start of a channel's history.
func (c *centrifugo) catchup(ctx context.Context, n, size, times int, say bench.Progress) (*bench.Report, error) {
	say("filling a channel with %d messages", n)
	at, err := c.fill(ctx, n, size)
	if err != nil {
		return nil, err
	}
	bad := new(bench.Violations)
	rep := &bench.Report{Bench: "catchup", Server: c.Name()}
	rep.Parameters.Add("actions", float64(n))
	rep.Parameters.Add("size_bytes", float64(size))
	rep.Parameters.Add("times", float64(times))
	err = bench.Readings(ctx, &rep.Figures, "socket_warm", times, c.server(), say, func(ctx context.Context) (bench.Reading, error) {
		m := bench.NewReader(c, 0, 1, bad)
		if err := c.connect(ctx, m); err != nil {
			return bench.Reading{}, err
		}
		defer m.Close()
		ask := fmt.Appendf(nil, `{"id":%d,"subscribe":{"channel":"%s","recover":true,"offset":0,"epoch":"%s"}}`, subscribeID, channel(0), at.Epoch)
		begins := fmt.Appendf(nil, `{"id":%d,"subscribe":`, subscribeID)
		r, err := m.ReadAll(ask, m.Entered, begins)
		if err == nil && r.Actions != uint64(n) {
			bad.Add("of %d messages %d were read", n, r.Actions)
		}
		return r, err
	})
	rep.Violations = bad.List()
	return rep, err
}
