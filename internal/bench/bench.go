// Package bench is a load generator: it drives a server over its sockets as
// clients do, measures, and verifies while it measures that every reader got
// every action exactly once and in order, and that every acknowledged one was
// delivered. A figure that was measured while that did not hold is worth
// nothing, so whatever is violated is told first.
//
// It shares the machine with the server that it measures. So it is cheap: raw
// connections, a scanner in the place of a JSON decoder, frames that are put
// together from prepared pieces; and it tells what it took itself.
//
// It knows the protocol from outside and must not know how the server makes
// its answers; append.go alone is about package store by itself. Start reading
// at [Fanout], then member.go for what each connection does, ledger.go for what
// is verified; hearth.go is Hearth as a [Peer], study.go the people who take
// part, child.go the server's process.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"
)

// Progress is told what is going on, a line at a time; nil: nobody is.
type Progress func(format string, args ...any)

func (p Progress) say(format string, args ...any) {
	if p != nil {
		p(format, args...)
	}
}

// ToWriter tells w, with the time since now.
func ToWriter(w io.Writer) Progress {
	began := time.Now()
	return func(format string, args ...any) {
		fmt.Fprintf(w, "%6.1fs  "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
}

// Tune has this process spend memory rather than time on its garbage, as it
// shares the processors with what it measures.
func Tune() { debug.SetGCPercent(400) }

// each runs f for 0 to n-1, at most atOnce at a time, and returns the first
// error.
func each(ctx context.Context, n, atOnce int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, atOnce) {
		wg.Go(func() {
			for i := range next {
				if err := f(ctx, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// checkTimes says what is wrong with how long something is done: unmeasured,
// measured, and at most how often, 0 for without a bound.
func checkTimes(warmup, duration time.Duration, count int64) error {
	switch {
	case warmup < 0 || warmup > time.Hour:
		return errors.New("--warmup must be from 0s to 1h")
	case duration < 10*time.Millisecond || duration > 24*time.Hour:
		return errors.New("--duration must be from 10ms to 24h")
	case count < 0 || count > 1e9:
		return errors.New("--count must be from 0 to 1e+09")
	}
	return nil
}

// sleep waits; an ended ctx is its error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
