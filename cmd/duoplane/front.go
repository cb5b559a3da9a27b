package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"

	"github.com/duoplane/duoplane/internal/rest"
)

// A front is the REST edge: the server, which can listen before there is
// anything to serve, and later the API with the jobs it runs and the logins
// that wait behind it.
type front struct {
	*rest.Server
	listener net.Listener

	// Set by attach; the server looks at them only afterwards.
	node *node
	api  *rest.API

	early   bool // start was called
	serving sync.WaitGroup
	err     error // of the early Serve
}

func newFront(ln net.Listener, cert tls.Certificate, log *slog.Logger) (*front, error) {
	f := &front{listener: ln}
	var err error
	f.Server, err = rest.NewServer(rest.ServerConfig{
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}, Logger: log,
		Ready: func() error { return f.node.store.Usable() },
	})
	return f, err
}

// start listens from now on; Serve then only waits for the end of it.
func (f *front) start() {
	f.early = true
	f.serving.Go(func() { f.err = f.Server.Serve(f.listener) })
}

// attach has the node's API answer, and returns the edge.
func (f *front) attach(n *node) (edge, error) {
	api, err := n.api()
	if err != nil {
		return edge{}, err
	}
	f.node, f.api = n, api
	n.measureFront(f.Server)
	f.Open(api)
	return edge{"REST API", f.listener, f}, nil
}

// Serve is the server's.
func (f *front) Serve(ln net.Listener) error {
	if !f.early {
		return f.Server.Serve(ln)
	}
	f.serving.Wait()
	return f.err
}

// Shutdown ends the logins of other services first, for they could only go on
// with further requests and theirs are held open, and the requests before the
// jobs, since they start jobs.
func (f *front) Shutdown(ctx context.Context) error {
	f.node.guard.door.Close()
	return errors.Join(f.Server.Shutdown(ctx), f.api.Close(ctx))
}

// abandon ends what a start that came to nothing left behind; after Shutdown
// there is nothing to end.
func (f *front) abandon() error {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = f.Server.Shutdown(now) // nobody got more than that it is too early
	f.serving.Wait()
	return nil
}
