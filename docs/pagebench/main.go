// Pagebench measures the pages as a phone of some years on a bad line has them:
// what their first load costs, and a conversation of thousands of messages. It
// runs the real server and a real Chromium. Run it from the top of the project:
//
//	go run ./docs/pagebench          # a table
//	go run ./docs/pagebench --json   # the same for programs
//	go run ./docs/pagebench --why    # and what the tasks over 50 ms spent their time on
//
// main.go says what is measured; load.go measures loads, long.go the long
// conversation; line.go is the bad line; server.go the server; window.go and
// trace.go the browser.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

type settings struct {
	RTT      time.Duration // of the bad line
	Rate     int           // of the bad line, bytes/s each way
	Slowdown float64       // of the processor
	Runs     int           // of each load; the median is told
	Messages int           // of the long conversation
	HTTP1    bool          // HTTP/1.1 instead of HTTP/2
	why      bool
}

// results are what is printed.
type results struct {
	Settings settings
	Loads    []load
	Long     *long `json:",omitempty"`
}

func main() {
	var set settings
	flag.DurationVar(&set.RTT, "rtt", 400*time.Millisecond, "the bad line's `time` there and back")
	flag.IntVar(&set.Rate, "rate", 50_000, "the bad line's `bytes/s` each way")
	flag.Float64Var(&set.Slowdown, "slowdown", 4, "how many `times` slower the processor is")
	flag.IntVar(&set.Runs, "runs", 3, "how often each load is measured")
	flag.IntVar(&set.Messages, "messages", 5000, "in the long conversation; 0: leave that out")
	flag.BoolVar(&set.HTTP1, "http1", false, "as behind a proxy that speaks HTTP/1.1 only")
	flag.BoolVar(&set.why, "why", false, "say what the tasks over 50 ms spent their time on")
	loads := flag.Bool("loads", true, "measure the loads")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := measure(ctx, set, *loads)
	if err == nil && *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else if err == nil {
		r.print()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, set settings, loads bool) (*results, error) {
	dir, err := os.MkdirTemp("", "hearth-pagebench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	n, err := startLine(ctx)
	if err != nil {
		return nil, err
	}
	defer n.close()
	s, err := startServer(ctx, dir, n, set.Messages)
	if err != nil {
		return nil, err
	}
	defer s.Stop()
	r := &results{Settings: set}
	if loads {
		if r.Loads, err = measureLoads(ctx, s, n, set); err != nil {
			return nil, err
		}
	}
	if set.Messages > 0 {
		if r.Long, err = measureLong(ctx, s, n, set); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}

func (r *results) print() {
	s := r.Settings
	if len(r.Loads) > 0 {
		version := "HTTP/2"
		if s.HTTP1 {
			version = "HTTP/1.1"
		}
		fmt.Printf("\n%s over TLS, %v there and back, %d bytes/s, processor %g times slower; medians of %d\n\n",
			version, s.RTT, s.Rate, s.Slowdown, s.Runs)
		fmt.Println("| load | usable after | requests | deepest chain | journeys in sequence | received | sent | longest task |")
		fmt.Println("|---|---|---|---|---|---|---|---|")
		for _, l := range r.Loads {
			fmt.Printf("| %s | %.2f s | %d | %d | %.1f | %.1f kB | %.1f kB | %.0f ms |\n",
				l.Name, l.Usable/1000, l.Requests, l.Depth, l.Journeys, float64(l.Received)/1000, float64(l.Sent)/1000, l.LongestTask)
		}
	}
	if r.Long == nil {
		return
	}
	l := r.Long
	fmt.Printf("\n%d messages, processor %g times slower, line not slowed\n\n", s.Messages, s.Slowdown)
	fmt.Println("| what | took | longest frame | frames over 50 ms | longest task | tasks over 50 ms | heap | nodes | elements |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, p := range l.Phases {
		fmt.Printf("| %s | %.1f s | %.0f ms | %d of %d | %.0f ms | %d | %.1f MB | %d | %d |\n", p.Name, p.Took/1000,
			p.LongestFrame, p.FramesOver, p.Frames, p.LongestTask, p.TasksOver, float64(p.Heap)/1e6, p.Nodes, p.Elements)
	}
	if !s.why {
		return
	}
	for _, p := range l.Phases {
		if p.TasksOver == 0 {
			continue
		}
		fmt.Printf("\n%s: %d tasks over 50 ms, %.0f ms in all\n", p.Name, p.TasksOver, p.Why.Total)
		for _, what := range []struct {
			name  string
			costs []cost
		}{{"kinds of work (self)", p.Why.Kinds}, {"functions (self)", p.Why.Self}, {"functions (with what they call)", p.Why.Below}} {
			fmt.Printf("  %s\n", what.name)
			for _, c := range what.costs[:min(len(what.costs), 12)] {
				fmt.Printf("    %7.0f ms  %s\n", c.MS, c.Name)
			}
		}
	}
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// script puts values into a piece of JavaScript, where it says NAME.
func script(s string, values map[string]any) string {
	for name, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // they are strings and numbers
		}
		s = strings.ReplaceAll(s, name, string(b))
	}
	return s
}
