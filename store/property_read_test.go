package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"hearth/hub/chat"
	"hearth/store"
)

// read reads from a random position with a random limit.
func (w *world) read(t *rapid.T) {
	ts, p := anyOf(t, "session", sessions...), anyOf(t, "reader", everyone...)
	from := chat.Position{
		Epoch: anyOf(t, "epoch", "", w.epochs[ts], w.epochs[ts], "another"),
		ID:    chat.ActionID(below(t, "from", len(w.logs[ts].log)+3)),
	}
	w.comparePage(t, p, ts, from, below(t, "limit", 7))
}

// comparePage reads one page and compares it with the model's.
func (w *world) comparePage(t *rapid.T, p chat.PID, ts chat.TSID, from chat.Position, limit int) store.Page {
	m := w.logs[ts]
	page, err := w.h.Read(context.Background(), p, ts, from, limit)
	if want := m.mayRead(p); code(err) != want || (err == nil) != (want == "") {
		t.Fatalf("%s reads %s: %v, want %q", p, ts, err, want)
	}
	if err != nil {
		if len(page.Actions) > 0 {
			t.Fatalf("%s may not read %s, but got actions", p, ts)
		}
		return page
	}
	reset := from.ID > m.head() || from.Epoch != "" && from.Epoch != w.epochs[ts]
	if reset {
		from.ID = 0
	}
	var want []chat.ActionID
	for id := from.ID + 1; id <= m.head(); id++ {
		if m.sees(p, id) {
			want = append(want, id)
		}
	}
	end, more := m.head(), limit > 0 && len(want) > limit
	if more {
		want = want[:limit]
		end = want[limit-1]
	}
	var got []chat.ActionID
	for i, a := range page.Actions {
		got = append(got, a.ID)
		if i > 0 && a.At.Before(page.Actions[i-1].At) {
			t.Fatalf("the time of action %d falls", a.ID)
		}
	}
	if !slices.Equal(got, want) || page.Max != end || page.More != more || page.Reset != reset || page.Head != m.head() ||
		page.Epoch != w.epochs[ts] {
		t.Fatalf("%s reads %s from %v, at most %d: %v in %+v, want %v to %d", p, ts, from, limit, got, page, want, end)
	}
	for _, a := range page.Actions {
		w.compareSeen(t, m, p, a)
	}
	w.lookForSecrets(t, m, p, page)
	return page
}

// compareSeen compares what p gets of one action.
func (w *world) compareSeen(t *rapid.T, m *modelLog, p chat.PID, a chat.Seen) {
	e := m.entry(a.ID)
	everyone, who := m.audience(a.ID)
	gone := m.deleted(a.ID) != 0
	same := a.Type == e.d.Type && a.By == e.by && string(a.Sender) == e.sender && a.At.Equal(e.at) && a.Deleted == gone
	if everyone {
		same = same && a.To == nil
	} else {
		who = append(who, a.By)
		same = same && a.To != nil && sameSet(append([]chat.PID{a.By}, a.To...), who)
	}
	if gone && m.role(p) == chat.Participant {
		same = same && a.Tombstone && a.Body == "" && a.Target == 0 && a.Icon == 0 && a.ClientID == "" && a.ClientTS == "" &&
			a.Content == chat.Hash{}
	} else {
		target := e.d.Target
		if target != 0 && !m.sees(p, target) {
			target = 0
		}
		same = same && !a.Tombstone && a.Body == e.d.Body && a.Target == target && a.Icon == e.d.Icon
		if p == e.by {
			same = same && a.ClientID == e.d.ClientID && a.ClientTS == e.d.ClientTS
		} else {
			same = same && a.ClientID == "" && a.ClientTS == ""
		}
	}
	if !same {
		t.Fatalf("%s gets %+v, want %+v, deleted %v, for everyone %v or %v", p, a, *e, gone, everyone, who)
	}
}

func sameSet(a, b []chat.PID) bool {
	for _, p := range append(slices.Clone(a), b...) {
		if slices.Contains(a, p) != slices.Contains(b, p) {
			return false
		}
	}
	return true
}

// lookForSecrets looks through every text of a page for a body that p may not
// have: another's private one, a deleted one, one that was refused.
func (w *world) lookForSecrets(t *rapid.T, m *modelLog, p chat.PID, page store.Page) {
	allowed := map[string]bool{"": true, "the same again": true}
	for i, e := range m.log {
		id := chat.ActionID(i + 1)
		if m.sees(p, id) && (m.deleted(id) == 0 || m.role(p) == chat.Therapist) {
			allowed[string(e.d.Body)] = true
		}
	}
	var texts strings.Builder
	for _, a := range page.Actions {
		texts.WriteString(string(a.Body) + string(a.Sender) + a.ClientID + a.ClientTS)
	}
	for _, s := range w.secrets {
		if len(s) > 2 && !allowed[s] && strings.Contains(texts.String(), s) {
			t.Fatalf("%s got the text %q", p, s)
		}
	}
}

func (w *world) overview(t *rapid.T) {
	w.compareOverview(t, anyOf(t, "who", everyone...), anyOf(t, "session", sessions...))
}

func (w *world) compareOverview(t *rapid.T, p chat.PID, ts chat.TSID) {
	m := w.logs[ts]
	o, err := w.h.Overview(context.Background(), p, ts)
	outside := m.role(p) == chat.Nobody || m.role(p) == chat.Participant && m.person(p).verdict == "removed"
	if outside {
		if code(err) != chat.NotAllowed {
			t.Fatalf("overview of %s for %s: %v", ts, p, err)
		}
		return
	}
	board, _ := m.board()
	if err != nil || o.Unread != m.unread(p) || string(o.Board) != board || o.Status != m.status() || o.Head != m.head() {
		t.Fatalf("overview of %s for %s: %+v, %v; want %d unread, %s, head %d", ts, p, o, err, m.unread(p), m.status(), m.head())
	}
	w.compareStanding(t, m, o.Standing)
	s := m.session()
	if len(o.People) != len(s.Therapists)+len(s.Participants) {
		t.Fatalf("%d people", len(o.People))
	}
	for _, st := range o.People {
		w.compareStanding(t, m, st)
		done := slices.DeleteFunc([]string{"mood"}, func(n string) bool { return !m.person(st.ID).done[n] })
		if !slices.Equal(o.Completed[st.ID], done) {
			t.Fatalf("%s completed %v, want %v", st.ID, o.Completed[st.ID], done)
		}
	}
}

func (w *world) compareStanding(t *rapid.T, m *modelLog, st chat.Standing) {
	who := m.person(st.ID)
	verdict := [...]string{"", "admitted", "revoked", "removed"}[st.Verdict]
	if st.Role != m.role(st.ID) || st.Role != chat.Nobody &&
		(st.In != who.in || st.Ever != who.ever || st.Muted != who.muted || verdict != who.verdict || st.Ready != m.ready(st.ID) ||
			who.ever && st.Since != who.since) {
		t.Fatalf("%s is %+v, want %+v", st.ID, st, *who)
	}
}

// compareAll assembles every log for everybody by pages, looks at what is on
// disk for research, and checks the file.
func (w *world) compareAll() {
	for _, ts := range sessions {
		m := w.logs[ts]
		if m.session() == nil {
			continue
		}
		for _, p := range everyone {
			w.compareOverview(w.T, p, ts)
			for pos, more := chat.ActionID(0), true; more; {
				page := w.comparePage(w.T, p, ts, chat.Position{ID: pos}, 3)
				pos, more = page.Max, page.More
			}
		}
		for i, e := range m.log {
			r, _, err := w.h.StoredResearch(context.Background(), ts, chat.ActionID(i+1))
			if err != nil || !slices.Equal(r.History, e.research.History) || r.Cut != e.research.Cut ||
				r.TimeToComplete != e.research.TimeToComplete {
				w.Fatalf("research of %d: %d keys, want %d: %v", i+1, len(r.History), len(e.research.History), err)
			}
		}
	}
	if r, err := w.h.Check(context.Background()); err != nil || len(r.Problems) > 0 {
		w.Fatal(errors.Join(err, errors.New(strings.Join(r.Problems, "; "))))
	}
}
