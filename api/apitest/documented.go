package apitest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"hearth/api/client"
	"hearth/api/spec/spectest"
)

// Whatever a server for tests says is held against the specifications: an
// answer or a frame must have all that is documented and nothing else.

var (
	readSpecs = sync.OnceValues(spectest.New)
	specs     sync.Mutex // the validator is one's at a time
)

// longest is how many bytes of JSON are held against a schema: what is longer
// is more of the same.
const longest = 32 << 10

// most is how many answers, or frames of one kind, of one server are looked
// at: a long run says the same things over and over.
const most = 50

func (s *Server) documented(what string, check func(*spectest.Validator) error) {
	s.lookedAt.mu.Lock()
	if s.lookedAt.n == nil {
		s.lookedAt.n = map[string]int{}
	}
	s.lookedAt.n[what]++
	enough := s.lookedAt.n[what] > most
	s.lookedAt.mu.Unlock()
	if enough {
		return
	}
	v, err := readSpecs()
	if err != nil {
		s.t.Error(err)
		return
	}
	specs.Lock()
	defer specs.Unlock()
	if err := check(v); err != nil {
		s.t.Errorf("not as documented: %s: %v", what, err)
	}
}

func (s *Server) answered(r *http.Request, a client.Answer) {
	s.Secrets.Answered(r, a)
	path := r.URL.Path
	if strings.HasPrefix(path, "/survey/done/") {
		path = "/survey/done/{token}"
	}
	if strings.HasPrefix(path, "/api/admin/exports/") {
		path = "/api/admin/exports/{table}"
	}
	if strings.HasPrefix(path, "/api/admin/tokens/") {
		path = "/api/admin/tokens/{id}"
	}
	page := !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/survey/") && path != "/healthz" && path != "/readyz"
	switch {
	case page, len(a.Body) > longest:
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodDelete:
		return // a preflight, or an answer without its body
	case a.Status == http.StatusRequestHeaderFieldsTooLarge:
		return // net/http's, before anything of ours sees the request
	}
	s.documented(fmt.Sprint(r.Method, " ", path, " ", a.Status), func(v *spectest.Validator) error {
		return v.Answer(r.Method, path, a.Status, a.Header.Get("Content-Type"), a.Body)
	})
}

func (s *Server) framed(b []byte) {
	s.Secrets.Links(b)
	if len(b) > longest {
		return
	}
	kind, _, _ := bytes.Cut(b, []byte(",")) // {"type":"…"
	s.documented("a frame "+string(kind), func(v *spectest.Validator) error { return v.ServerFrame(b) })
}
