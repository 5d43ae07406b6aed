// Package browser drives the demo as people do: the real binary, and windows
// of a real Chromium. It is for tests and for the pictures in the docs.
package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"

	_ "hearth/internal/cmd" // what StartDemo builds: a test's result must not outlive it in the cache
)

// ErrNone is returned where no Chromium is installed.
var ErrNone = errors.New("chromium is not installed")

// Demo is a demo server under way.
type Demo struct {
	URL string
	cmd *exec.Cmd

	mu    sync.Mutex
	lines []string
	wake  chan struct{} // closed and replaced at each line
}

// StartDemo builds the binary in dir and runs its demo on a free port.
func StartDemo(ctx context.Context, dir string) (*Demo, error) {
	bin := filepath.Join(dir, "hearth")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "hearth").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	d := &Demo{cmd: exec.Command(bin, "demo", "--listen", "127.0.0.1:0"), wake: make(chan struct{})}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			d.mu.Lock()
			d.lines = append(d.lines, s.Text())
			close(d.wake)
			d.wake = make(chan struct{})
			d.mu.Unlock()
		}
	}()
	d.URL, err = d.find(ctx, 0, regexp.MustCompile(`(http://[0-9.:]+)/`))
	if err != nil {
		d.Stop()
		return nil, err
	}
	return d, nil
}

// Stop ends the server and waits for it.
func (d *Demo) Stop() error {
	d.cmd.Process.Signal(syscall.SIGTERM)
	return d.cmd.Wait()
}

// find waits for a line of the terminal, from line number from on.
func (d *Demo) find(ctx context.Context, from int, re *regexp.Regexp) (string, error) {
	for {
		d.mu.Lock()
		lines, wake := d.lines, d.wake
		d.mu.Unlock()
		for ; from < len(lines); from++ {
			if m := re.FindStringSubmatch(lines[from]); m != nil {
				return m[1], nil
			}
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return "", fmt.Errorf("the demo has not printed %v: %w", re, ctx.Err())
		}
	}
}

// printed is how many lines the demo has printed.
func (d *Demo) printed() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.lines)
}

// Chromium is one running browser.
type Chromium struct {
	ctx  context.Context
	stop context.CancelFunc
}

// StartChromium starts a headless browser; it ends with ctx or Stop.
func StartChromium(ctx context.Context) (*Chromium, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, ErrNone
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(ctx, options...)
	browser, stopBrowser := chromedp.NewContext(alloc)
	c := &Chromium{ctx: browser, stop: func() { stopBrowser(); stopAlloc() }}
	if err := chromedp.Do(browser); err != nil {
		c.stop()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	return c, nil
}

// Stop ends the browser.
func (c *Chromium) Stop() { c.stop() }

// Window is one private window: its cookies and storage are its own.
type Window struct {
	demo  *Demo
	ctx   context.Context
	close context.CancelFunc

	mu     sync.Mutex
	faults []string
}

// Open opens a private window of width × height CSS pixels at path of the
// demo.
func (c *Chromium) Open(d *Demo, width, height int64, path string) (*Window, error) {
	ctx, closeTab := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	w := &Window{demo: d, ctx: ctx, close: func() { cancel(); closeTab() }}
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		return w, err
	}
	return w, w.Do(chromedp.EmulateViewport(width, height), chromedp.Navigate(d.URL+path))
}

// Close closes the window.
func (w *Window) Close() { w.close() }

// Do carries out steps in the window.
func (w *Window) Do(steps ...chromedp.Action[chromedp.Void]) error {
	return chromedp.Do(w.ctx, steps...)
}

// Screenshot is a picture of the window, a PNG.
func (w *Window) Screenshot() ([]byte, error) {
	return chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
}

func text(s string) string {
	return `concat("` + strings.ReplaceAll(s, `"`, `", '"', "`) + `", "")`
}

// Button finds a button by its accessible name.
func Button(name string) string {
	return fmt.Sprintf(`//button[normalize-space(.)=%[1]s or @aria-label=%[1]s]`, text(name))
}

// Box finds a text field by its label.
func Box(label string) string {
	return fmt.Sprintf(`//*[(self::input or self::textarea) and (@aria-label=%[1]s or @id=//label[normalize-space(.)=%[1]s]/@for)]`, text(label))
}

// Heading finds the view's heading.
func Heading(name string) string { return fmt.Sprintf(`//h1[normalize-space(.)=%s]`, text(name)) }

// Message finds a message in the log by what it says.
func Message(body string) string {
	return fmt.Sprintf(`//*[@role="log"]//article[.//*[normalize-space(text())=%[1]s]]`, text(body))
}

// Press waits for something and clicks it.
func (w *Window) Press(xpath string) error {
	return w.step("press "+xpath, chromedp.Click(xpath, chromedp.NodeVisible))
}

// Type waits for a field and types into it.
func (w *Window) Type(xpath, s string) error {
	return w.step("type into "+xpath, chromedp.SendKeys(xpath, s, chromedp.NodeVisible))
}

// See waits until something is there.
func (w *Window) See(xpath string) error {
	return w.step("see "+xpath, chromedp.WaitVisible(xpath))
}

// step bounds one step, so that a failure says which it was.
func (w *Window) step(what string, a chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, a); err != nil {
		page, _ := chromedp.Run(w.ctx, chromedp.Text(chromedp.CSS("body")))
		return fmt.Errorf("%s: %w; the page says %q", what, err, page)
	}
	return nil
}

// LogIn logs in with the code that the demo prints.
func (w *Window) LogIn(phone, lastName string) error {
	from := w.demo.printed()
	if err := errors.Join(w.Type(Box("Phone"), phone), w.Type(Box("Last name"), lastName), w.Press(Button("Send code"))); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	code, err := w.demo.find(ctx, from, regexp.MustCompile(`\b([0-9]{6}) is your code`))
	if err != nil {
		return err
	}
	return errors.Join(w.Type(Box("Code"), code), w.Press(Button("Log in")))
}

// Say writes a message and sends it.
func (w *Window) Say(body string) error {
	return errors.Join(w.Type(Box("Message"), body), w.Press(Button("Send")))
}

// Faults are what the page's console reported as errors so far.
func (w *Window) Faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults
}
