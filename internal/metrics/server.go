package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"
)

// The limits of the listener. Whoever scrapes is one or two programs.
const (
	maxConnections = 32
	maxScrapes     = 8
	maxHeader      = 8 << 10
	headerTimeout  = 5 * time.Second
	scrapeTimeout  = 10 * time.Second
	writeTimeout   = 15 * time.Second
	idleTimeout    = 90 * time.Second // more than the minute between two scrapes
)

// Path is where the metrics are.
const Path = "/metrics"

// A Server answers GET and HEAD of Path in plain HTTP, with limits on sizes,
// times and connections, and nothing else. Whoever reaches it reads the counts.
type Server struct{ http http.Server }

// NewServer returns a server of the metrics that is not listening yet.
func (m *Metrics) NewServer(log *slog.Logger) *Server {
	faults := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	scrape := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: faults, ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes, CoalesceGather: true, Timeout: scrapeTimeout,
	})
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, harmless(scrape)) // HEAD too
	s := new(Server)
	s.http = http.Server{
		Handler: mux, ErrorLog: faults, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
	}
	return s
}

// harmless keeps browsers from taking the text for anything else.
func harmless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Serve answers on a listener, which it closes, until Shutdown, and then
// returns http.ErrServerClosed.
func (s *Server) Serve(ln net.Listener) error {
	return s.http.Serve(netutil.LimitListener(ln, maxConnections))
}

// Shutdown stops accepting and waits for the scrapes under way; when ctx ends
// first, their connections are closed and its error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(err, s.http.Close())
	}
	return nil
}
