package browser_test

import (
	"errors"
	"fmt"
	"testing"

	. "hearth/internal/browser"
)

func TestAParticipantWithAKeyboardOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	must(t, h.Say("How are you?"))
	g := window(t, s, 1280, "/")
	must(t,
		g.TabTo(Box("Phone")), g.Keys("650 555 0123"),
		g.TabTo(Box("Last name")), g.Keys("Denver"+Enter),
		g.See(Box("Code")),
	)
	code := ok[string](t)(g.Code("6505550123", 1))
	must(t,
		g.TabTo(Box("Code")), g.Keys(code+Enter),
		g.See(Heading("Your sessions")),
		g.TabTo(In(Article(eveningGroup), Button("Enter"))), g.Keys(Enter),
		g.See(Message("How are you?")),
		g.TabTo(Box("Message")), g.Keys("Good evening"+Enter),
		h.See(Message("Good evening")),
		reach(g, "How are you?", "Reply"), g.Keys(Enter),
		g.See(Text("Replying to Dr. Howell")),
		g.TabTo(Box("Message")), g.Keys("Well, thank you"+Enter),
		h.See(In(Message("Well, thank you"), `//blockquote`)),
		reach(g, "How are you?", "React"), g.Keys(Enter),
		g.TabTo(In(Message("How are you?"), In(Group("Reactions"), Button("Heart")))), g.Keys(Enter),
		h.See(In(Message("How are you?"), Button("Heart, 1"))),
		// Escape is a way out of what is asked.
		g.TabTo(Box("Message")),
		reach(g, "Well, thank you", "Delete"), g.Keys(Enter),
		g.See(Group("Delete this message?")), g.HasFocus(Button("Cancel")), g.Keys(Escape), g.Gone(Group("Delete this message?")),
		g.TabBackTo(Button("Leave")), g.Keys(Enter),
		g.See(Heading("Your sessions")),
		h.See(In(Log, Text("Gilligan has left"))),
	)
}

// reach goes from the field back to the log, with the arrow keys to the
// message that says body, and on to one of its buttons.
func reach(w *Window, body, button string) error {
	if err := errors.Join(w.TabBackTo(Log+`//article`), w.Keys(End)); err != nil {
		return err
	}
	for range 20 {
		f, err := w.Focused(Message(body))
		if err != nil {
			return err
		}
		if f.On {
			return w.TabTo(In(Message(body), Button(button)))
		}
		if err := w.Keys(Up); err != nil {
			return err
		}
	}
	return fmt.Errorf("the arrow keys do not lead to %q", body)
}

func TestATherapistWithAKeyboardOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, people+`therapy_sessions:
  - {id: TS1, name: Evening group, therapists: [T1], participants: [P123], waiting_room: true}
`)
	g := as(t, s, gilligan, 360, "/?ts=TS1")
	must(t, g.See(Region("Waiting room")))
	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	if there := ok[bool](t)(h.Sees(Region("People"))); !there {
		must(t, h.TabTo(ButtonLike("People")), h.Keys(Enter))
	}
	must(t,
		h.TabTo(Button("Admit Gilligan")), h.Keys(Enter),
		g.See(Log),
		h.TabBackTo(ButtonLike("More")), h.Keys(Enter),
		h.TabTo(In(Group("More"), Button("End session"))), h.Keys(Enter),
		h.See(Group("End the session for everyone?")),
		h.TabBackTo(Button("End now")), h.Keys(Enter),
		g.See(Region("The session has ended")),
	)
}
