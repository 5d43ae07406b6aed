package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hearth/hub/chat"
)

// origins says what is the server's own: which Host it answers to, and which
// browser origins may act with its cookies.
type origins struct {
	public  *url.URL // nil: plain http on loopback
	allowed []string
	anyHost bool // without a public URL: also names that are not loopback's
}

// secure reports whether cookies are for https only.
func (o *origins) secure() bool {
	return o.public != nil && (o.public.Scheme == "https" || !loopbackName(o.public.Hostname()))
}

// host refuses on loopback names that are not loopback's, so that another name
// that somebody has made point to it (DNS rebinding) reaches nothing. With a
// public URL that is no loopback's every name will do: a proxy may put its own
// in, and the origin is compared with the public URL.
func (o *origins) host(host string) error {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if o.anyHost || o.public != nil && !loopbackName(o.public.Hostname()) || loopbackName(name) {
		return nil
	}
	return chat.Errorf(chat.WrongHost, "this server does not answer to that name")
}

// sameHost compares a Host header with the public URL's, default ports
// left out.
func sameHost(host string, public *url.URL) bool {
	return strings.EqualFold(withoutDefaultPort(host, public.Scheme), withoutDefaultPort(public.Host, public.Scheme))
}

func withoutDefaultPort(host, scheme string) string {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.TrimSuffix(host, port)
}

func loopbackName(name string) bool {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// own reports whether an Origin header names the server itself or an allowed
// origin.
func (o *origins) own(origin, host string) bool {
	if slices.Contains(o.allowed, origin) {
		return true
	}
	if o.public == nil {
		return strings.EqualFold(origin, "http://"+host)
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == o.public.Scheme && sameHost(u.Host, o.public)
}

// browser refuses what a foreign page makes a browser send. A request with
// neither header, but with a cookie, is refused likewise.
func (o *origins) browser(r *http.Request) error {
	foreign := chat.Errorf(chat.CrossOrigin, "this call must come from the server's own pages or an allowed origin")
	if origins := r.Header.Values("Origin"); len(origins) > 0 {
		if len(origins) > 1 || !o.own(origins[0], r.Host) {
			return foreign
		}
		return nil
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return nil
	}
	return foreign
}

// fromBrowser reports whether a request says which page it comes from.
func fromBrowser(r *http.Request) bool {
	return r.Header["Origin"] != nil || r.Header["Sec-Fetch-Site"] != nil
}

// clientIP believes X-Forwarded-For only from trusted proxies, from the right
// on; otherwise the client is the socket's peer.
func clientIP(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

func addr(c echo.Context) netip.Addr {
	ip, _ := netip.ParseAddr(c.RealIP())
	return ip.Unmap()
}
