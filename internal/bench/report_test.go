package bench

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestQuantiles(t *testing.T) {
	s := NewSamples(1000)
	for i := 100; i > 0; i-- {
		s.Add(time.Duration(i))
	}
	q := Quantiles([]*Samples{s}, 0, 0.5, 0.99, 1)
	if q[0] != 1 || q[1] != 50 || q[2] != 99 || q[3] != 100 {
		t.Errorf("got %v", q)
	}
	if Quantiles(nil, 0.5) != nil || Quantiles([]*Samples{NewSamples(5)}, 0.5) != nil {
		t.Error("there are quantiles of nothing")
	}
}

func TestSamplesAreBoundedAndSpread(t *testing.T) {
	s, few := NewSamples(100), NewSamples(100)
	const n = 100_000
	for i := range n {
		s.Add(time.Duration(i))
	}
	for range 1000 {
		few.Add(2 * n)
	}
	if len(s.kept) > 100 {
		t.Errorf("%d are kept", len(s.kept))
	}
	all := []*Samples{s, few}
	if q := Quantiles(all, 0.5)[0]; math.Abs(float64(q)-n/2) > n/20 {
		t.Errorf("the median is %d", q) // the few weigh one in a hundred
	}
	if Max(all) != 2*n {
		t.Errorf("the largest is %d", Max(all))
	}
	if Max([]*Samples{s}) != n-1 {
		t.Errorf("the largest is %d", Max([]*Samples{s}))
	}
}

func TestReportIsOneObject(t *testing.T) {
	r := &Report{Bench: "fanout", Server: `a "server"`}
	r.Parameters.Add("rooms", 10)
	r.Figures.Add("acked_per_s", 123456.7)
	r.Figures.Add("none", math.NaN())
	r.Figures.Add("small", 0.00123456)
	var b strings.Builder
	if err := r.Print(&b, true); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Violations []string
		Figures    map[string]float64
		Parameters map[string]float64
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatalf("%v\n%s", err, &b)
	}
	if got.Violations == nil || got.Parameters["rooms"] != 10 || got.Figures["acked_per_s"] != 123457 || got.Figures["small"] != 0.001235 ||
		len(got.Figures) != 2 {
		t.Errorf("got %+v", got)
	}
	b.Reset()
	r.Violations = []string{"it came twice"}
	for _, asJSON := range []bool{false, true} {
		if err := r.Print(&b, asJSON); !errors.Is(err, ErrViolated) {
			t.Errorf("the error is %v", err)
		}
	}
	if !strings.HasPrefix(b.String(), "VIOLATED: it came twice\n") || !strings.Contains(b.String(), "{\n  \"violations\": [\n    \"it came twice\"") {
		t.Errorf("violations do not come first:\n%s", &b)
	}
}

func TestViolationsAreBounded(t *testing.T) {
	v := new(Violations)
	for range 1000 {
		v.Add("x")
	}
	if l := v.List(); len(l) != maxViolations+1 || l[maxViolations] != "and 980 more" {
		t.Errorf("got %q", l)
	}
}
