package chat

import (
	"fmt"
	"time"
)

// Ahead is a log with actions on top that are not on disk yet: the rules see
// them, readers don't. Dropping it leaves the log below as it was.
type Ahead struct {
	base    *Folded
	actions []Action
	deleted map[ActionID]ActionID // target → delete
	marks   map[key]mark          // zero: forgotten
	opened  bool
	ended   bool
	board   ActionID // 0: the base's
}

// NewAhead begins with nothing on top of base.
func NewAhead(base *Folded) *Ahead { return &Ahead{base: base} }

// Format implements fmt.Formatter: no content.
func (a *Ahead) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "[log, %d actions ahead]", len(a.actions))
}

func (a *Ahead) Epoch() Epoch { return a.base.Epoch() }

func (a *Ahead) Status() Status {
	s := a.base.Status()
	switch {
	case a.ended:
		return Ended
	case a.opened && s == Scheduled:
		return Open
	}
	return s
}

func (a *Ahead) Head() ActionID { return a.base.Head() + ActionID(len(a.actions)) }

func (a *Ahead) LastAt() time.Time {
	if n := len(a.actions); n > 0 {
		return a.actions[n-1].At
	}
	return a.base.LastAt()
}

func (a *Ahead) Entry(id ActionID) (Entry, bool) {
	e, ok := a.base.Entry(id)
	if act := a.action(id); act != nil {
		e = Entry{
			Type: act.Type, Icon: act.Icon, By: act.By, To: act.To, At: act.At, Target: act.Target, Root: act.Root,
		}
		ok = true
	}
	if by := a.deleted[id]; by != 0 {
		e.Deleted = by
	}
	return e, ok
}

// action is the one with this id if it is among those on top.
func (a *Ahead) action(id ActionID) *Action {
	if first := a.base.Head() + 1; id >= first && id <= a.Head() {
		return &a.actions[id-first]
	}
	return nil
}

func (a *Ahead) Board() (Text, ActionID) {
	if act := a.action(a.board); act != nil {
		return act.Body, act.ID
	}
	return a.base.Board()
}

func (a *Ahead) first(k key) mark {
	if m, ok := a.marks[k]; ok {
		return m
	}
	return a.base.first(k)
}

func (a *Ahead) content(d *Draft) Hash { return a.base.content(d) }

func (a *Ahead) key(kind keyKind, by PID, parts ...string) key {
	return a.base.key(kind, by, parts...)
}

// Open notes that somebody has been admitted.
func (a *Ahead) Open() { a.opened = true }

// Opened reports whether Open was called.
func (a *Ahead) Opened() bool { return a.opened }

// Apply adds the next action, which must have the next id.
func (a *Ahead) Apply(act Action) {
	if act.ID != a.Head()+1 {
		panic("chat: an action out of order")
	}
	if a.marks == nil {
		a.marks, a.deleted = map[key]mark{}, map[ActionID]ActionID{}
	}
	for _, k := range keysOf(a, &act) {
		if a.first(k).id == 0 {
			a.marks[k] = mark{act.ID, sum(act.Content)}
		}
	}
	switch act.Type {
	case Delete:
		a.deleted[act.Target] = act.ID
		if e, ok := a.Entry(act.Target); ok && e.Type == Reaction {
			a.marks[reactionKey(a, e.By, e.Target, e.Icon)] = mark{}
		}
	case Whiteboard:
		a.board = act.ID
	case EndChatSession:
		a.ended = true
	}
	a.actions = append(a.actions, act)
}

// Actions are those on top, in order. The caller must not change them.
func (a *Ahead) Actions() []Action { return a.actions }

// Settle adds what is on top to the log below, now that it is on disk.
func (a *Ahead) Settle() {
	if a.opened {
		a.base.Open()
	}
	for i := range a.actions {
		a.base.Apply(&a.actions[i])
	}
	*a = Ahead{base: a.base}
}
