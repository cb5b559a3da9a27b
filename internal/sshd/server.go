package sshd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/ssh"
)

// A Server answers on any number of listeners. Its methods may be called
// concurrently.
type Server struct {
	cfg  Config
	ssh  ssh.ServerConfig
	log  *slog.Logger
	gate *gate

	counts counts

	ctx      context.Context // the connections' lifetime; it ends when Shutdown has no more patience
	cut      context.CancelFunc
	draining chan struct{} // closed when Shutdown begins

	mu        sync.Mutex // guards what follows
	closed    bool
	listeners map[net.Listener]struct{}
	conns     sync.WaitGroup // added to with mu held and closed false
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("sshd: the server is closed")

// New returns a server that listens nowhere yet.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{
		cfg: cfg, ssh: cfg.sshConfig(), log: cfg.Logger, gate: newGate(cfg.Limits),
		draining: make(chan struct{}), listeners: make(map[net.Listener]struct{}),
	}
	s.ctx, s.cut = context.WithCancel(context.Background())
	return s, nil
}

// A Door is the server as it answers on one listener: the cluster's, or one
// bound to an SVM, where that SVM's accounts alone log in, under their own
// names.
type Door struct {
	server  *Server
	vserver string
}

// Door returns the door of an SVM, by its name, or with "" the cluster's.
func (s *Server) Door(vserver string) Door { return Door{s, vserver} }

// Shutdown is the server's: it closes all doors.
func (d Door) Shutdown(ctx context.Context) error { return d.server.Shutdown(ctx) }

// Serve answers on a listener, which it closes, until Shutdown, and then
// returns nil; any other end is an error.
func (d Door) Serve(ln net.Listener) error {
	s := d.server
	if !s.add(ln) {
		_ = ln.Close()
		return ErrClosed
	}
	defer s.remove(ln)
	for pause := time.Duration(0); ; {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			if !s.begin(func() { s.handle(conn, d.vserver) }) {
				_ = conn.Close()
			}
		case s.isClosed():
			return nil
		case passing(err):
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.log.Warn("no SSH connection can be accepted at present", slog.Any("error", err))
			if !s.rest(pause) {
				return nil
			}
		default:
			return err
		}
	}
}

// passing reports whether Accept may work again later: a connection that was
// gone before it was accepted, or too many open files.
func passing(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}

func (s *Server) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.draining:
		return false
	}
}

func (s *Server) add(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners[ln] = struct{}{}
	}
	return !s.closed
}

func (s *Server) remove(ln net.Listener) {
	_ = ln.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Server) begin(handle func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns.Go(handle)
	}
	return !s.closed
}

// Shutdown accepts no more, ends logins under way and shells, and waits for
// commands to end. When ctx ends first, they are cut off and the error is
// ctx's. It may be called more than once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.draining)
	}
	for ln := range s.listeners {
		_ = ln.Close()
	}
	s.mu.Unlock()
	s.gate.closeAll()

	ended := make(chan struct{})
	go func() {
		s.conns.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.cut()
	<-ended
	return err
}

// handle takes one connection from its beginning to its end.
func (s *Server) handle(nc net.Conn, vserver string) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	defer func() { _ = nc.Close() }()

	from := addressOf(nc)
	knock, wait, ok := s.gate.enter(from, s.cfg.Now(), cancel)
	if !ok {
		s.counts.tooMany.Add(1)
		s.log.DebugContext(ctx, "connection refused: too many from its address", slog.Any("from", from))
		return
	}
	defer s.gate.leave(knock)
	s.counts.authenticating.Add(1)
	if !pause(ctx, wait) {
		s.counts.turnedAway(s.gate.crowdedOut(knock), false)
		return
	}
	conn := &watched{Conn: nc, gone: cancel}
	l := &login{server: s, vserver: vserver, id: uuid.Must(uuid.NewV7()).String(), conn: conn, knock: knock, from: from, ctx: ctx}
	defer l.close()
	defer cancel() // so that what close waits for ends

	conn.limit(s.cfg.Limits.KeyExchange)
	sc, channels, requests, err := ssh.NewServerConn(conn, l.config())
	if err != nil {
		s.counts.turnedAway(s.gate.crowdedOut(knock), l.full)
		s.log.DebugContext(ctx, "no login", slog.Any("from", from), slog.String("request", l.id), slog.Any("error", err))
		return
	}
	conn.settle()
	s.gate.leave(knock)
	s.counts.admitted()
	defer s.counts.open.Add(-1)
	newConnection(s, sc, l.who).serve(ctx, channels, requests)
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
