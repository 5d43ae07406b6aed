package sms

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"hearth/hub/chat"
)

// Console shows each message to the person at the terminal, phone and text in
// clear: it is for trying Hearth out on loopback, with sample data. It must not
// be copied after its first Send.
type Console struct {
	Out io.Writer        // required
	Now func() time.Time // nil: time.Now

	mu sync.Mutex
}

// Send writes one block with one call of Out.Write; blocks of concurrent sends
// do not mix. A failed write is a refusal if nothing was written.
func (c *Console) Send(ctx context.Context, to chat.Phone, text string) error {
	if err := check(ctx, to, text); err != nil {
		return fmt.Errorf("sms console: %w", err)
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}

	const rule = "--------------------------------------------------\n"
	var b strings.Builder
	b.WriteString("\n" + rule)
	fmt.Fprintf(&b, "  SMS to %s, %s\n\n", string(to), now().Format(time.DateTime))
	for line := range strings.Lines(text) {
		b.WriteString("  " + strings.TrimRight(line, "\r\n") + "\n")
	}
	b.WriteString(rule + "\n")

	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := io.WriteString(c.Out, b.String())
	if err == nil {
		return nil
	}
	err = fmt.Errorf("sms console: %w", err)
	if n == 0 {
		return Refuse(err)
	}
	return err
}
