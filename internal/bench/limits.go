package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gorilla/websocket"
)

// LimitsLoad is what is done to each part.
type LimitsLoad struct {
	Size        int           // of a message's body, bytes
	Duration    time.Duration // of each part
	Connections int           // idle ones
	Pollers     int
}

// Check says what is wrong with l.
func (l *LimitsLoad) Check() error {
	switch {
	case l.Size < 126 || l.Size > 10_000:
		return fmt.Errorf("--size must be from 126 to 10000")
	case l.Duration < 10*time.Millisecond || l.Duration > time.Hour:
		return fmt.Errorf("--duration must be from 10ms to 1h")
	case l.Connections < 1 || l.Connections > 100_000:
		return fmt.Errorf("--connections must be from 1 to 100000")
	case l.Pollers < 1 || l.Pollers > 10_000:
		return fmt.Errorf("--pollers must be from 1 to 10000")
	}
	return nil
}

// envelope is what a frame holds around the body of one action, in bytes.
const envelope = 250

// Limits measures the parts that the server is made of, each by itself: what
// it cannot be better than. dir is where files go.
func Limits(ctx context.Context, dir string, load LimitsLoad, profile string, say Progress) (*Report, error) {
	if err := load.Check(); err != nil {
		return nil, err
	}
	rep := &Report{Bench: "limits", Server: "bbolt, gorilla and echo by themselves"}
	p, f, bad := &rep.Parameters, &rep.Figures, new(Violations)
	p.Add("size_bytes", float64(load.Size))
	p.Add("duration_s", load.Duration.Seconds())
	p.Add("connections", float64(load.Connections))
	p.Add("pollers", float64(load.Pollers))

	value, err := recordBytes(ctx, dir, load.Size)
	if err != nil {
		return nil, err
	}
	p.Add("record_bytes", float64(value))
	for _, c := range []struct {
		name string
		rawLoad
	}{
		{"bbolt_1_a_commit", rawLoad{perCommit: 1, buckets: 1}},
		{"bbolt_64_a_commit", rawLoad{perCommit: 64, buckets: 1}},
		{"bbolt_64_a_commit_50_buckets", rawLoad{perCommit: 64, buckets: 50}},
	} {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		say.say("%s for %v", c.name, load.Duration)
		c.value, c.duration = value, load.Duration
		own, err := os.MkdirTemp(dir, "raw-")
		if err != nil {
			return nil, err
		}
		w := (*Server)(nil).watch(nil)
		took, rate, err := rawCommits(own, c.rawLoad)
		if err != nil {
			return nil, err
		}
		used := w.stop()
		f.Add(c.name+"_entries_per_s", rate)
		f.addLatency(c.name, took)
		f.Add(c.name+"_cpu_s_per_million", used.own.Seconds()/(rate*used.wall.Seconds())*1e6)
		os.RemoveAll(own)
	}

	c, err := StartChild(ctx, dir, []string{"bench", "parts"}, partsAt)
	if err != nil {
		return nil, err
	}
	defer c.Stop()
	for _, at := range []int{1, 8} {
		name := map[int]string{1: "gorilla_prepared", 8: "eight_frames_a_write"}[at]
		prof := ""
		if profile != "" {
			prof = filepath.Join(filepath.Dir(profile), name+"-"+filepath.Base(profile))
		}
		say.say("%s for %v", name, load.Duration)
		if err := stream(ctx, c, prof, at, load, name, f, bad); err != nil {
			return nil, err
		}
	}
	say.say("echo answering constant JSON for %v", load.Duration)
	poll := PollLoad{Pollers: load.Pollers, Warmup: load.Duration / 5, Duration: load.Duration}
	request := Request("/constant", c.Address, "", `{"maxID":"123","actionQueue":[]}`)
	echo, wrong, err := Poll(ctx, "http://"+c.Address, poll, func(int) []byte { return request }, func(_ int, body []byte) error {
		if string(body) != constant {
			return fmt.Errorf("another answer: %.200q", body)
		}
		return nil
	}, c.Server(""), nil)
	if err != nil {
		return nil, err
	}
	for _, v := range wrong {
		bad.Add("echo: %s", v)
	}
	for _, g := range echo {
		f.Add("echo_"+g.Name, g.Value)
	}
	say.say("%d idle connections of gorilla", load.Connections)
	if err := idleGorilla(ctx, c, load.Connections, f); err != nil {
		return nil, err
	}
	rep.Violations = bad.List()
	return rep, nil
}

// stream reads frames as they come, without looking into them but for whether
// there are only whole ones.
func stream(
	ctx context.Context, c *Child, profile string, at int, load LimitsLoad, name string, f *Figures, bad *Violations,
) error {
	size := load.Size + envelope
	d := websocket.Dialer{ReadBufferSize: 4096, HandshakeTimeout: 20 * time.Second}
	conn, _, err := d.DialContext(ctx, fmt.Sprintf("ws://%s/stream?size=%d&at=%d", c.Address, size, at), nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := conn.UnderlyingConn().(*net.TCPConn)
	server := c.Server(profile)
	// What gorilla has read ahead already is before the next frame's head.
	_, r, err := conn.NextReader()
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	w := server.watch(nil)
	total, b := 0, make([]byte, 64<<10)
	end := time.Now().Add(load.Duration)
	in.SetReadDeadline(end.Add(drainTime))
	for time.Now().Before(end) {
		n, err := in.Read(b)
		if err != nil {
			return err
		}
		// A frame's head stands in every piece that is longer than a frame.
		if n > size+4 && !bytes.Contains(b[:n], frameHead(size)) {
			bad.Add("%s: frames are not whole", name)
		}
		total += n
	}
	used := w.stop()
	frames := float64(total) / float64(size+len(frameHead(size)))
	f.Add(name+"_frames_per_s", frames/used.wall.Seconds())
	used.per(f, name+"_server_cpu_s_per_million", frames)
	f.Add(name+"_generator_cpu_s_per_million", used.own.Seconds()/frames*1e6)
	return nil
}

// idleGorilla holds connections with gorilla's default buffers, of net/http.
func idleGorilla(ctx context.Context, c *Child, n int, f *Figures) error {
	before, err := c.Memory()
	if err != nil {
		return err
	}
	server := c.Server("")
	small := server.memory()
	conns := make([]*websocket.Conn, n)
	defer func() {
		for _, conn := range conns {
			if conn != nil {
				conn.Close()
			}
		}
	}()
	d := websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512, HandshakeTimeout: 20 * time.Second}
	err = each(ctx, n, 32, func(ctx context.Context, i int) (err error) {
		conns[i], _, err = d.DialContext(ctx, "ws://"+c.Address+"/ws", http.Header{})
		return err
	})
	if err != nil {
		return err
	}
	if err := sleep(ctx, 300*time.Millisecond); err != nil {
		return err
	}
	large := server.memory()
	after, err := c.Memory()
	if err != nil {
		return err
	}
	const name = "gorilla_idle"
	if small > 0 {
		f.Add(name+"_memory_kb_per_connection", (float64(large)-float64(small))/float64(n)/1000)
		f.Add(name+"_memory_kb_per_connection_without_garbage", (float64(server.memory())-float64(small))/float64(n)/1000)
	}
	f.Add(name+"_heap_kb_per_connection", (float64(after.Heap)-float64(before.Heap))/float64(n)/1000)
	f.Add(name+"_stack_kb_per_connection", (float64(after.Stack)-float64(before.Stack))/float64(n)/1000)
	return nil
}
