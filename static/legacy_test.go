package static_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hearth/static"
)

// build writes a client's build; files are name, content, name, content… A
// content that begins with -> is a link to what follows.
func build(t *testing.T, files ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "client")
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, filepath.FromSlash(files[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(files[i+1], "->"); link {
			err = os.Symlink(to, name)
		} else {
			err = os.WriteFile(name, []byte(files[i+1]), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func older(t *testing.T, dir string) http.Handler {
	t.Helper()
	h, err := static.Legacy(static.Handler(static.Options{}), dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const manifest = `{"index.html":{"file":"assets/index-1a2b.js","src":"index.html","isEntry":true,"css":["assets/index-3c4d.css"]}}`

// whole is a build with all that one may have.
func whole(t *testing.T, more ...string) string {
	return build(t, append([]string{
		"manifest.json", manifest, "index.html", "not this one", ".env", "SECRET=1", "notes.txt", "x",
		"assets/index-1a2b.js", "import './more-5e6f.js'", "assets/index-3c4d.css", "body{background:url(/assets/bg.png)}",
		"assets/bg.png", "png", "assets/font.woff2", "woff2", "assets/deep/data.json", "{}", "assets/odd.xyz", "?",
		"assets/.hidden.js", "x", "assets/.git/config", "x",
	}, more...)...)
}

func TestAnOlderClientsPage(t *testing.T) {
	h := older(t, whole(t))
	r := get(t, h, "GET", "/legacy/")
	b := body(t, r)
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/html; charset=utf-8" || r.Header.Get("Content-Security-Policy") != static.LegacyCSP {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	// The global must be there before any module runs.
	last := -1
	for _, part := range []string{
		`<script src="/static/jsmo.js"></script>`, `<link rel="stylesheet" href="/assets/index-3c4d.css">`,
		`<script type="module" src="/assets/index-1a2b.js"></script>`, `<div id="root"></div>`,
	} {
		at := strings.Index(b, part)
		if at <= last {
			t.Errorf("%s is at %d, behind %d", part, at, last)
		}
		last = at
	}
	if bad := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>|https?:`).FindString(b); bad != "" {
		t.Errorf("the policy refuses %q", bad)
	}
	if r := get(t, h, "GET", "/legacy"); r.StatusCode/100 != 3 || r.Header.Get("Location") != "/legacy/" {
		t.Errorf("without a slash: %d %v", r.StatusCode, r.Header)
	}
	for _, need := range []string{"default-src 'self'", "img-src 'self' data:", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"} {
		if !strings.Contains(static.LegacyCSP, need) {
			t.Errorf("the policy lacks %s", need)
		}
	}
}

func TestAnOlderClientsFiles(t *testing.T) {
	h := older(t, whole(t, "assets/link.js", "->index-1a2b.js", "bootstrap.min.css", "b{}"))
	for target, want := range map[string]string{
		"/static/jsmo.js": "text/javascript; charset=utf-8", "/assets/index-1a2b.js": "text/javascript; charset=utf-8",
		"/assets/index-3c4d.css": "text/css; charset=utf-8", "/assets/bg.png": "image/png", "/assets/font.woff2": "font/woff2",
		"/assets/deep/data.json": "application/json", "/assets/odd.xyz": "application/octet-stream",
		"/assets/link.js": "text/javascript; charset=utf-8", "/legacy/bootstrap.min.css": "text/css; charset=utf-8",
	} {
		r := get(t, h, "GET", target)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != want || r.Header.Get("Cache-Control") != "no-cache" ||
			r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", target, r.StatusCode, r.Header)
		}
		if again := get(t, h, "GET", target, "If-None-Match", r.Header.Get("Etag")); again.StatusCode != 304 {
			t.Errorf("%s, known: %d", target, again.StatusCode)
		}
		if r := get(t, h, "POST", target); r.StatusCode != 405 {
			t.Errorf("POST %s: %d", target, r.StatusCode)
		}
	}
	if b := body(t, get(t, h, "GET", "/legacy/")); strings.Index(b, "/legacy/bootstrap.min.css") > strings.Index(b, "/assets/index-3c4d.css") {
		t.Error("Bootstrap comes behind the client's own CSS")
	}
	for _, target := range []string{
		"/assets", "/assets/", "/assets/deep", "/assets/deep/", "/assets/.hidden.js", "/assets/.git/config", "/assets/../.env", "/assets/nothing.js",
		"/.env", "/legacy/.env", "/legacy/../.env", "/legacy/manifest.json", "/manifest.json", "/legacy/notes.txt", "/legacy/index.html",
		"/assets/%2e%2e/.env", "/assets/..%2f.env", "/static/legacy/jsmo.js", "/static/page.html", "/legacy/none.html", "/assets/index-1a2b.js/",
	} {
		if r := get(t, h, "GET", target); r.StatusCode != 404 {
			t.Errorf("%s: %d", target, r.StatusCode)
		}
	}
	if r := get(t, h, "GET", "/"); r.StatusCode != 200 || !strings.Contains(body(t, r), `id="app"`) {
		t.Errorf("the chat's own page: %d", r.StatusCode)
	}
}

// A study's page on a host of its own loads it.
func TestTheScriptForOlderPages(t *testing.T) {
	h := older(t, "")
	r := get(t, h, "GET", "/static/jsmo.js")
	want, err := os.ReadFile("legacy/jsmo.js")
	if err != nil || body(t, r) != string(want) || r.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%v %v", r.Header, err)
	}
	if r := get(t, static.Handler(static.Options{}), "GET", "/static/jsmo.js"); r.StatusCode != 404 {
		t.Errorf("without an older client: %d", r.StatusCode)
	}
	young := regexp.MustCompile("=>|\\bconst\\b|\\blet\\b|\\bclass\\s|`|\\?\\.|\\?\\?|\\basync\\b|\\.\\.\\.[a-z]")
	code := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(want), "")
	for n, line := range strings.Split(code, "\n") {
		if line, _, _ = strings.Cut(line, " // "); young.MatchString(line) {
			t.Errorf("%d lines down: %q is too young", n, line)
		}
	}
}

func TestWithoutAnOlderClientThePageSaysHow(t *testing.T) {
	h := older(t, "")
	r := get(t, h, "GET", "/legacy/")
	if b := body(t, r); r.StatusCode != 404 || !strings.Contains(b, "legacy.client_dir") || !strings.Contains(b, `href="/"`) {
		t.Errorf("%d %s", r.StatusCode, b)
	}
	if r := get(t, h, "GET", "/assets/index-1a2b.js"); r.StatusCode != 404 {
		t.Errorf("%d", r.StatusCode)
	}
}

// Newer builds have their manifest elsewhere, and more than one file to load.
func TestBuildsInSeveralFiles(t *testing.T) {
	h := older(t, build(t, ".vite/manifest.json", `{
		"index.html": {"file": "assets/i.js", "imports": ["_a.js"], "css": ["assets/i.css"], "dynamicImports": ["late.js"]},
		"_a.js": {"file": "assets/a.js", "imports": ["_b.js", "index.html"], "css": ["assets/a.css", "assets/i.css"]},
		"_b.js": {"file": "assets/b.js", "imports": ["_a.js"]},
		"late.js": {"file": "assets/late.js", "css": ["assets/late.css"]}}`,
		"assets/i.js", "1", "assets/a.js", "1", "assets/b.js", "1", "assets/i.css", "1", "assets/a.css", "1"))
	b := body(t, get(t, h, "GET", "/legacy/"))
	var got []string
	for _, m := range regexp.MustCompile(`(?:href|src)="/assets/([^"]+)"`).FindAllStringSubmatch(b, -1) {
		got = append(got, m[1])
	}
	if s := strings.Join(got, " "); s != "a.css i.css b.js a.js i.js" {
		t.Errorf("%s", s)
	}
}

func TestABrokenOlderClientIsNamed(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.js")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir, want string
	}{
		{"not there", filepath.Join(t.TempDir(), "nothing"), "cannot open the directory: no such file or directory"},
		{"a file", outside, "cannot open the directory: not a directory"},
		{"empty", build(t, "x", "x"), "there is no manifest.json"},
		{"not JSON", build(t, "manifest.json", "{"), "manifest.json is not vite's"},
		{"another JSON", build(t, "manifest.json", `["index.html"]`), "manifest.json is not vite's"},
		{"another entry", build(t, "manifest.json", `{"main.html":{"file":"assets/x.js"}}`), "does not say which file index.html became"},
		{"no assets", build(t, "manifest.json", manifest), "assets: no such file or directory"},
		{"a file missing", build(t, "manifest.json", manifest, "assets/index-1a2b.js", "1"), `the manifest names "assets/index-3c4d.css"`},
		{"a file elsewhere", build(t, "manifest.json", `{"index.html":{"file":"../x.js"}}`, "assets/y.js", "1"), `the manifest names "../x.js"`},
		{"a link out of it", whole(t, "assets/evil.js", "->"+outside), "assets/evil.js: path escapes"},
		{"a link upwards", whole(t, "assets/evil.js", "->../../../../etc/passwd"), "assets/evil.js: path escapes"},
		{"a directory's link", whole(t, "assets/evil", "->deep"), "assets/evil: is not a file"},
		{"a manifest out of it", build(t, "manifest.json", "->"+outside), "manifest.json: path escapes"},
		{"looks out of it", whole(t, "bootstrap.min.css", "->"+outside), "bootstrap.min.css: path escapes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := static.Legacy(http.NotFoundHandler(), c.dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), outside) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
