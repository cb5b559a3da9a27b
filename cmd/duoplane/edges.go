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

// serveEdges answers on all edges until ctx ends or one of them fails; then
// nothing is accepted any more, and what is under way may take drain to end.
// ready is called once all of them answer. Why ctx ended is an error unless it
// was simply cancelled.
func serveEdges(ctx context.Context, log *slog.Logger, drain time.Duration, ready func() error, edges ...edge) error {
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
	shutdown(context.WithoutCancel(ctx), log, drain, edges)
	running.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// shutdown ends the edges one after the other, the last first: what an edge
// still answers may ask the ones before it, as the REST edge of dev asks the
// simulator. Who is slower than drain is cut off, which is no failure: nothing
// acknowledged is lost by it.
func shutdown(ctx context.Context, log *slog.Logger, drain time.Duration, edges []edge) {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	for _, e := range slices.Backward(edges) {
		if err := e.server.Shutdown(ctx); err != nil {
			log.WarnContext(ctx, "requests under way were cut off", slog.String("edge", e.name), slog.Any("error", err))
		}
	}
}
