package static

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
)

// LegacyCSP is the Content-Security-Policy of an older client's page. What a
// therapist's page would write into a style element for its icons is refused:
// they are bare without it.
const LegacyCSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const (
	legacyScript = "/static/jsmo.js"
	legacyPage   = "/legacy/"
	legacyLooks  = "bootstrap.min.css" // beside the client's manifest, if there is one
	legacyAssets = "assets"            // where a client's build keeps its files, and asks for them
)

//go:embed legacy/jsmo.js legacy/page.html legacy/none.html
var legacyFiles embed.FS

// clientTypes are kinds of files of a client's build, besides [contentTypes].
// Any other is application/octet-stream.
var clientTypes = map[string]string{
	".json": "application/json", ".map": "application/json", ".wasm": "application/wasm",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".ico": "image/x-icon",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav",
}

// maxClientBytes is how much a client's build may be: it is kept in memory.
const maxClientBytes = 64 << 20

// Legacy serves, in front of pages, what an older client needs: the script
// that its page calls at /static/jsmo.js, and at /legacy/ a page for the build
// in clientDir with the build's files at /assets/. An empty clientDir is none:
// /legacy/ is 404 then, and says how to have one.
//
// The directory is read once, before Legacy returns. Of it the manifest, what
// is below assets, and bootstrap.min.css are looked at, and neither files that
// begin with a dot nor links out of it. An error says what is wrong with it;
// its path is not in it.
func Legacy(pages http.Handler, clientDir string) (http.Handler, error) {
	l := &legacy{pages: pages, assets: handler{}}
	script, err := legacyFiles.ReadFile("legacy/jsmo.js")
	if err != nil {
		return nil, err
	}
	l.assets[legacyScript] = newAsset(legacyScript, script, "no-cache")
	if clientDir == "" {
		l.none, err = legacyFiles.ReadFile("legacy/none.html")
		return l, err
	}
	dir, err := os.OpenRoot(clientDir)
	if err != nil {
		return nil, errors.New("cannot open the directory: " + reason(err))
	}
	defer dir.Close()
	return l, l.read(dir)
}

type legacy struct {
	pages  http.Handler
	assets handler
	none   []byte // the page where there is no client
}

func (l *legacy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header, address := w.Header(), r.URL.Path
	switch {
	case address == legacyScript:
		// A study's page on a host of its own loads it, too. Nothing in it is
		// anybody's; which pages may call the API is the API's business.
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	case address == strings.TrimSuffix(legacyPage, "/"):
		http.Redirect(w, r, legacyPage, http.StatusMovedPermanently)
		return
	case address == legacyPage && l.none != nil:
		header.Set("Content-Type", contentTypes[".html"])
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
		w.Write(l.none)
		return
	case l.assets[address] == nil:
		l.pages.ServeHTTP(w, r)
		return
	}
	header.Set("Content-Security-Policy", LegacyCSP)
	l.assets.ServeHTTP(w, r)
}

// read takes in a client's build.
func (l *legacy) read(dir *os.Root) error {
	entry, err := readManifest(dir)
	if err != nil {
		return err
	}
	left := int64(maxClientBytes)
	take := func(name, address string) error {
		b, err := readFile(dir, name, left)
		if err != nil {
			return err
		}
		left -= int64(len(b))
		a := newAsset(name, b, "no-cache")
		if a.contentType == "" {
			a.contentType = clientTypes[path.Ext(name)]
		}
		if a.contentType == "" {
			a.contentType = "application/octet-stream"
		}
		l.assets[address] = a
		return nil
	}
	err = fs.WalkDir(dir.FS(), legacyAssets, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s: %s", name, reason(err))
		case strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return fs.SkipDir
		case strings.HasPrefix(d.Name(), ".") || d.IsDir():
			return nil
		}
		return take(name, "/"+name)
	})
	if err != nil {
		return err
	}
	var page struct {
		Script           string
		Styles, Preloads []string
	}
	if _, err := dir.Lstat(legacyLooks); err == nil {
		page.Styles = append(page.Styles, legacyPage+legacyLooks)
		if err := take(legacyLooks, legacyPage+legacyLooks); err != nil {
			return err
		}
	}
	page.Script = "/" + entry.file
	for _, of := range []struct {
		names []string
		to    *[]string
	}{{[]string{entry.file}, nil}, {entry.imports, &page.Preloads}, {entry.css, &page.Styles}} {
		for _, name := range of.names {
			if l.assets["/"+name] == nil {
				return fmt.Errorf("the manifest names %q, which is not a file below %s", name, legacyAssets)
			}
			if of.to != nil {
				*of.to = append(*of.to, "/"+name)
			}
		}
	}
	t, err := template.ParseFS(legacyFiles, "legacy/page.html")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
		return err
	}
	l.assets[legacyPage] = newAsset("page.html", b.Bytes(), "no-cache")
	return nil
}

// build is what a page has to load.
type build struct {
	file         string
	imports, css []string
}

// readManifest reads what vite writes: which files index.html became.
func readManifest(dir *os.Root) (b build, err error) {
	const page = "index.html"
	var text []byte
	for _, name := range []string{"manifest.json", ".vite/manifest.json"} {
		if text, err = readFile(dir, name, 1<<20); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return b, errors.New("there is no manifest.json: it must be a client's build, made with vite's build.manifest")
	}
	if err != nil {
		return b, err
	}
	var chunks map[string]struct {
		File         string
		CSS, Imports []string
	}
	if err := json.Unmarshal(text, &chunks); err != nil {
		return b, errors.New("manifest.json is not vite's: it cannot be read as one")
	}
	if b.file = chunks[page].File; b.file == "" {
		return b, errors.New("manifest.json does not say which file " + page + " became")
	}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		c := chunks[name]
		for _, of := range c.Imports {
			visit(of)
		}
		if name != page {
			b.imports = append(b.imports, c.File)
		}
		for _, css := range c.CSS {
			if !slices.Contains(b.css, css) {
				b.css = append(b.css, css)
			}
		}
	}
	visit(page)
	return b, nil
}

// readFile reads a file of at most limit bytes. It must be a file, or a link
// to one within dir.
func readFile(dir *os.Root, name string, limit int64) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, &fileError{name, err}
	}
	if info, err := dir.Stat(name); err != nil {
		return fail(err)
	} else if !info.Mode().IsRegular() {
		return fail(errors.New("is not a file")) // opening a pipe would wait
	}
	f, err := dir.Open(name)
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errors.New("is too large, or the whole of it is")
	}
	if err != nil {
		return fail(err)
	}
	return b, nil
}

// fileError is what is wrong with a file of a client's build.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + reason(e.err) }
func (e *fileError) Unwrap() error { return e.err }

// reason is an error without the path that it is about.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}
