package main

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// level1 are the requirements of level 1 of OWASP ASVS 5.0.0, in its order.
var level1 = strings.Fields(`
	V1.2.1 V1.2.2 V1.2.3 V1.2.4 V1.2.5 V1.3.1 V1.3.2 V1.5.1
	V2.1.1 V2.2.1 V2.2.2 V2.3.1
	V3.2.1 V3.2.2 V3.3.1 V3.4.1 V3.4.2 V3.5.1 V3.5.2 V3.5.3
	V4.1.1 V4.4.1
	V5.2.1 V5.2.2 V5.3.1 V5.3.2
	V6.1.1 V6.2.1 V6.2.2 V6.2.3 V6.2.4 V6.2.5 V6.2.6 V6.2.7 V6.2.8 V6.3.1 V6.3.2 V6.4.1 V6.4.2
	V7.2.1 V7.2.2 V7.2.3 V7.2.4 V7.4.1 V7.4.2
	V8.1.1 V8.2.1 V8.2.2 V8.3.1
	V9.1.1 V9.1.2 V9.1.3 V9.2.1
	V10.4.1 V10.4.2 V10.4.3 V10.4.4 V10.4.5
	V11.3.1 V11.3.2 V11.4.1
	V12.1.1 V12.2.1 V12.2.2
	V13.4.1 V14.2.1 V14.3.1
	V15.1.1 V15.2.1 V15.3.1`)

// safeguards are the clauses of 45 CFR 164.312, in its order.
var safeguards = strings.Fields(`
	(a)(1) (a)(2)(i) (a)(2)(ii) (a)(2)(iii) (a)(2)(iv) (b) (c)(1) (c)(2) (d) (e)(1) (e)(2)(i) (e)(2)(ii)`)

// A test as docs/security.md names it: its directory and function, a script of
// the command line, or tests of the pages' modules.
var named = regexp.MustCompile("`(?:([a-z][a-z0-9/]*)/)?((?:Test|Fuzz)[A-Z]\\w*|\\w+\\.txtar|\\w+\\.test\\.mjs)`")

// table is the rows of the one table under a heading, each cell without the
// space around it, and without the two rows of its head.
func table(t *testing.T, document, heading string) (rows [][]string) {
	t.Helper()
	_, section, ok := strings.Cut(document, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("there is no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("%s: no table", heading)
	}
	for _, r := range rows {
		if len(r) != len(rows[0]) {
			t.Errorf("%s: %q has %d cells, not %d", heading, r[0], len(r), len(rows[0]))
		}
		for i, c := range r {
			if c == "" {
				t.Errorf("%s: %q: cell %d is empty", heading, r[0], i+1)
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return rows[2:]
}

// firsts are the first cells of rows.
func firsts(rows [][]string) (all []string) {
	for _, r := range rows {
		all = append(all, r[0])
	}
	return all
}

func TestSecurityDocument(t *testing.T) {
	raw, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	document := string(raw)

	t.Run("names tests that there are", func(t *testing.T) {
		known := map[string]string{} // directory → its tests' source
		all := named.FindAllStringSubmatch(document, -1)
		if len(all) < 200 {
			t.Fatalf("only %d tests are found in it", len(all))
		}
		for _, m := range all {
			dir, name := m[1], m[2]
			switch path.Ext(name) {
			case ".txtar":
				dir = "internal/cmd/testdata/script"
			case ".mjs":
				dir = "static/test"
			default:
				if _, read := known[dir]; !read {
					files, _ := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
					for _, f := range files {
						b, err := os.ReadFile(f)
						if err != nil {
							t.Fatal(err)
						}
						known[dir] += "\n" + string(b)
					}
				}
				if !strings.Contains(known[dir], "\nfunc "+name+"(") {
					t.Errorf("%s: there is no such test", m[0])
				}
				continue
			}
			if m[1] != "" {
				t.Errorf("%s: without its directory", m[0])
			}
			if _, err := os.Stat(filepath.Join(filepath.FromSlash(dir), name)); err != nil {
				t.Errorf("%s: %v", m[0], err)
			}
		}
	})

	t.Run("leads to pages and headings that there are", func(t *testing.T) {
		for _, m := range regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(document, -1) {
			to := document
			if m[1] != "" {
				b, err := os.ReadFile(filepath.Join("docs", filepath.FromSlash(m[1])))
				if err != nil {
					t.Errorf("%s: %v", m[0], err)
					continue
				}
				to = string(b)
			}
			if m[2] != "" && !slices.Contains(anchors(to), m[2]) {
				t.Errorf("%s: there is no such heading", m[0])
			}
		}
	})

	t.Run("has a test and a remainder for each threat", func(t *testing.T) {
		for _, r := range table(t, document, "Threats") {
			if len(r) != 5 || !named.MatchString(r[3]) || !regexp.MustCompile(`^[STRIDE](, [STRIDE])*: `).MatchString(r[0]) {
				t.Errorf("%q", r)
			}
		}
	})

	t.Run("has every clause of 45 CFR 164.312", func(t *testing.T) {
		rows := table(t, document, "45 CFR 164.312, clause by clause")
		var got []string
		for _, r := range rows {
			clause, title, _ := strings.Cut(r[0], " ")
			got = append(got, clause)
			if !strings.HasSuffix(title, " (R)") && !strings.HasSuffix(title, " (A)") {
				t.Errorf("%q is neither required nor addressable", r[0])
			}
			if len(r) != 4 || !named.MatchString(r[2]) {
				t.Errorf("%s: %q", clause, r)
			}
		}
		if !slices.Equal(got, safeguards) {
			t.Errorf("the clauses are %q", got)
		}
	})

	t.Run("has every requirement of ASVS 5.0.0, level 1", func(t *testing.T) {
		rows := table(t, document, "OWASP ASVS 5.0.0, level 1")
		if got := firsts(rows); !slices.Equal(got, level1) {
			t.Errorf("the requirements are %q", got)
		}
		count := map[string]int{}
		for _, r := range rows {
			count[r[2]]++
			switch how := r[3]; r[2] {
			case "met":
				if !named.MatchString(how) && !strings.Contains(how, "](") {
					t.Errorf("%s is met, but nothing shows it: %q", r[0], how)
				}
			case "excepted":
				if len(how) < 60 {
					t.Errorf("%s is excepted for no reason: %q", r[0], how)
				}
			case "not applicable":
			default:
				t.Errorf("%s: verdict %q", r[0], r[2])
			}
		}
		said := fmt.Sprintf("Met are %d, not applicable %d, excepted %d.", count["met"], count["not applicable"], count["excepted"])
		if !strings.Contains(document, said) || !strings.Contains(document, fmt.Sprintf("All %d requirements", len(level1))) {
			t.Errorf("it should say: %s", said)
		}
	})
}

// anchors are what links to a page's headings end in.
func anchors(page string) (all []string) {
	for line := range strings.Lines(page) {
		if head := strings.TrimLeft(line, "#"); head != line && strings.HasPrefix(head, " ") {
			head = regexp.MustCompile("[^\\p{L}\\p{N} _-]").ReplaceAllString(strings.ToLower(strings.TrimSpace(head)), "")
			all = append(all, strings.ReplaceAll(head, " ", "-"))
		}
	}
	return all
}

// dangerous are packages that no package of the program may import, and why.
var dangerous = map[string]string{
	"os/exec": "runs commands", "plugin": "runs code", "unsafe": "leaves memory safety",
	"database/sql": "has queries", "encoding/xml": "reads XML", "encoding/gob": "makes objects of what it reads", "net/http/pprof": "shows memory",
	"text/template": "makes text without escaping", "crypto/md5": "is broken", "crypto/sha1": "is broken", "crypto/des": "is broken", "crypto/rc4": "is broken",
	"crypto/aes": "enciphers: docs/security.md says that nothing does", "crypto/cipher": "enciphers: docs/security.md says that nothing does",
	"math/rand": "can be guessed",
}

// guessable says who may use random numbers that can be guessed: for pauses.
var guessable = []string{"hearth/api", "hearth/auth/sms", "hearth/internal/bench"}

// running says who may run a command: the load generator starts this program
// as the server that it measures. Nothing of it is part of serving.
var running = []string{"hearth/internal/bench"}

// inert are ways for a page's script to make markup or code of text.
var inert = regexp.MustCompile(
	`\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|createContextualFragment|DOMParser|Function)\b\s*[(=:]` +
		`|\bnew Function\b|\beval\s*\(|\bdocument\.write|\bset(Timeout|Interval)\(\s*['"` + "`]" + `|javascript:`)

func TestNothingDangerousIsUsed(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	own := 0
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		if paths[0] != "hearth" && !strings.HasPrefix(paths[0], "hearth/") {
			continue
		}
		own++
		for _, p := range paths[1:] {
			if p == "os/exec" && slices.Contains(running, paths[0]) {
				continue
			}
			if why := dangerous[p]; why != "" {
				t.Errorf("%s imports %s, which %s", paths[0], p, why)
			}
			if p == "math/rand/v2" && !slices.Contains(guessable, paths[0]) {
				t.Errorf("%s imports %s, which can be guessed", paths[0], p)
			}
		}
	}
	if own < 15 {
		t.Fatalf("only %d packages are Hearth's own", own)
	}

	scripts := 0
	for _, dir := range []string{"static/app", "static/legacy", "static/staff"} {
		err := filepath.WalkDir(filepath.FromSlash(dir), func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".js" {
				return err
			}
			scripts++
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			n := 0
			for line := range strings.Lines(string(b)) {
				n++
				if found := inert.FindString(line); found != "" {
					t.Errorf("%s:%d: %s", name, n, found)
				}
			}
			return nil
		})
		if err != nil && dir != "static/staff" {
			t.Fatal(err)
		}
	}
	if scripts < 40 {
		t.Fatalf("only %d scripts were looked at", scripts)
	}
}
