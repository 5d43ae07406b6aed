package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"hearth/api/client"
	"hearth/hub/chat"
	"hearth/internal/browser"
)

// The conversations.
const (
	shortTS chat.TSID = "TS1" // 150 actions
	longTS  chat.TSID = "TS2" // thousands
)

const shortActions = 150

// lastWords end each conversation: who sees them has all of it.
const lastWords = "That is all for today."

// names are the group: the therapist, and ten participants.
var names = []string{
	"Howell", "Denver", "Summers", "Grumby", "Hale", "Ruiz", "Okoye", "Larsen", "Mbeki", "Tanaka", "Novak",
}

// server is a server of its own, with a group of ten and both conversations.
type server struct {
	*browser.Server
	address string           // host:port
	url     string           // at which the line begins
	key     string           // the certificate's, as Chromium wants it named
	people  []*client.Client // as names
	ids     []chat.PID
}

// startServer builds the program, runs it in dir at the end of the line n, and
// fills the conversations.
func startServer(ctx context.Context, dir string, n *line, messages int) (*server, error) {
	say("building the server")
	bin := filepath.Join(dir, "hearth")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "hearth").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	s := &server{url: "https://" + n.address}
	cert, key, spki, err := certificate()
	if err != nil {
		return nil, err
	}
	s.key = spki
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(certFile, cert, 0o600), os.WriteFile(keyFile, key, 0o600)); err != nil {
		return nil, err
	}
	s.Server, err = browser.StartServer(ctx, bin, dir, s.roster(),
		"HEARTH_PUBLIC_URL="+s.url, "HEARTH_TLS_CERT_FILE="+certFile, "HEARTH_TLS_KEY_FILE="+keyFile, "HEARTH_CHAT_POLL_INTERVAL=5s",
		"HEARTH_CHAT_MAX_ACTIONS_PER_CALL=1000", "HEARTH_CHAT_RATE_PER_SECOND=100000", "HEARTH_CHAT_RATE_BURST=100000",
	)
	if err != nil {
		return nil, err
	}
	s.address = strings.TrimPrefix(s.URL, "http://")
	n.lead(s.address)
	if err := s.fill(ctx, messages); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func phone(i int) string { return fmt.Sprintf("+1 650 555 01%02d", i) }

func (s *server) roster() string {
	var b strings.Builder
	b.WriteString("participants:\n")
	for i, name := range names {
		id, role := chat.PID(fmt.Sprintf("P%d", 100+i)), "participant"
		if i == 0 {
			id, role = "T1", "therapist"
		}
		s.ids = append(s.ids, id)
		fmt.Fprintf(&b, "  - {id: %s, name: %s, last_name: %s, phone: %q, role: %s}\n", id, name, name, phone(i), role)
	}
	participants := make([]string, 0, len(names))
	for _, id := range s.ids[1:] {
		participants = append(participants, string(id))
	}
	b.WriteString("therapy_sessions:\n")
	for _, ts := range []chat.TSID{shortTS, longTS} {
		fmt.Fprintf(&b, "  - {id: %s, name: Evening group, therapists: [T1], participants: [%s]}\n", ts, strings.Join(participants, ", "))
	}
	return b.String()
}

// fill logs everybody in and lets them talk.
func (s *server) fill(ctx context.Context, messages int) error {
	for i, name := range names {
		c, err := client.New(client.Options{
			URL: s.url, Cookies: true, TLS: &tls.Config{InsecureSkipVerify: true}, // it is ours
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) { // not over the bad line
				return new(net.Dialer).DialContext(ctx, network, s.address)
			},
		})
		if err != nil {
			return err
		}
		from := s.Sent()
		code := func(ctx context.Context) (string, error) { return s.Code(ctx, phone(i), from) }
		if _, err := c.Login(ctx, phone(i), name, code); err != nil {
			return fmt.Errorf("log %s in: %w", s.ids[i], err)
		}
		for _, ts := range []chat.TSID{longTS, shortTS} {
			if _, err := c.Enter(ctx, ts); err != nil {
				return err
			}
		}
		if err := c.Leave(ctx); err != nil { // or they would leave by and by, while the pages are measured
			return err
		}
		s.people = append(s.people, c)
	}
	if err := s.talk(ctx, shortTS, 0, shortActions); err != nil || messages == 0 {
		return err
	}
	say("saving %d messages", messages)
	return s.talk(ctx, longTS, messages, 0)
}

var words = strings.Fields(`I tried the breathing exercise on the bus and counted to four then lost count which still
	counts you said so today was long work kept calling after hours but one evening without plans made it a bit lighter
	my sister stayed all evening we cooked something simple and it felt strange at first then quiet`)

// said is the nth thing that somebody says: 3 to 27 words.
func said(n int) chat.Text {
	var b []string
	for i := range 3 + n*7919%25 {
		b = append(b, words[(n*31+i)%len(words)])
	}
	return chat.Text(strings.Join(b, " ") + ".")
}

// talk saves messages until there are as many, or the log has as many actions,
// whichever is given. Each eighth is an answer, each tenth gets a reaction.
func (s *server) talk(ctx context.Context, ts chat.TSID, messages, actions int) error {
	var head, latest chat.ActionID // of the log, and the latest message's
	for n := 0; ; n++ {
		by := n * 7 % len(s.people)
		if n%10 == 9 {
			var err error
			if head, err = s.save(ctx, by, ts, chat.Draft{Type: chat.Reaction, Target: latest, Icon: chat.Heart}); err != nil {
				return err
			}
		}
		d := chat.Draft{Type: chat.Message, Body: said(n)}
		if n%8 == 7 {
			d.Target = latest
		}
		done := n+1 == messages || actions > 0 && int(head)+1 >= actions
		if done {
			d.Body = lastWords
		}
		id, err := s.save(ctx, by, ts, d)
		if err != nil || done {
			return err
		}
		head, latest = id, id
	}
}

func (s *server) save(ctx context.Context, by int, ts chat.TSID, d chat.Draft) (chat.ActionID, error) {
	saved, err := s.people[by].SaveActions(ctx, ts, d)
	if err != nil {
		return 0, err
	}
	if len(saved.Saved) != 1 {
		return 0, fmt.Errorf("%d results for one action", len(saved.Saved))
	}
	if e := saved.Saved[0].Error; e != nil {
		return 0, e
	}
	return saved.Saved[0].ID, nil
}

// login is somebody's cookies, who is the ith of names.
func (s *server) login(i int) []*http.Cookie { return s.people[i].Cookies() }
