package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearth/api/client"
)

// Reading is one reading of a log from its start.
type Reading struct {
	First   time.Duration // from asking until the first action was on the wire
	Total   time.Duration // until the last one was read
	Actions uint64
	Bytes   int
}

// Readings reads so many times, and adds what it took to f, under a name.
func Readings(
	ctx context.Context, f *Figures, name string, times int, server *Server, say Progress, read func(context.Context) (Reading, error),
) error {
	first, total := NewSamples(times), NewSamples(times)
	var actions, bytes float64
	say.say("%s, %d times", strings.ReplaceAll(name, "_", " "), times)
	w := server.watch(nil)
	for range times {
		r, err := read(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		first.Add(r.First)
		total.Add(r.Total)
		actions += float64(r.Actions)
		bytes += float64(r.Bytes)
	}
	used := w.stop()
	f.Add(name+"_first_p50_ms", ms(Quantiles([]*Samples{first}, 0.5)[0]))
	f.Add(name+"_first_max_ms", ms(Max([]*Samples{first})))
	all := Quantiles([]*Samples{total}, 0.5)[0]
	f.Add(name+"_all_p50_ms", ms(all))
	f.Add(name+"_actions_per_s", actions/float64(times)/all.Seconds())
	f.Add(name+"_mb_per_s", bytes/float64(times)/all.Seconds()/1e6)
	used.per(f, name+"_server_cpu_s_per_million_actions", actions)
	return nil
}

// NewReader is a connection of that member that reads a log from its start, and verifies it.
// It must dial first. What it finds wrong is in bad.
func NewReader(peer Peer, room, member int, bad *Violations) *Member {
	r := newRun(peer, Load{Rooms: 1, Members: 1, Size: MinSize})
	r.bad = bad
	return &Member{
		Room: room, Number: member, run: r, ledger: new(Ledger), pending: map[uint32]time.Duration{},
		delivery: NewSamples(2), answer: NewSamples(2),
	}
}

// ReadAll asks, and reads and scans frames until done. A frame that holds
// actions begins with one of these.
func (m *Member) ReadAll(ask []byte, done func() bool, begins ...[]byte) (got Reading, err error) {
	m.conn.SetReadDeadline(time.Now().Add(2 * drainTime))
	from := time.Now()
	if err := m.Write(ask); err != nil {
		return got, err
	}
	for !done() {
		_, r, err := m.conn.NextReader()
		if err != nil {
			return got, err
		}
		at := time.Since(from)
		frame, err := io.ReadAll(r)
		if err != nil {
			return got, err
		}
		for _, b := range begins {
			if got.First == 0 && bytes.HasPrefix(frame, b) {
				got.First = at
			}
		}
		got.Bytes += len(frame)
		if err := m.run.peer.Scan(frame, m); err != nil {
			return got, err
		}
	}
	got.Total, got.Actions = time.Since(from), m.At()
	return got, nil
}

// Close closes the connection.
func (m *Member) Close() error { return m.conn.Close() }

// readSocket reads room 0 over a WebSocket.
func (h *Hearth) readSocket(ctx context.Context, bad *Violations) (Reading, error) {
	m := NewReader(h, 0, 1, bad)
	header := http.Header{"Authorization": {"Bearer " + h.token(0, 1)}}
	if err := m.Dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+"/api/ws", header, client.Subprotocol); err != nil {
		return Reading{}, err
	}
	defer m.Close()
	ask := fmt.Sprintf(`{"type":"enter","ref":"e","ts_id":"%s","last_action_id":0}`, h.room(0))
	return m.ReadAll([]byte(ask), m.Entered, actionsFrame)
}

// readPolls reads room 0 by getActions, over one connection.
func (h *Hearth) readPolls(ctx context.Context, bad *Violations) (got Reading, err error) {
	u, err := url.Parse(h.URL)
	if err != nil {
		return got, err
	}
	m := NewReader(h, 0, 1, bad)
	c, err := dialHTTP(ctx, h.URL)
	if err != nil {
		return got, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * drainTime))
	from := time.Now()
	for more := true; more; {
		_, err := fmt.Fprintf(c, "GET /api/getActions?ts_id=%s&last_action_id=%d HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n",
			h.room(0), m.At(), u.Host, h.token(0, 1))
		if err != nil {
			return got, err
		}
		res, err := http.ReadResponse(c.in, nil)
		if err != nil {
			return got, err
		}
		if got.First == 0 {
			got.First = time.Since(from)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		switch {
		case err != nil:
			return got, err
		case res.StatusCode != http.StatusOK:
			return got, fmt.Errorf("%s: %.300s", res.Status, body)
		}
		got.Bytes += len(body)
		if err := scanActions(body, m); err != nil {
			return got, err
		}
		end := body[bytes.LastIndexByte(body, ']')+1:]
		more = bytes.Contains(end, []byte(`"more":true`))
		if bytes.Contains(body, []byte(`"reset":true`)) {
			return got, errors.New("the log was replaced meanwhile")
		}
	}
	got.Total, got.Actions = time.Since(from), m.At()
	return got, nil
}

// CatchupLoad is a log to be read from its start.
type CatchupLoad struct {
	Actions int
	Size    int // of a message's body, bytes
	Times   int // it is read, each way
}

// Check says what is wrong with l.
func (l *CatchupLoad) Check() error {
	switch {
	case l.Actions < 1 || l.Actions > 10_000_000:
		return fmt.Errorf("--actions must be from 1 to 10000000")
	case l.Size < MinSize || l.Size > 10_000:
		return fmt.Errorf("--size must be from %d to 10000", MinSize)
	case l.Times < 1 || l.Times > 1000:
		return fmt.Errorf("--times must be from 1 to 1000")
	}
	return nil
}

// Catchup reads the log of room 0, which it fills first. again restarts the
// server, so that it holds nothing in memory (but the system may hold its
// file); nil: that is not done. The study needs two members.
func (h *Hearth) Catchup(ctx context.Context, load CatchupLoad, server *Server, again func() (*Server, error), say Progress) (*Report, error) {
	if err := load.Check(); err != nil {
		return nil, err
	}
	c, err := h.device(0)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	e, err := c.Enter(ctx, h.room(0))
	if err != nil {
		return nil, err
	}
	if there := int(e.Max); there < load.Actions {
		atOnce := 100
		if again != nil {
			atOnce = 1000 // our own server takes it
		}
		say.say("filling the log with %d messages", load.Actions-there)
		if err := h.say(ctx, 0, 0, load.Actions-there, atOnce, load.Size); err != nil {
			return nil, fmt.Errorf("fill the log: %w", err)
		}
	}
	rep := &Report{Bench: "catchup", Server: h.Name()}
	rep.Parameters.Add("actions", float64(load.Actions))
	rep.Parameters.Add("size_bytes", float64(load.Size))
	rep.Parameters.Add("times", float64(load.Times))
	bad := new(Violations)
	ways := []struct {
		name string
		read func(context.Context, *Violations) (Reading, error)
	}{{"socket", h.readSocket}, {"getactions", h.readPolls}}
	checked := func(read func(context.Context, *Violations) (Reading, error)) func(context.Context) (Reading, error) {
		return func(ctx context.Context) (Reading, error) {
			r, err := read(ctx, bad)
			if err == nil && r.Actions < uint64(load.Actions) {
				bad.Add("of %d actions only %d were read", load.Actions, r.Actions)
			}
			return r, err
		}
	}
	for _, way := range ways {
		if _, err := checked(way.read)(ctx); err != nil { // the first one is cold in part
			return nil, err
		}
		if err := Readings(ctx, &rep.Figures, way.name+"_warm", load.Times, server, say, checked(way.read)); err != nil {
			return nil, err
		}
	}
	for _, way := range ways {
		if again == nil {
			break
		}
		err := Readings(ctx, &rep.Figures, way.name+"_cold", load.Times, nil, say, func(ctx context.Context) (Reading, error) {
			if _, err := again(); err != nil {
				return Reading{}, err
			}
			return checked(way.read)(ctx)
		})
		if err != nil {
			return nil, err
		}
	}
	rep.Violations = bad.List()
	return rep, nil
}
