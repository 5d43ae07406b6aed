package browser_test

import (
	"slices"
	"testing"

	. "hearth/internal/browser"
)

// heard wants roles and names as a screen reader gets them.
func heard(t *testing.T, w *Window, view string, want ...Named) {
	t.Helper()
	got := ok[[]Named](t)(w.Named())
	for _, n := range want {
		if !slices.Contains(got, n) {
			t.Errorf("%s: there is no %s %q in %q", view, n.Role, n.Name, got)
		}
	}
	for _, n := range got {
		if n.Name == "" && slices.Contains([]string{"button", "link", "textbox", "region", "dialog", "log"}, n.Role) {
			t.Errorf("%s: a %s has no name", view, n.Role)
		}
	}
}

func TestNamesThatScreenReadersSay(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	w := window(t, s, 360, "/")
	must(t, w.See(Heading("Log in")))
	heard(t, w, "login", Named{"heading", "Log in"}, Named{"textbox", "Phone"}, Named{"textbox", "Last name"}, Named{"button", "Send code"},
		Named{"button", "Español"}, Named{"button", "Leave quickly"})
	must(t, w.Use(login(t, s, howell)), w.Go("/"), w.See(Article(eveningGroup)))
	heard(t, w, "list", Named{"heading", "Your sessions"}, Named{"article", eveningGroup}, Named{"button", "Enter"}, Named{"button", "Refresh"},
		Named{"button", "Log out"})

	h := in(t, s, howell, 1280, "TS1", eveningGroup)
	g := in(t, s, gilligan, 360, "TS1", eveningGroup)
	must(t, g.Say("Good evening"), h.See(Message("Good evening")), h.Show("People"))
	heard(t, h, "chat", Named{"heading", eveningGroup}, Named{"navigation", "Conversations"}, Named{"button", "Group"}, Named{"log", "Messages"},
		Named{"region", "Group"}, Named{"textbox", "Message"}, Named{"button", "Send"}, Named{"button", "Reply"}, Named{"button", "React"},
		Named{"button", "Delete"}, Named{"region", "People"}, Named{"button", "Actions for Gilligan"}, Named{"button", "More"},
		Named{"button", "Leave"}, Named{"button", "Leave quickly"}, Named{"status", "Connection"})
	heard(t, g, "chat on a phone", Named{"heading", eveningGroup}, Named{"log", "Messages"}, Named{"textbox", "Message"}, Named{"button", "People"},
		Named{"button", "Whiteboard"}, Named{"button", "Leave quickly"})
}

// What finds violations must find them.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	haveAxe(t)
	t.Parallel()
	w := window(t, serve(t, evening), 360, "/")
	must(t, w.See(Heading("Log in")), w.Run(`document.querySelector('h1').setAttribute('aria-labelledby', 'nothing'),
		document.querySelector('label').remove(), document.querySelector('p').style.color = '#eee', document.querySelector('main').style.width = '2000px'`))
	found := ok[[]string](t)(w.Axe())
	for _, rule := range []string{"label", "color-contrast"} {
		if !slices.ContainsFunc(found, func(v string) bool { return contains(v, rule+":") }) {
			t.Errorf("%s is not found, but %q", rule, found)
		}
	}
	if ok[string](t)(w.Wide()) == "" {
		t.Error("what is too wide is not found")
	}
}
