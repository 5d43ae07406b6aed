package hub_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

// wait is a long poll under way.
type wait struct {
	done chan struct{}
	page store.Page
	err  error
	took time.Duration
}

func (w *world) wait(by chat.PID, from chat.ActionID, atMost time.Duration) *wait {
	l := &wait{done: make(chan struct{})}
	start := time.Now()
	go func() {
		defer close(l.done)
		l.page, l.err = w.Wait(w.t.Context(), by, "TS1", chat.Position{ID: from}, 0, atMost)
		l.took = time.Since(start)
	}()
	synctest.Wait()
	return l
}

// bodies is what came of the long poll.
func (l *wait) bodies() (all []string) {
	<-l.done
	for _, a := range l.page.Actions {
		all = append(all, string(a.Body))
	}
	return all
}

func TestLongPollAnswersAsSoonAsThereIsSomething(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		for _, p := range []chat.PID{"P1", "P2", "P3"} {
			w.enter(p, "TS1", hub.StateAdmitted)
		}
		if l := w.wait("P2", 2, time.Minute); !slices.Equal(l.bodies(), []string{"Mary Ann has joined the session"}) || l.took != 0 {
			t.Errorf("what is there already: %v, %v after %v", l.bodies(), l.err, l.took)
		}
		l := w.wait("P2", 3, 55*time.Second)
		pass(10 * time.Second)
		w.say("P1", "TS1", message("not for P2", "P3"))
		pass(10 * time.Second)
		id := w.say("P1", "TS1", message("hello"))
		if got := l.bodies(); l.err != nil || !slices.Equal(got, []string{"hello"}) || l.took != 20*time.Second || l.page.Max != id {
			t.Errorf("%v, %v after %v, read to %d", got, l.err, l.took, l.page.Max)
		}
	})
}

func TestLongPollEnds(t *testing.T) {
	const atMost = 55 * time.Second
	for name, c := range map[string]struct {
		do   func(*world)
		took time.Duration
		code chat.Code // empty: an answer without actions
	}{
		"when its time is up": {func(*world) {}, atMost, ""},
		"when it is revoked":  {func(w *world) { w.moderate("T1", "TS1", "P1", chat.Revoke) }, time.Second, chat.NotAdmitted},
		"when it is removed":  {func(w *world) { w.moderate("T1", "TS1", "P1", chat.Remove) }, time.Second, chat.NotAllowed},
		"when the person is no longer of the session": {func(w *world) {
			w.session("TS1", func(s *chat.TherapySession) { s.Participants = []chat.PID{"P2"} })
		}, time.Second, chat.NotAllowed},
		"when the session is no longer in the roster": {func(w *world) {
			w.roster(func(*chat.Roster) *chat.Roster {
				r := sample()
				delete(r.Sessions, "TS1")
				return r
			})
		}, time.Second, chat.NotAllowed},
		"not when there is something that its reader may not see": {func(w *world) {
			w.say("P2", "TS1", message("psst", "P3"))
		}, atMost, ""},
		"not when somebody else's standing changes": {func(w *world) {
			w.moderate("T1", "TS1", "P2", chat.Admit)
		}, atMost, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				for _, p := range []chat.PID{"P1", "P2", "P3"} {
					w.enter(p, "TS1", hub.StateAdmitted)
				}
				l := w.wait("P1", 3, atMost)
				pass(time.Second)
				c.do(w)
				<-l.done
				if l.took != c.took {
					t.Errorf("it took %v, want %v", l.took, c.took)
				}
				if c.code != "" {
					wantCode(t, "it", l.err, c.code)
				} else if l.err != nil || len(l.page.Actions) != 0 {
					t.Errorf("%v, %v", l.bodies(), l.err)
				}
				if c.code != "" {
					return
				}
				if e, err := w.State(t.Context(), "P1", "TS1"); err != nil || l.page.Max != e.Max {
					t.Errorf("read to %d of %d, %v", l.page.Max, e.Max, err)
				}
			})
		})
	}
}

func TestLongPollOfWhoMayNotReadIsRefusedAtOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		l := w.wait("P1", 0, time.Minute)
		<-l.done
		wantCode(t, "it", l.err, chat.NotAdmitted)
	})
}

func TestLongPollOfAnotherLogStartsOverAtOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS1", hub.StateAdmitted)
		for _, from := range []chat.Position{{ID: 99}, {Epoch: "other"}} {
			p, err := w.Wait(t.Context(), "P1", "TS1", from, 0, time.Minute)
			if err != nil || !p.Reset || len(p.Actions) != 1 {
				t.Errorf("%+v, %v", p, err)
			}
		}
	})
}

func TestLongPollEndsWithItsContextForTheContextsReason(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS1", hub.StateAdmitted)
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		_, err := w.Wait(ctx, "P1", "TS1", chat.Position{ID: 1}, 0, time.Minute)
		if err != why {
			t.Errorf("%v", err)
		}
	})
}

func (w *world) endLogin(id string) {
	w.t.Helper()
	err := w.store.Update(w.t.Context(), func(tx *store.Tx) error {
		tx.EndLogin(id, "P1")
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWhatIsBoundToALoginEndsWithIt(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		one, release := w.Bind(t.Context(), "L1")
		two, release2 := w.Bind(t.Context(), "L1")
		other, release3 := w.Bind(t.Context(), "L2")
		gone, release4 := w.Bind(t.Context(), "L1")
		release4()
		defer release()
		w.endLogin("L1")
		for _, ctx := range []context.Context{one, two} {
			wantCode(t, "bound to it", context.Cause(ctx), chat.NotAuthenticated)
		}
		if !errors.Is(context.Cause(gone), context.Canceled) {
			t.Errorf("released before: %v", context.Cause(gone))
		}
		if other.Err() != nil {
			t.Errorf("bound to another: %v", context.Cause(other))
		}
		release()
		release()
		release2()
		release3()
		if logins, _ := w.Bound(); logins != 0 {
			t.Errorf("%d logins are remembered", logins)
		}
	})
}

func TestSocketsOfOnePersonAreLimited(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		var closed []func()
		for range 20 {
			c, err := w.OpenSocket("P1")
			if err != nil {
				t.Fatal(err)
			}
			closed = append(closed, c)
		}
		_, err := w.OpenSocket("P1")
		wantCode(t, "the 21st", err, chat.TooFast)
		var e *chat.Error
		if errors.As(err, &e); e.RetryAfter <= 0 {
			t.Error("it does not say when to come back")
		}
		if c, err := w.OpenSocket("P2"); err != nil {
			t.Errorf("somebody else's: %v", err)
		} else {
			c()
		}
		closed[0]()
		closed[0]() // does nothing
		c, err := w.OpenSocket("P1")
		if err != nil {
			t.Errorf("after one was closed: %v", err)
		}
		if _, err := w.OpenSocket("P1"); err == nil {
			t.Error("closing one twice makes room for two")
		}
		for _, c := range append(closed, c) {
			c()
		}
		if _, people := w.Bound(); people != 0 {
			t.Errorf("%d people are remembered", people)
		}
	})
}

func TestEmptyRoomsAreForgotten(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.connect("P1", "TS1", hub.StateAdmitted)
		w.enter("P2", "TS2", hub.StateWaiting)
		w.enter("T1", "TS2", hub.StateAdmitted)
		for _, ts := range []chat.TSID{"TS3", "TS99"} { // looking makes none
			w.State(t.Context(), "P1", ts)
			w.Detail(t.Context(), "P1", ts)
			w.Polled(t.Context(), ts, "X1")
			w.Typing(t.Context(), ts, "P1", nil)
			w.Leave(t.Context(), "P1", ts)
			w.Wait(t.Context(), "P1", ts, chat.Position{}, 0, time.Minute)
			refused := w.Subscribe(ts, "X1", true)
			w.Enter(t.Context(), "X1", ts)
			refused.Close()
		}
		if n := w.Rooms(); n != 2 {
			t.Errorf("%d rooms with somebody in two", n)
		}
		s.Close()
		w.Leave(t.Context(), "P1", "TS1")
		if n := w.Rooms(); n != 1 {
			t.Errorf("%d rooms with somebody in one", n)
		}
		pass(late)
		if n := w.Rooms(); n != 0 {
			t.Errorf("%d rooms with nobody in them", n)
		}
	})
}

func TestPresenceInASessionTakenOffTheRosterEnds(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.connect("P1", "TS1", hub.StateAdmitted).Close()
		w.roster(func(*chat.Roster) *chat.Roster {
			r := sample()
			delete(r.Sessions, "TS1")
			return r
		})
		synctest.Wait()
		if n := w.Rooms(); n != 0 {
			t.Errorf("%d rooms", n)
		}
		w.roster(func(*chat.Roster) *chat.Roster { return sample() })
		w.enter("P1", "TS1", hub.StateAdmitted) // the log is the same
		w.wantStatus("TS1", "P1", hub.Online)
	})
}
