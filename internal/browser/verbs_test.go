package browser_test

import (
	"errors"
	"testing"

	"hearth/api/client"
	"hearth/hub/chat"
	. "hearth/internal/browser"
)

// What people do in several scenarios.

// moderate presses one of what a therapist can do about name.
func moderate(w *Window, name, action string) error {
	menu := Button("Actions for " + name)
	if err := errors.Join(w.Show("People"), w.See(menu)); err != nil {
		return err
	}
	if open, err := w.Sees(menu + `[@aria-expanded="true"]`); err != nil || open {
		return errors.Join(err, w.Press(Button(action)))
	}
	return errors.Join(w.Press(menu), w.Press(Button(action)))
}

// react puts an icon on the message that says body.
func react(w *Window, body, icon string) error {
	return errors.Join(w.OnMessage(body, "React"), w.Press(In(Message(body), In(Group("Reactions"), Button(icon)))))
}

// remove deletes the message that says body.
func remove(w *Window, body string) error {
	return errors.Join(w.OnMessage(body, "Delete"), w.Press(In(Group("Delete this message?"), Button("Delete message"))))
}

// end ends a session without a window.
func end(t *testing.T, s *Server, ts chat.TSID) {
	t.Helper()
	c := ok[*client.Client](t)(s.Client(t.Context(), howell, false))
	ok[client.Entered](t)(c.Enter(t.Context(), ts))
	saved := ok[client.Saved](t)(c.SaveActions(t.Context(), ts, chat.Draft{Type: chat.EndChatSession}))
	if e := saved.Saved[0].Error; e != nil {
		t.Fatal(e)
	}
}

// storage is what the page has kept in this tab and in this browser.
func storage(w *Window) ([]string, error) {
	return Value[[]string](w, `Object.keys(sessionStorage).concat(Object.keys(localStorage).filter(k => k !== 'hearth.language'))`)
}
