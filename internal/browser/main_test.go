package browser_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
	. "hearth/internal/browser"
)

// All tests share one Chromium and one build.
var (
	dir      string
	chromium = sync.OnceValues(func() (*Chromium, error) { return StartChromium(context.Background()) })
	binary   = sync.OnceValues(func() (string, error) { return Build(context.Background(), dir) })
)

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "hearth-browser-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if c, err := chromium(); err == nil {
		c.Stop()
	}
	os.RemoveAll(dir)
	os.Exit(status)
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	var first []error // not those of the steps that followed one that failed
	for _, err := range errs {
		if err != nil && strings.ReplaceAll(err.Error()+"\n", ErrBefore.Error()+"\n", "") != "" {
			first = append(first, err)
		}
	}
	if errors.Join(errs...) != nil {
		t.Fatal(cmp.Or(errors.Join(first...), ErrBefore))
	}
}

func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// serve starts a server with a roster. Its tests may run beside others.
func serve(t *testing.T, roster string, settings ...string) *Server {
	t.Helper()
	c := haveChromium(t)
	_ = c
	bin := ok[string](t)(binary())
	dir := t.TempDir()
	s := ok[*Server](t)(StartServer(t.Context(), bin, dir, roster, settings...))
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		apitest.Program{Dir: dir, Log: s.Log(), Run: func(args ...string) (string, error) {
			c := exec.Command(bin, args...)
			c.Dir = dir // where the data is as well
			out, err := c.Output()
			return string(out), err
		}}.KeepsSecrets(t, &apitest.Secrets{})
		if t.Failed() {
			t.Logf("the server wrote\n%s", s.Log())
		}
	})
	return s
}

func haveChromium(t *testing.T) *Chromium {
	t.Helper()
	c, err := chromium()
	if errors.Is(err, ErrNone) {
		t.Skip("chromium is not installed: the pages are not tried in a browser")
	}
	must(t, err)
	return c
}

// through puts a proxy in front of s.
func through(t *testing.T, s *Server) *Proxy {
	t.Helper()
	p := ok[*Proxy](t)(StartProxy(s))
	t.Cleanup(p.Stop)
	return p
}

// window opens a private window, and looks at its end that nothing went wrong
// in it.
func window(t *testing.T, site Site, width int64, path string) *Window {
	t.Helper()
	w, err := haveChromium(t).Open(site, width, 720, path)
	return watched(t, w, err)
}

func tab(t *testing.T, beside *Window, path string) *Window {
	t.Helper()
	w, err := beside.Tab(360, 720, path)
	return watched(t, w, err)
}

func watched(t *testing.T, w *Window, err error) *Window {
	t.Helper()
	must(t, err)
	t.Cleanup(func() {
		for _, f := range slices.Compact(w.Faults()) {
			t.Errorf("the page reported: %s", f)
		}
		w.Close()
	})
	return w
}

// Everybody of the sample.
var (
	howell   = Person{Phone: "+1 650 555 0100", LastName: "Howell"}
	gilligan = Person{Phone: "+1 650 555 0123", LastName: "Denver"}
	mary     = Person{Phone: "+1 650 555 0124", LastName: "Summers"}
	skipper  = Person{Phone: "+1 650 555 0125", LastName: "Grumby"}
)

// as opens a window in which p is logged in already.
func as(t *testing.T, site Site, p Person, width int64, path string) *Window {
	t.Helper()
	w := window(t, site, width, "")
	must(t, w.Use(login(t, site, p)), w.Go(path))
	return w
}

// in is as, in a session that p is admitted to.
func in(t *testing.T, site Site, p Person, width int64, ts, heading string) *Window {
	t.Helper()
	w := as(t, site, p, width, "/?ts="+ts)
	must(t, w.See(Heading(heading)), w.See(Log))
	return w
}

// login logs p in without a window, as a browser.
func login(t *testing.T, site Site, p Person) *client.Client {
	t.Helper()
	s, isServer := site.(*Server)
	if !isServer {
		s = site.(*Proxy).Server
	}
	return ok[*client.Client](t)(s.Client(t.Context(), p, true))
}

// messages are the bodies that the therapist's log holds, in order.
func messages(t *testing.T, s *Server, ts chat.TSID) []string {
	t.Helper()
	c := ok[*client.Client](t)(s.Client(t.Context(), howell, false))
	var all []string
	for q := (client.Query{TS: ts}); ; {
		p := ok[client.Page](t)(c.GetActions(t.Context(), q))
		for _, a := range p.Actions {
			if a.Type == "message" {
				all = append(all, a.Body)
			}
		}
		if q.From = p.Position(); !p.More {
			return all
		}
	}
}

// surveys serves a survey that is done by following its one link.
func surveys(t *testing.T) (url string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		back := r.URL.Query().Get("back")
		if !strings.HasPrefix(back, "http://127.0.0.1:") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Survey</title><link rel="icon" href="data:,"><h1>Survey</h1><p><a href="%s">Done</a></p>`, back)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/?back={return_url}"
}

const people = `participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123", role: participant}
  - {id: P124, name: Mary Ann, last_name: Summers, phone: "+1 650 555 0124", role: participant}
  - {id: P125, name: Skipper, last_name: Grumby, phone: "+1 650 555 0125", role: participant, keystrokes: false}
`

// evening is a group that everybody may enter.
const evening = people + `therapy_sessions:
  - {id: TS1, name: Evening group, topic: Coping with stress, therapists: [T1], participants: [P123, P124, P125], private_messages: anyone}
`

const eveningGroup = "Evening group"
