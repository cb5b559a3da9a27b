package rest

import (
	"context"
	"errors"
	"time"
)

// restTime is how long a connection has rested when it is closed at the end. A
// client that sends one request after the other has its last one answered by
// then, and closes the connection itself because the answer says so; of one
// that has rested longer, nothing is likely to be on its way just then.
const restTime = 500 * time.Millisecond

var closeIt = []string{"close"}

// Drain makes /readyz say that the server is about to stop, so that load
// balancers look elsewhere, and has every connection closed behind its next
// answer. All requests are answered as before.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops accepting, waits for the requests in progress and for those
// that are on their way on open connections; when ctx ends first, what is left
// is cut off and its error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.mu.Lock()
	s.closed = true
	var errs []error
	for _, ln := range s.listeners {
		errs = append(errs, ln.Close())
	}
	s.listeners = nil
	s.mu.Unlock()
	s.linger(ctx)
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	return errors.Join(append(errs, err)...)
}

// linger waits until every connection without a request has rested for
// restTime, or is gone.
func (s *Server) linger(ctx context.Context) {
	const look = 5 * time.Millisecond // a connection that goes makes the wait shorter
	for {
		wait := s.crowd.restless(restTime)
		if wait == 0 {
			return
		}
		select {
		case <-time.After(min(wait, look)):
		case <-ctx.Done():
			return
		}
	}
}
