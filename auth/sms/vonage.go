package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"hearth/hub/chat"
)

// Options of an account with Vonage. They print without their secrets.
type Options struct {
	APIKey    string       // required
	APISecret string       // required
	From      string       // required: the sender's number (digits) or name, as the account allows
	BaseURL   string       // empty: https://rest.nexmo.com; plain http only to loopback
	Client    *http.Client // nil: a new one; without a Timeout it gets 10 s for each try; follows no redirects
	Log       *slog.Logger // nil: none; gets a record for each try that is repeated
}

// Format implements fmt.Formatter.
func (o Options) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "[vonage account at %q]", o.BaseURL) }

// LogValue implements slog.LogValuer.
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(o)) }

const (
	vonageURL     = "https://rest.nexmo.com"
	vonageTimeout = 10 * time.Second       // of one try
	maxTries      = 3                      // of one Send
	firstPause    = 500 * time.Millisecond // before the second try; then doubled
	maxAnswer     = 64 << 10               // bytes
)

// Vonage sends through Vonage's SMS API (POST /sms/json).
type Vonage struct {
	base              *url.URL
	key, secret, from string
	client            *http.Client
	log               *slog.Logger
}

// NewVonage makes a sender. It does not contact Vonage: [Check] does. The error
// names the option that is missing or wrong.
func NewVonage(o Options) (*Vonage, error) {
	for _, field := range []struct{ name, value string }{
		{"api_key", o.APIKey}, {"api_secret", o.APISecret}, {"from", o.From},
	} {
		if field.value == "" {
			return nil, fmt.Errorf("sms vonage: %s is missing", field.name)
		}
	}
	base, err := parseBaseURL(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("sms vonage: base_url: %w", err)
	}

	v := &Vonage{base: base, key: o.APIKey, secret: o.APISecret, from: o.From, log: o.Log}
	var client http.Client
	if o.Client != nil {
		client = *o.Client
	}
	if client.Timeout == 0 {
		client.Timeout = vonageTimeout
	}
	// A redirected request would take the secret and the code to another place.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.client = &client
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	return v, nil
}

// parseBaseURL does not quote s in its errors: it may hold a password.
func parseBaseURL(s string) (*url.URL, error) {
	if s == "" {
		s = vonageURL
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, errors.New("must be a URL such as " + vonageURL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not hold a user, a query or a fragment")
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return nil, errors.New("must be https: the secret and the codes travel with each request")
	}
	return u, nil
}

// Format implements fmt.Formatter: never the secret.
func (v *Vonage) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "[vonage account at %q]", v.base) }

// Send sends text as one message, which Vonage splits where it is long.
//
// It tries at most three times in the time that ctx leaves, with a pause of
// 500 to 750 ms before the second try and twice that before the third. What
// Vonage certainly did not accept and may accept soon (too fast, no connection,
// 503) is tried until then. Where nobody knows (no answer, an answer that makes
// no sense, an internal error) it tries once more: the worst is the same text
// twice, while giving up may leave a person in distress without a code. One try
// of unknown fate makes the whole of unknown fate.
func (v *Vonage) Send(ctx context.Context, to chat.Phone, text string) error {
	if err := check(ctx, to, text); err != nil {
		return fmt.Errorf("sms vonage: %w", err)
	}
	form := url.Values{
		"api_key":    {v.key},
		"api_secret": {v.secret},
		"to":         {strings.TrimPrefix(string(to), "+")},
		"from":       {v.from},
		"text":       {text},
	}
	if !isGSM(text) {
		form.Set("type", "unicode")
	}

	unknown := 0 // tries whose fate nobody knows
	for try, pause := 1, firstPause; ; try, pause = try+1, 2*pause {
		f := v.post(ctx, form.Encode())
		if f == nil {
			return nil
		}
		if !f.refused {
			unknown++
		}
		err := error(f)
		wait := pause + rand.N(pause/2)
		end, limited := ctx.Deadline()
		switch {
		case !f.again || try == maxTries || unknown > 1 || limited && time.Until(end) <= wait:
		case ctx.Err() == nil:
			v.log.WarnContext(ctx, "sms: not accepted, trying again", "provider", "vonage", "try", try, "pause", wait, "err", f.why)
			select {
			case <-time.After(wait):
				continue
			case <-ctx.Done():
				err = fmt.Errorf("%w, then: %w", err, ctx.Err())
			}
		}
		err = fmt.Errorf("sms vonage: try %d: %w", try, err)
		if unknown == 0 {
			return Refuse(err)
		}
		return err
	}
}

// isGSM says whether the API's default type can carry text. It takes only
// ASCII for GSM 03.38, which lacks the backquote.
func isGSM(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x7f || r == '`' })
}

// fault is why one try failed.
type fault struct {
	why     string // holds nothing of the request, and of the answer only what is documented
	refused bool   // Vonage certainly did not accept the message
	again   bool   // another try may help
	cause   error  // of the context, or nil
}

func (f *fault) Error() string { return f.why }
func (f *fault) Unwrap() error { return f.cause }

// post is one try; nil means accepted.
func (v *Vonage) post(ctx context.Context, form string) *fault {
	req, err := http.NewRequest(http.MethodPost, v.base.JoinPath("sms/json").String(), strings.NewReader(form))
	if err != nil {
		return &fault{why: "the request could not be made", refused: true}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, f := v.do(ctx, req)
	switch {
	case f != nil:
		return f
	case status == http.StatusOK:
		return readAnswer(body)
	}
	f = &fault{why: fmt.Sprintf("HTTP status %d", status), again: true}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		f.refused = true
	case status >= 400 && status < 500:
		f.refused, f.again = true, false
	case status < 400: // a redirect, or a success that is not documented: the next answer would be the same
		f.again = false
	}
	return f
}

// do sends req and reads the answer.
func (v *Vonage) do(ctx context.Context, req *http.Request) (status int, body []byte, f *fault) {
	// While there is no connection nothing has been sent. The first hook tells
	// a transport that calls hooks from one that does not.
	var wanted, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	req = req.WithContext(ctx)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hearth")

	failed := func(err error) *fault {
		f := &fault{again: true, cause: ctx.Err(), refused: wanted.Load() && !got.Load()}
		var timeout net.Error
		switch {
		case ctx.Err() != nil:
			f.why, f.again = ctx.Err().Error(), false
		case f.refused:
			// Nothing was sent, so the reason can hold nothing of it.
			f.why = fmt.Sprintf("no connection: %v", errors.Unwrap(err))
		case errors.As(err, &timeout) && timeout.Timeout():
			f.why = "no answer in time"
		default: // net/http quotes what it does not understand
			f.why = "the connection broke before the answer was complete"
		}
		return f
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return 0, nil, failed(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case resp.StatusCode != http.StatusOK: // which says enough
		return resp.StatusCode, nil, nil
	case err != nil:
		return 0, nil, failed(err)
	case len(body) > maxAnswer:
		return 0, nil, &fault{why: fmt.Sprintf("an answer of more than %d bytes", maxAnswer), again: true}
	}
	return resp.StatusCode, body, nil
}

// Check asks Vonage for the account's balance, which proves that base URL, key
// and secret are right and that Vonage can be reached; it sends no message and
// says nothing of From. It tries once and blocks until ctx is done at most. The
// credentials travel in a header, not in the URL, as the Account API reference
// (GET /account/get-balance, Basic authentication) has it.
func Check(ctx context.Context, o Options) error {
	v, err := NewVonage(o)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodGet, v.base.JoinPath("account/get-balance").String(), nil)
	if err != nil {
		return errors.New("sms vonage: the request could not be made")
	}
	req.SetBasicAuth(v.key, v.secret)
	status, body, f := v.do(ctx, req)
	var answer struct {
		Value *float64 `json:"value"` // EUR
	}
	switch {
	case f != nil:
		return fmt.Errorf("sms vonage: account balance: %w", f)
	case status == http.StatusUnauthorized:
		return errors.New("sms vonage: account balance: api_key or api_secret is not valid")
	case status != http.StatusOK:
		return fmt.Errorf("sms vonage: account balance: HTTP status %d", status)
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Value == nil {
		return errors.New("sms vonage: account balance: an answer that is not the documented JSON")
	}
	return nil
}
