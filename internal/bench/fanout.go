package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Load is what is done to the rooms.
type Load struct {
	Rooms, Members int
	Pipeline       int     // messages under way in a room, all the time
	Rate           float64 // or so many a second and room; 0: Pipeline counts
	Size           int     // of a message's body, bytes
	Warmup         time.Duration
	Duration       time.Duration // of what is measured
	Count          int64         // messages after which it ends earlier; 0: no bound
}

// Parameters are those of l, for a report.
func (l *Load) Parameters() (f Figures) {
	f.Add("rooms", float64(l.Rooms))
	f.Add("members", float64(l.Members))
	if l.Rate > 0 {
		f.Add("rate_per_s_and_room", l.Rate)
	} else {
		f.Add("pipeline", float64(l.Pipeline))
	}
	f.Add("size_bytes", float64(l.Size))
	f.Add("warmup_s", l.Warmup.Seconds())
	f.Add("duration_s", l.Duration.Seconds())
	if l.Count > 0 {
		f.Add("count", float64(l.Count))
	}
	return f
}

// Check says what is wrong with l.
func (l *Load) Check() error {
	for _, c := range []struct {
		name     string
		is       float64
		min, max float64
	}{
		{"rooms", float64(l.Rooms), 1, 10_000},
		{"members", float64(l.Members), 1, 10_000},
		{"pipeline", float64(l.Pipeline), 1, 10_000},
		{"rate", l.Rate, 0, 1e6},
		{"size", float64(l.Size), MinSize, 10_000},
		{"warmup", l.Warmup.Seconds(), 0, 3600},
		{"duration", l.Duration.Seconds(), 0.01, 24 * 3600},
		{"count", float64(l.Count), 0, 1e9},
	} {
		if c.is < c.min || c.is > c.max {
			return fmt.Errorf("--%s must be from %v to %v", c.name, c.min, c.max)
		}
	}
	return nil
}

// Phases of a run.
const (
	warming int32 = iota
	measuring
	draining // nothing new is said
	closing
)

// drainTime is how long an answer or a delivery may take in the end, before it
// counts as lost.
const drainTime = 30 * time.Second

// afterTime is how long readers listen to what should not come any more.
const afterTime = 50 * time.Millisecond

// run is one run against a peer.
type run struct {
	peer    Peer
	load    Load
	bad     *Violations
	nonce   uint32
	filler  []byte
	began   time.Time
	phase   atomic.Int32
	left    atomic.Int64  // messages that may still be said
	spent   chan struct{} // closed when there are none
	members []*Member     // by room
	ledgers []*Ledger     // of each room
	readers sync.WaitGroup
	reading atomic.Int64
	dead    chan struct{} // closed when nobody reads any more
	pacing  sync.WaitGroup
}

func newRun(peer Peer, load Load) *run {
	r := &run{
		peer: peer, load: load, bad: new(Violations), nonce: rand.Uint32(), filler: fill(load.Size - stampChars),
		began: time.Now(), spent: make(chan struct{}), dead: make(chan struct{}),
	}
	r.left.Store(1 << 62)
	if load.Count > 0 {
		r.left.Store(load.Count)
	}
	return r
}

// take reports whether one more message may be said.
func (r *run) take() bool {
	left := r.left.Add(-1)
	if left == -1 {
		close(r.spent)
	}
	return left >= 0
}

// open connects devices of each member of each room. The connections read from
// then on.
func (r *run) open(ctx context.Context, connections, devices int) error {
	r.ledgers = make([]*Ledger, r.load.Rooms)
	for i := range r.ledgers {
		r.ledgers[i] = new(Ledger)
	}
	r.members = make([]*Member, connections)
	r.reading.Store(int64(connections))
	samples := max(2_000_000/connections, 100)
	err := each(ctx, connections, 32, func(ctx context.Context, i int) error {
		person := i / devices
		m := &Member{
			Room: person / r.load.Members, Number: person % r.load.Members, run: r,
			pending: map[uint32]time.Duration{}, delivery: NewSamples(samples), answer: NewSamples(samples),
		}
		m.ledger = r.ledgers[m.Room]
		if err := r.peer.Open(ctx, m); err != nil {
			if m.conn != nil {
				m.conn.Close()
			}
			return err
		}
		r.members[i] = m
		r.readers.Go(func() {
			m.read()
			if r.reading.Add(-1) == 0 {
				close(r.dead)
			}
		})
		return nil
	})
	if err != nil {
		r.close()
	}
	return err
}

// ask has one member of each room say one thing, from which everybody can be
// seen to be there.
func (r *run) ask() {
	last := -1
	for _, m := range r.members {
		if m.Room != last {
			m.say(time.Since(r.began))
			last = m.Room
		}
	}
}

// drain waits until everything was answered and everybody has what was
// acknowledged, and adds what is wrong.
func (r *run) drain(ctx context.Context) {
	r.phase.Store(draining)
	for end := time.Now().Add(drainTime); time.Now().Before(end) && !r.settled(); {
		if sleep(ctx, 2*time.Millisecond) != nil {
			return
		}
	}
	sleep(ctx, afterTime) // what comes twice comes late
	of := make([][]*Member, r.load.Rooms)
	for _, m := range r.members {
		of[m.Room] = append(of[m.Room], m)
		if n := m.waiting.Load(); n > 0 {
			r.bad.Add("%s got no answer to %d messages", m, n)
		}
	}
	r.close()
	for i, l := range r.ledgers {
		l.verify(fmt.Sprint("room ", i), of[i], r.bad)
	}
}

// settled reports whether nothing more is to be waited for.
func (r *run) settled() bool {
	select {
	case <-r.dead:
		return true
	default:
	}
	for _, m := range r.members {
		if m.waiting.Load() > 0 || m.at.Load() < m.ledger.expect.Load() {
			return false
		}
	}
	return true
}

// close ends the connections.
func (r *run) close() {
	r.phase.Store(closing)
	for _, m := range r.members {
		if m != nil {
			m.conn.Close()
		}
	}
	r.readers.Wait()
}

// begin has everybody begin to talk, and returns when they do.
func (r *run) begin(ctx context.Context) {
	if r.load.Rate > 0 {
		for room := range r.load.Rooms {
			r.pacing.Go(func() { r.pace(ctx, room) })
		}
		return
	}
	for room := range r.load.Rooms {
		for i := range r.load.Pipeline {
			if m := r.members[room*r.load.Members+i%r.load.Members]; r.take() {
				m.say(time.Since(r.began))
			}
		}
	}
}

// pace says as many a second as are wanted, on time, whatever became of those
// before: what is late counts as late.
func (r *run) pace(ctx context.Context, room int) {
	every := time.Duration(float64(time.Second) / r.load.Rate)
	at := time.Since(r.began) + time.Duration(rand.Int64N(int64(every)+1))
	for i := 0; ; i++ {
		if sleep(ctx, at-time.Since(r.began)) != nil || r.phase.Load() >= draining || !r.take() {
			return
		}
		r.members[room*r.load.Members+i%r.load.Members].say(at)
		at += every
	}
}

// Fanout has the members of each room say things and get what the others say.
// server is the peer's process, if it is known.
func Fanout(ctx context.Context, peer Peer, load Load, server *Server, say Progress) (*Report, error) {
	if err := load.Check(); err != nil {
		return nil, err
	}
	r := newRun(peer, load)
	n := load.Rooms * load.Members
	say.say("connecting %d members of %d rooms", n, load.Rooms)
	if err := r.open(ctx, n, 1); err != nil {
		return nil, err
	}
	say.say("warming up for %v, then measuring for %v", load.Warmup, load.Duration)
	talk, hush := context.WithCancel(ctx)
	defer hush()
	r.begin(talk)
	wait := func(d time.Duration) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.spent:
		case <-r.dead:
		case <-ctx.Done():
			r.close()
			return context.Cause(ctx)
		}
		return nil
	}
	if err := wait(load.Warmup); err != nil {
		return nil, err
	}
	watch := server.watch(say)
	r.phase.Store(measuring)
	if err := wait(load.Duration); err != nil {
		return nil, err
	}
	r.phase.Store(draining)
	used := watch.stop()
	hush()
	r.pacing.Wait()
	say.say("waiting for what is under way")
	r.drain(ctx)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	rep := &Report{Bench: "fanout", Server: peer.Name(), Parameters: load.Parameters(), Violations: r.bad.List()}
	r.tell(rep, used)
	return rep, nil
}

// tell adds what was measured.
func (r *run) tell(rep *Report, used usage) {
	var acked, delivered, refused uint64
	var answers, deliveries []*Samples
	for _, m := range r.members {
		acked, delivered, refused = acked+m.acked, delivered+m.delivered, refused+m.refused
		answers, deliveries = append(answers, m.answer), append(deliveries, m.delivery)
	}
	f := &rep.Figures
	f.Add("acked_per_s", float64(acked)/used.wall.Seconds())
	f.Add("delivered_per_s", float64(delivered)/used.wall.Seconds())
	f.addLatency("ack", answers...)
	f.addLatency("delivery", deliveries...)
	if refused > 0 {
		f.Add("refused_and_tried_again", float64(refused))
	}
	used.tell(f)
	used.per(f, "server_cpu_s_per_million_acked", float64(acked))
	used.per(f, "server_cpu_s_per_million_delivered", float64(delivered))
	f.Add("generator_cpu_s_per_million_delivered", used.own.Seconds()/float64(delivered)*1e6)
}
