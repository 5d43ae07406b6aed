package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// See waits until something is there to be seen.
func (w *Window) See(xpath string) error {
	_, err := step(w, "see "+xpath, `see(`+quote(xpath)+`)`, is)
	return err
}

// Gone waits until it is not there to be seen.
func (w *Window) Gone(xpath string) error {
	_, err := step(w, "see no "+xpath, `gone(`+quote(xpath)+`)`, is)
	return err
}

// Sees reports whether something is there to be seen now.
func (w *Window) Sees(xpath string) (bool, error) {
	return Value[bool](w, tool(`see(`+quote(xpath)+`, 0)`)+`.then(Boolean)`)
}

// Texts are the texts of all that is there to be seen now, in order.
func (w *Window) Texts(xpath string) ([]string, error) {
	return Value[[]string](w, tool(`texts(`+quote(xpath)+`)`))
}

// Count is how many there are now, seen or not.
func (w *Window) Count(xpath string) (int, error) {
	return Value[int](w, tool(`all(`+quote(xpath)+`).length`))
}

// Until waits until an expression in the page is true.
func (w *Window) Until(js string) error {
	_, err := step(w, "wait until "+js, `until(() => !!(`+js+`))`, is)
	return err
}

type point struct{ X, Y float64 }

// Press waits for something that can be pressed, stands still and is not
// covered, and clicks it.
func (w *Window) Press(xpath string) error { return w.press(xpath) }

// Hover waits for something and moves the mouse over it.
func (w *Window) Hover(xpath string) error {
	at, err := step(w, "hover over "+xpath, `aim(`+quote(xpath)+`)`, func(p *point) bool { return p != nil })
	if err != nil {
		return err
	}
	return w.Do(chromedp.MouseEvent(chromedp.MouseMoved, at.X, at.Y))
}

func (w *Window) press(xpath string, opt ...chromedp.MouseOption) error {
	at, err := step(w, "press "+xpath, `aim(`+quote(xpath)+`)`, func(p *point) bool { return p != nil })
	if err != nil {
		return err
	}
	return w.Do(chromedp.MouseClickXY(at.X, at.Y))
}

// Focus waits for something and gives it the focus, with the cursor at the end
// of what is in it.
func (w *Window) Focus(xpath string) error {
	_, err := step(w, "focus "+xpath, `focus(`+quote(xpath)+`)`, is)
	return err
}

// Type waits for a field and types into it, at its end.
func (w *Window) Type(xpath, s string) error {
	return errors.Join(w.Focus(xpath), w.Keys(s))
}

// LogIn logs in with the code that is sent.
func (w *Window) LogIn(phone, lastName string) error {
	from := w.site.Sent()
	if err := errors.Join(w.Type(Box("Phone"), phone), w.Type(Box("Last name"), lastName), w.Press(Button("Send code"))); err != nil {
		return err
	}
	code, err := w.Code(phone, from)
	if err != nil {
		return err
	}
	return errors.Join(w.Type(Box("Code"), code), w.Press(Button("Log in")))
}

// Code waits for the code in an SMS to phone after the first from.
func (w *Window) Code(phone string, from int) (string, error) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	return w.site.Code(ctx, phone, from)
}

// Say writes a message and sends it, in the conversation that is shown; of
// several, the first.
func (w *Window) Say(body string) error {
	return errors.Join(w.Type(Composer, body), w.Press(Button("Send")))
}

// When begins to watch for something and returns at once. The func it returns
// waits, and says how long after the beginning it was there to be seen.
func (w *Window) When(xpath string) (func() (time.Duration, error), error) {
	js := `globalThis.__hearthWhen = (began => (__hearthTest.see(` + quote(xpath) + `, 60000)).then(() => performance.now() - began))(performance.now())`
	if err := w.Run(tool(`all('/html')`) + `; ` + js + `; 0`); err != nil {
		return nil, err
	}
	return func() (time.Duration, error) {
		ms, err := Value[float64](w, `globalThis.__hearthWhen`)
		if err == nil && ms >= 59999 {
			err = fmt.Errorf("%s has not come", xpath)
		}
		return time.Duration(ms * float64(time.Millisecond)), err
	}, nil
}
