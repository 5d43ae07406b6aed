package control_test

import (
	"testing"
	"time"

	"hearth/api/control"
)

var lifetimes = map[string]time.Duration{ // 0: refused
	"90d": 90 * 24 * time.Hour, "1d": 24 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "65535d": 65535 * 24 * time.Hour,
	"": 0, "d": 0, "0d": 0, "0": 0, "0s": 0, "-1d": 0, "+1d": 0, "-1h": 0, "1.5d": 0, "90": 0, "65536d": 0, "1d12h": 0, "90 d": 0, "90D": 0,
	"9999999999h": 0, "2026-12-24": 0,
}

func TestLifetimesAreDaysOrADuration(t *testing.T) {
	for s, want := range lifetimes {
		if got, err := control.ParseLifetime(s); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v; want %v", s, got, err, want)
		}
	}
}

func FuzzParseLifetime(f *testing.F) {
	for s := range lifetimes {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := control.ParseLifetime(s); (err == nil) != (d > 0) {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	})
}
