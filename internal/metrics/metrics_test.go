package metrics

import (
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hearth/auth"
	"hearth/auth/sms"
	"hearth/hub"
	"hearth/store"
	"hearth/store/bolt"
)

func watched(t *testing.T) (*Metrics, *store.Store) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m := New("test")
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, "hearth.db"), bolt.Options{})
	must(err)
	st, err := store.Open(t.Context(), store.Options{Driver: db, AuditKey: make([]byte, 32), Observe: m.Commit})
	must(err)
	h, err := hub.New(t.Context(), hub.Options{Store: st})
	must(err)
	a, err := auth.New(t.Context(), auth.Options{Store: st, Sender: &sms.Console{Out: io.Discard}, KeyFile: filepath.Join(dir, "login.key")})
	must(err)
	m.Watch(Sources{st, h, a})
	t.Cleanup(func() {
		h.Close()
		must(errors.Join(a.Close(), st.Close()))
	})
	return m, st
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestWhatHappensIsCounted(t *testing.T) {
	m, st := watched(t)
	if err := st.Update(t.Context(), func(tx *store.Tx) error {
		tx.Audit(store.AuditEntry{Event: "unlock"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	m.Commit(store.Commit{Jobs: 2, Actions: 3, Took: time.Millisecond})
	m.Commit(store.Commit{Jobs: 1, Actions: 1, Took: time.Second, Failed: true})
	m.Answered("GET", "/api/me", 200, time.Millisecond)
	m.Answered("GET", "/api/me", 401, time.Millisecond)
	m.Answered("BREW", "", 404, time.Millisecond)
	m.Answered("GET", "/api/ws", 200, time.Hour)
	got := scrape(t, m)
	for _, want := range []string{
		`hearth_build_info{version="test"} 1`, `hearth_commit_seconds_count 3`, `hearth_commit_failures_total 1`,
		`hearth_commit_jobs_total 3`, `hearth_actions_total 3`, `hearth_store_ready 1`, `hearth_last_backup_timestamp_seconds 0`,
		`hearth_http_requests_total{method="GET",route="/api/me",status="200"} 1`,
		`hearth_http_requests_total{method="GET",route="/api/me",status="401"} 1`,
		`hearth_http_requests_total{method="other",route="page",status="404"} 1`,
		`hearth_http_request_seconds_count{route="/api/me"} 2`, `hearth_rooms 0`, `hearth_sockets 0`, `hearth_people_online 0`,
		`hearth_logins 0`, `hearth_sms_total{result="sent"} 0`,
	} {
		if !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(got, `hearth_http_request_seconds_count{route="/api/ws"}`) {
		t.Error("a socket counts as a slow answer")
	}
}

func TestTheAgeOfTheBackup(t *testing.T) {
	m, st := watched(t)
	before := time.Now().Add(-time.Second)
	_, err := st.Backup(t.Context(), "operator", filepath.Join(t.TempDir(), "b"), func(path string) (store.Driver, error) {
		return bolt.Open(path, bolt.Options{MustExist: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(scrape(t, m), "hearth_last_backup_timestamp_seconds 0\n") {
		t.Error("a copy that nobody has yet is told as a backup")
	}
	if err := st.NoteBackup(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	at, err := st.LastBackup(t.Context())
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("the last backup was at %v, %v", at, err)
	}
	if strings.Contains(scrape(t, m), "hearth_last_backup_timestamp_seconds 0\n") {
		t.Error("it is not told")
	}
}

// Labels are of closed lists: none can hold who, where or what.
func TestNoLabelNamesAnybody(t *testing.T) {
	m, _ := watched(t)
	m.Answered("GET", "/api/me", 200, time.Millisecond)
	if problems, err := testutil.GatherAndLint(m.registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	labels := regexp.MustCompile(`^hearth_[a-z_]+\{(.*)\} `)
	name := regexp.MustCompile(`([a-z_]+)="`)
	for line := range strings.Lines(scrape(t, m)) {
		if found := labels.FindStringSubmatch(line); found != nil {
			for _, l := range name.FindAllStringSubmatch(found[1], -1) {
				if !slices.Contains([]string{"method", "route", "status", "result", "version", "le"}, l[1]) {
					t.Errorf("a label %q: %s", l[1], line)
				}
			}
		}
	}
}

// The dashboard asks for nothing that there is not.
func TestTheDashboardKnowsTheNames(t *testing.T) {
	m, _ := watched(t)
	m.Answered("GET", "/api/me", 200, time.Millisecond)
	file := filepath.Join("..", "..", "docs", "grafana.json")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(b, &dashboard); err != nil || len(dashboard.Panels) < 8 {
		t.Fatalf("%d panels, %v", len(dashboard.Panels), err)
	}
	there := scrape(t, m)
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			for _, metric := range regexp.MustCompile(`\b(?:hearth|process|go)_[a-z_]+`).FindAllString(target.Expr, -1) {
				if !strings.Contains(there, "\n"+metric) {
					t.Errorf("%s asks for %s", p.Title, metric)
				}
			}
		}
		if len(p.Targets) == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
	}
}
