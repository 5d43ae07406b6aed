// Screenshot makes docs/pictures: every view of the pages, on a phone and on a
// wide screen, light and dark. Run it from the top of the project:
//
//	go run ./docs/screenshot               # all of them
//	go run ./docs/screenshot -only people  # those whose name holds this
//
// Reactions need a font with emoji (Debian: fonts-noto-color-emoji).
//
// views.go is the table of views: a row is a name, the windows in which it is
// shown, and the way there. stage.go is the server and the people.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hearth/internal/browser"
)

const pictures = "docs/pictures"

func main() {
	only := flag.String("only", "", "make only those whose `name` holds this")
	out := flag.String("out", pictures, "the `directory` to put them in")
	quality := flag.Int64("quality", 34, "of WebP, 1 to 100")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := run(ctx, *only, *out, *quality); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, out string, quality int64) error {
	dir, err := os.MkdirTemp("", "hearth-screenshot-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if only == "" { // what no row makes any more goes
		old, err := filepath.Glob(filepath.Join(out, "*.webp"))
		if err != nil {
			return err
		}
		for _, file := range old {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	bin, err := browser.Build(ctx, dir)
	if err != nil {
		return err
	}
	chromium, err := browser.StartChromium(ctx)
	if err != nil {
		return err
	}
	defer chromium.Stop()
	var failed []error
	total, made := 0, 0
	for i, v := range views {
		if !strings.Contains(v.name, only) {
			continue
		}
		n, size, err := v.take(ctx, chromium, bin, filepath.Join(dir, fmt.Sprint(i)), out, quality)
		if err != nil { // the others are of use without it
			failed = append(failed, fmt.Errorf("%s: %w", v.name, err))
			fmt.Fprintf(os.Stderr, "%-22s FAILED: %.300v\n", v.name, err)
			continue
		}
		made += n
		total += size
		fmt.Fprintf(os.Stderr, "%-22s %d pictures, %d kB\n", v.name, n, size/1000)
	}
	fmt.Fprintf(os.Stderr, "%d pictures, %d kB\n", made, total/1000)
	return errors.Join(failed...)
}

// take goes to the view, for each window in a server of its own, and takes its
// pictures.
func (v view) take(ctx context.Context, c *browser.Chromium, bin, dir, out string, quality int64) (n, size int, err error) {
	at := v.at
	if at == nil {
		at = both
	}
	for _, in := range at {
		all, err := v.pictures(ctx, c, bin, fmt.Sprint(dir, "-", in.width), in, quality)
		if err != nil {
			return n, size, err
		}
		for how, b := range all {
			if err := os.WriteFile(filepath.Join(out, fmt.Sprintf("%s-%d-%s.webp", v.name, in.width, how)), b, 0o644); err != nil {
				return n, size, err
			}
			n++
			size += len(b)
		}
	}
	return n, size, nil
}

// pictures are WebPs of the view, light and dark.
func (v view) pictures(ctx context.Context, c *browser.Chromium, bin, dir string, in window, quality int64) (map[string][]byte, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s, err := newStage(ctx, c, bin, dir)
	if err != nil {
		return nil, err
	}
	defer s.close()
	s.in = in
	w, err := v.way(s)
	if err = first(err); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, how := range []string{"light", "dark"} {
		if err := errors.Join(
			w.Look(browser.Media{Dark: how == "dark", LessMotion: true}),
			// The cursor blinks, and what was pressed last is not what the picture is about.
			w.Run(`document.documentElement.style.caretColor = 'transparent'; new Promise(done => setTimeout(() => requestAnimationFrame(done), 300))`),
		); err != nil {
			return nil, err
		}
		r, err := chromedp.Call(w.Context(), page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatWebp, Quality: &quality,
			Clip: &page.Viewport{Width: float64(in.width), Height: float64(in.height), Scale: in.scale},
		})
		if err != nil {
			return nil, err
		}
		all[how] = r.Data
	}
	return all, nil
}

// first is the first of several errors that were joined: a window's further
// steps fail for the same reason.
func first(err error) error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return first(all.Unwrap()[0])
	}
	return err
}
