package scenario_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// refused is a conversation by an older client's page with a therapist, in
// which something is refused.
type refused struct {
	*stage
	ctx  context.Context
	page *olderPage
	dr   *apitest.Person

	outCode chat.Code // the refusal of whom was sent out
}

// TestRefusalsLeaveTheOlderClientAlive refuses things in the middle of a
// conversation. Afterwards the page's queue is empty, nothing was sent again
// that had an answer, and the conversation goes on, where it may.
func TestRefusalsLeaveTheOlderClientAlive(t *testing.T) {
	for _, row := range []struct {
		name   string
		ts     chat.TSID
		change func(*apitest.Options)
		way    way
		do     func(*refused)
		over   bool
	}{
		{name: "muted", do: (*refused).muted},
		{name: "muted, on a slow way", way: way{late: 100, delay: 5 * time.Second}, do: (*refused).muted},
		{name: "too long", do: (*refused).tooLong},
		{name: "done before", do: (*refused).doneBefore},
		{name: "too fast", change: func(o *apitest.Options) { o.Store.Rate = chat.Rate{PerSecond: 1, Burst: 5} }, do: (*refused).tooFast},
		{name: "revoked", do: (*refused).revoked},
		{name: "removed", do: (*refused).removed},
		{name: "outage", do: func(r *refused) { r.outage(false) }},
		{name: "outage after which it is there", do: func(r *refused) { r.outage(true) }},
		{name: "ended", do: (*refused).ended, over: true},
		{name: "ended and closed", ts: apitest.Closed, do: (*refused).ended, over: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRefused(t, row.ts, row.change)
				r.page.way = row.way
				r.page.start()
				r.exchange()
				row.do(r)
				if !row.over {
					r.exchange()
				}
				r.page.stop()
				r.judge()
			})
		})
	}
}

func newRefused(t *testing.T, in chat.TSID, change func(*apitest.Options)) *refused {
	if in == "" {
		in = ts
	}
	roster := apitest.Sample()
	g := &stage{plan: &plan{session: *roster.Sessions[in]}, t: t, roster: roster}
	g.server = apitest.New(t, func(o *apitest.Options) {
		o.Pipe, o.Roster = true, roster
		if change != nil {
			change(o)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	t.Cleanup(cancel)
	return &refused{stage: g, ctx: ctx, dr: g.server.Enter("T1", in), page: g.olderPage(ctx, "P1")}
}

func (r *refused) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// say is what the page's owner does; it returns the text.
func (r *refused) say(to ...chat.PID) string {
	body := fmt.Sprintf("text-%d-P1;", r.next())
	r.page.do(typed{typ: "message", body: body, to: to})
	return body
}

// sent waits until the page's queue is empty.
func (r *refused) sent() {
	r.t.Helper()
	r.must(r.page.idle(r.ctx))
}

// told waits for a notice that is only for the page's owner.
func (r *refused) told(what string) {
	r.t.Helper()
	r.must(r.page.wait(r.ctx, "being told "+what, func() bool {
		return slices.ContainsFunc(r.page.notices, func(s string) bool { return strings.Contains(s, what) })
	}))
}

// count is how often something was said, as the log has it.
func (r *refused) count(body string) (n int) {
	for _, a := range r.log() {
		if a.Body == body {
			n++
		}
	}
	return n
}

func (r *refused) log() []client.Action {
	r.t.Helper()
	p, err := r.dr.GetActions(r.ctx, client.Query{TS: r.session.ID})
	r.must(err)
	return p.Actions
}

// there fails unless each of these was said so many times.
func (r *refused) there(n int, bodies ...string) {
	r.t.Helper()
	for _, b := range bodies {
		if got := r.count(b); got != n {
			r.t.Errorf("%s is in the log %d times", b, got)
		}
	}
}

// exchange says something in both directions.
func (r *refused) exchange() {
	r.t.Helper()
	r.must(r.page.wait(r.ctx, "the chat", func() bool { return r.page.open && r.page.read > 0 }))
	body := r.say()
	r.sent()
	r.there(1, body)
	id := r.dr.Save(chat.Draft{Type: chat.Message, Body: "yes", ClientID: fmt.Sprint("c", r.next())})
	r.must(r.page.reads(r.ctx, id))
}

func (r *refused) moderate(ch chat.Change) {
	r.t.Helper()
	_, err := r.dr.Moderate(r.ctx, r.session.ID, "P1", ch)
	r.must(err)
}

func (r *refused) muted() {
	r.moderate(chat.Mute)
	first, second, help := r.say(), r.say(), r.say("T1")
	r.sent()
	r.told("you are muted")
	r.there(0, first, second)
	r.there(1, help)
	r.moderate(chat.Unmute)
	r.there(0, first, second)
}

func (r *refused) tooLong() {
	before := r.say()
	long := strings.Repeat("x", 10001)
	r.page.do(typed{typ: "message", body: long})
	after := r.say()
	r.sent()
	r.told("longer than 10000 characters")
	r.there(1, before, after)
	r.there(0, long)
}

// doneBefore does what is there already, so that there is no news.
func (r *refused) doneBefore() {
	target := r.page.pick(func(e *olderEntry) bool { return e.User == "T1" })
	for range 3 {
		r.page.do(typed{typ: "reaction", icon: "heart", target: target})
		r.sent()
	}
	n := 0
	for _, a := range r.log() {
		if a.Type == "reaction" {
			n++
		}
	}
	if n != 1 {
		r.t.Errorf("%d reactions", n)
	}
}

func (r *refused) tooFast() {
	var all []string
	for range 12 {
		all = append(all, r.say())
	}
	r.must(r.page.idle(r.ctx))
	var got []string
	for _, a := range r.log() {
		if slices.Contains(all, a.Body) {
			got = append(got, a.Body)
		}
	}
	if !slices.Equal(got, all) {
		r.t.Errorf("%q became %q", all, got)
	}
	r.some(chat.TooFast, 2)
}

// some wants at least n calls to have been refused for this reason.
func (r *refused) some(code chat.Code, n int) {
	r.t.Helper()
	r.must(r.page.wait(r.ctx, string(code), func() bool {
		have := 0
		for _, c := range r.page.calls {
			if refusal(c.err) == code {
				have++
			}
		}
		return have >= n
	}))
}

// revoked sends the page's owner back to the waiting room, and takes them in
// again.
func (r *refused) revoked() {
	r.out(chat.Revoke, chat.NotAdmitted, func() {
		r.must(r.page.wait(r.ctx, "the waiting room", func() bool { return !r.page.open }))
		n := r.polls()
		pause(r.ctx, 20*time.Second)
		if more := r.polls() - n; more > 1 { // one may have been under way
			r.t.Errorf("%d polls from the waiting room", more)
		}
	})
}

// removed sends the page's owner out of the therapy session, and takes them in
// again. It is not in the page's list any more, so the page stays as it was.
func (r *refused) removed() {
	r.out(chat.Remove, chat.NotAllowed, func() { pause(r.ctx, 20*time.Second) })
}

// out sends the page's owner out and takes them in again after a while.
func (r *refused) out(ch chat.Change, code chat.Code, while func()) {
	// Right after the page has looked at its list: so it polls, and is refused,
	// before it looks again and asks no more.
	var looks int
	r.must(r.page.wait(r.ctx, "a look", func() bool {
		if looks == 0 {
			looks = r.page.looks
		}
		return r.page.looks > looks
	}))
	r.moderate(ch)
	body, secret := r.say(), fmt.Sprintf("text-%d-T1;", r.next())
	r.dr.Save(chat.Draft{Type: chat.Message, Body: chat.Text(secret), ClientID: secret})
	r.some(code, 1)
	while()
	r.there(0, body)
	if slices.Contains(r.page.line.find(text), secret) {
		r.t.Error("who is out has received what was said meanwhile")
	}
	r.moderate(chat.Admit)
	r.sent()
	r.there(1, body)
	r.outCode = code
}

// polls is how many have come to an end.
func (r *refused) polls() int {
	r.page.mu.Lock()
	defer r.page.mu.Unlock()
	return len(r.page.calls)
}

func (r *refused) outage(stored bool) {
	r.server.Disk.Break(stored)
	first, second := r.say(), r.say()
	r.some(chat.StorageUnavailable, 3)
	r.server.Disk.Mend()
	r.must(r.page.idle(r.ctx))
	r.there(1, first, second)
}

// ended ends the therapy session just before something is sent.
func (r *refused) ended() {
	r.dr.Save(chat.Draft{Type: chat.EndChatSession, ClientID: "end"})
	body := r.say()
	r.sent()
	r.told("has ended")
	r.must(r.page.wait(r.ctx, "the end", func() bool { return r.page.ended }))
	n := r.polls()
	pause(r.ctx, 20*time.Second)
	if more := r.polls() - n; more > 1 {
		r.t.Errorf("%d polls after the end", more)
	}
	r.there(0, body)
	r.page.reload() // and finds the way to what comes afterwards
	r.must(r.page.wait(r.ctx, "the end", func() bool { return r.page.ended }))
	if n := len(r.page.screen); r.session.AfterEnd == chat.AfterEndClosed && n != 1 {
		r.t.Errorf("%d entries of what is closed", n)
	}
}

// judge wants nothing to have been sent again but what had no answer, or one
// that says so.
func (r *refused) judge() {
	p := r.page
	r.must(p.wrong)
	if n := len(p.queue) + len(p.outbox); n > 0 {
		r.t.Errorf("%d are left in the queue", n)
	}
	answered := map[string]time.Time{}
	for _, c := range p.calls {
		if code := refusal(c.err); c.err != nil && (code == "" || code != chat.TooFast && code != chat.StorageUnavailable && code != r.outCode) {
			r.t.Errorf("a poll fails: %v", c.err)
		}
		for _, key := range c.carried {
			if at, ok := answered[key]; c.err == nil && !c.overtaken && (!ok || c.came.Before(at)) {
				answered[key] = c.came
			}
		}
	}
	for _, c := range p.calls {
		for _, key := range c.carried {
			if at, ok := answered[key]; ok && c.asked.After(at) {
				r.t.Errorf("%q was answered and is sent again: %v", key, c.err)
			} else if !ok {
				r.t.Errorf("%q was never answered", key)
			}
		}
	}
}
