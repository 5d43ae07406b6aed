package chat

import "time"

// Rate bounds the new actions of one person: PerSecond in the long run, Burst
// at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Bucket is what one person has used of a [Rate]: a token bucket by its debt.
// The zero value is unused.
type Bucket struct {
	full time.Time // when the debt will be paid
}

// Take takes one. If there is none left it says how long until there is.
func (b Bucket) Take(r Rate, now time.Time) (after Bucket, wait time.Duration) {
	one := time.Duration(float64(time.Second) / r.PerSecond)
	if b.full.Before(now) {
		b.full = now
	}
	if b.full.Sub(now) > one*time.Duration(r.Burst) {
		b.full = now // more debt than there can be: the clock was set back
	}
	full := b.full.Add(one)
	if over := full.Sub(now) - one*time.Duration(r.Burst); over > 0 {
		return b, over
	}
	return Bucket{full}, 0
}

// Idle reports whether the bucket is as good as unused.
func (b Bucket) Idle(now time.Time) bool { return !b.full.After(now) }
