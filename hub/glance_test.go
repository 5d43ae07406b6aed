package hub_test

import (
	"fmt"
	"strings"
	"testing"

	"hearth/hub"
	"hearth/hub/chat"
)

func TestGlancesAreOfAllTherapySessions(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		want := func(when string, want ...string) {
			t.Helper()
			all, err := w.Glances(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, g := range all {
				line := fmt.Sprintf("%s %s %d:", g.Session.ID, g.Status, g.Max)
				for _, p := range g.People {
					if p.Reason != "" || p.Name == "" {
						t.Errorf("%s: %+v", when, p)
					}
					line += fmt.Sprintf(" %s %s", p.ID, p.Status)
					if p.Muted {
						line += " muted"
					}
				}
				got = append(got, line)
			}
			if got, want := strings.Join(got, "\n"), strings.Join(want, "\n"); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", when, got, want)
			}
		}
		const nobody = ": T1 offline T2 offline P1 offline P2 offline P3 offline"
		want("before anybody comes", "TS4 scheduled 0"+nobody, "TS3 scheduled 0"+nobody, "TS2 scheduled 0"+nobody, "TS1 scheduled 0"+nobody)
		want("again", "TS4 scheduled 0"+nobody, "TS3 scheduled 0"+nobody, "TS2 scheduled 0"+nobody, "TS1 scheduled 0"+nobody)

		w.connect("T1", "TS2", hub.StateAdmitted)
		w.connect("P1", "TS2", hub.StateWaiting)
		w.moderate("T1", "TS1", "P2", chat.Mute)
		want("when some are there", "TS4 scheduled 0"+nobody, "TS3 scheduled 0"+nobody,
			"TS2 open 1: T1 online T2 offline P1 waiting P2 offline P3 offline",
			"TS1 scheduled 0: T1 offline T2 offline P1 offline P2 offline muted P3 offline")

		pass(late) // P1 and T1 have sockets: they stay
		w.roster(func(r *chat.Roster) *chat.Roster {
			now := sample()
			delete(now.Sessions, "TS4")
			now.People["P3"].Withdrawn = true
			now.Sessions["TS3"].Therapists, now.Sessions["TS3"].Participants = nil, nil
			return now
		})
		want("with another roster", "TS3 scheduled 0:",
			"TS2 open 2: T1 online T2 offline P1 waiting P2 offline",
			"TS1 scheduled 0: T1 offline T2 offline P1 offline P2 offline muted")
	})
}
