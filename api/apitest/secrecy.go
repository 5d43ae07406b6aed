package apitest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"hearth/api/client"
	"hearth/api/control"
	"hearth/auth/sms"
	"hearth/hub/chat"
	"hearth/store"
)

// Answered adds the secrets of one call: what it asked, and what it was
// answered. It is for client.Options.
func (s *Secrets) Answered(r *http.Request, a client.Answer) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && scheme == "Bearer" {
		s.Token(token)
	}
	for _, c := range r.Cookies() {
		s.Token(c.Value)
	}
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		s.Token(c.Value)
	}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			b, _ := io.ReadAll(body) // one of bytes
			s.JSON(b)
		}
	}
	if len(a.Body) <= longest {
		s.JSON(a.Body)
	}
	s.Links(a.Body)
}

var surveyLink = regexp.MustCompile(`/survey/done/([A-Za-z0-9_.=-]+)`)

// Links adds the tokens of the surveys' links in an answer or a frame.
func (s *Secrets) Links(b []byte) {
	for _, m := range surveyLink.FindAllSubmatch(b, -1) {
		s.Token(string(m[1]))
	}
}

// overheard is a test's own sender.
type overheard struct {
	sms.Sender
	secrets *Secrets
}

// Send is sms.Sender's.
func (o overheard) Send(ctx context.Context, to chat.Phone, text string) error {
	o.secrets.Code(codePattern.FindString(text))
	return o.Sender.Send(ctx, to, text)
}

// scraped are the metrics as they are now, without the numbers.
func (s *Server) scraped() string {
	w := httptest.NewRecorder()
	s.Metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var b strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if i := strings.LastIndexByte(line, ' '); i >= 0 && line[0] != '#' {
			line = line[:i] + "\n" // a number may be anything
		}
		b.WriteString(line)
	}
	return b.String()
}

// audited is the audit log, an entry a line.
func (s *Server) audited() string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := s.Store.AuditLog(context.Background(), 1, func(e store.AuditEntry) bool {
		enc.Encode(control.NewAuditEntry(e))
		return true
	})
	if err != nil {
		s.t.Errorf("read the audit log: %v", err)
	}
	return b.String()
}

// addSaid adds all that was said, by whatever way it came.
func (s *Server) addSaid(t testing.TB) {
	t.Helper()
	if s.Store.Ready() != nil {
		return // the test has broken the disk
	}
	ctx := context.Background()
	logs, err := s.Store.Transcripts(ctx, store.AuditEntry{Event: "export", Actor: "test"}, "")
	for i := range logs {
		if err == nil {
			err = s.Store.ReadTranscript(ctx, &logs[i], true, func(r *store.Recorded) error {
				s.Secrets.Body(string(r.Body))
				for _, entry := range r.Research.History {
					s.Secrets.Body(entry)
				}
				return nil
			})
		}
	}
	if err != nil {
		t.Errorf("read what was said: %v", err)
	}
}

// KeepsSecrets fails t if a secret stands in the log, the metrics or the
// audit log. Every test does so at its end.
func (s *Server) KeepsSecrets(t testing.TB) {
	t.Helper()
	s.addSaid(t)
	s.Secrets.Roster(s.Store.Roster())
	for _, place := range []struct{ name, text string }{
		{"the log", s.Log.String()}, {"the metrics", s.scrape + s.scraped()}, {"the audit log", s.audited()},
	} {
		for _, leak := range s.Secrets.In(place.text) {
			t.Errorf("%s holds %s", place.name, leak)
		}
	}
}

// both calls both; either may be nil.
func both(a, b func(store.Commit)) func(store.Commit) {
	return func(c store.Commit) {
		if a != nil {
			a(c)
		}
		b(c)
	}
}
