package browser

import (
	"encoding/json"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// Named is something that a screen reader comes upon.
type Named struct {
	Role, Name string // as Chromium computes them, such as button and "Send"
}

// Named is all that a screen reader comes upon in the view as it is now, in
// order. A name that is empty has nothing to be read out but what is in it.
func (w *Window) Named() ([]Named, error) {
	tree, err := chromedp.Call(w.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, err
	}
	said := func(v *accessibility.Value) string {
		var s string
		if v != nil {
			json.Unmarshal(v.Value, &s)
		}
		return s
	}
	var all []Named
	for _, n := range tree.Nodes {
		if !n.Ignored {
			all = append(all, Named{said(n.Role), said(n.Name)})
		}
	}
	return all, nil
}
