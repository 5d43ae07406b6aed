package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	. "hearth/internal/browser"
)

// The page for study staff.

// newRoster adds somebody and changes the date of a session; wrongRoster has
// two mistakes.
var (
	newRoster = strings.NewReplacer(
		"therapy_sessions:\n", "  - {id: P127, name: Thurston, last_name: Howell, phone: \"+1 650 555 0127\", role: participant}\ntherapy_sessions:\n",
		"2030-12-02T09:00", "2030-12-02T10:00", "P123, P124, P125, P126]\n    waiting_room", "P123, P124, P125, P126, P127]\n    waiting_room",
	).Replace(roster)
	wrongRoster = strings.NewReplacer("+1 650 555 0124", "650 555", "2030-12-02T09:00:00-08:00", "next Monday").Replace(roster)
)

// signedIn is a member of the staff at their page.
func signedIn(s *stage) (*Window, error) {
	token, err := s.Proxy.Server.Token(s.ctx, "Eunice, coordinator")
	if err != nil {
		return nil, err
	}
	w := s.open("/staff")
	return w, errors.Join(w.Type(Box("API token"), token), w.Press(Button("Sign in")), w.See(Heading("Sessions")))
}

// atWork is signedIn while the evening group is going on.
func atWork(s *stage) (*Window, error) {
	if err := s.speak(talk); err != nil {
		return nil, err
	}
	for p, ts := range map[Person]string{gilligan: "TS1", howell: "TS1", skipper: "TS2"} {
		in := s.as(p, "/?ts="+ts)
		if err := in.See(`//*[@role="log"] | ` + Region("Waiting room")); err != nil {
			return nil, err
		}
	}
	w, err := signedIn(s)
	return w, errors.Join(err, w.See(Text("1 waiting")))
}

// staffView is one of the views, when it shows seen.
func staffView(s *stage, name, seen string) (*Window, error) {
	if err := s.speak(talk[:2]); err != nil {
		return nil, err
	}
	if _, err := s.Proxy.Server.Run(s.ctx, "backup", filepath.Join(s.dir, "copy.db")); err != nil {
		return nil, err
	}
	w, err := signedIn(s)
	return w, errors.Join(err, w.Press(Link(name)), w.See(Heading(name)), w.See(seen))
}

// withFile is the roster's view with a file, when it shows region.
func withFile(s *stage, content, region string) (*Window, error) {
	w, err := signedIn(s)
	if err = errors.Join(err, w.Press(Link("Roster")), w.See(Heading("Roster"))); err != nil {
		return w, err
	}
	return w, errors.Join(
		w.Run(fmt.Sprintf(`const all = new DataTransfer(); all.items.add(new File([%q], 'roster.yaml')); const input = document.querySelector('input[type=file]');
			input.files = all.files; input.dispatchEvent(new Event('change', {bubbles: true}))`, content)),
		w.See(Region(region)))
}
