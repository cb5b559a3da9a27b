// Package metrics shows what a node does to Prometheus. The packages that do
// it know nothing of Prometheus: they count for themselves, or call a function
// they were given, and this package makes metrics of that.
//
// Every metric is declared as a Family, with its help text and every value its
// labels can have. No label has a value that names an owner, a user, an
// address or a secret, and none takes one from a client: the number of time
// series has a bound that does not depend on who calls.
package metrics

import (
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Config says which program this is.
type Config struct {
	// Version is the release, Commit the commit it was built from.
	Version, Commit string
}

// Metrics are those of one node. The methods that are given a source to ask
// are called once each, while the node is put together; the others may be
// called concurrently.
type Metrics struct {
	registry *prometheus.Registry
	requests requestMetrics
	duo      duoMetrics
	commits  histograms
}

// New returns metrics that nobody has told anything yet.
func New(cfg Config) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.poll(func(tell func(*Family, float64, ...string)) {
		tell(buildInfo, 1, cfg.Version, cfg.Commit, runtime.Version())
	}, buildInfo)
	m.requests, m.duo, m.commits = m.newRequests(), m.newDuo(), m.newCommits()
	return m
}

var buildInfo = &Family{
	Name: "duoplane_build_info", Kind: Gauge,
	Help: "Always 1; the labels say which program runs.",
	Labels: []Label{
		{Name: "version", From: "the release"},
		{Name: "commit", From: "the commit it was built from"},
		{Name: "goversion", From: "the Go release it was built with"},
	},
}

// Families returns the declarations of all metrics of Duoplane's own, in order
// of name. The Go runtime's and the process' are those of Prometheus' client
// library.
func Families() []Family {
	var out []Family
	all := slices.Concat(
		[]*Family{buildInfo, commitSeconds}, requestFamilies, connectionFamilies, storeFamilies, loginFamilies, duoFamilies, sshFamilies, auditFamilies,
	)
	for _, f := range all {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Family) int { return strings.Compare(a.Name, b.Name) })
	return out
}
