// Package static serves the pages: their files are part of the program. It
// knows files and how browsers cache them, and nothing of the chat.
//
// index.html names each other file under /static/VERSION/, where the version
// is a hash over all of them: such a file never changes, and a new program
// brings new addresses. A page's modules are sent as one (bundle.go).
package static

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CSP is the Content-Security-Policy for the pages. There is no inline code,
// and no other host. Browsers of some age (Safari before 15.4) do not count
// WebSockets of the same host as 'self'; there the page uses HTTP instead.
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

//go:embed *.html *.css icon.svg manifest.webmanifest app/*.js app/views/*.js vendor/*.mjs vendor/*.txt vendor/*.md
//go:embed staff/*.html staff/*.css staff/*.js staff/views/*.js
var files embed.FS

// entries are the modules that pages begin with.
var entries = []string{"app/main.js", "staff/main.js"}

// pages are the addresses of pages; every other file is under /static/VERSION/.
var pages = map[string]string{"/": "index.html", AwayPath: "away.html", StaffPath: "staff/index.html"}

// StaffPath is the page for study staff. It is public as a login page is: what
// it shows it asks the server for, with the API token that is typed into it.
const StaffPath = "/staff"

// AwayPath is a page that looks like nothing in particular: where somebody is
// taken who leaves the chat quickly, unless another page is configured.
const AwayPath = "/away"

// Options are what the page must know before anybody has logged in. They are
// in the page for everybody to read.
type Options struct {
	LoginField string // asked for beside the phone: last_name or name; "" is last_name
	CodeDigits int    // of a one-time code; 0 is 6
	CodeTries  int    // before a code is spent; 0 is 1
	ExitURL    string // where the quick exit leads, an https URL or a path of this server; "" is AwayPath
}

// fill puts the options where a page says that they belong.
func (o Options) fill(page []byte) []byte {
	return []byte(strings.NewReplacer(
		`"LOGIN_FIELD"`, attribute(cmp.Or(o.LoginField, "last_name")),
		`"EXIT_URL"`, attribute(cmp.Or(o.ExitURL, AwayPath)),
		`"CODE_DIGITS"`, attribute(strconv.Itoa(cmp.Or(o.CodeDigits, 6))),
		`"CODE_TRIES"`, attribute(strconv.Itoa(cmp.Or(o.CodeTries, 1))),
	).Replace(string(page)))
}

func attribute(value string) string { return `"` + html.EscapeString(value) + `"` }

// placeholder is what the pages' files say where the version belongs.
const placeholder = "/static/VERSION/"

// contentTypes has every kind of file there is. The standard library's table
// depends on the machine.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/plain; charset=utf-8",
}

// Handler serves the pages and their files, to GET and HEAD. Whatever else is
// asked for is 404. The headers that all answers of the server have in common
// are not its business.
func Handler(o Options) http.Handler {
	raw := map[string][]byte{}
	hash := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var b []byte
		switch ext := path.Ext(name); {
		case slices.Contains(entries, name):
			b, err = bundle(name)
		case ext == ".js" || ext == ".mjs":
			return nil // in the bundle
		default:
			b, err = files.ReadFile(name)
		}
		raw[name] = b
		hash.Write([]byte(name + "\x00" + strconv.Itoa(len(b)) + "\x00"))
		hash.Write(b)
		return err
	})
	if err != nil {
		panic("static: " + err.Error()) // cannot be: they are in the program
	}
	version := hex.EncodeToString(hash.Sum(nil)[:8])
	h := handler{}
	isPage := map[string]bool{}
	for address, name := range pages {
		isPage[name] = true
		b := bytes.ReplaceAll(o.fill(raw[name]), []byte(placeholder), []byte("/static/"+version+"/"))
		cache := "no-cache"
		if address == AwayPath {
			cache = "no-store" // and no trace of it
		}
		h[address] = newAsset(name, b, cache)
	}
	for name, b := range raw {
		if !isPage[name] {
			h["/static/"+version+"/"+name] = newAsset(name, b, "public, max-age=31536000, immutable")
		}
	}
	return h
}

// asset is one file, ready to be sent.
type asset struct {
	contentType, cache string
	etag               string // of the file; what is compressed has one of its own
	plain, gzip        []byte // gzip: nil if it would not be smaller
}

func newAsset(name string, b []byte, cache string) *asset {
	sum := sha256.Sum256(b)
	a := &asset{
		contentType: contentTypes[path.Ext(name)], cache: cache, plain: b,
		etag: hex.EncodeToString(sum[:8]),
	}
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
	w.Write(b)
	if err := w.Close(); err == nil && z.Len() < len(b) {
		a.gzip = z.Bytes()
	}
	return a
}

type handler map[string]*asset // by address

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	a := h[r.URL.Path]
	switch {
	case a == nil:
		header.Set("Cache-Control", "no-store")
		http.Error(w, "404: there is no such page", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "405: this page can only be read", http.StatusMethodNotAllowed)
		return
	}
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", a.cache)
	header.Set("Vary", "Accept-Encoding")
	body, etag := a.plain, a.etag
	if a.gzip != nil && accepts(r.Header.Values("Accept-Encoding"), "gzip") {
		body, etag = a.gzip, a.etag+"-gzip"
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	header.Set("Etag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// accepts reports whether Accept-Encoding headers allow coding (RFC 9110,
// 12.5.3). That * may stand for it is left out: nobody sends it alone.
func accepts(headers []string, coding string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, err := quality(params)
		return err == nil && q > 0
	}
	return false
}

var errNoWeight = errors.New("not a weight")

// quality reads a weight such as q=0.5; none is 1.
func quality(params string) (float64, error) {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1, nil
	}
	name, value, _ := strings.Cut(params, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0, errNoWeight
	}
	return strconv.ParseFloat(strings.TrimSpace(value), 64)
}
