package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

// A child process (this test program again) serves savers, moderators and
// others at once, and says on its standard output what was answered. It is
// killed at some moment; then all that was said must be so.

const (
	crashFile    = "HEARTH_TEST_CRASH_FILE"   // makes this program the child
	crashRound   = "HEARTH_TEST_CRASH_ROUND"  // of the child: part of its client ids
	crashRounds  = "HEARTH_TEST_CRASH_ROUNDS" // how many, if not defaultRounds
	roundsAFile  = 5
	crashSavers  = 8
	crashSubject = chat.PID("P4") // who is moderated
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		crashChild(path, os.Getenv(crashRound))
		return
	}
	os.Exit(m.Run())
}

func crashRoster() *chat.Roster {
	r := sample()
	r.People[crashSubject] = &chat.User{ID: crashSubject, Name: "Name of P4", Role: chat.Participant}
	for _, s := range r.Sessions {
		s.Therapists, s.Participants = []chat.PID{"T1"}, []chat.PID{"P1", "P2", "P3", crashSubject}
		s.WaitingRoom, s.Assessments = false, nil
	}
	return r
}

func openForCrash(path string) (*store.Store, error) {
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return nil, err
	}
	return store.Open(context.Background(), store.Options{
		Driver: db, AuditKey: auditKey, Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9},
	})
}

// crashDraft is the i-th of saver g in a round, always the same.
func crashDraft(round string, g, i int) (chat.PID, chat.TSID, chat.Draft) {
	d := message(fmt.Sprintf("%s-%d-%d", round, g, i))
	d.ClientID = string(d.Body)
	if i%3 == 0 {
		d.Research = chat.Research{History: []string{"t", "ty", "typed"}, TimeToComplete: "671ms"}
	}
	if i%4 == 0 {
		d.Recipients = []chat.PID{"T1"}
	}
	return []chat.PID{"P1", "P2", "P3"}[g%3], []chat.TSID{"TS1", "TS2"}[g%2], d
}

// crashChanges are what the moderator does, over and over.
var crashChanges = [...]chat.Change{chat.Mute, chat.Admit, chat.Unmute, chat.Revoke}

func crashChild(path, round string) {
	ctx := context.Background()
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	say := func(format string, args ...any) { os.Stdout.WriteString(fmt.Sprintf(format+"\n", args...)) }
	s, err := openForCrash(path)
	if err != nil {
		fail(err)
	}
	say("open")
	if err := s.ApplyRoster(ctx, "test", "import", func(*chat.Roster) (*chat.Roster, error) { return crashRoster(), nil }); err != nil {
		fail(err)
	}
	for ts := range crashRoster().Sessions {
		for _, p := range []chat.PID{"T1", "P1", "P2", "P3"} {
			if _, err := s.Enter(ctx, p, ts); err != nil {
				fail(err)
			}
			say("entered %s %s", ts, p)
		}
	}
	var wg sync.WaitGroup
	for g := range crashSavers {
		wg.Go(func() {
			for i := 0; ; i++ {
				by, ts, d := crashDraft(round, g, i)
				saved, err := s.Append(ctx, by, ts, []chat.Draft{d})
				if err != nil {
					fail(err)
				}
				if err := saved.Results[0].Err; err != nil {
					fail(err)
				}
				say("saved %d %d %d", g, i, saved.Results[0].Action.ID)
			}
		})
	}
	wg.Go(func() {
		for i := 0; ; i++ {
			if _, err := s.Moderate(ctx, "T1", "TS1", crashSubject, crashChanges[i%len(crashChanges)]); err != nil {
				fail(err)
			}
			say("moderated %d", i)
		}
	})
	wg.Go(func() {
		for i := 0; ; i++ {
			err := s.Update(ctx, func(tx *store.Tx) error {
				tx.Put(store.TableCounter, []byte(round), []byte(strconv.Itoa(i)))
				tx.Audit(store.AuditEntry{Event: "counted", Subject: round, Count: i + 1})
				return nil
			})
			if err != nil {
				fail(err)
			}
			say("counted %d", i)
		}
	})
	wg.Wait()
}

// told is what a child said before it was killed.
type told struct {
	open      bool
	entered   map[string]bool // "TS1 P1"
	saved     [crashSavers][]chat.ActionID
	moderated int // how many
	counted   int
}

// crash runs a child until it has said some lines, and kills it some moment
// later.
func crash(t *testing.T, path, round string, lines int, later time.Duration) told {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashFile+"="+path, crashRound+"="+round)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Not a wait for anything: the moment is to be a random one.
	kill := func() { time.AfterFunc(later, func() { cmd.Process.Kill() }) }
	r := told{entered: map[string]bool{}}
	n := 0
	if lines == 0 {
		kill()
	}
	for lineReader := bufio.NewReader(out); ; {
		line, err := lineReader.ReadString('\n')
		if err != nil {
			break // what was cut off was not said
		}
		if n++; n == lines {
			kill()
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "open":
			r.open = true
		case "entered":
			r.entered[rest] = true
		case "saved":
			var g, i int
			var id chat.ActionID
			if _, err := fmt.Sscan(rest, &g, &i, &id); err != nil || i != len(r.saved[g]) {
				t.Fatalf("the child said %q", line)
			}
			r.saved[g] = append(r.saved[g], id)
		case "moderated":
			r.moderated++
		case "counted":
			r.counted++
		}
	}
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("child: %s", stderr.String())
	}
	return r
}

func TestKilledAtAnyMomentEverythingAnsweredIsThereOnce(t *testing.T) {
	rounds := 50
	if n, err := strconv.Atoi(os.Getenv(crashRounds)); err == nil {
		rounds = n
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	// A kill loses nothing that the kernel has, so a directory in memory is as
	// good as a disk, but kills at other moments.
	dirs := []string{memoryDir(t), t.TempDir()}
	answered := 0
	for first := 0; first < rounds; first += roundsAFile {
		path := filepath.Join(dirs[first/roundsAFile%2], fmt.Sprintf("%d.db", first))
		was := crashState{ids: map[string]crashID{}}
		for i := first; i < min(first+roundsAFile, rounds); i++ {
			round := fmt.Sprint("r", i)
			lines := rnd.IntN(90)
			if rnd.IntN(5) == 0 {
				lines = rnd.IntN(3) // while it opens and enters
			}
			r := crash(t, path, round, lines, time.Duration(rnd.IntN(3000))*time.Microsecond)
			answered += afterCrash(t, path, round, r, &was)
			if t.Failed() {
				return
			}
		}
		os.Remove(path)
	}
	t.Logf("%d answered actions", answered)
}

// crashState is what one file must hold after all rounds so far.
type crashState struct {
	ids     map[string]crashID // by client id
	muted   bool
	verdict chat.Verdict
	changes int // audit entries of moderation
}

type crashID struct {
	ts chat.TSID
	id chat.ActionID
}

// afterCrash opens the file again and looks for all that r tells of.
func afterCrash(t *testing.T, path, round string, r told, was *crashState) (answered int) {
	t.Helper()
	s, err := openForCrash(path)
	if err != nil {
		t.Fatalf("%s: %v", round, err)
	}
	defer s.Close()
	report, err := s.Check(t.Context())
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%s: check: %v, %q", round, err, report.Problems)
	}
	if len(r.entered) == 0 && s.Roster().Sessions["TS1"] == nil {
		if len(was.ids) > 0 {
			t.Fatalf("%s: the roster is gone", round)
		}
		return 0 // killed before the first roster was there
	}
	for who := range r.entered {
		ts, p, _ := strings.Cut(who, " ")
		if l, err := s.Look(t.Context(), chat.PID(p), chat.TSID(ts)); err != nil || !l.Standing.In {
			t.Errorf("%s: %s was let into %s, but is %+v, %v", round, p, ts, l.Standing, err)
		}
	}
	afterModeration(t, s, round, r, was)
	afterCounting(t, s, round, r)
	if len(r.entered) < 8 { // nobody saved
		return 0
	}
	for g := range crashSavers {
		// One may be there that was not answered; the one after that isn't.
		by, ts, _ := crashDraft(round, g, 0)
		var drafts []chat.Draft
		for i := range len(r.saved[g]) + 2 {
			_, _, d := crashDraft(round, g, i)
			drafts = append(drafts, d)
		}
		saved, err := s.Append(t.Context(), by, ts, drafts)
		if err != nil {
			t.Fatalf("%s: %v", round, err)
		}
		for i, res := range saved.Results {
			if res.Err != nil || i < len(r.saved[g]) && res.Action.ID != r.saved[g][i] {
				t.Errorf("%s: %s was answered with %v, and again with %+v", round, drafts[i].ClientID, r.saved[g], res)
			}
			was.ids[drafts[i].ClientID] = crashID{ts, res.Action.ID}
		}
		answered += len(r.saved[g])
	}
	found := map[string]crashID{}
	for _, ts := range []chat.TSID{"TS1", "TS2"} {
		p, err := s.Read(t.Context(), "T1", ts, chat.Position{}, 0)
		if err != nil {
			t.Fatalf("%s: %v", round, err)
		}
		for i, a := range p.Actions {
			if a.ID != chat.ActionID(i+1) {
				t.Fatalf("%s: %s has %d in place %d", round, ts, a.ID, i+1)
			}
			if a.Type != chat.Message {
				continue // that somebody was muted
			}
			if _, twice := found[string(a.Body)]; twice {
				t.Errorf("%s: %s is there twice", round, string(a.Body))
			}
			found[string(a.Body)] = crashID{ts, a.ID}
		}
	}
	for id, want := range was.ids {
		if found[id] != want {
			t.Errorf("%s: %s is %v, want %v", round, id, found[id], want)
		}
	}
	if len(found) != len(was.ids) {
		t.Errorf("%s: %d actions in the logs, %d asked for", round, len(found), len(was.ids))
	}
	if report, err := s.Check(t.Context()); err != nil || len(report.Problems) > 0 {
		t.Errorf("%s: check after the retries: %v, %q", round, err, report.Problems)
	}
	return answered
}

// afterModeration compares the standing and the audit log with what was
// answered, or that and one change more.
func afterModeration(t *testing.T, s *store.Store, round string, r told, was *crashState) {
	t.Helper()
	l, err := s.Look(t.Context(), crashSubject, "TS1")
	if err != nil {
		t.Fatalf("%s: %v", round, err)
	}
	changes := 0
	err = s.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		if e.Subject == string(crashSubject) && e.Session == "TS1" {
			changes++
		}
		return true
	})
	if err != nil {
		t.Fatalf("%s: %v", round, err)
	}
	is := crashState{muted: l.Standing.Muted, verdict: l.Standing.Verdict, changes: changes}
	state := *was
	for i := range r.moderated + 1 {
		if i == r.moderated && is.same(state) {
			break
		}
		before := state
		switch crashChanges[i%len(crashChanges)] {
		case chat.Mute:
			state.muted = true
		case chat.Unmute:
			state.muted = false
		case chat.Revoke:
			state.verdict = chat.Revoked
		case chat.Admit:
			state.verdict = chat.Admitted
		}
		if !state.same(before) {
			state.changes++
		}
	}
	if !is.same(state) {
		t.Errorf("%s: after %d changes the standing is %+v, want %+v", round, r.moderated, is, state)
	}
	was.muted, was.verdict, was.changes = is.muted, is.verdict, is.changes
}

func (s crashState) same(o crashState) bool {
	return s.muted == o.muted && s.verdict == o.verdict && s.changes == o.changes
}

// afterCounting compares a counter and its audit entries, each written with
// it, with what was answered, or one more.
func afterCounting(t *testing.T, s *store.Store, round string, r told) {
	t.Helper()
	raw, err := s.Get(t.Context(), store.TableCounter, []byte(round))
	if err != nil {
		t.Fatalf("%s: %v", round, err)
	}
	stored := 0
	if raw != nil {
		n, err := strconv.Atoi(string(raw))
		if err != nil {
			t.Fatalf("%s: %v", round, err)
		}
		stored = n + 1
	}
	if stored != r.counted && stored != r.counted+1 {
		t.Errorf("%s: counted to %d, but %d were answered", round, stored, r.counted)
	}
	next := 1
	err = s.AuditLog(t.Context(), 1, func(e store.AuditEntry) bool {
		if e.Event == "counted" && e.Subject == round {
			if e.Count != next {
				t.Errorf("%s: audit entry %d tells of %d", round, e.Seq, e.Count)
			}
			next++
		}
		return true
	})
	if err != nil || next-1 != stored {
		t.Errorf("%s: %d audit entries, %d counted, %v", round, next-1, stored, err)
	}
}
