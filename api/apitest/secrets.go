package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

// Secrets are what must stand in no log, metric or audit entry: phones (but
// their last two digits), names, last names, codes, tokens, and what people
// wrote. The zero value holds none. Its methods may be called at the same time.
//
// A short value turns up by chance, so that not all are looked for:
//
//   - phones: the last seven digits, where they stand alone, and any eight in a
//     row, whatever of " -.()/" stands between them; none of less than ten;
//   - names: each word of four letters or more, as a whole word, in any case,
//     but for those that are Hearth's own;
//   - codes: of six digits or more, where they stand alone and are no fraction;
//   - tokens: of sixteen characters or more, anywhere;
//   - bodies: of twelve characters or more, or of eight with something between
//     them that is no letter or digit; of a long one its first and its last
//     sixteen characters each.
//
// Tokens and bodies are looked for as they are, and as they stand in quotes, in
// JSON, in HTML and in an address; in any case.
type Secrets struct {
	mu     sync.Mutex
	words  map[string]string // kind of each, folded
	digits map[string]string // kind of each run of digits that stands alone
	phones map[string]bool   // eight digits in a row
	long   map[[grams]byte][]secret
	known  map[secret]bool // all of long
}

type secret struct{ kind, text string }

// grams is how many bytes of a long secret are looked up at each place; no
// long one is shorter.
const grams = 8

func (s *Secrets) put(m *map[string]string, text, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[text] = kind
}

// Phone adds a telephone number, in any form.
func (s *Secrets) Phone(p string) {
	d := keep(p, func(r rune) bool { return r >= '0' && r <= '9' })
	if len(d) < 10 {
		return
	}
	s.put(&s.digits, d[len(d)-7:], "phone")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phones == nil {
		s.phones = map[string]bool{}
	}
	for i := range len(d) - 7 {
		s.phones[d[i:i+8]] = true
	}
}

// ours are words that stand in routes and events, so that nobody is told by
// them, also where a test has a stranger try them.
var ours = []string{"admin", "message", "operator", "participant", "session", "therapist"}

// Name adds somebody's name or last name.
func (s *Secrets) Name(n string) {
	for _, form := range []string{strings.ToLower(n), chat.Fold(n)} {
		for _, w := range strings.FieldsFunc(form, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if utf8.RuneCountInString(w) >= 4 && !slices.Contains(ours, w) {
				s.put(&s.words, w, "name")
			}
		}
	}
}

// Code adds a code to log in with.
func (s *Secrets) Code(c string) {
	if len(c) >= 6 && keep(c, unicode.IsDigit) == c {
		s.put(&s.digits, c, "code")
	}
}

// Token adds anything that lets somebody in: of a login, of an API token, of a
// device, of a survey's link; or a key.
func (s *Secrets) Token(t string) {
	if len(t) >= 16 {
		s.add("token", t)
	}
	if parts := strings.Split(t, "."); len(parts) == 3 && len(parts[2]) >= 16 { // a JWT without its signature is public
		s.add("token", parts[2])
	}
}

// Body adds what somebody wrote.
func (s *Secrets) Body(b string) {
	const edge = 16
	b = strings.TrimSpace(b)
	runes := []rune(b)
	plain := keep(b, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) == b
	switch {
	case len(runes) < 8, plain && len(runes) < 12:
	case len(runes) <= 2*edge:
		s.add("body", b)
	default:
		s.add("body", string(runes[:edge]))
		s.add("body", string(runes[len(runes)-edge:]))
	}
}

// Roster adds everybody's phone and names.
func (s *Secrets) Roster(r *chat.Roster) {
	for _, u := range r.People {
		s.Phone(string(u.Phone))
		s.Name(string(u.Name))
		s.Name(string(u.LastName))
	}
}

// JSON adds what is in a request, a frame or an answer, by the names of its
// members. What is no JSON adds nothing.
func (s *Secrets) JSON(b []byte) {
	var v any
	if json.Unmarshal(b, &v) == nil {
		s.members("", v)
	}
}

// File adds what is in a file of a test: a roster in YAML or JSON, or the SMS
// that were sent, a line each. What is neither adds nothing.
func (s *Secrets) File(b []byte) {
	var v any
	if yaml.Unmarshal(b, &v) == nil {
		s.members("", v)
	}
	for line := range bytes.Lines(b) {
		s.JSON(line)
	}
}

func (s *Secrets) members(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok && (v["phone"] != nil || v["last_name"] != nil) {
			s.Name(name)
		}
		for name, v := range v {
			s.members(name, v)
		}
	case []any:
		for _, v := range v {
			s.members(name, v)
		}
	case string:
		switch name {
		case "phone", "to":
			s.Phone(v)
		case "field", "last_name":
			s.Name(v)
		case "code":
			s.Code(v)
		case "text": // of an SMS
			s.Code(codePattern.FindString(v))
		case "token", "secret":
			s.Token(v)
		case "body", "character_history", "ts_whiteboard", "whiteboard":
			s.Body(v)
		}
	}
}

// add adds a long secret in all its forms.
func (s *Secrets) add(kind, text string) {
	quoted := strconv.Quote(text)
	inJSON, err := json.Marshal(text)
	if err != nil {
		inJSON = []byte(quoted)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.long == nil {
		s.long, s.known = map[[grams]byte][]secret{}, map[secret]bool{}
	}
	for _, form := range []string{
		text, quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1]), html.EscapeString(text), url.QueryEscape(text), url.PathEscape(text),
	} {
		f := secret{kind, strings.ToLower(form)}
		if len(f.text) >= grams && !s.known[f] {
			s.known[f] = true
			start := [grams]byte([]byte(f.text))
			s.long[start] = append(s.long[start], f)
		}
	}
}

func keep(s string, is func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if is(r) {
			return r
		}
		return -1
	}, s)
}

// In says which secrets stand in text, each once, with what is around it; at
// most twenty.
func (s *Secrets) In(text string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = strings.ToLower(text)
	f := finding{text: text, told: map[secret]bool{}}
	s.findLong(&f)
	s.findWords(&f)
	s.findDigits(&f)
	s.findPhones(&f)
	return f.found
}

// finding is one search.
type finding struct {
	text  string
	found []string
	told  map[secret]bool
}

func (f *finding) add(kind string, from, to int) {
	const around = 60
	if it := (secret{kind, f.text[from:to]}); len(f.found) < 20 && !f.told[it] {
		f.told[it] = true
		f.found = append(f.found, fmt.Sprintf("a %s %q in %q", kind, f.text[from:to], f.text[max(0, from-around):min(len(f.text), to+around)]))
	}
}

func (s *Secrets) findLong(f *finding) {
	if len(s.long) == 0 {
		return
	}
	for i := range max(0, len(f.text)-grams+1) {
		for _, long := range s.long[[grams]byte([]byte(f.text[i:i+grams]))] {
			if strings.HasPrefix(f.text[i:], long.text) {
				f.add(long.kind, i, i+len(long.text))
			}
		}
	}
}

func (s *Secrets) findWords(f *finding) {
	f.runs(unicode.IsLetter, func(from, to int) {
		if kind := s.words[f.text[from:to]]; kind != "" {
			f.add(kind, from, to)
		}
	})
}

// findDigits looks at runs of digits that are no part of a longer word, such
// as a hash, and no fraction.
func (s *Secrets) findDigits(f *finding) {
	f.runs(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }, func(from, to int) {
		fraction := from >= 2 && f.text[from-1] == '.' && f.text[from-2] >= '0' && f.text[from-2] <= '9'
		if kind := s.digits[f.text[from:to]]; kind != "" && !fraction {
			f.add(kind, from, to)
		}
	})
}

func (s *Secrets) findPhones(f *finding) {
	last, start := "", []int(nil) // the latest eight digits in a row, and where each stands
	for i, r := range f.text {
		switch {
		case r >= '0' && r <= '9':
			if last, start = last+string(r), append(start, i); len(last) > 8 {
				last, start = last[1:], start[1:]
			}
			if s.phones[last] {
				f.add("phone", start[0], i+1)
				last, start = "", nil
			}
		case !strings.ContainsRune(" -.()/", r):
			last, start = "", nil
		}
	}
}

// runs calls use for each run of characters that are in, as long as it gets.
func (f *finding) runs(in func(rune) bool, use func(from, to int)) {
	from := -1
	for i, r := range f.text {
		switch is := in(r); {
		case is && from < 0:
			from = i
		case !is && from >= 0:
			use(from, i)
			from = -1
		}
	}
	if from >= 0 {
		use(from, len(f.text))
	}
}
