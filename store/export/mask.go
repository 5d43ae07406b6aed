package export

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hearth/hub/chat"
	"hearth/store"
)

// What stands in the place of what is masked.
const (
	maskedName  = "[name]"
	maskedPhone = "[phone]"
	maskedID    = "[id]"
)

// mask finds names, phones and record ids in what people typed: whole words,
// without regard to case and accents. It rather finds too much: a name that is
// a word is masked where it is meant as a word. What it cannot find are
// nicknames, misspellings, places, employers and everything else by which
// somebody may be known.
type mask struct {
	words  map[string]bool     // single words of names, folded
	runs   map[string][]phrase // names and ids of several words, by their first one
	within []string            // names in scripts that do not part words, as they are written
	phones []string            // the last digits of each
}

// phrase is several words, and what is put in their place.
type phrase struct {
	words []string
	label string
}

// phoneDigits is how many of a phone's last digits name it: a local number.
const phoneDigits = 7

// titles do not name anybody by themselves.
var titles = map[string]bool{
	"dr": true, "prof": true, "mr": true, "mrs": true, "ms": true, "miss": true, "mx": true, "sir": true, "the": true, "of": true,
	"von": true, "van": true, "der": true, "den": true, "de": true, "di": true, "da": true, "la": true, "le": true, "el": true,
	"jr": true, "sr": true, "st": true, "and": true,
}

// newMask is of everybody in the roster, of the people that these logs name,
// and of further names.
func newMask(r *chat.Roster, logs []store.Transcript, names map[string]bool) *mask {
	m := &mask{words: map[string]bool{}, runs: map[string][]phrase{}}
	for id, u := range r.People {
		m.id(string(id))
		m.name(string(u.Name))
		m.name(string(u.LastName))
		m.joined(string(u.Name) + " " + string(u.LastName))
		if digits := onlyDigits(string(u.Phone)); len(digits) >= phoneDigits {
			m.phones = append(m.phones, digits[len(digits)-phoneDigits:])
		}
	}
	for id := range r.Sessions {
		m.id(string(id))
	}
	for _, t := range logs {
		m.id(string(t.Session.ID))
		for _, p := range slices.Concat(t.Session.Therapists, t.Session.Participants) {
			m.id(string(p))
		}
	}
	for name := range names {
		m.name(name)
	}
	for first := range m.runs { // the longest first
		slices.SortFunc(m.runs[first], func(a, b phrase) int { return len(b.words) - len(a.words) })
	}
	return m
}

// name adds a name: all of it, and each of its words.
func (m *mask) name(s string) {
	if strings.ContainsFunc(s, unparted) {
		for _, w := range strings.Fields(s) {
			if utf8.RuneCountInString(w) > 1 {
				m.within = append(m.within, w)
			}
		}
	}
	words := foldedWords(s)
	m.run(words, maskedName)
	for _, w := range words {
		if utf8.RuneCountInString(w) > 1 && strings.ContainsFunc(w, unicode.IsLetter) && !titles[w] {
			m.words[w] = true
		}
	}
	m.joined(s)
}

// joined adds the words of s written as one.
func (m *mask) joined(s string) {
	if words := foldedWords(s); len(words) > 1 {
		m.words[strings.Join(words, "")] = true
	}
}

// id adds a record id. A short number is none: it would take every number out
// of what was said.
func (m *mask) id(s string) {
	if strings.ContainsFunc(s, unicode.IsLetter) || len(onlyDigits(s)) > 4 {
		m.run(foldedWords(s), maskedID)
	}
}

func (m *mask) run(words []string, label string) {
	if len(words) == 0 || len(words) == 1 && utf8.RuneCountInString(words[0]) == 1 {
		return
	}
	m.runs[words[0]] = append(m.runs[words[0]], phrase{words, label})
}

// text is s, masked.
func (m *mask) text(s string) string {
	spans := m.phonesIn(s)
	spans = append(spans, m.wordsIn(s)...)
	for _, name := range m.within {
		for at := 0; ; {
			i := strings.Index(s[at:], name)
			if i < 0 {
				break
			}
			spans = append(spans, span{at + i, at + i + len(name), maskedName})
			at += i + len(name)
		}
	}
	// What is masked parts words anew: of "x5550123name" the phone leaves a name.
	for more := spans; len(more) > 0; {
		spans, more = merged(spans), nil
		at := 0
		for _, sp := range append(spans, span{from: len(s), to: len(s)}) {
			for _, w := range m.wordsIn(s[at:sp.from]) {
				more = append(more, span{at + w.from, at + w.to, w.label})
			}
			at = sp.to
		}
		spans = append(spans, more...)
	}
	var b strings.Builder
	at := 0
	for _, sp := range spans {
		b.WriteString(s[at:sp.from])
		b.WriteString(sp.label)
		at = sp.to
	}
	b.WriteString(s[at:])
	return b.String()
}

// merged are spans in order; one that overlaps the one before it is part of
// that.
func merged(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int { return a.from - b.from })
	var out []span
	for _, sp := range spans {
		if n := len(out); n > 0 && sp.from < out[n-1].to {
			out[n-1].to = max(out[n-1].to, sp.to)
			continue
		}
		out = append(out, sp)
	}
	return out
}

// span is a part of a text, in bytes.
type span struct {
	from, to int
	label    string
}

// maxApart is how many characters may stand between two words of one name.
const maxApart = 3

func (m *mask) wordsIn(s string) (spans []span) {
	words := split(s)
	for i := 0; i < len(words); i++ {
		w := &words[i]
		if n, label := m.runAt(s, words[i:]); n > 0 {
			spans = append(spans, span{w.from, words[i+n-1].to, label})
			i += n - 1
			continue
		}
		if m.isName(w.folded) {
			spans = append(spans, span{w.from, w.to, maskedName})
			continue
		}
		// A name with digits at its end, as in a user name.
		if letters := strings.TrimFunc(w.folded, unicode.IsNumber); letters != w.folded && m.isName(letters) {
			spans = append(spans, span{w.from, w.to, maskedName})
		}
	}
	return spans
}

// isName reports whether w is a word of a name, perhaps in the genitive or
// plural.
func (m *mask) isName(w string) bool {
	if m.words[w] {
		return true
	}
	stem, ok := strings.CutSuffix(w, "s")
	return ok && utf8.RuneCountInString(stem) > 2 && m.words[stem]
}

// runAt says how many of the words at the beginning are one name or id.
func (m *mask) runAt(s string, words []word) (n int, label string) {
next:
	for _, p := range m.runs[words[0].folded] {
		if len(p.words) > len(words) {
			continue
		}
		for i, w := range p.words {
			if words[i].folded != w || i > 0 && utf8.RuneCountInString(s[words[i-1].to:words[i].from]) > maxApart {
				continue next
			}
		}
		return len(p.words), p.label
	}
	return 0, ""
}

// word is a run of letters and digits, in bytes of its text.
type word struct {
	from, to int
	folded   string
}

func split(s string) (words []word) {
	from := -1
	for i, r := range s {
		in := unicode.IsLetter(r) || unicode.IsNumber(r) || from >= 0 && (unicode.IsMark(r) || unicode.Is(unicode.Cf, r))
		switch {
		case in && from < 0:
			from = i
		case !in && from >= 0:
			words = append(words, word{from, i, fold(s[from:i])})
			from = -1
		}
	}
	if from >= 0 {
		words = append(words, word{from, len(s), fold(s[from:])})
	}
	return words
}

func foldedWords(s string) (words []string) {
	for _, w := range split(s) {
		words = append(words, w.folded)
	}
	return words
}

// fold is chat.Fold of one word, without what is not seen (soft hyphens, joiners).
func fold(w string) string {
	if !strings.ContainsFunc(w, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return strings.ToLower(w)
	}
	return chat.Fold(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, w))
}

// unparted reports whether r is of a script that does not part words.
func unparted(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// phonesIn finds runs of digits, however they are grouped, that hold a phone's
// last digits.
func (m *mask) phonesIn(s string) (spans []span) {
	if len(m.phones) == 0 {
		return nil
	}
	var digits []byte
	from, to, apart := -1, 0, 0
	flush := func() {
		if len(digits) >= phoneDigits && slices.ContainsFunc(m.phones, func(p string) bool { return strings.Contains(string(digits), p) }) {
			spans = append(spans, span{from, to, maskedPhone})
		}
		digits, from, apart = digits[:0], -1, 0
	}
	for i, r := range s {
		switch d, ok := digit(r); {
		case ok:
			if from < 0 {
				from = i
				for from > 0 && strings.ContainsRune("+(", rune(s[from-1])) {
					from--
				}
			}
			digits, to, apart = append(digits, d), i+utf8.RuneLen(r), 0
		case from >= 0 && apart < maxApart && groups(r):
			apart++
		case from >= 0:
			flush()
		}
	}
	if from >= 0 {
		flush()
	}
	return spans
}

// groups reports whether r may stand between the digits of one phone: not
// what stands between two.
func groups(r rune) bool {
	return unicode.In(r, unicode.Z, unicode.Pd, unicode.Ps, unicode.Pe, unicode.Cf) || strings.ContainsRune("./_*+\t\n\r·'", r)
}

// digit is r as an ASCII digit, if it is one in a script that is written with
// phones: ASCII, full width, Arabic, Persian, Devanagari.
func digit(r rune) (byte, bool) {
	for _, zero := range []rune{'0', '０', '٠', '۰', '०'} {
		if r >= zero && r <= zero+9 {
			return byte('0' + r - zero), true
		}
	}
	return 0, false
}

func onlyDigits(s string) string {
	var b strings.Builder
	for _, r := range s {
		if d, ok := digit(r); ok {
			b.WriteByte(d)
		}
	}
	return b.String()
}
