package browser_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	. "hearth/internal/browser"
)

// looks tries a view on a phone and on a wide screen, light and dark, and with
// letters of twice the size: nothing scrolls sideways, and no rule of
// accessibility is broken.
func looks(t *testing.T, w *Window, view string) {
	t.Helper()
	axe := func(how string, rules ...string) {
		t.Helper()
		for _, v := range ok[[]string](t)(w.Axe(rules...)) {
			t.Errorf("%s, %s: %s", view, how, v)
		}
	}
	wide := func(how string) {
		t.Helper()
		if s := ok[string](t)(w.Wide()); s != "" {
			t.Errorf("%s, %s: %s", view, how, s)
		}
	}
	for _, width := range []int64{1280, 360} {
		must(t, w.Size(width, 720), w.Look(Media{LessMotion: true}))
		how := fmt.Sprintf("%d px", width)
		wide(how)
		axe(how)
		must(t, w.Look(Media{Dark: true, LessMotion: true}))
		axe(how+", dark", "color-contrast", "link-in-text-block")
	}
	must(t, w.Size(320, 640), w.TextSize(200))
	wide("320 px, text of 200 %")
	must(t, w.TextSize(100), w.Size(360, 720))
}

func haveAxe(t *testing.T) {
	t.Helper()
	haveChromium(t)
	if err := HaveAxe(); errors.Is(err, ErrNoAxe) {
		t.Skip(err)
	} else {
		must(t, err)
	}
}

func TestViewsBeforeTheChat(t *testing.T) {
	haveAxe(t)
	t.Parallel()
	s := serve(t, morning(surveys(t)))
	p := through(t, s)
	w := window(t, p, 360, "/")
	must(t, w.See(Heading("Log in")))
	looks(t, w, "login")
	must(t, w.Press(Button("Send code")), w.See(Alert("Please enter your phone number.")))
	looks(t, w, "login, with an error")
	must(t, w.Type(Box("Phone"), skipper.Phone), w.Type(Box("Last name"), skipper.LastName), w.Press(Button("Send code")), w.See(Box("Code")))
	looks(t, w, "code")
	must(t, w.Press(Button("Log in")), w.See(Alert("Please enter the code.")))
	looks(t, w, "code, with an error")

	must(t, w.Use(login(t, s, skipper)), w.Go("/"), w.See(Article(morningGroup)))
	looks(t, w, "list")
	must(t, w.Press(In(Article(morningGroup), Button("Enter"))), w.See(Region("Before you enter")))
	looks(t, w, "waiting for a survey")
	must(t, w.Press(Link("Where are you today?")), w.Press(Link("Done")), w.See(Region("Waiting room")))
	looks(t, w, "waiting for the therapist")

	w.BadNetwork()
	must(t, w.Go("/")) // the page is there, the calls fail
	p.Refuse("/api/me")
	must(t, w.Reload(), w.See(Button("Try now")))
	looks(t, w, "server not reached")
	p.Refuse()
	must(t, w.Go("/docs"), w.See(`//h1`))
	looks(t, w, "docs")
}

func TestViewsOfAParticipant(t *testing.T) {
	haveAxe(t)
	t.Parallel()
	s := serve(t, evening)
	p := through(t, s)
	g := in(t, p, gilligan, 1280, "TS1", eveningGroup)
	looks(t, g, "chat, empty")
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	must(t,
		h.Say("How was your week?"), g.See(Message("How was your week?")),
		g.OnMessage("How was your week?", "Reply"), g.Say("Long. https://example.org/a/very/long/address/that/does/not/end/anywhere/soon/at/all?and=more"),
		react(g, "How was your week?", "Heart"), g.See(In(Log, Button("Heart, 1"))),
		g.Say("Gone"), remove(g, "Gone"), g.See(In(Log, Text("This message was removed."))),
		h.More("Notice"), h.Type(Box("Notice text"), "A break of ten minutes"), h.Press(Button("Send notice")), g.See(In(Log, Text("A break of ten minutes"))),
	)
	looks(t, g, "chat")
	must(t, g.OnMessage("How was your week?", "React"), g.See(In(Group("Reactions"), Button("Sad"))))
	looks(t, g, "choosing a reaction")
	must(t, g.Press(In(Message("How was your week?"), Button("React"))))
	must(t, g.OnMessage("How was your week?", "Reply"), g.See(Button("Cancel reply")), g.Type(Composer, "Thank you @ma"), g.See(`//*[@role="option"]`))
	looks(t, g, "mentioning, in a reply")
	must(t, g.Focus(Box("Message")), g.Keys(Escape), g.Press(Button("Cancel reply")))
	long := `//article[.//*[contains(text(), "Long. ")]]`
	must(t, g.Hover(long), g.Press(In(long, Button("Delete"))), g.See(Group("Delete this message?")))
	looks(t, g, "asked before deleting")
	must(t, g.Press(In(Group("Delete this message?"), Button("Cancel"))))
	must(t, g.Show("People"))
	looks(t, g, "people")
	must(t, g.Press(Button("Back to messages")), g.Show("Whiteboard"))
	looks(t, g, "whiteboard")
	must(t, g.Press(Button("Back to messages")), g.Press(ButtonLike("More")), g.See(Group("More")))
	looks(t, g, "menu")
	must(t, g.Press(In(Group("More"), Button("Help"))))
	looks(t, g, "help")
	must(t, g.Keys(Escape), g.Converse("Dr. Howell"), g.See(Text("Only Dr. Howell")), g.Say("A word to you"), g.See(Message("A word to you")))
	looks(t, g, "private")

	g.BadNetwork()
	p.Offline(true)
	must(t, g.Say("Kept"), g.See(Text("No connection.")))
	looks(t, g, "no connection")
	p.Offline(false)
	must(t, g.Gone(Text("No connection.")))
	end(t, s, "TS1")
	must(t, g.See(Region("The session has ended")))
	looks(t, g, "ended")
	must(t, g.Press(Button("Back to your sessions")), g.See(Article(eveningGroup)))
	looks(t, g, "list of what is past")
}

func TestViewsOfATherapist(t *testing.T) {
	haveAxe(t)
	t.Parallel()
	s := serve(t, people+`therapy_sessions:
  - {id: TS1, name: Evening group, topic: Coping with stress, therapists: [T1], participants: [P123, P124, P125], private_messages: anyone, waiting_room: true}
`)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	g := as(t, s, gilligan, 360, "/?ts=TS1")
	m := as(t, s, mary, 360, "/?ts=TS1")
	must(t, g.See(Region("Waiting room")), m.See(Region("Waiting room")), h.Show("People"), h.See(Button("Admit all")))
	looks(t, h, "people who wait")
	must(t, h.Show("People"), h.Press(Button("Admit Gilligan")), g.See(Log))
	m.Close()
	must(t, h.Show("People"), h.Press(Button("Actions for Gilligan")), h.See(Button("Mute Gilligan")))
	looks(t, h, "actions for somebody")
	must(t, h.Press(Button("Remove Gilligan")), h.See(Group("Remove Gilligan?")))
	looks(t, h, "asked before removing")
	must(t, h.Press(In(Group("Remove Gilligan?"), Button("Cancel"))))
	must(t, moderate(h, "Gilligan", "Help Gilligan to log in"), h.See(Group("Help Gilligan to log in")))
	looks(t, h, "help to log in")
	must(t, h.Press(Button("Make a code")), h.See(In(Group("Help Gilligan to log in"), Button("Done"))))
	looks(t, h, "help to log in, with a code")
	must(t, h.Press(Button("Done")), h.Size(1600, 900))

	must(t, g.Say("Good evening"), h.See(In(Log, Text("Good evening"))))
	must(t, g.Converse("Dr. Howell"), g.Say("A word to you"))
	must(t, h.Converse("Gilligan"), h.See(Region("Gilligan")))
	looks(t, h, "a private conversation beside the group")
	must(t, h.Size(1600, 900), h.Press(Button("Close Gilligan")), remove(h, "Good evening"), h.See(In(Log, Text("Only therapists see this text."))))
	looks(t, h, "chat")
	must(t, h.Size(1280, 720), h.Show("Whiteboard"), h.Type(Box("Whiteboard text"), "Breathe"))
	looks(t, h, "writing on the whiteboard")
	must(t, h.Size(1280, 720), h.More("Notice"), h.See(Region("Notice to everyone")))
	looks(t, h, "writing a notice")
	must(t, h.Press(In(Region("Notice to everyone"), Button("Cancel"))), h.Press(ButtonLike("More")))
	looks(t, h, "menu")
	must(t, h.Press(In(Group("More"), Button("Print"))), h.See(Region("Transcript")))
	looks(t, h, "print")
	must(t, h.Press(Button("Back to the chat")), h.See(Log), h.More("End session"), h.See(Group("End the session for everyone?")))
	looks(t, h, "asked before ending")
	must(t, h.Press(Button("In 10 minutes")), h.See(Region("End of the session")))
	looks(t, h, "the end comes")
	end(t, s, "TS1")
	must(t, h.See(Region("The session has ended")))
	looks(t, h, "ended")
}

// A view may show at most one heading of the first level, and moves nothing of
// its own accord where a person asked for less motion.
func TestLessMotion(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	g := in(t, s, gilligan, 360, "TS1", eveningGroup)
	must(t, g.Look(Media{LessMotion: true}), g.Say("Still"), g.See(Message("Still")))
	moving := ok[float64](t)(Value[float64](g, `Math.max(0, ...document.getAnimations().map(a => Number(a.effect.getComputedTiming().duration) || 0))`))
	if d := time.Duration(moving * float64(time.Millisecond)); d > 10*time.Millisecond {
		t.Errorf("something moves for %v", d)
	}
	if n := ok[int](t)(g.Count(`//h1`)); n != 1 {
		t.Errorf("there are %d headings of the first level", n)
	}
}
