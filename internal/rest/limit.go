package rest

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A limit is a request's context with a time limit whose timer is not set
// before somebody waits for it: most requests are over without anybody having
// waited, and a timer for each would cost more than the rest of the context.
type limit struct {
	context.Context // the request's

	at time.Time

	mu    sync.Mutex      // guards what follows
	over  error           // Err from the request's end on, where nobody waited
	timed context.Context // nil before somebody waits
	stop  context.CancelFunc
}

func newLimit(ctx context.Context, at time.Time) *limit {
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(at) {
		at = earlier
	}
	return &limit{Context: ctx, at: at}
}

// Deadline implements context.Context.
func (l *limit) Deadline() (time.Time, bool) { return l.at, true }

// Done implements context.Context.
func (l *limit) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.timed != nil:
	case errors.Is(l.over, context.Canceled):
		l.timed, l.stop = context.WithCancel(l.Context)
		l.stop()
	default:
		l.timed, l.stop = context.WithDeadline(l.Context, l.at)
	}
	return l.timed.Done()
}

// Err implements context.Context.
func (l *limit) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err()
}

// err is called with mu held.
func (l *limit) err() error {
	switch {
	case l.timed != nil:
		return l.timed.Err()
	case l.over != nil:
		return l.over
	case l.Context.Err() != nil:
		return l.Context.Err()
	case !time.Now().Before(l.at):
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. A context made from this one finds the
// timed one by it, and needs no goroutine to follow that.
func (l *limit) Value(key any) any {
	l.mu.Lock()
	timed := l.timed
	l.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return l.Context.Value(key)
}

// end ends the context, and with it what still waits for it.
func (l *limit) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop != nil {
		l.stop()
	} else if l.over = l.err(); l.over == nil {
		l.over = context.Canceled
	}
}
