package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"hearth/hub/chat"
)

// head is where one action log stands: written in every commit that changes
// anything of its therapy session, and conditional on its last value, so that
// of two servers with one database only one can win.
type head struct {
	epoch  chat.Epoch
	birth  chat.Epoch // the first epoch: records and chain are bound to it, so that a restored log need not be rewritten
	secret [32]byte   // of content hashes
	last   chat.ActionID
	lastAt time.Time
	chain  [32]byte
	opened time.Time // when the first person was admitted; zero: nobody
	rev    uint64    // grows with each commit, also of standings alone
}

const ( // fields (message Head in docs/format.md)
	headEpoch  = 1
	headSecret = 2
	headLast   = 3
	headLastAt = 4
	headChain  = 5
	headOpened = 6
	headRev    = 7
	headBirth  = 8 // left out when it is the epoch
)

func logKey(log uint32) []byte { return binary.BigEndian.AppendUint32(nil, log) }

func encodeHead(log uint32, h *head) []byte {
	var f fields
	f.string(headEpoch, string(h.epoch))
	if h.birth != h.epoch {
		f.string(headBirth, string(h.birth))
	}
	f.bytes(headSecret, h.secret[:])
	f.uint(headLast, uint64(h.last))
	f.time(headLastAt, h.lastAt)
	f.bytes(headChain, h.chain[:])
	f.time(headOpened, h.opened)
	f.uint(headRev, h.rev)
	return seal(keyPlace(tableHead, logKey(log)), f)
}

func decodeHead(log uint32, b []byte) (h head, err error) {
	if b == nil {
		return h, fmt.Errorf("the head is missing")
	}
	f, err := unseal(keyPlace(tableHead, logKey(log)), b)
	if err != nil {
		return h, err
	}
	bad := false
	err = f.each(func(v field) {
		switch v.n {
		case headEpoch:
			h.epoch = chat.Epoch(v.raw)
		case headBirth:
			h.birth = chat.Epoch(v.raw)
		case headSecret:
			bad = !v.into(h.secret[:]) || bad
		case headLast:
			h.last = chat.ActionID(v.num)
		case headLastAt:
			h.lastAt = v.time()
		case headChain:
			bad = !v.into(h.chain[:]) || bad
		case headOpened:
			h.opened = v.time()
		case headRev:
			h.rev = v.num
		}
	})
	if h.birth == "" {
		h.birth = h.epoch
	}
	if err == nil && (bad || h.epoch == "") {
		err = fmt.Errorf("malformed head")
	}
	return h, err
}
