package bench

import (
	"slices"
	"sync/atomic"
)

// Ledger is what a room's readers agree on: which message has which id. Its
// methods may be called at the same time. The zero value is an empty one.
type Ledger struct {
	chunks [ledgerChunks]atomic.Pointer[chunk]
	expect atomic.Uint64 // every reader must get to here
	last   atomic.Uint64 // the highest id that anybody got
}

const (
	chunkSize    = 4096
	ledgerChunks = 8192 // 33 million ids
)

type chunk [chunkSize]atomic.Uint64

// stamp is one message's own number in a run: who sent it, and which of theirs
// it is. 0 is no message of this run.
type stamp uint64

func makeStamp(member int, seq uint32) stamp { return stamp(uint64(member+1)<<32 | uint64(seq)) }

func (s stamp) member() int { return int(s>>32) - 1 }
func (s stamp) seq() uint32 { return uint32(s) }

func (l *Ledger) slot(id uint64) *atomic.Uint64 {
	if id == 0 || id >= chunkSize*ledgerChunks {
		return nil
	}
	at := &l.chunks[id/chunkSize]
	c := at.Load()
	if c == nil {
		at.CompareAndSwap(nil, new(chunk))
		c = at.Load()
	}
	return &c[id%chunkSize]
}

// Saw notes that somebody got s as id; false: somebody else got something else.
func (l *Ledger) Saw(id uint64, s stamp) bool {
	raise(&l.last, id)
	return s == 0 || l.is(id, s)
}

// Acked notes that s was acknowledged as id; false: somebody got something
// else as id.
func (l *Ledger) Acked(id uint64, s stamp) bool {
	raise(&l.expect, id)
	return l.is(id, s)
}

func (l *Ledger) is(id uint64, s stamp) bool {
	at := l.slot(id)
	if at == nil {
		return false
	}
	at.CompareAndSwap(0, uint64(s)) // the first one
	return at.Load() == uint64(s)
}

// AckedSomewhere notes that one more message was acknowledged by a server that
// does not tell its id.
func (l *Ledger) AckedSomewhere() { l.expect.Add(1) }

func raise(v *atomic.Uint64, to uint64) {
	for {
		now := v.Load()
		if now >= to || v.CompareAndSwap(now, to) {
			return
		}
	}
}

// stamps are those of all ids up to the highest, ascending.
func (l *Ledger) stamps() (all []stamp) {
	for id := uint64(1); id <= max(l.last.Load(), l.expect.Load()); id++ {
		if id%chunkSize == 0 && l.chunks[min(id/chunkSize, ledgerChunks-1)].Load() == nil {
			id += chunkSize - 1
			continue
		}
		if at := l.slot(id); at != nil {
			if s := stamp(at.Load()); s != 0 {
				all = append(all, s)
			}
		}
	}
	slices.Sort(all)
	return all
}

// verify adds what is wrong at the end, when everything that was sent was
// answered. room is its name.
func (l *Ledger) verify(room string, members []*Member, bad *Violations) {
	all := l.stamps()
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			bad.Add("%s: message %d of member %d is in the log twice", room, all[i].seq(), all[i].member())
		}
	}
	expect := l.expect.Load()
	for _, m := range members {
		if at := m.at.Load(); at < expect {
			bad.Add("%s: %s got only to %d, but %d was acknowledged", room, m, at, expect)
		}
		for _, seq := range m.ackedWithoutID {
			if _, there := slices.BinarySearch(all, makeStamp(m.Number, seq)); !there {
				bad.Add("%s: message %d of member %d was acknowledged, and delivered to nobody", room, seq, m.Number)
			}
		}
	}
}
