package hub_test

import (
	"testing"
	"time"

	"hearth/hub"
	"hearth/hub/chat"
)

const (
	in1   = "Gilligan has joined the session"
	out1  = "Gilligan has left the session"
	in2   = "Ginger has joined the session"
	out2  = "Ginger has left the session"
	inT   = "Dr. Howell has joined the session"
	outT  = "Dr. Howell has left the session"
	ended = "Dr. Howell has ended the session"
)

func TestNoticesStandOnceForEachArrivalAndDeparture(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("T1", "TS1", hub.StateAdmitted)
		w.enter("P1", "TS1", hub.StateAdmitted)
		w.enter("P1", "TS1", hub.StateAdmitted) // again: nothing changes
		w.connect("P1", "TS1", hub.StateAdmitted).Close()
		w.Polled(t.Context(), "TS1", "P1")
		w.wantLog("TS1", inT, in1)
		w.Leave(t.Context(), "P1", "TS1")
		w.Leave(t.Context(), "P1", "TS1")
		w.wantLog("TS1", inT, in1, out1)
		w.Polled(t.Context(), "TS1", "P1")
		w.say("T1", "TS1", chat.Draft{Type: chat.EndChatSession})
		w.wantLog("TS1", inT, in1, out1, in1, ended, "endChatSession")
	})
}

func TestNoticeIsTheServersToEveryone(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS1", hub.StateAdmitted)
		p, err := w.store.Read(t.Context(), "P1", "TS1", chat.Position{}, 0)
		if err != nil || len(p.Actions) != 1 {
			t.Fatalf("%v, %v", p, err)
		}
		if a := p.Actions[0]; a.Type != chat.Notice || a.Sender != "system" || a.By != "" || a.To != nil {
			t.Errorf("a notice of %q by %q to %v", string(a.Sender), a.By, a.To)
		}
	})
}

func TestReaderAfterTheEndHasNotJoined(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("T1", "TS1", hub.StateAdmitted)
		w.say("T1", "TS1", chat.Draft{Type: chat.EndChatSession})
		s := w.connect("P1", "TS1", hub.StateEnded)
		w.wantStatus("TS1", "P1", hub.Online)
		w.Polled(t.Context(), "TS1", "P2")
		w.wantStatus("TS1", "P2", hub.Online)
		s.Close()
		pass(late)
		w.wantStatus("TS1", "P1", hub.Offline)
		w.wantLog("TS1", inT, ended, "endChatSession", outT)
	})
}

func TestPersonWithoutSignOfLifeIsOnlineForTheGrace(t *testing.T) {
	for name, end := range map[string]func(*world){
		"the last socket closed": func(w *world) {
			s := w.connect("P1", "TS1", hub.StateAdmitted)
			pass(10 * time.Minute)
			w.wantStatus("TS1", "P1", hub.Online)
			s.Close()
			s.Close() // does nothing
		},
		"the last poll": func(w *world) {
			w.enter("P1", "TS1", hub.StateAdmitted)
			for range 60 {
				pass(5 * time.Second)
				w.Polled(w.t.Context(), "TS1", "P1")
			}
			w.wantStatus("TS1", "P1", hub.Online)
		},
		"the last poll, after a socket": func(w *world) {
			w.connect("P1", "TS1", hub.StateAdmitted).Close()
			pass(grace - time.Second)
			w.Polled(w.t.Context(), "TS1", "P1")
		},
		"the last socket closed, after a poll": func(w *world) {
			s := w.connect("P1", "TS1", hub.StateAdmitted)
			w.Polled(w.t.Context(), "TS1", "P1")
			pass(late)
			s.Close()
		},
		"the last of two sockets closed": func(w *world) {
			one, two := w.connect("P1", "TS1", hub.StateAdmitted), w.connect("P1", "TS1", hub.StateAdmitted)
			one.Close()
			pass(late)
			w.wantStatus("TS1", "P1", hub.Online)
			two.Close()
		},
		"a restart of the server": func(w *world) {
			w.connect("P1", "TS1", hub.StateAdmitted).Close()
			pass(grace - time.Second)
			w.restart()
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				end(w)
				pass(grace - time.Second)
				w.wantStatus("TS1", "P1", hub.Online)
				w.wantLog("TS1", in1)
				pass(6 * time.Second)
				w.wantStatus("TS1", "P1", hub.Offline)
				w.wantLog("TS1", in1, out1)
				pass(10 * time.Minute)
				w.wantLog("TS1", in1, out1)
			})
		})
	}
}

func TestReturnWithinTheGraceMakesNoNotices(t *testing.T) {
	for name, away := range map[string]func(*world){
		"a reconnect": func(w *world) {
			for range 20 {
				s := w.connect("P1", "TS1", hub.StateAdmitted)
				pass(time.Second)
				s.Close()
				pass(grace - time.Second)
			}
			w.connect("P1", "TS1", hub.StateAdmitted)
		},
		"a change of transport": func(w *world) {
			w.connect("P1", "TS1", hub.StateAdmitted).Close()
			for range 20 {
				pass(5 * time.Second)
				w.Polled(w.t.Context(), "TS1", "P1")
			}
			w.connect("P1", "TS1", hub.StateAdmitted)
		},
		"a restart and a reconnect": func(w *world) {
			w.connect("P1", "TS1", hub.StateAdmitted).Close()
			w.restart()
			pass(grace - time.Second)
			w.connect("P1", "TS1", hub.StateAdmitted)
		},
		"a restart and a poll": func(w *world) {
			w.enter("P1", "TS1", hub.StateAdmitted)
			w.restart()
			pass(grace - time.Second)
			w.Polled(w.t.Context(), "TS1", "P1")
			w.connect("P1", "TS1", hub.StateAdmitted)
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				away(w)
				pass(10 * time.Minute)
				w.wantStatus("TS1", "P1", hub.Online)
				w.wantLog("TS1", in1)
			})
		})
	}
}

func TestReturnAfterTheGraceIsAnArrival(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS1", hub.StateAdmitted)
		pass(late)
		w.Polled(t.Context(), "TS1", "P1")
		w.wantStatus("TS1", "P1", hub.Online)
		w.wantLog("TS1", in1, out1, in1)
	})
}

func TestLeavingIsToldAtOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.connect("P1", "TS1", hub.StateAdmitted)
		s.Close()
		w.Leave(t.Context(), "P1", "TS1")
		w.wantStatus("TS1", "P1", hub.Offline)
		w.wantLog("TS1", in1, out1)
		w.enter("P1", "TS1", hub.StateAdmitted) // without asking anybody
		w.wantLog("TS1", in1, out1, in1)
	})
}

func TestWhoLeavesOnOneDeviceIsStillThereOnAnother(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		phone, laptop := w.connect("P1", "TS1", hub.StateAdmitted), w.connect("P1", "TS1", hub.StateAdmitted)
		phone.Close()
		w.Leave(t.Context(), "P1", "TS1")
		pass(late)
		w.wantStatus("TS1", "P1", hub.Online)
		laptop.Close()
		w.Leave(t.Context(), "P1", "TS1")
		w.wantStatus("TS1", "P1", hub.Offline)
		w.wantLog("TS1", in1, out1)
	})
}

func TestPersonIsInEachTherapySessionByItself(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.session("TS2", func(s *chat.TherapySession) { s.WaitingRoom = false })
		w.connect("P1", "TS1", hub.StateAdmitted)
		w.enter("P1", "TS2", hub.StateAdmitted)
		w.Leave(t.Context(), "P1", "TS2")
		w.wantStatus("TS1", "P1", hub.Online)
		w.wantStatus("TS2", "P1", hub.Offline)
		w.wantLog("TS2", in1, out1)
		w.wantLog("TS1", in1)
	})
}

// The server may stop between somebody's removal and the notice of it.
func TestDepartureMissedByAStopIsNotedAtTheStart(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("P1", "TS1", hub.StateAdmitted)
		w.Close() // the hub alone
		if _, err := w.store.Moderate(t.Context(), "T1", "TS1", "P1", chat.Remove); err != nil {
			t.Fatal(err)
		}
		w.store.Close()
		w.start()
		pass(5 * time.Second)
		w.wantStatus("TS1", "P1", hub.Offline)
		w.wantLog("TS1", in1, out1)
	})
}

func TestOutsiderWhoTriesToEnterIsNotThere(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.enter("T1", "TS1", hub.StateAdmitted)
		w.moderate("T1", "TS1", "P2", chat.Remove)
		others := w.connect("P1", "TS1", hub.StateAdmitted)
		told(others)
		woken(others)
		for _, by := range []chat.PID{"X1", "P2", "nobody"} {
			s := w.Subscribe("TS1", by, true)
			_, err := w.Enter(t.Context(), by, "TS1")
			wantCode(t, "entering", err, chat.NotAllowed)
			s.Close()
			w.Polled(t.Context(), "TS1", by)
		}
		if woken(others) {
			t.Error("others are woken by it")
		}
		wantTold(t, "P1", others)
		w.wantStatus("TS1", "P2", hub.Offline)
		pass(late)
		wantTold(t, "P1", others, "T1 offline")
		w.wantLog("TS1", inT, in1, outT)
	})
}
