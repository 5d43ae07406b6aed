package chat_test

import (
	"regexp"
	"strings"
	"testing"

	"hearth/hub/chat"
)

func TestPhonesAreReadAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct{ in, region, want string }{
		{"+1 650 555 0123", "US", "+16505550123"},
		{"+16505550123", "", "+16505550123"},
		{"650 555 0123", "US", "+16505550123"},
		{"(650) 555-0123", "US", "+16505550123"},
		{"1-650-555-0123", "US", "+16505550123"},
		{" 650.555.0123 ", "US", "+16505550123"},
		{"tel:+1-650-555-0123", "US", "+16505550123"},
		{"６５０５５５０１２３", "US", "+16505550123"},
		{"020 7946 0958", "GB", "+442079460958"},
		{"+44 20 7946 0958", "US", "+442079460958"},
		{"00 44 20 7946 0958", "DE", "+442079460958"},
		{"030 23125123", "DE", "+493023125123"},
		{"+39 06 698 12345", "US", "+390669812345"},
	} {
		p, err := chat.ParsePhone(c.in, c.region)
		if err != nil || string(p) != c.want {
			t.Errorf("%q in %q is %q, %v, want %q", c.in, c.region, string(p), err, c.want)
		}
	}
}

func TestWhatIsNotAPhone(t *testing.T) {
	for _, c := range []struct{ in, region string }{
		{"", "US"}, {" ", "US"}, {"Denver", "US"}, {"123", "US"}, {"911", "US"}, {"+", "US"}, {"+1", "US"},
		{"555 0123", "US"}, // no area code: nobody can send it an SMS
		{"+1 555 0123", "US"},
		{"650 555 0123", ""}, // no country
		{"650 555 0123", "XX"},
		{"+999 650 555 0123", "US"},
		{"650 555 0123 ext. 5", "US"},
		{"tel:+16505550123;ext=5", "US"},
		{"650 555 01234567", "US"},
		{strings.Repeat("1", 65), "US"},
		{strings.Repeat(" ", 55) + "6505550123", "US"}, // 65 bytes
		{"650\xff5550123", "US"},
	} {
		p, err := chat.ParsePhone(c.in, c.region)
		if err == nil || p != "" {
			t.Errorf("%q in %q is %q", c.in, c.region, string(p))
			continue
		}
		wantCode(t, err, chat.InvalidPhone)
	}
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{3,16}$`)

func FuzzPhone(f *testing.F) {
	for _, s := range []string{
		"+1 650 555 0123", "(650) 555-0123", "555 0123", "650 555 0123 x5", "tel:+16505550123;phone-context=+49", "+39 06 698 12345",
		"1-800-FLOWERS", "６５０５５５０１２３", "+\xff", "+800 1234 5678", "00 44 20 7946 0958", "+49 151 234567890", "++1", "*",
	} {
		f.Add(s, "US")
		f.Add(s, "DE")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, s, region string) {
		p, err := chat.ParsePhone(s, region)
		if err != nil {
			wantCode(t, err, chat.InvalidPhone)
			if p != "" || len(s) > 5 && strings.Contains(err.Error(), s) {
				t.Errorf("%q: %q, %v", s, string(p), err)
			}
			return
		}
		if !e164.MatchString(string(p)) {
			t.Errorf("%q in %q is %q: not E.164", s, region, string(p))
		}
	})
}
