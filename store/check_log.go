package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"hearth/hub/chat"
)

// logs checks every log, and that there is none beside them.
func (c *checker) logs(ctx context.Context) error {
	// What names a log is read before the rows: new rows may come meanwhile,
	// and none goes.
	named := map[uint32]Table{}
	for _, t := range []Table{tableHead, tableStanding, tableAssessment, tablePresence} {
		err := c.s.scan(ctx, t, nil, func(p Pair) error {
			if len(p.Key) < 4 {
				c.problem("table %s, key %q: malformed key", t, p.Key)
				return nil
			}
			named[binary.BigEndian.Uint32(p.Key)] = t
			return nil
		})
		if err != nil {
			return err
		}
	}
	rows := map[uint32]chat.TSID{}
	err := c.s.scan(ctx, tableSession, nil, func(p Pair) error {
		f, err := unseal(keyPlace(tableSession, p.Key), p.Value)
		if err != nil {
			return nil // told with its table
		}
		ts, number, _, err := decodeSession(chat.TSID(p.Key), f)
		if other, twice := rows[number]; err == nil && twice {
			err = fmt.Errorf("it has the same log as %s", other)
		}
		if err != nil {
			c.problem("therapy session %s: %v", p.Key, err)
			return nil
		}
		rows[number] = ts.ID
		return nil
	})
	if err != nil {
		return err
	}
	for _, number := range slices.Sorted(maps.Keys(named)) {
		if _, ok := rows[number]; !ok {
			c.problem("table %s: log %d is of no therapy session", named[number], number)
		}
	}
	for _, ts := range slices.Sorted(maps.Keys(c.logHeads)) {
		if !slices.Contains(slices.Collect(maps.Values(rows)), ts) {
			c.problem("therapy session %s: it was there when the head was saved, and is not any more", ts)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(rows)) {
		c.Sessions++
		was := c.Actions
		before, _ := c.s.diskHead(ctx, number)
		err := c.log(ctx, rows[number], number)
		if after, e := c.s.diskHead(ctx, number); err != nil && e == nil && after.epoch != before.epoch {
			c.Actions = was // something was erased from it meanwhile
			err = c.log(ctx, rows[number], number)
		}
		if err != nil {
			c.problem("therapy session %s: %v", rows[number], err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// log walks one log to its head.
func (c *checker) log(ctx context.Context, ts chat.TSID, number uint32) error {
	raw, err := c.s.driver.Get(ctx, tableHead, logKey(number))
	if err != nil {
		return err
	}
	h, err := decodeHead(number, raw)
	if err != nil {
		return err
	}
	var chain [32]byte
	var last time.Time
	research := researchReader{s: c.s, ctx: ctx, number: number, size: pageRecords}
	err = c.s.walk(ctx, number, &h, 1, func(a *stored) error {
		c.Actions++
		chain = link(chain, h.birth, a.ID, a.meta())
		if err := c.passesLog(ts, a.ID, chain); err != nil {
			return err
		}
		if a.At.Before(last) {
			return errors.New("its time is before that of the action before it")
		}
		last = a.At
		if a.Erased && a.Body != "" {
			return errors.New("it was erased, but has a body")
		}
		if got := chat.ContentHash(h.secret, &a.Action); !a.Erased && !hmac.Equal(got[:], a.Content[:]) {
			return errors.New("its content is not what was stored")
		}
		rec, err := research.next(a.ID)
		if err != nil {
			return fmt.Errorf("its keystroke history: %w", err)
		}
		switch has := a.research != (chat.Hash{}); {
		case rec == nil && has && !a.Erased:
			return errors.New("its keystroke history is missing")
		case rec != nil && !has:
			return errors.New("a keystroke history was added to it")
		case rec != nil:
			_, f, err := decodeResearch(number, h.birth, a.ID, rec)
			if err != nil {
				return fmt.Errorf("its keystroke history: %w", err)
			}
			if got := keyedHash(h.secret, f); !hmac.Equal(got[:], a.research[:]) {
				return errors.New("its keystroke history is not what was stored")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.reachedLog(ts, h.last); err != nil {
		return err
	}
	if chain != h.chain {
		return fmt.Errorf("the chain over its %d actions does not end where the head says", h.last)
	}
	err = c.around(ctx, number, &h, last)
	// A log that is in use may have grown since its head was read.
	if again, e := c.s.driver.Get(ctx, tableHead, logKey(number)); e != nil || !bytes.Equal(raw, again) {
		return e
	}
	return err
}

// around checks what the chain over a log's actions doesn't: the rest of its
// head h, the standings, and that there is nothing before and behind it. last
// is the time of its last action.
func (c *checker) around(ctx context.Context, number uint32, h *head, last time.Time) error {
	if !last.Equal(h.lastAt) {
		return errors.New("its last action is not of the time that the head says")
	}
	for _, research := range []bool{false, true} {
		for _, from := range []uint64{0, uint64(h.last) + 1} {
			recs, err := c.s.driver.Page(ctx, number, from, 1, research)
			if err != nil {
				return err
			}
			if len(recs) > 0 && (recs[0].ID == 0 || recs[0].ID > uint64(h.last)) {
				return fmt.Errorf("action %d is beyond the head (%d)", recs[0].ID, h.last)
			}
		}
	}
	opened := false
	err := c.s.scan(ctx, tableStanding, logKey(number), func(p Pair) error {
		m, err := decodeMark(p.Key, p.Value)
		opened = opened || m.Ever
		if err == nil && m.Since > h.last {
			err = errors.New("let in after the last action")
		}
		return err
	})
	if err == nil && opened == h.opened.IsZero() {
		err = errors.New("the head and the standings differ on whether somebody was let in")
	}
	return err
}

// researchReader reads the research records of one log alongside its actions.
type researchReader struct {
	s      *Store
	ctx    context.Context
	number uint32
	size   int // of a page
	page   []Record
	end    bool
}

// next returns the record of id, or nil; ids ascend.
func (r *researchReader) next(id chat.ActionID) ([]byte, error) {
	for len(r.page) > 0 && r.page[0].ID < uint64(id) {
		r.page = r.page[1:]
	}
	if len(r.page) == 0 && !r.end {
		page, err := r.s.driver.Page(r.ctx, r.number, uint64(id), r.size, true)
		if err != nil {
			return nil, err
		}
		r.page, r.end = page, len(page) < r.size
	}
	if len(r.page) > 0 && r.page[0].ID == uint64(id) {
		return r.page[0].Research, nil
	}
	return nil, nil
}
