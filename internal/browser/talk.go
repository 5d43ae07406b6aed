package browser

import "errors"

// What people do on the chat page in several rows.

// More presses an entry of the menu "More".
func (w *Window) More(entry string) error {
	return errors.Join(w.Press(ButtonLike("More")), w.Press(In(Group("More"), Button(entry))))
}

// Show brings up the region "People" or "Whiteboard", where the window is too
// narrow for it, or it was put away.
func (w *Window) Show(region string) error {
	if there, err := w.Sees(Region(region)); there || err != nil {
		return err
	}
	return errors.Join(w.Press(ButtonLike(region)), w.See(Region(region)))
}

// OnMessage presses one of the buttons of the message that says body. Where
// there is a mouse they may come up only below it.
func (w *Window) OnMessage(body, button string) error {
	return errors.Join(w.Hover(Message(body)), w.Press(In(Message(body), Button(button))))
}

// Converse goes to another conversation.
func (w *Window) Converse(name string) error {
	return w.Press(`//nav[@aria-label="Conversations"]` + ButtonLike(name))
}
