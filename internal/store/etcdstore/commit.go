package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// Commit implements store.Store. After Raced, too, the next snapshot has what
// the commit raced with.
func (s *Store) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	began := time.Now()
	rev, err := s.commit(ctx, changes)
	s.committed(time.Since(began), err)
	return rev, err
}

func (s *Store) commit(ctx context.Context, changes []store.Change) (store.Revision, error) {
	if err := ctx.Err(); err != nil {
		return 0, store.Unreached(err)
	}
	if err := s.Err(); err != nil {
		return 0, store.Unreached(err)
	}
	v := s.view.Load()
	if v.err != nil {
		return 0, store.Unreached(v.err)
	}
	if err := s.keys.tables.Check(changes); err != nil {
		return 0, err
	}
	if err := s.room.check(); err != nil {
		return 0, err
	}
	a, err := s.keys.prepare(changes)
	if err != nil {
		return 0, err
	}
	if err := s.queue.do(ctx, a); err != nil {
		return 0, store.Unreached(err)
	}
	if err := s.arrival.wait(ctx, a.rev); err != nil {
		return 0, store.Unreached(err)
	}
	if a.err != nil {
		return 0, a.err
	}
	return a.rev, nil
}

// hopeless reports whether the image shows already that an expectation does
// not hold: a version that was left behind never comes back. A newer version
// than the image has is no sign, since the expectation may come from another
// process; nor is a record that should be absent and is there, unless the
// image is always the newest there is.
func (s *Store) hopeless(a *attempt) bool {
	v := s.view.Load()
	for i := range a.changes {
		c := &a.changes[i]
		if c.Op == store.DeleteUnder || v.err != nil {
			continue
		}
		row, there := v.image.Row(c.Table, c.Key)
		switch {
		case c.Expect == 0 && there && s.confirm == nil,
			c.Expect > 0 && there && row.Version > c.Expect,
			c.Expect > 0 && !there && v.image.Revision() >= store.Revision(c.Expect):
			return true
		}
	}
	return false
}

// commitError tells apart what the operator or the caller can do something
// about.
func (s *Store) commitError(ctx context.Context, err error) error {
	switch {
	case s.ctx.Err() != nil:
		return store.Unreached(errClosed)
	case ctx.Err() != nil: // etcd reports the end of a context in its own words
		return store.Unreached(errors.Join(ctx.Err(), err))
	case errors.Is(err, rpctypes.ErrNoSpace):
		return fault.Wrap(err, fault.Unavailable, "", "The configuration store is full; the administrator must make room.")
	case errors.Is(err, rpctypes.ErrTooManyOps), errors.Is(err, rpctypes.ErrRequestTooLarge):
		return fmt.Errorf("etcdstore: commit: %w", err)
	}
	return store.Unreached(fmt.Errorf("etcdstore: commit: %w", err))
}
