package export

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What an entry of a keystroke history is. The pages' own words for it are
// told in static/app/keystrokes.js; older clients send the names of keys.
const (
	keyCharacter = "character"
	keyText      = "text"
	keyOther     = "other"
	keyNone      = "none"
)

func keyKinds() []Value {
	return []Value{
		{keyCharacter, "one character was put in"},
		{keyText, "several characters were put in at once, or the client told states of the text rather than keys"},
		{"delete", "text was removed: Backspace, Delete, and words and lines of it"},
		{"enter", "a new line, or the key that sends"},
		{"navigation", "the cursor moved: arrows, Home, End, PageUp, PageDown, Tab, Escape"},
		{"modifier", "Shift, Control and the like by themselves (older clients tell them)"},
		{"paste", "text was pasted, which is in the body, not here"},
		{"cut", "selected text was cut"},
		{"drop", "text was dropped into the field"},
		{"drag", "text was dragged out of the field"},
		{"undo", "undone"},
		{"redo", "done again"},
		{"composition", "a keyboard or input method put in a word, its characters follow"},
		{"replacement", "autocorrection or a spelling suggestion replaced a word, its characters follow"},
		{"dictation", "spoken, or several words at once without a key, their characters follow"},
		{"mention", "a name was chosen from the list of people, its characters follow"},
		{"edit", "a message that could not be sent was taken up again"},
		{"reload", "the page was loaded anew in between"},
		{keyOther, "another key, by a name that this version does not know"},
		{keyNone, "not a key: the message has none"},
	}
}

// namedKeys is the kind of each entry that is a name.
var namedKeys = map[string]string{
	"Backspace": "delete", "Delete": "delete", "BackspaceWord": "delete", "DeleteWord": "delete", "BackspaceLine": "delete",
	"DeleteLine": "delete", "Clear": "delete",
	"Enter":     "enter",
	"ArrowLeft": "navigation", "ArrowRight": "navigation", "ArrowUp": "navigation", "ArrowDown": "navigation", "Home": "navigation",
	"End": "navigation", "PageUp": "navigation", "PageDown": "navigation", "Tab": "navigation", "Escape": "navigation",
	"Shift": "modifier", "Control": "modifier", "Alt": "modifier", "AltGraph": "modifier", "Meta": "modifier", "CapsLock": "modifier",
	"NumLock": "modifier", "ScrollLock": "modifier", "Fn": "modifier", "Dead": "modifier", "Compose": "modifier",
	"Paste": "paste", "Cut": "cut", "Drop": "drop", "Drag": "drag", "Undo": "undo", "Redo": "redo", "Word": "composition",
	"Process": "composition", "Replacement": "replacement", "Dictation": "dictation", "Mention": "mention", "Edit": "edit",
	"Reload": "reload",
	"Insert": keyOther, "Copy": keyOther, "ContextMenu": keyOther, "Unidentified": keyOther, "F1": keyOther, "F2": keyOther,
	"F3": keyOther, "F4": keyOther, "F5": keyOther, "F6": keyOther, "F7": keyOther, "F8": keyOther, "F9": keyOther, "F10": keyOther,
	"F11": keyOther, "F12": keyOther,
}

// keyName is how a name looks, and no text that one key puts in does.
var keyName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)

func keyKind(k string) string {
	kind, known := namedKeys[k]
	switch {
	case known:
		return kind
	case isCharacter(k):
		return keyCharacter
	case keyName.MatchString(k): // or a state, of which no more can be said
		return keyOther
	}
	return keyText
}

// isCharacter reports whether k is what a reader takes for one character: a
// letter with its accents, or an emoji of several parts.
func isCharacter(k string) bool {
	first, size := utf8.DecodeRuneInString(k)
	if size == 0 {
		return false
	}
	plain := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSpace(r) }
	if plain(first) {
		return !strings.ContainsFunc(k[size:], func(r rune) bool { return !unicode.IsMark(r) })
	}
	return !strings.ContainsFunc(k[size:], plain)
}

// veiledKey is k without what was typed: of a character only its class, and
// of what is no known name nothing.
func veiledKey(k string) string {
	if _, known := namedKeys[k]; known {
		return k
	}
	if kind := keyKind(k); kind != keyCharacter {
		return kind
	}
	r, _ := utf8.DecodeRuneInString(k)
	switch {
	case unicode.IsLetter(r), unicode.IsMark(r):
		return "letter"
	case unicode.IsNumber(r):
		return "digit"
	case unicode.IsSpace(r):
		return "space"
	case unicode.IsPunct(r):
		return "punctuation"
	}
	return "symbol"
}

// stroke is an entry that may tell when.
type stroke struct {
	key        string
	timed      bool
	down, hold int64 // ms; down since the first key; hold -1: not told
}

// timedKey is an entry with its times: the key, @, when it went down in
// milliseconds since the first key, and perhaps + and how long it was held.
var timedKey = regexp.MustCompile(`^(?s:(.+))@([0-9]{1,9})(?:\+([0-9]{1,6}))?$`)

// strokes reads a history. Only one of which every entry has times is taken
// for a timed one: a client may tell states of a text that looks like one.
func strokes(history []string) []stroke {
	out := make([]stroke, len(history))
	for i, entry := range history {
		m := timedKey.FindStringSubmatch(entry)
		if m == nil || !isCharacter(m[1]) && !keyName.MatchString(m[1]) {
			for i, entry := range history {
				out[i] = stroke{key: entry}
			}
			return out
		}
		out[i] = stroke{key: m[1], timed: true, hold: -1}
		out[i].down, _ = strconv.ParseInt(m[2], 10, 64)
		if m[3] != "" {
			out[i].hold, _ = strconv.ParseInt(m[3], 10, 64)
		}
	}
	return out
}

// flight is the time from the release of a key to the next one going down,
// below 0 where they overlap; false: not told.
func flight(all []stroke, i int) (int64, bool) {
	if i == 0 || !all[i].timed || all[i-1].hold < 0 {
		return 0, false
	}
	return all[i].down - all[i-1].down - all[i-1].hold, true
}

// hasKind reports whether one of all is of one of these kinds.
func hasKind(all []stroke, kinds ...string) bool {
	return slices.ContainsFunc(all, func(s stroke) bool { return slices.Contains(kinds, keyKind(s.key)) })
}
