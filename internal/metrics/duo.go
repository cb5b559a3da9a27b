package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/duoplane/duoplane/internal/duoapi"
)

var (
	callLabel = label("call", duoapi.Calls()...)

	duoCalls = &Family{
		Name: "duoplane_duo_calls_total", Kind: Counter,
		Help:   "Requests to Duo's Auth API, by call and outcome: ok, or what went wrong.",
		Labels: []Label{callLabel, label("outcome", append(duoapi.Kinds(), ok)...)},
	}
	duoCallSeconds = &Family{
		Name: "duoplane_duo_call_duration_seconds", Kind: Histogram,
		Help:    "Time from a request to Duo to its whole reply or its failure. Duo holds auth and auth_status back while a person decides.",
		Labels:  []Label{callLabel},
		buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
	}
	duoRateLimited = &Family{
		Name: "duoplane_duo_rate_limited_total", Kind: Counter,
		Help: "Requests that Duo refused with 429 because there were too many.",
	}
	duoFamilies = []*Family{duoCalls, duoCallSeconds, duoRateLimited}
)

type duoMetrics struct {
	calls   counters
	seconds histograms
	limited prometheus.Counter
}

func (m *Metrics) newDuo() duoMetrics {
	d := duoMetrics{calls: m.counters(duoCalls), seconds: m.histograms(duoCallSeconds)}
	d.limited = m.counters(duoRateLimited).with()
	// The calls of every login are there as 0, so that their first failure is seen.
	for _, call := range []duoapi.Call{duoapi.CallPing, duoapi.CallCheck, duoapi.CallPreauth, duoapi.CallAuth, duoapi.CallAuthStatus} {
		d.calls.with(string(call), ok)
		d.seconds.with(string(call))
	}
	return d
}

// DuoCall counts one request to Duo. Kind is "" for one that was met.
func (m *Metrics) DuoCall(call duoapi.Call, kind duoapi.Kind, took time.Duration) {
	outcome := string(kind)
	if kind == "" {
		outcome = ok
	}
	m.duo.calls.with(string(call), outcome).Inc()
	m.duo.seconds.with(string(call)).Observe(took.Seconds())
	if kind == duoapi.KindRateLimit {
		m.duo.limited.Inc()
	}
}
