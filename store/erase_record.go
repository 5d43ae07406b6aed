package store

import (
	"errors"
	"strconv"
	"time"

	"hearth/hub/chat"
)

// What is stored of an erasure: a row for as long as it is under way, and two
// entries of the audit log.

var erasingKey = []byte("erasing")

const ( // fields (message Erasing in docs/format.md)
	erasingBy      = 1
	erasingPerson  = 2
	erasingSession = 3
	erasingAction  = 4
	erasingUntil   = 5
)

func (tx *Tx) beginErasing(by string, e *Erasure) error {
	if f, err := tx.Get(tableMeta, erasingKey); err != nil || f != nil {
		return errors.Join(err, errors.New("another server is erasing"))
	}
	var f fields
	f.string(erasingBy, by)
	f.string(erasingPerson, string(e.Person))
	f.string(erasingSession, string(e.Session))
	f.uint(erasingAction, uint64(e.Action))
	f.time(erasingUntil, e.Until)
	tx.Put(tableMeta, erasingKey, f)
	tx.Audit(e.entry("erase", by))
	return nil
}

func (tx *Tx) endErasing(by string, e *Erasure, out *Erased) {
	tx.Delete(tableMeta, erasingKey)
	entry := e.entry("erased", by)
	entry.Details = append(entry.Details, Detail{"actions", strconv.Itoa(out.Actions)}, Detail{"histories", strconv.Itoa(out.Histories)})
	tx.Audit(entry)
}

func decodeErasing(f fields) (by string, e Erasure, err error) {
	err = f.each(func(v field) {
		switch v.n {
		case erasingBy:
			by = v.string()
		case erasingPerson:
			e.Person = chat.PID(v.raw)
		case erasingSession:
			e.Session = chat.TSID(v.raw)
		case erasingAction:
			e.Action = chat.ActionID(v.num)
		case erasingUntil:
			e.Until = v.time()
		}
	})
	return by, e, err
}

const (
	detailAction = "id"
	detailUntil  = "until"
)

// entry is what the audit log says of it.
func (e *Erasure) entry(event, by string) AuditEntry {
	a := AuditEntry{Event: event, Actor: by, Subject: string(e.Person), Session: string(e.Session)}
	if e.Action != 0 {
		a.Details = append(a.Details, Detail{detailAction, strconv.FormatUint(uint64(e.Action), 10)})
	}
	a.Details = append(a.Details, Detail{detailUntil, e.Until.UTC().Format(time.RFC3339Nano)})
	return a
}

// erasureOf is what an entry made by entry is of; false: it is of none.
func erasureOf(a *AuditEntry) (e Erasure, ok bool) {
	if a.Event != "erase" {
		return e, false
	}
	e.Person, e.Session, e.Until = chat.PID(a.Subject), chat.TSID(a.Session), a.At
	for _, d := range a.Details {
		switch d.Name {
		case detailAction:
			n, _ := strconv.ParseUint(d.Value, 10, 64)
			e.Action = chat.ActionID(n)
		case detailUntil:
			if t, err := time.Parse(time.RFC3339Nano, d.Value); err == nil {
				e.Until = t
			}
		}
	}
	return e, true
}
