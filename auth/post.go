package auth

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"hearth/auth/sms"
	"hearth/hub/chat"
	"hearth/store"
)

// delivery is a code on its way, after its call was answered. One for nobody
// goes the same way, but for the SMS.
type delivery struct {
	account account
	codeID  string
	code    string
	at      time.Time // when it was counted

	person chat.PID // empty: nobody
	to     chat.Phone
	typed  chat.Phone // what nobody typed
}

// post is who delivers.
type post struct {
	ctx      context.Context // ends what is being sent
	stop     context.CancelFunc
	closing  chan struct{}
	done     sync.WaitGroup // the goroutines
	underway sync.WaitGroup // the deliveries

	mu     sync.RWMutex
	closed bool
	// What is for nobody has a queue of its own: it must not stand in the
	// way of what is for somebody while the provider is slow.
	somebody, nobody chan *delivery

	// A delivery to nobody has the fate that one to somebody would have
	// had, as far as that can be known, and takes as long: else whoever
	// watches how fast other calls are answered could tell them apart.
	refusedAt atomic.Int64 // when the provider refused, if that was its last word, in milliseconds
	took      atomic.Int64 // how long it took to say it, in nanoseconds
}

const (
	senders     = 4 // and as many for nobody
	queueLength = 1024
	sendTimeout = 30 * time.Second // of one SMS, with all its tries
	// refusalHolds is how long a provider's refusal says what would
	// become of another SMS.
	refusalHolds = time.Hour
)

func (a *Auth) startPost() {
	p := &a.post
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.closing = make(chan struct{})
	p.somebody, p.nobody = make(chan *delivery, queueLength), make(chan *delivery, queueLength)
	for range senders {
		p.done.Go(func() {
			for d := range p.somebody {
				a.send(d)
			}
		})
		p.done.Go(func() {
			for d := range p.nobody {
				a.sendNobody(d)
			}
		})
	}
}

// stopPost waits for what is queued, for closeGrace; what is left then counts
// as refused.
func (a *Auth) stopPost() {
	p := &a.post
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
		close(p.somebody)
		close(p.nobody)
	}
	p.mu.Unlock()
	t := time.AfterFunc(closeGrace, p.stop)
	p.done.Wait()
	t.Stop()
	p.stop()
}

// deliver queues d. It does not block.
func (a *Auth) deliver(d *delivery) {
	p := &a.post
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return
	}
	queue := p.somebody
	if d.person == "" {
		queue = p.nobody
	}
	p.underway.Add(1)
	select {
	case queue <- d:
	default:
		p.underway.Done()
		if d.person != "" {
			a.sent.dropped.Add(1)
			a.log.Error("a code was not sent: too many SMS are waiting", "person", d.person, "waiting", len(queue))
		}
	}
}

func (a *Auth) send(d *delivery) {
	ctx, cancel := context.WithTimeout(a.post.ctx, sendTimeout)
	defer cancel()
	began := time.Now()
	err := a.opt.Sender.Send(ctx, d.to, a.smsText(d.code))
	a.post.took.Store(int64(time.Since(began)))
	refused := sms.Refused(err)
	switch {
	case err == nil:
		a.post.refusedAt.Store(0)
		a.sent.ok.Add(1)
	case refused:
		a.sent.refused.Add(1)
		a.post.refusedAt.Store(a.now().UnixMilli())
		a.log.Error("a code was not sent", "person", d.person, "phone", d.to, "error", err)
	default:
		a.sent.unknown.Add(1)
		a.log.Warn("it is not known whether a code was sent", "person", d.person, "phone", d.to, "error", err)
	}
	a.settle(d, refused, func(tx *store.Tx) error {
		if refused {
			return tx.Refuse(store.AuditEntry{Event: "sms", Subject: string(d.person), Reason: "provider_refused"})
		}
		details := lastDigits(d.to)
		if err != nil {
			details = append(details, store.Detail{Name: "arrived", Value: "unknown"})
		}
		tx.Audit(store.AuditEntry{Event: "code_sent", Subject: string(d.person), Details: details})
		return nil
	})
}

func (a *Auth) sendNobody(d *delivery) {
	select {
	case <-time.After(time.Duration(a.post.took.Load())):
	case <-a.post.closing:
	}
	ago := a.now().UnixMilli() - a.post.refusedAt.Load()
	a.settle(d, ago < refusalHolds.Milliseconds(), func(tx *store.Tx) error {
		return tx.Refuse(store.AuditEntry{Event: "login", Reason: "unknown_person", Details: lastDigits(d.typed)})
	})
}

// settle stores what became of d. What the provider refused does not count as
// sent, and is not waited for.
func (a *Auth) settle(d *delivery, refused bool, note func(*store.Tx) error) {
	defer a.post.underway.Done()
	err := a.store.Update(context.Background(), func(tx *store.Tx) error {
		if refused {
			if err := a.uncount(tx, d); err != nil {
				return err
			}
		}
		return note(tx)
	})
	if err != nil {
		a.log.Warn("what became of a code could not be stored", "person", d.person, "refused", refused, "error", err)
	}
}

func (a *Auth) uncount(tx *store.Tx, d *delivery) error {
	sends, err := a.counter(tx, a.opt.sends(), d.account.parts()...)
	if err != nil {
		return err
	}
	sends.takeBack(d.at)
	if err := sends.save(tx); err != nil {
		return err
	}
	if d.person != "" {
		server, err := a.counter(tx, a.opt.serverSends())
		if err != nil {
			return err
		}
		server.takeBack(d.at)
		if err := server.save(tx); err != nil {
			return err
		}
	}
	c, err := load[code](tx, store.TableChallenge, d.account.codeKey())
	if err != nil || c == nil || c.ID != d.codeID {
		return err
	}
	c.Unsent = true
	return save(tx, store.TableChallenge, d.account.codeKey(), c)
}

// smsText is the whole SMS. It holds no link: nobody should learn to follow
// one from an SMS.
func (a *Auth) smsText(code string) string {
	n, unit := int(a.opt.OTP.Lifetime/time.Minute), "minute"
	if a.opt.OTP.Lifetime%time.Minute != 0 {
		n, unit = int(a.opt.OTP.Lifetime/time.Second), "second"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%s is your code for %s. It is good for %d %s.", code, a.opt.Name, n, unit)
}

// lastDigits is all that the audit log may hold of a phone.
func lastDigits(p chat.Phone) []store.Detail {
	if len(p) < 4 {
		return nil
	}
	return []store.Detail{{Name: "phone", Value: "…" + string(p[len(p)-2:])}}
}

// alarm tells that the server has sent all the SMS it may, once an hour.
func (a *Auth) alarm(now time.Time) {
	a.mu.Lock()
	since := now.Sub(a.lastAlarm)
	due := since >= time.Hour || since < 0
	if due {
		a.lastAlarm = now
	}
	a.mu.Unlock()
	if due {
		a.log.Error("codes are not sent: sends_per_hour is used up; somebody may be abusing the login", "sends_per_hour", a.opt.Limits.SendsPerHour)
	}
}
