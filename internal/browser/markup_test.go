package browser_test

import (
	"errors"
	"strings"
	"testing"

	. "hearth/internal/browser"
)

const evil = `<img src=x onerror=alert(1)>`

// marked is a session all of whose names are markup.
func marked(survey string) string {
	return `participants:
  - {id: T1, name: "<b>Dr. Howell</b>", last_name: Howell, phone: "+1 650 555 0100", role: therapist}
  - {id: P123, name: "` + evil + `Gil", last_name: Denver, phone: "+1 650 555 0123", role: participant}
  - {id: P124, name: "<b>Mary</b>&amp;", last_name: Summers, phone: "+1 650 555 0124", role: participant}
therapy_sessions:
  - id: TS1
    name: "<b>Evening</b> ` + evil + `"
    topic: "<script>alert(2)</script>"
    therapists: [T1]
    participants: [P123, P124]
    private_messages: anyone
    waiting_room: true
    assessments:
      - {name: location, title: "` + evil + `<b>Where?</b>", phase: pre, required: true, url: "` + survey + `"}
      - {name: after, title: "<b>How was it?</b>", phase: post, url: "` + survey + `"}
`
}

func TestMarkupStaysText(t *testing.T) {
	t.Parallel()
	s := serve(t, marked(surveys(t)))
	const (
		session = `<b>Evening</b> ` + evil
		gil     = evil + `Gil`
		ann     = `<b>Mary</b>&amp;`
		doctor  = `<b>Dr. Howell</b>`
	)
	text := func(w *Window, where string, parts ...string) {
		t.Helper()
		var errs []error
		for _, p := range parts {
			errs = append(errs, w.See(Text(p)))
		}
		must(t, errs...)
		// The pages have no such element of their own.
		if n := ok[int](t)(w.Count(`//img | //b | //body//script[not(@src)]`)); n > 0 {
			t.Errorf("%s: somebody's text has become %d elements", where, n)
		}
	}
	h := as(t, s, howell, 1280, "/")
	text(h, "list", session, `<script>alert(2)</script>`)
	must(t, h.Press(In(`//article`, Button("Enter"))), h.See(Log), h.Show("People"))
	g := as(t, s, gilligan, 1280, "/")
	text(g, "to do", evil+`<b>Where?</b>`)
	must(t, g.Press(In(`//article`, Button("Enter"))))
	text(g, "before entering", session, evil+`<b>Where?</b>`)
	must(t, g.Press(`//a[contains(., "Where?")]`), g.Press(Link("Done")), g.See(Region("Waiting room")))
	text(g, "waiting room", session)
	text(h, "people", gil, ann)
	must(t, h.Press(Button("Admit "+gil)), g.See(Log))
	m := as(t, s, mary, 1280, "/?ts=TS1")
	must(t, m.Press(`//a[contains(., "Where?")]`), m.Press(Link("Done")), m.See(Region("Waiting room")), h.Press(Button("Admit "+ann)), m.See(Log))
	must(t,
		g.Say(evil), g.See(Message(evil)),
		m.See(Message(evil)),
		m.OnMessage(evil, "Reply"), m.Say("<b>bold</b>"), g.See(Message("<b>bold</b>")),
		react(m, evil, "Heart"), react(h, evil, "Heart, 1"), g.See(In(Message(evil), Button("Heart, 2"))),
		g.Hover(In(Message(evil), Button("Heart, 2"))),
	)
	text(g, "chat, quote and reactions", evil, "<b>bold</b>", ann)
	must(t, m.See(In(Log, Text("Read by"))))
	text(m, "read by", gil)
	must(t, g.Type(Composer, "@"), m.See(Text(gil+" is typing…")), g.See(`//*[@role="option"]`))
	text(m, "typing", gil)
	text(g, "mention list", ann)
	must(t, g.Keys(Escape))
	must(t, h.Converse(gil), h.See(Message(evil)))
	must(t, g.Converse(doctor))
	text(g, "private", "Only "+doctor)
	must(t, errors.Join(g.Converse("Group"), h.Converse("Group")))

	must(t, h.More("Notice"), h.Type(Box("Notice text"), "<b>notice</b>"+evil), h.Press(Button("Send notice")))
	text(g, "notice", "<b>notice</b>"+evil)
	must(t, h.Show("Whiteboard"), h.Type(Box("Whiteboard text"), "<b>board</b>"+evil), h.Press(Button("Save whiteboard")), g.Show("Whiteboard"))
	text(g, "whiteboard", "<b>board</b>"+evil)
	must(t, h.More("Print"), h.See(Region("Transcript")))
	text(h, "print", session, gil, ann, "<b>notice</b>"+evil, "<b>bold</b>")
	must(t, h.Press(Button("Back to the chat")), h.Show("People"), h.Press(Button("Actions for "+gil)), h.Press(Button("Remove "+gil)))
	text(h, "asked before removing", "Remove "+gil+"?")
	must(t, h.Press(In(Group("Remove "+gil+"?"), Button("Cancel"))))
	end(t, s, "TS1")
	must(t, m.See(Region("The session has ended")))
	text(m, "ended", "<b>How was it?</b>")
	for _, w := range []*Window{g, m, h} {
		for _, f := range w.Faults() {
			if strings.HasPrefix(f, "a dialog") {
				t.Error(f)
			}
		}
	}
}
