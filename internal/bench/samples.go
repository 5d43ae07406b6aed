package bench

import (
	"cmp"
	"slices"
	"time"
)

// Samples are durations as they were measured, of one goroutine. There is a
// bound on how many are kept: beyond it every second one is dropped, again and
// again, so that what is left is spread over the whole run. The largest is
// always known. Make them with [NewSamples].
type Samples struct {
	kept   []time.Duration
	limit  int
	stride int // one of so many is kept
	skip   int // so many are not, from here
	max    time.Duration
}

// NewSamples keeps at most limit, which is at least 2.
func NewSamples(limit int) *Samples { return &Samples{limit: max(limit, 2), stride: 1} }

// Add adds one.
func (s *Samples) Add(d time.Duration) {
	s.max = max(s.max, d)
	if s.skip > 0 {
		s.skip--
		return
	}
	if len(s.kept) == s.limit {
		half := s.kept[:0]
		for i := 0; i < len(s.kept); i += 2 {
			half = append(half, s.kept[i])
		}
		s.kept = half
		s.stride *= 2
	}
	s.kept = append(s.kept, d)
	s.skip = s.stride - 1
}

// Max is the largest of all; 0: there are none.
func Max(all []*Samples) (d time.Duration) {
	for _, s := range all {
		d = max(d, s.max)
	}
	return d
}

// Quantiles are the smallest kept samples with at least such a part (0 to 1)
// of all at or below them. nil: there are none.
func Quantiles(all []*Samples, parts ...float64) []time.Duration {
	type weighed struct {
		d      time.Duration
		weight int
	}
	var sorted []weighed
	total := 0
	for _, s := range all {
		for _, d := range s.kept {
			sorted = append(sorted, weighed{d, s.stride})
			total += s.stride
		}
	}
	if total == 0 {
		return nil
	}
	slices.SortFunc(sorted, func(a, b weighed) int { return cmp.Compare(a.d, b.d) })
	out := make([]time.Duration, len(parts))
	for i, part := range parts {
		below := 0
		for _, w := range sorted {
			out[i] = w.d
			if below += w.weight; float64(below) >= part*float64(total) {
				break
			}
		}
	}
	return out
}
