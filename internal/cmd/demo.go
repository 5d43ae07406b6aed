package cmd

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"hearth/api/control"
	"hearth/hub/chat"
	"hearth/store"
)

//go:embed demo.yaml
var demoRoster []byte

// runDemo is the verb demo: the main job with nothing to prepare.
func runDemo(c *verbCall) error {
	listenOn := c.flags.String("listen", "127.0.0.1:8080", "the `address` to listen on, host:port")
	older := c.flags.String("legacy-client", "", "a `directory` with a built older client, to be tried at /legacy/ (docs/legacy.md)")
	if err := c.parse(); err != nil {
		return err
	}
	if _, err := address(*listenOn); err != nil {
		return usageError{"--listen " + err.Error()}
	}
	// A terminal that is closed sends SIGHUP.
	ctx, stop := untilStopped(c.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	dir, err := os.MkdirTemp("", "hearth-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cfg := demoConfig(*listenOn, dir)
	cfg.Legacy.ClientDir = *older
	if _, err := openPages(cfg); err != nil {
		return fmt.Errorf("--legacy-client: %w", errors.Unwrap(err))
	}
	beyond := listensBeyondLoopback(cfg.Listen)
	log := newLogger(cfg, c.stderr, new(slog.LevelVar))
	s, err := newServer(ctx, cfg, log, serverOptions{terminal: c.stdout, pages: withDemoSurveys, anyHost: beyond})
	if err != nil {
		return err
	}
	if err := seed(ctx, s.store); err != nil {
		return errors.Join(fmt.Errorf("make the sample data: %w", err), s.close())
	}
	l, err := listen(cfg, nil, log)
	if err != nil {
		return errors.Join(err, s.close())
	}
	return s.serve(ctx, l, func() { c.greet(l.Addr().String(), s.store.Roster(), beyond, *older != "") })
}

// demoConfig is the defaults, but for how often one person may log in: who
// tries things out logs in as the same few people again and again.
func demoConfig(listen, dir string) Config {
	cfg := DefaultConfig()
	cfg.Listen, cfg.DataDir = listen, dir
	cfg.Auth.OTP.MaxSends = 1000
	cfg.Auth.Limits.SendsPerDay = 1000
	cfg.Auth.Limits.LoginsPerAddressPerHour = 1000
	cfg.Auth.Limits.SendsPerHour = 1000
	return cfg
}

// greet says where to go and who can log in.
func (c *verbCall) greet(address string, r *chat.Roster, beyond, older bool) {
	host, port, _ := net.SplitHostPort(address)
	at := address
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		at = net.JoinHostPort("localhost", port)
	}
	var b strings.Builder
	if beyond {
		fmt.Fprintf(&b, `
  ! WARNING: this demo can be reached from other machines, without encryption. Whoever
  ! reaches it can log in as any of these people: the codes stand on this terminal. It
  ! holds sample data only. Never enter anything real.
`)
	}
	fmt.Fprintf(&b, "\nHearth's demo is at  http://%s/\n", at)
	if at != address {
		fmt.Fprintf(&b, "From other machines it is this machine's name or address with :%s behind it.\n", port)
	}
	if older {
		fmt.Fprintf(&b, "The older client is at  http://%s/legacy/  (the last name goes where it asks for a name)\n", at)
	}
	fmt.Fprintf(&b, "\nLog in with phone and last name; the code is printed here when it is asked for:\n\n")
	fmt.Fprintf(&b, "  %-13s%-15s%-17s%s\n", "", "last name", "phone", "id")
	for _, u := range slices.SortedFunc(maps.Values(r.People), func(x, y *chat.User) int {
		return cmp.Or(cmp.Compare(y.Role, x.Role), cmp.Compare(x.ID, y.ID)) // therapists first
	}) {
		fmt.Fprintf(&b, "  %-13s%-15s%-17s%-6s%s\n", string(u.Name), string(u.LastName), string(u.Phone), u.ID, u.Role)
	}
	fmt.Fprintf(&b, "\nUse a window in private mode for each further person. Everything is forgotten when the demo stops (Ctrl-C).\n\n")
	io.WriteString(c.stdout, b.String())
}

// seed loads the sample roster and makes a first session whose log holds 150
// actions, all of which Gilligan sees: 123 is a message.
func seed(ctx context.Context, st *store.Store) error {
	in, roster, err := control.Plan(st.Roster(), control.Options{}, demoRoster, false)
	if err != nil || roster == nil {
		return errors.Join(err, fmt.Errorf("roster: %q", in.Problems))
	}
	// Mary Ann came in before there was a survey: that somebody has filled
	// one in stands in the log, for them alone.
	before := &chat.Roster{People: roster.People, Sessions: maps.Clone(roster.Sessions)}
	first := *roster.Sessions["TS1"]
	first.Assessments = nil
	before.Sessions["TS1"] = &first
	use := func(r *chat.Roster) error {
		return st.ApplyRoster(ctx, "demo", "import", func(*chat.Roster) (*chat.Roster, error) { return r, nil })
	}
	if err := use(before); err != nil {
		return err
	}
	people := []chat.PID{"T1", "P123", "P124"}
	for _, p := range people {
		if _, err := st.Enter(ctx, p, "TS1"); err != nil {
			return err
		}
	}
	if err := use(roster); err != nil {
		return err
	}
	for _, ts := range []chat.TSID{"TS1", "TS3"} {
		if err := st.SetAssessment(ctx, "demo", ts, "P123", "location", true); err != nil {
			return err
		}
	}
	say := func(by chat.PID, d chat.Draft) error {
		s, err := st.Append(ctx, by, "TS1", []chat.Draft{d})
		if err == nil && s.Results[0].Err != nil {
			err = s.Results[0].Err
		}
		return err
	}
	if err := say("T1", chat.Draft{Type: chat.Whiteboard, Body: "Today: what helps when the week gets long"}); err != nil {
		return err
	}
	const actions = 150 // every sixth is a reaction, so that 123 is a message
	for line := 0; ; {
		o, err := st.Overview(ctx, "T1", "TS1")
		if err != nil {
			return err
		}
		next := o.Head + 1
		if next > actions {
			return nil
		}
		said := demoLines[line%len(demoLines)]
		by, d := said.by, chat.Draft{Type: chat.Message, Body: chat.Text(said.text)}
		if next%6 == 0 {
			// Whoever spoke last gets a heart, from the therapist if they can.
			last := demoLines[(line+len(demoLines)-1)%len(demoLines)].by
			by, d = "T1", chat.Draft{Type: chat.Reaction, Target: o.Head, Icon: chat.Heart}
			if last == by {
				by = "P124"
			}
		} else {
			line++
		}
		if err := say(by, d); err != nil {
			return err
		}
	}
}

var demoLines = []struct {
	by   chat.PID
	text string
}{
	{"T1", "Good evening everyone. How was your week?"},
	{"P123", "Better than the last one. I slept through twice."},
	{"P124", "Mine was long. Work kept calling after hours."},
	{"T1", "What did you do when the phone rang?"},
	{"P124", "I let it ring once. That was new for me."},
	{"T1", "That is worth a lot. How did it feel?"},
	{"P124", "Strange at first, then quiet."},
	{"P123", "I tried the breathing exercise on the bus."},
	{"T1", "Did it help?"},
	{"P123", "A little. I counted to four and lost count at three."},
	{"P124", "Losing count still counts."},
	{"P123", "I also wrote down three things that went well, as we said."},
	{"T1", "Would you like to share one of them?"},
	{"P123", "I cooked for my sister and she stayed all evening."},
	{"P124", "I walked around the lake before breakfast."},
	{"T1", "Thank you, that is good to hear."},
	{"T1", "What would make the next week a bit lighter?"},
	{"P124", "One evening without plans."},
	{"P123", "Calling somebody before it gets too much."},
}

// withDemoSurveys serves the sample surveys beside the pages.
func withDemoSurveys(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages) // and everything else
	mux.HandleFunc("GET /demo/survey", getDemoSurvey)
	mux.HandleFunc("POST /demo/survey", postDemoSurvey)
	mux.HandleFunc("GET /demo/survey.css", getDemoSurveyCSS)
	return mux
}
