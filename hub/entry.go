package hub

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// State of a person towards a therapy session.
type State string

const (
	StateAdmitted State = "admitted"
	StateWaiting  State = "waiting"
	StateEnded    State = "ended" // it can be read, as far as the session's settings allow
)

// Entered is the answer to Enter and State.
type Entered struct {
	State  State
	Reason chat.Reason // of waiting
	Epoch  chat.Epoch
	Max    chat.ActionID // the log's highest id
	Reads  bool          // the log may be read
}

// Enter lets by into ts, or says why they wait, or that it has ended; either
// way they are there now. The error is a *chat.Error: not_allowed,
// storage_unavailable, or session_ended for who may not read it either.
func (h *Hub) Enter(ctx context.Context, by chat.PID, ts chat.TSID) (Entered, error) {
	_, err := h.store.Enter(ctx, by, ts)
	var refusal *chat.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == chat.SessionEnded:
		look, e := h.store.Look(ctx, by, ts)
		if e != nil || chat.May(look.Session, look.Status, look.Standing, chat.OpRead) != nil {
			return Entered{}, err
		}
	case err != nil:
		return Entered{}, err
	}
	h.place(ctx, ts, by, true)
	return h.State(ctx, by, ts)
}

// State says what by is in ts, without changing anything. It is not_allowed
// for outsiders and the removed.
func (h *Hub) State(ctx context.Context, by chat.PID, ts chat.TSID) (Entered, error) {
	look, err := h.store.Look(ctx, by, ts)
	if err != nil {
		return Entered{}, err
	}
	e := Entered{State: StateAdmitted, Epoch: look.Epoch, Max: look.Head}
	e.Reads = chat.May(look.Session, look.Status, look.Standing, chat.OpRead) == nil
	m, reason, err := chat.Enter(look.Session, look.Status, look.Head, look.Standing)
	var refusal *chat.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == chat.SessionEnded:
		e.State = StateEnded
	case err != nil:
		return Entered{}, err
	case !m.In:
		e.State, e.Reason = StateWaiting, reason
	case !look.Standing.In:
		e.State = StateWaiting // about to be let in
	}
	return e, nil
}

// Leave says at once that by has left ts, unless a socket of theirs is still
// in it.
func (h *Hub) Leave(ctx context.Context, by chat.PID, ts chat.TSID) {
	h.change(ctx, ts, by, func(p *presence) {
		if p.sockets == 0 {
			p.status = Offline
		}
	})
}

// Moderate carries out c by a therapist of ts on a participant.
func (h *Hub) Moderate(ctx context.Context, by chat.PID, ts chat.TSID, whom chat.PID, c chat.Change) (Person, error) {
	if _, err := h.store.Moderate(ctx, by, ts, whom, c); err != nil {
		return Person{}, err
	}
	h.settle(ctx, ts) // so that the answer tells what came of it
	d, err := h.Detail(ctx, by, ts)
	if err != nil {
		return Person{}, err
	}
	if i := slices.IndexFunc(d.People, func(p Person) bool { return p.ID == whom }); i >= 0 {
		return d.People[i], nil
	}
	return Person{}, chat.ErrNotAllowed()
}

// Person is somebody of a therapy session, as one reader sees them.
type Person struct {
	ID     chat.PID
	Name   chat.Text
	Role   chat.Role
	Status Status
	Muted  bool
	Reason chat.Reason // why they wait; told to therapists only

	// Cleared: a participant whom nobody need let in any more; see
	// [chat.Cleared].
	Cleared bool
}

// Detail is what one reader sees of a therapy session beside its log.
type Detail struct {
	Session    *chat.TherapySession
	Status     chat.Status
	Whiteboard chat.Text
	People     []Person
	You        Person // the reader; in People only if they see who is there
}

// Detail describes ts to by. Who waits sees the therapists alone.
func (h *Hub) Detail(ctx context.Context, by chat.PID, ts chat.TSID) (Detail, error) {
	o, err := h.store.Overview(ctx, by, ts)
	if err != nil {
		return Detail{}, err
	}
	return h.detail(o), nil
}

// Details describes to by every therapy session that they are in, newest
// first.
func (h *Hub) Details(ctx context.Context, by chat.PID) (all []Detail, err error) {
	overviews, err := h.overviews(ctx, by)
	for _, o := range overviews {
		all = append(all, h.detail(o))
	}
	return all, err
}

// detail is what o tells the one who asked for it.
func (h *Hub) detail(o store.Overview) Detail {
	d := Detail{Session: o.Session, Status: o.Status}
	if chat.May(o.Session, o.Status, o.Standing, chat.OpSeeOthers) == nil {
		d.Whiteboard = o.Board
	}
	statuses := h.statuses(o.Session.ID)
	person := func(st chat.Standing) Person {
		p := Person{ID: st.ID, Name: st.Name, Role: st.Role, Muted: st.Muted}
		p.Status = statusFor(o.Standing, cmp.Or(statuses[st.ID], Offline))
		p.Cleared = st.Role == chat.Participant && chat.Cleared(o.Session, st)
		if o.Standing.Role == chat.Therapist && p.Status == Waiting {
			_, p.Reason, _ = chat.Enter(o.Session, o.Status, o.Head, st)
		}
		return p
	}
	d.You = person(o.Standing)
	for _, st := range o.People {
		if st.Role != chat.Nobody && chat.SeesPerson(o.Session, o.Status, o.Standing, st) {
			d.People = append(d.People, person(st))
		}
	}
	return d
}

// MayModerate says why by may not moderate ts. The error is a *chat.Error.
func (h *Hub) MayModerate(ctx context.Context, by chat.PID, ts chat.TSID) error {
	look, err := h.store.Look(ctx, by, ts)
	if err != nil {
		return err
	}
	return chat.May(look.Session, look.Status, look.Standing, chat.OpModerate)
}

// Ready says of each participant of ts, to its therapists, whether every
// assessment that keeps them out is complete.
func (h *Hub) Ready(ctx context.Context, by chat.PID, ts chat.TSID) (map[chat.PID]bool, error) {
	o, err := h.store.Overview(ctx, by, ts)
	if err == nil {
		err = chat.May(o.Session, o.Status, o.Standing, chat.OpModerate)
	}
	if err != nil {
		return nil, err
	}
	ready := map[chat.PID]bool{}
	for _, st := range o.People {
		if st.Role == chat.Participant {
			ready[st.ID] = st.Ready
		}
	}
	return ready, nil
}

// Assessment is a survey and whether one person has completed it.
type Assessment struct {
	chat.Assessment
	Complete bool
}

// Assessments lists those of whom in ts, for themselves or for a therapist of
// the session.
func (h *Hub) Assessments(ctx context.Context, by chat.PID, ts chat.TSID, whom chat.PID) ([]Assessment, error) {
	o, err := h.store.Overview(ctx, by, ts)
	if err != nil {
		return nil, err
	}
	if whom != by {
		if err := chat.May(o.Session, o.Status, o.Standing, chat.OpModerate); err != nil {
			return nil, err
		}
		if o.Session.RoleOf(whom) == chat.Nobody {
			return nil, chat.Errorf(chat.NotFound, "p_id: not a person of this therapy session")
		}
	}
	return assessmentsOf(o, whom), nil
}

// assessmentsOf: therapists have none to fill in.
func assessmentsOf(o store.Overview, whom chat.PID) []Assessment {
	if o.Session.RoleOf(whom) != chat.Participant {
		return nil
	}
	var all []Assessment
	for _, a := range o.Session.Assessments {
		all = append(all, Assessment{a, slices.Contains(o.Completed[whom], a.Name)})
	}
	return all
}

// Listed is one of somebody's therapy sessions.
type Listed struct {
	Session     *chat.TherapySession
	Status      chat.Status
	Unread      int
	Assessments []Assessment
}

// Due are the assessments that by should fill in now.
func (l *Listed) Due() (due []Assessment) {
	for _, a := range l.Assessments {
		if !a.Complete && a.Due(l.Status) {
			due = append(due, a)
		}
	}
	return due
}

// List returns the therapy sessions that by is in, newest first.
func (h *Hub) List(ctx context.Context, by chat.PID) ([]Listed, error) {
	overviews, err := h.overviews(ctx, by)
	if err != nil {
		return nil, err
	}
	var all []Listed
	for _, o := range overviews {
		all = append(all, Listed{Session: o.Session, Status: o.Status, Unread: o.Unread, Assessments: assessmentsOf(o, by)})
	}
	return all, nil
}

// overviews are of the therapy sessions that by is in, newest first.
func (h *Hub) overviews(ctx context.Context, by chat.PID) (all []store.Overview, err error) {
	for _, s := range slices.Collect(maps.Values(h.store.Roster().Sessions)) {
		if s.RoleOf(by) == chat.Nobody {
			continue
		}
		o, err := h.store.Overview(ctx, by, s.ID)
		var refusal *chat.Error
		if errors.As(err, &refusal) && refusal.Code == chat.NotAllowed {
			continue // removed, or the roster changed just now
		}
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b store.Overview) int {
		return cmp.Or(b.Session.Date.Compare(a.Session.Date), cmp.Compare(a.Session.ID, b.Session.ID))
	})
	return all, nil
}

// InOpenSession reports whether by is admitted to ts and it is open: while
// they are, only the absolute end of their login applies.
func (h *Hub) InOpenSession(by chat.PID, ts chat.TSID) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	look, err := h.store.Look(ctx, by, ts)
	return err == nil && look.Status == chat.Open && look.Standing.In
}
