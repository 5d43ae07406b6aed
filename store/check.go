package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"fmt"

	"hearth/hub/chat"
)

// Report is what Check found.
type Report struct {
	Sessions int
	Actions  uint64
	Audit    uint64
	Problems []string // in the order found; empty: all is well
}

const maxProblems = 100

// Check reads everything and says what is wrong: a damaged page, record or
// value, a missing or swapped action, content that is not what was stored, a
// broken chain, a cut tail. While the store is in use it sees each log as of
// one moment. The error is for what could not be read at all.
func (s *Store) Check(ctx context.Context) (Report, error) {
	return (&checker{s: s}).run(ctx)
}

func (c *checker) run(ctx context.Context) (Report, error) {
	s := c.s
	if err := s.driver.Verify(ctx); err != nil {
		if ctx.Err() != nil {
			return c.Report, ctx.Err()
		}
		c.problem("data file: %v", err)
	}
	if err := c.logs(ctx); err != nil {
		c.problem("therapy sessions: %v", err)
	}
	if err := c.audit(ctx); err != nil {
		c.problem("audit log: %v", err)
	}
	for _, t := range Tables() {
		err := s.scan(ctx, t, nil, func(p Pair) error {
			if _, err := unseal(keyPlace(t, p.Key), p.Value); err != nil {
				c.problem("table %s, key %q: %v", t, p.Key, err)
			}
			return nil
		})
		if err != nil {
			c.problem("table %s: %v", t, err)
		}
	}
	return c.Report, ctx.Err()
}

type checker struct {
	Report
	s        *Store
	saved    *SavedHead // to compare with, or nil
	logHeads map[chat.TSID]SavedLog
}

func (c *checker) problem(format string, args ...any) {
	if len(c.Problems) < maxProblems {
		c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
	}
}

// audit walks the audit log to its head.
func (c *checker) audit(ctx context.Context) error {
	h, raw, err := c.s.loadAudit(ctx)
	if err != nil {
		return err
	}
	var at auditHead
	var bad error // of an entry, which it names
	entry := func(p Pair) error {
		seq, err := auditSeq(p.Key)
		if err != nil {
			return err
		}
		if seq != at.seq+1 {
			return fmt.Errorf("entry %d is missing", at.seq+1)
		}
		f, err := unseal(keyPlace(tableAudit, p.Key), p.Value)
		if err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		e, chain, mac, err := decodeAudit(seq, f)
		if err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		at = auditHead{seq, auditLink(at.chain, seq, e.fields())}
		if !bytes.Equal(chain, at.chain[:]) {
			return fmt.Errorf("entry %d does not follow from the one before it", seq)
		}
		if !hmac.Equal(mac, c.s.auditMAC(at.chain)) {
			return fmt.Errorf("entry %d was not written with this audit key", seq)
		}
		if err := c.passes(at); err != nil {
			return err
		}
		c.Audit++
		return nil
	}
	err = c.s.scan(ctx, tableAudit, nil, func(p Pair) error {
		bad = entry(p)
		return bad
	})
	if bad != nil {
		return bad
	}
	if err != nil {
		return err
	}
	if err := c.reached(at); err != nil {
		return err
	}
	// It may have grown since its head was read.
	if _, again, err := c.s.loadAudit(ctx); err != nil || !bytes.Equal(raw, again) {
		return err
	}
	if at.seq < h.seq {
		return fmt.Errorf("entry %d is missing, and all behind it: the head says that there are %d", at.seq+1, h.seq)
	}
	if at != h {
		return fmt.Errorf("its %d entries do not end where the head says (%d)", at.seq, h.seq)
	}
	return nil
}
