// Package sms sends text messages: to the terminal ([Console]), to a file
// ([File]), or through an account with Vonage ([Vonage]).
//
// It knows nothing of what a message says, who may have one or how often; that
// is package auth's. It keeps phones, texts and credentials out of every error
// and log record.
package sms

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"hearth/hub/chat"
)

// Sender sends one text message.
//
// Send returns nil when the provider has accepted it, which does not mean that
// it has arrived. An error for which [Refused] is true means that the provider
// definitely did not accept it; after any other error nobody knows, and it may
// still arrive. Send blocks until one of these is so or ctx is done, and is
// safe for concurrent use. An empty text, one that is not UTF-8, and a phone
// that is not E.164 are refused.
type Sender interface {
	Send(ctx context.Context, to chat.Phone, text string) error
}

// Refused reports whether err says that the provider definitely did not accept
// the message, so that it need not be counted as sent. It is false for nil.
func Refused(err error) bool {
	var r refusal
	return errors.As(err, &r)
}

// Refuse marks err for [Refused]; its text stays as it is.
func Refuse(err error) error { return refusal{err} }

type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// check is what every sender asks first. Its errors are refusals.
func check(ctx context.Context, to chat.Phone, text string) error {
	if err := ctx.Err(); err != nil {
		return Refuse(err)
	}
	digits, plus := strings.CutPrefix(string(to), "+")
	switch {
	case !plus || digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "": // ITU-T E.164, 6.2.1
		return Refuse(errors.New("to: not a phone number in E.164"))
	case text == "":
		return Refuse(errors.New("text: must not be empty"))
	case !utf8.ValidString(text):
		return Refuse(errors.New("text: must be valid UTF-8"))
	}
	return nil
}
