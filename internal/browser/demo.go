package browser

import (
	"context"
	"regexp"
)

// Demo is a demo server under way.
type Demo struct {
	URL string
	p   *process
}

// RunDemo runs the demo of a binary that is built, on a free port.
func RunDemo(ctx context.Context, bin string) (*Demo, error) {
	p, err := start(bin, "", nil, "demo", "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Demo{p: p}
	d.URL, err = p.find(ctx, 0, regexp.MustCompile(`(http://[0-9.:]+)/`))
	if err != nil {
		p.kill()
		return nil, err
	}
	return d, nil
}

// Stop ends the server and waits for it.
func (d *Demo) Stop() error { return d.p.stop() }

// Address is where it is.
func (d *Demo) Address() string { return d.URL }

// Sent is how many lines the demo has printed.
func (d *Demo) Sent() int { return d.p.written() }

// Code is the next one printed. The terminal does not say for which phone in
// full, so the demo is for one login at a time.
func (d *Demo) Code(ctx context.Context, _ string, from int) (string, error) {
	return d.p.find(ctx, from, regexp.MustCompile(`\b([0-9]{6}) is your code`))
}
