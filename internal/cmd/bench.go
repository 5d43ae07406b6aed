package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hearth/internal/bench"
)

// benchWords are what bench can measure.
var benchWords = []string{"fanout", "idle", "poll", "catchup", "append", "limits"}

// runBench is the verb bench.
func runBench(c *verbCall) error {
	if len(c.args) > 0 {
		switch c.args[0] { // how it starts itself again; not for people
		case "server":
			c.args = c.args[1:]
			return runBenchServer(c)
		case "parts":
			return bench.ServeParts(c.stdin, c.stdout, c.stderr)
		}
	}
	word, err := c.sub(benchWords...)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	b := &benchCall{verbCall: c, ctx: ctx, word: word, say: bench.ToWriter(c.stderr)}
	run := b.define()
	if err := c.parse(); err != nil {
		return err
	}
	return b.run(run)
}

// runBenchServer is serve, as a child of bench: it also ends when its parent
// does, and does what that asks on standard input.
func runBenchServer(c *verbCall) error {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	in, out := c.stdin, c.stdout
	go func() { // ends with the process
		bench.Commands(in, out)
		cancel()
	}()
	c.ctx, c.stdout = ctx, io.Discard
	return runServe(c)
}

// benchCall is one bench under way.
type benchCall struct {
	*verbCall
	ctx  context.Context
	word string
	say  bench.Progress

	asJSON               bool
	dir, profile, heap   string
	addr, token          string
	imports              bool
	rooms, members, size int
	warmup, duration     time.Duration
	count                int64
	local                *bench.Local // nil: with --addr
	work                 string
}

// define makes the flags of the word, and returns what runs it. A usage error
// is of the load.
func (b *benchCall) define() (run func() (*bench.Report, error)) {
	f := b.flags
	f.BoolVar(&b.asJSON, "json", false, "print one JSON object, for programs")
	f.StringVar(&b.dir, "dir", "", "the `directory` that data is made in, on the disk that is meant; without it that of temporary files")
	remote := func() {
		f.StringVar(&b.addr, "addr", "", "load the server at this `URL` rather than one of its own; its limits on logins and on actions must allow it")
		f.StringVar(&b.token, "token", "", "an API `token` of role admin, of the server at --addr; without it the environment's HEARTH_BENCH_TOKEN")
		f.BoolVar(&b.imports, "import", false, "import the sample study into the server at --addr; it stays there, and each login asks for an SMS to a number that nobody has")
	}
	profiles := func() {
		f.StringVar(&b.profile, "cpuprofile", "", "a `file` for a profile of the server's processor time while it is measured")
	}
	times := func(duration, warmup time.Duration) {
		f.DurationVar(&b.duration, "duration", duration, "for what `time` to measure")
		if warmup > 0 {
			f.DurationVar(&b.warmup, "warmup", warmup, "for what `time` to do the same before, unmeasured")
			f.Int64Var(&b.count, "count", 0, "end earlier, after so many; 0: no bound")
		}
	}
	size := func() { f.IntVar(&b.size, "size", 250, "of a message's body, in `bytes`") }
	switch b.word {
	case "fanout":
		remote()
		profiles()
		times(5*time.Second, time.Second)
		size()
		f.IntVar(&b.rooms, "rooms", 10, "how many therapy sessions")
		f.IntVar(&b.members, "members", 20, "how many people in each, with a connection each")
		pipeline := f.Int("pipeline", 8, "messages under way in each room, all the time")
		rate := f.Float64("rate", 0, "so many messages a second in each room, on time, instead")
		return func() (*bench.Report, error) {
			load := bench.Load{
				Rooms: b.rooms, Members: b.members, Pipeline: *pipeline, Rate: *rate, Size: b.size,
				Warmup: b.warmup, Duration: b.duration, Count: b.count,
			}
			return b.onHearth(load.Check(), b.rooms, b.members, func(h *bench.Hearth, s *bench.Server) (*bench.Report, error) {
				return bench.Fanout(b.ctx, h, load, s, b.say)
			})
		}
	case "idle":
		remote()
		profiles()
		times(5*time.Second, 0)
		n := f.Int("connections", 1000, "how many are held")
		f.IntVar(&b.members, "members", 10, "how many people in a room")
		devices := f.Int("devices", 1, "connections of each of them, at most 20")
		f.StringVar(&b.heap, "heapprofile", "", "a `file` for a profile of the server's heap in the end")
		return func() (*bench.Report, error) {
			load := bench.IdleLoad{Connections: *n, Members: b.members, Devices: *devices, Duration: b.duration}
			check := load.Check()
			rooms := 0
			if check == nil {
				rooms = load.Rooms()
			}
			return b.onHearth(check, rooms, b.members, func(h *bench.Hearth, s *bench.Server) (*bench.Report, error) {
				var memory func() (bench.Memory, error)
				if b.local != nil {
					memory = b.memory()
				}
				return bench.Idle(b.ctx, h, load, s, memory, b.say)
			})
		}
	case "poll":
		remote()
		profiles()
		times(5*time.Second, time.Second)
		n := f.Int("pollers", 16, "how many poll, each again when it has its answer")
		return func() (*bench.Report, error) {
			load := bench.PollLoad{Pollers: *n, Warmup: b.warmup, Duration: b.duration, Count: b.count}
			return b.onHearth(load.Check(), 1, *n+1, func(h *bench.Hearth, s *bench.Server) (*bench.Report, error) {
				return h.Poll(b.ctx, load, s, b.say)
			})
		}
	case "catchup":
		remote()
		profiles()
		size()
		n := f.Int("actions", 20_000, "how long the log is")
		again := f.Int("times", 5, "how often it is read, each way")
		return func() (*bench.Report, error) {
			load := bench.CatchupLoad{Actions: *n, Size: b.size, Times: *again}
			return b.onHearth(load.Check(), 1, 2, func(h *bench.Hearth, s *bench.Server) (*bench.Report, error) {
				var restart func() (*bench.Server, error)
				if b.local != nil {
					restart = func() (*bench.Server, error) { return b.restart(h) }
				}
				return h.Catchup(b.ctx, load, s, restart, b.say)
			})
		}
	case "append":
		times(5*time.Second, time.Second)
		size()
		savers := f.Int("savers", 64, "how many save at once, each waiting for its answer")
		logs := f.Int("logs", 50, "to how many therapy sessions")
		return func() (*bench.Report, error) {
			load := bench.AppendLoad{
				Savers: *savers, Logs: *logs, Size: b.size, Warmup: b.warmup, Duration: b.duration, Count: b.count,
			}
			if err := load.Check(); err != nil {
				return nil, usageError{err.Error()}
			}
			return bench.Append(b.ctx, b.work, load, b.say)
		}
	}
	profiles()
	times(2*time.Second, 0)
	size()
	n := f.Int("connections", 1000, "how many idle ones")
	pollers := f.Int("pollers", 16, "how many ask echo")
	return func() (*bench.Report, error) {
		load := bench.LimitsLoad{Size: b.size, Duration: b.duration, Connections: *n, Pollers: *pollers}
		if err := load.Check(); err != nil {
			return nil, usageError{err.Error()}
		}
		return bench.Limits(b.ctx, b.work, load, absolute(b.profile), b.say)
	}
}

// absolute is a file as the child, which runs elsewhere, finds it.
func absolute(file string) string {
	if file == "" {
		return ""
	}
	if made, err := filepath.Abs(file); err == nil {
		return made
	}
	return file
}

// run runs it in a directory of its own, and prints the report.
func (b *benchCall) run(run func() (*bench.Report, error)) (err error) {
	bench.Tune()
	work, remove, err := bench.WorkDir(b.dir)
	if err != nil {
		return err
	}
	defer remove()
	b.work = work
	machine, err := bench.ThisMachine(work)
	if err != nil {
		return err
	}
	rep, err := run()
	if rep != nil && err == nil {
		rep.Machine = machine
		err = rep.Print(b.stdout, b.asJSON)
	}
	if b.local != nil {
		err = errors.Join(err, b.local.Stop())
	}
	return err
}

// onHearth runs f against a server whose study has so many rooms and members:
// one of its own, or the one at --addr.
func (b *benchCall) onHearth(
	check error, rooms, members int, f func(*bench.Hearth, *bench.Server) (*bench.Report, error),
) (*bench.Report, error) {
	switch {
	case check != nil:
		return nil, usageError{check.Error()}
	case b.addr == "" && (b.token != "" || b.imports):
		return nil, usageError{"--token and --import are for --addr"}
	case b.addr != "" && (b.profile != "" || b.heap != ""):
		return nil, usageError{"a profile is of a server of its own, not of one at --addr"}
	}
	h := &bench.Hearth{Study: &bench.Study{URL: strings.TrimSuffix(b.addr, "/"), Rooms: rooms, Members: members}}
	token, imports := b.token, b.imports
	var server *bench.Server
	if b.addr != "" {
		if token == "" {
			token = os.Getenv("HEARTH_BENCH_TOKEN")
		}
		if token == "" {
			return nil, usageError{"--token is missing"}
		}
	} else {
		b.say("starting a server")
		var err error
		if b.local, err = bench.StartLocal(b.ctx, b.work); err != nil {
			return nil, err
		}
		if token, err = b.local.Token(b.ctx); err != nil {
			return nil, err
		}
		h.URL, h.Version, imports = "http://"+b.local.Address, version, true
		server = b.local.Server(absolute(b.profile))
	}
	if err := h.Prepare(b.ctx, token, imports, b.say); err != nil {
		return nil, err
	}
	return f(h, server)
}

// memory asks our own server what it holds. The second time, its connections
// are open, and its heap is written down if that is wanted.
func (b *benchCall) memory() func() (bench.Memory, error) {
	asked := false
	return func() (bench.Memory, error) {
		m, err := b.local.Memory()
		if err == nil && asked && b.heap != "" {
			err = b.local.WriteHeap(absolute(b.heap))
		}
		asked = true
		return m, err
	}
}

// restart starts our own server again, on the same data.
func (b *benchCall) restart(h *bench.Hearth) (*bench.Server, error) {
	if err := b.local.Stop(); err != nil {
		return nil, err
	}
	var err error
	if b.local, err = bench.StartLocal(b.ctx, b.work); err != nil {
		b.local = nil
		return nil, err
	}
	h.URL = "http://" + b.local.Address
	return b.local.Server(""), nil
}
