package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The documents show every picture that is made, and no other.
func TestEveryPictureIsShownAndThere(t *testing.T) {
	root := filepath.Join("..", "..")
	shown := map[string]bool{}
	for file, pattern := range map[string]string{
		filepath.Join(root, "docs", "pages.md"): `pictures/([a-z0-9-]+\.webp)`,
		filepath.Join(root, "docs", "staff.md"): `pictures/([a-z0-9-]+\.webp)`,
		filepath.Join(root, "README.md"):        `docs/pictures/([a-z0-9-]+\.webp)`,
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(b), -1) {
			shown[m[1]] = true
		}
	}
	made := map[string]bool{}
	for _, v := range views {
		at := v.at
		if at == nil {
			at = both
		}
		for _, w := range at {
			for _, how := range []string{"light", "dark"} {
				name := fmt.Sprintf("%s-%d-%s.webp", v.name, w.width, how)
				if made[name] {
					t.Errorf("%s is made twice", name)
				}
				made[name] = true
				if !shown[name] {
					t.Errorf("%s is in no document", name)
				}
				if _, err := os.Stat(filepath.Join(root, pictures, name)); errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is not there: go run ./docs/screenshot", name)
				}
			}
		}
	}
	for name := range shown {
		if !made[name] {
			t.Errorf("%s is in a document, and no row of views makes it", name)
		}
	}
}
