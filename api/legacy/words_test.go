package legacy_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hearth/api/legacy"
	"hearth/hub/chat"
)

// plain is what a person reads: a sentence, and nothing of the protocol.
var plain = regexp.MustCompile(`^[A-Z][^_{}\[\]]+\.$`)

func TestEveryCodeHasASentence(t *testing.T) {
	internal := legacy.Sentence(chat.Errorf(chat.Internal, "x"))
	for _, c := range chat.Codes() {
		s := legacy.Sentence(chat.Errorf(c, "field_name: technical"))
		if !plain.MatchString(s) || strings.Contains(s, "technical") || s == internal && c != chat.Internal {
			t.Errorf("%s: %q", c, s)
		}
	}
	if s := legacy.Sentence(chat.Errorf("nonsense", "x")); s != internal {
		t.Errorf("a code that there is not: %q", s)
	}
}

func TestWaitingTimesInWords(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Second: "a minute", time.Minute: "a minute", 61 * time.Second: "2 minutes", 90 * time.Minute: "90 minutes",
		2*time.Hour + 1: "3 hours", 48 * time.Hour: "48 hours", 49 * time.Hour: "3 days",
	} {
		s := legacy.Sentence(&chat.Error{Code: chat.TooManyTries, RetryAfter: wait})
		if !strings.Contains(s, " in "+want+",") {
			t.Errorf("%v: %q, want %q", wait, s, want)
		}
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	for _, typ := range append(chat.Types(), 0) {
		for _, c := range []chat.Code{
			chat.InvalidAction, chat.TooLarge, chat.WrongUser, chat.NotAllowed, chat.NoSuchTarget, chat.Muted, chat.ClientIDReused,
			chat.SessionEnded, chat.Internal,
		} {
			for _, target := range []chat.ActionID{0, 3} {
				s := legacy.Refusal(legacy.Asked{Type: typ, Target: target}, chat.Errorf(c, "client_ts[3]: some words"))
				if !plain.MatchString(s) || strings.Contains(s, "client") {
					t.Errorf("%s, %s: %q", typ, c, s)
				}
				if back := strings.Contains(s, "there again"); typ == chat.Delete && !back && c != chat.NoSuchTarget || typ != chat.Delete && back {
					t.Errorf("%s, %s: %q", typ, c, s)
				}
			}
		}
	}
}
