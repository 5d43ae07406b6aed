package cmd

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const examplePath = "../../config.example.yaml"

func TestTheExampleIsTheDefaults(t *testing.T) {
	c, err := LoadConfig(examplePath, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := DefaultConfig(); !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

// The values alone could agree where the example leaves a key out.
func TestTheExampleHoldsEveryKeyInOrderAndNoOther(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var inExample []string
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			inExample = append(inExample, path)
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			walk(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."))
		}
	}
	walk(doc.Content[0], "")

	var inCode []string
	c := DefaultConfig()
	for _, k := range keysOf(reflect.ValueOf(&c).Elem(), "") {
		if k.secret == nil {
			inCode = append(inCode, k.path)
			continue
		}
		if name := k.path[strings.LastIndexByte(k.path, '.')+1:]; !strings.Contains(string(text), "\n    # "+name+": ") {
			t.Errorf("the example does not mention %s in a comment", k.path)
		}
	}
	if !slices.Equal(inExample, inCode) {
		t.Errorf("example %q\ncode    %q", inExample, inCode)
	}
}

// These are relied on, so they stand here again, apart from the code.
func TestTheDefaultsAreThePromisedOnes(t *testing.T) {
	c, err := LoadConfig("", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	promised := parse(t, `
listen: "127.0.0.1:8080"
public_url: ""
allowed_origins: []
trusted_proxies: []
tls: { cert_file: "", key_file: "" }
insecure_http: false
default_region: US
data_dir: "./data"
store: { driver: bbolt, postgres: { url: "" } }
auth:
  field: last_name
  otp: { digits: 6, lifetime: 10m, resend_after: 1m, max_sends: 3, window: 1h, attempts_per_code: 1 }
  session: { idle: 30m, absolute: 12h }
  limits: { sends_per_day: 6, wrong_codes_per_day: 5, wrong_codes_per_30_days: 20, logins_per_address_per_hour: 60, sends_per_hour: 300 }
sms:
  provider: console
  file: ""
  vonage: { api_key: "", api_secret: "", from: "", base_url: "" }
chat:
  poll_interval: 5s
  max_body: 10000
  max_character_history: 20000
  max_actions_per_call: 100
  rate: { per_second: 10, burst: 100 }
  exit_url: ""
legacy: { enabled: true, client_dir: "" }
metrics: { listen: "" }
log: { level: info, format: text }
`)
	if !reflect.DeepEqual(c, promised) {
		t.Errorf("got  %+v\nwant %+v", c, promised)
	}
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("the defaults have warnings: %q", w)
	}
}

func parse(t *testing.T, text string, environ ...string) Config {
	t.Helper()
	c, err := parseConfig("config.yaml", []byte(text), environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryKeyHasACheckThatItsDefaultPassesAndANameOfItsOwn(t *testing.T) {
	c := DefaultConfig()
	seen := map[string]string{}
	for _, k := range keysOf(reflect.ValueOf(&c).Elem(), "") {
		if k.path == "" || strings.HasSuffix(k.path, ".") {
			t.Errorf("a field has no yaml tag: %q", k.path)
		}
		if other, taken := seen[k.env()]; taken {
			t.Errorf("%s and %s are the same environment variable", k.path, other)
		}
		seen[k.env()] = k.path
		switch k.value.Interface().(type) {
		case bool, int, float64, string, Secret, time.Duration, []string, []netip.Prefix:
		default:
			t.Errorf("%s has the type %v, which nothing reads", k.path, k.value.Type())
		}
		if k.check != "" && k.value.Kind() != reflect.Slice {
			if err := checkValue(k.value, k.check); err != nil {
				t.Errorf("%s: %v", k.path, err)
			}
		}
		if k.value.CanInt() && k.check == "" {
			t.Errorf("%s is a number without a range", k.path)
		}
	}
}

// A key's value in the file reaches its field and no other, and the
// environment's wins over it.
func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	const file = `
listen: "127.0.0.1:1"
trusted_proxies: [10.0.0.0/8]
insecure_http: true
auth: { otp: { digits: 8, lifetime: 5m } }
chat: { rate: { per_second: 2.5 } }
`
	c := parse(t, file)
	want := DefaultConfig()
	want.Listen = "127.0.0.1:1"
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	want.InsecureHTTP = true
	want.Auth.OTP.Digits = 8
	want.Auth.OTP.Lifetime = 5 * time.Minute
	want.Chat.Rate.PerSecond = 2.5
	if !reflect.DeepEqual(c, want) {
		t.Errorf("file: got  %+v\nwant %+v", c, want)
	}

	c = parse(t, file, "HEARTH_LISTEN=[::1]:2", "HEARTH_TRUSTED_PROXIES=192.0.2.7, 2001:db8::/32", "HEARTH_INSECURE_HTTP=false",
		"HEARTH_AUTH_OTP_DIGITS=4", "HEARTH_AUTH_OTP_LIFETIME=90s", "HEARTH_CHAT_RATE_PER_SECOND=0.5",
		"HEARTH_ALLOWED_ORIGINS=https://a.example,https://b.example:8443", "HEARTH_TEST_POSTGRES_URL=x", "PATH=/bin", "listen=z")
	want.Listen = "[::1]:2"
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32")}
	want.InsecureHTTP = false
	want.Auth.OTP.Digits = 4
	want.Auth.OTP.Lifetime = 90 * time.Second
	want.Chat.Rate.PerSecond = 0.5
	want.AllowedOrigins = []string{"https://a.example", "https://b.example:8443"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("environment: got  %+v\nwant %+v", c, want)
	}

	if c = parse(t, file, "HEARTH_TRUSTED_PROXIES="); c.TrustedProxies != nil {
		t.Errorf("an empty variable left %v in the list", c.TrustedProxies)
	}
}

func TestAMissingFileIsFineUnlessItWasNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if c, err := LoadConfig(path, false, nil); err != nil || !reflect.DeepEqual(c, DefaultConfig()) {
		t.Errorf("not named: %+v, %v", c, err)
	}
	if _, err := LoadConfig(path, true, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("named: %v", err)
	}
	if _, err := LoadConfig(t.TempDir(), false, nil); err == nil {
		t.Error("a directory was taken for a file")
	}
	if err := os.WriteFile(path, []byte("data_dir: "+strings.Repeat("x", maxConfigBytes)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(path, false, nil); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("too large: %v", err)
	}
}

func TestWhatIsAccepted(t *testing.T) {
	const beyond = "listen: 0.0.0.0:443\nsms: {provider: file, file: sms.ndjson}\n"
	for _, tt := range []struct{ name, yaml string }{
		{"an empty file", ""},
		{"comments only", "# nothing\n"},
		{"an empty document", "---\n"},
		{"a section with all keys commented out", "tls:\n  # cert_file: x\nchat: {}\n"},
		{"digits for a sender", "sms: {provider: vonage, vonage: {api_key: 12345678, api_secret: 1e10, from: 16505550123}}"},
		{"any free port", "listen: 127.0.0.1:0"},
		{"localhost", "listen: localhost:8080\npublic_url: http://localhost:8080"},
		{"all of 127.0.0.0/8", "listen: 127.9.9.9:80"},
		{"the older client's calls", "legacy: {enabled: true}"},
		{"an older client", "legacy: {client_dir: /srv/client}"}, // the directory is looked at by serve
		{"tls beyond loopback", beyond + "public_url: https://chat.example.org\ntls: {cert_file: a, key_file: b}"},
		{"a proxy beyond loopback", beyond + "public_url: https://chat.example.org\ntrusted_proxies: [10.0.0.1]"},
		{"plain http beyond loopback that is meant", beyond + "public_url: http://chat.example.org\ninsecure_http: true"},
		{"an endpoint on loopback", "sms: {vonage: {base_url: 'http://127.0.0.1:9999/sms/'}}"},
		{"a country outside the US", "default_region: NO"},
		{"resending at once", "auth: {otp: {resend_after: 0}}"},
		{"a slow rate", "chat: {rate: {per_second: 0.001}}"},
		{"an exit to another site", "chat: {exit_url: 'https://weather.example/today?place=here#now'}"},
		{"an exit to a page of this server", "chat: {exit_url: /docs}"},
	} {
		t.Run(tt.name, func(t *testing.T) { parse(t, tt.yaml) })
	}
}

func TestValuesTakeTheirPromisedForm(t *testing.T) {
	c := parse(t, `
public_url: HTTPS://Chat.Example.ORG:443/
allowed_origins: ["http://[::1]:3000"]
trusted_proxies: [192.0.2.7, "2001:db8::1", 10.1.2.3/8]
sms: { vonage: { base_url: https://gateway.example.org/sms/ } }
`)
	if c.PublicURL != "https://chat.example.org" {
		t.Errorf("public_url %q", c.PublicURL)
	}
	if got := fmt.Sprint(c.TrustedProxies); got != "[192.0.2.7/32 2001:db8::1/128 10.0.0.0/8]" {
		t.Errorf("trusted_proxies %v", got)
	}
	if c.SMS.Vonage.BaseURL != "https://gateway.example.org/sms" {
		t.Errorf("base_url %q", c.SMS.Vonage.BaseURL)
	}
}

func TestWhatIsRefused(t *testing.T) {
	const beyond = "listen: 0.0.0.0:443\n"
	const sms = "sms: {provider: file, file: x}\n"
	const public = "public_url: https://chat.example.org\n"
	for _, tt := range []struct {
		name, yaml string
		env        []string
		want       []string // one for each line of the error, in this order, each a part of it
	}{
		{name: "unknown key", yaml: "listen: 127.0.0.1:1\nlisten_on: x", want: []string{"config.yaml:2: listen_on: unknown key"}},
		{name: "unknown key in a section", yaml: "auth:\n  otp:\n    digit: 6", want: []string{"config.yaml:3: auth.otp.digit: unknown key; known here are digits, lifetime"}},
		{name: "a path as one key", yaml: "auth.field: name", want: []string{"config.yaml:1: auth.field: unknown key"}},
		{name: "duplicate key", yaml: "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2", want: []string{"config.yaml:2: listen: stands here a second time, first in line 1"}},
		{name: "duplicate section", yaml: "log: {level: info}\nlog: {level: warn}", want: []string{"config.yaml:2: log: stands here a second time"}},
		{name: "unknown variable", env: []string{"HEARTH_LISTN=x"}, want: []string{"HEARTH_LISTN: "}},
		{name: "a section's variable", env: []string{"HEARTH_TLS=x"}, want: []string{"HEARTH_TLS: "}},
		{name: "bad variable", env: []string{"HEARTH_CHAT_MAX_BODY=many"}, want: []string{`HEARTH_CHAT_MAX_BODY: chat.max_body: must be a whole number, such as 6, not "many"`}},
		{name: "bad list in a variable", env: []string{"HEARTH_TRUSTED_PROXIES=10.0.0.0/8,"}, want: []string{"HEARTH_TRUSTED_PROXIES: trusted_proxies[1]: must be a range"}},
		{name: "all at once", yaml: "x: 1\nlisten: 8080\nchat: {max_body: abc}\nlog: {level: loud}\n", env: []string{"HEARTH_LEGACY_ENABLED=yes"}, want: []string{
			"config.yaml:1: x: ", "config.yaml:3: chat.max_body: ", "HEARTH_LEGACY_ENABLED: legacy.enabled: ", "config.yaml:2: listen: ",
			`config.yaml:4: log.level: must be debug or info or warn or error, not "loud"`}},

		{name: "not YAML", yaml: "listen: [", want: []string{"config.yaml: is not YAML: line 1"}},
		{name: "a tab", yaml: "tls:\n\tcert_file: x", want: []string{"config.yaml: is not YAML: line 2"}},
		{name: "two documents", yaml: "listen: 127.0.0.1:1\n---\nx: 1", want: []string{"config.yaml:2: "}},
		{name: "a list for all", yaml: "- listen", want: []string{"config.yaml:1: must hold keys"}},
		{name: "text for a section", yaml: "tls: yes", want: []string{"config.yaml:1: tls: must hold keys (cert_file, key_file)"}},
		{name: "a section for text", yaml: "listen: {port: 1}", want: []string{"config.yaml:1: listen: must be text"}},
		{name: "a list for a number", yaml: "chat: {max_body: [1]}", want: []string{"chat.max_body: must be a whole number"}},
		{name: "text for a list", yaml: "allowed_origins: https://a.example", want: []string{"allowed_origins: must be a list"}},
		{name: "a list in a list", yaml: "allowed_origins: [[a]]", want: []string{"allowed_origins[0]: must be text"}},
		{name: "no value", yaml: "listen:", want: []string{"listen: has no value"}},
		{name: "no value for a list", yaml: "trusted_proxies:", want: []string{"trusted_proxies: must be a list"}},
		{name: "a number in quotes", yaml: "chat: {max_body: '5'}", want: []string{"chat.max_body: must be a whole number"}},
		{name: "half a digit", yaml: "auth: {otp: {digits: 6.5}}", want: []string{"auth.otp.digits: must be a whole number"}},
		{name: "a huge number", yaml: "chat: {rate: {burst: 99999999999999999999}}", want: []string{"chat.rate.burst: must be"}},
		{name: "no number", yaml: "chat: {rate: {per_second: .nan}}", want: []string{"chat.rate.per_second: must be a number"}},
		{name: "no number in a variable", env: []string{"HEARTH_CHAT_RATE_PER_SECOND=inf"}, want: []string{"chat.rate.per_second: must be a number"}},
		{name: "a bool in other words", yaml: "insecure_http: 'true'", want: []string{"insecure_http: must be true or false"}},
		{name: "a duration without a unit", yaml: "auth: {otp: {lifetime: 600}}", want: []string{"auth.otp.lifetime: must be a duration"}},
		{name: "a duration in days", yaml: "auth: {session: {absolute: 1d}}", want: []string{"auth.session.absolute: must be a duration"}},
		{name: "an alias", yaml: "data_dir: &d x\nsms: {file: *d}", want: []string{"config.yaml:2: sms.file: must stand in quotes"}},
		{name: "an alias of nothing", yaml: "data_dir: *d", want: []string{"is not YAML: a value that begins with *"}},
		{name: "a merge", yaml: "log: &l {level: info}\ntls:\n  <<: *l", want: []string{"config.yaml:3: tls: holds something that is not a key"}},
		{name: "a key that is a list", yaml: "[a]: b", want: []string{"config.yaml:1: holds something that is not a key"}},

		{name: "listen without port", yaml: "listen: localhost", want: []string{"listen: must be host:port"}},
		{name: "listen with a service's name", yaml: "listen: localhost:http", want: []string{"listen: must be host:port"}},
		{name: "listen with a high port", yaml: "listen: 127.0.0.1:65536", want: []string{"listen: must be host:port"}},
		{name: "listen with a star", yaml: "listen: '*:80'", want: []string{"listen: must be host:port"}},
		{name: "listen as a URL", yaml: "listen: http://127.0.0.1:80", want: []string{"listen: must be host:port"}},
		{name: "bad public_url", yaml: "public_url: chat.example.org", want: []string{"public_url: must be scheme://host"}},
		{name: "public_url with a path", yaml: "public_url: https://chat.example.org/chat", want: []string{"public_url: must be"}},
		{name: "public_url with two slashes", yaml: "public_url: https://chat.example.org//", want: []string{"public_url: must be"}},
		{name: "public_url with a query", yaml: "public_url: https://chat.example.org?", want: []string{"public_url: must be"}},
		{name: "public_url with a fragment", yaml: "public_url: 'https://chat.example.org#'", want: []string{"public_url: must be"}},
		{name: "public_url with a user", yaml: "public_url: https://u@chat.example.org", want: []string{"public_url: must be"}},
		{name: "public_url without a host", yaml: "public_url: 'https://'", want: []string{"public_url: must be"}},
		{name: "public_url with an empty port", yaml: "public_url: 'https://a.example:'", want: []string{"public_url: must be"}},
		{name: "public_url of another scheme", yaml: "public_url: ftp://chat.example.org", want: []string{"public_url: must be"}},
		{name: "public_url with a short address", yaml: "public_url: http://127.1", want: []string{"public_url: must be"}},
		{name: "any origin", yaml: "allowed_origins: ['*']", want: []string{"allowed_origins[0]: must be"}},
		{name: "the opaque origin", yaml: "allowed_origins: ['null']", want: []string{"allowed_origins[0]: must be"}},
		{name: "origins not as browsers send them", yaml: "allowed_origins:\n- https://A.example\n- https://a.example\n- https://a.example:443\n- https://a.example/", want: []string{
			`config.yaml:2: allowed_origins[0]: must be written as browsers send it, "https://a.example"`, "config.yaml:4: allowed_origins[2]", "config.yaml:5: allowed_origins[3]: must be scheme"}},
		{name: "bad proxies", yaml: "trusted_proxies: [10.0.0.0/33, proxy, '::ffff:10.0.0.1', 'fe80::1%eth0']", want: []string{
			`trusted_proxies[0]: must be a range of addresses, such as 10.0.0.0/8, or one address, not "10.0.0.0/33"`, "trusted_proxies[1]", "trusted_proxies[2]", "trusted_proxies[3]"}},
		{name: "a certificate without its key", yaml: "tls: {cert_file: x}", want: []string{"tls.key_file: must not be empty"}},
		{name: "a key without its certificate", yaml: "tls: {key_file: x}", want: []string{"tls.cert_file: must not be empty"}},
		{name: "a country that is none", yaml: "default_region: UK", want: []string{"default_region: must be a country"}},
		{name: "a country in small letters", yaml: "default_region: us", want: []string{"default_region: must be a country"}},
		{name: "no data directory", yaml: "data_dir: ''", want: []string{"data_dir: must not be empty"}},
		{name: "postgres", yaml: "store: {driver: postgres}", want: []string{"store.driver: postgres is not in this build yet; use bbolt"}},
		{name: "another driver", yaml: "store: {driver: sqlite}", want: []string{`store.driver: must be bbolt or postgres, not "sqlite"`}},
		{name: "another field", yaml: "auth: {field: phone}", want: []string{"auth.field: must be last_name or name"}},
		{name: "codes out of range", yaml: "auth: {otp: {digits: 3, lifetime: 59s, resend_after: -1s, max_sends: 0, window: 59s, attempts_per_code: 11}}", want: []string{
			"auth.otp.digits: must be from 4 to 10, not 3", "auth.otp.lifetime: must be from 1m to 1h, not 59s", "auth.otp.resend_after: must be at least 0s",
			"auth.otp.max_sends: must be at least 1", "auth.otp.window: must be at least 1m", "auth.otp.attempts_per_code: must be from 1 to 10, not 11"}},
		{name: "codes out of range above", yaml: "auth: {otp: {digits: 11, lifetime: 61m, attempts_per_code: 0}}", want: []string{"auth.otp.digits", "auth.otp.lifetime", "auth.otp.attempts_per_code"}},
		{name: "resending after the code's life", yaml: "auth: {otp: {lifetime: 2m, resend_after: 2m}}", want: []string{"auth.otp.resend_after: must be less than auth.otp.lifetime (2m0s), not 2m0s"}},
		{name: "short logins", yaml: "auth: {session: {idle: 59s, absolute: 59s}}", want: []string{"auth.session.idle: must be at least 1m", "auth.session.absolute: must be at least 1m"}},
		{name: "absolute below idle", yaml: "auth: {session: {idle: 1h, absolute: 59m}}", want: []string{"auth.session.absolute: must be at least auth.session.idle"}},
		{name: "no limits", yaml: "auth: {limits: {sends_per_day: 0, wrong_codes_per_day: 0, wrong_codes_per_30_days: -1, logins_per_address_per_hour: 0, sends_per_hour: 0}}", want: []string{
			"auth.limits.sends_per_day: must be at least 1, not 0", "auth.limits.wrong_codes_per_day", "auth.limits.wrong_codes_per_30_days", "auth.limits.logins_per_address_per_hour", "auth.limits.sends_per_hour"}},
		{name: "another provider", yaml: "sms: {provider: pigeon}", want: []string{"sms.provider: must be console or file or vonage"}},
		{name: "a file without its name", yaml: "sms: {provider: file}", want: []string{"sms.file: must not be empty"}},
		{name: "vonage without its keys", yaml: "sms: {provider: vonage}", want: []string{"sms.vonage.api_key: must not be empty", "sms.vonage.api_secret: must not be empty", "sms.vonage.from: must not be empty"}},
		{name: "a plain endpoint", yaml: "sms: {vonage: {base_url: 'http://gateway.example'}}", want: []string{"sms.vonage.base_url: must be an https URL"}},
		{name: "an endpoint with a user", yaml: "sms: {vonage: {base_url: 'https://u:p@gateway.example'}}", want: []string{"sms.vonage.base_url: must be an https URL"}},
		{name: "a relative endpoint", yaml: "sms: {vonage: {base_url: 'https:/x'}}", want: []string{"sms.vonage.base_url: must be an https URL"}},
		{name: "chat out of range", yaml: "chat: {poll_interval: 999ms, max_body: 0, max_character_history: -1, max_actions_per_call: 0, rate: {per_second: 0, burst: 0}}", want: []string{
			"chat.poll_interval: must be from 1s to 60s", "chat.max_body", "chat.max_character_history", "chat.max_actions_per_call", "chat.rate.per_second: must be greater than 0, not 0", "chat.rate.burst"}},
		{name: "a plain exit", yaml: "chat: {exit_url: 'http://weather.example/'}", want: []string{"chat.exit_url: must be an https URL"}},
		{name: "an exit that is a script", yaml: "chat: {exit_url: 'javascript:alert(1)'}", want: []string{"chat.exit_url: must be an https URL"}},
		{name: "an exit to whichever scheme", yaml: "chat: {exit_url: //weather.example}", want: []string{"chat.exit_url: must be an https URL"}},
		{name: "an exit that browsers take for another site", yaml: `chat: {exit_url: '/\weather.example'}`, want: []string{"chat.exit_url: must be an https URL"}},
		{name: "an exit without a host", yaml: "chat: {exit_url: 'https:///x'}", want: []string{"chat.exit_url: must be an https URL"}},
		{name: "an exit with a user", yaml: "chat: {exit_url: 'https://u:p@weather.example/'}", want: []string{"chat.exit_url: must be an https URL"}},
		{name: "a relative exit", yaml: "chat: {exit_url: away}", want: []string{"chat.exit_url: must be an https URL"}},
		{name: "chat out of range above", yaml: "chat: {poll_interval: 61s, max_body: 100001, max_character_history: 1000001, max_actions_per_call: 10001}", want: []string{
			"chat.poll_interval", "chat.max_body", "chat.max_character_history", "chat.max_actions_per_call"}},
		{name: "bad metrics address", yaml: "metrics: {listen: on}", want: []string{"metrics.listen: must be host:port"}},
		{name: "metrics on the same address", yaml: "metrics: {listen: '127.0.0.1:8080'}", want: []string{"metrics.listen: is the same address"}},
		{name: "another format", yaml: "log: {format: xml}", want: []string{"log.format: must be text or json"}},

		{name: "everything unsafe beyond loopback", yaml: "listen: ':80'", want: []string{"sms.provider: codes would be printed", "insecure_http: listen (:80) is beyond loopback", "public_url: must not be empty"}},
		{name: "console beyond loopback", yaml: beyond + public + "tls: {cert_file: a, key_file: b}", want: []string{"sms.provider: codes would be printed where anyone with access to the terminal"}},
		{name: "console beyond loopback whatever else is allowed", yaml: beyond + "public_url: http://a.example\ninsecure_http: true", want: []string{"sms.provider: "}},
		{name: "plain http beyond loopback", yaml: beyond + public + sms, want: []string{"insecure_http: "}},
		{name: "plain http on all of IPv6", yaml: "listen: '[::]:80'\n" + public + sms, want: []string{"insecure_http: "}},
		{name: "plain http on a name", yaml: "listen: chat.example.org:80\n" + public + sms, want: []string{"insecure_http: "}},
		{name: "no public_url beyond loopback", yaml: beyond + sms + "tls: {cert_file: a, key_file: b}", want: []string{"public_url: must not be empty"}},
		{name: "a plain public_url", yaml: "public_url: http://chat.example.org", want: []string{"config.yaml:1: public_url: is plain http"}},
		{name: "a plain public_url behind a proxy", yaml: "public_url: http://chat.example.org\ntrusted_proxies: [127.0.0.1]", want: []string{"public_url: is plain http"}},
		{name: "an empty listen", env: []string{"HEARTH_LISTEN="}, want: []string{"HEARTH_LISTEN: listen: must be host:port"}},
		{name: "nothing more is said of a bad listen", yaml: "listen: '0.0.0.0'", want: []string{"listen: must be"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parseConfig("config.yaml", []byte(tt.yaml), tt.env)
			if err == nil {
				t.Fatal("accepted")
			}
			if !reflect.DeepEqual(c, Config{}) {
				t.Error("a configuration came with the error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("want %d lines, got\n%v", len(tt.want), err)
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d\nwant %s\ngot  %s", i+1, want, lines[i])
				}
			}
		})
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, secret := write("key", "k3y\n"), write("secret", " s3cret \r\n")
	c := parse(t, "sms: {provider: vonage, vonage: {from: Hearth, api_key_file: "+key+"}}", "HEARTH_SMS_VONAGE_API_SECRET_FILE="+secret, "HEARTH_STORE_POSTGRES_URL_FILE="+key)
	if c.SMS.Vonage.APIKey != "k3y" || string(c.SMS.Vonage.APISecret) != " s3cret " || c.Store.Postgres.URL != "k3y" {
		t.Errorf("got %q, %q, %q", string(c.SMS.Vonage.APIKey), string(c.SMS.Vonage.APISecret), string(c.Store.Postgres.URL))
	}

	for _, tt := range []struct{ name, yaml, env, want string }{
		{"both in the file", "sms: {vonage: {api_key: s3cret, api_key_file: " + key + "}}", "", "config.yaml:1: sms.vonage.api_key_file: sms.vonage.api_key is set too (config.yaml:1)"},
		{"one in each", "sms: {vonage: {api_key: s3cret}}", "HEARTH_SMS_VONAGE_API_KEY_FILE=" + key, "HEARTH_SMS_VONAGE_API_KEY_FILE: sms.vonage.api_key_file: sms.vonage.api_key is set too (config.yaml:1)"},
		{"no such file, named by the secret itself", "", "HEARTH_SMS_VONAGE_API_KEY_FILE=s3cret", "sms.vonage.api_key_file: cannot read the file that it names: no such file or directory"},
		{"a directory", "sms: {vonage: {api_key_file: " + dir + "}}", "", "sms.vonage.api_key_file: cannot read the file that it names: is a directory"},
		{"an empty file, and nothing about the key that it would be", "sms: {provider: vonage, vonage: {api_secret: s3cret, from: Hearth, api_key_file: " + write("empty", "\n") + "}}", "", "sms.vonage.api_key_file: the file that it names is empty"},
		{"a file that is too large", "sms: {vonage: {api_key_file: " + write("large", strings.Repeat("s3cret", maxSecretBytes)) + "}}", "", "is larger than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig("config.yaml", []byte(tt.yaml), []string{tt.env})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("want %s\ngot  %v", tt.want, err)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	c := DefaultConfig()
	c.SMS.Vonage.APISecret = "s3cret"
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb, c, c.SMS.Vonage.APISecret)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c, "secret", c.SMS.Vonage.APISecret)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", c, "secret", c.SMS.Vonage.APISecret)
	asJSON, _ := json.Marshal(c)
	asYAML, _ := yaml.Marshal(c)
	out.Write(asJSON)
	out.Write(asYAML)
	if got := out.String(); strings.Contains(got, "s3cret") || strings.Contains(got, fmt.Sprintf("%x", "s3cret")) || !strings.Contains(got, "[secret]") {
		t.Error(got)
	}
}

func TestNoErrorHoldsASecret(t *testing.T) {
	for _, text := range []string{
		"sms: {vonage: {api_key: [s3cret]}}",
		"sms: {vonage: {api_key: {s3cret: s3cret}}}",
		"sms: {vonage: {api_key: *s3cret}}",
		"sms: {vonage: {api_key: &s3cret}}",
		"sms: {vonage: {api_key: !s3cret x}}",
		"sms: {vonage: {api_key: !!binary s3cret}}",
		"sms: {vonage: {api_key:s3cret}}",
		"sms: {vonage: {s3cret}}",
		"sms: {vonage: s3cret}",
		"sms:\n  vonage:\n    api_key:s3cret",
		"sms:\n  vonage:\n    api_key:s3cret\n    from: x",
		"sms:\n  vonage:\n    api_key: \"s3cret\n    from: x",
		"sms:\n  vonage:\n    api_key: s3cret: s3cret",
		"sms:\n  vonage:\n    api_key: %s3cret",
		"sms:\n  vonage:\n    api_key: @s3cret",
		"sms:\n  vonage:\n    api_key: \"\\s3cret\"",
		"sms: {vonage: {api_key: x, api_key: s3cret}}",
		"store: {postgres: {url: s3cret, url_file: x}}",
		"public_url: https://s3cret@chat.example.org",
		"sms: {vonage: {base_url: 'https://u:s3cret@gateway.example'}}",
		"sms: {vonage: {base_url: 'https://u:s3cret@gateway.example:port'}}",
		"chat: {exit_url: 'https://u:s3cret@weather.example'}",
	} {
		if _, err := parseConfig("config.yaml", []byte(text), nil); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       []string // the keys, in this order
	}{
		{"insecure http", "insecure_http: true", []string{"insecure_http"}},
		{"trusting everybody", "trusted_proxies: [0.0.0.0/0, '::/0', 10.0.0.0/8]", []string{"trusted_proxies", "trusted_proxies"}},
		{"tls without a public_url", "tls: {cert_file: a, key_file: b}", []string{"public_url"}},
		{"https from nowhere, codes printed", "public_url: https://chat.example.org", []string{"trusted_proxies", "sms.provider"}},
		{"a plain origin", "allowed_origins: ['http://a.example', 'http://localhost:3000', 'https://b.example']", []string{"allowed_origins"}},
		{"an older client that is switched off", "legacy: {enabled: false, client_dir: /srv/client}", []string{"legacy.client_dir"}},
		{"codes in a file", "sms: {provider: file, file: x}", []string{"sms.provider"}},
		{"few digits", "auth: {otp: {digits: 5}}", []string{"auth.otp.digits", "auth.limits.wrong_codes_per_30_days"}},
		{"several tries", "auth: {otp: {attempts_per_code: 2}}", []string{"auth.otp.attempts_per_code"}},
		{"many wrong codes", "auth: {limits: {wrong_codes_per_day: 100, wrong_codes_per_30_days: 100}}", []string{"auth.limits.wrong_codes_per_30_days"}},
		{"many wrong codes a month, but few a day", "auth: {limits: {wrong_codes_per_day: 1, wrong_codes_per_30_days: 1000}}", nil},
		{"as it should be", "listen: ':443'\npublic_url: https://chat.example.org\ntls: {cert_file: a, key_file: b}\nsms: {provider: vonage, vonage: {api_key: a, api_secret: b, from: c}}", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, w := range parse(t, tt.yaml).Warnings() {
				got = append(got, strings.SplitN(w, ":", 2)[0])
				if strings.Contains(w, "%!") {
					t.Error(w)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMetricsBeyondLoopbackAreWarnedOf(t *testing.T) {
	c := DefaultConfig()
	c.Metrics.Listen = "127.0.0.1:9090"
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("on loopback: %q", w)
	}
	c.Metrics.Listen = ":9090"
	if w := c.Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], "metrics.listen: ") {
		t.Errorf("beyond loopback: %q", w)
	}
}

func FuzzConfig(f *testing.F) {
	example, err := os.ReadFile(examplePath)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(example), "", "---\n---\n", "a: &a [*a]\n<<: *a", "? [x]\n: y", "sms: {vonage: {api_key:x}}", "listen: !!float 1\ntls: !x {}",
		"public_url: http://[::1%25a]:0\nallowed_origins: [http://., 'http://a..', '']\ntrusted_proxies: [::/0, 1/2]", "\xff\xfea\x00", "x: |2\n  y\n\t",
	} {
		f.Add([]byte(seed), "HEARTH_TRUSTED_PROXIES", "1,,")
	}
	f.Fuzz(func(t *testing.T, data []byte, name, value string) {
		for _, twin := range []string{"api_key_file", "api_secret_file", "url_file"} {
			if strings.Contains(string(data), twin+":") && !slices.Equal(data, example) || strings.HasSuffix(name, strings.ToUpper(twin)) {
				t.Skip("would read files")
			}
		}
		environ := []string{name + "=" + value}
		c, err := parseConfig("config.yaml", data, environ)
		if err != nil {
			if !reflect.DeepEqual(c, Config{}) {
				t.Error("a configuration came with the error")
			}
			return
		}
		c.Warnings()
		if listensBeyondLoopback(c.Listen) && (c.PublicURL == "" || c.SMS.Provider == "console") {
			t.Errorf("unsafe, and accepted: %+v", c)
		}
	})
}
