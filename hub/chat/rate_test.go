package chat_test

import (
	"testing"
	"time"

	"hearth/hub/chat"
)

func TestBucketGivesABurstAndThenARate(t *testing.T) {
	rate := chat.Rate{PerSecond: 10, Burst: 3}
	var b chat.Bucket
	now := evenTwo
	take := func(want time.Duration) {
		t.Helper()
		after, wait := b.Take(rate, now)
		if wait != want {
			t.Errorf("wait %v, want %v", wait, want)
		}
		if wait > 0 && after != b {
			t.Error("a refusal costs something")
		}
		b = after
	}
	if !b.Idle(now) {
		t.Error("an unused bucket is in use")
	}
	take(0)
	take(0)
	take(0)
	take(100 * time.Millisecond)
	take(100 * time.Millisecond)
	if b.Idle(now) {
		t.Error("a used bucket is idle")
	}
	now = now.Add(60 * time.Millisecond)
	take(40 * time.Millisecond)
	now = now.Add(40 * time.Millisecond)
	take(0)
	take(100 * time.Millisecond)
	now = now.Add(time.Hour)
	if !b.Idle(now) {
		t.Error("an hour on it is still in use")
	}
	take(0)
	take(0)
	take(0)
	take(100 * time.Millisecond)
}

func TestClockSetBackDoesNotLockABucket(t *testing.T) {
	rate := chat.Rate{PerSecond: 10, Burst: 3}
	var b chat.Bucket
	for range 3 {
		b, _ = b.Take(rate, evenTwo)
	}
	back := evenTwo.Add(-24 * time.Hour)
	if _, wait := b.Take(rate, back); wait > 100*time.Millisecond {
		t.Errorf("wait %v", wait)
	}
}
