package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"hearth/hub/chat"
)

// File appends each message to a file, for trial runs and for programs that
// read the codes: one JSON object a line, {"to","text","time"}, with the time
// in RFC 3339, UTC, to the millisecond.
type File struct {
	Path string           // required; made with mode 0600 where it is missing
	Now  func() time.Time // nil: time.Now
}

// Send opens the file, appends one line with one write, and closes it, so that
// the file may be moved away at any time. Lines of concurrent sends do not mix,
// those of other processes included: local file systems append each write as a
// whole. It does not sync: a crash of the machine may lose the last lines. An
// error is a refusal unless something of the line was written.
func (f File) Send(ctx context.Context, to chat.Phone, text string) error {
	if err := check(ctx, to, text); err != nil {
		return fmt.Errorf("sms file: %w", err)
	}
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}

	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		To   string `json:"to"`
		Text string `json:"text"`
		Time string `json:"time"`
	}{string(to), text, now().UTC().Format("2006-01-02T15:04:05.000Z")}); err != nil {
		return Refuse(fmt.Errorf("sms file: %w", err))
	}

	file, err := os.OpenFile(f.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return Refuse(fmt.Errorf("sms file: %w", err))
	}
	n, err := file.Write(line.Bytes())
	closeErr := file.Close()
	switch {
	case err != nil && n == 0:
		return Refuse(fmt.Errorf("sms file: %w", err))
	case err != nil:
		return fmt.Errorf("sms file: %w", err)
	case closeErr != nil:
		return fmt.Errorf("sms file: %w", closeErr)
	}
	return nil
}
