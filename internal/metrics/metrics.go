// Package metrics counts what the server does, for Prometheus. No label names
// a person, a therapy session or an address: whoever may read the numbers
// learns how busy the server is, and nobody's presence in it.
//
// It knows the rooms that it asks, and none of them knows it: package cmd
// wires [Metrics.Commit] and [Metrics.Answered] to where these things happen.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hearth/auth"
	"hearth/hub"
	"hearth/store"
)

// Sources are asked at each scrape. All are required.
type Sources struct {
	Store *store.Store
	Hub   *hub.Hub
	Auth  *auth.Auth
}

// Metrics counts from New on. Its methods may be called at the same time.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	commits  prometheus.Histogram
	failed   prometheus.Counter
	jobs     prometheus.Counter
	actions  prometheus.Counter
}

// New makes empty metrics of this version.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hearth_http_requests_total", Help: "Answers to HTTP requests.",
		}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hearth_http_request_seconds", Help: "How long answers to HTTP requests took; held ones (wait) are held.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"route"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "hearth_commit_seconds", Help: "How long synced commits took.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		failed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "hearth_commit_failures_total", Help: "Commits that failed."}),
		jobs:    prometheus.NewCounter(prometheus.CounterOpts{Name: "hearth_commit_jobs_total", Help: "Callers that were served by commits."}),
		actions: prometheus.NewCounter(prometheus.CounterOpts{Name: "hearth_actions_total", Help: "Actions that were stored."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "hearth_build_info", Help: "1; its label says which version runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.took, m.commits, m.failed, m.jobs, m.actions, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Commit counts a commit. It does not block.
func (m *Metrics) Commit(c store.Commit) {
	m.commits.Observe(c.Took.Seconds())
	if c.Failed {
		m.failed.Inc()
		return
	}
	m.jobs.Add(float64(c.Jobs))
	m.actions.Add(float64(c.Actions))
}

// Answered counts an answer. route is one as it is declared, or empty.
func (m *Metrics) Answered(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions:
	default:
		method = "other" // whatever somebody makes up
	}
	if route == "" {
		route = "page"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != "/api/ws" { // a socket lasts
		m.took.WithLabelValues(route).Observe(took.Seconds())
	}
}

const askWithin = 2 * time.Second

// Watch adds what is asked of s at each scrape.
func (m *Metrics) Watch(s Sources) {
	gauge := func(name, help string, f func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	counter := func(name, help string, labels prometheus.Labels, f func() float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, f))
	}
	gauge("hearth_store_ready", "1 if actions can be stored, else 0.", func() float64 {
		if s.Store.Ready() != nil {
			return 0
		}
		return 1
	})
	gauge("hearth_last_backup_timestamp_seconds", "When the last backup was made; 0: never.", func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), askWithin)
		defer cancel()
		at, err := s.Store.LastBackup(ctx)
		if err != nil || at.IsZero() {
			return 0
		}
		return float64(at.UnixMilli()) / 1000
	})
	gauge("hearth_rooms", "Therapy sessions with somebody in them.", func() float64 { return float64(s.Hub.Stats().Rooms) })
	gauge("hearth_sockets", "Open WebSockets in therapy sessions.", func() float64 { return float64(s.Hub.Stats().Sockets) })
	gauge("hearth_people_online", "People in therapy sessions.", func() float64 { return float64(s.Hub.Stats().Online) })
	gauge("hearth_logins", "Login sessions.", func() float64 { return float64(s.Auth.Counts().Logins) })
	for result, n := range map[string]func(auth.Counts) uint64{
		"sent":    func(c auth.Counts) uint64 { return c.SMSSent },
		"refused": func(c auth.Counts) uint64 { return c.SMSFailed },
		"unknown": func(c auth.Counts) uint64 { return c.SMSUnknown },
		"dropped": func(c auth.Counts) uint64 { return c.SMSDropped },
	} {
		counter("hearth_sms_total", "SMS with codes, by what became of them.", prometheus.Labels{"result": result},
			func() float64 { return float64(n(s.Auth.Counts())) })
	}
}

// Handler answers scrapes, at every address.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
