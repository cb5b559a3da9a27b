package metrics

import (
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/duoplane/duoplane/internal/fault"
)

// ok is the code of a request that was met.
const ok = "ok"

var (
	routeLabel  = Label{Name: "route", From: "the API's paths as docs/api shows them, with the names of the keys; `none` before a request has come to a route"}
	methodLabel = label("method", "GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE")

	requestsTotal = &Family{
		Name: "duoplane_rest_requests_total", Kind: Counter,
		Help: "REST requests answered, by route, method, HTTP status and error code. Status 499 is a client that went away before its answer.",
		Labels: []Label{
			routeLabel, methodLabel,
			label("status", "200", "201", "202", "400", "401", "403", "404", "405", "408", "409", "413", "429", "499", "500", "503"),
			label("code", append(fault.Codes(), ok)...),
		},
	}
	requestSeconds = &Family{
		Name: "duoplane_rest_request_duration_seconds", Kind: Histogram,
		Help:   "Time from a REST request's header to the end of its answer. Routes that wait for something to happen hold it back on purpose.",
		Labels: []Label{routeLabel, methodLabel},
		buckets: []float64{
			.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60,
		},
	}
	requestsInFlight = &Family{
		Name: "duoplane_rest_requests_in_flight", Kind: Gauge,
		Help: "REST requests being answered now, without those that wait for something to happen.",
	}
	connections = &Family{
		Name: "duoplane_rest_connections", Kind: Gauge,
		Help:   "TLS connections of the REST API now, busy with a request or resting.",
		Labels: []Label{label("state", "busy", "resting")},
	}
	connectionsCrowdedOut = &Family{
		Name: "duoplane_rest_connections_crowded_out_total", Kind: Counter,
		Help: "TLS connections of the REST API that were closed because there were too many, the longest idle ones first.",
	}
	connectionFamilies = []*Family{connections, connectionsCrowdedOut}
	requestFamilies    = []*Family{requestsTotal, requestSeconds, requestsInFlight}
)

type requestMetrics struct {
	total   counters
	seconds histograms
}

func (m *Metrics) newRequests() requestMetrics {
	return requestMetrics{total: m.counters(requestsTotal), seconds: m.histograms(requestSeconds)}
}

// InFlight has a function asked how many REST requests are in progress.
func (m *Metrics) InFlight(count func() int64) {
	m.poll(func(tell func(*Family, float64, ...string)) { tell(requestsInFlight, float64(count())) }, requestsInFlight)
}

// Connections are those of the REST API's server; rest.Connections has the same
// fields and says what they mean.
type Connections struct {
	Busy, Resting int64
	CrowdedOut    int64
}

// Connections has a function asked how many connections there are.
func (m *Metrics) Connections(count func() Connections) {
	m.poll(func(tell func(*Family, float64, ...string)) {
		c := count()
		tell(connections, float64(c.Busy), "busy")
		tell(connections, float64(c.Resting), "resting")
		tell(connectionsCrowdedOut, float64(c.CrowdedOut))
	}, connectionFamilies...)
}

// Requests returns what counts the requests of one route and method: it is told
// of each the HTTP status, the error code ("" for none) and how long it took.
// Route "" is where a request belongs that came to none. It costs no allocation
// once an outcome has been seen, and no time series before.
func (m *Metrics) Requests(route, method string) func(status int, code fault.Code, took time.Duration) {
	if route == "" {
		route = "none"
	}
	r := &requests{all: &m.requests, route: route, method: method}
	r.seconds = sync.OnceValue(func() prometheus.Observer { return m.requests.seconds.with(route, method) })
	r.seen.Store(&map[answer]prometheus.Counter{})
	return r.observe
}

// requests are those of one route and method.
type requests struct {
	all           *requestMetrics
	route, method string
	seconds       func() prometheus.Observer

	mu   sync.Mutex                                    // held to replace seen
	seen atomic.Pointer[map[answer]prometheus.Counter] // what it points to is never changed
}

// An answer is how a request ended.
type answer struct {
	status int
	code   fault.Code
}

func (r *requests) observe(status int, code fault.Code, took time.Duration) {
	r.seconds().Observe(took.Seconds())
	a := answer{status, code}
	counter, seen := (*r.seen.Load())[a]
	if !seen {
		counter = r.add(a)
	}
	counter.Inc()
}

func (r *requests) add(a answer) prometheus.Counter {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := *r.seen.Load()
	if counter, seen := before[a]; seen {
		return counter
	}
	code := string(a.code)
	if code == "" {
		code = ok
	}
	after := make(map[answer]prometheus.Counter, len(before)+1)
	maps.Copy(after, before)
	after[a] = r.all.total.with(r.route, r.method, strconv.Itoa(a.status), code)
	r.seen.Store(&after)
	return after[a]
}
