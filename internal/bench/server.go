package bench

import (
	"os"
	"time"
)

// Server is the process of a server that runs on this machine. nil: it is not
// known, and what it takes is left out of reports.
type Server struct {
	PID     int
	Profile func(begin bool) error // begins and ends a profile of its processor time; nil: none is wanted
}

// usage is what was taken while something was measured.
type usage struct {
	wall        time.Duration
	server, own time.Duration // of processors; server is negative if it is not known
	memory      uint64        // of the server in the end, resident bytes; 0: not known
}

// watch is a measurement under way.
type watch struct {
	of     *Server
	say    Progress
	began  time.Time
	server time.Duration
	own    time.Duration
	known  bool
}

func (s *Server) watch(say Progress) *watch {
	w := &watch{of: s, say: say}
	if s != nil && s.Profile != nil {
		if err := s.Profile(true); err != nil {
			say.say("there is no profile: %v", err)
		}
	}
	if s != nil {
		w.server, w.known = processorTime(s.PID)
	}
	w.own, _ = processorTime(os.Getpid())
	w.began = time.Now()
	return w
}

func (w *watch) stop() usage {
	u := usage{wall: time.Since(w.began), server: -1}
	own, _ := processorTime(os.Getpid())
	u.own = own - w.own
	if w.known {
		now, _ := processorTime(w.of.PID)
		u.server = now - w.server
		u.memory = resident(w.of.PID)
	}
	if w.of != nil && w.of.Profile != nil {
		if err := w.of.Profile(false); err != nil {
			w.say.say("there is no profile: %v", err)
		}
	}
	return u
}

func (u usage) tell(f *Figures) {
	if u.server >= 0 {
		f.Add("server_cpu_of_one_core", u.server.Seconds()/u.wall.Seconds())
		f.Add("server_memory_mb", float64(u.memory)/1e6)
	}
	f.Add("generator_cpu_of_one_core", u.own.Seconds()/u.wall.Seconds())
}

// per adds the server's processor seconds for a million of something.
func (u usage) per(f *Figures, name string, n float64) {
	if u.server >= 0 {
		f.Add(name, u.server.Seconds()/n*1e6)
	}
}

// memory is the resident memory of a server in bytes; 0: not known.
func (s *Server) memory() uint64 {
	if s == nil {
		return 0
	}
	return resident(s.PID)
}
