package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// ErrNoAxe is returned where axe-core is not installed.
var ErrNoAxe = errors.New("axe-core is not installed: run npm ci in .ci")

// axeSource is axe-core, which the tools' package.json names.
var axeSource = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), ".ci", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, os.ErrNotExist) {
		return "", ErrNoAxe
	}
	return string(b), err
})

// HaveAxe is ErrNoAxe where it is not installed.
func HaveAxe() error {
	_, err := axeSource()
	return err
}

// Axe looks for violations of accessibility rules in the view as it is now: of
// all rules, or of those named. Each is told with where it is.
func (w *Window) Axe(rules ...string) ([]string, error) {
	source, err := axeSource()
	if err != nil {
		return nil, err
	}
	// The page's policy does not hold for what the browser itself is told to run.
	if there, err := Value[bool](w, `!!globalThis.axe`); err != nil || !there {
		if err := errors.Join(err, w.Run(source+`; 0`)); err != nil {
			return nil, fmt.Errorf("axe: %w", err)
		}
	}
	only := ""
	if len(rules) > 0 {
		only = `, runOnly: {type: 'rule', values: ` + quoteAll(rules) + `}`
	}
	return Value[[]string](w, `axe.run(document, {preload: false, resultTypes: ['violations']`+only+`}).then(r => r.violations.flatMap(v =>
		v.nodes.map(n => v.id + ': ' + v.help + ' at ' + n.target.join(' ') + ' ' + n.html.slice(0, 200)
		+ ' ' + n.any.concat(n.all, n.none).map(c => c.message).join('; '))))`)
}

func quoteAll(all []string) string {
	var q []string
	for _, s := range all {
		q = append(q, quote(s))
	}
	return "[" + strings.Join(q, ",") + "]"
}

// Wide says what makes the page scroll sideways; empty if it does not.
func (w *Window) Wide() (string, error) { return Value[string](w, tool(`wide()`)) }
