package browser_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	. "hearth/internal/browser"
)

func TestATherapistsMorning(t *testing.T) {
	t.Parallel()
	s := serve(t, morning(surveys(t)))
	h := as(t, s, howell, 1280, "/?ts=TS1")
	must(t, h.See(Log), h.Show("People"))
	done := func(p Person) *Window {
		w := as(t, s, p, 360, "/?ts=TS1")
		must(t, w.Press(Link("Where are you today?")), w.Press(Link("Done")), w.See(Region("Waiting room")))
		return w
	}
	waits := as(t, s, skipper, 360, "/?ts=TS1")
	must(t, waits.See(Region("Before you enter")), h.See(In(Item("Skipper"), Text("Where are you today?"))))

	// One, or all.
	g, m := done(gilligan), done(mary)
	must(t,
		h.Press(Button("Admit all")),
		g.See(Log), m.See(Log),
		waits.See(Region("Before you enter")),
	)

	must(t,
		moderate(h, "Mary Ann", "Mute Mary Ann"),
		m.See(Text("The therapist has paused your writing")),
		h.See(In(Item("Mary Ann"), Text("muted"))),
		moderate(h, "Mary Ann", "Unmute Mary Ann"),
		m.See(Box("Message")),
		moderate(h, "Mary Ann", "Move Mary Ann to the waiting room"),
		m.See(Region("Waiting room")),
		h.Press(Button("Admit Mary Ann")),
		m.See(Log),
	)
	// Another's message.
	must(t,
		g.Say("Somebody's address is 12 Lagoon Road"),
		m.See(Message("Somebody's address is 12 Lagoon Road")),
		remove(h, "Somebody's address is 12 Lagoon Road"),
		m.Gone(Message("Somebody's address is 12 Lagoon Road")),
		g.See(In(Log, Text("This message was removed."))),
		h.See(In(Message("Somebody's address is 12 Lagoon Road"), Text("Removed. Only therapists see this text."))),
	)
	must(t,
		h.More("Notice"),
		h.Type(In(Region("Notice to everyone"), Box("Notice text")), "We go on at half past"),
		h.Press(Button("Send notice")),
		g.See(In(Log, Text("We go on at half past"))),
		h.Show("Whiteboard"),
		h.Type(Box("Whiteboard text"), "Half past ten"),
		h.Press(Button("Save whiteboard")),
		m.Show("Whiteboard"),
		m.See(In(Region("Whiteboard"), Text("Half past ten"))),
		m.Press(Button("Back to messages")),
	)

	// The group and two private conversations side by side.
	must(t, h.Size(1600, 900))
	for _, name := range []string{"Gilligan", "Mary Ann"} {
		must(t, h.Show("People"), moderate(h, name, "Write to "+name), h.HasFocus(In(Region(name), Box("Message to "+name))))
	}
	must(t, h.See(Region("Group")), h.See(Region("Gilligan")))
	for _, name := range []string{"Gilligan", "Mary Ann"} {
		must(t, h.Type(In(Region(name), Box("Message to "+name)), "To "+name+" alone"), h.Keys(Enter))
	}
	must(t,
		g.Converse("Dr. Howell"), g.See(Message("To Gilligan alone")),
		m.Converse("Dr. Howell"), m.See(Message("To Mary Ann alone")),
		m.Say("Thank you"),
		h.See(In(Region("Mary Ann"), Message("Thank you"))),
		h.Press(Button("Close Gilligan")),
		h.Gone(Region("Gilligan")),
		h.See(Region("Mary Ann")),
	)

	// Somebody cannot get in.
	const digits = `//*[string-length(normalize-space(.)) >= 6 and translate(., "0123456789 ", "") = ""]`
	must(t, moderate(h, "Skipper", "Help Skipper to log in"), h.Press(In(Group("Help Skipper to log in"), Button("Unlock"))))
	w := window(t, s, 360, "/")
	must(t, w.Type(Box("Phone"), skipper.Phone), w.Type(Box("Last name"), skipper.LastName), w.Press(Button("Send code")), w.See(Box("Code")))
	must(t, h.Press(In(Group("Help Skipper to log in"), Button("Make a code"))), h.See(In(Group("Help Skipper to log in"), digits)))
	said := strings.Join(ok[[]string](t)(h.Texts(Group("Help Skipper to log in"))), " ")
	code := strings.ReplaceAll(regexp.MustCompile(`\d{3} ?\d{3}`).FindString(said), " ", "")
	if code == "" {
		t.Fatalf("there is no code in %q", said)
	}
	must(t, w.Type(Box("Code"), code), w.Press(Button("Log in")), w.See(Heading("Your sessions")))
	must(t, h.Press(In(Group("Help Skipper to log in"), Button("Done"))))

	// All of it on paper.
	must(t, h.More("Print"), h.See(Region("Transcript")))
	paper := strings.Join(ok[[]string](t)(h.Texts(Region("Transcript"))), " ")
	for _, part := range []string{
		"Sleeping better", "Gilligan", "Mary Ann", "Somebody's address is 12 Lagoon Road", "removed", "We go on at half past",
		"To Gilligan alone", "To Mary Ann alone", "Thank you", "Half past ten",
	} {
		if !strings.Contains(strings.ToLower(paper), strings.ToLower(part)) {
			t.Errorf("the transcript does not hold %q: %q", part, paper)
		}
	}
	must(t,
		h.Look(Media{Print: true}), h.Gone(Button("Print this page")), h.See(Region("Transcript")), h.Look(Media{}),
		h.Press(Button("Back to the chat")), h.See(Log),
	)

	must(t,
		moderate(h, "Mary Ann", "Remove Mary Ann"),
		h.Press(In(Group("Remove Mary Ann?"), Button("Remove"))),
		m.See(Heading("Your sessions")),
		m.See(Text("You are no longer in this session.")),
	)

	// The end, announced, put off, and come.
	must(t,
		g.Converse("Group"),
		h.More("End session"),
		h.Press(In(Group("End the session for everyone?"), Button("In 1 minute"))),
		h.See(Region("End of the session")),
		g.See(In(Log, Text("1 minute"))),
		h.Press(In(Region("End of the session"), Button("Stop"))),
		h.Gone(Region("End of the session")),
		h.More("End session"),
		h.Press(In(Group("End the session for everyone?"), Button("End now"))),
		h.See(In(Region("End of the session"), Button("Stop"))),
		g.See(Region("The session has ended")),
		h.See(Region("The session has ended")),
	)
}

func TestATherapistAdmitsOne(t *testing.T) {
	t.Parallel()
	s := serve(t, strings.Replace(evening, "private_messages", "waiting_room: true, private_messages", 1))
	g, m := as(t, s, gilligan, 360, "/?ts=TS1"), as(t, s, mary, 360, "/?ts=TS1")
	must(t, g.See(Region("Waiting room")), m.See(Region("Waiting room")), g.See(Text("The therapist is not here yet.")))
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	must(t, g.See(Text("Dr. Howell is here.")), h.Show("People"), h.Press(Button("Admit Gilligan")), g.See(Log))
	must(t, errors.Join(m.See(Region("Waiting room")), h.See(Button("Admit Mary Ann"))))
}
