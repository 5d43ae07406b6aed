package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hearth/hub/chat"
)

// SavedHead is where the audit log and every action log stood at one time. It
// is to be kept elsewhere: with it [Store.CheckHead] shows that nothing of
// what was there then has been cut off or rewritten since, by whoever, the
// key's holders included.
type SavedHead struct {
	At      time.Time
	Entries uint64   // of the audit log
	Hash    [32]byte // its chain after the last of them
	Logs    []SavedLog
	MAC     [32]byte // HMAC-SHA256 of all of it under the audit key
}

// SavedLog is where one action log stood.
type SavedLog struct {
	TS      chat.TSID
	Actions chat.ActionID
	Hash    [32]byte // the log's chain after the last of them
}

// Head is where everything stands now. Each log is as of one moment, all of
// them not before the call.
func (s *Store) Head(ctx context.Context) (h SavedHead, err error) {
	h.At = s.Now()
	a, _, err := s.loadAudit(ctx)
	if err != nil {
		return h, fmt.Errorf("audit log: %w", err)
	}
	h.Entries, h.Hash = a.seq, a.chain
	err = s.scan(ctx, tableSession, nil, func(p Pair) error {
		f, err := unseal(keyPlace(tableSession, p.Key), p.Value)
		if err != nil {
			return err
		}
		ts, number, _, err := decodeSession(chat.TSID(p.Key), f)
		if err != nil {
			return err
		}
		raw, err := s.driver.Get(ctx, tableHead, logKey(number))
		if err != nil {
			return err
		}
		log, err := decodeHead(number, raw)
		if err != nil {
			return fmt.Errorf("log of %s: %w", ts.ID, err)
		}
		h.Logs = append(h.Logs, SavedLog{ts.ID, log.last, log.chain})
		return nil
	})
	slices.SortFunc(h.Logs, func(a, b SavedLog) int { return strings.Compare(string(a.TS), string(b.TS)) })
	copy(h.MAC[:], s.savedMAC(&h))
	return h, err
}

// savedMAC is over what h says, in canonical order.
func (s *Store) savedMAC(h *SavedHead) []byte {
	m := hmac.New(sha256.New, s.opt.AuditKey)
	m.Write([]byte("saved head\x00")) // no chain of the audit log begins like this and is as long
	var b []byte
	b = binary.BigEndian.AppendUint64(b, uint64(h.At.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, h.Entries)
	b = append(b, h.Hash[:]...)
	for _, l := range h.Logs {
		b = append(append(b, l.TS...), 0)
		b = binary.BigEndian.AppendUint64(b, uint64(l.Actions))
		b = append(b, l.Hash[:]...)
	}
	m.Write(b)
	return m.Sum(nil)
}

// CheckHead is [Store.Check], and checks besides that what was there when
// saved was made is still there, unchanged: that it is a prefix of what there
// is now.
func (s *Store) CheckHead(ctx context.Context, saved SavedHead) (Report, error) {
	c := &checker{s: s, saved: &saved, logHeads: map[chat.TSID]SavedLog{}}
	if !hmac.Equal(s.savedMAC(&saved), saved.MAC[:]) {
		c.problem("saved head: it was not signed with this audit key, or was changed since")
	}
	for _, l := range saved.Logs {
		c.logHeads[l.TS] = l
	}
	return c.run(ctx)
}

var errRewritten = errors.New("it is not as it was when the head was saved: it was rewritten")

// passes compares the audit log as it was after entry at with the saved head.
func (c *checker) passes(at auditHead) error {
	if c.saved != nil && at.seq == c.saved.Entries && at.chain != c.saved.Hash {
		return errRewritten
	}
	return nil
}

// reached compares the end of the audit log with the saved head.
func (c *checker) reached(at auditHead) error {
	if c.saved != nil && at.seq < c.saved.Entries {
		return fmt.Errorf("it has %d entries, but had %d when the head was saved: its end was cut off", at.seq, c.saved.Entries)
	}
	return nil
}

// passesLog compares a log as it was after action id with the saved head.
func (c *checker) passesLog(ts chat.TSID, id chat.ActionID, chain [32]byte) error {
	if l, ok := c.logHeads[ts]; ok && l.Actions == id && l.Hash != chain {
		return errRewritten
	}
	return nil
}

// reachedLog compares the end of a log with the saved head.
func (c *checker) reachedLog(ts chat.TSID, last chat.ActionID) error {
	if l, ok := c.logHeads[ts]; ok && last < l.Actions {
		return fmt.Errorf("it has %d actions, but had %d when the head was saved: its end was cut off", last, l.Actions)
	}
	return nil
}
