package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
)

func TestDetailsAreOfAllTherapySessionsNewestFirst(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.moderate("T1", "TS3", "P1", chat.Remove)
		w.moderate("T1", "TS2", "P2", chat.Admit)
		w.connect("T1", "TS2", hub.StateAdmitted)
		short := func(by chat.PID) (all []string) {
			details, err := w.Details(t.Context(), by)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range details {
				s := fmt.Sprintf("%s for %s", d.Session.ID, d.You.ID)
				for _, p := range append(d.People, d.You) {
					if p.Cleared {
						s += " " + string(p.ID)
					}
				}
				all = append(all, s)
			}
			return all
		}
		for by, want := range map[chat.PID]string{
			"T1": "TS4 for T1, TS3 for T1 P2 P3, TS2 for T1 P2, TS1 for T1 P1 P2 P3",
			"P1": "TS4 for P1, TS2 for P1, TS1 for P1 P1", // who waits sees nobody
			"P2": "TS4 for P2, TS3 for P2 P2, TS2 for P2 P2, TS1 for P2 P2",
			"X1": "", "nobody": "",
		} {
			if got := strings.Join(short(by), ", "); got != want {
				t.Errorf("%s: %s, want %s", by, got, want)
			}
		}
		w.connect("P2", "TS2", hub.StateAdmitted)
		if got := short("P2"); !slices.Contains(got, "TS2 for P2 P2 P2") { // among the others, and themselves
			t.Errorf("who is in: %q", got)
		}
	})
}

func TestReadyIsForTherapists(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.assessed("TS3", "P1", "mood", true)
		ready, err := w.Ready(t.Context(), "T2", "TS3")
		if got := fmt.Sprint(ready, err); got != "map[P1:true P2:false P3:false] <nil>" {
			t.Errorf("%s", got)
		}
		for _, c := range []struct {
			by chat.PID
			ts chat.TSID
		}{{"P1", "TS3"}, {"X1", "TS3"}, {"nobody", "TS3"}, {"T1", "none"}} {
			_, err := w.Ready(t.Context(), c.by, c.ts)
			wantCode(t, fmt.Sprintf("%s asks of %s", c.by, c.ts), err, chat.NotAllowed)
			wantCode(t, fmt.Sprintf("%s in %s", c.by, c.ts), w.MayModerate(t.Context(), c.by, c.ts), chat.NotAllowed)
		}
		if err := w.MayModerate(t.Context(), "T1", "TS3"); err != nil {
			t.Error(err)
		}
	})
}

func TestSignsOfLifeOfWhoWaitsAreOfNobodyElse(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS2", hub.StateWaiting)
		w.enter("P2", "TS1", hub.StateAdmitted)
		for range 10 {
			pass(grace / 2)
			w.StillWaits("TS2", "P1")
			w.StillWaits("TS1", "P2")
			w.StillWaits("TS2", "P3") // never came
			w.StillWaits("none", "P3")
		}
		w.wantStatus("TS2", "P1", hub.Waiting)
		w.wantStatus("TS2", "P3", hub.Offline)
		w.wantStatus("TS1", "P2", hub.Offline)
		pass(late + time.Second)
		w.wantStatus("TS2", "P1", hub.Offline)
	})
}
