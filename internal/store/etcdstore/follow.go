package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	// batchMost bounds how many notifications become one image: under load
	// fewer copies, and still nobody waits long.
	batchMost = 64
)

// A lostError means that the mirror cannot go on from where it is.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// follow keeps the mirror in step until ctx ends. A watch that breaks goes on
// behind the last revision seen. Where etcd no longer has that, everything is
// loaded anew, and readers keep the older image until the new one is whole. A
// record that cannot be decoded closes the store until it can: serving what
// was there before would hide a change, serving the rest would hide a record.
func (s *Store) follow(ctx context.Context) {
	wait := retryFirst
	for ctx.Err() == nil {
		began := s.mirror.revision()
		err := s.watch(ctx)
		if ctx.Err() == nil {
			s.watchBreaks.Add(1)
			s.log.WarnContext(ctx, "store: the watch on etcd broke", slog.Any("err", err))
		}
		for ctx.Err() == nil {
			if _, lost := errors.AsType[*lostError](err); !lost {
				break
			}
			wait = pause(ctx, wait)
			if err = s.load(ctx); err != nil {
				s.log.ErrorContext(ctx, "store: the records cannot be loaded, trying again", slog.Any("err", err))
			}
		}
		if s.mirror.revision() > began {
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

// load reads everything at one revision into the mirror.
func (s *Store) load(ctx context.Context) error {
	began := time.Now()
	builder, rev, err := s.read(ctx)
	for errors.Is(err, rpctypes.ErrCompacted) { // compacted away meanwhile; the next is newer
		builder, rev, err = s.read(ctx)
	}
	if err != nil {
		return &lostError{err}
	}
	s.loads.Add(1)
	s.mirror.replace(builder, rev)
	s.fresh.mark(began)
	return nil
}

// A watched is the watch under way, so that it can be broken.
type watched struct {
	mu    sync.Mutex // guards what follows
	brake context.CancelFunc
}

func (w *watched) set(brake context.CancelFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.brake = brake
}

// breakWatch ends the watch under way, if any; follow begins it anew.
func (s *Store) breakWatch() {
	s.watched.mu.Lock()
	defer s.watched.mu.Unlock()
	if s.watched.brake != nil {
		s.watched.brake()
	}
}

// watch tells the mirror of changes until the watch breaks.
func (s *Store) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	s.watched.set(cancel)
	changes := s.client.Watch(ctx, s.keys.prefix, clientv3.WithPrefix(), clientv3.WithProgressNotify(),
		clientv3.WithRev(int64(s.mirror.revision())+1))
	batch := make([]clientv3.WatchResponse, 0, batchMost)
	for {
		var broken error
		batch, broken = collect(changes, batch[:0])
		if err := s.mirror.notified(batch); err != nil {
			return &lostError{err}
		}
		if broken != nil {
			return broken
		}
	}
}

var errWatchEnded = errors.New("etcdstore: the watch ended")

// collect waits for a notification and takes along those that are there
// already. The error says why no more will come.
func collect(changes clientv3.WatchChan, batch []clientv3.WatchResponse) ([]clientv3.WatchResponse, error) {
	resp, open := <-changes
	for {
		if !open {
			return batch, errWatchEnded
		}
		if err := resp.Err(); err != nil {
			err = fmt.Errorf("etcdstore: watch: %w", err)
			if errors.Is(err, rpctypes.ErrCompacted) {
				return batch, &lostError{err}
			}
			return batch, err
		}
		batch = append(batch, resp)
		if len(batch) == cap(batch) {
			return batch, nil
		}
		select {
		case resp, open = <-changes:
		default:
			return batch, nil
		}
	}
}
