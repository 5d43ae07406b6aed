package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// listen gathers uncaught errors, what the policy refused, failed requests,
// dialogs, and what the page sends.
func (w *Window) listen(event any) {
	fault, passing := "", false
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			fault += " " + x.Description
		}
		if trace := e.ExceptionDetails.StackTrace; trace != nil && !strings.Contains(fault, "\n") {
			for _, f := range trace.CallFrames[:min(3, len(trace.CallFrames))] {
				fault += fmt.Sprintf("\n    at %s %s:%d", f.FunctionName, f.URL, f.LineNumber+1)
			}
		}
	case *log.EventEntryAdded:
		// That a call is refused (4xx) is an answer; Chromium counts it as an error.
		refusal := e.Entry.Source == log.EntrySourceNetwork && strings.Contains(e.Entry.Text, "with a status of 4")
		if e.Entry.Level == log.EntryLevelError && !refusal {
			fault = string(e.Entry.Source) + ": " + e.Entry.Text + " " + e.Entry.URL
			passing = e.Entry.Source == log.EntrySourceNetwork || strings.Contains(e.Entry.Text, "WebSocket connection")
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			fault = fmt.Sprintf("console.error with %d arguments", len(e.Args))
		}
	case *page.EventJavascriptDialogOpening:
		if e.Type != page.DialogTypeBeforeunload {
			w.note(func() { w.asked = append(w.asked, e.Message) })
		}
		go chromedp.Call(w.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
	case *network.EventWebSocketFrameSent:
		w.note(func() {
			w.sent = append(w.sent, json.RawMessage(e.Response.PayloadData))
			close(w.wake)
			w.wake = make(chan struct{})
		})
	}
	if fault != "" {
		w.note(func() {
			if !passing || !w.forgive {
				w.faults = append(w.faults, fault)
			}
		})
	}
}

func (w *Window) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// Faults are what the page's console reported as errors so far, and dialogs
// that it opened.
func (w *Window) Faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := append([]string(nil), w.faults...)
	for _, d := range w.asked {
		all = append(all, "a dialog: "+d)
	}
	return all
}

// BadNetwork says that from now on calls may fail: that is not the page's
// fault.
func (w *Window) BadNetwork() { w.note(func() { w.forgive = true }) }

// Saved waits until the page has sent an action for which is says yes, over
// its WebSocket, and returns it.
func (w *Window) Saved(is func(action map[string]any) bool) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for from := 0; ; {
		w.mu.Lock()
		sent, wake := w.sent, w.wake
		w.mu.Unlock()
		for ; from < len(sent); from++ {
			var f struct {
				Type    string
				Actions []map[string]any
			}
			if json.Unmarshal(sent[from], &f) != nil || f.Type != "save" {
				continue
			}
			for _, a := range f.Actions {
				if is(a) {
					return a, nil
				}
			}
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, fmt.Errorf("the page has not sent it, but %s: %w", sent, ctx.Err())
		}
	}
}
