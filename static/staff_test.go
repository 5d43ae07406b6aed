package static_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hearth/static"
)

var named = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)

func TestThePageForStaffIsThere(t *testing.T) {
	h := static.Handler(static.Options{})
	r := get(t, h, "GET", static.StaffPath)
	page := body(t, r)
	if r.StatusCode != 200 || r.Header.Get("Cache-Control") != "no-cache" || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	if strings.Contains(page, "VERSION") {
		t.Error("a placeholder is left")
	}
	sum, files := len(page), named.FindAllStringSubmatch(page, -1)
	if len(files) < 4 {
		t.Fatalf("the page names %v", files)
	}
	for _, m := range files {
		f := get(t, h, "GET", m[1], "Accept-Encoding", "gzip")
		if f.StatusCode != 200 || !strings.Contains(f.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", m[1], f.StatusCode, f.Header)
		}
		sum += len(body(t, f))
	}
	if most := 100 << 10; sum >= most {
		t.Errorf("a first load is %d bytes compressed, want less than %d", sum, most)
	}
	for _, c := range []struct {
		method, target string
		want           int
	}{{"POST", "/staff", 405}, {"GET", "/staff/", 404}, {"GET", "/staff/index.html", 404}, {"GET", "/static/staff/main.js", 404}} {
		if got := get(t, h, c.method, c.target).StatusCode; got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, got, c.want)
		}
	}
}

// A participant's phone loads nothing of it.
func TestTheChatHasNothingOfThePageForStaff(t *testing.T) {
	h := static.Handler(static.Options{})
	page := body(t, get(t, h, "GET", "/"))
	for _, m := range append(named.FindAllStringSubmatch(page, -1), []string{"", "/"}) {
		if b := body(t, get(t, h, "GET", m[1])); strings.Contains(b, "/api/admin/") || strings.Contains(m[1], "staff") {
			t.Errorf("%s has something of it", m[1])
		}
	}
}

func TestThePageForStaffKeepsToThePolicy(t *testing.T) {
	h := static.Handler(static.Options{})
	page := body(t, get(t, h, "GET", static.StaffPath))
	if m := regexp.MustCompile(`(?i)<script>|<script [^>]*src="[^/]|<style|\sstyle\s*=|\son[a-z]+\s*=|(?:src|href|action)\s*=\s*"(?:[a-z]+:)?//|<form|<base`).FindString(page); m != "" {
		t.Errorf("the page has %s", m)
	}
	modules, _ := filepath.Glob("staff/*.js")
	views, _ := filepath.Glob("staff/views/*.js")
	if modules = append(modules, views...); len(modules) < 15 {
		t.Fatalf("there are only %d modules", len(modules))
	}
	// What somebody typed, or the token, must not outlive the page; and phones of 2019 do not know what is young.
	never := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\sstyle=|["'\x60](?:https?:)?//[a-z]|(?:local|session)Storage|indexedDB|document\.cookie` +
		`|\.at\(|\.replaceAll\(|Object\.hasOwn\b|\bstructuredClone\b|\.findLast\(|\.toSorted\(`)
	imports := regexp.MustCompile(`(?:\bfrom\s*|\bimport\s*)["']([^"']+)["']`)
	imported := map[string]bool{filepath.Join("staff", "main.js"): true}
	for _, name := range modules {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range never.FindAllString(string(b), -1) {
			t.Errorf("%s: %q", name, m)
		}
		for _, m := range imports.FindAllStringSubmatch(string(b), -1) {
			imported[filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))] = true
		}
	}
	for _, name := range modules {
		if !imported[name] {
			t.Errorf("%s is imported by nothing", name)
		}
	}
}
