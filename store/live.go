package store

import (
	"container/list"
	"context"
	"fmt"
	"maps"
	"sync"

	"hearth/hub/chat"
)

// live is one action log held in memory, folded, with the standings and
// assessments of its therapy session. Only the committer changes it, after a
// commit, under mu; so the committer itself reads it without.
type live struct {
	ts     chat.TSID
	number uint32

	loaded chan struct{} // closed when the rest is there, or err
	err    error

	refs int           // guarded by Store.mu
	idle *list.Element // in Store.idle when refs is 0; guarded by Store.mu

	mu sync.RWMutex
	liveState
}

type liveState struct {
	log     *chat.Folded
	head    head
	rawHead []byte
	marks   map[chat.PID]chat.Mark
	done    map[assessmentKey]bool // completed
	tail    tail
}

type assessmentKey struct {
	person chat.PID
	name   string
}

// maxIdle is how many logs that nobody uses stay in memory.
const maxIdle = 64

// acquire returns the live log of ts, read from disk if need be. Every
// acquire needs a release. A therapy session that never was is
// chat.ErrNotAllowed.
func (s *Store) acquire(ctx context.Context, ts chat.TSID) (*live, error) {
	number, ok := s.roster.Load().numbers[ts]
	if !ok {
		return nil, chat.ErrNotAllowed()
	}
	s.mu.Lock()
	l, ok := s.live[ts]
	if !ok {
		l = &live{ts: ts, number: number, loaded: make(chan struct{})}
		s.live[ts] = l
	}
	l.refs++
	if l.idle != nil {
		s.idle.Remove(l.idle)
		l.idle = nil
	}
	s.mu.Unlock()
	if !ok {
		// Not this caller's context: others may wait for the same log.
		l.liveState, l.err = s.load(context.WithoutCancel(ctx), number)
		if l.err != nil {
			s.log.Error("cannot read an action log", "ts_id", ts, "error", l.err)
		}
		close(l.loaded)
	}
	<-l.loaded
	if l.err != nil {
		s.release(l)
		return nil, fmt.Errorf("read log of %s: %w", ts, l.err)
	}
	return l, nil
}

func (s *Store) release(l *live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.refs--; l.refs > 0 {
		return
	}
	if l.err != nil {
		delete(s.live, l.ts) // the next one tries again
		return
	}
	l.idle = s.idle.PushFront(l)
	// While it is not known what is on disk, what is in memory must stay:
	// to read it again could show what was never acknowledged.
	for s.idle.Len() > maxIdle && s.down.Load() == nil {
		oldest := s.idle.Remove(s.idle.Back()).(*live)
		delete(s.live, oldest.ts)
	}
}

// load reads a whole log and what belongs to it.
func (s *Store) load(ctx context.Context, number uint32) (st liveState, err error) {
	st.rawHead, err = s.driver.Get(ctx, tableHead, logKey(number))
	if err != nil {
		return st, err
	}
	if st.head, err = decodeHead(number, st.rawHead); err != nil {
		return st, err
	}
	st.marks = map[chat.PID]chat.Mark{}
	err = s.scan(ctx, tableStanding, logKey(number), func(p Pair) error {
		m, err := decodeMark(p.Key, p.Value)
		st.marks[chat.PID(p.Key[4:])] = m
		return err
	})
	if err != nil {
		return st, fmt.Errorf("read standings: %w", err)
	}
	st.done = map[assessmentKey]bool{}
	err = s.scan(ctx, tableAssessment, logKey(number), func(p Pair) error {
		k, err := parseAssessmentKey(p.Key)
		st.done[k] = true
		return err
	})
	if err != nil {
		return st, fmt.Errorf("read assessments: %w", err)
	}
	st.log = chat.NewFolded(st.head.epoch, st.head.secret, !st.head.opened.IsZero())
	err = s.walk(ctx, number, &st.head, 1, func(a *stored) error {
		st.log.Apply(&a.Action)
		st.tail.add(a.Action)
		return nil
	})
	return st, err
}

// walk reads the log's actions from id from to its head, in order.
func (s *Store) walk(ctx context.Context, number uint32, h *head, from chat.ActionID, use func(*stored) error) error {
	for next := from; next <= h.last; {
		recs, err := s.driver.Page(ctx, number, uint64(next), min(pageRecords, int(h.last-next)+1), false)
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			return fmt.Errorf("action %d of %d is missing", next, h.last)
		}
		for _, r := range recs {
			if chat.ActionID(r.ID) != next {
				return fmt.Errorf("action %d is missing", next)
			}
			a, err := decodeAction(number, h.birth, next, r.Seen)
			if err == nil {
				err = use(&a)
			}
			if err != nil {
				return fmt.Errorf("action %d: %w", next, err)
			}
			next++
		}
	}
	return nil
}

// pageRecords is how many records are read in one go: a read transaction is
// to be short.
const pageRecords = 512

// scan calls use for every pair of a table under prefix, in key order.
func (s *Store) scan(ctx context.Context, t Table, prefix []byte, use func(Pair) error) error {
	var after []byte
	for {
		pairs, err := s.driver.Scan(ctx, t, prefix, after, pageRecords)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if err := use(p); err != nil {
				return fmt.Errorf("%s %q: %w", t, p.Key, err)
			}
		}
		if len(pairs) < pageRecords {
			return nil
		}
		after = pairs[len(pairs)-1].Key
	}
}

// standing is what p is in the therapy session, by what is on disk. The
// caller holds l.mu, or is the committer.
func (l *liveState) standing(r *chat.Roster, s *chat.TherapySession, p chat.PID) chat.Standing {
	return standing(r, s, p, l.marks[p], func(name string) bool { return l.done[assessmentKey{p, name}] })
}

func standing(r *chat.Roster, s *chat.TherapySession, p chat.PID, m chat.Mark, done func(string) bool) chat.Standing {
	st := chat.Standing{ID: p, Mark: m, Role: s.RoleOf(p), Ready: true}
	u := r.People[p]
	if u == nil || u.Withdrawn {
		return chat.Standing{ID: p}
	}
	st.Name, st.Keystrokes = u.Name, u.Keystrokes
	for i := range s.Assessments {
		a := &s.Assessments[i]
		if a.Phase == chat.Pre && a.Required && !done(a.Name) {
			st.Ready = false
		}
	}
	return st
}

// reload reads every live log again, after somebody else (or an outage) may
// have changed what is on disk.
func (s *Store) reload(ctx context.Context) error {
	s.mu.Lock()
	all := maps.Clone(s.live)
	s.mu.Unlock()
	for _, l := range all {
		<-l.loaded
		if l.err != nil {
			continue
		}
		st, err := s.load(ctx, l.number)
		if err != nil {
			return fmt.Errorf("read log of %s: %w", l.ts, err)
		}
		l.mu.Lock()
		l.liveState = st
		l.mu.Unlock()
	}
	return nil
}

// tail is the end of a log, decoded: what readers who keep up are served
// from.
type tail struct {
	actions []chat.Action
	bytes   int
}

const (
	tailActions = 256
	tailBytes   = 256 << 10
)

func (t *tail) add(a chat.Action) {
	t.actions = append(t.actions, a)
	t.bytes += len(a.Body)
	drop := 0
	for len(t.actions)-drop > 1 && (len(t.actions)-drop > tailActions || t.bytes > tailBytes) {
		t.bytes -= len(t.actions[drop].Body)
		drop++
	}
	// Dropped entries must let go of their bodies at once, but moving the
	// rest is paid for only now and then.
	clear(t.actions[:drop])
	t.actions = t.actions[drop:]
}

// from returns the actions from id on, if they are all here.
func (t *tail) from(id chat.ActionID) ([]chat.Action, bool) {
	if len(t.actions) == 0 || id < t.actions[0].ID {
		return nil, false
	}
	i := int(id - t.actions[0].ID)
	if i > len(t.actions) {
		return nil, false
	}
	return t.actions[i:], true
}
