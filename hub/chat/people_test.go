package chat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hearth/hub/chat"
)

const (
	secretWord  = "unspeakable"
	secretPhone = "+16505550123"
)

// unmasked says what of the secrets stands in s.
func unmasked(s string) string {
	for _, w := range []string{
		secretWord, secretWord[:5], fmt.Sprintf("%x", secretWord), fmt.Sprintf("%X", secretWord), fmt.Sprintf("% x", secretWord),
		secretPhone, "650555", "5550123", "0123", fmt.Sprintf("%x", secretPhone),
	} {
		if strings.Contains(s, w) {
			return w
		}
	}
	return ""
}

// holders are values that hold a Text, a Phone or typed keys, in every way
// that this package has.
func holders() map[string]any {
	text, phone := chat.Text(secretWord), chat.Phone(secretPhone)
	type nested struct {
		User  chat.User
		Deep  *chat.User
		Texts []chat.Text
		Map   map[chat.PID]chat.Text
		Any   any
	}
	u := chat.User{ID: "P1", Name: text, LastName: text, Phone: phone}
	research := chat.Research{History: strings.Split(secretWord, ""), TimeToComplete: "1ms"}
	research.History = append(research.History, secretWord)
	draft := message(text)
	draft.Research = research
	log := newLog(true)
	ahead := chat.NewAhead(log)
	ahead.Apply(chat.Action{ID: 1, Type: chat.Whiteboard, Body: text})
	ahead.Settle()
	ahead.Apply(chat.Action{ID: 2, Type: chat.Message, Body: text})
	return map[string]any{
		"text": text, "pointer to text": &text, "phone": phone, "pointer to phone": &phone,
		"user": u, "pointer to user": &u, "nested": nested{u, &u, []chat.Text{text}, map[chat.PID]chat.Text{"P1": text}, phone},
		"slice": []any{text, phone, u}, "array": [1]chat.Phone{phone}, "map": map[chat.Text]chat.Phone{text: phone},
		"draft": draft, "research": research, "pointer to research": &research,
		"action": chat.Action{Body: text, Sender: text}, "seen": chat.Seen{Action: chat.Action{Body: text}},
		"ruling":   chat.Ruling{Actions: []chat.Action{{Body: text}}, Research: research},
		"standing": chat.Standing{Name: text}, "log": log, "log ahead": ahead,
		"roster": chat.Roster{People: map[chat.PID]*chat.User{"P1": &u}},
	}
}

func TestTextAndPhonePrintMasked(t *testing.T) {
	tooFew, wide := "no verb", "%*d" // formats that go vet would not let through
	for name, v := range holders() {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %+q %#q %x %X %#x %d %t %c %U %e %b %o %O %20s %-20v %.3s %z %T") {
			if got := fmt.Sprintf(verb, v); unmasked(got) != "" {
				t.Errorf("%s under %s: %s", name, verb, got)
			}
		}
		for _, got := range []string{
			fmt.Sprint(v), fmt.Sprintln("x", v), fmt.Errorf("x: %v", v).Error(), fmt.Sprintf("%[2]v", 1, v),
			fmt.Sprintf(tooFew, v), fmt.Sprintf(wide, v, 1),
		} {
			if unmasked(got) != "" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

func TestTextAndPhoneLogMasked(t *testing.T) {
	for name, v := range holders() {
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).With("with", v).WithGroup("group").Info("msg", "key", v, slog.Group("inner", "key", v))
		}
		if w := unmasked(out.String()); w != "" && name != "map" { // encoding/json writes keys of a map as they are
			t.Errorf("%s: %q stands in %s", name, w, out.String())
		}
		if lines := strings.Count(out.String(), "\n"); lines != 2 {
			t.Errorf("%s: %d lines", name, lines)
		}
	}
}

func TestMasksSayWhatTheyMay(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{chat.Text("hello"), "[text, 5 bytes]"},
		{chat.Text(""), "[text, 0 bytes]"},
		{chat.Phone(secretPhone), "[phone …23]"},
		{chat.Phone("123"), "[phone]"},
		{chat.Phone(""), "[phone]"},
		{chat.Research{History: []string{"a", "b"}}, "[research, 2 keys]"},
		{chat.User{ID: "P1", Name: "Gilligan"}, "[user P1]"},
	} {
		if got := fmt.Sprint(c.v); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if got := c.v.(slog.LogValuer).LogValue().String(); got != c.want {
			t.Errorf("logs %q, want %q", got, c.want)
		}
	}
}

func TestTextAndPhoneAreNeverEncodedByAccident(t *testing.T) {
	for _, v := range []any{chat.Text(secretWord), chat.Phone(secretPhone), chat.User{Name: secretWord}} {
		if out, err := json.Marshal(v); err == nil {
			t.Errorf("%T becomes %s", v, out)
		} else if unmasked(err.Error()) != "" {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func TestFoldIgnoresCaseAccentsAndSpace(t *testing.T) {
	for _, same := range [][]string{
		{"denver", "Denver", "DENVER", " Denver ", "\tdenver\n", "\u00a0denver\u2003", "Dénver", "De\u0301nver", "ＤＥＮＶＥＲ"},
		{"de la cruz", "De La Cruz", "de  la\tcruz", "DE\u00a0LA CRUZ"},
		{"muller", "Müller", "MÜLLER", "mu\u0308ller"},
		{"strasse", "Straße", "STRASSE", "STRAẞE"},
		{"o'brien", "O'Brien"},
		{"nguyen", "Nguyễn", "NGUYỄN"},
		{"istanbul", "İstanbul"},
		{"ολυμποσ", "Όλυμπος", "ΌΛΥΜΠΟΣ"},
		{"иванов", "ИВАНОВ"},
		{"山田", " 山田 "},
		{"", " ", "\t\n"},
	} {
		for _, s := range same {
			if got := chat.Fold(s); got != same[0] {
				t.Errorf("%q folds to %q, want %q", s, got, same[0])
			}
		}
	}
}

func TestFoldTellsNamesApart(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"Denver", "Denver1", "Den ver", "Denvir", "Denver-Grumby", "Denver Grumby", "O'Brien", "OBrien", "山田", "山口"} {
		f := chat.Fold(s)
		if other, ok := seen[f]; ok {
			t.Errorf("%q folds as %q does", s, other)
		}
		seen[f] = s
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Denver", " De  La Cruz ", "Straße", "İ", "ŉ ǰ ΐ", "\xff\xfe", "\xf3Ȅ", "a\u0345", "ͺ", "각", "Ꭰꭰ", "\u0300\u0300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := chat.Fold(s)
		if twice := chat.Fold(once); twice != once {
			t.Errorf("%q folds to %q, and that to %q", s, once, twice)
		}
		if once != strings.Join(strings.Fields(once), " ") {
			t.Errorf("%q folds to %q: space is left", s, once)
		}
		if chat.Fold(" "+s+"\t") != once {
			t.Errorf("space around %q matters", s)
		}
	})
}

func TestRolesOfARoster(t *testing.T) {
	for word, want := range map[string]chat.Role{"participant": chat.Participant, "therapist": chat.Therapist} {
		if r, ok := chat.ParseRole(word); !ok || r != want || r.String() != word {
			t.Errorf("%q is %v, %v", word, r, ok)
		}
	}
	for _, word := range []string{"", "system", "nobody", "admin", "Therapist"} {
		if r, ok := chat.ParseRole(word); ok || r != chat.Nobody {
			t.Errorf("%q is %v, %v", word, r, ok)
		}
	}
	s := evening()
	s.Participants = append(s.Participants, "T2")
	for p, want := range map[chat.PID]chat.Role{"P1": chat.Participant, "T1": chat.Therapist, "T2": chat.Therapist, "X9": chat.Nobody, "": chat.Nobody} {
		if got := s.RoleOf(p); got != want {
			t.Errorf("%q is %s, want %s", p, got, want)
		}
	}
	if slices.Contains([]chat.Role{chat.Participant, chat.Therapist, chat.System}, chat.Standing{}.Role) {
		t.Error("a standing's zero value is somebody")
	}
}
