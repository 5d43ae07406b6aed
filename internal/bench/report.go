package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Report is what one run says.
type Report struct {
	Violations []string `json:"violations"` // of the protocol's promise; empty: it was kept
	Bench      string   `json:"bench"`
	Server     string   `json:"server"`
	Parameters Figures  `json:"parameters"`
	Machine    Machine  `json:"machine"`
	Figures    Figures  `json:"figures"`
}

// ErrViolated is a run's whose report has violations.
var ErrViolated = errors.New("the server broke its promise, see above")

// Figure is a number with its name, which ends in its unit.
type Figure struct {
	Name  string
	Value float64
}

// Figures are printed in their order.
type Figures []Figure

// Add adds one. What is no number is left out.
func (f *Figures) Add(name string, value float64) {
	if !math.IsNaN(value) && !math.IsInf(value, 0) {
		*f = append(*f, Figure{name, value})
	}
}

// addLatency adds the median, the 99th percentile and the largest, in
// milliseconds.
func (f *Figures) addLatency(name string, all ...*Samples) {
	q := Quantiles(all, 0.5, 0.99)
	if q == nil {
		return
	}
	f.Add(name+"_p50_ms", ms(q[0]))
	f.Add(name+"_p99_ms", ms(q[1]))
	f.Add(name+"_max_ms", ms(Max(all)))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Get is the value with this name; false: there is none.
func (f Figures) Get(name string) (float64, bool) {
	for _, g := range f {
		if g.Name == name {
			return g.Value, true
		}
	}
	return 0, false
}

// MarshalJSON makes an object of them.
func (f Figures) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, g := range f {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(g.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(rounded(g.Value))
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

// rounded keeps four digits: a run is not more exact than that.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow10(3 - int(math.Floor(math.Log10(math.Abs(v)))))
	if scale <= 1 {
		return math.Round(v)
	}
	return math.Round(v*scale) / scale
}

func (f Figures) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, g := range f {
		s := fmt.Sprintf("%.3f", rounded(g.Value))
		fmt.Fprintf(t, "%s\t%s\t\n", g.Name, strings.TrimSuffix(strings.TrimRight(s, "0"), "."))
	}
	t.Flush()
}

// Print writes the report, for programs as one JSON object. The error is
// ErrViolated if there are violations.
func (r *Report) Print(w io.Writer, asJSON bool) error {
	if r.Violations == nil {
		r.Violations = []string{}
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		for _, v := range r.Violations {
			fmt.Fprintf(w, "VIOLATED: %s\n", v)
		}
		fmt.Fprintf(w, "%s, %s\n", r.Bench, r.Server)
		r.Parameters.print(w)
		fmt.Fprintf(w, "%s\n", r.Machine)
		r.Figures.print(w)
	}
	if len(r.Violations) > 0 {
		return ErrViolated
	}
	return nil
}

// Violations gathers what should not have happened, from many goroutines.
type Violations struct {
	mu   sync.Mutex
	list []string
	more int
}

const maxViolations = 20 // that are told one by one

// Add adds one.
func (v *Violations) Add(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.list) == maxViolations {
		v.more++
		return
	}
	v.list = append(v.list, fmt.Sprintf(format, args...))
}

// List is what was added.
func (v *Violations) List() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := append([]string{}, v.list...)
	if v.more > 0 {
		out = append(out, fmt.Sprintf("and %d more", v.more))
	}
	return out
}
