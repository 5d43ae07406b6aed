package chat_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"hearth/hub/chat"
)

func TestWhatMayBeAnID(t *testing.T) {
	for _, s := range []string{"P1", "1", "a", "System", "groupchat", "Zoë-7_x.y/z", "山田", strings.Repeat("é", 64)} {
		if err := chat.CheckID(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "system", "groupChat", "P 1", " P1", "P1\n", "P\t1", "P\u00a01", "P\u20031", "P|1", "|", "P\x001", "P\x7f", "P\u0085",
		"P\xff", strings.Repeat("é", 65),
	} {
		if chat.CheckID(s) == nil {
			t.Errorf("%q passes", s)
		}
	}
}

func FuzzID(f *testing.F) {
	for _, s := range []string{"P1", "", "system", "groupChat", "P 1", "P|1", "\xff", "P\u0085", strings.Repeat("x", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if chat.CheckID(s) != nil {
			return
		}
		if n := utf8.RuneCountInString(s); !utf8.ValidString(s) || n < 1 || n > 64 {
			t.Errorf("%q passes: %d characters", s, n)
		}
		if f := strings.Fields(s); len(f) != 1 || f[0] != s || strings.Contains(s, "|") || s == "system" || s == "groupChat" {
			t.Errorf("%q passes", s)
		}
	})
}
