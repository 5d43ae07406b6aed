package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"hearth/hub/chat"
)

// Backup makes a copy of everything at path, where nothing may be yet, as of
// one moment not before the call: what was answered before it is in it. The
// copy is opened by open, its driver, and checked before Backup returns; one
// that is not whole is an error. by names in the audit log who had it made;
// the copy itself does not have that entry yet.
func (s *Store) Backup(ctx context.Context, by, path string, open func(path string) (Driver, error)) (Report, error) {
	if err := s.driver.Backup(ctx, path); err != nil {
		return Report{}, err
	}
	r, err := s.checkCopy(ctx, path, open)
	if err != nil {
		return r, fmt.Errorf("check the copy: %w", err)
	}
	if len(r.Problems) > 0 {
		return r, fmt.Errorf("the copy is not whole: %s", r.Problems[0])
	}
	return r, s.Update(ctx, func(tx *Tx) error {
		tx.Audit(AuditEntry{Event: "backup", Actor: by})
		return nil
	})
}

// NoteBackup keeps, for [Store.LastBackup], that a copy as of at has arrived
// where it is to be kept. A copy that was made and then lost (the other disk
// is full) must not look like a backup.
func (s *Store) NoteBackup(ctx context.Context, at time.Time) error {
	return s.Update(ctx, func(tx *Tx) error {
		var f fields
		f.time(1, at)
		tx.Put(tableMeta, lastBackupKey, f)
		return nil
	})
}

var lastBackupKey = []byte("last_backup")

// LastBackup is of when the last copy is that was noted: zero if none was.
// After a restore it is what the backup knew: one before it.
func (s *Store) LastBackup(ctx context.Context) (at time.Time, err error) {
	f, err := s.Get(ctx, tableMeta, lastBackupKey)
	if err != nil || f == nil {
		return at, err
	}
	err = fields(f).each(func(v field) {
		if v.n == 1 {
			at = v.time()
		}
	})
	return at, err
}

func (s *Store) checkCopy(ctx context.Context, path string, open func(string) (Driver, error)) (Report, error) {
	d, err := open(path)
	if err != nil {
		return Report{}, err
	}
	opt := s.opt
	opt.Driver, opt.Committed, opt.Observe = d, nil, nil
	copied, err := Open(ctx, opt)
	if err != nil {
		return Report{}, err
	}
	r, err := copied.Check(ctx)
	return r, errors.Join(err, copied.Close())
}

// Restored says what a restored data set is, and what was taken over from
// the one that it replaces.
type Restored struct {
	Report           // of the data set as it is now
	At     time.Time // of the newest audit entry that came with the backup: about when it was made
	Why    string    // nothing was taken over from the replaced data; empty: something was, or there is none
	Audit  uint64    // entries that were taken over
	Erased int       // actions whose text the backup had, and that had been erased since
}

// errOther is of a data set that a backup does not come from.
var errOther = errors.New("its audit log does not continue the backup's")

// Restore makes the data in opt.Driver, a copy of a backup, into what is to
// take the place of the data in old, which is nil if there is none or it
// cannot be read. The copy must be whole. Every action log gets a new epoch,
// every login and open challenge ends. Where old's audit log continues the
// backup's, its entries, the API tokens with their revocations, what limits
// logins, and therapists' verdicts of being revoked and removed and
// participants' withdrawal are taken over. Then it is noted in the audit log
// that by restored it. Restore closes opt.Driver. old is only read.
func Restore(ctx context.Context, by string, opt Options, old Driver) (out Restored, err error) {
	opt.Committed = nil
	s, err := Open(ctx, opt)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	before, err := s.Check(ctx)
	if err != nil {
		return out, err
	}
	if len(before.Problems) > 0 {
		return out, fmt.Errorf("the backup is not whole: %s", before.Problems[0])
	}
	err = s.AuditLog(ctx, s.committer.audit.seq, func(e AuditEntry) bool {
		out.At = e.At
		return true
	})
	if err != nil {
		return out, err
	}
	taken, err := s.takeOver(ctx, opt, old)
	if err != nil {
		if ctx.Err() != nil {
			return out, err
		}
		out.Why = err.Error()
		taken = &takenOver{}
	}
	out.Audit = uint64(len(taken.audit))
	if err := s.Update(ctx, func(tx *Tx) error { return tx.restore(taken) }); err != nil {
		return out, err
	}
	if len(taken.withdrawn) > 0 {
		err := s.ApplyRoster(ctx, by, "restore_withdrawn", func(now *chat.Roster) (*chat.Roster, error) { return taken.roster(now), nil })
		if err != nil {
			return out, err
		}
	}
	if out.Erased, err = s.eraseAgain(ctx, by, taken.audit); err != nil {
		return out, fmt.Errorf("erase again what was erased since: %w", err)
	}
	err = s.Update(ctx, func(tx *Tx) error {
		tx.Audit(out.entry(by, taken))
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Report, err = s.Check(ctx)
	if err == nil && len(out.Problems) > 0 {
		err = fmt.Errorf("what was made of the backup is not whole: %s", out.Problems[0])
	}
	return out, err
}

// takenOver is what a data set that is replaced gives to the one that takes
// its place.
type takenOver struct {
	audit     []Pair // sealed entries behind the backup's last
	head      auditHead
	tables    []Table
	pairs     []Pair // of tables
	out       map[chat.TSID]map[chat.PID]chat.Verdict
	withdrawn map[chat.PID]bool // since
}

// carried are the tables that are taken over whole.
func carried() []Table { return []Table{TableToken, TableCounter, TableDevice, tableRefusal} }

// takeOver reads what is to be taken over of old; an error says why nothing
// is.
func (s *Store) takeOver(ctx context.Context, opt Options, old Driver) (*takenOver, error) {
	t := &takenOver{out: map[chat.TSID]map[chat.PID]chat.Verdict{}, withdrawn: map[chat.PID]bool{}}
	if old == nil {
		return t, nil
	}
	opt.Driver = reader{old}
	from, err := Open(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	at := s.committer.audit
	t.head = at
	if t.audit, t.head, err = from.auditAfter(ctx, at); err != nil {
		return nil, err
	}
	t.tables = carried()
	for _, table := range t.tables {
		err := from.scan(ctx, table, nil, func(p Pair) error {
			if _, err := unseal(keyPlace(table, p.Key), p.Value); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			t.pairs = append(t.pairs, p)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	numbers := map[uint32]chat.TSID{}
	for ts, number := range from.roster.Load().numbers {
		numbers[number] = ts
	}
	err = from.scan(ctx, tableStanding, nil, func(p Pair) error {
		m, err := decodeMark(p.Key, p.Value)
		if err != nil || len(p.Key) < 4 || m.Verdict != chat.Revoked && m.Verdict != chat.Removed {
			return err
		}
		ts := numbers[binary.BigEndian.Uint32(p.Key)]
		if t.out[ts] == nil {
			t.out[ts] = map[chat.PID]chat.Verdict{}
		}
		t.out[ts][chat.PID(p.Key[4:])] = m.Verdict
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id, u := range from.Roster().People {
		if now := s.Roster().People[id]; u.Withdrawn && now != nil && !now.Withdrawn {
			t.withdrawn[id] = true
		}
	}
	return t, nil
}

// auditAfter returns the sealed entries behind at, which must be where this
// audit log was once, and where they lead.
func (s *Store) auditAfter(ctx context.Context, at auditHead) (pairs []Pair, head auditHead, err error) {
	head = at
	if at.seq > 0 {
		raw, err := s.driver.Get(ctx, tableAudit, auditKey(at.seq))
		if err != nil {
			return nil, head, err
		}
		if raw == nil {
			return nil, head, errOther
		}
		f, err := unseal(keyPlace(tableAudit, auditKey(at.seq)), raw)
		if err != nil {
			return nil, head, fmt.Errorf("its audit log: %w", err)
		}
		if _, chain, _, err := decodeAudit(at.seq, f); err != nil || !bytes.Equal(chain, at.chain[:]) {
			return nil, head, errOther
		}
	}
	for seq := at.seq + 1; ; seq++ {
		raw, err := s.driver.Get(ctx, tableAudit, auditKey(seq))
		if err != nil {
			return nil, head, err
		}
		if raw == nil {
			return pairs, head, nil
		}
		f, err := unseal(keyPlace(tableAudit, auditKey(seq)), raw)
		if err != nil {
			return nil, head, fmt.Errorf("its audit log: %w", err)
		}
		e, chain, mac, err := decodeAudit(seq, f)
		if err != nil {
			return nil, head, fmt.Errorf("its audit log: %w", err)
		}
		next := auditHead{seq, auditLink(head.chain, seq, e.fields())}
		if !bytes.Equal(chain, next.chain[:]) || !bytes.Equal(mac, s.auditMAC(next.chain)) {
			return nil, head, fmt.Errorf("its audit log is damaged at entry %d", seq)
		}
		pairs, head = append(pairs, Pair{tableAudit, auditKey(seq), raw}), next
	}
}

// eraseAgain carries out the erasures that these entries tell of, on data from
// before them. What they name and this data does not have is passed over.
func (s *Store) eraseAgain(ctx context.Context, by string, audit []Pair) (actions int, err error) {
	if err := s.FinishErasing(ctx); err != nil { // the backup's own
		return 0, err
	}
	for _, p := range audit {
		f, err := unseal(keyPlace(tableAudit, p.Key), p.Value)
		if err != nil {
			return actions, err
		}
		a, _, _, err := decodeAudit(0, f)
		if err != nil {
			return actions, err
		}
		e, ok := erasureOf(&a)
		if !ok {
			continue
		}
		out, err := s.Erase(ctx, by, e)
		switch {
		case errors.Is(err, ErrNobody), errors.Is(err, ErrNoTranscript), errors.Is(err, ErrNoAction):
		case err != nil:
			return actions, err
		default:
			actions += out.Actions
		}
	}
	return actions, nil
}

// roster is now, with those withdrawn who withdrew since.
func (t *takenOver) roster(now *chat.Roster) *chat.Roster {
	r := &chat.Roster{People: maps.Clone(now.People), Sessions: now.Sessions}
	for id := range t.withdrawn {
		u := *r.People[id]
		u.Withdrawn = true
		r.People[id] = &u
	}
	return r
}

// restore makes this data set a restored one. Nothing else may be in use yet.
func (tx *Tx) restore(t *takenOver) error {
	gone := append([]Table{TableLogin, TableLoginOf, TableChallenge}, t.tables...)
	for _, table := range gone {
		err := tx.Scan(table, nil, func(key, _ []byte) bool {
			tx.Delete(table, key)
			return true
		})
		if err != nil {
			return err
		}
	}
	for _, p := range append(t.pairs, t.audit...) {
		tx.put(p.Table, p.Key, p.Value)
	}
	if len(t.audit) > 0 {
		tx.b.expect(tableMeta, auditHeadKey, tx.b.s.committer.auditRaw)
		head := t.head // this may be run again
		tx.b.audit = &head
	}
	numbers := tx.b.currentRoster().numbers
	for _, ts := range slices.Sorted(maps.Keys(numbers)) {
		number := numbers[ts]
		raw, err := tx.b.get(tableHead, logKey(number))
		if err != nil {
			return err
		}
		h, err := decodeHead(number, raw)
		if err != nil {
			return fmt.Errorf("log of %s: %w", ts, err)
		}
		h.epoch = newHead().epoch
		h.rev++
		tx.put(tableHead, logKey(number), encodeHead(number, &h))
		for whom, verdict := range t.out[ts] {
			key := standingKey(number, whom)
			raw, err := tx.b.get(tableStanding, key)
			if err != nil {
				return err
			}
			var m chat.Mark
			if raw != nil {
				if m, err = decodeMark(key, raw); err != nil {
					return err
				}
			}
			m.Verdict = verdict
			m.In = m.In && verdict != chat.Removed
			tx.put(tableStanding, key, encodeMark(key, m))
		}
	}
	return nil
}

// entry is what the audit log says of it.
func (out *Restored) entry(by string, t *takenOver) AuditEntry {
	details := []Detail{{"backup_of", out.At.UTC().Format(time.RFC3339)}}
	if len(t.audit) > 0 {
		details = append(details, Detail{"entries_taken_over", fmt.Sprint(len(t.audit))}, Detail{"replaced_head", hex.EncodeToString(t.head.chain[:])})
	}
	if out.Erased > 0 {
		details = append(details, Detail{"erased_again", fmt.Sprint(out.Erased)})
	}
	if out.Why != "" {
		details = append(details, Detail{"nothing_taken_over", out.Why})
	}
	return AuditEntry{Event: "restored", Actor: by, Details: details}
}

// reader is a driver that must not be closed or written.
type reader struct{ Driver }

var errOnlyRead = errors.New("this data is only read")

func (reader) Commit(context.Context, *Batch) error { return errOnlyRead }
func (reader) Rewrite(context.Context) error        { return errOnlyRead }
func (reader) Close() error                         { return nil }
