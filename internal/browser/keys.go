package browser

import (
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Keys that have no character.
const (
	Tab       = kb.Tab
	Enter     = kb.Enter
	Escape    = kb.Escape
	Backspace = kb.Backspace
	Left      = kb.ArrowLeft
	Up        = kb.ArrowUp
	End       = kb.End
)

// Keys presses keys, one after the other, wherever the focus is.
func (w *Window) Keys(keys string) error { return w.Chord(keys) }

// Chord presses keys together with others, such as chromedp.ModifierShift. A
// key and the character that it writes are one event to the browser: a page
// that takes the key gets no character.
func (w *Window) Chord(keys string, with ...chromedp.Modifier) error {
	if w.hasFailed() {
		return ErrBefore
	}
	var held int64
	for _, m := range with {
		held |= int64(m)
	}
	for _, r := range keys {
		var down input.DispatchKeyEventParams
		for _, e := range kb.Encode(r) {
			e.Modifiers |= held
			switch e.Type {
			case kb.KeyDown:
				down = *e
				continue
			case kb.KeyChar:
				down.Text, down.UnmodifiedText = e.Text, e.UnmodifiedText
				continue
			}
			for _, p := range []input.DispatchKeyEventParams{down, *e} {
				if _, err := chromedp.Call(w.ctx, input.DispatchKeyEvent, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Focused is what has the focus.
type Focused struct {
	On    bool   // it is what was asked for
	What  string // for a person
	Shown bool   // it is on the screen, and it can be seen that it has the focus
}

// Focused says whether xpath has the focus, and what has.
func (w *Window) Focused(xpath string) (Focused, error) {
	return Value[Focused](w, tool(`focused(`+quote(xpath)+`)`))
}

// HasFocus waits until xpath has the focus.
func (w *Window) HasFocus(xpath string) error {
	_, err := step(w, "wait for the focus on "+xpath, `hasFocus(`+quote(xpath)+`)`, is)
	return err
}

// TabTo goes on with the Tab key until xpath has the focus. Each stop must be
// on the screen and show that it has the focus.
func (w *Window) TabTo(xpath string) error { return w.tabTo(xpath) }

// TabBackTo is TabTo with Shift.
func (w *Window) TabBackTo(xpath string) error {
	return w.tabTo(xpath, chromedp.ModifierShift)
}

const mostTabs = 60

func (w *Window) tabTo(xpath string, with ...chromedp.Modifier) error {
	if err := w.See(xpath); err != nil {
		return err
	}
	var way []string
	for range mostTabs {
		f, err := w.Focused(xpath)
		if err != nil || f.On {
			return err
		}
		if err := w.Chord(Tab, with...); err != nil {
			return err
		}
		// What has got the focus is scrolled to in the next frame.
		if err := w.Run(`new Promise(done => setTimeout(done, 20))`); err != nil {
			return err
		}
		if f, err = w.Focused(xpath); err != nil {
			return err
		}
		if !f.Shown {
			return w.fail(fmt.Errorf("%q has the focus, and that cannot be seen", f.What))
		}
		way = append(way, f.What)
	}
	return w.fail(fmt.Errorf("the Tab key does not lead to %s, but to %q", xpath, slices.Compact(way)))
}

// Insert puts text in at once, as pasting by a menu or a keyboard's suggestion
// does.
func (w *Window) Insert(s string) error {
	_, err := chromedp.Call(w.ctx, input.InsertText, input.InsertTextParams{Text: s})
	return err
}

// Compose shows a word that is being composed, as a keyboard on a screen or
// for East Asian writing does; Insert ends it.
func (w *Window) Compose(s string) error {
	n := int64(len([]rune(s)))
	_, err := chromedp.Call(w.ctx, input.ImeSetComposition, input.ImeSetCompositionParams{Text: s, SelectionStart: n, SelectionEnd: n})
	return err
}
