package export

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// attendanceRow is one person in one therapy session.
type attendanceRow struct {
	tsID, tsName string
	status       chat.Status
	date         time.Time
	id           string
	unmatched    int // for one without id: which of them, from 1
	name         string
	role         string
	withdrawn    bool
	authorized   bool
	here         stay
	still        bool
	said         tally
	byName       bool
}

func attendanceColumns() []Column[attendanceRow] {
	type row = attendanceRow
	return []Column[row]{
		{Name: "row_id", Label: "Names this row: therapy session and person, with | between them", Always: true, Holds: Identifies,
			Veil: "of pseudonyms", Of: text(func(r *row) string {
				if r.id == "" {
					return r.tsID + "|unmatched " + strconv.Itoa(r.unmatched)
				}
				return r.tsID + "|" + r.id
			})},
		{Name: "ts_id", Label: "Therapy session", Always: true, Holds: Identifies, Veil: "pseudonym",
			Of: text(func(r *row) string { return r.tsID })},
		{Name: "ts_name", Label: "Name of the therapy session", Holds: Identifies, Veil: "missing",
			Of: text(func(r *row) string { return r.tsName })},
		{Name: "ts_status", Label: "Where the therapy session stands", Always: true, Values: []Value{
			{"scheduled", "nobody was let in yet"}, {"open", "it has begun"}, {"ended", "it is over"},
		}, Of: choice(func(r *row) string { return r.status.String() })},
		{Name: "ts_date", Label: "When it was to be, by the roster", Holds: Identifies, Veil: "moved by whole days",
			Of: moment(func(r *row) time.Time { return r.date })},
		{Name: "person_id", Label: "The person; missing where an older log tells only a name, and not one person of the therapy session is called so",
			Holds: Identifies, Veil: "pseudonym", Of: text(func(r *row) string { return r.id })},
		{Name: "person_name", Label: "Their name, as it is now", Holds: Identifies, Veil: "missing",
			Of: text(func(r *row) string { return r.name })},
		{Name: "role", Label: "What they are in the therapy session", Always: true, Values: roles(),
			Of: choice(func(r *row) string { return r.role })},
		{Name: "withdrawn", Label: "They have withdrawn from the study", Always: true, Of: flag(func(r *row) bool { return r.withdrawn })},
		{Name: "authorized", Label: "They are of this therapy session, by the roster as it is now", Always: true,
			Of: flag(func(r *row) bool { return r.authorized })},
		{Name: "attended", Label: "They came, or said or read something", Always: true,
			Of: flag(func(r *row) bool { return r.here.arrivals > 0 || r.said != tally{} })},
		{Name: "first_in_at", Label: "When they first came", Holds: Identifies, Veil: "moved by whole days",
			Of: moment(func(r *row) time.Time { return r.here.first })},
		{Name: "last_out_at", Label: "When they last left, or the therapy session ended; missing if they are still there, or never came",
			Holds: Identifies, Veil: "moved by whole days", Of: moment(func(r *row) time.Time { return r.here.last })},
		{Name: "still_present", Label: "By the log they have not left; minutes are counted to its last action", Always: true,
			Of: flag(func(r *row) bool { return r.still })},
		{Name: "arrivals", Label: "How often they came; an absence no longer than the merge gap (1 minute unless another was asked for) is none", Always: true,
			Of: count(func(r *row) int { return r.here.arrivals })},
		{Name: "minutes_present", Label: "How long they were there in all, until the end of the therapy session", Unit: "min", Always: true,
			Of: number(func(r *row) (float64, bool) { return minutes(r.here.total), true })},
		{Name: "messages", Label: "Messages that they wrote, private and deleted ones included", Always: true,
			Of: count(func(r *row) int { return r.said.messages })},
		{Name: "messages_private", Label: "Of these: private ones", Always: true, Of: count(func(r *row) int { return r.said.private })},
		{Name: "messages_deleted", Label: "Of these: deleted since, by themselves or a therapist", Always: true,
			Of: count(func(r *row) int { return r.said.deleted })},
		{Name: "reactions", Label: "Reactions, those taken back included", Always: true, Of: count(func(r *row) int { return r.said.reactions })},
		{Name: "reactions_taken_back", Label: "Of these: taken back", Always: true, Of: count(func(r *row) int { return r.said.takenBack })},
		{Name: "reads", Label: "Messages that they read, as their device told", Always: true, Of: count(func(r *row) int { return r.said.reads })},
		{Name: "matched_by_name", Label: "An older log tells of coming and going by name only: the person was found by it", Always: true,
			Of: flag(func(r *row) bool { return r.byName })},
	}
}

// tally is what one person did.
type tally struct{ messages, private, deleted, reactions, takenBack, reads int }

// stay is when one person was there.
type stay struct {
	first    time.Time
	last     time.Time // zero: never came, or is still there
	arrivals int
	total    time.Duration
}

// attendee gathers what one row tells.
type attendee struct {
	id     chat.PID
	name   string // of an older notice that could not be matched
	byName bool
	said   tally
	times  []visit // when they were there, in order
}

// visit is from when until when; until is zero while they are there.
type visit struct{ from, until time.Time }

// came and left keep times: what happens twice counts once.
func (a *attendee) came(at time.Time, gap time.Duration) {
	n := len(a.times)
	switch {
	case n > 0 && a.times[n-1].until.IsZero():
	case n > 0 && at.Sub(a.times[n-1].until) <= gap:
		a.times[n-1].until = time.Time{}
	default:
		a.times = append(a.times, visit{from: at})
	}
}

func (a *attendee) left(at time.Time) {
	if n := len(a.times); n > 0 && a.times[n-1].until.IsZero() {
		a.times[n-1].until = at
	}
}

// attendance hands over the rows of t: of everybody who is of the therapy
// session, therapists first, and then of who else was there; or, under a veil,
// by pseudonym.
func (e *Export) attendance(ctx context.Context, t *store.Transcript, row func(*attendanceRow) error) error {
	g := gathering{e: e, t: t, index: map[chat.PID]int{}, named: map[string]int{}, acts: make([]uint32, t.Last+1)}
	for _, p := range t.Session.Therapists {
		g.person(p)
	}
	for _, p := range t.Session.Participants {
		g.person(p)
	}
	if err := e.store.ReadTranscript(ctx, t, false, func(r *store.Recorded) error {
		g.add(r)
		return nil
	}); err != nil {
		return err
	}
	if limited := !e.From.IsZero() || !e.To.IsZero(); limited && !g.any && (t.Session.Date.IsZero() || !e.in(t.Session.Date)) {
		return nil
	}
	if e.veil != nil {
		slices.SortStableFunc(g.people, func(a, b attendee) int {
			return strings.Compare(e.veil.person(a.id), e.veil.person(b.id))
		})
	}
	unmatched := 0
	for i := range g.people {
		r := g.row(&g.people[i])
		if r.id == "" {
			unmatched++
			r.unmatched = unmatched
		}
		if err := row(&r); err != nil {
			return err
		}
	}
	return nil
}

// gathering reads one log for attendance.
type gathering struct {
	e      *Export
	t      *store.Transcript
	people []attendee
	index  map[chat.PID]int
	named  map[string]int // by the name of an older notice
	acts   []uint32       // of message or reaction i, at i: its author's index + 1, and in the lowest bit whether a reaction
	ended  time.Time
	last   time.Time
	any    bool // something was in the time asked for
}

func (g *gathering) person(p chat.PID) int {
	i, ok := g.index[p]
	if !ok {
		i = len(g.people)
		g.people = append(g.people, attendee{id: p})
		g.index[p] = i
	}
	return i
}

// byName finds whom an older notice names: the one person of the therapy
// session who is called so.
func (g *gathering) byName(name string) int {
	if i, ok := g.named[name]; ok {
		return i
	}
	var found []chat.PID
	for _, list := range [][]chat.PID{g.t.Session.Therapists, g.t.Session.Participants} {
		for _, p := range list {
			if u := g.e.roster.People[p]; u != nil && string(u.Name) == name {
				found = append(found, p)
			}
		}
	}
	i := len(g.people)
	if len(found) == 1 {
		i = g.person(found[0])
	} else {
		g.people = append(g.people, attendee{name: name})
	}
	g.people[i].byName = true
	g.named[name] = i
	return i
}

func (g *gathering) add(r *store.Recorded) {
	g.last = r.At
	in := g.e.in(r.At)
	g.any = g.any || in
	switch r.Type {
	case chat.EndChatSession:
		g.ended = r.At
	case chat.Notice:
		g.passage(r)
	case chat.Delete:
		if r.Target >= r.ID || g.acts[r.Target] == 0 {
			break
		}
		act := g.acts[r.Target]
		g.acts[r.Target] = 0
		if said := &g.people[act>>1-1].said; act&1 == 1 {
			said.takenBack++
		} else {
			said.deleted++
		}
	case chat.Message, chat.Reaction, chat.MessageRead:
		if r.By == "" || !in {
			break
		}
		i := g.person(r.By)
		said := &g.people[i].said
		switch r.Type {
		case chat.Message:
			said.messages++
			if r.To != nil {
				said.private++
			}
			g.acts[r.ID] = uint32(i+1) << 1
		case chat.Reaction:
			said.reactions++
			g.acts[r.ID] = uint32(i+1)<<1 | 1
		case chat.MessageRead:
			said.reads++
		}
	}
}

func (g *gathering) passage(r *store.Recorded) {
	passage := r.Passage
	var a *attendee
	if r.Who != "" {
		a = &g.people[g.person(r.Who)]
	} else {
		name, p := store.NamedPassage(r)
		if p == store.NoPassage {
			return
		}
		a, passage = &g.people[g.byName(string(name))], p
	}
	switch passage {
	case store.Joined:
		a.came(r.At, g.e.MergeGap)
	case store.Left:
		a.left(r.At)
	}
}

// stay is when a was there, within the time asked for and before the end.
func (g *gathering) stay(a *attendee) (s stay, still bool) {
	for _, t := range a.times {
		open := t.until.IsZero()
		if open {
			t.until = g.last
		}
		for _, end := range []time.Time{g.ended, g.e.To} {
			if !end.IsZero() && (open || t.until.After(end)) && !g.last.Before(end) {
				t.until, open = earlier(t.until, end), false
			}
		}
		if t.from.Before(g.e.From) {
			if t.from = g.e.From; !t.until.After(t.from) {
				continue
			}
		}
		if !g.e.To.IsZero() && !t.from.Before(g.e.To) {
			continue
		}
		if s.arrivals == 0 {
			s.first = t.from
		}
		s.arrivals++
		s.total += t.until.Sub(t.from)
		s.last, still = t.until, open
		if open {
			s.last = time.Time{}
		}
	}
	return s, still
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (g *gathering) row(a *attendee) attendanceRow {
	e, s, v := g.e, g.t.Session, g.e.veil
	here, still := g.stay(a)
	here.first, here.last = v.time(s.ID, here.first), v.time(s.ID, here.last)
	r := attendanceRow{
		tsID: v.session(s.ID), date: v.time(s.ID, s.Date), id: v.person(a.id), name: e.nameOf(a.id), role: "unknown",
		here: here, still: still, said: a.said, byName: a.byName,
	}
	switch {
	case !g.ended.IsZero():
		r.status = chat.Ended
	case g.t.Opened:
		r.status = chat.Open
	}
	if v == nil {
		r.tsName = s.Name
	}
	if a.id != "" {
		r.role, r.authorized = e.roleOf(s, a.id), s.RoleOf(a.id) != chat.Nobody
	} else if v == nil {
		r.name = a.name
	}
	if u := e.roster.People[a.id]; u != nil {
		r.withdrawn = u.Withdrawn
	}
	return r
}
