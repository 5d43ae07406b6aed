package scenario_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// judge holds what devices were told against the log as a therapist reads it
// in the end. It knows who may see what from the roster's words alone.
type judge struct {
	session *chat.TherapySession
	names   map[chat.PID]string
	log     []client.Action // by id, from 1
	deleted map[chat.ActionID]chat.ActionID
	end     chat.ActionID // 0: the session has not ended
	texts   map[string]chat.ActionID
	known   map[chat.ActionID]time.Time // when an answer with this id had come
	errs    []error
}

func newJudge(s *chat.TherapySession, names map[chat.PID]string, log []client.Action) *judge {
	j := &judge{
		session: s, names: names, log: log,
		deleted: map[chat.ActionID]chat.ActionID{}, texts: map[string]chat.ActionID{},
	}
	for i, a := range log {
		if a.ID != chat.ActionID(i+1) {
			j.wrong("action %d of the log has the id %d", i+1, a.ID)
			break
		}
		if a.Target >= a.ID {
			j.wrong("%d is about %d", a.ID, a.Target)
		}
		if text.MatchString(a.Body) {
			j.texts[a.Body] = a.ID
		}
		switch a.Type {
		case "delete":
			if j.deleted[a.Target] == 0 {
				j.deleted[a.Target] = a.ID
			} else {
				j.wrong("%d is deleted by %d and by %d", a.Target, j.deleted[a.Target], a.ID)
			}
		case "endChatSession":
			if j.end != 0 {
				j.wrong("ended by %d and by %d", j.end, a.ID)
			}
			j.end = a.ID
		}
	}
	return j
}

func (j *judge) wrong(format string, args ...any) {
	if len(j.errs) < 10 {
		j.errs = append(j.errs, fmt.Errorf(format, args...))
	}
}

func (j *judge) err() error { return errors.Join(j.errs...) }

func (j *judge) at(id chat.ActionID) *client.Action {
	if id == 0 || int(id) > len(j.log) {
		return &client.Action{}
	}
	return &j.log[id-1]
}

// root is what decides who may see id: itself, its target, its target's
// target.
func (j *judge) root(id chat.ActionID) *client.Action {
	a := j.at(id)
	switch a.Type {
	case "delete", "reaction", "message_read":
		return j.root(a.Target)
	}
	return a
}

// sees reports whether p may see id, once they were let in. since is the
// first id from which a participant who may not see what is earlier does.
func (j *judge) sees(p chat.PID, id, since chat.ActionID) bool {
	r := j.root(id)
	switch {
	case j.session.RoleOf(p) == chat.Therapist, r.Type == "endChatSession":
		return true
	case len(r.Recipients) > 0:
		return r.User == p || slices.Contains(r.Recipients, p)
	}
	return r.ID >= since
}

// since finds from where on a participant sees the group's actions, by what
// they were shown: it must not be later than the notice of their arrival.
func (j *judge) since(p chat.PID, devices []*device) chat.ActionID {
	if j.session.History == chat.HistoryAll || j.session.RoleOf(p) == chat.Therapist {
		return 1
	}
	first := chat.ActionID(len(j.log) + 1)
	for _, a := range j.log {
		if a.Body == j.names[p]+" has joined the session" {
			first = a.ID
			break
		}
	}
	for _, d := range devices {
		if d.by != p {
			continue
		}
		for _, page := range d.pages {
			for _, a := range page.actions {
				if r := j.root(a.ID); len(r.Recipients) == 0 && r.Type != "endChatSession" {
					first = min(first, r.ID)
				}
			}
		}
	}
	return first
}

// pages holds all that a device was shown against what it may see.
func (j *judge) pages(d *device, since chat.ActionID) {
	for i := range d.pages {
		j.page(d, &d.pages[i], since)
	}
}

func (j *judge) page(d *device, p *page, since chat.ActionID) {
	isTherapist := j.session.RoleOf(d.by) == chat.Therapist
	closed := j.end != 0 && j.session.AfterEnd == chat.AfterEndClosed && !isTherapist
	shown := map[chat.ActionID]bool{}
	last := p.from
	for i := range p.actions {
		a := &p.actions[i]
		if a.ID <= last || a.ID > p.max || int(a.ID) > len(j.log) {
			j.wrong("%s is shown %d after %d, above %d up to %d of %d", d.by, a.ID, last, p.from, p.max, len(j.log))
			return
		}
		last, shown[a.ID] = a.ID, true
		switch {
		case !j.sees(d.by, a.ID, since):
			j.wrong("%s is shown %d (%s), which is not for them", d.by, a.ID, a.Type)
		case closed && p.max >= j.end && a.ID != j.end:
			j.wrong("%s is shown %d after the end", d.by, a.ID)
		default:
			j.shown(d, p, a, since)
		}
	}
	for id := p.from + 1; id <= p.max && int(id) <= len(j.log); id++ {
		a := j.at(id)
		switch {
		case shown[id], !j.sees(d.by, id, since):
		case closed && id != j.end: // whether it was read before the end is not known
		case p.older && !isTherapist && j.deleted[id] != 0: // or whether before its delete
		case p.older && !isTherapist && a.Type == "delete" && a.Target > p.from:
		default:
			j.wrong("%s is not shown %d (%s) between %d and %d", d.by, id, a.Type, p.from, p.max)
		}
	}
	if !isTherapist {
		j.silence(d, p)
	}
}

// text is what people say; keys is what is kept of how they typed it.
var (
	text = regexp.MustCompile(`text-[0-9]+-[A-Z0-9]+;`)
	keys = regexp.MustCompile(`key-[0-9]+;`)
)

// silence wants the text of what was deleted in nothing that was assembled
// after it.
func (j *judge) silence(d *device, p *page) {
	for _, found := range text.FindAll(p.raw, -1) {
		target := j.texts[string(found)]
		by := j.deleted[target]
		if by == 0 {
			continue
		}
		if p.max >= by {
			j.wrong("%s reads the text of %d up to %d, and it was deleted by %d", d.by, target, p.max, by)
		}
		if known := j.known[by]; !known.IsZero() && p.asked.After(known) {
			j.wrong("%s reads the text of %d, asked for after its delete was answered", d.by, target)
		}
	}
}

// shown holds one action as somebody saw it against the log's.
func (j *judge) shown(d *device, p *page, a *client.Action, since chat.ActionID) {
	want := *j.at(a.ID)
	want.Timestamp = a.Timestamp // in two formats
	want.ClientID, want.ClientTS, want.Deleted = a.ClientID, a.ClientTS, a.Deleted
	own := a.User == d.by || a.Sender == j.names[d.by]
	if !own && (a.ClientID != "" || a.ClientTS != "") {
		j.wrong("%s is shown another's client_id in %d", d.by, a.ID)
	}
	by := j.deleted[a.ID]
	if a.Deleted && by == 0 {
		j.wrong("%s is told that %d is deleted", d.by, a.ID)
	}
	if by != 0 && p.max >= by && !a.Deleted {
		j.wrong("%s reads to %d, and is not told that %d was deleted by %d", d.by, p.max, a.ID, by)
	}
	if t := want.Target; t != 0 && !j.sees(d.by, t, since) {
		want.Target = 0
	}
	if a.Deleted && j.session.RoleOf(d.by) != chat.Therapist {
		want = client.Action{
			ID: want.ID, Type: want.Type, User: want.User, Sender: want.Sender, Timestamp: want.Timestamp,
			Recipients: want.Recipients, Deleted: true,
		}
	}
	if !same(a, &want) {
		j.wrong("%s is shown %+v, and the log has %+v", d.by, *a, want)
	}
}

func same(a, b *client.Action) bool {
	return a.ID == b.ID && a.Type == b.Type && a.User == b.User && a.Sender == b.Sender && a.Body == b.Body &&
		slices.Equal(a.Recipients, b.Recipients) && a.Target == b.Target && a.Icon == b.Icon && a.Deleted == b.Deleted &&
		a.ClientID == b.ClientID && a.ClientTS == b.ClientTS && a.Timestamp == b.Timestamp
}

// learn notes when which answer had come.
func (j *judge) learn(all []*sent) {
	j.known = map[chat.ActionID]time.Time{}
	for _, s := range all {
		if at, ok := j.known[s.id]; s.id != 0 && (!ok || s.known.Before(at)) {
			j.known[s.id] = s.known
		}
	}
}

// answers holds what was answered against the log, and what is in the log
// against what was asked for.
func (j *judge) answers(all []*sent) {
	bodies := map[string][]chat.ActionID{}
	for _, a := range j.log {
		if a.Body != "" && a.Sender != "system" {
			bodies[a.Body] = append(bodies[a.Body], a.ID)
		}
	}
	asked := map[string]bool{}
	for _, s := range all {
		d, a := s.draft, j.at(s.id)
		switch {
		case d.Body != "" && s.id != 0 && !slices.Equal(bodies[string(d.Body)], []chat.ActionID{s.id}):
			j.wrong("%s of %s was answered with %d and is in the log as %v", d.Type, s.by, s.id, bodies[string(d.Body)])
		case d.Body != "" && s.code != "" && len(bodies[string(d.Body)]) != 0:
			j.wrong("%s of %s was refused as %s and is in the log as %v", d.Type, s.by, s.code, bodies[string(d.Body)])
		case len(bodies[string(d.Body)]) > 1:
			j.wrong("%s of %s is in the log as %v", d.Type, s.by, bodies[string(d.Body)])
		case s.id == 0:
		case a.Type != d.Type.String(), a.Target != d.Target, d.Type != chat.Delete && a.Sender == "" && a.User != s.by,
			d.Icon != 0 && a.Icon != d.Icon.String(), d.Type == chat.Message && !slices.Equal(a.Recipients, d.Recipients),
			d.Body != "" && a.Body != string(d.Body):
			j.wrong("%s of %s about %d was answered with %d, which is %+v", d.Type, s.by, d.Target, s.id, *a)
		}
		asked[string(d.Body)] = true
	}
	for body, ids := range bodies {
		if !asked[body] {
			j.wrong("nobody asked for %q, which is %v", body, ids)
		}
	}
	j.once()
}

// once wants what may be there once to be there once: reactions that stand,
// reads, and notices of coming and going in turn.
func (j *judge) once() {
	standing := map[string]chat.ActionID{}
	in := map[string]bool{}
	for _, a := range j.log {
		key := fmt.Sprint(a.Type, a.User, a.Target, a.Icon)
		switch a.Type {
		case "reaction", "message_read":
			if first := standing[key]; first != 0 {
				j.wrong("%d repeats %d", a.ID, first)
			}
			standing[key] = a.ID
		case "delete":
			t := j.at(a.Target)
			delete(standing, fmt.Sprint(t.Type, t.User, t.Target, t.Icon))
		case "notice":
			if a.Sender != "system" {
				continue
			}
			name, joined := strings.CutSuffix(a.Body, " has joined the session")
			name, left := strings.CutSuffix(name, " has left the session")
			if joined || left {
				if in[name] == joined {
					j.wrong("%d: %q, and they are in: %v", a.ID, a.Body, in[name])
				}
				in[name] = joined
			}
		}
	}
}

// secrets wants the text of what a device may not see in no byte that it
// received, and what was typed in none at all.
func (j *judge) secrets(d *device, since chat.ActionID) {
	seen := map[string]bool{}
	for _, found := range d.line.find(text) {
		if seen[found] {
			continue
		}
		seen[found] = true
		// What is on the whiteboard is for all who are in.
		if id := j.texts[found]; id == 0 {
			j.wrong("%s has received %q, which is nowhere", d.by, found)
		} else if j.at(id).Type != "whiteboard" && !j.sees(d.by, id, since) {
			j.wrong("%s has received the text of %d, which is not for them", d.by, id)
		}
	}
	if found := d.line.find(keys); len(found) > 0 {
		j.wrong("%s has received how somebody typed: %q", d.by, found)
	}
}

// outs are the times within which somebody was sent out for sure.
type outs struct {
	by         chat.PID
	from, till time.Time
}

// out wants nothing of the log to be read by a device while its person was
// out. What is on its way may take a second.
func (j *judge) out(d *device, o outs) {
	for _, p := range d.pages {
		if d.by == o.by && p.came.After(o.from.Add(time.Second)) && p.came.Before(o.till) {
			j.wrong("%s reads from %d to %d while out", d.by, p.from, p.max)
		}
	}
}
