package cmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// computed are the events that stand nowhere in the code as Event: "…".
var computed = []string{"admit", "revoke", "remove", "mute", "unmute", "import", "resend"}

func TestEveryAuditEventIsInTheOperatorsGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(guide), "### The audit log\n")
	if !found {
		t.Fatal("there is no list")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string]bool{}
	for line := range strings.Lines(section) {
		if cell, rest, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && rest != "" && strings.HasPrefix(line, "| `") {
			for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(cell, -1) {
				told[m[1]] = false
			}
		}
	}
	written := append([]string{}, computed...)
	event := regexp.MustCompile(`Event:\s*"(\w+)"|\.entry\("(\w+)"`)
	for _, room := range []string{"store", "auth", "api", "hub", "internal/cmd"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(name string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/apitest/") {
				return err
			}
			text, err := os.ReadFile(name)
			for _, m := range event.FindAllStringSubmatch(string(text), -1) {
				written = append(written, m[1]+m[2])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range written {
		if _, ok := told[e]; !ok {
			t.Errorf("the event %s is not in the list", e)
		}
		told[e] = true
	}
	for e, is := range told {
		if !is {
			t.Errorf("the list tells of %s, which nothing writes", e)
		}
	}
}
