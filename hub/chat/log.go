package chat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// Log is what the rules may ask of one action log. [Folded] is one that was
// read from its beginning; [Ahead] is one with actions that are not on disk
// yet.
type Log interface {
	Epoch() Epoch
	Status() Status
	Head() ActionID    // the highest id, 0 if there is none
	LastAt() time.Time // of the head
	Entry(ActionID) (Entry, bool)
	Board() (Text, ActionID) // the whiteboard's text and the action that set it
	first(key) mark
	content(*Draft) Hash
	key(kind keyKind, by PID, parts ...string) key
}

// Entry is what the rules need to know of an action, without its content.
type Entry struct {
	Type    Type
	Icon    Icon
	By      PID
	To      []PID // nil: everyone
	At      time.Time
	Target  ActionID
	Root    ActionID
	Deleted ActionID // by which delete, or itself if its text was erased; 0: not
}

func (e *Entry) names(p PID) bool { return slices.Contains(e.To, p) }

// key is two 64-bit keyed hashes with seeds of this process: it names what
// may be in a log only once. Two different things share a key with a chance of
// about 2⁻¹²⁸ a pair; nothing of it is stored or sent.
type key struct{ a, b uint64 }

type keyKind byte

const (
	byClientID keyKind = iota
	byContent
	byReaction
	byRead
)

// mark is where a key was first seen. sum is 8 bytes of the content's hash.
type mark struct {
	id  ActionID
	sum uint64
}

// Folded is a log, folded: what is left of its actions when only the rules
// are asked. It is not safe for concurrent use.
type Folded struct {
	epoch  Epoch
	opened bool
	ended  ActionID
	lastAt int64 // Unix milliseconds

	entries   []entry // of id i at i-1
	marks     map[key]mark
	board     Text
	boardSet  ActionID
	readMarks map[PID]ActionID // the highest of their own messages and of what they marked as read

	people      []PID // interned; [0] is the server
	peopleIndex map[PID]uint32
	groups      [][]PID // interned recipients; [0] is everyone
	groupIndex  map[string]uint32

	mac          hash.Hash
	seedA, seedB maphash.Seed
	buf          []byte
}

// entry is an Entry in 48 bytes.
type entry struct {
	at      int64
	target  uint64
	root    uint64
	deleted uint64
	by      uint32
	to      uint32
	typ     Type
	icon    Icon
}

// NewFolded begins the fold of the log named epoch, whose content hashes are
// made with secret. opened: somebody has been admitted to it.
func NewFolded(epoch Epoch, secret [32]byte, opened bool) *Folded {
	return &Folded{
		epoch: epoch, opened: opened,
		marks:     map[key]mark{},
		readMarks: map[PID]ActionID{},
		people:    []PID{""}, peopleIndex: map[PID]uint32{"": 0},
		groups: [][]PID{nil}, groupIndex: map[string]uint32{"": 0},
		mac:   hmac.New(sha256.New, secret[:]),
		seedA: maphash.MakeSeed(), seedB: maphash.MakeSeed(),
	}
}

func (f *Folded) Epoch() Epoch            { return f.epoch }
func (f *Folded) Head() ActionID          { return ActionID(len(f.entries)) }
func (f *Folded) LastAt() time.Time       { return time.UnixMilli(f.lastAt).UTC() }
func (f *Folded) Board() (Text, ActionID) { return f.board, f.boardSet }
func (f *Folded) first(k key) mark        { return f.marks[k] }

// Format implements fmt.Formatter: neither the key nor the whiteboard's text.
func (f *Folded) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "[log, %d actions]", f.Head()) }

// Open notes that somebody has been admitted.
func (f *Folded) Open() { f.opened = true }

func (f *Folded) Status() Status {
	switch {
	case f.ended != 0:
		return Ended
	case f.opened:
		return Open
	}
	return Scheduled
}

func (f *Folded) Entry(id ActionID) (Entry, bool) {
	if id == 0 || id > f.Head() {
		return Entry{}, false
	}
	e := &f.entries[id-1]
	return Entry{
		Type: e.typ, Icon: e.icon, By: f.people[e.by], To: f.groups[e.to], At: time.UnixMilli(e.at).UTC(),
		Target: ActionID(e.target), Root: ActionID(e.root), Deleted: ActionID(e.deleted),
	}, true
}

// Apply adds the next action. It panics if a.ID is not the next id: whoever
// reads a log checks that first.
func (f *Folded) Apply(a *Action) {
	if a.ID != f.Head()+1 {
		panic("chat: an action out of order")
	}
	f.entries = append(f.entries, entry{
		at: a.At.UnixMilli(), target: uint64(a.Target), root: uint64(a.Root), by: f.person(a.By), to: f.group(a.To),
		typ: a.Type, icon: a.Icon,
	})
	f.lastAt = a.At.UnixMilli()
	f.noteKeys(a)
	if a.Erased && (a.Type == Message || a.Type == Notice) {
		f.entries[a.ID-1].deleted = uint64(a.ID) // to the rules as good as deleted
	}
	switch a.Type {
	case Message:
		f.readMarks[a.By] = a.ID
	case MessageRead:
		f.readMarks[a.By] = max(f.readMarks[a.By], a.Target)
	case Delete:
		if t := a.Target; t >= 1 && t < a.ID {
			e := &f.entries[t-1]
			e.deleted = uint64(a.ID)
			if e.typ == Reaction {
				delete(f.marks, reactionKey(f, f.people[e.by], ActionID(e.target), e.icon))
			}
		}
	case Whiteboard:
		f.board, f.boardSet = a.Body, a.ID
	case EndChatSession:
		f.ended = a.ID
	}
}

func (f *Folded) noteKeys(a *Action) {
	for _, k := range keysOf(f, a) {
		if f.first(k).id == 0 {
			f.marks[k] = mark{a.ID, sum(a.Content)}
		}
	}
}

// keysOf lists the keys by which a is found again.
func keysOf(l Log, a *Action) []key {
	keys := make([]key, 0, 3)
	// One that came with a client_id is found without it, too.
	for _, id := range slices.Compact([]string{a.ClientID, ""}) {
		if k, ok := clientKey(l, a.By, id, a.ClientTS, a.Content); ok {
			keys = append(keys, k)
		}
	}
	switch a.Type {
	case Reaction:
		keys = append(keys, reactionKey(l, a.By, a.Target, a.Icon))
	case MessageRead:
		keys = append(keys, readKey(l, a.By, a.Target))
	}
	return keys
}

// clientKey is how a client's own words name an action; false: with neither
// client_id nor client_ts each action is new.
func clientKey(l Log, by PID, clientID, clientTS string, content Hash) (key, bool) {
	switch {
	case clientID != "":
		return l.key(byClientID, by, clientID), true
	case clientTS != "":
		return l.key(byContent, by, clientTS, string(content[:])), true
	}
	return key{}, false
}

func reactionKey(l Log, by PID, target ActionID, icon Icon) key {
	return l.key(byReaction, by, string(binary.BigEndian.AppendUint64([]byte{byte(icon)}, uint64(target))))
}

func readKey(l Log, by PID, target ActionID) key {
	return l.key(byRead, by, string(binary.BigEndian.AppendUint64(nil, uint64(target))))
}

func sum(h Hash) uint64 { return binary.BigEndian.Uint64(h[:8]) }

func (f *Folded) key(kind keyKind, by PID, parts ...string) key {
	b := append(f.buf[:0], byte(kind))
	b = binary.AppendUvarint(b, uint64(len(by)))
	b = append(b, by...)
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	f.buf = b
	return key{maphash.Bytes(f.seedA, b), maphash.Bytes(f.seedB, b)}
}

func (f *Folded) content(d *Draft) Hash {
	f.buf = appendContent(f.buf[:0], d.Type, d.Target, d.Icon, d.Recipients, d.Body)
	f.mac.Reset()
	f.mac.Write(f.buf)
	var h Hash
	f.buf = f.mac.Sum(f.buf[:0])
	copy(h[:], f.buf)
	return h
}

// ContentHash is the keyed hash of what a person said in a, as a log with
// this secret stores it. The recipients are part of it only
// where they were asked for.
func ContentHash(secret [32]byte, a *Action) Hash {
	to := a.To
	if rules[a.Type].fields&hasRecipients == 0 {
		to = nil
	}
	m := hmac.New(sha256.New, secret[:])
	m.Write(appendContent(nil, a.Type, a.Target, a.Icon, to, a.Body))
	var h Hash
	copy(h[:], m.Sum(nil))
	return h
}

// appendContent is the canonical form of what makes two actions the same
// without a client_id.
func appendContent(b []byte, t Type, target ActionID, icon Icon, to []PID, body Text) []byte {
	b = append(b, byte(t), byte(icon))
	b = binary.BigEndian.AppendUint64(b, uint64(target))
	if len(to) > 1 {
		to = slices.Sorted(slices.Values(to))
	}
	b = binary.AppendUvarint(b, uint64(len(to)))
	for _, p := range to {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return append(b, body...)
}

func (f *Folded) person(p PID) uint32 {
	i, ok := f.peopleIndex[p]
	if !ok {
		i = uint32(len(f.people))
		f.people = append(f.people, p)
		f.peopleIndex[p] = i
	}
	return i
}

func (f *Folded) group(to []PID) uint32 {
	if len(to) == 0 {
		return 0
	}
	var b strings.Builder
	for _, p := range to {
		b.WriteString(string(p))
		b.WriteByte('|') // in no id
	}
	name := b.String()
	i, ok := f.groupIndex[name]
	if !ok {
		i = uint32(len(f.groups))
		f.groups = append(f.groups, slices.Clone(to))
		f.groupIndex[name] = i
	}
	return i
}

// Unread counts the undeleted messages of others that by may see, above the
// highest one they marked as read or wrote themselves.
func (f *Folded) Unread(s *TherapySession, by Standing) int {
	if May(s, f.Status(), by, OpRead) != nil {
		return 0
	}
	n := 0
	for id := f.readMarks[by.ID] + 1; id <= f.Head(); id++ {
		raw := &f.entries[id-1]
		if raw.typ != Message || raw.deleted != 0 {
			continue
		}
		if e, _ := f.Entry(id); e.By != by.ID && Sees(s, f.Status(), by, e) {
			n++
		}
	}
	return n
}
