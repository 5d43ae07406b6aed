package control_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hearth/api/control"
	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
	"hearth/store/roster"
)

const people = `
participants:
  - {id: T1, name: Dr. Howell, last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: Gilligan, last_name: Denver, phone: "+1 650 555 0123", role: participant}
`

const sessions = `
therapy_sessions:
  - {id: TS1, name: Evening group, therapists: [T1], participants: [P123]}
`

// newStore is empty; it is checked at the end.
func newStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "hearth.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{Driver: db, AuditKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if r, err := st.Check(context.Background()); err != nil || len(r.Problems) > 0 {
			t.Errorf("%v, %v", r.Problems, err)
		}
		st.Close()
	})
	return st
}

// serve answers for st in dir until stop is called.
func serve(t *testing.T, dir string, h http.Handler) (stop func()) {
	t.Helper()
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- control.Serve(ctx, l, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func dial(t *testing.T, dir string) *control.Client {
	t.Helper()
	c, err := control.Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestImportOverTheSocket(t *testing.T) {
	dir, st := t.TempDir(), newStore(t)
	serve(t, dir, control.Handler(control.Options{Store: st}))
	c := dial(t, dir)
	three := []control.Change{
		{Kind: roster.Added, What: roster.Person, ID: "P123"}, {Kind: roster.Added, What: roster.Person, ID: "T1"},
		{Kind: roster.Added, What: roster.Session, ID: "TS1"},
	}
	for _, tt := range []struct {
		name          string
		file          string
		prune, dryRun bool
		want          control.Imported
		after         int // people
	}{
		{"a dry run changes nothing", people + sessions, false, true, control.Imported{Changes: three, People: 2, Sessions: 1}, 0},
		{"the first one", people + sessions, false, false, control.Imported{Changes: three, People: 2, Sessions: 1}, 2},
		{"the same again", people + sessions, true, false, control.Imported{Changes: []control.Change{}, People: 2, Sessions: 1}, 2},
		{"a mistake changes nothing", "participants:\n  - {id: P9}\n" + sessions, false, false, control.Imported{Problems: []string{
			"line 2: last_name: missing", "line 2: name: missing", "line 2: phone: missing", "line 2: role: missing",
		}}, 2},
		{"pruning in a dry run", strings.Replace(people, "Gilligan", "Gil", 1), true, true, control.Imported{Changes: []control.Change{
			{Kind: roster.Changed, What: roster.Person, ID: "P123", Fields: []string{"name"}},
			{Kind: roster.Removed, What: roster.Session, ID: "TS1"},
		}, People: 2}, 2},
		{"without pruning", strings.Replace(people, "Gilligan", "Gil", 1), false, true, control.Imported{Changes: []control.Change{
			{Kind: roster.Changed, What: roster.Person, ID: "P123", Fields: []string{"name"}},
		}, People: 2, Sessions: 1}, 2},
	} {
		got, err := c.Import(t.Context(), []byte(tt.file), tt.prune, tt.dryRun)
		if len(tt.want.Problems) > 0 {
			if err != nil || len(got.Problems) != len(tt.want.Problems) || got.Changes != nil {
				t.Errorf("%s: %+v, %v", tt.name, got, err)
			}
		} else if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", tt.name, got, err, tt.want)
		}
		if n := len(st.Roster().People); n != tt.after {
			t.Errorf("%s: there are %d people, want %d", tt.name, n, tt.after)
		}
	}
	report, err := c.Check(t.Context())
	if want := (control.Report{Sessions: 1, Audit: 1}); err != nil || !reflect.DeepEqual(report, want) {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestTheRegionAndFieldAreTheServers(t *testing.T) {
	file := []byte(`participants:
  - {id: P1, name: Gilligan, last_name: Denver, phone: "030 123456", role: participant}
  - {id: P2, name: Gilligan, last_name: Grumby, phone: "030 123456", role: participant}
`)
	_, made, err := control.Plan(&chat.Roster{}, control.Options{Region: "DE"}, file, false)
	if err != nil || made == nil || made.People["P1"].Phone != "+4930123456" {
		t.Errorf("%+v, %v", made, err)
	}
	out, made, err := control.Plan(&chat.Roster{}, control.Options{Region: "DE", Field: "name"}, file, false)
	if err != nil || made != nil || len(out.Problems) != 1 {
		t.Errorf("%+v, %+v, %v", out, made, err)
	}
	if _, _, err := control.Plan(&chat.Roster{}, control.Options{Field: "phone"}, file, false); err == nil {
		t.Error("a field that there is not is accepted")
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, control.Handler(control.Options{Store: newStore(t)}))
	_, err := dial(t, dir).Import(t.Context(), make([]byte, control.MaxRoster+1), false, false)
	if err == nil {
		t.Error("it was read")
	}
}

// Imports at the same time must not undo each other.
func TestImportsAtTheSameTimeAllHold(t *testing.T) {
	st := newStore(t)
	var all sync.WaitGroup
	for _, id := range []string{"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"} {
		all.Go(func() {
			file := "participants:\n  - {id: " + id + ", name: G, last_name: Denver, phone: \"+1 650 555 010" + id[1:] + "\", role: participant}\n"
			if out, err := control.Import(t.Context(), control.Options{Store: st}, "test", []byte(file), false, false); err != nil || len(out.Problems) > 0 {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
	all.Wait()
	if n := len(st.Roster().People); n != 8 {
		t.Errorf("%d people are left", n)
	}
}

func TestTheSocketIsItsOwners(t *testing.T) {
	dir := t.TempDir()
	if _, err := control.Dial(dir); err != control.ErrNoServer {
		t.Errorf("without a socket: %v", err)
	}
	if _, err := control.Dial(filepath.Join(dir, "none")); err != control.ErrNoServer {
		t.Errorf("without a directory: %v", err)
	}
	if _, err := control.Listen(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("listening without a directory: %v", err)
	}
	stop := serve(t, dir, http.NotFoundHandler())
	path := filepath.Join(dir, control.SocketName)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v", info, err)
	}
	dial(t, dir)
	stop()
	if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
		t.Errorf("%v is left, %v", made, err)
	}
	if _, err := control.Dial(dir); err != control.ErrNoServer {
		t.Errorf("after the end: %v", err)
	}
}

func TestASocketOfAKilledServerIsReplaced(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{control.SocketName, control.SocketName + ".new"} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	}
	if _, err := control.Dial(dir); err != control.ErrNoServer {
		t.Errorf("%v", err)
	}
	serve(t, dir, control.Handler(control.Options{Store: newStore(t)}))
	if _, err := dial(t, dir).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30), strings.Repeat("long", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	serve(t, dir, control.Handler(control.Options{Store: newStore(t)}))
	if _, err := dial(t, dir).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// What stands in the way of a socket that is there is not "no server": the
// data must not be opened beside one.
func TestASocketThatCannotBeReachedIsAnError(t *testing.T) {
	if os.Geteuid() == 0 {
		dir := t.TempDir() // nothing is forbidden to root, but a socket of another kind is no server's
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, control.SocketName), Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if _, err := control.Dial(dir); !errors.Is(err, syscall.EPROTOTYPE) {
			t.Errorf("%v", err)
		}
		return
	}
	dir := t.TempDir()
	serve(t, dir, http.NotFoundHandler())
	if err := os.Chmod(filepath.Join(dir, control.SocketName), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Dial(dir); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
}

// A command under way is answered before Serve returns: the store is closed
// after that.
func TestServeWaitsForCommandsUnderWay(t *testing.T) {
	dir := t.TempDir()
	began, finish := make(chan struct{}), make(chan struct{})
	over := false // guarded by the server's end
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- control.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(began)
			<-finish
			w.Write([]byte(`{"therapy_sessions": 7}`))
			over = true
		}))
	}()
	c := dial(t, dir)
	answered := make(chan error, 1)
	go func() {
		r, err := c.Check(context.Background())
		if err == nil && r.Sessions != 7 {
			err = errors.New("another answer")
		}
		answered <- err
	}()
	<-began
	cancel()
	for err = nil; err == nil; _, err = control.Dial(dir) { // until it has stopped listening
	}
	select {
	case err := <-served:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	close(finish)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil || !over {
		t.Errorf("%v, over %v", err, over)
	}
}

func TestAFailureIsTheClientsError(t *testing.T) {
	dir, st := t.TempDir(), newStore(t)
	serve(t, dir, control.Handler(control.Options{Store: st, Field: "phone"}))
	c := dial(t, dir)
	if _, err := c.Import(t.Context(), []byte(people), false, false); err == nil || !strings.Contains(err.Error(), `login field "phone"`) {
		t.Errorf("%v", err)
	}
	other := t.TempDir()
	serve(t, other, http.NotFoundHandler())
	if _, err := dial(t, other).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v", err)
	}
	garbled := t.TempDir()
	serve(t, garbled, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{")) }))
	if _, err := dial(t, garbled).Check(t.Context()); err == nil {
		t.Error("half an answer is taken for one")
	}
}

func TestChangesAreReadable(t *testing.T) {
	for want, c := range map[string]control.Change{
		"added person P123":                   {Kind: roster.Added, What: roster.Person, ID: "P123"},
		"changed therapy session TS1 (topic)": {Kind: roster.Changed, What: roster.Session, ID: "TS1", Fields: []string{"topic"}},
		"changed person T1 (phone, role)":     {Kind: roster.Changed, What: roster.Person, ID: "T1", Fields: []string{"phone", "role"}},
	} {
		if got := c.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
