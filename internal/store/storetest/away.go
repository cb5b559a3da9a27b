package storetest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

// A Stage is how far a store is out of reach.
type Stage int32

// The stages, in the order in which an outage goes through them.
const (
	There   Stage = iota
	Away          // nothing is confirmed or committed; what was seen last can be read
	TooLong       // nor that any more
	tooLong = 5 * time.Minute
)

// An Unsteady is a Store that a test puts out of reach. Its methods may be
// called concurrently.
type Unsteady struct {
	store.Store

	stage atomic.Int32
}

// NewUnsteady wraps a store, which is there at first.
func NewUnsteady(s store.Store) *Unsteady { return &Unsteady{Store: s} }

// Set brings the store to a stage.
func (u *Unsteady) Set(s Stage) { u.stage.Store(int32(s)) }

func (u *Unsteady) is(s Stage) bool { return Stage(u.stage.Load()) >= s }

// Snapshot implements store.Store. Out of reach, a Linearizable one is waited
// for until ctx ends.
func (u *Unsteady) Snapshot(ctx context.Context, c store.Consistency) (store.Snapshot, error) {
	switch {
	case c == store.Linearizable && u.is(Away):
		<-ctx.Done()
		return nil, store.Unreached(ctx.Err())
	case u.is(TooLong):
		return nil, store.Outdated(tooLong)
	}
	return u.Store.Snapshot(ctx, c)
}

// Commit implements store.Store. Out of reach, it waits until ctx ends and
// does nothing.
func (u *Unsteady) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	if u.is(Away) {
		<-ctx.Done()
		return 0, store.Unreached(ctx.Err())
	}
	return u.Store.Commit(ctx, changes...)
}
