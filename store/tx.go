package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hearth/hub/chat"
)

// Tx is what a job sees and writes: everything on disk, under everything that
// goes into the same commit before it.
type Tx struct {
	b     *batch
	now   time.Time
	wrote bool
}

// batch gathers what one commit will store.
type batch struct {
	s       *Store
	ctx     context.Context
	puts    map[tableKey][]byte // nil: deleted
	order   []tableKey          // of puts, as first written
	reads   map[tableKey][]byte // what the jobs relied on; nil: absent
	logs    map[chat.TSID]*pending
	buckets map[chat.PID]chat.Bucket
	roster  *rosterState // nil: the one in use
	audit   *auditHead   // nil: untouched
	event   Event
}

type tableKey struct {
	table Table
	key   string
}

func newBatch(ctx context.Context, s *Store) *batch {
	return &batch{
		s: s, ctx: ctx,
		puts: map[tableKey][]byte{}, reads: map[tableKey][]byte{},
		logs: map[chat.TSID]*pending{}, buckets: map[chat.PID]chat.Bucket{},
	}
}

// Now is the time of this commit.
func (tx *Tx) Now() time.Time { return tx.now }

// Get returns the value that Put stored at key, or nil.
func (tx *Tx) Get(t Table, key []byte) ([]byte, error) {
	raw, err := tx.b.get(t, key)
	if raw == nil || err != nil {
		return nil, err
	}
	f, err := unseal(keyPlace(t, key), raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return f, nil
}

// Put stores value at key. It must not be nil.
func (tx *Tx) Put(t Table, key, value []byte) {
	tx.put(t, key, seal(keyPlace(t, key), value))
}

// Delete removes key.
func (tx *Tx) Delete(t Table, key []byte) { tx.put(t, key, nil) }

// Scan calls use for every pair of t whose key begins with prefix, in key
// order, until it returns false. The values are as Put stored them.
func (tx *Tx) Scan(t Table, prefix []byte, use func(key, value []byte) bool) error {
	seen := map[string][]byte{}
	err := tx.b.s.scan(tx.b.ctx, t, prefix, func(p Pair) error {
		seen[string(p.Key)] = p.Value
		return nil
	})
	if err != nil {
		return err
	}
	for k, v := range tx.b.puts {
		if k.table == t && bytes.HasPrefix([]byte(k.key), prefix) {
			seen[k.key] = v
		}
	}
	var keys []string
	for k, v := range seen {
		if v != nil {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		f, err := unseal(keyPlace(t, []byte(k)), seen[k])
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		if !use([]byte(k), f) {
			break
		}
	}
	return nil
}

// EndLogin makes the event of this commit tell that a login session ended.
func (tx *Tx) EndLogin(login string, by chat.PID) {
	tx.wrote = true
	tx.b.event.Logins = append(tx.b.event.Logins, EndedLogin{login, by})
}

// Roster is the one that this commit will find in use.
func (tx *Tx) Roster() *chat.Roster { return tx.b.currentRoster().Roster }

func (b *batch) currentRoster() *rosterState {
	if b.roster != nil {
		return b.roster
	}
	return b.s.roster.Load()
}

func (tx *Tx) put(t Table, key, raw []byte) {
	tx.wrote = true
	k := tableKey{t, string(key)}
	if _, ok := tx.b.puts[k]; !ok {
		tx.b.order = append(tx.b.order, k)
	}
	tx.b.puts[k] = raw
}

func (b *batch) get(t Table, key []byte) ([]byte, error) {
	k := tableKey{t, string(key)}
	if v, ok := b.puts[k]; ok {
		return v, nil
	}
	if v, ok := b.reads[k]; ok {
		return v, nil
	}
	v, err := b.s.driver.Get(b.ctx, t, key)
	if err == nil {
		b.reads[k] = v
	}
	return v, err
}

// expect makes the commit conditional on what is known from memory: that key
// has this value, nil for none.
func (b *batch) expect(t Table, key, raw []byte) {
	k := tableKey{t, string(key)}
	_, put := b.puts[k]
	if _, read := b.reads[k]; !put && !read {
		b.reads[k] = raw
	}
}

// pending is what this commit does to one therapy session.
type pending struct {
	l       *live
	session *chat.TherapySession // nil: no longer in the roster
	ahead   *chat.Ahead
	head    head
	rawHead []byte // of head, once sealed
	records []Record
	marks   map[chat.PID]chat.Mark
	done    map[assessmentKey]bool
	people  []chat.PID
	changed bool

	erased int        // of records
	anew   *liveState // what is on disk after the commit, where that is not just more
}

// log is the pending state of ts; chat.ErrNotAllowed if there is none.
func (tx *Tx) log(ts chat.TSID) (*pending, error) {
	b := tx.b
	if p := b.logs[ts]; p != nil {
		p.session = b.currentRoster().Sessions[ts]
		return p, nil
	}
	l, err := b.s.acquire(b.ctx, ts)
	if err != nil {
		return nil, err
	}
	p := &pending{l: l, session: b.currentRoster().Sessions[ts], ahead: chat.NewAhead(l.log), head: l.head}
	b.logs[ts] = p
	return p, nil
}

// session is log, of a therapy session that is in the roster.
func (tx *Tx) session(ts chat.TSID) (*pending, error) {
	p, err := tx.log(ts)
	if err == nil && p.session == nil {
		err = chat.ErrNotAllowed()
	}
	return p, err
}

func (p *pending) mark(who chat.PID) chat.Mark {
	if m, ok := p.marks[who]; ok {
		return m
	}
	return p.l.marks[who]
}

func (p *pending) isDone(k assessmentKey) bool {
	if d, ok := p.done[k]; ok {
		return d
	}
	return p.l.done[k]
}

func (p *pending) standing(r *chat.Roster, who chat.PID) chat.Standing {
	return standing(r, p.session, who, p.mark(who), func(name string) bool { return p.isDone(assessmentKey{who, name}) })
}

// setMark stores a standing. It reports whether anything changed.
func (tx *Tx) setMark(p *pending, who chat.PID, m chat.Mark) bool {
	if p.mark(who) == m {
		return false
	}
	if p.marks == nil {
		p.marks = map[chat.PID]chat.Mark{}
	}
	p.marks[who] = m
	p.people = append(p.people, who)
	p.changed = true
	key := standingKey(p.l.number, who)
	tx.put(tableStanding, key, encodeMark(key, m))
	if m.In && p.ahead.Status() == chat.Scheduled {
		p.ahead.Open()
		p.head.opened = tx.now
	}
	return true
}

// append stores a ruling's actions and returns the last one, which tells of
// who's passage if there is any.
func (tx *Tx) append(p *pending, r chat.Ruling, who chat.PID, passage Passage) chat.Action {
	p.changed, tx.wrote = true, true
	for i := range r.Actions {
		a := stored{Action: r.Actions[i]}
		rec := Record{Log: p.l.number, ID: uint64(a.ID)}
		last := i == len(r.Actions)-1
		if last {
			a.who, a.passage = who, passage
		}
		if last && !r.Research.Empty() {
			f := researchFields(&r.Research)
			a.research = keyedHash(p.head.secret, f)
			rec.Research = encodeResearch(p.l.number, p.head.birth, a.ID, f)
		}
		meta := a.meta()
		p.head.chain = link(p.head.chain, p.head.birth, a.ID, meta)
		p.head.last, p.head.lastAt = a.ID, a.At
		rec.Seen = encodeAction(p.l.number, p.head.birth, &a, meta)
		p.records = append(p.records, rec)
		p.ahead.Apply(a.Action)
	}
	if a := &r.Actions[len(r.Actions)-1]; a.Type == chat.EndChatSession {
		// From here on the audit log vouches for this one.
		tx.Audit(AuditEntry{Event: "ended", Actor: string(a.By), Subject: string(p.l.ts), Details: []Detail{
			{"epoch", string(p.head.epoch)}, {"id", strconv.FormatUint(uint64(a.ID), 10)},
			{"chain", hex.EncodeToString(p.head.chain[:])},
		}})
	}
	return r.Actions[len(r.Actions)-1]
}

// empty reports whether there is nothing to commit.
func (b *batch) empty() bool {
	if len(b.puts) > 0 || b.roster != nil || len(b.event.Logins) > 0 {
		return false
	}
	for _, p := range b.logs {
		if p.changed {
			return false
		}
	}
	return true
}

// seal is the batch as the driver takes it.
func (b *batch) seal() *Batch {
	out := &Batch{}
	for k, v := range b.reads {
		out.If = append(out.If, Pair{k.table, []byte(k.key), v})
	}
	if b.audit != nil {
		b.audit.write(b)
	}
	for _, k := range b.order {
		out.Put = append(out.Put, Pair{k.table, []byte(k.key), b.puts[k]})
	}
	for _, p := range b.logs {
		if !p.changed {
			continue
		}
		key := logKey(p.l.number)
		out.If = append(out.If, Pair{tableHead, key, p.l.rawHead})
		p.head.rev++
		p.rawHead = encodeHead(p.l.number, &p.head)
		out.Put = append(out.Put, Pair{tableHead, key, p.rawHead})
		out.Records = append(out.Records, p.records...)
	}
	return out
}

// settle makes what is on disk now visible to readers, and returns the event
// that tells of it.
func (b *batch) settle() Event {
	for _, p := range b.logs {
		if !p.changed {
			continue
		}
		l := p.l
		l.mu.Lock()
		if p.anew != nil {
			l.liveState = *p.anew
		} else {
			p.settle()
		}
		l.mu.Unlock()
		b.event.Sessions = append(b.event.Sessions, SessionEvent{TS: l.ts, Head: p.head.last, People: p.people})
	}
	if b.roster != nil {
		b.s.roster.Store(b.roster)
		b.event.Roster = true
	}
	return b.event
}

// settle adds what was stored to the live log. The caller holds its lock.
func (p *pending) settle() {
	l := p.l
	for _, a := range p.ahead.Actions() {
		l.tail.add(a)
	}
	p.ahead.Settle()
	l.head, l.rawHead = p.head, p.rawHead
	for who, m := range p.marks {
		l.marks[who] = m
	}
	for k, done := range p.done {
		if done {
			l.done[k] = true
		} else {
			delete(l.done, k)
		}
	}
}

// release lets go of the live logs.
func (b *batch) release() {
	for _, p := range b.logs {
		b.s.release(p.l)
	}
}
