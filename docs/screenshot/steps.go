package main

import (
	"errors"

	"hearth/hub/chat"
	. "hearth/internal/browser"
)

// What people do in several rows.

func ids(of ...chat.PID) []chat.PID { return of }

// more presses an entry of the menu "More".
func more(w *Window, entry string) error {
	return errors.Join(w.Press(ButtonLike("More")), w.Press(In(Group("More"), Button(entry))))
}

// show brings up the region "People" or "Whiteboard", if it is not there.
func show(w *Window, region string) error {
	if there, err := w.Sees(Region(region)); there || err != nil {
		return err
	}
	return errors.Join(w.Press(ButtonLike(region)), w.See(Region(region)))
}

// onMessage presses one of the buttons of the message that says body.
func onMessage(w *Window, body, button string) error {
	return errors.Join(w.Hover(Message(body)), w.Press(In(Message(body), Button(button))))
}

// conversation goes to another conversation.
func conversation(w *Window, name string) error {
	return w.Press(`//nav[@aria-label="Conversations"]` + ButtonLike(name))
}
