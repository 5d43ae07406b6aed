package spec_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hearth/api/spec"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func docs(t *testing.T) (text string, all []*html.Node) {
	t.Helper()
	b, err := spec.Docs()
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return string(b), slices.Collect(root.Descendants())
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestEveryLinkOfThePageLeadsSomewhere(t *testing.T) {
	_, all := docs(t)
	ids := map[string]bool{}
	for _, n := range all {
		if id := attribute(n, "id"); id != "" {
			if ids[id] || strings.ContainsAny(id, " \t") {
				t.Errorf("id %q stands twice, or has a space", id)
			}
			ids[id] = true
		}
	}
	links := 0
	for _, n := range all {
		if to := attribute(n, "aria-labelledby"); to != "" && !ids[to] {
			t.Errorf("aria-labelledby=%q leads nowhere", to)
		}
		to := attribute(n, "href")
		if to == "" {
			continue
		}
		links++
		anchor, ok := strings.CutPrefix(to, "#")
		if ok && !ids[anchor] || !ok && !slices.Contains([]string{"/docs/docs.css", "/api/openapi.yaml", "/api/asyncapi.yaml"}, to) {
			t.Errorf("%q leads nowhere, or out of the page", to)
		}
	}
	if links < 200 {
		t.Errorf("only %d links", links)
	}
}

func TestPageKeepsToAStrictPolicy(t *testing.T) {
	_, all := docs(t)
	for _, n := range all {
		if slices.Contains([]atom.Atom{atom.Script, atom.Style, atom.Img, atom.Iframe, atom.Object, atom.Form, atom.Base}, n.DataAtom) {
			t.Errorf("<%s> on the page", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s> on the page", n.Data, a.Key)
			}
		}
	}
	if css := string(spec.Stylesheet()); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style sheet asks for something else")
	}
}

func TestPageHasEverything(t *testing.T) {
	text, all := docs(t)
	r := reference(t)
	ids := map[string]bool{}
	for _, n := range all {
		ids[attribute(n, "id")] = true
	}
	var want []string
	for _, o := range r.Operations() {
		want = append(want, "call-"+o.ID)
		if !strings.Contains(text, "</span> "+o.Path+"</code>") {
			t.Errorf("%s is not on the page", o.Path)
		}
	}
	for _, f := range r.ClientFrames() {
		want = append(want, "to-server-"+f.Type)
	}
	for _, f := range r.ServerFrames() {
		want = append(want, "to-client-"+f.Type)
	}
	for _, code := range r.Enum("ErrorCode") {
		want = append(want, "code-"+code)
	}
	for _, typ := range r.Enum("ActionType") {
		if !strings.Contains(text, "<code>"+typ+"</code>") {
			t.Errorf("type %s is not on the page", typ)
		}
	}
	for _, id := range want {
		if !ids[id] {
			t.Errorf("there is no %s on the page", id)
		}
	}
	if strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "&lt;no value&gt;") {
		t.Error("something could not be shown")
	}
}

func TestPageIsWellFormedForScreenReaders(t *testing.T) {
	_, all := docs(t)
	heading := regexp.MustCompile(`^h([1-6])$`)
	level, counts := 0, map[string]int{}
	for _, n := range all {
		if n.Type != html.ElementNode {
			continue
		}
		counts[n.Data]++
		if m := heading.FindStringSubmatch(n.Data); m != nil {
			next := int(m[1][0] - '0')
			if next > level+1 {
				t.Errorf("a heading of level %d after one of %d", next, level)
			}
			level = next
		}
		if n.DataAtom == atom.Th && attribute(n, "scope") == "" {
			t.Error("a heading cell without scope")
		}
		if n.DataAtom == atom.Pre && !json.Valid([]byte(n.FirstChild.FirstChild.Data)) {
			t.Errorf("an example is not JSON: %s", n.FirstChild.FirstChild.Data)
		}
		if n.DataAtom == atom.A && n.FirstChild == nil {
			t.Error("a link without text")
		}
		if n.DataAtom == atom.Html && attribute(n, "lang") != "en" {
			t.Error("the page does not say its language")
		}
	}
	for _, one := range []string{"h1", "main", "nav", "header", "title"} {
		if counts[one] != 1 {
			t.Errorf("%d <%s>", counts[one], one)
		}
	}
}
