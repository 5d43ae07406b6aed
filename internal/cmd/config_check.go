package cmd

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// isLoopback reports whether a host is this machine only: 127.0.0.0/8, ::1 or
// localhost. An empty host and any other name are not.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// listensBeyondLoopback reports whether others can reach the address, a
// host:port.
func listensBeyondLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && !isLoopback(host)
}

// originBeyondLoopback reports whether an origin is more than this machine's.
func originBeyondLoopback(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && origin != "" && !isLoopback(u.Hostname())
}

// checkTogether holds the keys against each other: what belongs together, and
// what is unsafe together and must stop the start. Where a value is bad by
// itself nothing more is said about it.
func (l *loader) checkTogether(c *Config) {
	good := func(paths ...string) bool {
		for _, p := range paths {
			if l.byPath[p].bad {
				return false
			}
		}
		return true
	}
	reject := func(path, format string, args ...any) {
		if good(path) {
			l.reject(l.byPath[path], format, args...)
		}
	}
	needs := func(path, empty, why string) {
		if twin := l.byPath[path+"_file"]; empty == "" && (twin == nil || !twin.bad) {
			reject(path, "must not be empty: %s", why)
		}
	}

	if c.TLS.CertFile != "" {
		needs("tls.key_file", c.TLS.KeyFile, "tls.cert_file is set (set both or neither)")
	}
	if c.TLS.KeyFile != "" {
		needs("tls.cert_file", c.TLS.CertFile, "tls.key_file is set (set both or neither)")
	}
	if c.Store.Driver == "postgres" {
		reject("store.driver", "postgres is not in this build yet; use bbolt")
	}
	if good("auth.otp.lifetime") && c.Auth.OTP.ResendAfter >= c.Auth.OTP.Lifetime {
		reject("auth.otp.resend_after", "must be less than auth.otp.lifetime (%v), not %v", c.Auth.OTP.Lifetime, c.Auth.OTP.ResendAfter)
	}
	if good("auth.session.idle") && c.Auth.Session.Absolute < c.Auth.Session.Idle {
		reject("auth.session.absolute", "must be at least auth.session.idle (%v), not %v", c.Auth.Session.Idle, c.Auth.Session.Absolute)
	}
	switch c.SMS.Provider {
	case "file":
		needs("sms.file", c.SMS.File, "sms.provider is file")
	case "vonage":
		needs("sms.vonage.api_key", string(c.SMS.Vonage.APIKey), "sms.provider is vonage (or set sms.vonage.api_key_file)")
		needs("sms.vonage.api_secret", string(c.SMS.Vonage.APISecret), "sms.provider is vonage (or set sms.vonage.api_secret_file)")
		needs("sms.vonage.from", c.SMS.Vonage.From, "sms.provider is vonage")
	}
	if c.Metrics.Listen != "" && c.Metrics.Listen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		reject("metrics.listen", "is the same address as listen")
	}

	tls := c.TLS.CertFile != "" || c.TLS.KeyFile != ""
	if good("listen") && listensBeyondLoopback(c.Listen) {
		if c.SMS.Provider == "console" {
			reject("sms.provider", "codes would be printed where anyone with access to the terminal or its log can read them, while listen (%s) is beyond loopback; use vonage", c.Listen)
		}
		if !tls && len(c.TrustedProxies) == 0 && !c.InsecureHTTP && good("trusted_proxies") {
			reject("insecure_http", "listen (%s) is beyond loopback and would be plain http, which others can read; set tls.cert_file and tls.key_file, or trusted_proxies if a proxy with TLS stands before this server, or (not for patients' data) insecure_http: true", c.Listen)
		}
		if c.PublicURL == "" {
			reject("public_url", "must not be empty while listen (%s) is beyond loopback: it is the address that people open, such as https://chat.example.org", c.Listen)
		}
	}
	if strings.HasPrefix(c.PublicURL, "http://") && originBeyondLoopback(c.PublicURL) && !c.InsecureHTTP && good("insecure_http") {
		reject("public_url", "is plain http, which others can read; use https, or (not for patients' data) insecure_http: true")
	}
}

// Warnings says, one line each, what this configuration allows that somebody
// should know about; none for the defaults. The configuration must have come
// from [LoadConfig] or [DefaultConfig].
func (c Config) Warnings() []string {
	var w []string
	warn := func(when bool, format string, args ...any) {
		if when {
			w = append(w, fmt.Sprintf(format, args...))
		}
	}
	tls := c.TLS.CertFile != ""
	https := strings.HasPrefix(c.PublicURL, "https://")

	warn(c.InsecureHTTP, "insecure_http: messages and codes may travel unencrypted; for trials without patients' data only")
	warn(tls && !https, "public_url: should begin with https://, as tls is set; browsers will be refused otherwise")
	warn(https && !tls && len(c.TrustedProxies) == 0,
		"trusted_proxies: is empty, so behind a proxy all clients share one address, and its limits on logins")
	for _, p := range c.TrustedProxies {
		warn(p.Bits() < 8, "trusted_proxies: %v is much of the internet; anybody in it can claim to be any address", p)
	}
	for _, o := range c.AllowedOrigins {
		warn(strings.HasPrefix(o, "http://") && originBeyondLoopback(o),
			"allowed_origins: %s is plain http; who sits between can act as that page", o)
	}
	warn(listensBeyondLoopback(c.Metrics.Listen), "metrics.listen: %s is beyond loopback and asks for no password", c.Metrics.Listen)

	warn(c.Legacy.ClientDir != "" && !c.Legacy.Enabled, "legacy.client_dir: is not served, as legacy.enabled is false")

	warn(c.SMS.Provider == "file", "sms.provider: no SMS is sent; codes are written to a file, for tests")
	warn(c.SMS.Provider == "console" && originBeyondLoopback(c.PublicURL),
		"sms.provider: no SMS is sent; codes are printed here, although public_url says that others come to this server")

	otp := c.Auth.OTP
	warn(otp.Digits < 6, "auth.otp.digits: %d digits are easy to guess; 6 or more are usual", otp.Digits)
	warn(otp.AttemptsPerCode > 1, "auth.otp.attempts_per_code: %d tries make each code easier to guess", otp.AttemptsPerCode)
	if chance := c.guessChance(); chance > 1e-3 {
		w = append(w, fmt.Sprintf("auth.limits.wrong_codes_per_30_days: who knows a phone number and the login field can guess a code within a year with a chance of 1 in %.0f", 1/chance))
	}
	return w
}

// guessChance is the chance that somebody who tries all that the limits allow
// for one person guesses a code within a year.
func (c Config) guessChance() float64 {
	const month, year = 30, 365
	limits := c.Auth.Limits
	perMonth := math.Min(month*float64(limits.WrongCodesPerDay), float64(limits.WrongCodesPer30Days))
	return 1 - math.Pow(1-math.Pow(10, -float64(c.Auth.OTP.Digits)), perMonth*year/month)
}
