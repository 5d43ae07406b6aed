package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"hearth/hub/chat"
)

// Fields of a seen record (message Action in docs/format.md).
const (
	actionType     = 1
	actionBy       = 2
	actionSender   = 3
	actionAt       = 4 // Unix milliseconds
	actionBody     = 5
	actionTo       = 6 // repeated
	actionTarget   = 7
	actionRoot     = 8 // left out when it is the id
	actionIcon     = 9
	actionClientID = 10
	actionClientTS = 11
	actionContent  = 12 // 16 bytes: keyed hash of what was said
	actionResearch = 13 // 16 bytes: keyed hash of the research record, if there is one
	actionErased   = 14 // the body was erased; hashes and all else stay
	actionWho      = 15 // of a joined or left notice: whose
	actionPassage  = 16
)

// stored is an action with what only the disk knows of it.
type stored struct {
	chat.Action
	research chat.Hash // zero: there is no research record
	who      chat.PID  // of a joined or left notice: whose; its text has only a name
	passage  Passage
}

// Passage says that a notice tells of somebody's coming or going. The numbers
// stand on disk.
type Passage uint8

const (
	NoPassage Passage = 0
	Joined    Passage = 1
	Left      Passage = 2
)

// meta is everything but what erasing removes, in canonical order: the chain
// is made over it.
func (a *stored) meta() fields {
	f := make(fields, 0, 128)
	f.uint(actionType, uint64(a.Type))
	f.string(actionBy, string(a.By))
	f.string(actionSender, string(a.Sender))
	f.uint(actionAt, uint64(a.At.UnixMilli()))
	for _, p := range a.To {
		f.item(actionTo, string(p))
	}
	f.uint(actionTarget, uint64(a.Target))
	if a.Root != a.ID {
		f.uint(actionRoot, uint64(a.Root))
	}
	f.uint(actionIcon, uint64(a.Icon))
	f.string(actionClientID, a.ClientID)
	f.string(actionClientTS, a.ClientTS)
	f.bytes(actionContent, a.Content[:])
	if a.research != (chat.Hash{}) {
		f.bytes(actionResearch, a.research[:])
	}
	f.string(actionWho, string(a.who))
	f.uint(actionPassage, uint64(a.passage))
	return f
}

// link is a log's chain after a: SHA-256 of the chain before it, the epoch,
// the id and all of a but its content, which stands in it as a keyed hash.
func link(before [32]byte, epoch chat.Epoch, id chat.ActionID, meta fields) [32]byte {
	b := make([]byte, 0, len(before)+len(epoch)+9+len(meta))
	b = append(b, before[:]...)
	b = append(b, epoch...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = append(b, meta...)
	return sha256.Sum256(b)
}

// encodeAction seals the record. meta is a.meta().
func encodeAction(log uint32, epoch chat.Epoch, a *stored, meta fields) []byte {
	f := meta
	f.string(actionBody, string(a.Body))
	f.bool(actionErased, a.Erased)
	return seal(recordPlace(streamSeen, log, epoch, a.ID), f)
}

// decodeAction reads the record of id.
func decodeAction(log uint32, epoch chat.Epoch, id chat.ActionID, b []byte) (stored, error) {
	f, err := unseal(recordPlace(streamSeen, log, epoch, id), b)
	if err != nil {
		return stored{}, err
	}
	a := stored{Action: chat.Action{ID: id, Root: id, At: time.UnixMilli(0).UTC()}}
	bad := false
	err = f.each(func(v field) {
		switch v.n {
		case actionType:
			a.Type = chat.Type(v.num)
		case actionBy:
			a.By = chat.PID(v.raw)
		case actionSender:
			a.Sender = chat.Text(v.raw)
		case actionAt:
			a.At = v.time()
		case actionBody:
			a.Body = chat.Text(v.raw)
		case actionTo:
			a.To = append(a.To, chat.PID(v.raw))
		case actionTarget:
			a.Target = chat.ActionID(v.num)
		case actionRoot:
			if v.num != 0 {
				a.Root = chat.ActionID(v.num)
			}
		case actionIcon:
			a.Icon = chat.Icon(v.num)
		case actionClientID:
			a.ClientID = v.string()
		case actionClientTS:
			a.ClientTS = v.string()
		case actionContent:
			bad = !v.into(a.Content[:]) || bad
		case actionResearch:
			bad = !v.into(a.research[:]) || bad
		case actionErased:
			a.Erased = v.bool()
		case actionWho:
			a.who = chat.PID(v.raw)
		case actionPassage:
			a.passage = Passage(v.num)
		}
	})
	if err == nil && (bad || a.Type == 0) {
		err = fmt.Errorf("malformed record of an action")
	}
	return a, err
}

// Fields of a research record (message Research in docs/format.md).
const (
	researchHistory = 1 // repeated
	researchCut     = 2
	researchTiming  = 3
)

func researchFields(r *chat.Research) fields {
	var f fields
	for _, key := range r.History {
		f.item(researchHistory, key)
	}
	f.bool(researchCut, r.Cut)
	f.string(researchTiming, r.TimeToComplete)
	return f
}

func encodeResearch(log uint32, epoch chat.Epoch, id chat.ActionID, f fields) []byte {
	return seal(recordPlace(streamResearch, log, epoch, id), f)
}

func decodeResearch(log uint32, epoch chat.Epoch, id chat.ActionID, b []byte) (r chat.Research, f fields, err error) {
	f, err = unseal(recordPlace(streamResearch, log, epoch, id), b)
	if err != nil {
		return r, nil, err
	}
	err = f.each(func(v field) {
		switch v.n {
		case researchHistory:
			r.History = append(r.History, v.string())
		case researchCut:
			r.Cut = v.bool()
		case researchTiming:
			r.TimeToComplete = v.string()
		}
	})
	return r, f, err
}
