package main

import (
	"errors"

	"hearth/hub/chat"
	. "hearth/internal/browser"
)

// window is one in which a view is shown, in CSS pixels; a picture has scale
// times as many.
type window struct {
	width, height int64
	scale         float64
	touch         bool // it has no mouse
}

var (
	phone = window{360, 720, 1, true}
	wide  = window{1280, 800, 0.65, false} // as wide as pages show pictures
	desk  = window{1600, 900, 0.55, false}
	both  = []window{phone, wide}

	// The page for staff is read from its top to its end.
	tall      = window{1280, 1060, 0.65, false}
	tallPhone = window{360, 1120, 1, true}
)

// view is one row: what the pictures are called, in which windows it is shown
// (nil: both), and the way there.
type view struct {
	name string
	at   []window
	way  func(s *stage) (*Window, error)
}

// views are all views, in the order of docs/pages.md, then of docs/staff.md.
var views = []view{
	{"login", nil, func(s *stage) (*Window, error) {
		w := s.open("/")
		return w, w.See(Heading("Log in"))
	}},
	{"login-code", nil, func(s *stage) (*Window, error) { return askedForCode(s) }},
	{"login-error", nil, func(s *stage) (*Window, error) {
		w, err := askedForCode(s)
		return w, errors.Join(err, w.Type(Box("Code"), "000000"), w.Press(Button("Log in")), w.See(Alert("This code did not work")))
	}},
	{"home", nil, func(s *stage) (*Window, error) {
		if err := s.speak(talk); err != nil {
			return nil, err
		}
		w := s.as(gilligan, "/")
		return w, w.See(Article(evening))
	}},
	{"survey", nil, func(s *stage) (*Window, error) {
		w := s.as(gilligan, "/?ts=TS3")
		return w, w.See(Region("Before you enter"))
	}},
	{"waiting", nil, func(s *stage) (*Window, error) {
		w := s.as(gilligan, "/?ts=TS2")
		return w, w.See(Region("Waiting room"))
	}},
	{"chat", nil, func(s *stage) (*Window, error) { return inTalk(s, gilligan) }},
	{"chat-reply", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, w.OnMessage(lastWords, "Reply"), w.See(Button("Cancel reply")), w.Type(Box("Message"), "I cooked for my sister, and she stayed all evening."))
	}},
	{"chat-reactions", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, w.OnMessage(lastWords, "React"), w.See(In(Message(lastWords), Group("Reactions"))))
	}},
	{"chat-mention", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, w.Type(Box("Message"), "Thank you @"), w.See(`//*[@role="option"]`))
	}},
	{"chat-private", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, w.Converse("Dr. Howell"), w.See(Text("Only Dr. Howell")), w.Type(Box("Message to Dr. Howell"), "Can we talk for a minute afterwards?"),
			w.Press(In(Region("Dr. Howell"), Button("Send"))), w.See(Message("Can we talk for a minute afterwards?")))
	}},
	{"people", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, w.Show("People"))
	}},
	{"whiteboard", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, s.board("Today: what helps when the week gets long\n\n• breathing out slowly\n• one evening without plans\n• calling somebody early"), w.Show("Whiteboard"))
	}},
	{"offline", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		s.Offline(true)
		return w, errors.Join(err, w.Say("I will write that down too."), w.See(Text("No connection.")))
	}},
	{"leave-quickly", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, w.Press(Button("Leave quickly")), w.Until(`!document.querySelector('[role=log], textarea') && document.readyState === 'complete'`))
	}},
	{"ended", nil, func(s *stage) (*Window, error) {
		w, err := inTalk(s, gilligan)
		return w, errors.Join(err, s.end(), w.See(Region("The session has ended")))
	}},
	{"spanish", nil, func(s *stage) (*Window, error) {
		if err := s.speak(spanish); err != nil {
			return nil, err
		}
		w := s.as(gilligan, "/")
		return w, errors.Join(w.Press(Button("Español")), w.Until(`document.documentElement.lang === 'es'`), w.Go("/?ts=TS1"), w.See(Message(spanish[len(spanish)-1].body)))
	}},
	{"right-to-left", nil, func(s *stage) (*Window, error) {
		if err := s.speak(rightToLeft); err != nil {
			return nil, err
		}
		w := s.chat(gilligan, "TS1")
		return w, w.See(Message(rightToLeft[len(rightToLeft)-1].body))
	}},
	{"therapist-chat", nil, func(s *stage) (*Window, error) { return asTherapist(s) }},
	{"therapist-panes", []window{desk}, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err,
			w.Converse("Gilligan"), w.See(Region("Gilligan")), w.Converse("Mary Ann"), w.See(Region("Mary Ann")),
			w.See(Text("Can we talk for a minute afterwards?")))
	}},
	{"therapist-people", nil, func(s *stage) (*Window, error) {
		for _, p := range []Person{mary, skipper} {
			w := s.as(p, "/?ts=TS2")
			if err := w.See(Region("Waiting room")); err != nil {
				return nil, err
			}
		}
		w := s.chat(howell, "TS2")
		return w, errors.Join(w.Show("People"), w.See(Button("Admit all")))
	}},
	{"therapist-actions", nil, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err, w.Show("People"), w.Press(Button("Actions for Gilligan")), w.See(Button("Mute Gilligan")))
	}},
	{"therapist-notice", nil, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err, w.More("Notice"), w.Type(Box("Notice text"), "We make a break of ten minutes."))
	}},
	{"therapist-help", nil, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err, w.Show("People"), w.Press(Button("Actions for Gilligan")), w.Press(Button("Help Gilligan to log in")),
			w.Press(Button("Make a code")), w.See(In(Group("Help Gilligan to log in"), Button("Done"))))
	}},
	{"therapist-end", nil, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err, w.More("End session"), w.See(Group("End the session for everyone?")))
	}},
	{"therapist-countdown", nil, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err, w.More("End session"), w.Press(Button("In 5 minutes")), w.See(Region("End of the session")))
	}},
	{"therapist-print", []window{wide}, func(s *stage) (*Window, error) {
		w, err := asTherapist(s)
		return w, errors.Join(err, w.More("Print"), w.See(Region("Transcript")))
	}},
	{"staff-sign-in", []window{wide}, func(s *stage) (*Window, error) {
		w := s.open("/staff")
		return w, w.See(Heading("Sign in"))
	}},
	{"staff-sessions", []window{tallPhone, tall}, func(s *stage) (*Window, error) { return atWork(s) }},
	{"staff-help", []window{tallPhone, wide}, func(s *stage) (*Window, error) {
		w, err := atWork(s)
		help := Group("Help Mary Ann to log in")
		return w, errors.Join(err, w.Type(Box("Find a session or a person"), "Mary"), w.Press(Button("Help to log in: Mary Ann")), w.Press(In(help, Button("Make a code"))),
			w.Press(In(Group("Make a code for Mary Ann?"), Button("Make a code"))), w.See(In(help, Button("Done"))), w.Run(`scrollTo(0, 0)`))
	}},
	{"staff-roster", []window{tall}, func(s *stage) (*Window, error) { return withFile(s, newRoster, "What would change") }},
	{"staff-roster-mistakes", []window{tall}, func(s *stage) (*Window, error) { return withFile(s, wrongRoster, "Mistakes") }},
	{"staff-downloads", []window{tall}, func(s *stage) (*Window, error) { return staffView(s, "Downloads", Button("Download")) }},
	{"staff-audit", []window{wide}, func(s *stage) (*Window, error) { return staffView(s, "Audit log", `//li[contains(@class, "entry")]`) }},
	{"staff-tokens", []window{tall}, func(s *stage) (*Window, error) {
		w, err := staffView(s, "Tokens", Box("Name"))
		return w, errors.Join(err, w.Type(Box("Name"), "Statistics program"), w.Press(Button("Make a token")), w.See(Region("The new token")))
	}},
	{"staff-health", []window{wide}, func(s *stage) (*Window, error) { return staffView(s, "Health", Text("Newest backup")) }},
}

var spanish = []said{
	{by: howell, body: "Buenas noches a todos. ¿Cómo les fue esta semana?"},
	{by: mary, body: "Larga. Pero dejé sonar el teléfono una vez."},
	{by: gilligan, body: "Mejor que la anterior. Dormí bien dos noches."},
	{by: howell, body: "Eso vale mucho. ¿Quiere contarnos más?", answers: 1, heart: 1},
}

var rightToLeft = []said{
	{by: howell, body: "Good evening. Please write in the language in which it comes to you."},
	{by: mary, body: "مساء الخير. كان الأسبوع طويلا، لكنني خرجت للمشي مرتين."},
	{by: skipper, body: "ערב טוב. ניסיתי את תרגיל הנשימה באוטובוס."},
	{by: howell, body: "Thank you. شكرا لكما.", answers: 2, heart: 1},
}

func askedForCode(s *stage) (*Window, error) {
	w := s.open("/")
	return w, errors.Join(w.Type(Box("Phone"), "650 555 0123"), w.Type(Box("Last name"), "Denver"), w.Press(Button("Send code")), w.See(Box("Code")))
}

// inTalk is p in the evening group, when all has been said.
func inTalk(s *stage, p Person) (*Window, error) {
	if err := s.speak(talk); err != nil {
		return nil, err
	}
	w := s.chat(p, "TS1")
	return w, w.See(Message(lastWords))
}

// asTherapist is the therapist there, with private conversations.
func asTherapist(s *stage) (*Window, error) {
	err := s.speak(append(talk[:len(talk):len(talk)],
		said{by: gilligan, body: "Can we talk for a minute afterwards?", to: []chat.PID{"T1"}},
		said{by: howell, body: "Of course. I stay after the group.", to: []chat.PID{"P123"}, answers: 1},
		said{by: mary, body: "I did not want to say it before everyone: I called my brother.", to: []chat.PID{"T1"}, heart: 0},
		said{by: skipper, body: "Same as Mary Ann, mine rings all day.", answers: 9},
	))
	if err != nil {
		return nil, err
	}
	w := s.chat(howell, "TS1")
	return w, w.See(Message("Same as Mary Ann, mine rings all day."))
}
