package sms_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/auth/sms"
	"hearth/hub/chat"
)

func evening() time.Time {
	return time.Date(2026, 12, 1, 18, 0, 5, 67_000_000, time.FixedZone("", -8*60*60))
}

func TestConsoleShowsTimePhoneAndText(t *testing.T) {
	var out bytes.Buffer
	c := &sms.Console{Out: &out, Now: evening}
	if err := c.Send(t.Context(), phone, text+"\nIt is good for 10 minutes."); err != nil {
		t.Fatal(err)
	}
	const want = `
--------------------------------------------------
  SMS to +16505550123, 2026-12-01 18:00:05

  Your Hearth code is 483920.
  It is good for 10 minutes.
--------------------------------------------------

`
	if out.String() != want {
		t.Errorf("got:%s\nwant:%s", &out, want)
	}
}

func TestConsoleKeepsConcurrentBlocksApart(t *testing.T) {
	var out bytes.Buffer // not safe for concurrent use: the race detector watches
	c := &sms.Console{Out: &out, Now: evening}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := c.Send(t.Context(), chat.Phone(fmt.Sprintf("+1650555%04d", i)), fmt.Sprintf("text %04d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 50 {
		want := fmt.Sprintf("  SMS to +1650555%04d, 2026-12-01 18:00:05\n\n  text %04d\n---", i, i)
		if !strings.Contains(out.String(), want) {
			t.Errorf("block %d is not whole", i)
		}
	}
}

func TestConsoleRefusesOnlyWhatWasNotShown(t *testing.T) {
	closed := errors.New("closed")
	for _, test := range []struct {
		name    string
		written int
		refused bool
	}{
		{"nothing was written", 0, true},
		{"half of it was written", 20, false},
	} {
		c := &sms.Console{Out: brokenWriter{test.written, closed}}
		err := c.Send(t.Context(), phone, text)
		if !errors.Is(err, closed) || sms.Refused(err) != test.refused {
			t.Errorf("%s: got %v, refused %v", test.name, err, sms.Refused(err))
		}
		keepsSecrets(t, err, "")
	}
}

type brokenWriter struct {
	n   int
	err error
}

func (w brokenWriter) Write([]byte) (int, error) { return w.n, w.err }
