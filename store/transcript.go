package store

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"hearth/hub/chat"
)

// Transcript is one action log as of one moment, to be read whole: for
// research, by who may see everything.
type Transcript struct {
	Session *chat.TherapySession // as the roster has it, or had it
	Pruned  bool                 // it is no longer in the roster
	Opened  bool                 // somebody was let in
	Last    chat.ActionID        // the highest id; what comes later is not in it

	number uint32
	head   head
}

// Recorded is an action with all that is kept of it.
type Recorded struct {
	chat.Action
	Research    chat.Research
	HasResearch bool // something was kept; Research may still be empty if it was not asked for

	// Of a notice that somebody joined or left: whose, and which of the two.
	// In logs of older versions Who is empty, and only the text has a name.
	Who     chat.PID
	Passage Passage
}

// ErrNoTranscript is Transcripts' for a therapy session that never was.
var ErrNoTranscript = errors.New("there is no such therapy session")

// Transcripts notes in the audit log that logs are read, and then returns
// them as of that moment: that of ts, or of every therapy session there ever
// was if ts is empty, in the order of their ids. e tells of the reading; how
// many actions there are is added. The error is ErrNoTranscript, or
// storage_unavailable: no entry, no logs.
func (s *Store) Transcripts(ctx context.Context, e AuditEntry, ts chat.TSID) ([]Transcript, error) {
	rows, err := s.transcriptRows(ctx, ts)
	if err != nil {
		return nil, err
	}
	var out []Transcript
	err = s.Update(ctx, func(tx *Tx) error {
		// The committer reads the heads itself: what it sees on the disk is
		// synced, as no commit is under way.
		out = make([]Transcript, len(rows))
		var actions uint64
		for i, t := range rows {
			raw, err := s.driver.Get(tx.b.ctx, tableHead, logKey(t.number))
			if err == nil {
				t.head, err = decodeHead(t.number, raw)
			}
			if err != nil {
				return fmt.Errorf("read log of %s: %w", t.Session.ID, err)
			}
			t.Last, t.Opened = t.head.last, !t.head.opened.IsZero()
			actions += uint64(t.Last)
			out[i] = t
		}
		noted := e
		noted.Details = append(noted.Details[:len(noted.Details):len(noted.Details)], Detail{"actions", strconv.FormatUint(actions, 10)})
		tx.Audit(noted)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Store) transcriptRows(ctx context.Context, ts chat.TSID) (rows []Transcript, err error) {
	add := func(key, raw []byte) error {
		f, err := unseal(keyPlace(tableSession, key), raw)
		if err != nil {
			return err
		}
		t := Transcript{}
		t.Session, t.number, t.Pruned, err = decodeSession(chat.TSID(key), f)
		rows = append(rows, t)
		return err
	}
	if ts == "" {
		err = s.scan(ctx, tableSession, nil, func(p Pair) error { return add(p.Key, p.Value) })
		return rows, err
	}
	raw, err := s.driver.Get(ctx, tableSession, []byte(ts))
	if err == nil && raw == nil {
		err = ErrNoTranscript
	}
	if err == nil {
		err = add([]byte(ts), raw)
	}
	return rows, err
}

// transcriptPage is how many actions a transcript reads in one go. Each may
// have a body of 10,000 and a history of 20,000 characters.
const transcriptPage = 64

// ReadTranscript calls use for every action of t, in order; research says
// whether with histories and timings. It holds no read transaction while use
// runs, which may take as long as it likes. A log that grew meanwhile is read
// to where it stood.
func (s *Store) ReadTranscript(ctx context.Context, t *Transcript, research bool, use func(*Recorded) error) error {
	histories := researchReader{s: s, ctx: ctx, number: t.number, size: transcriptPage}
	for next := chat.ActionID(1); next <= t.Last; {
		n := min(transcriptPage, int(t.Last-next)+1)
		page, err := s.driver.Page(ctx, t.number, uint64(next), n, false)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("log of %s: action %d of %d is missing", t.Session.ID, next, t.Last)
		}
		for _, rec := range page {
			if chat.ActionID(rec.ID) != next {
				return fmt.Errorf("log of %s: action %d is missing", t.Session.ID, next)
			}
			r, err := t.decode(rec, research, &histories)
			if err != nil {
				return fmt.Errorf("log of %s: action %d: %w", t.Session.ID, next, err)
			}
			if err := use(&r); err != nil {
				return err
			}
			next++
		}
	}
	return nil
}

func (t *Transcript) decode(rec Record, research bool, histories *researchReader) (Recorded, error) {
	id := chat.ActionID(rec.ID)
	a, err := decodeAction(t.number, t.head.birth, id, rec.Seen)
	if err != nil {
		return Recorded{}, err
	}
	r := Recorded{
		Action: a.Action, HasResearch: a.research != (chat.Hash{}) && !a.Erased, Who: a.who, Passage: a.passage,
	}
	if !research || !r.HasResearch {
		return r, nil
	}
	raw, err := histories.next(id)
	if err == nil && raw == nil {
		err = errors.New("it is missing")
	}
	if err == nil {
		r.Research, _, err = decodeResearch(t.number, t.head.birth, id, raw)
	}
	if err != nil {
		err = fmt.Errorf("its keystroke history: %w", err)
	}
	return r, err
}

// Key is a key of 32 bytes for one purpose, the same for the life of the audit
// key, from which it is made (RFC 5869).
func (s *Store) Key(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, s.opt.AuditKey, nil, "hearth "+purpose, 32)
}

// NamedPassage reads a notice of the server that somebody joined or left, in a
// log of an older version: whose name it has. NoPassage: it is none.
func NamedPassage(r *Recorded) (name chat.Text, p Passage) {
	if r.Type != chat.Notice || r.By != "" {
		return "", NoPassage
	}
	for p, said := range map[Passage]chat.Text{Joined: hasJoined, Left: hasLeft} {
		if n := len(r.Body) - len(said); n >= 0 && r.Body[n:] == said {
			return r.Body[:n], p
		}
	}
	return "", NoPassage
}
