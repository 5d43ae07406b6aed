package api_test

import (
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/hub/chat"
)

// glance is a therapy session as staff see it.
type glance struct {
	ID           chat.TSID `json:"id"`
	Name         string    `json:"name"`
	Topic        string    `json:"topic"`
	Date         string    `json:"date"`
	Status       string    `json:"status"`
	Max          uint64    `json:"max_id"`
	Participants []struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Role   string `json:"role"`
		Status string `json:"status"`
		Muted  bool   `json:"muted"`
	} `json:"participants"`
}

func (a *admin) sessions() (all []glance) {
	a.t.Helper()
	r := get(a.t, a.p, "/api/admin/sessions")
	wantStatus(a.t, r, 200)
	var out struct {
		Sessions []glance `json:"therapy_sessions"`
	}
	decode(a.t, r.Body, &out)
	return out.Sessions
}

func TestStaffSeeWhoIsThere(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	all := a.sessions()
	if len(all) != len(s.Store.Roster().Sessions) {
		t.Fatalf("%d therapy sessions", len(all))
	}
	for i, g := range all {
		if i > 0 && g.Date > all[i-1].Date {
			t.Errorf("%s of %s comes after an older one", g.ID, g.Date)
		}
		if g.Status != "scheduled" || g.Max != 0 || len(g.Participants) < 2 {
			t.Errorf("before anybody came: %+v", g)
		}
	}
	s.Enter("T1", apitest.WaitingRoom)
	s.Enter("P1", apitest.WaitingRoom)
	p := s.Enter("P2", apitest.Plain)
	p.Save(message("only among us"))
	if _, err := s.Hub.Moderate(soon(t), "T1", apitest.Plain, "P3", chat.Mute); err != nil {
		t.Fatal(err)
	}
	said := p.Save(message("the last word"))
	for _, g := range a.sessions() {
		var people []string
		for _, p := range g.Participants {
			word := p.ID + " " + p.Name + " " + p.Role + " " + p.Status
			if p.Muted {
				word += " muted"
			}
			people = append(people, word)
		}
		got := g.Status + ": " + strings.Join(people, ", ")
		want := map[chat.TSID]string{
			apitest.WaitingRoom: "open: T1 Dr. Howell therapist online, P1 Gilligan participant waiting, " +
				"P2 Skipper participant offline, P3 Mary Ann participant offline",
			apitest.Plain: "open: T1 Dr. Howell therapist offline, P1 Gilligan participant offline, " +
				"P2 Skipper participant online, P3 Mary Ann participant offline muted",
			apitest.Elsewhere: "scheduled: T2 Dr. Lovey therapist offline, P4 Ginger participant offline",
		}[g.ID]
		if want != "" && got != want {
			t.Errorf("%s is %s\nwant %s", g.ID, got, want)
		}
		if g.ID == apitest.Plain && (g.Max != uint64(said) || g.Name != "Evening group" || g.Topic != "Coping with stress") {
			t.Errorf("%+v, but %d was said last", g, said)
		}
	}
	a.p.NeverReceived(t, "only among us")
	for _, u := range s.Store.Roster().People {
		a.p.NeverReceived(t, string(u.Phone))
		if u.ID != "T1" { // whose name has it
			a.p.NeverReceived(t, string(u.LastName))
		}
	}
}

func TestWatchingWhoIsThereIsNotedOnceAnHour(t *testing.T) {
	s := apitest.New(t)
	a, b := newAdmin(t, s), newAdmin(t, s)
	noted := func(who *admin) int {
		return strings.Count(a.audited(), `"event":"sessions_read","actor":"token:`+who.id+`"`)
	}
	for range 5 {
		a.sessions()
	}
	b.sessions()
	if noted(a) != 1 || noted(b) != 1 {
		t.Errorf("noted %d and %d times", noted(a), noted(b))
	}
	s.Clock.Add(time.Hour)
	a.sessions()
	if noted(a) != 2 || noted(b) != 1 {
		t.Errorf("an hour later: noted %d and %d times", noted(a), noted(b))
	}
	s.Clock.Add(-12 * time.Hour) // set back
	a.sessions()
	if noted(a) != 3 {
		t.Errorf("with the clock set back: noted %d times", noted(a))
	}
}
