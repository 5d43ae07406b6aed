package scenario_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// bridgeScale is how many times faster than people's the pages of
// TestOlderPagesLoseNothing are.
const bridgeScale = 100

const bridgeRoster = `participants:
  - {id: T1, name: Dr. Howell, last_name: Denver, phone: "+16505550100", role: therapist}
  - {id: P1, name: Gilligan, last_name: Denver, phone: "+16505550101", role: participant}
  - {id: P2, name: Skipper, last_name: Denver, phone: "+16505550102", role: participant}
  - {id: P3, name: Mary Ann, last_name: Denver, phone: "+16505550103", role: participant}
therapy_sessions:
  - {id: TS1, name: Evening group, therapists: [T1], participants: [P1, P2, P3], private_messages: anyone}
`

func bridgeRounds() int {
	if n, err := strconv.Atoi(os.Getenv("HEARTH_TEST_CRASH_ROUNDS")); err == nil {
		return n
	}
	if testing.Short() {
		return 3
	}
	return 20
}

// TestOlderPagesLoseNothing has people talk by the older client's pages, over
// a way on which calls and answers are lost and overtake each other, with a
// server that is killed in the middle of each round.
func TestOlderPagesLoseNothing(t *testing.T) {
	rounds := bridgeRounds()
	p := newProgram(t, crashConfig, bridgeRoster)
	p.mustStart()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(rounds)*10*time.Second)
	defer cancel()
	staff := p.device(ctx, "T1")
	log := func() []client.Action {
		t.Helper()
		all, err := whole(func(q client.Query) (client.Page, error) { return staff.GetActions(ctx, q) })
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var pages []*olderPage
	for _, by := range []chat.PID{"T1", "P1", "P2", "P3", "P1"} {
		pages = append(pages, p.olderPage(ctx, by))
	}
	session := &chat.TherapySession{ID: ts, Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P1", "P2", "P3"}}
	names := map[chat.PID]string{"T1": "Dr. Howell", "P1": "Gilligan", "P2": "Skipper", "P3": "Mary Ann"}
	var serial sync.Mutex
	n := 0
	next := func() int {
		serial.Lock()
		defer serial.Unlock()
		n++
		return n
	}
	poll := pages[0].every.poll
	for round := range rounds {
		var typing sync.WaitGroup
		for _, o := range pages {
			o.start()
			typing.Go(func() {
				if rand.IntN(4) == 0 {
					defer o.reload()
				}
				for range 3 + rand.IntN(4) {
					o.chatter(next)
					pause(ctx, rand.N(4*poll))
				}
			})
		}
		pause(ctx, rand.N(6*poll))
		p.kill()
		pause(ctx, rand.N(3*poll))
		p.mustStart()
		typing.Wait()
		settle(ctx, t, pages, log)
		j := newJudge(session, names, log())
		j.findTexts()
		j.typedOnce(pages)
		j.once()
		j.older(pages)
		for _, o := range pages {
			j.olderSecrets(o)
		}
		p.mustRun("check")
		if err := j.err(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	p.stop()
	p.mustRun("check")
	if out := p.log.String(); strings.Contains(out, "DATA RACE") || strings.Contains(out, "panic") {
		t.Error("the program has raced or panicked")
	}
	calls, failed, overtaken, messages := 0, 0, 0, 0
	for _, o := range pages {
		for _, c := range o.calls {
			calls++
			if c.err != nil {
				failed++
			}
			if c.overtaken {
				overtaken++
			}
			if code := refusal(c.err); code != "" && code != chat.StorageUnavailable {
				t.Errorf("%s's page was refused: %v", o.by, c.err)
			}
		}
		messages += len(o.typed)
	}
	t.Logf("%d rounds, %d things done, %d polls, %d without an answer, %d overtaken", rounds, messages, calls, failed, overtaken)
}

// settle waits until all pages have sent what they have, and read what there
// is, and stops them.
func settle(ctx context.Context, t *testing.T, pages []*olderPage, log func() []client.Action) {
	t.Helper()
	late, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, o := range pages {
		if err := o.idle(late); err != nil {
			t.Fatal(err)
		}
	}
	head := chat.ActionID(len(log()))
	for _, o := range pages {
		if err := o.reads(late, head); err != nil {
			t.Fatal(err)
		}
		o.stop()
	}
}

// olderPage is somebody's page, logged in, whose way is bad.
func (p *program) olderPage(ctx context.Context, by chat.PID) *olderPage {
	p.t.Helper()
	o, err := newOlderPage("http://127.0.0.1:1", p.dial, by, ts, &p.secrets)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(o.shut)
	phone := crashPhone(by)
	before, err := p.codes(phone)
	if err != nil {
		p.t.Fatal(err)
	}
	err = o.login(ctx, string(phone), "Denver", func(ctx context.Context) (string, error) { return p.code(ctx, phone, len(before)) })
	if err != nil {
		p.t.Fatalf("%s logs in: %v", by, err)
	}
	o.every = olderPace{olderUsual.poll / bridgeScale, olderUsual.sessions / bridgeScale}
	o.way = way{unsent: 10, lost: 15, late: 25, delay: 4 * o.every.poll}
	return o
}

// chatter does one thing that is never refused: messages with an odd number
// are there to be deleted, the others to be answered.
func (p *olderPage) chatter(next func() int) {
	n := next()
	said := func(odd bool, own bool) chat.ActionID {
		return p.pick(func(e *olderEntry) bool {
			var m int
			fmt.Sscanf(e.Body, "text-%d-", &m)
			return m%2 == 1 == odd && (!own || e.User == string(p.by))
		})
	}
	d := typed{typ: "message", body: fmt.Sprintf("text-%d-%s; it's <b>&\"x\"", n, p.by)}
	others := []chat.PID{"T1", "P1", "P2", "P3"}
	switch rand.IntN(10) {
	case 0, 1, 2:
		if to := others[rand.IntN(len(others))]; to != p.by {
			d.to = []chat.PID{to}
		}
	case 3:
		d.target = said(false, false)
	case 4, 5:
		if id := said(false, false); id != 0 {
			d = typed{typ: "reaction", target: id, icon: []string{"heart", "smile", "sad", "angry"}[rand.IntN(4)]}
		}
	case 6:
		if id := said(true, !p.admin); id != 0 {
			d = typed{typ: "delete", target: id}
		}
	}
	p.do(d)
}
