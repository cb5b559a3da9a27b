package rest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
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
	// Handler answers the requests: an API, or something around it.
	Handler http.Handler
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
	http http.Server
	tls  *tls.Config
	log  *slog.Logger
}

// NewServer returns a server that is not listening yet.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Handler == nil || cfg.TLS == nil {
		return nil, errors.New("rest: a server needs a handler and TLS")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{tls: cfg.TLS.Clone(), log: cfg.Logger}
	s.tls.MinVersion = max(s.tls.MinVersion, tls.VersionTLS12)
	s.tls.NextProtos = []string{"http/1.1"}
	s.http.Handler, s.http.ConnContext = cfg.Handler, ConnContext
	s.http.ReadHeaderTimeout = cmp.Or(cfg.HeaderTimeout, headerTimeout)
	s.http.ReadTimeout = cmp.Or(cfg.ReadTimeout, readTimeout)
	s.http.WriteTimeout = cmp.Or(cfg.WriteTimeout, writeTimeout)
	s.http.IdleTimeout = cmp.Or(cfg.IdleTimeout, idleTimeout)
	s.http.ConnState = newCrowd(cmp.Or(cfg.Connections, maxConnections)).follow
	s.http.MaxHeaderBytes = maxHeader
	s.http.DisableGeneralOptionsHandler = true // OPTIONS * is a path like any other
	s.http.ErrorLog = slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug)
	s.http.Protocols = new(http.Protocols)
	s.http.Protocols.SetHTTP1(true)
	return s, nil
}

// Serve accepts connections until Shutdown, then returns nil. It
// closes the listener.
func (s *Server) Serve(ln net.Listener) error {
	err := s.http.Serve(&listener{Listener: ln, tls: s.tls, timeout: s.http.ReadHeaderTimeout, log: s.log})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting and waits for the requests in progress; when ctx
// ends first, their connections are closed and its error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	return err
}
