package browser_test

import (
	"slices"
	"strings"
	"testing"

	. "hearth/internal/browser"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// saying finds the action that holds a message's body.
func saying(body string) func(map[string]any) bool {
	return func(a map[string]any) bool { return a["body"] == body }
}

func history(t *testing.T, w *Window, body string) []string {
	t.Helper()
	a := ok[map[string]any](t)(w.Saved(saying(body)))
	keys, _ := a["character_history"].([]any)
	var all []string
	for _, k := range keys {
		all = append(all, k.(string))
	}
	return all
}

func TestTheKeysOfAMessage(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	g := in(t, s, gilligan, 1280, "TS1", eveningGroup)
	for _, c := range []struct {
		name  string
		write func() error
		body  string
		keys  []string
	}{
		{"typed, and a mistake taken back", func() error { return g.Keys("Hix" + Backspace + "!") }, "Hi!", []string{"H", "i", "x", "Backspace", "!"}},
		{"composed on a screen's keyboard, word by word", func() error {
			for _, w := range []string{"g", "go", "goo", "god"} {
				if err := g.Compose(w); err != nil {
					return err
				}
			}
			return g.Insert("god")
		}, "god", []string{"g", "o", "o", "Backspace", "d"}},
		{"a word that a keyboard suggests", func() error { return g.Insert("calm") }, "calm", []string{"Word", "c", "a", "l", "m"}},
		{"put in at once", func() error { return g.Insert("all at once") }, "all at once", append([]string{"Dictation"}, strings.Split("all at once", "")...)},
		{"with keys that write nothing", func() error {
			return g.Keys("ac" + Left + "b")
		}, "abc", []string{"a", "c", "ArrowLeft", "b"}},
	} {
		must(t, g.Focus(Box("Message")), c.write(), g.Keys(Enter))
		got := history(t, g, c.body)
		if len(got) > 0 && got[len(got)-1] == "Enter" {
			got = got[:len(got)-1] // whether what sends counts is not said here
		}
		if !slices.Equal(got, c.keys) {
			t.Errorf("%s: %q, want %q", c.name, got, c.keys)
		}
		a := ok[map[string]any](t)(g.Saved(saying(c.body)))
		if ms, _ := a["time_to_complete"].(string); !strings.HasSuffix(ms, "ms") {
			t.Errorf("%s: it took %q", c.name, ms)
		}
	}
}

func TestWhoDidNotAgreeSendsNoKeys(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	k := in(t, s, skipper, 1280, "TS1", eveningGroup)
	must(t, k.Say("Nobody counts"))
	a := ok[map[string]any](t)(k.Saved(saying("Nobody counts")))
	if keys, _ := a["character_history"].([]any); len(keys) > 0 {
		t.Errorf("the page has sent %q", keys)
	}
	if ms, there := a["time_to_complete"]; there && ms != nil {
		t.Errorf("the page has sent that it took %v", ms)
	}
}
