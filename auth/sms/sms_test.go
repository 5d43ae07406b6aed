package sms_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"hearth/auth/sms"
	"hearth/hub/chat"
)

func TestEverySenderRefusesWhatCannotBeSent(t *testing.T) {
	vonage, err := sms.NewVonage(sms.Options{APIKey: apiKey, APISecret: apiSecret, From: "Hearth", BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, sender := range map[string]sms.Sender{
		"console": &sms.Console{Out: noWriter{t}},
		"file":    sms.File{Path: filepath.Join(t.TempDir(), "no", "such", "directory")},
		"vonage":  vonage,
	} {
		for _, test := range []struct {
			name string
			ctx  context.Context
			to   chat.Phone
			text string
			want string
		}{
			{"an empty phone", t.Context(), "", text, "to: not a phone number in E.164"},
			{"a phone without plus", t.Context(), "16505550123", text, "to: not a phone number in E.164"},
			{"a plus alone", t.Context(), "+", text, "to: not a phone number in E.164"},
			{"a phone with spaces", t.Context(), "+1 650 555 0123", text, "to: not a phone number in E.164"},
			{"a phone of 16 digits", t.Context(), "+1234567890123456", text, "to: not a phone number in E.164"},
			{"an empty text", t.Context(), phone, "", "text: must not be empty"},
			{"a text that is not UTF-8", t.Context(), phone, "caf\xe9", "text: must be valid UTF-8"},
			{"a context that is done", gone, phone, text, "context canceled"},
		} {
			err := sender.Send(test.ctx, test.to, test.text)
			if !sms.Refused(err) || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("%s: %s: got %v, want a refusal that ends in %q", name, test.name, err, test.want)
			}
			keepsSecrets(t, err, "")
		}
	}
}

func TestRefusedSeesThroughWrapping(t *testing.T) {
	plain := errors.New("no credit")
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil is not refused", nil, false},
		{"another error is not refused", plain, false},
		{"a refusal is", sms.Refuse(plain), true},
		{"a wrapped refusal is", fmt.Errorf("login: %w", sms.Refuse(plain)), true},
	} {
		if got := sms.Refused(test.err); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
	if err := sms.Refuse(plain); !errors.Is(err, plain) || err.Error() != "no credit" {
		t.Errorf("Refuse hides its error: %v", err)
	}
}

type noWriter struct{ t *testing.T }

func (w noWriter) Write(p []byte) (int, error) {
	w.t.Errorf("wrote %q", p)
	return len(p), nil
}

const (
	phone     = chat.Phone("+16505550123")
	code      = "483920"
	text      = "Your Hearth code is " + code + "."
	apiKey    = "k3ykEyKe"
	apiSecret = "s3cr3t+&=S/ecret"
)

// keepsSecrets fails the test if the error, printed in any way, or the log
// holds what neither may.
func keepsSecrets(t *testing.T, err error, log string) {
	t.Helper()
	said := log
	for e := err; e != nil; e = errors.Unwrap(e) {
		said += fmt.Sprintf("\n%v %+v %#v", e, e, e)
	}
	for _, s := range []string{string(phone), string(phone[1:]), code, "Your Hearth", apiKey, apiSecret, "s3cr3t", "S/ecret", "S%2Fecret"} {
		if strings.Contains(said, s) {
			t.Errorf("%q leaks in: %s", s, said)
		}
	}
}
