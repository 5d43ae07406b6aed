package store

import (
	"context"
	"time"

	"hearth/hub/chat"
)

// What the tests of package store_test need from within.

// MaxIdle is how many logs that nobody uses stay in memory.
const MaxIdle = maxIdle

// EvictIdle lets go of every log that nobody uses, and says how many.
func (s *Store) EvictIdle() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.idle.Len() > 0 {
		delete(s.live, s.idle.Remove(s.idle.Back()).(*live).ts)
		n++
	}
	return n
}

// LogsInMemory is how many logs are held in memory.
func (s *Store) LogsInMemory() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// LogNumber is that of a therapy session's log, pruned or not; 0: none.
func (s *Store) LogNumber(ts chat.TSID) uint32 { return s.roster.Load().numbers[ts] }

// Seal frames a value as its table stores it.
func Seal(t Table, key, value []byte) []byte { return seal(keyPlace(t, key), value) }

// Unseal is the opposite; nil if the value is damaged.
func Unseal(t Table, key, raw []byte) []byte {
	f, err := unseal(keyPlace(t, key), raw)
	if err != nil {
		return nil
	}
	return f
}

// LogKey is the key of a log's head.
func LogKey(log uint32) []byte { return logKey(log) }

// ResealRecord makes the record raw of id from pass as that of id to, after
// change had its way with the fields.
func ResealRecord(
	log uint32, rawHead []byte, from, to uint64, raw []byte, research bool, change func(fields []byte) []byte,
) []byte {
	h, err := decodeHead(log, rawHead)
	if err != nil {
		panic(err)
	}
	stream := streamSeen
	if research {
		stream = streamResearch
	}
	f, err := unseal(recordPlace(stream, log, h.epoch, chat.ActionID(from)), raw)
	if err != nil {
		panic(err)
	}
	return seal(recordPlace(stream, log, h.epoch, chat.ActionID(to)), change(append([]byte{}, f...)))
}

// HeadChanges are ways of changing a head behind the store's back.
var HeadChanges = []string{"last up", "last down", "time", "chain", "birth", "secret", "opened"}

// ChangeHead returns a well-formed head that says something else.
func ChangeHead(log uint32, raw []byte, how string) []byte {
	h, err := decodeHead(log, raw)
	if err != nil {
		panic(err)
	}
	switch how {
	case "last up":
		h.last++
	case "last down":
		h.last--
	case "time":
		h.lastAt = h.lastAt.Add(-time.Millisecond)
	case "chain":
		h.chain[7] ^= 1
	case "birth":
		h.birth = "another"
	case "secret":
		h.secret[3] ^= 1
	case "opened":
		if h.opened.IsZero() {
			h.opened = time.UnixMilli(1)
		} else {
			h.opened = time.Time{}
		}
	}
	return encodeHead(log, &h)
}

// StoredResearch is the research record of an action, decoded; false: there
// is none.
func (s *Store) StoredResearch(ctx context.Context, ts chat.TSID, id chat.ActionID) (chat.Research, bool, error) {
	number := s.LogNumber(ts)
	raw, err := s.driver.Get(ctx, tableHead, logKey(number))
	if err != nil {
		return chat.Research{}, false, err
	}
	h, err := decodeHead(number, raw)
	if err != nil {
		return chat.Research{}, false, err
	}
	recs, err := s.driver.Page(ctx, number, uint64(id), 1, true)
	if err != nil || len(recs) == 0 || recs[0].ID != uint64(id) {
		return chat.Research{}, false, err
	}
	r, _, err := decodeResearch(number, h.epoch, id, recs[0].Research)
	return r, err == nil, err
}
