package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"hearth/api"
	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

// callers are kinds of people, by what they are in [apitest.WaitingRoom].
var callers = []string{
	"nobody", "bad token", "logged out", "withdrawn", // nobody is logged in
	"elsewhere", "waiting", "admitted", "muted", "revoked", "removed",
	"therapist", "therapist not entered", "therapist elsewhere",
}

// world is a server with one of each kind.
func newWorld(t *testing.T) (*apitest.Server, map[string]*apitest.Person) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		ts := o.Roster.Sessions[apitest.WaitingRoom]
		add := func(u chat.User) chat.PID {
			u.Name, u.LastName, u.Phone = "Sample", chat.Text(u.ID), chat.Phone(fmt.Sprintf("+165055502%02d", len(o.Roster.People)))
			o.Roster.People[u.ID] = &u
			return u.ID
		}
		ts.Therapists = append(ts.Therapists, add(chat.User{ID: "T3", Role: chat.Therapist}))
		for i := range 9 {
			ts.Participants = append(ts.Participants, add(chat.User{ID: chat.PID(fmt.Sprint("Q", i)), Role: chat.Participant}))
		}
	})
	p := map[string]*apitest.Person{}
	in := func(name string, who chat.PID, ts chat.TSID) {
		t.Helper()
		p[name] = s.Login(who)
		must[client.Entered](t)(p[name].Client.Enter(soon(t), ts))
	}
	in("therapist", "T1", apitest.WaitingRoom)
	in("therapist elsewhere", "T2", apitest.Elsewhere)
	in("elsewhere", "P4", apitest.Elsewhere)
	p["therapist not entered"] = s.Login("T3")
	moderate := func(name string, changes ...chat.Change) {
		t.Helper()
		for _, c := range changes {
			must[client.Person](t)(p["therapist"].Moderate(soon(t), apitest.WaitingRoom, p[name].ID, c))
		}
	}
	for i, name := range []string{"waiting", "admitted", "muted", "revoked", "removed", "logged out", "withdrawn"} {
		in(name, chat.PID(fmt.Sprint("Q", i)), apitest.WaitingRoom)
	}
	moderate("admitted", chat.Admit)
	moderate("muted", chat.Admit, chat.Mute)
	moderate("revoked", chat.Admit, chat.Revoke)
	moderate("removed", chat.Admit, chat.Remove)
	moderate("logged out", chat.Admit)
	moderate("withdrawn", chat.Admit)
	if err := p["logged out"].Logout(soon(t)); err != nil {
		t.Fatal(err)
	}
	s.SetRoster(func(now *chat.Roster) *chat.Roster {
		r := &chat.Roster{People: maps.Clone(now.People), Sessions: now.Sessions}
		gone := *r.People["Q6"]
		gone.Withdrawn = true
		r.People["Q6"] = &gone
		return r
	})
	p["nobody"], p["bad token"] = s.Person("Q7", false), s.Person("Q7", false)
	p["bad token"].SetToken(p["admitted"].Token()[1:])
	return s, p
}

// want is what each kind of caller gets: status and code of problems, status
// of answers.
type want map[string]string

const (
	notAllowed  = "403 not_allowed"
	notAdmitted = "403 not_admitted"
)

// all is what everybody who is logged in gets, but for the exceptions; 401 is
// what the others get.
func all(status string, exceptions want) want {
	w := want{}
	for i, c := range callers {
		w[c] = status
		if i < 4 {
			w[c] = "401 not_authenticated"
		}
	}
	maps.Copy(w, exceptions)
	return w
}

// anybody gets the same, logged in or not.
func anybody(status string) want {
	w := want{}
	for _, c := range callers {
		w[c] = status
	}
	return w
}

// outside is what those get who are nothing in the therapy session.
var outside = want{"elsewhere": notAllowed, "removed": notAllowed, "therapist elsewhere": notAllowed}

func and(a want, b want) want {
	w := maps.Clone(a)
	maps.Copy(w, b)
	return w
}

var (
	readers = and(outside, want{"waiting": notAdmitted, "revoked": notAdmitted})
	savers  = and(readers, want{"therapist not entered": notAdmitted})
	// in the therapy session that each has entered last
	current     = want{"removed": notAllowed, "waiting": notAdmitted, "revoked": notAdmitted, "therapist not entered": notAdmitted}
	onlyTherapy = and(outside, want{"waiting": notAllowed, "admitted": notAllowed, "muted": notAllowed, "revoked": notAllowed})
)

// Rows that change what the caller is come last.
var accessRows = []struct {
	method, path, query, body string
	want                      want
}{
	{"POST", "/api/login", "", `{"phone":"+16505550199","field":"Nobody"}`, anybody("202")},
	{"POST", "/api/resend", "", `{"challenge":"no such"}`, anybody("401 invalid_code")},
	{"POST", "/api/verify", "", `{"challenge":"no such","code":"123456"}`, anybody("401 invalid_code")},
	{"GET", "/api/me", "", "", all("200", nil)},
	// A person's login is no API token, a therapist's neither.
	{"POST", "/api/admin/roster", "", "{}", anybody("401 not_authenticated")},
	{"GET", "/api/admin/roster", "", "", anybody("401 not_authenticated")},
	{"POST", "/api/admin/assessments", "", "{}", anybody("401 not_authenticated")},
	{"GET", "/api/admin/exports/:table", "", "", anybody("401 not_authenticated")},
	{"GET", "/api/admin/audit", "", "", anybody("401 not_authenticated")},
	{"GET", "/api/admin/sessions", "", "", anybody("401 not_authenticated")},
	{"GET", "/api/admin/health", "", "", anybody("401 not_authenticated")},
	{"GET", "/api/admin/tokens", "", "", anybody("401 not_authenticated")},
	{"POST", "/api/admin/tokens", "", `{"name":"x"}`, anybody("401 not_authenticated")},
	{"DELETE", "/api/admin/tokens/:id", "", "", anybody("401 not_authenticated")},
	{"POST", "/api/admin/unlock", "", `{"p_id":"Q8"}`, anybody("401 not_authenticated")},
	{"POST", "/api/admin/code", "", `{"p_id":"Q8"}`, anybody("401 not_authenticated")},
	{"GET", "/api/getTherapySessions", "", "", all("200", nil)},
	{"GET", "/api/getTherapySessionDetail", "ts_id=TS2", "", all("200", outside)},
	{"GET", "/api/getTherapySessionDetail", "ts_id=none", "", all(notAllowed, nil)},
	{"GET", "/api/getTherapySessionAssessments", "ts_id=TS2", "", all("200", outside)},
	{"GET", "/api/getTherapySessionAssessments", "ts_id=TS2&p_id=Q8", "", all("200", onlyTherapy)},
	{"GET", "/api/getTherapySessionAssessments", "ts_id=none", "", all(notAllowed, nil)},
	{"POST", "/api/updateParticipants", "", `{"ts_id":"TS2","p_id":"Q8","action":"mute"}`, all("200", onlyTherapy)},
	{"POST", "/api/updateParticipants", "", `{"ts_id":"none","p_id":"Q8","action":"mute"}`, all(notAllowed, nil)},
	{"POST", "/api/updateParticipants", "", `{"ts_id":"TS2","p_id":"T3","action":"mute"}`, all(notAllowed, nil)},
	{"POST", "/api/updateParticipants", "", `{"ts_id":"TS2","p_id":"P4","action":"admit"}`, all(notAllowed, nil)},
	{"POST", "/api/unlock", "", `{"p_id":"Q8"}`, all("204", onlyTherapy)},
	{"POST", "/api/unlock", "", `{"p_id":"none"}`, all(notAllowed, nil)},
	{"POST", "/api/code", "", `{"p_id":"Q8"}`, all("200", onlyTherapy)},
	{"POST", "/api/code", "", `{"p_id":"T1"}`, all(notAllowed, nil)},

	{"GET", "/api/getActions", "ts_id=TS2", "", all("200", readers)},
	{"GET", "/api/getActions", "ts_id=TS2&last_action_id=99999&wait=1ms", "", all("200", readers)},
	{"GET", "/api/getActions", "ts_id=none", "", all(notAllowed, nil)},
	{"GET", "/api/getActions", "", "", all("200", current)},
	{"POST", "/api/saveActions", "", `{"ts_id":"TS2","actions":[]}`, all("200", savers)},
	{"POST", "/api/saveActions", "", `{"ts_id":"none","actions":[]}`, all(notAllowed, nil)},
	{"POST", "/api/saveActions", "", `[{"type":"message","body":"x"}]`, all("200", current)},
	{"POST", "/api/handleActions", "", `{"ts_id":"TS2","maxID":null,"actionQueue":[]}`, all("200", readers)},
	{"POST", "/api/handleActions", "", `{"ts_id":"TS2","actionQueue":[{"type":"message","body":"x"}]}`, all("200", savers)},
	{"POST", "/api/handleActions", "", `{}`, all("200", current)},
	{"GET", "/api/ws", "", "", all("400 bad_request", nil)}, // refused before anything is upgraded

	{"POST", "/api/ajax", "", `{"action":"nonsense"}`, anybody("404 unknown_action")},
	{"POST", "/api/ajax", "", `{"action":"validateUserPhone","payload":["Nobody","16505550199"]}`, anybody("200")},
	{"POST", "/api/ajax", "", `{"action":"validateCode","payload":"123456"}`, anybody("401 invalid_code")},
	{"POST", "/api/ajax", "", `{"action":"getUserSessions"}`, anybody("200")},
	{"POST", "/api/ajax", "", `{"action":"getUserSessions","payload":{}}`, all("200", nil)},
	{"POST", "/api/ajax", "", `{"action":"getUserSessions","payload":{"record_id":"P1"}}`, all("403 wrong_user", nil)},
	{"POST", "/api/ajax", "", `{"action":"getParticipants","payload":{"participants":["Q8"]}}`, all("200", nil)},
	{"POST", "/api/ajax", "", `{"action":"updateParticipants","payload":{"record_id":"TS2","participant_id":"Q8","action":"revoke"}}`, all("200", onlyTherapy)},
	{"POST", "/api/ajax", "", `{"action":"updateParticipants","payload":{"record_id":"none","participant_id":"Q8","action":"revoke"}}`, all(notAllowed, nil)},
	{"POST", "/api/ajax", "", `{"action":"getUserSurveys","payload":{"participant_id":"Q8","therapy_session_id":"TS2"}}`, all("200", onlyTherapy)},
	{"POST", "/api/ajax", "", `{"action":"checkUserCompletion","payload":{"participant_ids":["Q8"],"therapy_session_id":"TS2"}}`, all("200", onlyTherapy)},
	{"POST", "/api/ajax", "", `{"action":"getWhiteboard","payload":{"record_id":"TS2"}}`, all("200", outside)},
	{"POST", "/api/ajax", "", `{"action":"handleActions","payload":{"sessionID":"none","maxID":null,"actionQueue":[]}}`, all(notAllowed, nil)},

	{"GET", "/survey/done/:token", "", "", anybody("404 not_found")},
	{"GET", "/healthz", "", "", anybody("200")},
	{"GET", "/readyz", "", "", anybody("200")},
	{"GET", "/api/openapi.yaml", "", "", anybody("200")},
	{"GET", "/api/asyncapi.yaml", "", "", anybody("200")},
	{"GET", "/docs", "", "", anybody("200")},
	{"GET", "/docs/docs.css", "", "", anybody("200")},

	{"POST", "/api/enterTherapySession", "", `{"ts_id":"none"}`, all(notAllowed, nil)},
	{"POST", "/api/enterTherapySession", "", `{"ts_id":"TS2"}`, all("200", outside)},
	{"POST", "/api/ajax", "", `{"action":"handleActions","payload":{"sessionID":"TS2","maxID":null,"actionQueue":[]}}`, all("200", readers)},
	{"POST", "/api/ajax", "", `{"action":"setWhiteboard","payload":{"record_id":"TS2","ts_whiteboard":"x"}}`, all("200", onlyTherapy)},
	{"POST", "/api/leaveTherapySession", "", "", all("204", nil)},
	{"POST", "/api/logout", "", "", all("204", nil)},
	{"POST", "/api/logout", "", "", anybody("401 not_authenticated")},
}

func TestWhoGetsWhatOfEveryRoute(t *testing.T) {
	_, people := newWorld(t)
	for _, row := range accessRows {
		path := row.path
		if row.query != "" {
			path += "?" + row.query
		}
		t.Run(strings.TrimSpace(row.method+" "+path+" "+row.body), func(t *testing.T) {
			for _, name := range callers {
				a := do(t, people[name], request{method: row.method, path: path, body: row.body})
				got := fmt.Sprint(a.Status)
				if a.Status >= 400 {
					got += " " + string(a.Problem().Code)
				}
				if got != row.want[name] {
					t.Errorf("%s gets %s, want %s (%s)", name, got, row.want[name], a.Body)
				}
				if a.Status < 400 && a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s gets an answer that may be cached", name)
				}
			}
		})
	}
}

func TestEveryRouteHasARow(t *testing.T) {
	for _, r := range api.Routes() {
		if !slices.ContainsFunc(accessRows, func(row struct {
			method, path, query, body string
			want                      want
		}) bool {
			return row.method == r.Method && row.path == r.Path
		}) {
			t.Errorf("%s %s has no row", r.Method, r.Path)
		}
	}
}

func TestEveryCodeHasAFace(t *testing.T) {
	for _, c := range chat.Codes() {
		if !api.HasFace(c) {
			t.Errorf("%s has no status", c)
		}
	}
}

// What the same kinds of people get on a WebSocket.
func TestWhoMayEnterOnAWebSocket(t *testing.T) {
	_, people := newWorld(t)
	for name, want := range map[string]string{
		"elsewhere": "not_allowed", "waiting": "waiting", "admitted": "admitted", "muted": "admitted", "revoked": "waiting",
		"removed": "not_allowed", "therapist": "admitted", "therapist not entered": "admitted", "therapist elsewhere": "not_allowed",
	} {
		t.Run(name, func(t *testing.T) {
			p := people[name]
			p.Connect()
			f := p.Ask(map[string]any{"type": "enter", "ref": "x", "ts_id": "TS2"})
			if got := f.State + string(f.Code); got != want {
				t.Errorf("%s: %s", name, f.Raw)
			}
			if f := p.Ask(map[string]any{"type": "enter", "ref": "y", "ts_id": "none"}); f.Code != chat.NotAllowed {
				t.Errorf("an unknown therapy session: %s", f.Raw)
			}
			f = p.Ask(map[string]any{"type": "save", "ref": "z", "actions": []any{}})
			if saves := f.Type == "saved"; saves != (want == "admitted") {
				t.Errorf("saving: %s", f.Raw)
			}
		})
	}
	for _, name := range callers[:4] {
		_, err := people[name].Client.Connect(soon(t))
		if problem(t, err) != chat.NotAuthenticated {
			t.Errorf("%s connects: %v", name, err)
		}
	}
}
