package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Machine is what figures depend on.
type Machine struct {
	Cores     int     `json:"cores"`
	Processor string  `json:"processor,omitempty"`
	System    string  `json:"system"`
	Go        string  `json:"go"`
	CommitMS  float64 `json:"disk_commit_p50_ms"` // one synced transaction of one small entry
}

func (m Machine) String() string {
	return fmt.Sprintf("%d cores (%s), %s, %s; a synced commit takes %.3f ms", m.Cores, m.Processor, m.System, m.Go, m.CommitMS)
}

// ThisMachine looks at this machine, and at the disk that dir is on.
func ThisMachine(dir string) (Machine, error) {
	m := Machine{
		Cores: runtime.GOMAXPROCS(0), Processor: processor(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}
	own, err := os.MkdirTemp(dir, "raw-")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(own)
	s, _, err := rawCommits(own, rawLoad{perCommit: 1, buckets: 1, value: 64, duration: 500 * time.Millisecond, count: 200})
	if err == nil {
		m.CommitMS = ms(Quantiles([]*Samples{s}, 0.5)[0])
	}
	return m, err
}

// WorkDir makes a directory for data in dir (empty: where temporary files are)
// and returns how to remove it.
func WorkDir(dir string) (string, func(), error) {
	if dir == "" {
		dir = os.TempDir()
	}
	made, err := os.MkdirTemp(dir, "hearth-bench-")
	if err != nil {
		return "", nil, err
	}
	made, err = filepath.Abs(made)
	return made, func() { os.RemoveAll(made) }, err
}
