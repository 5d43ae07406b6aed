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

const crashConfig = `listen: "127.0.0.1:0"
auth:
  otp: { resend_after: 0s, max_sends: 1000000 }
  session: { idle: 12h }
  limits: { sends_per_day: 1000000, wrong_codes_per_day: 4, logins_per_address_per_hour: 1000000, sends_per_hour: 1000000 }
sms: { provider: file, file: sms.jsonl }
chat: { rate: { per_second: 1000000, burst: 1000000 } }
`

// wrongCodes is how many of one person's are too many.
const wrongCodes = 4

// locked is who tries them.
const locked chat.PID = "L1"

// guests are two people for each round that there may be.
const guests = 2000

func guest(i int) chat.PID { return chat.PID(fmt.Sprint("G", i)) }

func crashRoster() string {
	var b strings.Builder
	b.WriteString("participants:\n")
	person := func(i int, id, name, role string) {
		fmt.Fprintf(&b, "  - {id: %s, name: %s, last_name: Denver, phone: \"+1650555%04d\", role: %s}\n", id, name, 100+i, role)
	}
	person(0, "T1", "Dr. Howell", "therapist")
	for i, name := range []string{"Gilligan", "Skipper", "Mary Ann"} {
		person(1+i, fmt.Sprint("P", 1+i), name, "participant")
	}
	person(9, string(locked), "Lovey", "participant")
	for i := range guests {
		person(10+i, string(guest(i)), fmt.Sprint("Guest ", i), "participant")
	}
	b.WriteString("therapy_sessions:\n  - {id: TS1, name: Evening group, therapists: [T1], participants: [P1, P2, P3], private_messages: anyone}\n")
	return b.String()
}

func crashPhone(id chat.PID) chat.Phone {
	n := map[chat.PID]int{"T1": 0, "P1": 1, "P2": 2, "P3": 3, locked: 9}[id]
	if id[0] == 'G' {
		i, _ := strconv.Atoi(string(id[1:]))
		n = 10 + i
	}
	return chat.Phone(fmt.Sprintf("+1650555%04d", 100+n))
}

func crashRounds(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("HEARTH_TEST_CRASH_ROUNDS")); err == nil {
		return min(n, guests/2)
	}
	if testing.Short() {
		return 5
	}
	return 50
}

// TestKilledServerKeepsItsPromise kills a serving program again and again
// while people talk and log in. Nothing answered is lost, doubled or out of
// order; spent codes stay spent, locks locked, logins logged in.
func TestKilledServerKeepsItsPromise(t *testing.T) {
	rounds := crashRounds(t)
	p := newProgram(t, crashConfig, crashRoster())
	p.mustStart()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(rounds)*10*time.Second)
	defer cancel()

	var devices []*device
	for i, by := range []chat.PID{"T1", "P1", "P2", "P3", "P1", "T1"} {
		d := p.device(ctx, by)
		d.pace = pace{poll: 20 * time.Millisecond, retry: 10 * time.Millisecond}
		d.use([]transport{socket, socket, wait, poll, older, older}[i])
		devices = append(devices, d)
	}
	logins := newLogins(p)

	talking, quiet := context.WithCancel(ctx)
	var all sync.WaitGroup
	for i, d := range devices {
		all.Go(func() { talk(talking, d, i) })
	}
	for round := range rounds {
		around, end := context.WithCancel(ctx)
		var trial sync.WaitGroup
		trial.Go(func() { logins.try(around, round) })
		pause(ctx, time.Duration(rand.IntN(300))*time.Millisecond)
		p.kill()
		end()
		trial.Wait()
		if round%5 == 4 { // on the way up, too
			p.start()
			pause(ctx, time.Duration(rand.IntN(100))*time.Millisecond)
			p.kill()
		}
		p.mustStart()
		logins.check(ctx)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	quiet()
	all.Wait()

	log := p.finish(ctx, devices)
	p.mustRun("check") // by the running server
	p.stop()
	p.mustRun("check")
	if out := p.log.String(); strings.Contains(out, "DATA RACE") || strings.Contains(out, "panic") {
		t.Error("the program has raced or panicked")
	}

	session := &chat.TherapySession{ID: ts, Therapists: []chat.PID{"T1"}, Participants: []chat.PID{"P1", "P2", "P3"}}
	j := newJudge(session, map[chat.PID]string{"T1": "Dr. Howell", "P1": "Gilligan", "P2": "Skipper", "P3": "Mary Ann"}, log)
	var sent []*sent
	pages := 0
	for _, d := range devices {
		sent = append(sent, d.sent...)
		pages += len(d.pages)
	}
	j.learn(sent)
	j.answers(sent)
	for _, d := range devices {
		j.pages(d, 1)
		j.secrets(d, 1)
		if d.wrong != nil {
			t.Error(d.wrong)
		}
	}
	if err := j.err(); err != nil {
		t.Error(err)
	}
	t.Logf("%d rounds, %d actions, %d asked for, %d pages read", rounds, len(log), len(sent), pages)
}

// device is somebody's, logged in.
func (p *program) device(ctx context.Context, by chat.PID) *device {
	p.t.Helper()
	d, err := newDevice("http://127.0.0.1:1", p.dial, by, ts, &p.secrets)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(d.shut)
	if _, _, err := p.login(ctx, d.Client, by); err != nil {
		p.t.Fatalf("%s logs in: %v", by, err)
	}
	return d
}

// login logs in, and returns what with.
func (p *program) login(ctx context.Context, c *client.Client, by chat.PID) (challenge, code string, err error) {
	challenge, code, err = p.challenge(ctx, c, by)
	if err == nil {
		_, err = c.Verify(ctx, challenge, code)
	}
	return challenge, code, err
}

// challenge asks for a code and waits for it.
func (p *program) challenge(ctx context.Context, c *client.Client, by chat.PID) (challenge, code string, err error) {
	phone := crashPhone(by)
	before, err := p.codes(phone)
	if err != nil {
		return "", "", err
	}
	ch, err := c.StartLogin(ctx, string(phone), "Denver")
	if err != nil {
		return "", "", err
	}
	code, err = p.code(ctx, phone, len(before))
	return ch.ID, code, err
}

// talk has a device say things until ctx ends.
func talk(ctx context.Context, d *device, number int) {
	others := []chat.PID{"T1", "P1", "P2", "P3"}
	for n := number; ctx.Err() == nil; n += 10 {
		draft, text := blank(n, d.by)
		draft.Type, draft.Body = chat.Message, text
		message := func(own bool) chat.ActionID {
			ids := d.seen(func(a *client.Action) bool { return a.Type == "message" && (!own || a.User == d.by) })
			if len(ids) == 0 {
				return 0
			}
			return ids[max(0, len(ids)-1-rand.IntN(20))]
		}
		switch rand.IntN(10) {
		case 0, 1:
			draft.Recipients = []chat.PID{others[rand.IntN(len(others))]}
		case 2:
			draft.Target = message(false)
		case 3:
			draft.Type, draft.Body, draft.Target, draft.Icon = chat.Reaction, "", message(false), chat.Heart
		case 4:
			draft.Type, draft.Body, draft.Target = chat.MessageRead, "", message(false)
		case 5:
			draft.Type, draft.Body, draft.Target = chat.Delete, "", message(true)
		case 6:
			if d.by == "T1" {
				draft.Type = chat.Whiteboard
			}
		}
		if draft.Body == "" && draft.Target == 0 {
			continue
		}
		d.say(ctx, draft)
		pause(ctx, time.Duration(rand.IntN(15))*time.Millisecond)
	}
}

// finish sends again what was not answered, has everybody read to the end,
// and returns the log.
func (p *program) finish(ctx context.Context, devices []*device) []client.Action {
	p.t.Helper()
	for _, d := range devices {
		for _, s := range d.sent {
			if s.open() {
				d.insist(ctx, s)
			}
			if s.open() {
				p.t.Fatalf("%s: %s %s is never answered", d.by, s.draft.Type, s.draft.ClientID)
			}
		}
	}
	staff := p.device(ctx, "T1")
	q := client.Query{TS: ts, Limit: 500}
	read := func() (log []client.Action) {
		for more := true; more; {
			page, err := staff.GetActions(ctx, q)
			if err != nil {
				p.t.Fatal(err)
			}
			log = append(log, page.Actions...)
			q.From, more = page.Position(), page.More
		}
		return log
	}
	log := read()
	for _, d := range devices {
		d.use(d.how)
		late, cancel := context.WithTimeout(ctx, time.Minute)
		if err := d.reads(late, q.From.ID); err != nil {
			p.t.Fatal(err)
		}
		cancel()
		d.stop()
	}
	return append(log, read()...)
}
