package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A server is what answers on a listener: *rest.Server, *http.Server.
type server interface {
	Serve(ln net.Listener) error
	Shutdown(ctx context.Context) error
}

// An edge is one listener with its server.
type edge struct {
	name     string // for messages: "REST API"
	listener net.Listener
	server   server
}

// A drain is how the end is gone about: for how long everything is answered as
// before while load balancers are told, and then how long what is under way may
// take.
type drain struct{ delay, timeout time.Duration }

// serveEdges answers on all edges until ctx ends or one of them fails; then it
// drains, and nothing is accepted any more. ready is called once all of them
// answer. Why ctx ended is an error unless it was simply cancelled.
func serveEdges(ctx context.Context, log *slog.Logger, end drain, ready func() error, edges ...edge) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var running sync.WaitGroup
	for _, e := range edges {
		running.Go(func() {
			if err := e.server.Serve(e.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("%s: %w", e.name, err))
			}
		})
	}
	if err := ready(); err != nil {
		stop(err)
	}
	<-ctx.Done()
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		cause = nil
		announce(edges, end.delay)
	}
	shutdown(context.WithoutCancel(ctx), log, end.timeout, edges)
	running.Wait()
	return cause
}

// announce lets the edges say that they are about to end, and gives those who
// listen to it the time to go elsewhere.
func announce(edges []edge, delay time.Duration) {
	for _, e := range edges {
		if d, ok := e.server.(interface{ Drain() }); ok {
			d.Drain()
		}
	}
	<-time.After(delay) // only a second signal ends it earlier, and then the process with it
}

// shutdown ends the edges one after the other, the last first: what an edge
// still answers may ask the ones before it, as the REST edge of dev asks the
// simulator. Who is slower than the timeout is cut off, which is no failure:
// nothing acknowledged is lost by it.
func shutdown(ctx context.Context, log *slog.Logger, timeout time.Duration, edges []edge) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, e := range slices.Backward(edges) {
		if err := e.server.Shutdown(ctx); err != nil {
			log.WarnContext(ctx, "requests under way were cut off", slog.String("edge", e.name), slog.Any("error", err))
		}
	}
}
