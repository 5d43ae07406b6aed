package bench

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Peer is a server under load, as its clients know it.
type Peer interface {
	// Name says what it is.
	Name() string

	// Open connects m and returns when m is told of everything that is said
	// in its room from then on.
	Open(ctx context.Context, m *Member) error

	// AppendSave appends the frame by which m says body, which is ASCII
	// without anything that JSON escapes. ref, which grows, is in the answer.
	AppendSave(b []byte, m *Member, ref uint32, body []byte) []byte

	// Scan reads one frame and tells m what is in it: [Member.Delivered] for
	// each action, [Member.Acked] for each answer. The error says why it was
	// not understood. It may answer it by [Member.Write].
	Scan(frame []byte, m *Member) error
}

// Member is one connection of a member of a room: it reads all the time, and
// may say something.
type Member struct {
	Room, Number int

	run    *run
	ledger *Ledger
	conn   *websocket.Conn
	in     []byte // the reader's, used again and again

	at      atomic.Uint64 // the last id it got
	entered bool          // it was let in, to be told all up to until
	until   uint64

	// The reader's, while it runs.
	delivered, acked, refused uint64 // in what is measured
	delivery, answer          *Samples
	ackedWithoutID            []uint32

	writing   sync.Mutex // before mu; of what follows, and of the connection
	out, body []byte
	seq       uint32

	mu      sync.Mutex               // of what follows; never held while anything is written
	pending map[uint32]time.Duration // when it was sent, since the run's beginning
	waiting atomic.Int64             // how many are pending
}

func (m *Member) String() string { return fmt.Sprintf("member %d of room %d", m.Number, m.Room) }

// Dial opens the WebSocket.
func (m *Member) Dial(ctx context.Context, url string, header http.Header, subprotocols ...string) error {
	d := websocket.Dialer{
		HandshakeTimeout: 20 * time.Second, ReadBufferSize: 4096, WriteBufferSize: 1024, Subprotocols: subprotocols,
		NetDialContext: (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
	}
	conn, res, err := d.DialContext(ctx, url, header)
	if err != nil {
		if res != nil {
			text, _ := io.ReadAll(res.Body)
			err = fmt.Errorf("%w: %s %s", err, res.Status, text)
		}
		return fmt.Errorf("connect %s: %w", m, err)
	}
	m.conn = conn
	return nil
}

// Write sends one frame.
func (m *Member) Write(frame []byte) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	return m.conn.WriteMessage(websocket.TextMessage, frame)
}

// Next reads one frame, which is good until the next call.
func (m *Member) Next() ([]byte, error) {
	_, r, err := m.conn.NextReader()
	if err != nil {
		return nil, err
	}
	m.in = m.in[:0]
	for {
		if len(m.in) == cap(m.in) {
			m.in = append(m.in, make([]byte, max(1024, cap(m.in)))...)[:len(m.in)]
		}
		n, err := r.Read(m.in[len(m.in):cap(m.in)])
		m.in = m.in[:len(m.in)+n]
		switch {
		case errors.Is(err, io.EOF):
			return m.in, nil
		case err != nil:
			return nil, err
		}
	}
}

// CatchUp reads and scans until until is true.
func (m *Member) CatchUp(until func() bool) error {
	m.conn.SetReadDeadline(time.Now().Add(drainTime))
	defer m.conn.SetReadDeadline(time.Time{})
	for !until() {
		frame, err := m.Next()
		if err == nil {
			err = m.run.peer.Scan(frame, m)
		}
		if err != nil {
			return fmt.Errorf("%s enters: %w", m, err)
		}
	}
	return nil
}

// Enter is called when m was let in, to be told all up to until.
func (m *Member) Enter(until uint64) { m.entered, m.until = true, until }

// Entered reports whether m was let in and has what was said before.
func (m *Member) Entered() bool { return m.entered && m.At() >= m.until }

// At is the last id that it got.
func (m *Member) At() uint64 { return m.at.Load() }

// Delivered is called with each action that m gets. id is 0 where the server
// tells none: then it is the next. body is nil if there is none.
func (m *Member) Delivered(id uint64, body []byte) {
	r := m.run
	before := m.at.Load()
	switch {
	case id == 0:
		id = before + 1
	case id == before+1:
	case id <= before:
		r.bad.Add("%s got %d again or too late, behind %d", m, id, before)
	default:
		r.bad.Add("%s got %d right behind %d", m, id, before)
	}
	if id > before {
		m.at.Store(id)
	}
	s, sent := r.readStamp(body)
	if !m.ledger.Saw(id, s) {
		r.bad.Add("%s got another message as %d than others, or than was acknowledged", m, id)
	}
	if s == 0 || r.phase.Load() != measuring {
		return
	}
	m.delivered++
	m.delivery.Add(time.Since(r.began) - sent)
}

// Acked is called with each answer. id is 0 where the server tells none;
// refusal is empty if there is none, and retry says when to try again.
func (m *Member) Acked(ref uint32, id uint64, refusal string, retry time.Duration) {
	r := m.run
	m.mu.Lock()
	sent, asked := m.pending[ref]
	delete(m.pending, ref)
	m.mu.Unlock()
	switch {
	case !asked:
		r.bad.Add("%s got an answer to %d, which it had not asked or had an answer to", m, ref)
		return
	case refusal != "" && retry > 0 && r.phase.Load() < draining:
		m.refused++
		time.AfterFunc(retry, func() {
			m.waiting.Add(-1)
			m.again()
		})
		return
	}
	m.waiting.Add(-1)
	switch {
	case refusal != "":
		r.bad.Add("%s was refused: %s", m, refusal)
	case id == 0:
		m.ackedWithoutID = append(m.ackedWithoutID, ref)
		m.ledger.AckedSomewhere()
	case !m.ledger.Acked(id, makeStamp(m.Number, ref)):
		r.bad.Add("%s was answered that its message %d is %d, which others got as another", m, ref, id)
	}
	if r.phase.Load() == measuring {
		m.acked++
		m.answer.Add(time.Since(r.began) - sent)
	}
	m.again()
}

// again says the next thing, where as many are always under way.
func (m *Member) again() {
	r := m.run
	if r.load.Rate > 0 || r.phase.Load() >= draining || !r.take() {
		return
	}
	m.say(time.Since(r.began))
}

// say says something, which should have been said at that time since the run
// began.
func (m *Member) say(at time.Duration) {
	m.writing.Lock()
	defer m.writing.Unlock()
	r := m.run
	m.seq++
	m.mu.Lock()
	m.pending[m.seq] = at
	m.mu.Unlock()
	m.waiting.Add(1)
	m.body = r.appendBody(m.body[:0], m.Number, m.seq, at)
	m.out = r.peer.AppendSave(m.out[:0], m, m.seq, m.body)
	if err := m.conn.WriteMessage(websocket.TextMessage, m.out); err != nil && r.phase.Load() != closing {
		r.bad.Add("%s could not send: %v", m, err)
	}
}

// read reads until the connection is closed.
func (m *Member) read() {
	r := m.run
	for {
		frame, err := m.Next()
		if err == nil {
			err = r.peer.Scan(frame, m)
		}
		if err != nil {
			if r.phase.Load() != closing {
				r.bad.Add("%s: %v", m, err)
			}
			return
		}
	}
}

// A body begins with what tells the message from all others: the run's own
// number, who says it, which of theirs it is, and when it was sent.
const (
	stampChars = 8 + 4 + 8 + 12
	// MinSize is that of a message, in bytes.
	MinSize = stampChars + 1
)

func (r *run) appendBody(b []byte, member int, seq uint32, at time.Duration) []byte {
	b = appendHex(b, uint64(r.nonce), 8)
	b = appendHex(b, uint64(member), 4)
	b = appendHex(b, uint64(seq), 8)
	b = appendHex(b, uint64(at.Microseconds()), 12)
	return append(b, r.filler...)
}

// readStamp reads what appendBody wrote; 0: it is no message of this run.
func (r *run) readStamp(body []byte) (s stamp, sent time.Duration) {
	if len(body) < stampChars {
		return 0, 0
	}
	var b [stampChars / 2]byte
	if _, err := hex.Decode(b[:], body[:stampChars]); err != nil {
		return 0, 0
	}
	number := func(b []byte) (n uint64) {
		for _, c := range b {
			n = n<<8 | uint64(c)
		}
		return n
	}
	if number(b[:4]) != uint64(r.nonce) {
		return 0, 0
	}
	sent = time.Duration(number(b[10:])) * time.Microsecond
	return makeStamp(int(number(b[4:6])), uint32(number(b[6:10]))), sent
}

func appendHex(b []byte, v uint64, digits int) []byte {
	const hexDigits = "0123456789abcdef"
	for i := digits - 1; i >= 0; i-- {
		b = append(b, hexDigits[v>>(4*i)&15])
	}
	return b
}

// fill is text of so many bytes.
func fill(n int) []byte {
	const words = " what helped this week, what did not, and what to try until the group meets again next Tuesday evening;"
	b := make([]byte, 0, n+len(words))
	for len(b) < n {
		b = append(b, words...)
	}
	return b[:max(n, 0)]
}

// ScanUint reads the decimal number that b begins with; false: there is none.
func ScanUint(b []byte) (uint64, bool) {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	v, err := strconv.ParseUint(string(b[:n]), 10, 64)
	return v, err == nil
}
