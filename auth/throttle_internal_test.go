package auth

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"
)

func TestHugeLimitsMakeNoHugeRecords(t *testing.T) {
	const n = 1_000_000
	c := &counter{quota: quota{"test", []limit{{n, time.Hour}}}}
	began := time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)
	now := began
	added := 0
	for ; c.wait(now) == 0; added++ {
		c.add(now)
		if now = now.Add(time.Millisecond); added%1000 == 0 {
			c.settle(now)
		}
	}
	if added != n {
		t.Errorf("%d events within a limit of %d", added, n)
	}
	raw, err := json.Marshal(c)
	if err != nil || len(raw) > 40_000 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	// To a thousandth of the window it is the sliding window.
	if wait, want := c.wait(now), time.Hour-now.Sub(began); wait > want || wait < want-4*time.Second {
		t.Errorf("the wait is %v, want %v", wait, want)
	}
	c.takeBack(now.Add(-time.Millisecond))
	if c.wait(now) != 0 {
		t.Error("the last one was not taken back")
	}
}

func TestTakingBackUncountsOneEvent(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	for _, test := range []struct {
		name string
		back int
		want int
	}{
		{"the first", 1, 2}, {"the last", 3, 2}, {"one that is not there", 2, 3}, {"one of the future", 9, 3},
	} {
		c := &counter{quota: quota{"test", []limit{{5, time.Hour}}}}
		for _, s := range []int{1, 3, 3} {
			c.add(at(s))
		}
		if c.takeBack(at(test.back)); len(c.Events) != test.want {
			t.Errorf("%s: %d left", test.name, len(c.Events))
		}
	}
}

func TestAddressGroups(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":             "192.0.2.1/32",
		"::ffff:192.0.2.1":      "192.0.2.1/32",
		"2001:db8:0:1ff::1":     "2001:db8:0:100::/56",
		"fe80::1%eth0":          "fe80::/56",
		"2001:db8:ffff:ffff::1": "2001:db8:ffff:ff00::/56",
		"::1":                   "::/56",
	} {
		if got := addressGroup(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := addressGroup(netip.Addr{}); got != "unknown" {
		t.Errorf("no address: %s", got)
	}
}

func TestDigestsOfDifferentPartsDiffer(t *testing.T) {
	k := &keys{secret: make([]byte, keyBytes)}
	seen := map[digest][]string{}
	for _, parts := range [][]string{{"a"}, {"a", ""}, {"", "a"}, {"a", "b"}, {"ab"}, {"ab", ""}, {"a", "b", ""}, {}} {
		d := k.digest("x", parts...)
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q", parts, other)
		}
		seen[d] = parts
	}
	if (&keys{secret: []byte{1}}).digest("x", "a") == k.digest("x", "a") {
		t.Error("the secret does not matter")
	}
}
