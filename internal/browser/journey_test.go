package browser_test

import (
	"testing"

	. "hearth/internal/browser"
)

// morning is a group whose therapist lets people in, with a survey before and
// one after it.
func morning(survey string) string {
	return people + `therapy_sessions:
  - id: TS1
    name: Morning group
    topic: Sleeping better
    therapists: [T1]
    participants: [P123, P124, P125]
    waiting_room: true
    private_messages: anyone
    assessments:
      - {name: location, title: Where are you today?, phase: pre, required: true, url: "` + survey + `"}
      - {name: after, title: How was the session?, phase: post, url: "` + survey + `"}
`
}

const morningGroup = "Morning group"

func TestAParticipantLogsIn(t *testing.T) {
	t.Parallel()
	s := serve(t, evening, "HEARTH_AUTH_OTP_RESEND_AFTER=20s")
	g := window(t, s, 360, "/?ts=TS1")
	must(t,
		g.See(Heading("Log in")),
		g.Press(Button("Send code")),
		g.See(Alert("Please enter your phone number.")),
		g.Type(Box("Phone"), "12"),
		g.Type(Box("Last name"), "Denver"),
		g.Press(Button("Send code")),
		g.See(Alert("This does not look like a phone number.")),
		g.Type(Box("Phone"), "\b\b650 555 0123"),
		g.Press(Button("Send code")),
		g.See(Box("Code")),
		g.See(Text("new code in ")), // the seconds left
	)
	code := ok[string](t)(g.Code("6505550123", 0))
	// Who looks at the SMS may lose the page.
	must(t, g.Reload(), g.See(Box("Code")), g.See(Text("new code in ")))
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	must(t, g.Type(Box("Code"), wrong), g.Press(Button("Log in")), g.See(Alert("This code did not work.")))
	must(t, g.Press(Button("Change phone or name")), g.See(Box("Phone")))
	if got := ok[string](t)(Value[string](g, `document.querySelector('input[type=tel]').value`)); got != "650 555 0123" {
		t.Errorf("the phone is %q", got)
	}
}

func TestANewCode(t *testing.T) {
	t.Parallel()
	s := serve(t, evening, "HEARTH_AUTH_OTP_RESEND_AFTER=1s")
	g := window(t, s, 360, "/")
	must(t, g.Type(Box("Phone"), gilligan.Phone), g.Type(Box("Last name"), gilligan.LastName), g.Press(Button("Send code")))
	old := ok[string](t)(g.Code(gilligan.Phone, 0))
	must(t, g.Press(Button("Send a new code")), g.See(Text("A new code is on its way.")))
	code := ok[string](t)(g.Code(gilligan.Phone, 1))
	if old != code { // else the old one is the new one
		must(t, g.Type(Box("Code"), old), g.Press(Button("Log in")), g.See(Alert("This code did not work.")))
		must(t, g.Press(Button("Send a new code")), g.See(Text("A new code is on its way.")))
		code = ok[string](t)(g.Code(gilligan.Phone, 2))
	}
	must(t, g.Type(Box("Code"), code), g.Press(Button("Log in")), g.See(Heading("Your sessions")))
}

func TestAParticipantsEvening(t *testing.T) {
	t.Parallel()
	s := serve(t, morning(surveys(t)))
	h := as(t, s, howell, 1280, "/?ts=TS1")
	must(t, h.See(Log))

	// Login by the deep link, the survey, the waiting room.
	g := window(t, s, 360, "/?ts=TS1")
	must(t,
		g.LogIn("650 555 0123", "denver"),
		g.See(Heading(morningGroup)),
		g.Press(In(Region("Before you enter"), Link("Where are you today?"))),
		g.Press(Link("Done")),
		g.See(Region("Waiting room")),
		g.See(Text("Your therapist will let you in.")),
		h.Show("People"),
		h.Press(Button("Admit Gilligan")),
		g.See(Log),
	)

	// Mary Ann finds the survey in her list.
	m := as(t, s, mary, 360, "/")
	must(t,
		m.Press(In(Region("To do"), `//a[contains(normalize-space(.), "Where are you today?")]`)),
		m.Press(Link("Done")),
		m.Press(In(Article(morningGroup), Button("Enter"))),
		m.See(Region("Waiting room")),
		h.Press(Button("Admit Mary Ann")),
		m.See(Log),
	)

	// Reply, with a quote.
	must(t,
		h.Say("Good morning everyone"),
		g.See(Message("Good morning everyone")),
		g.OnMessage("Good morning everyone", "Reply"),
		g.See(Text("Replying to Dr. Howell")),
		g.Say("Good morning"),
		m.See(In(Message("Good morning"), `//blockquote[contains(normalize-space(.), "Good morning everyone")]`)),
	)
	// React, and take it back.
	must(t,
		react(g, "Good morning everyone", "Heart"),
		h.See(In(Message("Good morning everyone"), Button("Heart, 1"))),
		react(m, "Good morning everyone", "Heart, 1"),
		g.Press(In(Message("Good morning everyone"), Button("Heart, 2"))),
		h.See(In(Message("Good morning everyone"), Button("Heart, 1"))),
	)
	// Delete one's own: others don't see it any more, the therapist does.
	must(t,
		g.Say("I should not have said that"),
		m.See(Message("I should not have said that")),
		remove(g, "I should not have said that"),
		m.Gone(Message("I should not have said that")),
		m.See(In(Log, Text("This message was removed."))),
		g.Gone(Message("I should not have said that")),
		h.See(In(Message("I should not have said that"), Text("Removed. Only therapists see this text."))),
	)
	// Read, and typing.
	must(t,
		h.See(In(Log, Text("Read by Gilligan"))),
		m.Type(Composer, "I"),
		h.See(Text("Mary Ann is typing…")),
		m.Keys(" am thinking of it"),
		m.Press(Button("Send")),
		h.See(Message("I am thinking of it")),
		h.Gone(Text("Mary Ann is typing…")),
	)
	// Only the therapist sees what is private; meanwhile the group goes on.
	must(t,
		g.Converse("Dr. Howell"),
		g.See(Text("Only Dr. Howell")),
		g.Say("May I call you later?"),
		h.See(`//nav[@aria-label="Conversations"]`+ButtonLike("Gilligan")),
		m.Say("The group goes on"),
		g.See(`//nav[@aria-label="Conversations"]//button[starts-with(normalize-space(.), "Group") and contains(normalize-space(.), "1 unread")]`),
		g.Until(`document.title.startsWith('(1) ')`),
		g.Converse("Group"),
		g.See(Message("The group goes on")),
		g.Until(`!document.title.startsWith('(')`),
		h.Converse("Gilligan"),
		h.See(Message("May I call you later?")),
	)
	if n := ok[int](t)(m.Count(Message("May I call you later?"))); n != 0 {
		t.Error("somebody else sees what is private")
	}
	// The whiteboard.
	must(t,
		h.Show("Whiteboard"),
		h.Type(Box("Whiteboard text"), "Breathe out slowly"),
		h.Press(Button("Save whiteboard")),
		g.Show("Whiteboard"),
		g.See(In(Region("Whiteboard"), Text("Breathe out slowly"))),
		g.Press(Button("Back to messages")),
		g.See(Log),
	)
	// The end, the survey after it, and back.
	end(t, s, "TS1")
	must(t,
		g.See(Region("The session has ended")),
		g.Gone(Box("Message")),
		g.Press(In(Region("The session has ended"), Link("How was the session?"))),
		g.Press(Link("Done")),
		g.See(Region("The session has ended")),
		g.See(Message("Good morning everyone")),
		g.Gone(Link("How was the session?")),
		g.Press(Button("Back to your sessions")),
		g.See(Heading("Your sessions")),
		g.See(In(Region("Past"), In(Article(morningGroup), Button("Read")))),
		g.Press(Button("Log out")),
		g.See(Heading("Log in")),
	)
	if left := ok[[]string](t)(storage(g)); len(left) > 0 {
		t.Errorf("after the logout the browser keeps %q", left)
	}
}

func TestAParticipantMentionsAnother(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	g := in(t, s, gilligan, 360, "TS1", eveningGroup)
	m := in(t, s, mary, 1280, "TS1", eveningGroup)
	option := `//*[@role="listbox"]//*[@role="option" and contains(normalize-space(.), "Mary Ann")]`
	must(t,
		g.Type(Composer, "Thank you @ma"),
		g.See(option),
		g.Keys(Enter),
		g.Gone(option),
		g.Keys("for that"),
		g.Press(Button("Send")),
		m.See(In(Log, Text("Thank you"))),
	)
	if got := messages(t, s, "TS1"); len(got) != 1 || got[0] != "Thank you @Mary Ann for that" {
		t.Errorf("the log holds %q", got)
	}
	// Escape leaves what was typed.
	must(t, g.Type(Composer, "@ma"), g.See(option), g.Keys(Escape), g.Gone(option), g.Press(Button("Send")), m.See(Message("@ma")))
}
