package auth

import (
	"net/netip"
	"slices"
	"time"

	"hearth/store"
)

// limit is at most n events in any window.
type limit struct {
	n      int
	window time.Duration
}

// quota is a kind of counter and what it may reach.
type quota struct {
	name   string
	limits []limit
}

const (
	day   = 24 * time.Hour
	month = 30 * day
)

func (o *Options) sends() quota {
	return quota{"sends", []limit{{o.OTP.MaxSends, o.OTP.Window}, {o.Limits.SendsPerDay, day}}}
}

func (o *Options) wrongCodes() quota {
	return quota{"wrong codes", []limit{{o.Limits.WrongCodesPerDay, day}, {o.Limits.WrongCodesPer30Days, month}}}
}

func (o *Options) addressLogins() quota {
	return quota{"address", []limit{{o.Limits.LoginsPerAddressPerHour, time.Hour}}}
}

func (o *Options) serverSends() quota {
	return quota{"server sends", []limit{{o.Limits.SendsPerHour, time.Hour}}}
}

// counter is when something happened, as far back as it matters, the earliest
// first.
//
// A clock that is set back must neither clear a counter nor lock somebody out
// until it has caught up. So an event that is in the future when the counter
// is looked at is from then on taken as of that moment: it counts for one
// whole window more, and no longer.
type counter struct {
	Until  time.Time `json:"until"` // when the last event stops to matter
	Events []event   `json:"events"`

	key   string
	quota quota
}

type event struct {
	At int64 `json:"at"`          // milliseconds since 1970
	N  int   `json:"n,omitempty"` // how many more there were so soon after it that they are one
}

// exactEvents is how many events a counter keeps apart. Beyond it those within
// a thousandth of the window are one, so that no limit makes a huge record.
const exactEvents = 1000

func (q quota) longest() time.Duration {
	var w time.Duration
	for _, l := range q.limits {
		w = max(w, l.window)
	}
	return w
}

func (q quota) grain() time.Duration {
	for _, l := range q.limits {
		if l.n <= exactEvents {
			return 0
		}
	}
	return q.longest() / exactEvents
}

// counter loads the counter of q for subject.
func (a *Auth) counter(tx *store.Tx, q quota, subject ...string) (*counter, error) {
	key := string(a.counterKey(q, subject...))
	c, err := load[counter](tx, store.TableCounter, key)
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = &counter{}
	}
	c.key, c.quota = key, q
	if c.settle(tx.Now()) {
		// Stored although nothing else may be: else each refusal would
		// find the same event in the future and begin the wait anew.
		err = c.save(tx)
	}
	return c, err
}

func (a *Auth) counterKey(q quota, subject ...string) digest {
	return a.keys.digest("counter "+q.name, subject...)
}

func (c *counter) save(tx *store.Tx) error { return save(tx, store.TableCounter, c.key, c) }

// settle drops what no longer matters and moves what is in the future to now.
// It reports whether there was any of the latter.
func (c *counter) settle(now time.Time) (moved bool) {
	longest := c.quota.longest()
	c.Events = slices.DeleteFunc(c.Events, func(e event) bool { return now.Sub(time.UnixMilli(e.At)) >= longest })
	for i := range c.Events {
		if c.Events[i].At > now.UnixMilli() {
			c.Events[i].At, moved = now.UnixMilli(), true
		}
	}
	if moved {
		c.Until = now.Add(longest)
	}
	return moved
}

// add counts an event.
func (c *counter) add(now time.Time) {
	c.Until = now.Add(c.quota.longest())
	if n := len(c.Events); n > 0 && now.Sub(time.UnixMilli(c.Events[n-1].At)) < c.quota.grain() {
		c.Events[n-1].N++
		return
	}
	c.Events = append(c.Events, event{At: now.UnixMilli()})
}

// takeBack uncounts an event that was added at that time, if it is there.
func (c *counter) takeBack(at time.Time) {
	for i := len(c.Events) - 1; i >= 0; i-- {
		e := &c.Events[i]
		if age := at.Sub(time.UnixMilli(e.At)); age < 0 || age > c.quota.grain() {
			continue
		}
		if e.N > 0 {
			e.N--
		} else {
			c.Events = slices.Delete(c.Events, i, i+1)
		}
		return
	}
}

// wait is how long until one more event is within the limits; 0: it is now.
func (c *counter) wait(now time.Time) time.Duration {
	var wait time.Duration
	for _, l := range c.quota.limits {
		n := 0
		for _, e := range slices.Backward(c.Events) {
			at := time.UnixMilli(e.At)
			if n += 1 + e.N; n >= l.n {
				wait = max(wait, at.Add(l.window).Sub(now))
				break
			}
		}
	}
	return wait
}

// addressGroup is what shares a limit with addr: the address, of IPv6 the /56
// that one customer usually has (RIPE-690, 4.2).
func addressGroup(addr netip.Addr) string {
	addr = addr.Unmap()
	bits := addr.BitLen()
	switch {
	case !addr.IsValid():
		return "unknown"
	case addr.Is6():
		bits = 56
	}
	return netip.PrefixFrom(addr.WithZone(""), bits).Masked().String()
}
