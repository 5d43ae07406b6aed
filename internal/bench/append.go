package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

// AppendLoad is for the store by itself, without a network.
type AppendLoad struct {
	Savers, Logs     int // each saver waits for its answer, and writes to the logs in turn
	Size             int // of a message's body, bytes
	Warmup, Duration time.Duration
	Count            int64 // messages after which it ends earlier; 0: no bound
}

// Check says what is wrong with l.
func (l *AppendLoad) Check() error {
	switch {
	case l.Savers < 1 || l.Savers > 4000:
		return fmt.Errorf("--savers must be from 1 to 4000") // the store lets 4096 wait
	case l.Logs < 1 || l.Logs > 10_000:
		return fmt.Errorf("--logs must be from 1 to 10000")
	case l.Size < MinSize || l.Size > 10_000:
		return fmt.Errorf("--size must be from %d to 10000", MinSize)
	}
	return checkTimes(l.Warmup, l.Duration, l.Count)
}

// openStore opens a store in dir whose savers may all write to all logs.
// commits and stored count what is committed.
func openStore(ctx context.Context, dir string, savers, logs int, commits, stored *atomic.Int64) (*store.Store, *bolt.DB, error) {
	db, err := bolt.Open(filepath.Join(dir, "hearth.db"), bolt.Options{})
	if err != nil {
		return nil, nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	st, err := store.Open(ctx, store.Options{
		Driver: db, AuditKey: key, Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9},
		Observe: func(c store.Commit) {
			commits.Add(1)
			stored.Add(int64(c.Actions))
		},
	})
	if err != nil {
		return nil, nil, err
	}
	roster := &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
	var people []chat.PID
	for i := range savers {
		id := chat.PID(fmt.Sprint("P", i))
		people = append(people, id)
		roster.People[id] = &chat.User{
			ID: id, Name: "Gilligan", LastName: lastName, Role: chat.Participant, Phone: chat.Phone(phone(i)), Keystrokes: true,
		}
	}
	for i := range logs {
		id := chat.TSID(fmt.Sprint("TS", i))
		roster.Sessions[id] = &chat.TherapySession{ID: id, Name: "Bench", Participants: people}
	}
	err = st.ApplyRoster(ctx, "bench", "import", func(*chat.Roster) (*chat.Roster, error) { return roster, nil })
	if err == nil {
		// A saver writes to the logs that it has entered: an own part of them.
		err = each(ctx, max(savers, logs), 64, func(ctx context.Context, i int) error {
			_, err := st.Enter(ctx, people[i%savers], chat.TSID(fmt.Sprint("TS", i%logs)))
			return err
		})
	}
	if err != nil {
		st.Close()
		return nil, nil, err
	}
	return st, db, nil
}

// Append measures the store by itself on a new file in dir, and reads
// everything back in the end.
func Append(ctx context.Context, dir string, load AppendLoad, say Progress) (*Report, error) {
	if err := load.Check(); err != nil {
		return nil, err
	}
	var commits, stored atomic.Int64
	st, _, err := openStore(ctx, dir, load.Savers, load.Logs, &commits, &stored)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	r := newRun(nil, Load{Size: load.Size, Count: load.Count})
	ledgers := make([]*Ledger, load.Logs)
	for i := range ledgers {
		ledgers[i] = new(Ledger)
	}
	samples := make([]*Samples, load.Savers)
	var acked atomic.Int64
	var savers sync.WaitGroup
	for i := range load.Savers {
		samples[i] = NewSamples(max(2_000_000/load.Savers, 100))
		savers.Go(func() {
			by, n := chat.PID(fmt.Sprint("P", i)), int64(0)
			defer func() { acked.Add(n) }()
			for seq := uint32(1); r.phase.Load() < draining && r.take(); seq++ {
				// The pairs that have entered: see openStore.
				log := i % load.Logs
				if parts := (load.Logs - 1 - i) / load.Savers; load.Logs > load.Savers {
					log = i + int(seq)%(parts+1)*load.Savers
				}
				from := time.Now()
				body := string(r.appendBody(nil, i, seq, 0))
				saved, err := st.Append(ctx, by, chat.TSID(fmt.Sprint("TS", log)), []chat.Draft{{
					Type: chat.Message, Body: chat.Text(body), ClientID: body[:stampChars-12],
				}})
				switch {
				case err != nil:
					r.bad.Add("saver %d: %v", i, err)
					return
				case saved.Results[0].Err != nil:
					r.bad.Add("saver %d was refused: %v", i, saved.Results[0].Err)
					return
				}
				if !ledgers[log].Acked(uint64(saved.Results[0].Action.ID), makeStamp(i, seq)) {
					r.bad.Add("saver %d was answered with %d, as somebody else was", i, saved.Results[0].Action.ID)
				}
				if r.phase.Load() == measuring {
					n++
					samples[i].Add(time.Since(from))
				}
			}
		})
	}
	end := func() {
		r.phase.Store(draining)
		savers.Wait()
	}
	say.say("warming up for %v, then storing for %v", load.Warmup, load.Duration)
	if err := sleep(ctx, load.Warmup); err != nil {
		end()
		return nil, err
	}
	w := (*Server)(nil).watch(nil)
	beforeCommits, beforeStored := commits.Load(), stored.Load()
	r.phase.Store(measuring)
	t := time.NewTimer(load.Duration)
	select {
	case <-t.C:
	case <-r.spent:
	case <-ctx.Done():
	}
	t.Stop()
	r.phase.Store(draining)
	used := w.stop()
	commitsThen, storedThen := commits.Load()-beforeCommits, stored.Load()-beforeStored
	end()
	say.say("reading it back")
	for i, l := range ledgers {
		if err := readBack(ctx, st, chat.PID(fmt.Sprint("P", i%load.Savers)), chat.TSID(fmt.Sprint("TS", i)), r, l); err != nil {
			return nil, err
		}
	}
	check, err := st.Check(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range check.Problems {
		r.bad.Add("the data file: %s", p)
	}
	rep := &Report{Bench: "append", Server: "the store, in this process", Violations: r.bad.List()}
	p, f, n := &rep.Parameters, &rep.Figures, float64(acked.Load())
	p.Add("savers", float64(load.Savers))
	p.Add("logs", float64(load.Logs))
	p.Add("size_bytes", float64(load.Size))
	p.Add("warmup_s", load.Warmup.Seconds())
	p.Add("duration_s", load.Duration.Seconds())
	f.Add("acked_per_s", n/used.wall.Seconds())
	f.addLatency("ack", samples...)
	f.Add("commits_per_s", float64(commitsThen)/used.wall.Seconds())
	f.Add("actions_per_commit", float64(storedThen)/float64(commitsThen))
	f.Add("cpu_of_one_core", used.own.Seconds()/used.wall.Seconds())
	f.Add("cpu_s_per_million_acked", used.own.Seconds()/n*1e6)
	return rep, nil
}

// readBack reads a log whole and holds it against what was answered.
func readBack(ctx context.Context, st *store.Store, by chat.PID, ts chat.TSID, r *run, l *Ledger) error {
	reader := &Member{run: r, ledger: l, delivery: NewSamples(2), answer: NewSamples(2)}
	var at chat.Position
	for {
		page, err := st.Read(ctx, by, ts, at, 10_000)
		if err != nil {
			return err
		}
		for _, a := range page.Actions {
			reader.Delivered(uint64(a.ID), []byte(string(a.Body)))
		}
		at = chat.Position{Epoch: page.Epoch, ID: page.Max}
		if !page.More {
			break
		}
	}
	l.verify(string(ts), []*Member{reader}, r.bad)
	return nil
}

// recordBytes is how long the store makes the record of a message with a body
// of that size.
func recordBytes(ctx context.Context, dir string, size int) (int, error) {
	var commits, stored atomic.Int64
	st, db, err := openStore(ctx, dir, 1, 1, &commits, &stored)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	r := newRun(nil, Load{Size: size})
	body := string(r.appendBody(nil, 1, 1, 0))
	saved, err := st.Append(ctx, "P0", "TS0", []chat.Draft{{Type: chat.Message, Body: chat.Text(body), ClientID: body[:stampChars-12]}})
	if err != nil {
		return 0, err
	}
	recs, err := db.Page(ctx, 1, uint64(saved.Max), 1, false)
	if err != nil || len(recs) != 1 {
		return 0, fmt.Errorf("the record was not found: %w", err)
	}
	return len(recs[0].Seen), nil
}
