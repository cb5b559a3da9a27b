package etcdstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

// An arrival lets goroutines wait until the image has a revision. Each waits
// on a channel of its own, so that a revision wakes nobody but those it is
// for.
type arrival struct {
	mu      sync.Mutex // guards what follows
	reached store.Revision
	err     error // why the image is not known
	waiting []*waiter
	known   store.Revision // the newest that anybody has waited for
	behind  time.Time      // since when reached is less than known; zero while it is not
}

type waiter struct {
	rev  store.Revision
	err  error
	done chan struct{} // closed after err is set
}

// wait returns when the image has rev, cannot have it, or ctx ends.
func (a *arrival) wait(ctx context.Context, rev store.Revision) error {
	a.mu.Lock()
	if a.err != nil || a.reached >= rev {
		defer a.mu.Unlock()
		return a.err
	}
	a.known = max(a.known, rev)
	if a.behind.IsZero() {
		a.behind = time.Now()
	}
	w := &waiter{rev: rev, done: make(chan struct{})}
	a.waiting = append(a.waiting, w)
	a.mu.Unlock()

	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = slices.DeleteFunc(a.waiting, func(other *waiter) bool { return other == w })
	return ctx.Err()
}

// reach says that the image has rev.
func (a *arrival) reach(rev store.Revision) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached, a.err = rev, nil
	if rev >= a.known {
		a.behind = time.Time{}
	}
	a.waiting = slices.DeleteFunc(a.waiting, func(w *waiter) bool {
		if w.rev > rev {
			return false
		}
		close(w.done)
		return true
	})
}

// lag tells how many revisions the image lacks of the newest that is known,
// and for how long it has lacked any.
func (a *arrival) lag(now time.Time) (revisions int64, since time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.behind.IsZero() {
		return 0, 0
	}
	return int64(a.known - a.reached), now.Sub(a.behind)
}

// fail says that the image is not known, until reach says otherwise.
func (a *arrival) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
	for _, w := range a.waiting {
		w.err = err
		close(w.done)
	}
	a.waiting = nil
}
