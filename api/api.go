// Package api is HTTP and WebSocket: routes, headers, cookies, wire formats,
// close codes. It decodes, calls one door (package hub or auth), and encodes;
// it has no rule of its own.
//
// Start reading at [API.routes]; errors.go gives each refusal its face, ws.go
// is the WebSocket.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"hearth/api/spec"
	"hearth/auth"
	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

// Options of the API. Hub, Auth, Store and LinkKey are required.
type Options struct {
	Hub   *hub.Hub
	Auth  *auth.Auth
	Store *store.Store

	PublicURL         string         // empty: plain http on loopback
	AllowedOrigins    []string       // further browser origins
	AnyHost           bool           // with an empty PublicURL: answer to any name; for demonstrations
	TrustedProxies    []netip.Prefix // whose X-Forwarded-For counts
	PollInterval      time.Duration  // told to polling clients; zero: 5 s
	MaxActionsPerCall int            // of saveActions; zero: 100
	Region            string         // of phones in a roster without a country code; empty: US
	LoginField        string         // of the roster: last_name (also if empty) or name
	NoLegacy          bool           // there is nothing for the older client
	LinkKey           []byte         // signs the links by which surveys come back, 32 bytes
	Version           string         // of the server, for its staff; empty: not told
	SMSSender         string         // the way SMS are sent, likewise
	Pages             http.Handler   // everything that is not the API; nil: nothing
	PageCSP           string         // Content-Security-Policy of the pages
	Log               *slog.Logger   // nil: discarded

	// Answered is told of each answer: the route as it is declared, empty
	// for pages and what there is not. nil: nobody is.
	Answered func(method, route string, status int, took time.Duration)

	// Disk is how many bytes the data takes, and how many more there is room
	// for; negative: it is not known. nil: neither is.
	Disk func() (data, free int64)

	// WriteStall is how long a WebSocket's write may be blocked before it
	// counts as too slow a reader; zero: 10 s. PingEvery and PongWait
	// default to 20 s and 45 s.
	WriteStall, PingEvery, PongWait time.Duration
}

// API answers requests.
type API struct {
	opt     Options
	hub     *hub.Hub
	auth    *auth.Auth
	store   *store.Store
	log     *slog.Logger
	origins origins
	echo    *echo.Echo
	methods map[string][]string // of each address
	headers map[string][]string // of every answer; the slices are shared
	docs    func() ([]byte, error)
	started time.Time

	mu       sync.Mutex
	watchers map[string]time.Time // API tokens → when it was noted that they look at who is there
	sockets  map[*socket]struct{}
	draining context.Context // ended when the server stops
	drain    context.CancelFunc
	running  sync.WaitGroup
}

const (
	maxBody      = 2 << 20
	maxOlderBody = 8 << 20 // of handleActions and the older client's bridge
)

// New makes the API and starts the goroutine that pings.
func New(opt Options) (*API, error) {
	if opt.PollInterval == 0 {
		opt.PollInterval = 5 * time.Second
	}
	if opt.MaxActionsPerCall == 0 {
		opt.MaxActionsPerCall = 100
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.WriteStall == 0 {
		opt.WriteStall = 10 * time.Second
	}
	if opt.PingEvery == 0 {
		opt.PingEvery = 20 * time.Second
	}
	if opt.PongWait == 0 {
		opt.PongWait = 45 * time.Second
	}
	a := &API{
		opt: opt, hub: opt.Hub, auth: opt.Auth, store: opt.Store, log: opt.Log,
		origins: origins{allowed: opt.AllowedOrigins, anyHost: opt.AnyHost},
		echo:    echo.New(), sockets: map[*socket]struct{}{}, docs: sync.OnceValues(spec.Docs),
		started: opt.Store.Now(), watchers: map[string]time.Time{},
	}
	a.draining, a.drain = context.WithCancel(context.Background())
	if opt.PublicURL != "" {
		u, err := url.Parse(opt.PublicURL)
		if err != nil {
			return nil, err
		}
		a.origins.public = u
	}
	e := a.echo
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = clientIP(opt.TrustedProxies)
	e.HTTPErrorHandler = a.fail
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Request().Header.Del(echo.HeaderXRequestID) // ours alone goes into the log
			return next(c)
		}
	})
	if opt.Answered != nil {
		e.Use(a.observe)
	}
	e.Use(middleware.RequestID(), middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisablePrintStack: true, LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			a.log.Error("a handler panicked", "error", err, "stack", string(stack))
			return err
		},
	}), a.front)
	if len(opt.AllowedOrigins) > 0 {
		e.Use(middleware.CORSWithConfig(middleware.CORSConfig{
			AllowOrigins: opt.AllowedOrigins, AllowCredentials: true, MaxAge: 600,
			AllowMethods: []string{http.MethodGet, http.MethodPost},
			AllowHeaders: []string{"Authorization", "Content-Type"},
		}))
	}
	a.headers = map[string][]string{
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		"X-Frame-Options":              {"DENY"},
		"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"},
		"Cache-Control":                {"no-store"},
	}
	if a.origins.public != nil && a.origins.public.Scheme == "https" {
		a.headers["Strict-Transport-Security"] = []string{"max-age=63072000; includeSubDomains"}
	}
	a.methods = map[string][]string{}
	for _, r := range a.routes() {
		if opt.NoLegacy && r.path == ajaxPath {
			continue
		}
		e.Add(r.method, r.path, r.guarded(a))
		a.methods[r.path] = append(a.methods[r.path], r.method)
	}
	e.RouteNotFound("/*", a.elsewhere)
	a.running.Go(a.pinger)
	return a, nil
}

// route is one line of the API.
type route struct {
	method, path string
	guard        guard
	handle       func(*API, *call) error
}

// guard says who may call a route at all.
type guard uint8

const (
	open      guard = iota // anybody; changes nothing
	openSaves              // anybody; with a cookie only from an own page
	openOwn                // anybody; a browser only from an own page, without a cookie, too
	login                  // who is logged in; a look, or a poll
	loginActs              // who is logged in, and does something: their idle time begins anew
	admin                  // study staff and programs, with an API token; cookies are not looked at
)

// routes is every address of the API.
func (a *API) routes() []route {
	return []route{
		{"POST", "/api/login", openSaves, (*API).postLogin},
		{"POST", "/api/resend", openSaves, (*API).postResend},
		{"POST", "/api/verify", openSaves, (*API).postVerify},
		{"POST", "/api/logout", loginActs, (*API).postLogout},
		{"GET", "/api/me", login, (*API).getMe},

		{"GET", "/api/getTherapySessions", login, (*API).getTherapySessions}, // acts if it is no poll
		{"POST", "/api/enterTherapySession", loginActs, (*API).postEnter},
		{"POST", "/api/leaveTherapySession", loginActs, (*API).postLeave},
		{"GET", "/api/getTherapySessionDetail", loginActs, (*API).getDetail},
		{"GET", "/api/getTherapySessionAssessments", loginActs, (*API).getAssessments},
		{"POST", "/api/updateParticipants", loginActs, (*API).postUpdateParticipants},
		{"POST", "/api/unlock", loginActs, (*API).postUnlock},
		{"POST", "/api/code", loginActs, (*API).postCode},

		{"GET", "/api/getActions", login, (*API).getActions},
		{"POST", "/api/saveActions", loginActs, (*API).postSaveActions},
		{"POST", "/api/handleActions", login, (*API).postHandleActions}, // acts if its queue is not empty
		{"GET", "/api/ws", login, (*API).getWebSocket},

		{"POST", ajaxPath, openOwn, (*API).postAjax}, // each of its actions has a guard, too

		{"POST", "/api/admin/roster", admin, (*API).postAdminRoster},
		{"GET", "/api/admin/roster", admin, (*API).getAdminRoster},
		{"POST", "/api/admin/assessments", admin, (*API).postAdminAssessments},
		{"GET", "/api/admin/exports/:table", admin, (*API).getAdminExport},
		{"GET", "/api/admin/audit", admin, (*API).getAdminAudit},
		{"GET", "/api/admin/sessions", admin, (*API).getAdminSessions},
		{"GET", "/api/admin/health", admin, (*API).getAdminHealth},
		{"GET", "/api/admin/tokens", admin, (*API).getAdminTokens},
		{"POST", "/api/admin/tokens", admin, (*API).postAdminToken},
		{"DELETE", "/api/admin/tokens/:id", admin, (*API).deleteAdminToken},
		{"POST", "/api/admin/unlock", admin, (*API).postAdminUnlock},
		{"POST", "/api/admin/code", admin, (*API).postAdminCode},

		{"GET", surveyPath + ":token", open, (*API).getSurveyDone},
		{"GET", "/healthz", open, (*API).getHealth},
		{"GET", "/readyz", open, (*API).getReady},
		{"GET", "/api/openapi.yaml", open, (*API).getOpenAPI},
		{"GET", "/api/asyncapi.yaml", open, (*API).getAsyncAPI},
		{"GET", "/docs", open, (*API).getDocs},
		{"GET", "/docs/docs.css", open, (*API).getDocsCSS},
	}
}

// Handler is the API as the standard library serves it.
func (a *API) Handler() http.Handler { return a.echo }

// Server serves the API, with the times and sizes that clients are held to
// before a handler sees their request.
func (a *API) Server() *http.Server {
	return &http.Server{
		Handler:           a.echo,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug), // of broken clients
	}
}

// call is one request, and who makes it.
type call struct {
	echo.Context
	login auth.Login // of a guarded route
	token auth.Token // of an admin route
}

func (c *call) by() chat.PID { return c.login.User.ID }

// guarded is the route's handler behind its guard.
func (r route) guarded(a *API) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c := &call{Context: ec}
		req := ec.Request()
		changes := r.method != http.MethodGet
		token, fromCookie := a.token(req)
		cookie := a.hasCookie(req) || r.guard == openOwn && fromBrowser(req)
		if changes && (fromCookie || cookie && req.Header["Authorization"] == nil) {
			if err := a.origins.browser(req); err != nil {
				return err
			}
		}
		if err := a.authenticate(c, token, r.guard); err != nil {
			return err
		}
		if r.guard == admin {
			if fromCookie {
				token = ""
			}
			t, err := a.auth.AuthenticateToken(req.Context(), token)
			if err != nil {
				return err
			}
			c.token = t
		}
		return r.handle(a, c)
	}
}

// authenticate finds the login that g asks for.
func (a *API) authenticate(c *call, token string, g guard) (err error) {
	if g == login || g == loginActs {
		c.login, err = a.auth.Authenticate(c.Request().Context(), token, g == loginActs)
	}
	return err
}

// observe tells who watches of each answer.
func (a *API) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err) // writes the answer
		}
		route := c.Path()
		if a.methods[route] == nil {
			route = ""
		}
		a.opt.Answered(c.Request().Method, route, c.Response().Status, time.Since(began))
		return nil
	}
}

// front is what holds for every answer.
func (a *API) front(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		for name, value := range a.headers {
			h[name] = value
		}
		a.deadline(c)
		if c.Request().Body != http.NoBody { // also one that no handler reads: the server waits for its end
			http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(bodyTime))
		}
		if err := a.origins.host(c.Request().Host); err != nil {
			return err
		}
		return next(c)
	}
}

// elsewhere answers what no route does: a known address with another method,
// the pages, and what there is not.
func (a *API) elsewhere(c echo.Context) error {
	path := c.Request().URL.Path
	if methods := a.methods[path]; methods != nil {
		c.Response().Header().Set("Allow", strings.Join(methods, ", "))
		return echo.ErrMethodNotAllowed
	}
	if a.opt.NoLegacy && (path == ajaxPath || path == olderScript) {
		return chat.Errorf(chat.NotFound, "the older client is switched off on this server (legacy.enabled)")
	}
	if a.opt.Pages == nil || strings.HasPrefix(path, "/api/") {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Content-Security-Policy", a.opt.PageCSP)
	c.Response().Header().Del("Cache-Control") // the pages have their own
	a.opt.Pages.ServeHTTP(c.Response(), c.Request())
	return nil
}

// answerTime is how long writing one answer may take: a reader slower than
// that has gone, or means no good. It begins when the request comes, and anew
// where an answer was waited for.
const answerTime = 60 * time.Second

// deadline gives the answer that is about to be written its time.
func (a *API) deadline(c echo.Context) {
	http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(answerTime))
}

// json answers with b, which is JSON.
func (a *API) json(c *call, status int, b []byte) error {
	a.deadline(c)
	return c.Blob(status, "application/json", b)
}

// Drain begins the end: readyz says so, long polls are answered, sockets are
// told to come back, spread over some seconds. Then no more is accepted.
func (a *API) Drain() {
	a.mu.Lock() // a socket is counted in before, or not at all
	defer a.mu.Unlock()
	a.drain()
}

// Close drains, and waits until every socket is closed.
func (a *API) Close() {
	a.Drain()
	a.running.Wait()
}
