package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/api/client"
	"hearth/hub/chat"
)

func TestQueueThatIsSentAgainIsStoredOnce(t *testing.T) {
	s := apitest.New(t)
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	queue := []string{p.say("one", "01.000"), p.say("two", "02.000"), p.queued("reaction", `"icon":"sad","target":"2","client_ts":"x"`)}
	for range 3 {
		p.maxID = `"1"` // the answers were lost
		if u := p.poll(queue...); !slices.Equal(u.short(), []string{"message 2 by P1: one", "message 3 by P1: two", "reaction 4 by P1"}) {
			t.Errorf("%q", u.short())
		}
	}
	// Another login of the same person: also the same.
	q := olderPage(t, s.Login("P1"), apitest.Plain)
	q.poll()
	if u := q.poll(queue...); !slices.Equal(u.short(), []string{"ack 4"}) {
		t.Errorf("%q", u.short())
	}
	// Its author finds the words by which the bubble is recognised, and nobody else.
	if p.seen[2].ClientTS == nil || *p.seen[2].ClientTS != "2026-12-01T18:00:01.000Z" {
		t.Errorf("%v", p.seen[2])
	}
	for _, e := range olderPage(t, s.Login("T1"), apitest.Plain).poll().Data {
		if e.ClientTS != nil {
			t.Errorf("%v has %s", e, *e.ClientTS)
		}
	}
	// The same without a time is new each time.
	bare := p.queued("message", `"body":"x"`)
	if u := p.poll(bare, bare); len(u.Data) < 2 {
		t.Errorf("%q", u.short())
	}
}

func TestQueueOfAnyLengthIsWorkedThrough(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.API.MaxActionsPerCall = 3 })
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	var queue []string
	for i := range 20 {
		queue = append(queue, p.say(fmt.Sprint(i), fmt.Sprintf("%02d.000", i)))
	}
	queue[4] = p.queued("notice", `"body":"no"`)
	u := p.poll(queue...)
	if len(u.Data) != 20 || u.MaxID != "20" || len(u.Errors) != 1 || u.Errors[0].Index != 4 || u.Data[19].String() != "message 20 by P1: 19" {
		t.Errorf("%q, %v", u.short(), u.Errors)
	}
	long := `["` + strings.Repeat(`a","`, 30000) + `"]`
	u = p.poll(p.queued("message", `"body":"typed long","character_history":`+long+`,"time_to_complete":"ages"`))
	if !slices.Equal(u.short(), []string{"message 21 by P1: typed long"}) {
		t.Errorf("%q", u.short())
	}
}

// What is no verdict on an action refuses the call, so that the client sends
// its queue again.
func TestTooFastRefusesTheCallAndLosesNothing(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Store.Rate = chat.Rate{PerSecond: 1, Burst: 5}
		o.API.MaxActionsPerCall = 4
	})
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	var queue []string
	for i := range 12 {
		queue = append(queue, p.say(fmt.Sprint(i), fmt.Sprintf("%02d.000", i)))
	}
	refused := 0
	for ; ; refused++ {
		a := p.call(queue...)
		if a.Status == 200 {
			break
		}
		said(t, a, 429, chat.TooFast)
		s.Clock.Add(3 * time.Second)
	}
	u := p.poll()
	if got := u.short(); len(got) != 12 || got[0] != "message 2 by P1: 0" || got[11] != "message 13 by P1: 11" || refused == 0 {
		t.Errorf("%d refused, then %q", refused, got)
	}
}

func TestOutageRefusesTheCallAndReadsGoOn(t *testing.T) {
	for _, stored := range []bool{false, true} {
		t.Run(fmt.Sprint("what fails is stored: ", stored), func(t *testing.T) {
			inMemory(t, func(t *testing.T, s *apitest.Server) {
				p := olderPage(t, s.Login("P1"), apitest.Plain)
				dr := olderPage(t, s.Login("T1"), apitest.Plain)
				over := olderPage(t, s.Login("T1"), apitest.PrivateAny)
				over.poll(over.queued("endChatSession", ""))
				dr.poll()
				p.poll()
				s.Disk.Break(stored)
				queue := []string{p.say("meanwhile", "01.000"), p.queued("notice", `"body":"no"`)}
				said(t, p.call(queue...), 503, chat.StorageUnavailable)
				said(t, ajax(t, dr.p, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":"x"}`), 503, chat.StorageUnavailable)
				said(t, ajax(t, dr.p, "updateParticipants", `{"record_id":"TS1","participant_id":"P2","action":"revoke"}`), 503, chat.StorageUnavailable)
				said(t, ajax(t, s.Person("P3", false), "validateUserPhone", `["Summers","16505550104"]`), 503, chat.StorageUnavailable)
				p.poll()
				over.maxID = "null"
				over.poll()
				result(t, ajax(t, p.p, "getUserSessions", ""))
				result(t, ajax(t, p.p, "getUserSurveys", `{"participant_id":"P1","therapy_session_id":"TS2","completed":false}`))
				s.Disk.Mend()
				ready(t, p.p)
				u := p.poll(queue...)
				if !slices.ContainsFunc(u.Data, func(e entry) bool { return e.Body != nil && *e.Body == "meanwhile" }) || len(u.Errors) != 1 {
					t.Errorf("%q", u.short())
				}
				n := 0
				for _, b := range bodies(page(t, dr.p, apitest.Plain).Actions) {
					if b == "meanwhile" {
						n++
					}
				}
				if n != 1 {
					t.Errorf("it is there %d times", n)
				}
			})
		})
	}
}

func TestRefusalIsShownWhereItWasSaid(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) { o.Store.Limits = chat.Limits{MaxBody: 10, MaxHistory: 10} })
	for _, row := range []struct {
		ts              chat.TSID
		typ, fields     string
		peer, body      string
		code            chat.Code
		muted, therapis bool
	}{
		{apitest.PrivateOff, "message", `"body":"x","recipients":["T1"]`, "T1", "Not sent: private messages are off in this therapy session.", chat.NotAllowed, false, false},
		{apitest.Plain, "message", `"body":"x","recipients":["P2"]`, "P2", "Not sent: private messages go to therapists only in this therapy session.", chat.NotAllowed, false, false},
		{apitest.Plain, "message", `"body":"12345678901"`, "", "Not sent: it is longer than 10 characters.", chat.TooLarge, false, false},
		{apitest.Plain, "message", `"body":"12345678901","recipients":["T1"]`, "T1", "Not sent: it is longer than 10 characters.", chat.TooLarge, false, false},
		{apitest.Plain, "message", `"body":"x","recipients":["P4"]`, "", "Not sent: it is empty, or the server could not read it.", chat.InvalidAction, false, false},
		{apitest.Plain, "message", `"body":"x","recipients":["nobody"]`, "", "Not sent: it is empty, or the server could not read it.", chat.InvalidAction, false, false},
		{apitest.Plain, "message", `"body":"x","target":"99"`, "", "Not sent: what it is about is no longer there.", chat.NoSuchTarget, false, false},
		{apitest.Plain, "message", `"body":"\ud83d"`, "", "Not sent: it is empty, or the server could not read it.", chat.InvalidAction, false, false},
		{apitest.Plain, "message", `"body":"x","client_id":"c1"`, "", "Not sent: it was sent before, with other words.", chat.ClientIDReused, false, false},
		{apitest.Plain, "message", `"body":"x"`, "", "Not sent: you are muted; you can still write to the therapist alone.", chat.Muted, true, false},
		{apitest.Plain, "delete", `"target":"pending-0"`, "", "Not deleted: the message is still on its way. Try again in a moment. It is there again when you reload the page.", chat.InvalidAction, false, false},
		{apitest.Plain, "delete", ``, "", "Not deleted: the message is still on its way. Try again in a moment. It is there again when you reload the page.", chat.InvalidAction, false, false},
		{apitest.Plain, "delete", `"target":"5"`, "T1", "Not deleted: it is not your own. It is there again when you reload the page.", chat.NotAllowed, false, false},
		{apitest.Plain, "delete", `"target":"99"`, "", "Not deleted: what it is about is no longer there.", chat.NoSuchTarget, false, false},
		{apitest.Plain, "reaction", `"icon":"sad","target":"1"`, "", "Your reaction was not saved: what it is about is no longer there.", chat.NoSuchTarget, false, false},
		{apitest.Plain, "whiteboard", `"body":"x"`, "", "The whiteboard was not saved: only the therapists can do this.", chat.NotAllowed, false, false},
		{apitest.Plain, "endChatSession", ``, "", "The session was not ended: only the therapists can do this.", chat.NotAllowed, false, false},
		{apitest.Plain, "message_read", `"target":"99"`, "", "Not marked as read: what it is about is no longer there.", chat.NoSuchTarget, false, false},
		{apitest.Plain, "nonsense", ``, "", "Not sent: it is empty, or the server could not read it.", chat.InvalidAction, false, false},
	} {
		dr, p := olderPage(t, s.Login("T1"), row.ts), olderPage(t, s.Login("P1"), row.ts)
		if row.ts == apitest.Plain && page(t, dr.p, row.ts).Max == 0 {
			p.poll(p.queued("message", `"body":"y","client_id":"c1"`)) // 1: joined, 2
			dr.poll(dr.queued("notice", `"body":"z"`), dr.queued("message", `"body":"private","recipients":["P1"]`))
		} // 3: joined, 4, 5
		p.poll()
		if row.muted {
			must[client.Person](t)(dr.p.Moderate(soon(t), row.ts, "P1", chat.Mute))
		}
		u := p.poll(p.queued(row.typ, row.fields))
		e := u.Data[0]
		user, to := "", "[]"
		if e.User != nil {
			user = *e.User
		}
		if row.peer != "" {
			to = `["P1"]`
		}
		if e.ID != nil || *e.Sender != "system" || *e.Body != row.body || user != row.peer || string(*e.Recipients) != to || e.Timestamp == nil {
			t.Errorf("%s %s: %v, to %s", row.typ, row.fields, e, *e.Recipients)
		}
		if len(u.Errors) != 1 || u.Errors[0].Code != row.code {
			t.Errorf("%s %s: %v", row.typ, row.fields, u.Errors)
		}
		if row.muted {
			must[client.Person](t)(dr.p.Moderate(soon(t), row.ts, "P1", chat.Unmute))
		}
	}
	// Said twice it is told once, and nothing of it is stored.
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	p.poll()
	before := page(t, p.p, apitest.Plain).Max
	if u := p.poll(p.queued("notice", `"body":"a"`), p.queued("notice", `"body":"b"`)); len(u.Data) != 2 || len(u.Errors) != 2 {
		t.Errorf("%q", u.short())
	}
	if after := page(t, p.p, apitest.Plain).Max; after != before {
		t.Errorf("%d actions became %d", before, after)
	}
}

func TestWhatIsDeletedIsNeverSentAgain(t *testing.T) {
	s := apitest.New(t)
	dr, p := olderPage(t, s.Login("T1"), apitest.Plain), olderPage(t, s.Login("P1"), apitest.Plain)
	dr.poll()
	p.poll()
	q := olderPage(t, s.Login("P2"), apitest.Plain)
	p.poll(p.say("deleted words", "01.000"), p.queued("reaction", `"icon":"heart","target":"3"`)) // 3, 4
	q.poll()                                                                                      // 5: joined
	q.poll(q.say("another", "02.000"), q.queued("reaction", `"icon":"sad","target":"6"`))         // 6, 7
	q.poll(q.queued("delete", `"target":"7"`))                                                    // 8: a reaction is taken back
	dr.poll(dr.queued("notice", `"body":"deleted notice"`))                                       // 9
	dr.poll(dr.queued("delete", `"target":"9"`), dr.queued("delete", `"target":"3"`))             // 10, 11
	if u := q.poll(); !slices.Equal(u.short(), []string{"delete 11 by T1"}) {
		t.Errorf("who has it gets %q", u.short())
	}
	for _, id := range []chat.PID{"T1", "P1", "P2", "P3"} {
		o := olderPage(t, s.Login(id), apitest.Plain)
		var got []string
		for _, e := range o.poll().Data {
			if e.ID != nil && e.Type != "notice" {
				got = append(got, e.String())
			}
		}
		if !slices.Equal(got, []string{"message 6 by P2: another"}) {
			t.Errorf("%s gets %q", id, got)
		}
		o.p.NeverReceived(t, "deleted words")
		o.p.NeverReceived(t, "deleted notice")
	}
}

func TestPrivateTabsAreNeverEmpty(t *testing.T) {
	const keep = "Private chat. The session&#039;s therapists can read it."
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		o.Roster.Sessions[apitest.SinceAdmit].Date = time.Time{}
	})
	tabs := func(id chat.PID, ts chat.TSID, max string) (all []string) {
		t.Helper()
		o := olderPage(t, s.Login(id), ts)
		o.maxID = max
		u := o.poll()
		for i, e := range u.Data {
			if e.ID != nil || *e.Body != keep {
				continue
			}
			if i != len(all) || *e.Sender != "system" || string(*e.Recipients) != `["`+string(id)+`"]` {
				t.Errorf("%d: %v", i, e)
			}
			all = append(all, *e.User+" "+*e.Timestamp)
		}
		return all
	}
	must[client.Person](t)(s.Login("T1").Moderate(soon(t), apitest.WaitingRoom, "P2", chat.Admit))
	for _, row := range []struct {
		id   chat.PID
		ts   chat.TSID
		max  string
		want []string
	}{
		{"P1", apitest.Plain, "null", []string{"T1 2026-12-01 18:00:00"}},
		{"P1", apitest.Plain, `""`, []string{"T1 2026-12-01 18:00:00"}},
		{"P1", apitest.Plain, `"0"`, nil},
		{"P1", apitest.Plain, `0`, nil},
		{"P1", apitest.Plain, `"1"`, nil},
		{"T1", apitest.Plain, "null", []string{"P1 2026-12-01 18:00:00", "P2 2026-12-01 18:00:00", "P3 2026-12-01 18:00:00"}},
		{"T1", apitest.WaitingRoom, "null", []string{"P2 2026-11-30 18:00:00"}},
		{"P1", apitest.PrivateAny, "null", []string{"T1 2026-11-25 18:00:00"}},
		{"P1", apitest.PrivateOff, "null", nil},
		{"T1", apitest.PrivateOff, "null", nil},
		{"P1", apitest.SinceAdmit, "null", []string{"T1 1970-01-01 00:00:00"}},
	} {
		for range 2 { // the same each time
			if got := tabs(row.id, row.ts, row.max); !slices.Equal(got, row.want) {
				t.Errorf("%s in %s above %s: %q, want %q", row.id, row.ts, row.max, got, row.want)
			}
			s.Clock.Add(time.Minute)
		}
	}
}

func TestPageThatBeginsWithNothingHasAPositionAfterwards(t *testing.T) {
	s := apitest.New(t, func(o *apitest.Options) {
		o.Roster = apitest.Sample()
		o.Roster.Sessions[apitest.SinceAdmit].WaitingRoom = true
	})
	dr := olderPage(t, s.Login("T1"), apitest.SinceAdmit)
	dr.poll(dr.queued("endChatSession", "")) // before anybody else came
	o := olderPage(t, s.Login("T1"), apitest.WaitingRoom)
	o.poll() // 1: joined
	wantStatus(t, post(t, o.p, "/api/leaveTherapySession", ""), 204)
	o.poll(o.queued("delete", `"target":"1"`))
	u := olderPage(t, s.Login("T1"), apitest.WaitingRoom).poll()
	if n := len(u.Data); n == 0 || u.Data[n-1].ID == nil {
		t.Errorf("%q", u.short())
	}
}

func TestWhiteboardIsOneAction(t *testing.T) {
	s := apitest.New(t)
	dr := olderPage(t, s.Login("T1"), apitest.Plain)
	if got := string(result(t, ajax(t, dr.p, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":"Breathe"}`))); got != `{"data":"Success"}` {
		t.Errorf("%s", got)
	}
	u := dr.poll(dr.queued("whiteboard", `"body":"Breathe","client_ts":"2026-12-01T18:00:01.000Z"`))
	if !slices.Equal(u.short()[3:], []string{"notice 1: Dr. Howell has joined the session", "whiteboard 2 by T1: Breathe"}) {
		t.Errorf("%q", u.short())
	}
	if u := dr.poll(dr.queued("whiteboard", `"body":"Breathe","client_ts":"2026-12-01T18:00:02.000Z"`)); !slices.Equal(u.short(), []string{"ack 2"}) {
		t.Errorf("%q", u.short())
	}
	// An empty one is allowed, and is one action, too.
	result(t, ajax(t, dr.p, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":""}`))
	if u := dr.poll(dr.queued("whiteboard", `"body":""`)); !slices.Equal(u.short(), []string{"whiteboard 3 by T1: "}) {
		t.Errorf("%q", u.short())
	}
	said(t, ajax(t, dr.p, "setWhiteboard", `{"record_id":"TS1","ts_whiteboard":"`+strings.Repeat("x", 10001)+`"}`), 413, chat.TooLarge)
}

func TestRestoredLogIsNoticed(t *testing.T) {
	s := apitest.New(t)
	p := olderPage(t, s.Login("P1"), apitest.Plain)
	u := p.poll(p.say("x", "01.000"))
	ask := func(max, epoch string) *olderUpdate {
		var u olderUpdate
		a := ajax(t, p.p, "handleActions", `{"sessionID":"TS1","userID":"P1","maxID":`+max+`,"actionQueue":[],"epoch":"`+epoch+`"}`)
		wantStatus(t, a, 200)
		decode(t, a.Body, &u)
		return &u
	}
	for _, row := range []struct {
		max, epoch string
		reset      bool
		n          int
	}{
		{`"2"`, u.Epoch, false, 0}, {`"2"`, "", false, 0}, {`"2"`, "another", true, 2}, {`"3"`, "", true, 2}, {`"1"`, u.Epoch, false, 1},
	} {
		if got := ask(row.max, row.epoch); got.Reset != row.reset || len(got.Data) != row.n || got.Epoch != u.Epoch {
			t.Errorf("above %s of %q: %+v", row.max, row.epoch, got)
		}
	}
}

func TestClosedSessionTellsOnlyThatItEnded(t *testing.T) {
	s := apitest.New(t)
	dr, p := olderPage(t, s.Login("T1"), apitest.Closed), olderPage(t, s.Login("P1"), apitest.Closed)
	dr.poll()
	p.poll(p.say("secret words", "01.000"))
	dr.poll(dr.queued("endChatSession", ""))
	for range 2 {
		q := olderPage(t, s.Login("P1"), apitest.Closed)
		if u := q.poll(); len(u.Data) != 1 || u.Data[0].Type != "endChatSession" {
			t.Errorf("%q", u.short())
		}
		q.p.NeverReceived(t, "secret words")
	}
	// Who still has a queue is told, and lets go of it.
	u := p.poll(p.say("too late", "59.000"))
	if got := u.short(); len(got) != 2 || got[0] != "notice: Not sent: this therapy session has ended." || u.Data[1].Type != "endChatSession" {
		t.Errorf("%q", got)
	}
	if got := olderPage(t, s.Login("T1"), apitest.Closed).poll(); len(got.Data) < 5 {
		t.Errorf("the therapist reads %q", got.short())
	}
}

func TestWhoIsSentOutReadsNothingMore(t *testing.T) {
	s := apitest.New(t)
	dr := s.Login("T1")
	admit := func(action string) json.RawMessage {
		return result(t, ajax(t, dr, "updateParticipants", `{"record_id":"TS2","participant_id":"P1","action":"`+action+`"}`))
	}
	p := olderPage(t, s.Login("P1"), apitest.WaitingRoom)
	said(t, p.call(p.say("let me in", "01.000")), 403, chat.NotAdmitted)
	if got := string(admit("admit")); !strings.Contains(got, `"ts_chat_room_participants":["P1"]`) {
		t.Errorf("%s", got)
	}
	p.poll(p.say("let me in", "01.000"))
	if got := string(admit("revoke")); !strings.Contains(got, `"ts_chat_room_participants":[]`) || !strings.Contains(got, `"ts_authorized_participants":["P1","P2","P3"]`) {
		t.Errorf("%s", got)
	}
	must[client.Saved](t)(dr.SaveActions(soon(t), apitest.WaitingRoom, enterFirst(t, dr, apitest.WaitingRoom)...))
	said(t, p.call(), 403, chat.NotAdmitted)
	p.p.NeverReceived(t, "behind closed doors")
}

// enterFirst enters ts, and is something to say there.
func enterFirst(t *testing.T, p *apitest.Person, ts chat.TSID) []chat.Draft {
	t.Helper()
	must[client.Entered](t)(p.Client.Enter(soon(t), ts))
	return []chat.Draft{message("behind closed doors")}
}
