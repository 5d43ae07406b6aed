package chat_test

import (
	"testing"

	"hearth/hub/chat"
)

func TestWhoMaySendWhichType(t *testing.T) {
	for typ, row := range valid() {
		for by, role := range map[chat.PID]string{"P1": "participant", "T1": "therapist", "": "server", "X9": "nobody"} {
			t.Run(typ.String()+" by "+role, func(t *testing.T) {
				r := newRoom(t)
				r.people["X9"] = chat.Standing{ID: "X9"}
				r.say("P1", message("first"))
				var want chat.Code
				switch typ {
				case chat.UpdateAssessments, chat.UpdateChatDetails:
					if role != "server" {
						want = chat.NotAllowed
					}
				case chat.Notice, chat.Whiteboard, chat.EndChatSession:
					if role == "participant" || role == "nobody" {
						want = chat.NotAllowed
					}
				default:
					if role == "nobody" {
						want = chat.NotAllowed
					}
				}
				_, err := r.judge(by, row.d)
				wantCode(t, err, want)
			})
		}
	}
}

func TestNoticeSaysFromWhomItIs(t *testing.T) {
	r := newRoom(t)
	if a := r.stored("T1", notice("x")); a.Sender != "Dr. Howell" || a.By != "T1" || a.Root != a.ID {
		t.Errorf("the therapist's is %+v from %q", a, string(a.Sender))
	}
	if a := r.stored("", notice("Gilligan has joined the session")); a.Sender != "system" || a.By != "" {
		t.Errorf("the server's is %+v from %q", a, string(a.Sender))
	}
	if a := r.stored("T1", message("x")); a.Sender != "" {
		t.Errorf("a message has a sender: %+v", a)
	}
}

func TestPrivateNoticeIsSeenByItsRecipientsAndTherapists(t *testing.T) {
	r := newRoom(t, privateMessages(chat.PrivateOff))
	id := r.say("T1", notice("x", "P1"))
	r.wantIDs("P1", id)
	r.wantIDs("P2")
	r.wantIDs("T2", id)
}

func TestWordOfNewAssessmentsGoesToThoseConcerned(t *testing.T) {
	r := newRoom(t)
	id := r.say("", chat.Draft{Type: chat.UpdateAssessments, Recipients: []chat.PID{"P1"}})
	r.wantIDs("P1", id)
	r.wantIDs("P2")
	r.wantIDs("T1", id)
}

func TestServerSaysTheSameAsOftenAsItLikes(t *testing.T) {
	r := newRoom(t)
	d := timed(named(notice("Gilligan has joined the session"), "c"), "t")
	first, second := r.say("", d), r.say("", d)
	if first == second {
		t.Error("the second notice was taken for the first")
	}
}
