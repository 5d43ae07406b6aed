package cmd

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"go.yaml.in/yaml/v3"
)

// setScalar sets one value, or item of a list, from the file. Its errors and
// setText's never hold a secret: text is taken as it is.
func setScalar(v reflect.Value, n *yaml.Node) error {
	tag := n.ShortTag()
	switch {
	case n.Kind == yaml.AliasNode:
		return errors.New("must stand in quotes, as it begins with *")
	case isNull(n):
		return errors.New(`has no value; write "" for an empty one, or leave the key out for its default`)
	case n.Kind != yaml.ScalarNode || !slices.Contains(tagsOf(v), tag):
		return errors.New("must be " + expected(v))
	}
	return setText(v, n.Value)
}

// tagsOf says how YAML may understand a value of v's type: a sender's number
// or a key of digits only is text to us, but 6 in quotes is not a number.
func tagsOf(v reflect.Value) []string {
	switch v.Interface().(type) {
	case bool:
		return []string{"!!bool"}
	case int:
		return []string{"!!int"}
	case float64:
		return []string{"!!int", "!!float"}
	case time.Duration, netip.Prefix:
		return []string{"!!str", "!!int"}
	}
	return []string{"!!str", "!!int", "!!float"}
}

// expected says in words what a value of v's type is.
func expected(v reflect.Value) string {
	switch v.Interface().(type) {
	case bool:
		return "true or false"
	case int:
		return "a whole number, such as 6"
	case float64:
		return "a number, such as 2.5"
	case time.Duration:
		return "a duration, such as 90s, 10m or 12h"
	case netip.Prefix:
		return "a range of addresses, such as 10.0.0.0/8, or one address"
	}
	return "text, in quotes"
}

// setText sets one value from how it is written, in the file, the environment
// or a check tag.
func setText(v reflect.Value, text string) error {
	var parsed any
	var err error
	switch v.Interface().(type) {
	case bool:
		parsed = strings.EqualFold(text, "true")
		if parsed == false && !strings.EqualFold(text, "false") {
			err = errors.ErrUnsupported
		}
	case int:
		parsed, err = strconv.Atoi(text)
	case float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			err = errors.ErrUnsupported
		}
		parsed = f
	case time.Duration:
		parsed, err = time.ParseDuration(text)
	case netip.Prefix:
		parsed, err = parsePrefix(text)
	default:
		v.SetString(text)
		return nil
	}
	if err != nil { // not wrapped: it says the same in a programmer's words
		return fmt.Errorf("must be %s, not %s", expected(v), quoted(text))
	}
	v.Set(reflect.ValueOf(parsed))
	return nil
}

// parsePrefix reads a CIDR or a bare address; bits behind the prefix are
// cleared.
func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if addr, bareErr := netip.ParseAddr(s); bareErr == nil && addr.Zone() == "" {
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, errors.New("not a prefix") // an IPv4-mapped one would match no IPv4 peer
	}
	return p.Masked(), nil
}

// formats are the check tags that are names: each returns the value in the
// form that Config promises, or what it must be.
var formats = map[string]func(string) (string, error){
	"required":         required,
	"region":           region,
	"address":          address,
	"address or empty": orEmpty(address),
	"origin":           origin,
	"public url":       orEmpty(publicURL),
	"endpoint":         orEmpty(endpoint),
	"exit url":         orEmpty(exitURL),
}

// checkValue holds one value against a check tag, and gives it its promised
// form: "a|b" one of these words, "1..10" or "1.." a range with its ends,
// ">0" greater, or the name of one of formats.
func checkValue(v reflect.Value, check string) error {
	if format := formats[check]; format != nil {
		text, err := format(v.String())
		if err == nil {
			v.SetString(text)
		}
		return err
	}
	if strings.Contains(check, "|") {
		words := strings.Split(check, "|")
		for _, w := range words {
			if v.String() == w {
				return nil
			}
		}
		return fmt.Errorf("must be %s, not %s", strings.Join(words, " or "), quoted(v.String()))
	}
	if low, ok := strings.CutPrefix(check, ">"); ok {
		return within(v, number(v) > bound(v, low), "greater than "+low)
	}
	low, high, ok := strings.Cut(check, "..")
	switch {
	case !ok:
		return fmt.Errorf("has the unknown check %q", check)
	case high == "":
		return within(v, number(v) >= bound(v, low), "at least "+low)
	}
	return within(v, number(v) >= bound(v, low) && number(v) <= bound(v, high), "from "+low+" to "+high)
}

func within(v reflect.Value, ok bool, what string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("must be %s, not %v", what, v.Interface())
}

// number is an int, a float64 or a duration, to compare.
func number(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}

// bound reads one end of a range as a value of v's type. What it cannot read
// holds for no value, so that a typo in a tag is noticed.
func bound(v reflect.Value, text string) float64 {
	b := reflect.New(v.Type()).Elem()
	if setText(b, text) != nil {
		return math.NaN()
	}
	return number(b)
}

func orEmpty(format func(string) (string, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		return format(s)
	}
}

func required(s string) (string, error) {
	if s == "" {
		return "", errors.New("must not be empty")
	}
	return s, nil
}

func region(s string) (string, error) {
	if !phonenumbers.GetSupportedRegions()[s] {
		return "", fmt.Errorf("must be a country in two capital letters, such as US, DE or GB, not %s", quoted(s))
	}
	return s, nil
}

// hostName is a DNS name or part of one; numbers with dots are addresses.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)

func address(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if _, notIP := netip.ParseAddr(host); err != nil || notIP != nil && host != "" && !hostName.MatchString(host) {
		return "", fmt.Errorf("must be host:port, such as 127.0.0.1:8080, not %s", quoted(s))
	}
	return s, nil
}

// origin accepts only what a browser sends, as it is compared byte by byte
// (RFC 6454, 6.2).
func origin(s string) (string, error) {
	canonical, err := canonicalOrigin(s)
	if err == nil && canonical != s {
		err = fmt.Errorf("must be written as browsers send it, %q", canonical)
	}
	return s, err
}

func publicURL(s string) (string, error) { return canonicalOrigin(strings.TrimSuffix(s, "/")) }

// canonicalOrigin is scheme://host[:port] in lower case, without the scheme's
// own port. Its error does not repeat s, which may hold a password.
func canonicalOrigin(s string) (string, error) {
	bad := errors.New("must be scheme://host or scheme://host:port with http or https, such as https://chat.example.org, and nothing behind it")
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Path != "" || strings.ContainsAny(s, "?#") {
		return "", bad
	}
	host := strings.ToLower(u.Hostname())
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
		if addr.Zone() != "" {
			return "", bad
		}
		if addr.Is6() {
			host = "[" + host + "]"
		}
	} else if last := host[strings.LastIndexByte(host, '.')+1:]; !hostName.MatchString(host) || last[0] <= '9' {
		return "", bad // also 127.1, which browsers write in full
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || port == 0):
		return "", bad
	case u.Port() == "" || u.Scheme == "http" && port == 80 || u.Scheme == "https" && port == 443:
		return u.Scheme + "://" + host, nil
	}
	return fmt.Sprintf("%s://%s:%d", u.Scheme, host, port), nil
}

// endpoint is where a provider's API is called: credentials travel there.
func endpoint(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, "?#") ||
		u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return "", errors.New("must be an https URL such as https://api.example.org, without user, query or fragment (http only on loopback)")
	}
	return strings.TrimSuffix(s, "/"), nil
}

// exitURL is a page of any https site, or of this server: a browser takes
// "//host" and "/\host" for another site.
func exitURL(s string) (string, error) {
	u, err := url.Parse(s)
	own := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//")
	other := err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
	if !own && !other || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return "", errors.New("must be an https URL without a user such as https://www.example.org/weather, or a path of this server such as /away")
	}
	if !own {
		return u.String(), nil
	}
	return s, nil
}

// quoted is a value for a message: on one line, and not endless.
func quoted(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%q and so on", strings.ToValidUTF8(s[:80], ""))
	}
	return strconv.Quote(s)
}
