package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"hearth/hub/chat"
)

// AuditEntry is one line of the audit log. None of its fields may hold a
// body, code, token, name, login field or phone.
type AuditEntry struct {
	Seq     uint64 // from 1, set when stored
	At      time.Time
	Event   string // such as login, admit, import
	Actor   string // who did it: a person's id, token:ID, operator, or empty
	Subject string // on whom or what
	Session string // in which therapy session
	Reason  string // of a refusal: its code
	Count   int    // how often; 0 is once
	Details []Detail
}

// Detail is one further fact of an audit entry.
type Detail struct{ Name, Value string }

// auditHead is where the chain stands.
type auditHead struct {
	seq   uint64
	chain [32]byte
}

const ( // fields (message AuditEntry in docs/format.md)
	auditAt      = 1
	auditEvent   = 2
	auditActor   = 3
	auditSubject = 4
	auditSession = 5
	auditReason  = 6
	auditCount   = 7
	auditDetail  = 8 // repeated, name and value in turn
	auditChain   = 9
	auditMAC     = 10
)

const auditKeyBytes = 32

var auditHeadKey = []byte("audit_head")

func auditKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func auditSeq(key []byte) (uint64, error) {
	if len(key) != 8 {
		return 0, fmt.Errorf("malformed key of an audit entry")
	}
	return binary.BigEndian.Uint64(key), nil
}

// Audit adds an entry to the audit log, in the same commit as what it tells
// of.
func (tx *Tx) Audit(e AuditEntry) {
	b := tx.b
	if b.audit == nil {
		c := &b.s.committer
		head := c.audit
		b.audit = &head
		b.expect(tableMeta, auditHeadKey, c.auditRaw)
	}
	e.Seq, e.At = b.audit.seq+1, tx.now
	f := e.fields()
	chain := auditLink(b.audit.chain, e.Seq, f)
	*b.audit = auditHead{e.Seq, chain}
	f.bytes(auditChain, chain[:])
	f.bytes(auditMAC, b.s.auditMAC(chain))
	tx.Put(tableAudit, auditKey(e.Seq), f)
}

func (e *AuditEntry) fields() fields {
	var f fields
	f.time(auditAt, e.At)
	f.string(auditEvent, e.Event)
	f.string(auditActor, e.Actor)
	f.string(auditSubject, e.Subject)
	f.string(auditSession, e.Session)
	f.string(auditReason, e.Reason)
	f.uint(auditCount, uint64(e.Count))
	for _, d := range e.Details {
		f.item(auditDetail, d.Name)
		f.item(auditDetail, d.Value)
	}
	return f
}

// auditLink is the chain after an entry: SHA-256 of the chain before it, its
// number and its fields.
func auditLink(before [32]byte, seq uint64, f fields) [32]byte {
	b := append(make([]byte, 0, 40+len(f)), before[:]...)
	b = binary.BigEndian.AppendUint64(b, seq)
	return sha256.Sum256(append(b, f...))
}

func (s *Store) auditMAC(chain [32]byte) []byte {
	m := hmac.New(sha256.New, s.opt.AuditKey)
	m.Write(chain[:])
	return m.Sum(nil)
}

// keyedHash is HMAC-SHA256 under a log's secret, its first half.
func keyedHash(secret [32]byte, b []byte) (h chat.Hash) {
	m := hmac.New(sha256.New, secret[:])
	m.Write(b)
	copy(h[:], m.Sum(nil))
	return h
}

// write puts the head where the next start, and another server, finds it.
func (h *auditHead) write(b *batch) {
	tx := &Tx{b: b}
	var f fields
	f.uint(1, h.seq)
	f.bytes(2, h.chain[:])
	tx.Put(tableMeta, auditHeadKey, f)
}

// loadAudit reads where the audit log stands. raw is how that is on disk, nil
// if nothing was ever written.
func (s *Store) loadAudit(ctx context.Context) (h auditHead, raw []byte, err error) {
	raw, err = s.driver.Get(ctx, tableMeta, auditHeadKey)
	if err != nil || raw == nil {
		return h, nil, err
	}
	f, err := unseal(keyPlace(tableMeta, auditHeadKey), raw)
	if err != nil {
		return h, nil, err
	}
	bad := false
	err = f.each(func(v field) {
		switch v.n {
		case 1:
			h.seq = v.num
		case 2:
			bad = !v.into(h.chain[:]) || bad
		}
	})
	if err == nil && (bad || h.seq == 0) {
		err = fmt.Errorf("malformed head")
	}
	return h, raw, err
}

func decodeAudit(seq uint64, f fields) (e AuditEntry, chain, mac []byte, err error) {
	e.Seq = seq
	var items []string
	err = f.each(func(v field) {
		switch v.n {
		case auditAt:
			e.At = v.time()
		case auditEvent:
			e.Event = v.string()
		case auditActor:
			e.Actor = v.string()
		case auditSubject:
			e.Subject = v.string()
		case auditSession:
			e.Session = v.string()
		case auditReason:
			e.Reason = v.string()
		case auditCount:
			e.Count = int(v.num)
		case auditDetail:
			items = append(items, v.string())
		case auditChain:
			chain = v.raw
		case auditMAC:
			mac = v.raw
		}
	})
	if err == nil && len(items)%2 != 0 {
		err = fmt.Errorf("malformed audit entry")
	}
	for i := 0; i+1 < len(items); i += 2 {
		e.Details = append(e.Details, Detail{items[i], items[i+1]})
	}
	return e, chain, mac, err
}

// AuditLog calls use for every entry from number from on (1 is the first),
// in order, until it returns false.
func (s *Store) AuditLog(ctx context.Context, from uint64, use func(AuditEntry) bool) error {
	var after []byte
	if from > 1 {
		after = auditKey(from - 1)
	}
	for {
		pairs, err := s.driver.Scan(ctx, tableAudit, nil, after, pageRecords)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			f, err := unseal(keyPlace(tableAudit, p.Key), p.Value)
			if err != nil {
				return fmt.Errorf("audit entry: %w", err)
			}
			seq, err := auditSeq(p.Key)
			if err != nil {
				return err
			}
			e, _, _, err := decodeAudit(seq, f)
			if err != nil {
				return err
			}
			if !use(e) {
				return nil
			}
		}
		if len(pairs) < pageRecords {
			return nil
		}
		after = pairs[len(pairs)-1].Key
	}
}

// refusalWindow is how long equal refusals are gathered into one entry.
const refusalWindow = time.Hour

// Refuse notes a refusal in the audit log: the first of its kind at once,
// equal ones within the hour as one entry with their count, written with the
// next one after it or by [Store.SweepRefusals].
func (tx *Tx) Refuse(e AuditEntry) error {
	key := sha256.Sum256([]byte(fmt.Sprintf("%q", []string{e.Event, e.Actor, e.Subject, e.Session, e.Reason})))
	raw, err := tx.Get(tableRefusal, key[:])
	if err != nil {
		return err
	}
	since, count, _, err := decodeRefusal(raw)
	if err != nil {
		return err
	}
	if raw != nil && tx.now.Sub(since) < refusalWindow && !tx.now.Before(since) {
		tx.putRefusal(key[:], since, count+1, e)
		return nil
	}
	e.Count = count + 1
	tx.Audit(e)
	tx.putRefusal(key[:], tx.now, 0, e)
	return nil
}

func (tx *Tx) putRefusal(key []byte, since time.Time, count int, e AuditEntry) {
	e.Count = 0
	var f fields
	f.time(1, since)
	f.uint(2, uint64(count))
	f.bytes(3, e.fields())
	tx.Put(tableRefusal, key, f)
}

func decodeRefusal(f fields) (since time.Time, count int, e AuditEntry, err error) {
	var inner error
	err = f.each(func(v field) {
		switch v.n {
		case 1:
			since = v.time()
		case 2:
			count = int(v.num)
		case 3:
			e, _, _, inner = decodeAudit(0, v.raw)
		}
	})
	if err == nil {
		err = inner
	}
	return since, count, e, err
}

// SweepRefusals writes the counts whose hour is over.
func (s *Store) SweepRefusals(ctx context.Context) error {
	return s.Update(ctx, func(tx *Tx) error {
		var failed error
		type due struct {
			key   []byte
			count int
			entry AuditEntry
		}
		var all []due
		err := tx.Scan(tableRefusal, nil, func(key, value []byte) bool {
			since, count, e, err := decodeRefusal(value)
			if failed = err; err != nil {
				return false
			}
			if tx.now.Sub(since) >= refusalWindow {
				all = append(all, due{key, count, e})
			}
			return true
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.count > 0 {
				d.entry.Count = d.count
				tx.Audit(d.entry)
			}
			tx.Delete(tableRefusal, d.key)
		}
		return nil
	})
}
