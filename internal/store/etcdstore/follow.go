package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	// batch bounds how many notifications become one image: under load
	// fewer copies, and still nobody waits long.
	batch = 64
)

// A follower keeps the image at the heels of etcd. One goroutine owns it.
type follower struct {
	s       *Store
	builder *image.Builder
	rev     store.Revision // of builder
}

// A lostError means that the builder cannot go on from where it is.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// An unreadableError means that the newest state holds a record that this
// program cannot decode.
type unreadableError struct {
	table, key string
	err        error
}

func (e *unreadableError) Error() string {
	return fmt.Sprintf("etcdstore: the record %s/%s cannot be read: %v", e.table, e.key, e.err)
}
func (e *unreadableError) Unwrap() error { return e.err }

// run follows until ctx ends. A watch that breaks goes on behind the last
// revision seen. Where etcd no longer has that, everything is loaded anew, and
// readers keep the older image until the new one is whole. A record that
// cannot be decoded closes the store until it can: serving what was there
// before would hide a change, serving the rest would hide a record.
func (f *follower) run(ctx context.Context) {
	wait := retryFirst
	for ctx.Err() == nil {
		began := f.rev
		err := f.watch(ctx)
		for ctx.Err() == nil {
			if _, lost := errors.AsType[*lostError](err); !lost {
				break
			}
			f.s.log.ErrorContext(ctx, "store: loading all records again", slog.Any("err", err))
			if _, blind := errors.AsType[*unreadableError](err); blind {
				f.s.publish(&view{err: err})
			}
			wait = pause(ctx, wait)
			err = f.load(ctx)
		}
		if f.rev > began {
			wait = retryFirst
		}
		wait = pause(ctx, wait)
	}
}

// pause waits and returns how long to wait the next time.
func pause(ctx context.Context, wait time.Duration) time.Duration {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	return min(2*wait, retryMost)
}

// load reads everything at one revision and publishes it.
func (f *follower) load(ctx context.Context) error {
	builder, rev, err := f.s.read(ctx)
	for errors.Is(err, rpctypes.ErrCompacted) { // compacted away meanwhile; the next is newer
		builder, rev, err = f.s.read(ctx)
	}
	if err != nil {
		return &lostError{err}
	}
	f.builder, f.rev = builder, rev
	f.s.publish(&view{image: builder.Image(rev)})
	return nil
}

// watch applies changes until the watch breaks.
func (f *follower) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	changes := f.s.client.Watch(ctx, f.s.prefix, clientv3.WithPrefix(), clientv3.WithProgressNotify(),
		clientv3.WithRev(int64(f.rev)+1))
	for resp := range changes {
		err := f.apply(&resp)
		for n := 1; n < batch && err == nil; n++ {
			more, ok := ready(changes)
			if !ok {
				break
			}
			err = f.apply(more)
		}
		if _, lost := errors.AsType[*lostError](err); lost {
			return err // perhaps in the middle of a revision
		}
		f.s.publish(&view{image: f.builder.Image(f.rev)})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ready returns a notification that is there already.
func ready(changes clientv3.WatchChan) (*clientv3.WatchResponse, bool) {
	select {
	case resp, ok := <-changes:
		return &resp, ok
	default:
		return nil, false
	}
}

// apply brings one notification, which holds whole revisions, into the builder.
func (f *follower) apply(resp *clientv3.WatchResponse) error {
	if err := resp.Err(); err != nil {
		err = fmt.Errorf("etcdstore: watch: %w", err)
		if errors.Is(err, rpctypes.ErrCompacted) {
			return &lostError{err}
		}
		return err
	}
	if resp.IsProgressNotify() {
		f.rev = max(f.rev, store.Revision(resp.Header.Revision))
		return nil
	}
	for _, e := range resp.Events {
		rev := store.Revision(e.Kv.ModRevision)
		if rev < f.rev {
			continue // sent again after a reconnection
		}
		if err := f.change(e); err != nil {
			return &lostError{err}
		}
		f.rev = rev
	}
	return nil
}

func (f *follower) change(e *clientv3.Event) error {
	if e.Type == clientv3.EventTypeDelete {
		if r := f.s.split(string(e.Kv.Key)); r.table != "" {
			f.builder.Delete(r.table, r.key)
		}
		return nil
	}
	r, err := f.s.decode(e.Kv)
	if err == nil && r.table != "" {
		f.builder.Put(r.table, r.key, r.version, r.value)
	}
	return err
}
