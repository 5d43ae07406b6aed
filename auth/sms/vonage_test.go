package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hearth/auth/sms"
)

func debugLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestVonageSendsTheDocumentedForm(t *testing.T) {
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		got = r
		accepts(w, r)
	}))
	defer server.Close()
	for _, test := range []struct {
		name, text string
		unicode    bool
	}{
		{"ASCII", text, false},
		{"letters beyond ASCII", "Tu código de Hearth es 483920.", true},
		{"an emoji", "Hearth \U0001f525 483920", true},
		{"a backquote, which GSM 03.38 lacks", "`483920`", true},
		{"what a form must escape", "1+1 = 2 & 100%\nnext line", false},
	} {
		v, err := sms.NewVonage(sms.Options{APIKey: apiKey, APISecret: apiSecret, From: "1 650&555", BaseURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Send(t.Context(), phone, test.text); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		want := url.Values{"api_key": {apiKey}, "api_secret": {apiSecret}, "to": {"16505550123"}, "from": {"1 650&555"}, "text": {test.text}}
		if test.unicode {
			want.Set("type", "unicode")
		}
		if !maps.EqualFunc(got.PostForm, want, func(a, b []string) bool { return len(a) == 1 && a[0] == b[0] }) {
			t.Errorf("%s: got %v, want %v", test.name, got.PostForm, want)
		}
		if got.Method != "POST" || got.RequestURI != "/sms/json" || got.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s: got %s %s %v", test.name, got.Method, got.RequestURI, got.Header)
		}
	}
}

func TestVonageFate(t *testing.T) {
	const (
		accepted = iota
		refused
		unknown
	)
	huge := answer(200, `{"messages":[{"status":"0"}],"padding":"`+strings.Repeat("x", 64<<10)+`"}`)
	type row struct {
		name    string
		answers []http.HandlerFunc
		fate    int
		tries   int
		says    string // in the error
	}
	table := []row{
		{"accepted at once", []http.HandlerFunc{accepts}, accepted, 1, ""},
		{"accepted in two parts", []http.HandlerFunc{statuses("0", "0")}, accepted, 1, ""},
		{"a status that is a number", []http.HandlerFunc{answer(200, `{"message-count":1,"messages":[{"status":0}]}`)}, accepted, 1, ""},

		{"throttled, then accepted", []http.HandlerFunc{throttles, accepts}, accepted, 2, ""},
		{"throttled twice, then accepted", []http.HandlerFunc{throttles, throttles, accepts}, accepted, 3, ""},
		{"throttled for ever", []http.HandlerFunc{throttles}, refused, 3, "try 3: status 1, throttled"},
		{"too many binds for ever", []http.HandlerFunc{statuses("10")}, refused, 3, "status 10, too many existing binds"},
		{"HTTP 429 for ever", []http.HandlerFunc{answer(429, "slow down")}, refused, 3, "HTTP status 429"},
		{"HTTP 503, then accepted", []http.HandlerFunc{answer(503, ""), accepts}, accepted, 2, ""},
		{"throttled, then out of credit", []http.HandlerFunc{throttles, statuses("9")}, refused, 2, "try 2: status 9, partner quota violation"},

		{"HTTP 400", []http.HandlerFunc{answer(400, text)}, refused, 1, "HTTP status 400"},
		{"HTTP 401", []http.HandlerFunc{answer(401, apiSecret)}, refused, 1, "HTTP status 401"},
		{"HTTP 404", []http.HandlerFunc{answer(404, "")}, refused, 1, "HTTP status 404"},
		{"all parts refused", []http.HandlerFunc{statuses("9", "9")}, refused, 1, "status 9, partner quota violation"},
		{"parts throttled and refused", []http.HandlerFunc{statuses("1", "9", "1")}, refused, 1, "status 9, partner quota violation"},

		{"an internal error, then accepted", []http.HandlerFunc{statuses("5"), accepts}, accepted, 2, ""},
		{"an internal error for ever", []http.HandlerFunc{statuses("5")}, unknown, 2, "status 5, internal error"},
		{"HTTP 500 for ever", []http.HandlerFunc{answer(500, text)}, unknown, 2, "HTTP status 500"},
		{"HTTP 502, then accepted", []http.HandlerFunc{answer(502, ""), accepts}, accepted, 2, ""},
		{"no answer, then accepted", []http.HandlerFunc{silence, accepts}, accepted, 2, ""},
		{"no answer for ever", []http.HandlerFunc{silence}, unknown, 2, "no answer in time"},
		{"hung up, then accepted", []http.HandlerFunc{hangUp, accepts}, accepted, 2, ""},
		{"hung up for ever", []http.HandlerFunc{hangUp}, unknown, 2, "the connection broke"},
		{"no HTTP", []http.HandlerFunc{garbage}, unknown, 2, "the connection broke"},
		{"no answer, then refused, is unknown", []http.HandlerFunc{silence, statuses("7")}, unknown, 2, "status 7, number barred"},
		{"no answer, then throttled, is unknown", []http.HandlerFunc{silence, throttles}, unknown, 3, "status 1, throttled"},
		{"throttled, then no answer twice", []http.HandlerFunc{throttles, silence}, unknown, 3, "no answer in time"},

		{"one part of two refused", []http.HandlerFunc{statuses("0", "9")}, unknown, 2, "1 of 2 parts accepted; status 9, partner quota violation"},
		{"one part of two throttled, then all accepted", []http.HandlerFunc{statuses("1", "0"), statuses("0", "0")}, accepted, 2, ""},
		{"one part refused, one internal error", []http.HandlerFunc{statuses("9", "5")}, unknown, 2, "status 5"},
		{"an undocumented status", []http.HandlerFunc{statuses("99")}, unknown, 2, "status 99, which is not documented"},
		{"a status that is the phone", []http.HandlerFunc{statuses("16505550123")}, unknown, 2, "a status that is not documented"},
		{"a status that is the code", []http.HandlerFunc{statuses(code)}, unknown, 2, "a status that is not documented"},
		{"a negative status", []http.HandlerFunc{statuses("-1")}, unknown, 2, "a status that is not documented"},
		{"no status", []http.HandlerFunc{answer(200, `{"messages":[{"to":"16505550123"}]}`)}, unknown, 2, "a status that is not documented"},
		{"no messages", []http.HandlerFunc{answer(200, `{"message-count":"0","messages":[]}`)}, unknown, 2, "not the documented JSON"},
		{"no JSON", []http.HandlerFunc{answer(200, "<html>"+text+"</html>")}, unknown, 2, "not the documented JSON"},
		{"half of the JSON", []http.HandlerFunc{answer(200, `{"messages":[{"status":"0"}`)}, unknown, 2, "not the documented JSON"},
		{"an empty answer", []http.HandlerFunc{answer(200, "")}, unknown, 2, "not the documented JSON"},
		{"a huge answer", []http.HandlerFunc{huge}, unknown, 2, "more than 65536 bytes"},
		{"an endless refusal", []http.HandlerFunc{answer(400, strings.Repeat("x", 1<<20))}, refused, 1, "HTTP status 400"},
		{"an undocumented success", []http.HandlerFunc{answer(204, "")}, unknown, 1, "HTTP status 204"},
	}
	for _, status := range []struct {
		number int
		name   string
	}{
		{2, "missing parameters"}, {3, "invalid parameters"}, {4, "invalid credentials"}, {6, "invalid message"},
		{7, "number barred"}, {8, "partner account barred"}, {9, "partner quota violation"},
		{11, "account not enabled for HTTP"}, {12, "message too long"}, {14, "invalid signature"},
		{15, "invalid sender address"}, {22, "invalid network code"}, {23, "invalid callback URL"},
		{29, "non-whitelisted destination"}, {32, "signature and API secret disallowed"}, {33, "number de-activated"},
	} {
		table = append(table, row{"status " + status.name, []http.HandlerFunc{statuses(fmt.Sprint(status.number))},
			refused, 1, fmt.Sprintf("sms vonage: try 1: status %d, %s", status.number, status.name)})
	}

	for _, test := range table {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStandIn(t, test.answers...)
				err := s.sender(t).Send(t.Context(), phone, text)
				fate := unknown
				switch {
				case err == nil:
					fate = accepted
				case sms.Refused(err):
					fate = refused
				}
				if fate != test.fate {
					t.Errorf("got fate %d (%v), want %d", fate, err, test.fate)
				}
				if err != nil && !strings.Contains(err.Error(), test.says) {
					t.Errorf("the error is %q, want %q in it", err, test.says)
				}
				if s.tries() != test.tries {
					t.Errorf("%d tries, want %d", s.tries(), test.tries)
				}
				if n := strings.Count(s.log.String(), "trying again"); n != test.tries-1 {
					t.Errorf("%d records, want %d:\n%s", n, test.tries-1, &s.log)
				}
				for _, form := range s.forms {
					if form.Get("text") != text || form.Get("to") != "16505550123" {
						t.Errorf("a try had %v", form)
					}
				}
				keepsSecrets(t, err, s.log.String())
			})
		})
	}
}

func TestVonagePausesLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s := newStandIn(t, func(w http.ResponseWriter, r *http.Request) {
			at = append(at, time.Now())
			throttles(w, r)
		})
		v := s.sender(t)
		different := map[time.Duration]bool{}
		for range 20 {
			at = nil
			v.Send(t.Context(), phone, text)
			first, second := at[1].Sub(at[0]), at[2].Sub(at[1])
			if first < 500*time.Millisecond || first > 750*time.Millisecond {
				t.Errorf("first pause %v, want 500 to 750 ms", first)
			}
			if second < time.Second || second > 1500*time.Millisecond {
				t.Errorf("second pause %v, want 1 to 1.5 s", second)
			}
			different[first] = true
		}
		if len(different) < 10 {
			t.Errorf("only %d different pauses of 20", len(different))
		}
	})
}

func TestVonageKeepsToTheTimeOfItsContext(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []http.HandlerFunc
		left    time.Duration // until the deadline
		cancel  time.Duration // 0: never
		takes   time.Duration
		refused bool
		is      error // nil: not asked
	}{
		{"no time for a pause: the refusal comes at once", []http.HandlerFunc{throttles}, 400 * time.Millisecond, 0, 0, true, nil},
		{"cancelled in a pause", []http.HandlerFunc{throttles}, time.Hour, 100 * time.Millisecond, 100 * time.Millisecond, true, context.Canceled},
		{"cancelled while it waits for the answer", []http.HandlerFunc{silence}, time.Hour, 3 * time.Second, 3 * time.Second, false, context.Canceled},
		{"the deadline comes while it waits for the answer", []http.HandlerFunc{silence}, 2 * time.Second, 0, 2 * time.Second, false, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStandIn(t, test.answers...)
				ctx, cancel := context.WithTimeout(t.Context(), test.left)
				defer cancel()
				if test.cancel != 0 {
					defer time.AfterFunc(test.cancel, cancel).Stop()
				}
				begin := time.Now()
				err := s.sender(t).Send(ctx, phone, text)
				if err == nil || sms.Refused(err) != test.refused || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("got %v, refused %v", err, sms.Refused(err))
				}
				if took := time.Since(begin); took != test.takes {
					t.Errorf("took %v, want %v", took, test.takes)
				}
				if s.tries() != 1 {
					t.Errorf("%d tries", s.tries())
				}
				keepsSecrets(t, err, s.log.String())
			})
		})
	}
}

func TestVonageWaitsTenSecondsForEachTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := newStandIn(t, silence).sender(t).Send(t.Context(), phone, text)
		if took := time.Since(begin); took < 20500*time.Millisecond || took > 20750*time.Millisecond {
			t.Errorf("took %v, want two tries of 10 s and a pause; %v", took, err)
		}
	})
}

func TestVonageWithoutConnectionIsRefused(t *testing.T) {
	noHost := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "localhost", IsNotFound: true}}
	fail := func(err error) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	for _, test := range []struct {
		name string
		dial func(context.Context, string, string) (net.Conn, error)
		says string
	}{
		{"no such host", fail(noHost), "no connection: dial tcp: lookup localhost: no such host"},
		{"nobody answers", func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }, "no connection: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStandIn(t, accepts)
				o := s.options(t)
				var dials atomic.Int32
				o.Client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					dials.Add(1)
					return test.dial(ctx, network, address)
				}
				v, err := sms.NewVonage(o)
				if err != nil {
					t.Fatal(err)
				}
				err = v.Send(t.Context(), phone, text)
				if !sms.Refused(err) || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v, want a refusal with %q", err, test.says)
				}
				if n := dials.Load(); n != 3 {
					t.Errorf("%d dials, want 3", n)
				}
				keepsSecrets(t, err, s.log.String())
			})
		})
	}
}

// With real sockets the pauses are real too, so each context leaves time for
// one try only.
func TestVonageOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(silence)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail, as they shall
	server.StartTLS()
	defer server.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, test := range []struct {
		name    string
		url     string
		client  *http.Client
		refused bool
		says    string
	}{
		{"a certificate of an unknown authority", server.URL, nil, true, "no connection: tls: failed to verify certificate"},
		{"a closed port", closed.URL, nil, true, "connection refused"},
		{"no answer over HTTP/2", server.URL, server.Client(), false, "context deadline exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := sms.NewVonage(sms.Options{APIKey: apiKey, APISecret: apiSecret, From: "Hearth", BaseURL: test.url, Client: test.client})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
			defer cancel()
			err = v.Send(ctx, phone, text)
			if err == nil || sms.Refused(err) != test.refused || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, refused %v", err, sms.Refused(err))
			}
			keepsSecrets(t, err, "")
		})
	}
}

// A RoundTripper that reports nothing may have sent the request.
func TestVonageTrustsOnlyTransportsThatReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newStandIn(t, accepts).options(t)
		o.Client.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("lost " + text) })
		v, err := sms.NewVonage(o)
		if err != nil {
			t.Fatal(err)
		}
		if err = v.Send(t.Context(), phone, text); err == nil || sms.Refused(err) {
			t.Errorf("got %v, refused %v", err, sms.Refused(err))
		}
		keepsSecrets(t, err, "")
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestVonageFollowsNoRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		synctest.Test(t, func(t *testing.T) {
			s := newStandIn(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere?"+r.PostForm.Encode(), status)
			}, accepts)
			o := s.options(t)
			o.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil } // is not asked
			v, err := sms.NewVonage(o)
			if err != nil {
				t.Fatal(err)
			}
			err = v.Send(t.Context(), phone, text)
			if err == nil || sms.Refused(err) || !strings.Contains(err.Error(), fmt.Sprint("HTTP status ", status)) {
				t.Errorf("%d: got %v", status, err)
			}
			if s.tries() != 1 {
				t.Errorf("%d: %d requests", status, s.tries())
			}
			keepsSecrets(t, err, s.log.String())
		})
	}
}

func TestVonageReadsNoMoreThanItNeeds(t *testing.T) {
	for _, status := range []int{200, 503} {
		synctest.Test(t, func(t *testing.T) {
			var written atomic.Int64
			s := newStandIn(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(status)
				for written.Load() < 16<<20 {
					n, err := io.WriteString(w, strings.Repeat(" ", 4096))
					if written.Add(int64(n)); err != nil {
						return
					}
				}
			}, accepts)
			if err := s.sender(t).Send(t.Context(), phone, text); err != nil {
				t.Error(err)
			}
			if n := written.Load(); n > 128<<10 { // 64 KiB and what buffers hold
				t.Errorf("%d: %d bytes were taken", status, n)
			}
		})
	}
}

func TestVonageSendsConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStandIn(t, accepts)
		v := s.sender(t)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := v.Send(t.Context(), phone, text); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s.tries() != 20 {
			t.Errorf("%d requests, want 20", s.tries())
		}
	})
}

func TestVonageOptions(t *testing.T) {
	good := sms.Options{APIKey: apiKey, APISecret: apiSecret, From: "Hearth"}
	for _, test := range []struct {
		name   string
		change func(*sms.Options)
		want   string // empty: fine
	}{
		{"the defaults are fine", func(*sms.Options) {}, ""},
		{"https is fine", func(o *sms.Options) { o.BaseURL = "https://sms.example/v1/" }, ""},
		{"http to loopback is fine", func(o *sms.Options) { o.BaseURL = "http://127.0.0.2:9000" }, ""},
		{"http to IPv6 loopback is fine", func(o *sms.Options) { o.BaseURL = "http://[::1]:9000" }, ""},
		{"a missing key", func(o *sms.Options) { o.APIKey = "" }, "api_key is missing"},
		{"a missing secret", func(o *sms.Options) { o.APISecret = "" }, "api_secret is missing"},
		{"a missing sender", func(o *sms.Options) { o.From = "" }, "from is missing"},
		{"http beyond loopback", func(o *sms.Options) { o.BaseURL = "http://sms.example" }, "base_url: must be https"},
		{"no scheme", func(o *sms.Options) { o.BaseURL = "sms.example" }, "base_url: must be a URL"},
		{"no host", func(o *sms.Options) { o.BaseURL = "https:///sms" }, "base_url: must be a URL"},
		{"another scheme", func(o *sms.Options) { o.BaseURL = "ftp://sms.example" }, "base_url: must be a URL"},
		{"no URL", func(o *sms.Options) { o.BaseURL = "https://" + apiSecret + "\x7f" }, "base_url: must be a URL"},
		{"a password", func(o *sms.Options) { o.BaseURL = "https://me:" + apiKey + "@sms.example" }, "base_url: must not hold a user"},
		{"a query", func(o *sms.Options) { o.BaseURL = "https://sms.example?api_key=" + apiKey }, "base_url: must not hold"},
	} {
		o := good
		test.change(&o)
		v, err := sms.NewVonage(o)
		if test.want == "" && (err != nil || v == nil) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		keepsSecrets(t, err, "")
	}
}

func TestVonagePrintsWithoutSecrets(t *testing.T) {
	o := sms.Options{APIKey: apiKey, APISecret: apiSecret, From: "Hearth"}
	v, err := sms.NewVonage(o)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sms", "options", o, "sender", v)
	debugLog(&log).Info("sms", "options", o, "sender", v)
	fmt.Fprintf(&log, "%v %+v %#v %s %v %+v %#v %v", o, o, o, o, v, v, v, struct{ SMS sms.Options }{o})
	keepsSecrets(t, nil, log.String())
}

func TestCheckAsksForTheBalance(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   string // empty: the account is fine
	}{
		{"a balance", answer(200, `{"value":10.28,"autoReload":false}`), ""},
		{"a balance of nothing is a balance", answer(200, `{"value":0}`), ""},
		{"wrong credentials", answer(401, `{"error-code":"401","error-code-label":"`+apiSecret+`"}`), "api_key or api_secret is not valid"},
		{"an error in a success", answer(200, `{"error-code":"401"}`), "not the documented JSON"},
		{"a page", answer(200, "<html>"), "not the documented JSON"},
		{"a failing server", answer(500, ""), "HTTP status 500"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", 302) }, "HTTP status 302"},
		{"no answer", silence, "no answer in time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStandIn(t, func(w http.ResponseWriter, r *http.Request) {
					key, secret, _ := r.BasicAuth()
					if r.Method != "GET" || r.RequestURI != "/account/get-balance" || key != apiKey || secret != apiSecret {
						t.Errorf("got %s %s with key %q and secret %q", r.Method, r.RequestURI, key, secret)
					}
					test.answer(w, r)
				})
				err := sms.Check(t.Context(), s.options(t))
				if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if s.tries() != 1 {
					t.Errorf("%d requests", s.tries())
				}
				keepsSecrets(t, err, s.log.String())
			})
		})
	}
	if err := sms.Check(t.Context(), sms.Options{}); err == nil || !strings.Contains(err.Error(), "api_key is missing") {
		t.Errorf("without options: got %v", err)
	}
}

// Whatever the provider answers, the error is made of known words and of a
// status of at most three digits, and only 0 is accepted.
func FuzzVonageAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"message-count":"1","messages":[{"to":"16505550123","message-id":"0A0000000123ABCD1","status":"0"}]}`,
		`{"message-count":"1","messages":[{"status":"2","error-text":"Missing to param"}]}`,
		`{"message-count":"2","messages":[{"status":"0"},{"status":"1"}]}`,
		`{"messages":[{"status":16505550123},{"status":"483920"}]}`,
		`{"messages":[{"status":{"a":[1]}},null,{}]}`,
		`{"messages":null}`, `[]`, `"0"`, ``, `{"messages":[{"status":"\u0030"},{"status":"00"}]}`, "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		o := sms.Options{APIKey: apiKey, APISecret: apiSecret, From: "Hearth"}
		o.Client = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
		})}
		v, err := sms.NewVonage(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond) // less than a pause: one try
		defer cancel()
		err = v.Send(ctx, phone, text)
		if err == nil {
			var answer struct{ Messages []struct{ Status any } }
			if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Messages) == 0 {
				t.Fatalf("accepted: %q", body)
			}
			for _, m := range answer.Messages {
				if m.Status != "0" && m.Status != 0.0 {
					t.Fatalf("accepted: %q", body)
				}
			}
			return
		}
		digits := 0
		for _, r := range strings.ReplaceAll(err.Error(), "65536", "") {
			if r > 0x7e || r < 0x20 {
				t.Fatalf("%q in %q", r, err)
			}
			if digits++; r < '0' || r > '9' {
				digits = 0
			}
			if digits > 3 {
				t.Fatalf("a long number in %q", err)
			}
		}
	})
}
