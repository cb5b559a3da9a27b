package main

import (
	"context"
	"net"

	"github.com/duoplane/duoplane/internal/metrics"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/sshd"
)

// metricsOptions are those of the listener for Prometheus. What embeds it sets
// the default.
type metricsOptions struct {
	MetricsListen string `default:"${metrics}" placeholder:"ADDRESS" help:"Address at which Prometheus reads metrics, under /metrics: plain HTTP, whoever reaches it reads counts, which name nobody. Port 0 takes a free one, 'off' is none. Default: ${default}."`
}

func (o *metricsOptions) faults() []error {
	if o.MetricsListen == off {
		return nil
	}
	return address("metrics-listen", o.MetricsListen)
}

// openMetrics opens the address; a nil listener is none.
func (o *metricsOptions) openMetrics(ctx context.Context) (net.Listener, error) {
	if o.MetricsListen == off {
		return nil, nil //nolint:nilnil // nothing is wrong, and nothing listens
	}
	return listen(ctx, "metrics-listen", o.MetricsListen)
}

// metricsURL is where the metrics are read; "" without a listener.
func metricsURL(ln net.Listener) string {
	if ln == nil {
		return ""
	}
	return "http://" + hostPort(ln.Addr()) + metrics.Path
}

// metricsSaid is that for the line that tells of the start.
func metricsSaid(url string) string {
	if url == "" {
		return ""
	}
	return "; metrics at " + url
}

// metricsEdge returns the metrics on a listener, if there is one. It belongs
// before the edges whose end it shall show.
func (n *node) metricsEdge(ln net.Listener) []edge {
	if ln == nil {
		return nil
	}
	return []edge{{"metrics", ln, n.metrics.NewServer(n.log)}}
}

func newMetrics() *metrics.Metrics {
	return metrics.New(metrics.Config{Version: version, Commit: commit()})
}

// measure has the store's and the logins' numbers shown. The services are
// there already.
func (n *node) measure() {
	n.metrics.Store(func() metrics.StoreStats {
		s := n.store.Stats()
		return metrics.StoreStats{
			Disk:     (*metrics.StoreDisk)(s.Disk),
			Revision: int64(s.Revision), LagRevisions: s.Behind, Lag: s.BehindFor, Age: s.Age,
			WatchBreaks: s.WatchBreaks, Loads: s.Loads, Records: s.Records,
		}
	})
	n.metrics.Logins(metrics.Logins{Counts: n.guard.logins.Counts, Deciding: n.guard.engine.Deciding, Failures: n.accounts.Failures})
}

// measureREST has the numbers of the REST edge shown.
func (n *node) measureREST(api *rest.API) { n.metrics.InFlight(api.InFlight) }

// measureFront has the numbers of its server shown.
func (n *node) measureFront(s *rest.Server) {
	n.metrics.Connections(func() metrics.Connections { return metrics.Connections(s.Connections()) })
}

// measureSSH has the numbers of the SSH front end shown.
func (n *node) measureSSH(server *sshd.Server) {
	n.metrics.SSH(func() metrics.SSHStats { return metrics.SSHStats(server.Stats()) })
}
