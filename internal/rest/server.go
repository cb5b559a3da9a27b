package rest

import (
	"cmp"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of one connection. A client that is slower than these is cut off.
const (
	headerTimeout = 10 * time.Second // TLS handshake and header
	readTimeout   = 30 * time.Second // the whole request
	writeTimeout  = 60 * time.Second // from the header's end to the last byte sent; longer calls ask for more
	idleTimeout   = 120 * time.Second
	maxHeader     = maxQuery + 16<<10 // request line and header together
)

// ServerConfig is what a Server is built from.
type ServerConfig struct {
	// Handler answers the requests: an API, or something around it. Nil: every
	// request is refused as one that comes too early until Open gives one.
	Handler http.Handler
	// Ready says why the server should not be asked at present, nil when it
	// can be; /readyz tells it to load balancers, so it is safe to show and
	// quick. Nil: it always can.
	Ready func() error
	// TLS holds at least a certificate. It is not changed.
	TLS *tls.Config
	// Logger gets what net/http has to say about connections. Nil discards.
	Logger *slog.Logger
	// HeaderTimeout, ReadTimeout, WriteTimeout and IdleTimeout replace the
	// defaults (10, 30, 60 and 120 seconds) where they are not 0.
	HeaderTimeout, ReadTimeout, WriteTimeout, IdleTimeout time.Duration
	// Connections is how many there may be at a time, 4096 if it is 0; then
	// the one that has rested longest is closed.
	Connections int
}

// A Server serves HTTP/1.1 over TLS, as ONTAP does, with limits on sizes and
// times, and answers even what net/http itself refuses in ONTAP's form.
type Server struct {
	http     http.Server
	tls      *tls.Config
	log      *slog.Logger
	crowd    *crowd
	ready    func() error
	handler  atomic.Pointer[http.Handler] // nil before Open
	draining atomic.Bool

	mu        sync.Mutex // guards what follows
	listeners []*listener
	closed    bool
}

// NewServer returns a server that is not listening yet.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.TLS == nil {
		return nil, errors.New("rest: a server needs TLS")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		tls: cfg.TLS.Clone(), log: cfg.Logger, ready: cfg.Ready,
		crowd: newCrowd(cmp.Or(cfg.Connections, maxConnections)),
	}
	s.tls.MinVersion = max(s.tls.MinVersion, tls.VersionTLS12)
	s.tls.NextProtos = []string{"http/1.1"}
	if cfg.Handler != nil {
		s.Open(cfg.Handler)
	}
	s.http.Handler, s.http.ConnContext = http.HandlerFunc(s.serve), ConnContext
	s.http.ReadHeaderTimeout = cmp.Or(cfg.HeaderTimeout, headerTimeout)
	s.http.ReadTimeout = cmp.Or(cfg.ReadTimeout, readTimeout)
	s.http.WriteTimeout = cmp.Or(cfg.WriteTimeout, writeTimeout)
	s.http.IdleTimeout = cmp.Or(cfg.IdleTimeout, idleTimeout)
	s.http.ConnState = s.crowd.follow
	s.http.MaxHeaderBytes = maxHeader
	s.http.DisableGeneralOptionsHandler = true // OPTIONS * is a path like any other
	s.http.ErrorLog = slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug)
	s.http.Protocols = new(http.Protocols)
	s.http.Protocols.SetHTTP1(true)
	return s, nil
}

// Open has the handler answer the requests from now on.
func (s *Server) Open(h http.Handler) { s.handler.Store(&h) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header()["Connection"] = closeIt
	}
	if s.probed(w, r) {
		return
	}
	h := s.handler.Load()
	if h == nil {
		s.early(w)
		return
	}
	(*h).ServeHTTP(w, r)
}

// Serve accepts connections until Shutdown, then returns nil. It
// closes the listener.
func (s *Server) Serve(ln net.Listener) error {
	l := &listener{Listener: ln, tls: s.tls, timeout: s.http.ReadHeaderTimeout, log: s.log}
	if !s.add(l) {
		return l.Close()
	}
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) || s.isClosed() && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) add(ln *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners = append(s.listeners, ln)
	}
	return !s.closed
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
