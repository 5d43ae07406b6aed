package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"hearth/hub/chat"
)

// job is one caller's work for the committer.
type job struct {
	ctx  context.Context
	run  func(*Tx) error
	done chan error // capacity 1

	err      error
	poisoned bool // it failed after it had written: its error stands, it is not run again
}

// committer is the only writer. Its fields belong to its goroutine.
type committer struct {
	s        *Store
	buckets  map[chat.PID]chat.Bucket
	audit    auditHead
	auditRaw []byte // as it is on disk
}

const (
	maxJobs    = 1024 // of one commit
	staleTries = 10   // to be first, where several servers share the data
)

func (c *committer) loop() {
	retry := time.NewTimer(0)
	retry.Stop()
	wait := firstRetry
	for {
		if c.s.down.Load() == nil {
			jobs := c.gather()
			if jobs == nil {
				return
			}
			c.commit(jobs)
			wait = firstRetry
			if c.s.down.Load() != nil {
				retry.Reset(wait)
			}
			continue
		}
		select {
		case j, ok := <-c.s.jobs:
			if !ok {
				return
			}
			j.done <- errUnavailable()
		case <-retry.C:
			if err := c.recover(); err != nil {
				wait = min(2*wait, lastRetry)
				c.s.log.Error("the store is still unavailable", "error", err, "next_try", wait)
				retry.Reset(wait)
			}
		}
	}
}

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// gather waits for a job and takes all that wait with it; nil: the store is
// closed.
func (c *committer) gather() []*job {
	j, ok := <-c.s.jobs
	if !ok {
		return nil
	}
	jobs := []*job{j}
	for len(jobs) < maxJobs {
		select {
		case j, ok := <-c.s.jobs:
			if !ok {
				return jobs
			}
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// commit runs the jobs and stores what they wrote.
func (c *committer) commit(jobs []*job) {
	err := c.try(jobs)
	for _, j := range jobs {
		if err != nil {
			// Refusals, too: they may rest on what was not stored.
			j.err = errUnavailable()
		}
		j.done <- j.err
	}
}

// try is commit, but for the answers. Its error means that it is not known
// what was stored, and that the store is unavailable.
func (c *committer) try(jobs []*job) error {
	ctx := context.Background()
	for range staleTries {
		b := newBatch(ctx, c.s)
		for !c.run(b, jobs) { // at most once a job
			b.release()
			b = newBatch(ctx, c.s)
		}
		if b.empty() {
			b.release()
			return nil
		}
		out := b.seal()
		began := time.Now()
		err := c.s.driver.Commit(ctx, out)
		c.s.opt.Observe(Commit{Jobs: len(jobs), Actions: len(out.Records) - b.erased(), Took: time.Since(began), Failed: err != nil})
		if err == nil {
			err = b.loadErased()
		}
		if err == nil {
			event := b.settle()
			c.settle(b)
			b.release()
			if !event.empty() {
				c.s.opt.Committed(event)
			}
			return nil
		}
		if !errors.Is(err, ErrStale) {
			c.fail(err) // before what this commit touched may be evicted
			b.release()
			return err
		}
		b.release()
		if err := c.reload(ctx); err != nil {
			return c.fail(err)
		}
	}
	return c.fail(ErrStale)
}

// fail makes the store unavailable, until [committer.recover].
func (c *committer) fail(err error) error {
	c.s.log.Error("a commit failed; nothing is acknowledged until the data file was reopened and checked", "error", err)
	err = fmt.Errorf("a commit failed: %w", err)
	c.s.down.Store(&err)
	return err
}

// run has each job write into b. False: one failed after it had written, so
// that all must be run again without it.
func (c *committer) run(b *batch, jobs []*job) bool {
	now := c.s.opt.Now().UTC().Truncate(time.Millisecond)
	for _, j := range jobs {
		if j.poisoned {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		tx := &Tx{b: b, now: now}
		if j.err = runJob(j, tx); j.err != nil && tx.wrote {
			j.poisoned = true
			return false
		}
	}
	return true
}

// runJob makes a panic an error: one caller's bug must not stop the server.
func runJob(j *job, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.wrote = true
			err = fmt.Errorf("panic in a job of the committer: %v\n%s", p, debug.Stack())
		}
	}()
	return j.run(tx)
}

// settle keeps what the committer itself remembers.
func (c *committer) settle(b *batch) {
	if b.audit != nil {
		c.audit, c.auditRaw = *b.audit, b.puts[tableKey{tableMeta, string(auditHeadKey)}]
	}
	for p, bucket := range b.buckets {
		c.buckets[p] = bucket
	}
	if len(c.buckets) > 1000 {
		now := c.s.opt.Now()
		for p, bucket := range c.buckets {
			if bucket.Idle(now) {
				delete(c.buckets, p)
			}
		}
	}
}

// recover reopens the data after a failed commit, and reads again what is in
// memory.
func (c *committer) recover() error {
	ctx := context.Background()
	if err := c.s.driver.Recover(ctx); err != nil {
		return err
	}
	if err := c.reload(ctx); err != nil {
		return err
	}
	c.s.log.Info("the store is available again")
	c.s.down.Store(nil)
	return nil
}

// reload forgets what is in memory and reads it anew. What an unknown commit
// left on disk comes to light here.
func (c *committer) reload(ctx context.Context) error {
	if err := c.s.loadRoster(ctx); err != nil {
		return err
	}
	var err error
	if c.audit, c.auditRaw, err = c.s.loadAudit(ctx); err != nil {
		return err
	}
	if err := c.s.reload(ctx); err != nil {
		return err
	}
	c.s.opt.Committed(c.s.everything())
	return nil
}
