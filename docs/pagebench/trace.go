package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/profiler"
	"github.com/chromedp/cdproto/tracing"
)

const over = 50 // ms; a longer task is felt

// trace is what the browser's main thread did.
type trace struct {
	events  []traced
	profile *profiler.Profile // nil: none was asked for
}

type traced struct {
	Name string  `json:"name"`
	Cat  string  `json:"cat"`
	Ph   string  `json:"ph"`
	PID  int     `json:"pid"`
	TID  int     `json:"tid"`
	TS   float64 `json:"ts"`   // µs
	Dur  float64 `json:"dur"`  // µs by the clock
	TDur float64 `json:"tdur"` // µs that the thread had the processor: what else the machine does is not in it
	Args struct {
		Name string `json:"name"`
	} `json:"args"`
}

func (w *window) listenTrace(event any) {
	switch e := event.(type) {
	case *tracing.EventDataCollected:
		for _, v := range e.Value {
			var t traced
			if json.Unmarshal(v, &t) == nil && (t.Ph == "X" || t.Ph == "M") {
				w.trace.events = append(w.trace.events, t)
			}
		}
	case *tracing.EventTracingComplete:
		close(w.traced)
	}
}

// record records what the main thread does while f runs; with profile also in
// which functions, which takes time of its own.
func (w *window) record(profile bool, f func() error) (*trace, error) {
	w.mu.Lock()
	w.trace, w.traced = &trace{}, make(chan struct{})
	w.mu.Unlock()
	if profile {
		if err := errors.Join(call(w, profiler.Enable, cdp.Empty{}),
			call(w, profiler.SetSamplingInterval, profiler.SetSamplingIntervalParams{Interval: 1000}), call(w, profiler.Start, cdp.Empty{})); err != nil {
			return nil, err
		}
	}
	err := call(w, tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig: &tracing.TraceConfig{
			RecordMode:         tracing.TraceConfigRecordModeRecordUntilFull,
			ExcludedCategories: []string{"*"},
			IncludedCategories: []string{"disabled-by-default-lighthouse", "toplevel", "devtools.timeline", "v8"},
		},
	})
	if err != nil {
		return nil, err
	}
	if err := f(); err != nil {
		return nil, err
	}
	if err := call(w, tracing.End, cdp.Empty{}); err != nil {
		return nil, err
	}
	select {
	case <-w.traced:
	case <-time.After(time.Minute):
		return nil, fmt.Errorf("the trace does not come")
	}
	if profile {
		p, err := ask(w, profiler.Stop, cdp.Empty{})
		if err != nil {
			return nil, err
		}
		w.trace.profile = p.Profile
	}
	return w.trace, nil
}

// why says what long tasks spent their time on.
type why struct {
	Total float64 // ms
	Kinds []cost  // style, layout, script…: without what is within
	Self  []cost  // functions: without what they call
	Below []cost  // functions: with it
}

type cost struct {
	Name string
	MS   float64
}

// tasks are the main thread's tasks, and what those over 50 ms spent their
// time on.
func (t *trace) tasks() (longest float64, count int, reason why) {
	type thread struct{ pid, tid int }
	isMain := map[thread]bool{}
	busy := map[thread]float64{}
	for _, e := range t.events {
		at := thread{e.PID, e.TID}
		if e.Ph == "M" && e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			isMain[at] = true
		}
		busy[at] += e.Dur
	}
	var main thread
	for at := range isMain {
		if busy[at] >= busy[main] {
			main = at
		}
	}
	var long []traced
	var rest []traced
	for _, e := range t.events {
		switch {
		case e.Ph != "X" || (thread{e.PID, e.TID}) != main:
		case e.Name == "ThreadControllerImpl::RunTask":
			longest = max(longest, e.TDur/1000)
			if e.TDur > over*1000 {
				count++
				reason.Total += e.TDur / 1000
				long = append(long, e)
			}
		default:
			rest = append(rest, e)
		}
	}
	within := func(ts float64) bool {
		i, found := slices.BinarySearchFunc(long, ts, func(e traced, ts float64) int { return int(e.TS - ts) })
		return found || i > 0 && ts < long[i-1].TS+long[i-1].Dur
	}
	slices.SortFunc(long, func(a, b traced) int { return int(a.TS - b.TS) })
	reason.Kinds = kinds(rest, within)
	if t.profile != nil {
		reason.Self, reason.Below = functions(t.profile, within)
	}
	return longest, count, reason
}

// kinds adds up the events by name, each without those within it.
func kinds(events []traced, within func(float64) bool) []cost {
	slices.SortFunc(events, func(a, b traced) int {
		if a.TS != b.TS {
			return int(a.TS - b.TS)
		}
		return int(b.Dur - a.Dur)
	})
	self := map[string]float64{}
	var stack []traced
	for _, e := range events {
		if !within(e.TS) {
			continue
		}
		for len(stack) > 0 && stack[len(stack)-1].TS+stack[len(stack)-1].Dur <= e.TS {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 {
			self[stack[len(stack)-1].Name] -= e.TDur / 1000
		}
		self[e.Name] += e.TDur / 1000
		stack = append(stack, e)
	}
	return sorted(self)
}

// functions adds the samples up.
func functions(p *profiler.Profile, within func(float64) bool) (self, below []cost) {
	name := map[int64]string{}
	parent := map[int64]int64{}
	for _, n := range p.Nodes {
		f := n.CallFrame.FunctionName
		if f == "" {
			f = "(anonymous)"
		}
		if u := n.CallFrame.URL; u != "" {
			f = fmt.Sprintf("%s %s:%d", f, path.Base(strings.SplitN(u, "?", 2)[0]), n.CallFrame.LineNumber+1)
		}
		name[n.ID] = f
		for _, c := range n.Children {
			parent[c] = n.ID
		}
	}
	own, all := map[string]float64{}, map[string]float64{}
	at := p.StartTime
	for i, id := range p.Samples {
		if i >= len(p.TimeDeltas) {
			break
		}
		took := float64(p.TimeDeltas[i])
		at += took
		if !within(at) || name[id] == "(idle)" {
			continue
		}
		own[name[id]] += took / 1000
		once := map[string]bool{}
		for n := id; n != 0; n = parent[n] {
			if f := name[n]; !once[f] && f != "(root)" {
				once[f] = true
				all[f] += took / 1000
			}
		}
	}
	return sorted(own), sorted(all)
}

func sorted(of map[string]float64) []cost {
	var all []cost
	for name, ms := range of {
		if ms >= 1 {
			all = append(all, cost{name, ms})
		}
	}
	slices.SortFunc(all, func(a, b cost) int { return int(1000 * (b.MS - a.MS)) })
	return all[:min(len(all), 30)]
}
