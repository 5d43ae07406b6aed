package static_test

import (
	"compress/gzip"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hearth/static"
)

// get asks h, with headers given as name, value, name, value…
func get(t *testing.T, h http.Handler, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// addresses are those of all files, and the address below which they are.
func addresses(t *testing.T, h http.Handler) (root string, all []string) {
	t.Helper()
	root = regexp.MustCompile(`/static/[0-9a-f]{16}/`).FindString(body(t, get(t, h, "GET", "/")))
	if root == "" {
		t.Fatal("the page names no file under a version")
	}
	for _, glob := range []string{"*.css", "*.svg", "*.webmanifest", "app/main.js", "vendor/*.txt", "vendor/*.md"} {
		names, err := filepath.Glob(glob)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", glob, names, err)
		}
		for _, n := range names {
			all = append(all, root+filepath.ToSlash(n))
		}
	}
	return root, all
}

func TestEveryFileIsServedForEver(t *testing.T) {
	h := static.Handler(static.Options{})
	_, all := addresses(t, h)
	for _, a := range all {
		r := get(t, h, "GET", a)
		if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") ||
			r.Header.Get("Content-Type") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", a, r.StatusCode, r.Header)
		}
		want, err := os.ReadFile(filepath.FromSlash(a[len("/static/0123456789abcdef/"):]))
		got := body(t, r)
		if path.Ext(a) == ".js" { // and all that it imports
			if len(got) < 5*len(want) || strings.Contains(got, "\n// ") {
				t.Errorf("%s: not a bundle (%v)", a, err)
			}
		} else if err != nil || got != string(want) {
			t.Errorf("%s: another content than the file (%v)", a, err)
		}
	}
}

func TestContentTypes(t *testing.T) {
	h := static.Handler(static.Options{})
	root, _ := addresses(t, h)
	for target, want := range map[string]string{
		"/":                           "text/html; charset=utf-8",
		root + "style.css":            "text/css; charset=utf-8",
		root + "app/main.js":          "text/javascript; charset=utf-8",
		root + "icon.svg":             "image/svg+xml; charset=utf-8",
		root + "manifest.webmanifest": "application/manifest+json",
	} {
		if got := get(t, h, "GET", target).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

func TestThePageIsAskedForEachTime(t *testing.T) {
	h := static.Handler(static.Options{})
	r := get(t, h, "GET", "/")
	if r.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("Cache-Control %q", r.Header.Get("Cache-Control"))
	}
	b := body(t, r)
	if strings.Contains(b, "VERSION") {
		t.Error("a placeholder is left")
	}
	for _, target := range []string{"/?ts=TS1", "/?transport=poll"} {
		if r := get(t, h, "GET", target); r.StatusCode != 200 {
			t.Errorf("%s: %d", target, r.StatusCode)
		}
	}
}

func TestWhatIsKnownIsNotSentAgain(t *testing.T) {
	h := static.Handler(static.Options{})
	root, _ := addresses(t, h)
	for _, target := range []string{"/", root + "app/main.js"} {
		for _, encoding := range []string{"identity", "gzip"} {
			tag := get(t, h, "GET", target, "Accept-Encoding", encoding).Header.Get("Etag")
			for match, want := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200} {
				r := get(t, h, "GET", target, "Accept-Encoding", encoding, "If-None-Match", match)
				if b := body(t, r); r.StatusCode != want || (want == 304) != (b == "") {
					t.Errorf("%s as %s, If-None-Match %s: %d with %d bytes, want %d", target, encoding, match, r.StatusCode, len(b), want)
				}
			}
		}
	}
	if get(t, h, "GET", "/").Header.Get("Etag") == get(t, h, "GET", "/", "Accept-Encoding", "gzip").Header.Get("Etag") {
		t.Error("what is compressed has the tag of what is not")
	}
}

func TestCompression(t *testing.T) {
	h := static.Handler(static.Options{})
	plain := get(t, h, "GET", "/")
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("without Accept-Encoding: %v", plain.Header)
	}
	want := body(t, plain)
	for header, compressed := range map[string]bool{
		"gzip": true, "br, gzip, deflate": true, "GZIP;q=0.5": true, "deflate,gzip; q=1.0": true,
		"": false, "br": false, "gzip;q=0": false, "gzip;q=0.0, br": false, "x-gzip": false, "gzip;nonsense": false,
	} {
		r := get(t, h, "GET", "/", "Accept-Encoding", header)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != compressed {
			t.Errorf("%q: compressed %v", header, got)
			continue
		}
		if !compressed {
			continue
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("%q: %d, %v", header, r.StatusCode, err)
		}
		if got, err := io.ReadAll(z); err != nil || string(got) != want {
			t.Errorf("%q: not the page (%v)", header, err)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	h := static.Handler(static.Options{})
	root, _ := addresses(t, h)
	for _, c := range []struct {
		method, target string
		want           int
	}{
		{"HEAD", "/", 200}, {"HEAD", root + "style.css", 200},
		{"POST", "/", 405}, {"DELETE", root + "style.css", 405},
		{"GET", "/index.html", 404}, {"GET", "/static/", 404}, {"GET", root, 404}, {"GET", root + "index.html", 404},
		{"GET", "/static/0000000000000000/style.css", 404}, {"GET", root + "../static.go", 404}, {"GET", root + "test/log.test.mjs", 404},
		{"GET", "/nothing", 404}, {"POST", "/nothing", 404},
	} {
		r := get(t, h, c.method, c.target)
		if r.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, r.StatusCode, c.want)
		}
		if c.want == 405 && r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow %q", c.method, c.target, r.Header.Get("Allow"))
		}
		if c.method == "HEAD" && body(t, r) != "" {
			t.Errorf("%s %s: a body", c.method, c.target)
		}
	}
}

// What the policy would refuse, the browser would say on a participant's
// phone only.
func TestNothingThatThePolicyRefuses(t *testing.T) {
	page := body(t, get(t, static.Handler(static.Options{}), "GET", "/"))
	for what, found := range map[string]*regexp.Regexp{
		"a script without src":    regexp.MustCompile(`(?i)<script(?:[^>]*\ssrc="/static/)?`),
		"a style element":         regexp.MustCompile(`(?i)<style`),
		"a style attribute":       regexp.MustCompile(`(?i)\sstyle\s*=`),
		"an inline handler":       regexp.MustCompile(`(?i)\son[a-z]+\s*=`),
		"a javascript: address":   regexp.MustCompile(`(?i)javascript:`),
		"another host":            regexp.MustCompile(`(?i)(?:src|href|action)\s*=\s*"?(?:[a-z]+:)?//`),
		"a base or a form target": regexp.MustCompile(`(?i)<base|<form`),
	} {
		for _, m := range found.FindAllString(page, -1) {
			if !strings.Contains(m, `src="/static/`) {
				t.Errorf("%s: %s", what, m)
			}
		}
	}
	names, _ := filepath.Glob("app/*.js")
	views, _ := filepath.Glob("app/views/*.js")
	never := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\sstyle=|["'\x60](?:https?:)?//[a-z]|localStorage`)
	for _, name := range append(names, views...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range never.FindAllString(string(b), -1) {
			// The language is all that a browser may keep for good.
			if m != "localStorage" || filepath.Base(name) != "language.js" {
				t.Errorf("%s: %q", name, m)
			}
		}
	}
	for _, need := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(static.CSP, need) {
			t.Errorf("the policy lacks %s", need)
		}
	}
	if strings.Contains(static.CSP, "unsafe") {
		t.Error("the policy allows something unsafe")
	}
}

// Modules name each other by relative paths that must lead to a file, and use
// nothing of the language's library that phones of 2019 do not know (its
// syntax is seen to): there the page would stay blank.
func TestModulesLoad(t *testing.T) {
	imports := regexp.MustCompile(`(?:\bfrom\s*|\bimport\s*)["']([^"']+)["']`)
	young := regexp.MustCompile(`\.at\(|\.replaceAll\(|Object\.hasOwn\b|\bstructuredClone\b|\.findLast\(|\.toSorted\(`)
	seen := map[string]bool{}
	for _, name := range modules(t) {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range imports.FindAllStringSubmatch(string(src), -1) {
			to := filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))
			seen[to] = true
			if _, err := os.Stat(to); err != nil || !strings.HasPrefix(m[1], ".") {
				t.Errorf("%s imports %q, which leads nowhere", name, m[1])
			}
		}
		if m := young.FindString(string(src)); m != "" {
			t.Errorf("%s: %q is too young", name, m)
		}
	}
	for _, name := range modules(t) {
		if !seen[name] && name != filepath.Join("app", "main.js") {
			t.Errorf("%s is imported by nothing", name)
		}
	}
	h := static.Handler(static.Options{})
	page := body(t, get(t, h, "GET", "/"))
	for _, m := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		if get(t, h, "GET", m[1]).StatusCode != 200 {
			t.Errorf("the page names %s, which is not there", m[1])
		}
	}
	root, _ := addresses(t, h)
	served := body(t, get(t, h, "GET", root+"app/main.js"))
	for _, syntax := range []string{"?.", "??", "||=", "&&=", "#private"} {
		if strings.Contains(regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`|/[^/\n]*/").ReplaceAllString(served, ""), syntax) {
			t.Errorf("%q is served", syntax)
		}
	}
	if imports.MatchString(served) {
		t.Error("what is served imports more")
	}
}

func modules(t *testing.T) (all []string) {
	t.Helper()
	for _, glob := range []string{"app/*.js", "app/views/*.js"} {
		names, err := filepath.Glob(glob)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", glob, names, err)
		}
		all = append(all, names...)
	}
	return all
}

func TestModules(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	tests, err := filepath.Glob("test/*.test.mjs")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{"--test"}, tests...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestThePageKnowsWhatItIsTold(t *testing.T) {
	meta := func(o static.Options, name string) string {
		b := body(t, get(t, static.Handler(o), "GET", "/"))
		m := regexp.MustCompile(`<meta name="hearth-` + name + `" content="([^"]*)">`).FindStringSubmatch(b)
		if m == nil {
			t.Fatalf("the page has no %s", name)
		}
		return html.UnescapeString(m[1])
	}
	told := static.Options{LoginField: "name", CodeDigits: 8, CodeTries: 3, ExitURL: `https://news.example/?a=1&b="><script>`}
	for name, want := range map[string][2]string{
		"login-field": {"last_name", "name"}, "code-digits": {"6", "8"}, "code-tries": {"1", "3"}, "exit": {"/away", told.ExitURL},
	} {
		if usual, got := meta(static.Options{}, name), meta(told, name); usual != want[0] || got != want[1] {
			t.Errorf("%s: %q by default and %q when told, want %q", name, usual, got, want)
		}
	}
	if strings.Contains(body(t, get(t, static.Handler(told), "GET", "/")), "<script>") {
		t.Error("an option is markup")
	}
	plain, other := get(t, static.Handler(static.Options{}), "GET", "/"), get(t, static.Handler(told), "GET", "/")
	if plain.Header.Get("Etag") == other.Header.Get("Etag") {
		t.Error("a page with other options has the same tag")
	}
}

// Who leaves quickly is taken here: nothing on it says where it is from.
func TestThePageAwayIsNothingInParticular(t *testing.T) {
	r := get(t, static.Handler(static.Options{}), "GET", static.AwayPath)
	b := body(t, r)
	if r.StatusCode != 200 || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d, Cache-Control %q", r.StatusCode, r.Header.Get("Cache-Control"))
	}
	for _, never := range []string{"earth", "chat", "static/", "<a", "<script", "therap"} {
		if strings.Contains(strings.ToLower(b), never) {
			t.Errorf("it says %q", never)
		}
	}
	if !strings.Contains(b, "<title>") {
		t.Error("it has no title, so the browser shows the address in its place")
	}
}

// On a slow line every kilobyte is waited for.
func TestAFirstLoadIsLight(t *testing.T) {
	const most = 100 << 10
	h := static.Handler(static.Options{})
	targets := map[string]bool{"/": true}
	for _, m := range regexp.MustCompile(`<(?:link|script)[^>]* (?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(body(t, get(t, h, "GET", "/")), -1) {
		targets[m[1]] = true
	}
	if len(targets) < 6 {
		t.Fatalf("the page names %d files only", len(targets)-1)
	}
	sum := 0
	for target := range targets {
		sum += len(body(t, get(t, h, "GET", target, "Accept-Encoding", "gzip")))
	}
	t.Logf("%d files, %d bytes", len(targets), sum)
	if sum >= most {
		t.Errorf("a first load is %d bytes compressed, want less than %d", sum, most)
	}
}
