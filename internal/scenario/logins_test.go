package scenario_test

import (
	"context"
	"sync"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// logins are those of a program that is killed now and then.
type logins struct {
	*program

	mu    sync.Mutex
	in    []string         // tokens that were answered, and not logged out
	out   []string         // tokens whose logout was answered
	spent []spent          // challenges that were answered, right or wrong
	tried map[chat.PID]int // wrong codes that were answered
}

// spent is a challenge and the right code for it.
type spent struct{ challenge, code, why string }

func newLogins(p *program) *logins { return &logins{program: p, tried: map[chat.PID]int{}} }

// try logs in and out, and tries wrong codes, until ctx ends.
func (l *logins) try(ctx context.Context, round int) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { // logs in, and out again at times
		for n := 0; ctx.Err() == nil; n++ {
			c := l.client()
			// Somebody new each time: a crash between the count of a try and
			// the login leaves it counted as a wrong one.
			challenge, code, err := l.login(ctx, c, guest(2*round))
			if err != nil {
				pause(ctx, 5*time.Millisecond)
				continue
			}
			l.mu.Lock()
			l.in = append(l.in, c.Token())
			l.spent = append(l.spent, spent{challenge, code, "used"})
			l.mu.Unlock()
			if n%2 == 1 {
				continue
			}
			l.mu.Lock()
			l.in = l.in[:len(l.in)-1] // unknown, until it is answered
			l.mu.Unlock()
			if c.Logout(ctx) == nil {
				l.mu.Lock()
				l.out = append(l.out, c.Token())
				l.mu.Unlock()
			}
		}
	})
	all.Go(func() { // tries one wrong code
		l.wrong(ctx, guest(2*round+1))
	})
	if round%2 == 0 {
		all.Go(func() { l.wrong(ctx, locked) })
	}
}

// wrong tries a wrong code.
func (l *logins) wrong(ctx context.Context, by chat.PID) {
	c := l.client()
	challenge, code, err := l.challenge(ctx, c, by)
	if err != nil {
		return
	}
	not := "000000"
	if code == not {
		not = "000001"
	}
	_, err = c.Verify(ctx, challenge, not)
	if err == nil {
		l.t.Error("a wrong code is right")
	}
	if refusal(err) == chat.InvalidCode {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.tried[by]++
		if by != locked { // whose codes are refused for another reason later on
			l.spent = append(l.spent, spent{challenge, code, "tried wrongly"})
		}
	}
}

// client is one without a login.
func (l *logins) client() *client.Client {
	c, err := client.New(client.Options{URL: "http://127.0.0.1:1", Dial: l.dial, Answered: l.secrets.Answered})
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// check holds the program, killed and started again, against what it
// answered.
func (l *logins) check(ctx context.Context) {
	l.t.Helper()
	c := l.client()
	defer c.Close()
	for _, token := range latest(l.in) {
		c.SetToken(token)
		if _, err := c.Me(ctx); err != nil {
			l.t.Errorf("a login is gone: %v", err)
		}
	}
	for _, token := range latest(l.out) {
		c.SetToken(token)
		if _, err := c.Me(ctx); refusal(err) != chat.NotAuthenticated {
			l.t.Errorf("a login that was ended: %v", err)
		}
	}
	c.SetToken("")
	for _, s := range latest(l.spent) {
		if _, err := c.Verify(ctx, s.challenge, s.code); refusal(err) != chat.InvalidCode {
			l.t.Errorf("a code that was %s: %v", s.why, err)
		}
	}
	// A try that was not answered may have been counted, too.
	_, err := c.StartLogin(ctx, string(crashPhone(locked)), "Denver")
	if is := refusal(err) == chat.TooManyTries; !is && (err != nil || l.tried[locked] >= wrongCodes) {
		l.t.Errorf("after %d wrong codes: %v", l.tried[locked], err)
	}
}

// latest are the last few, which the last crash may have hurt, and some of
// the others.
func latest[T any](all []T) (some []T) {
	for i, v := range all {
		if i >= len(all)-5 || i%17 == 0 {
			some = append(some, v)
		}
	}
	return some
}
