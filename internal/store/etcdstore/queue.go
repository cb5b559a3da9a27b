package etcdstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

const (
	// commitTimeout bounds one transaction; callers have deadlines of their own.
	commitTimeout = 10 * time.Second
	// groupMost and groupBytes keep a group within what etcd takes by default.
	groupMost  = 100
	groupBytes = 512 << 10
	// sendPatience is how long a transaction to a cluster may take until the
	// next goes past it: by way of another member, which may know more.
	sendPatience = 300 * time.Millisecond
	// stuckMost bounds how many are gone past at a time.
	stuckMost = 8
)

// A queue sends attempts to etcd, one transaction at a time. Those that come
// while one is under way wait, and go together in the next: etcd's work for a
// transaction, and the disk's, is then shared by all in it. One that a member
// has swallowed holds up nobody but its own callers: the versions it expects
// are etcd's to compare, whichever comes first.
type queue struct {
	patience time.Duration   // with one transaction, until the next is sent too; 0: no end
	ctx      context.Context // ends with the store
	work     *sync.WaitGroup // the store's
	hopeless func(*attempt) bool
	send     func(context.Context, []*attempt) // finishes them

	mu      sync.Mutex // guards what follows
	busy    bool       // one is under way that nobody has gone past
	stuck   int        // others under way
	ended   bool
	waiting []*attempt
}

// do returns when the attempt is finished, or ctx ends.
func (q *queue) do(ctx context.Context, a *attempt) error {
	q.mu.Lock()
	switch {
	case q.ended:
		q.mu.Unlock()
		return errClosed
	case !q.busy:
		q.busy = true
		q.mu.Unlock()
		if q.hopeless(a) {
			a.finish(0, store.Raced())
			q.next()
		} else if q.carry(ctx, []*attempt{a}) { // in the caller's goroutine: the quickest way for one
			q.next()
		}
	default:
		q.waiting = append(q.waiting, a)
		q.mu.Unlock()
	}
	select {
	case <-a.done:
		return nil
	case <-ctx.Done():
		q.drop(a)
		return ctx.Err()
	}
}

// drop takes back an attempt that was not sent yet.
func (q *queue) drop(a *attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(other *attempt) bool { return other == a })
}

// next lets those who wait go on, in a goroutine that none of them has to stay
// for.
func (q *queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.ended {
		q.busy = false
		return
	}
	q.work.Go(func() {
		for group := q.take(); len(group) > 0; group = q.take() {
			if !q.carry(q.ctx, group) {
				return
			}
		}
	})
}

// carry sends a group, and reports whether the turn is still its caller's: it
// passes on when that takes too long.
func (q *queue) carry(ctx context.Context, group []*attempt) bool {
	if q.patience == 0 {
		q.send(ctx, group)
		return true
	}
	var t turn
	passing := time.AfterFunc(q.patience, func() { q.pass(&t) })
	q.send(ctx, group)
	passing.Stop() // it may be under way: turn knows
	q.mu.Lock()
	defer q.mu.Unlock()
	t.over = true
	if t.passed {
		q.stuck--
	}
	return !t.passed
}

// A turn is the right to send; the queue's mu guards it.
type turn struct{ over, passed bool }

// pass hands on a turn that is not over.
func (q *queue) pass(t *turn) {
	q.mu.Lock()
	if t.over || q.stuck == stuckMost {
		q.mu.Unlock()
		return
	}
	t.passed = true
	q.stuck++
	q.mu.Unlock()
	q.next()
}

// take returns those who wait and can go together, the first of them always;
// none when nobody waits.
func (q *queue) take() []*attempt {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := group{reads: make(map[place]bool), writes: make(map[place]bool)}
	q.waiting = slices.DeleteFunc(q.waiting, func(a *attempt) bool {
		if q.hopeless(a) {
			a.finish(0, store.Raced())
			return true
		}
		return g.takes(a)
	})
	q.busy = len(g.attempts) > 0
	return g.attempts
}

// end finishes those who wait; no more are taken.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	for _, a := range q.waiting {
		a.finish(0, store.Unreached(errClosed))
	}
	q.waiting = nil
}

// A group is what goes in one transaction. Etcd looks at all expectations
// before it writes anything, so none may expect something of a record that
// another one writes: both would hold, where in any order one would not.
type group struct {
	attempts []*attempt
	size     int
	alone    bool
	reads    map[place]bool
	writes   map[place]bool
}

type place struct{ table, key string }

// takes adds an attempt if it can go with those already in.
func (g *group) takes(a *attempt) bool {
	alone := len(a.changes) > store.MaxChanges // too much for etcd, perhaps: none but it shall suffer
	for i := range a.changes {
		c := &a.changes[i]
		at := place{c.Table, c.Key}
		alone = alone || c.Op == store.DeleteUnder
		if g.writes[at] || c.Op != store.Require && g.reads[at] {
			return false
		}
	}
	if len(g.attempts) > 0 && (alone || g.alone || len(g.attempts) == groupMost || g.size+a.size > groupBytes) {
		return false
	}
	g.attempts, g.size, g.alone = append(g.attempts, a), g.size+a.size, alone
	for i := range a.changes {
		c := &a.changes[i]
		if c.Op == store.Require {
			g.reads[place{c.Table, c.Key}] = true
		} else {
			g.writes[place{c.Table, c.Key}] = true
		}
	}
	return true
}
