package cmd

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// benchReport is what is read of a report.
type benchReport struct {
	Violations []string
	Bench      string
	Parameters map[string]float64
	Figures    map[string]float64
	Machine    struct {
		Cores  int
		Go     string
		Commit float64 `json:"disk_commit_p50_ms"`
	}
}

func readBench(t *testing.T, out string) (r benchReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(r.Violations) > 0 || r.Violations == nil || r.Machine.Cores < 1 || r.Machine.Go == "" || r.Machine.Commit <= 0 {
		t.Errorf("got %s", out)
	}
	return r
}

func TestEveryBenchTellsProgramsItsFigures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args  string
		above []string // figures that are above 0
	}{
		{"fanout --rooms 2 --members 3 --duration 200ms --warmup 50ms", []string{"acked_per_s", "delivered_per_s", "ack_p50_ms", "delivery_max_ms"}},
		{"idle --connections 12 --members 3 --devices 2 --duration 100ms", []string{"connected_and_entered_per_s", "server_memory_mb"}},
		{"poll --pollers 2 --duration 200ms --warmup 50ms", []string{"answers_per_s", "answer_p99_ms"}},
		{"catchup --actions 600 --times 1", []string{"socket_warm_first_p50_ms", "socket_cold_all_p50_ms", "getactions_warm_actions_per_s", "getactions_cold_first_max_ms"}},
		{"append --savers 4 --logs 6 --duration 200ms --warmup 50ms", []string{"acked_per_s", "actions_per_commit", "commits_per_s"}},
		{"append --savers 4 --logs 2 --count 20 --duration 1h --warmup 0s", []string{"acked_per_s"}},
		{"limits --connections 5 --pollers 2 --duration 50ms", []string{
			"bbolt_1_a_commit_p50_ms", "bbolt_64_a_commit_entries_per_s", "bbolt_64_a_commit_50_buckets_entries_per_s",
			"gorilla_prepared_frames_per_s", "eight_frames_a_write_frames_per_s", "echo_answers_per_s", "gorilla_idle_heap_kb_per_connection"}},
	} {
		word, _, _ := strings.Cut(tt.args, " ")
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out, _ := hearth(t, dir, 0, slices.Concat([]string{"bench"}, strings.Fields(tt.args), []string{"--json", "--dir", dir})...)
			r := readBench(t, out)
			for _, name := range tt.above {
				if r.Figures[name] <= 0 {
					t.Errorf("%s is %v", name, r.Figures[name])
				}
			}
			if r.Bench != word || len(r.Parameters) == 0 {
				t.Errorf("it is %q, with %v", r.Bench, r.Parameters)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
}

func TestBenchOfARunningServer(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"config.yaml": "listen: 127.0.0.1:0\n"})
	p := run(t, dir, "serve")
	url := "http://" + p.address(t)
	token, _ := hearth(t, dir, 0, "token", "create", "--role", "admin")
	args := []string{
		"bench", "fanout", "--addr", url, "--token", strings.TrimSpace(token), "--json", "--rooms", "1", "--members", "2",
		"--rate", "20", "--count", "10", "--warmup", "0s",
	}
	_, log := hearth(t, dir, 1, args...)
	if !strings.Contains(log, "the sample study is not there: --import brings it") {
		t.Errorf("without the study it says %s", log)
	}
	for _, more := range [][]string{{"--import"}, nil} {
		out, _ := hearth(t, dir, 0, append(slices.Clip(args), more...)...)
		r := readBench(t, out)
		if _, told := r.Figures["server_memory_mb"]; r.Figures["acked_per_s"] <= 0 || told {
			t.Errorf("got %s", out)
		}
	}
	p.stop(t)
	hearth(t, dir, 0, "check")
}
