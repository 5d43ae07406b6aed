package bench

import (
	"context"
	"fmt"
	"time"
)

// IdleLoad is connections on which nothing is said.
type IdleLoad struct {
	Connections int
	Members     int           // of a room
	Devices     int           // connections of one member
	Duration    time.Duration // of what is measured
}

// Check says what is wrong with l.
func (l *IdleLoad) Check() error {
	switch {
	case l.Connections < 1 || l.Connections > 100_000:
		return fmt.Errorf("--connections must be from 1 to 100000")
	case l.Members < 1 || l.Members > 10_000:
		return fmt.Errorf("--members must be from 1 to 10000")
	case l.Devices < 1 || l.Devices > 20: // a server takes no more of one person
		return fmt.Errorf("--devices must be from 1 to 20")
	}
	return checkTimes(0, l.Duration, 0)
}

// Rooms is how many rooms there are.
func (l *IdleLoad) Rooms() int {
	of := l.Members * l.Devices
	return (l.Connections + of - 1) / of
}

// Idle holds connections, and sees in the end that each is alive. memory asks
// the server what it holds; nil: nobody can.
func Idle(
	ctx context.Context, peer Peer, load IdleLoad, server *Server, memory func() (Memory, error), say Progress,
) (*Report, error) {
	if err := load.Check(); err != nil {
		return nil, err
	}
	var before, after Memory
	var err error
	if memory != nil {
		if before, err = memory(); err != nil {
			return nil, err
		}
	}
	small := server.memory()
	r := newRun(peer, Load{Rooms: load.Rooms(), Members: load.Members, Size: MinSize})
	say.say("connecting %d times to %d rooms", load.Connections, load.Rooms())
	began := time.Now()
	if err := r.open(ctx, load.Connections, load.Devices); err != nil {
		return nil, err
	}
	opening := time.Since(began)
	say.say("holding the connections for %v", load.Duration)
	if err := sleep(ctx, min(load.Duration, time.Second)); err != nil { // what entering was followed by
		r.close()
		return nil, err
	}
	w := server.watch(say)
	if err := sleep(ctx, load.Duration); err != nil {
		r.close()
		return nil, err
	}
	used := w.stop()
	if memory != nil {
		if after, err = memory(); err != nil {
			r.close()
			return nil, err
		}
	}
	released := server.memory()
	say.say("seeing that each is alive")
	r.ask()
	r.drain(ctx)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	rep := &Report{Bench: "idle", Server: peer.Name(), Violations: r.bad.List()}
	p, f, n := &rep.Parameters, &rep.Figures, float64(load.Connections)
	p.Add("connections", n)
	p.Add("rooms", float64(load.Rooms()))
	p.Add("members", float64(load.Members))
	p.Add("devices", float64(load.Devices))
	p.Add("duration_s", load.Duration.Seconds())
	f.Add("connected_and_entered_per_s", n/opening.Seconds())
	if server != nil && small > 0 {
		f.Add("memory_kb_per_connection", (float64(used.memory)-float64(small))/n/1000)
		f.Add("memory_before_mb", float64(small)/1e6)
	}
	if memory != nil {
		f.Add("memory_kb_per_connection_without_garbage", (float64(released)-float64(small))/n/1000)
		f.Add("heap_kb_per_connection", (float64(after.Heap)-float64(before.Heap))/n/1000)
		f.Add("stack_kb_per_connection", (float64(after.Stack)-float64(before.Stack))/n/1000)
	}
	used.tell(f)
	if used.server >= 0 {
		f.Add("server_cpu_us_per_connection_and_s", used.server.Seconds()/used.wall.Seconds()/n*1e6)
	}
	return rep, nil
}
