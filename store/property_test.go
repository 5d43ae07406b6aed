package store_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hearth/hub/chat"
	"hearth/store"
)

// TestLogsAreWhatTheModelSays does random things to a real store and to the
// model, and compares all that anybody gets to see.
func TestLogsAreWhatTheModelSays(t *testing.T) {
	dir := memoryDir(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt, dir)
		defer w.close()
		for range 120 {
			w.step(rt)
		}
		w.compareAll()
	})
}

// step is one thing that happens; the first one is nothing, which is what
// rapid makes of a step that a failure doesn't need.
func (w *world) step(t *rapid.T) {
	often := []func(*rapid.T){w.save, w.save, w.save, w.read, w.enter, w.moderate}
	seldom := []func(*rapid.T){w.retry, w.together, w.together, w.assessment, w.announce, w.changeRoster, w.reopen, w.evict, w.overview}
	switch below(t, "step", 20) {
	case 0:
	case 1, 2, 3, 4, 5, 6, 7:
		anyOf(t, "seldom", seldom...)(t)
	default:
		anyOf(t, "often", often...)(t)
	}
}

func (w *world) reopen(t *rapid.T) {
	w.h.Close()
	w.h.open(w.t)
}

func (w *world) evict(t *rapid.T) { w.h.EvictIdle() }

// memoryDir is a directory in memory where there is one: what is tested with
// it is not the disk.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "hearth-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// world is a store, the model of it, and what happened.
type world struct {
	*rapid.T
	t       *testing.T // for what wants that
	h       *harness
	clock   *clock
	now     sync.Mutex // guards clock: the committer reads it
	roster  *chat.Roster
	logs    map[chat.TSID]*modelLog
	epochs  map[chat.TSID]chat.Epoch
	sent    []sent
	secrets []string // every body there ever was, to look for in what readers get
	n       int
}

// sent is a draft that somebody sent, for sending it again.
type sent struct {
	by chat.PID
	ts chat.TSID
	d  chat.Draft
}

var (
	everyone = []chat.PID{"T1", "T2", "P1", "P2", "P3", "P4", "X1", "ghost"}
	sessions = []chat.TSID{"TS1", "TS2"}
)

func newWorld(t *testing.T, rt *rapid.T, dir string) *world {
	w := &world{
		T: rt, t: t, clock: &clock{time.UnixMilli(1_700_000_000_000)}, logs: map[chat.TSID]*modelLog{},
		epochs: map[chat.TSID]chat.Epoch{},
	}
	dir, err := os.MkdirTemp(dir, "run")
	if err != nil {
		rt.Fatal(err)
	}
	w.h = &harness{path: filepath.Join(dir, "hearth.db"), events: make(chan store.Event, 100_000), opt: store.Options{
		AuditKey: auditKey, Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9},
		Limits: chat.Limits{MaxBody: modelMaxBody, MaxHistory: modelMaxHistory},
		Now: func() time.Time {
			w.now.Lock()
			defer w.now.Unlock()
			return w.clock.t
		},
	}}
	w.h.opt.Committed = func(e store.Event) { w.h.events <- e }
	w.h.open(t)
	w.roster = &chat.Roster{People: map[chat.PID]*chat.User{}, Sessions: map[chat.TSID]*chat.TherapySession{}}
	for _, p := range everyone[:7] {
		role := chat.Participant
		if p[0] == 'T' {
			role = chat.Therapist
		}
		w.roster.People[p] = &chat.User{ID: p, Name: "Name of " + chat.Text(p), Role: role, Keystrokes: p != "P2"}
	}
	for _, ts := range sessions {
		w.roster.Sessions[ts] = w.drawSession(rt, ts)
	}
	w.putRoster(rt)
	for _, ts := range sessions {
		w.logs[ts] = newModelLog(w.roster, ts)
		o, err := w.h.Overview(context.Background(), "T1", ts)
		if err != nil {
			rt.Fatal(err)
		}
		w.epochs[ts] = o.Epoch
		for _, p := range anyOf(rt, "already in", everyone, everyone, []chat.PID{"T1", "P1", "P2"}, nil) {
			w.enterAs(rt, p, ts)
		}
	}
	return w
}

func (w *world) close() {
	w.h.Close()
	os.RemoveAll(filepath.Dir(w.h.path))
}

func (w *world) drawSession(t *rapid.T, ts chat.TSID) *chat.TherapySession {
	s := &chat.TherapySession{
		ID: ts, Name: "Group", Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P1", "P2", "P3"},
		WaitingRoom:     rapid.Bool().Draw(t, "waiting room"),
		PrivateMessages: anyOf(t, "private", []chat.PrivateMessages{chat.PrivateToAnyone, 0, chat.PrivateOff}...),
		History:         anyOf(t, "history", []chat.History{0, chat.HistorySinceAdmitted}...),
		AfterEnd:        anyOf(t, "after end", []chat.AfterEnd{0, chat.AfterEndClosed}...),
	}
	if rapid.Bool().Draw(t, "second therapist") {
		s.Therapists = append(s.Therapists, "T2")
	}
	if rapid.Bool().Draw(t, "more participants") {
		s.Participants = append(s.Participants, "P4")
	}
	if below(t, "assessment", 3) == 0 {
		s.Assessments = []chat.Assessment{{Name: "mood", Title: "Mood", Required: true, URL: "https://surveys.example/mood"}}
	}
	return s
}

// tick moves the clock, at times backwards.
func (w *world) tick(t *rapid.T) {
	w.now.Lock()
	defer w.now.Unlock()
	w.clock.t = w.clock.t.Add(time.Duration(5*below(t, "ms", 1000)-1500) * time.Millisecond)
}

// below draws a number below n, each as likely: rapid's own generators like
// small ones.
func below(t *rapid.T, label string, n int) int {
	return rapid.Custom(func(t *rapid.T) (v int) {
		for range 10 {
			v *= 2
			if rapid.Bool().Draw(t, "") {
				v++
			}
		}
		return v % n
	}).Draw(t, label)
}

func anyOf[V any](t *rapid.T, label string, all ...V) V { return all[below(t, label, len(all))] }

// draft draws one; most are in order.
func (w *world) draft(t *rapid.T, m *modelLog) chat.Draft {
	w.n++
	d := chat.Draft{
		Type: anyOf(t, "type", 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, chat.Type(below(t, "odd type", 13))),
	}
	if d.Type == chat.EndChatSession && below(t, "really", 10) > 0 {
		d.Type = chat.Message
	}
	d.Body = chat.Text(anyOf(t, "shape", "<%d> ü", "<%d>", "<%d>\x00 \n\"'", "<%d>"))
	d.Body = chat.Text(fmt.Sprintf(string(d.Body), w.n))
	switch below(t, "odd body", 26) {
	case 0:
		d.Body = chat.Text(anyOf(t, "bad body", "", " \n", "\xff", strings.Repeat("ä", modelMaxBody+1)))
	case 1:
		d.Body = "the same again"
	}
	d.Recipients = anyOf(t, "recipients", nil, nil, []chat.PID{"P1"}, []chat.PID{"T1"}, []chat.PID{"P2", "P3", "P2"},
		[]chat.PID{anyOf(t, "recipient", everyone...), anyOf(t, "recipient", everyone...)})
	d.Target = chat.ActionID(below(t, "target", len(m.log)+2))
	if d.Type == chat.Message && rapid.Bool().Draw(t, "no reply") {
		d.Target = 0
	}
	d.Icon = chat.Icon(anyOf(t, "icon", 1, 1, 2, 3, 4, 0, 5))
	d.Epoch = chat.Epoch(anyOf(t, "epoch", "", "", "present", "present", "present", "another"))
	if rapid.Bool().Draw(t, "with client id") {
		d.ClientID = fmt.Sprint("c", w.n-below(t, "client id", 3))
	}
	if rapid.Bool().Draw(t, "with client ts") {
		d.ClientTS = anyOf(t, "client ts", "2026-12-01T18:00:00Z", "2026-12-01T18:00:01Z")
	}
	d.User = anyOf[chat.PID](t, "user", "", "", "", "", "", "", "", "", "P1")
	if rapid.Bool().Draw(t, "with history") {
		d.Research = chat.Research{
			History:        rapid.SliceOfN(rapid.SampledFrom([]string{"h", "hi", ""}), 0, modelMaxHistory+2).Draw(t, "history"),
			TimeToComplete: anyOf(t, "timing", "", "671ms"),
		}
	}
	w.secrets = append(w.secrets, string(d.Body))
	return d
}

// real is a draft as the store gets it: with the log's epoch.
func (w *world) real(ts chat.TSID, d chat.Draft) chat.Draft {
	if d.Epoch == "present" {
		d.Epoch = w.epochs[ts]
	}
	return d
}

func (w *world) save(t *rapid.T) {
	w.tick(t)
	ts, by := anyOf(t, "session", sessions...), anyOf(t, "by", everyone...)
	if below(t, "who is in", 4) > 0 { // most of them by people who may
		in := []chat.PID{by}
		for _, p := range everyone {
			if w.logs[ts].maySave(p) == "" {
				in = append(in, p)
			}
		}
		by = anyOf(t, "by who is in", in...)
	}
	var drafts []chat.Draft
	for range 1 + below(t, "drafts", 4) {
		drafts = append(drafts, w.draft(t, w.logs[ts]))
	}
	w.append(t, by, ts, drafts)
}

func (w *world) retry(t *rapid.T) {
	if len(w.sent) == 0 {
		return
	}
	w.tick(t)
	s := anyOf(t, "again", w.sent...)
	w.append(t, s.by, s.ts, []chat.Draft{s.d, s.d})
}

// append saves drafts and compares each answer with the model's.
func (w *world) append(t *rapid.T, by chat.PID, ts chat.TSID, drafts []chat.Draft) {
	m := w.logs[ts]
	var asked []chat.Draft
	for _, d := range drafts {
		asked = append(asked, w.real(ts, d))
		w.sent = append(w.sent, sent{by, ts, d})
	}
	saved, err := w.h.Append(context.Background(), by, ts, asked)
	if want := m.maySave(by); code(err) != want || (err == nil) != (want == "") {
		t.Fatalf("%s saves in %s: %v, want %q", by, ts, err, want)
	}
	if err != nil {
		return
	}
	for i, d := range drafts {
		r := saved.Results[i]
		id, want := m.judge(by, d)
		if want != "" {
			if r.Err == nil || r.Err.Code != want {
				t.Fatalf("%s in %s: %s is %+v, want %s", by, ts, d.Type, r, want)
			}
			continue
		}
		if id == 0 {
			id = m.add(by, d, w.clock.t)
		}
		e := m.entry(id)
		if r.Err != nil || r.Action.ID != id || !r.Action.At.Equal(e.at) || r.Action.Type != e.d.Type || r.Action.By != e.by {
			t.Fatalf("%s in %s: %s is %+v, want id %d at %v", by, ts, d.Type, r, id, e.at)
		}
	}
	if saved.Max != m.head() || saved.Epoch != w.epochs[ts] {
		t.Fatalf("max %d of %s, want %d of %s", saved.Max, saved.Epoch, m.head(), w.epochs[ts])
	}
}

func (w *world) enter(t *rapid.T) {
	w.tick(t)
	w.enterAs(t, anyOf(t, "who", everyone...), anyOf(t, "session", sessions...))
}

func (w *world) enterAs(t *rapid.T, p chat.PID, ts chat.TSID) {
	m := w.logs[ts]
	was := m.person(p).in
	want, reason := m.enter(p)
	e, err := w.h.Enter(context.Background(), p, ts)
	if code(err) != want || (err == nil) != (want == "") {
		t.Fatalf("%s enters %s: %v, want %q", p, ts, err, want)
	}
	if err == nil && (e.Reason != reason || e.Standing.In != m.person(p).in || e.New != (e.Standing.In && !was) ||
		e.Head != m.head() || e.Status != m.status() || e.Epoch != w.epochs[ts]) {
		t.Fatalf("%s enters %s: %+v, want %s %+v", p, ts, e, reason, m.person(p))
	}
}

func (w *world) moderate(t *rapid.T) {
	ts, whom := anyOf(t, "session", sessions...), anyOf(t, "whom", everyone...)
	by := anyOf(t, "by", "T1", "T1", "T1", "T2", anyOf(t, "anybody", everyone...))
	c := anyOf(t, "change", chat.Admit, chat.Admit, chat.Revoke, chat.Remove, chat.Mute, chat.Unmute)
	m := w.logs[ts]
	muted := m.person(whom).muted
	want := m.moderate(by, whom, c)
	if m.person(whom).muted != muted && len(m.log) > 0 && !m.ended() {
		m.add("", chat.Draft{Type: chat.UpdateChatDetails}, w.clock.t)
	}
	st, err := w.h.Moderate(context.Background(), by, ts, whom, c)
	if code(err) != want || (err == nil) != (want == "") {
		t.Fatalf("%s does %s to %s in %s: %v, want %q", by, c, whom, ts, err, want)
	}
	if err == nil {
		w.compareStanding(t, m, st)
	}
}

func (w *world) assessment(t *rapid.T) {
	w.tick(t)
	ts, whom := anyOf(t, "session", sessions...), anyOf(t, "whom", everyone...)
	name, done := anyOf(t, "name", "mood", "mood", "mood", "none"), anyOf(t, "complete", true, true, false)
	m := w.logs[ts]
	want := chat.Code("")
	switch s := m.session(); {
	case s == nil:
		want = chat.NotAllowed
	case !slices.Contains(s.Participants, whom), name == "none", len(s.Assessments) == 0:
		want = chat.NotFound
	case m.person(whom).done[name] != done:
		m.person(whom).done[name] = done
		m.add("", chat.Draft{Type: chat.UpdateAssessments, Recipients: []chat.PID{whom}}, w.clock.t)
	}
	err := w.h.SetAssessment(context.Background(), "token:1", ts, whom, name, done)
	if code(err) != want || (err == nil) != (want == "") {
		t.Fatalf("assessment %s of %s in %s: %v, want %q", name, whom, ts, err, want)
	}
}

func (w *world) announce(t *rapid.T) {
	w.tick(t)
	ts := anyOf(t, "session", sessions...)
	if w.logs[ts].session() == nil {
		return
	}
	w.n++
	d := chat.Draft{Type: chat.Notice, Body: chat.Text(fmt.Sprintf("<%d> has joined the session", w.n))}
	if err := w.h.Announce(context.Background(), ts, d); err != nil {
		t.Fatal(err)
	}
	w.logs[ts].add("", d, w.clock.t)
}

// changeRoster changes some rows, takes a therapy session away, or brings it
// back.
func (w *world) changeRoster(t *rapid.T) {
	w.tick(t)
	old := w.roster
	w.roster = &chat.Roster{People: maps.Clone(old.People), Sessions: maps.Clone(old.Sessions)}
	switch p := anyOf(t, "who", everyone...); below(t, "what", 4) {
	case 0:
		if u := w.roster.People[p]; u != nil && p != "T1" {
			withdrawn := *u
			withdrawn.Withdrawn = !u.Withdrawn
			w.roster.People[p] = &withdrawn
		}
	case 1:
		ts := anyOf(t, "session", sessions...)
		if delete(w.roster.Sessions, ts); old.Sessions[ts] == nil {
			w.roster.Sessions[ts] = w.drawSession(t, ts)
		}
	default:
		ts := anyOf(t, "session", sessions...)
		w.roster.Sessions[ts] = w.drawSession(t, ts)
	}
	for ts, m := range w.logs {
		m.roster = w.roster
		s, was := m.session(), old.Sessions[ts]
		if s == nil || len(m.log) == 0 || m.ended() {
			continue
		}
		changed := !reflect.DeepEqual(s, was)
		for _, p := range slices.Concat(s.Therapists, s.Participants) {
			before, after := old.People[p], w.roster.People[p]
			changed = changed || before != nil && after != nil && before.Withdrawn != after.Withdrawn
		}
		if changed {
			m.add("", chat.Draft{Type: chat.UpdateChatDetails}, w.clock.t)
		}
		if was != nil && !slices.Equal(s.Assessments, was.Assessments) {
			m.add("", chat.Draft{Type: chat.UpdateAssessments}, w.clock.t)
		}
	}
	w.putRoster(t)
}

func (w *world) putRoster(t *rapid.T) {
	err := w.h.ApplyRoster(context.Background(), "test", "import", func(*chat.Roster) (*chat.Roster, error) { return w.roster, nil })
	if err != nil {
		t.Fatal(err)
	}
}
