package cmd

import (
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Config is the whole configuration. Its fields mirror the YAML file: a key's
// path is the yaml tags from the top joined by dots (auth.otp.digits), and the
// environment variable that overrides it is HEARTH_ and the path in capitals
// with _ (HEARTH_AUTH_OTP_DIGITS). A key of type [Secret] has a twin ending in
// _file that names a file to read it from.
//
// The check tag says which values a key takes (see checkValue). What concerns
// several keys at once is in checkTogether. So a new key is a line here, one in
// [DefaultConfig] and one in config.example.yaml; a test holds the three
// together.
//
// The zero value is not a usable configuration: begin with [DefaultConfig] or
// [LoadConfig].
type Config struct {
	Listen         string         `yaml:"listen" check:"address"`         // host:port; an empty host is every interface
	PublicURL      string         `yaml:"public_url" check:"public url"`  // an origin (scheme://host[:port]); empty: plain http, on loopback only
	AllowedOrigins []string       `yaml:"allowed_origins" check:"origin"` // further browser origins, as browsers send them
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`                // peers whose X-Forwarded-For counts
	TLS            struct {       // both or neither
		CertFile string `yaml:"cert_file"` // PEM, with the chain
		KeyFile  string `yaml:"key_file"`  // PEM
	} `yaml:"tls"`
	InsecureHTTP  bool   `yaml:"insecure_http"`                 // plain http beyond loopback is meant
	DefaultRegion string `yaml:"default_region" check:"region"` // ISO 3166 country of phones without a country code
	DataDir       string `yaml:"data_dir" check:"required"`     // relative to the working directory
	Store         struct {
		Driver   string `yaml:"driver" check:"bbolt|postgres"`
		Postgres struct {
			URL Secret `yaml:"url"` // holds a password
		} `yaml:"postgres"`
	} `yaml:"store"`
	Auth struct {
		Field string `yaml:"field" check:"last_name|name"` // the roster field asked for beside the phone
		OTP   struct {
			Digits          int           `yaml:"digits" check:"4..10"`
			Lifetime        time.Duration `yaml:"lifetime" check:"1m..1h"`
			ResendAfter     time.Duration `yaml:"resend_after" check:"0s.."` // below Lifetime
			MaxSends        int           `yaml:"max_sends" check:"1.."`     // per phone and field in Window
			Window          time.Duration `yaml:"window" check:"1m.."`
			AttemptsPerCode int           `yaml:"attempts_per_code" check:"1..10"`
		} `yaml:"otp"`
		Session struct {
			Idle     time.Duration `yaml:"idle" check:"1m.."`
			Absolute time.Duration `yaml:"absolute" check:"1m.."` // at least Idle
		} `yaml:"session"`
		Limits struct { // sliding windows
			SendsPerDay             int `yaml:"sends_per_day" check:"1.."`           // per phone and field
			WrongCodesPerDay        int `yaml:"wrong_codes_per_day" check:"1.."`     // per person
			WrongCodesPer30Days     int `yaml:"wrong_codes_per_30_days" check:"1.."` // per person
			LoginsPerAddressPerHour int `yaml:"logins_per_address_per_hour" check:"1.."`
			SendsPerHour            int `yaml:"sends_per_hour" check:"1.."` // of the whole server
		} `yaml:"limits"`
	} `yaml:"auth"`
	SMS struct {
		Provider string `yaml:"provider" check:"console|file|vonage"`
		File     string `yaml:"file"` // for file
		Vonage   struct {
			APIKey    Secret `yaml:"api_key"`
			APISecret Secret `yaml:"api_secret"`
			From      string `yaml:"from"`                      // sender number or name
			BaseURL   string `yaml:"base_url" check:"endpoint"` // no trailing slash; empty: Vonage's own
		} `yaml:"vonage"`
	} `yaml:"sms"`
	Chat struct {
		PollInterval        time.Duration `yaml:"poll_interval" check:"1s..60s"`            // told to polling clients
		MaxBody             int           `yaml:"max_body" check:"1..100000"`               // Unicode code points
		MaxCharacterHistory int           `yaml:"max_character_history" check:"0..1000000"` // entries
		MaxActionsPerCall   int           `yaml:"max_actions_per_call" check:"1..10000"`
		Rate                struct {      // of new actions of one person
			PerSecond float64 `yaml:"per_second" check:">0"`
			Burst     int     `yaml:"burst" check:"1.."`
		} `yaml:"rate"`
		ExitURL string `yaml:"exit_url" check:"exit url"` // where the quick exit leads: an https URL, or a path of this server; empty: its own neutral page
	} `yaml:"chat"`
	Legacy struct {
		Enabled   bool   `yaml:"enabled"`
		ClientDir string `yaml:"client_dir"` // a built older client, served at /legacy/; empty: none is
	} `yaml:"legacy"`
	Metrics struct {
		Listen string `yaml:"listen" check:"address or empty"` // host:port; empty: off
	} `yaml:"metrics"`
	Log struct {
		Level  string `yaml:"level" check:"debug|info|warn|error"`
		Format string `yaml:"format" check:"text|json"`
	} `yaml:"log"`
}

// DefaultConfig is what holds where neither the file nor the environment says
// otherwise. It is valid, and has no [Config.Warnings].
func DefaultConfig() Config {
	var c Config
	c.Listen = "127.0.0.1:8080"
	c.DefaultRegion = "US"
	c.DataDir = "./data"
	c.Store.Driver = "bbolt"

	c.Auth.Field = "last_name"
	c.Auth.OTP.Digits = 6
	c.Auth.OTP.Lifetime = 10 * time.Minute
	c.Auth.OTP.ResendAfter = time.Minute
	c.Auth.OTP.MaxSends = 3
	c.Auth.OTP.Window = time.Hour
	c.Auth.OTP.AttemptsPerCode = 1
	c.Auth.Session.Idle = 30 * time.Minute
	c.Auth.Session.Absolute = 12 * time.Hour
	c.Auth.Limits.SendsPerDay = 6
	c.Auth.Limits.WrongCodesPerDay = 5
	c.Auth.Limits.WrongCodesPer30Days = 20
	c.Auth.Limits.LoginsPerAddressPerHour = 60
	c.Auth.Limits.SendsPerHour = 300

	c.SMS.Provider = "console"

	c.Chat.PollInterval = 5 * time.Second
	c.Chat.MaxBody = 10000
	c.Chat.MaxCharacterHistory = 20000
	c.Chat.MaxActionsPerCall = 100
	c.Chat.Rate.PerSecond = 10
	c.Chat.Rate.Burst = 100

	c.Legacy.Enabled = true
	c.Log.Level = "info"
	c.Log.Format = "text"
	return c
}

// Secret is a password or key. It prints masked, by every verb of fmt, in
// JSON, YAML and slog; reading it takes the conversion string(s).
type Secret string

// Format implements fmt.Formatter: whether there is one, never what it is.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.masked()) }

// MarshalText implements encoding.TextMarshaler, masked likewise.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.masked()), nil }

func (s Secret) masked() string {
	if s == "" {
		return "[no secret]"
	}
	return "[secret]"
}
