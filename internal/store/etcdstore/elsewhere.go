package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/store"
)

const (
	// memberPatience is how long one member may take over a question until it
	// is put to the next as well.
	memberPatience = 300 * time.Millisecond
	// membersAsked bounds how many have the same question at a time.
	membersAsked = 3
)

// readHead asks the cluster's leader, by way of any member. A member that is
// cut off from the others refuses at once when it knows, and keeps silent
// while it does not.
func (s *Store) readHead(ctx context.Context) (store.Revision, error) {
	ctx = clientv3.WithRequireLeader(ctx)
	rev, err := elsewhere(ctx, s.work.Go, func(ctx context.Context) (store.Revision, error) {
		resp, err := s.client.Get(ctx, s.keys.head())
		if err != nil {
			return 0, err
		}
		return newest(resp.Kvs), nil
	})
	if err != nil {
		return 0, fmt.Errorf("etcdstore: learn the newest revision: %w", err)
	}
	return rev, nil
}

// elsewhere asks, and asks again where no answer has come in a while: the
// client takes the members in turn. The first answer counts, and calls off the
// rest.
func elsewhere[T any](ctx context.Context, start func(func()), ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		once   sync.Once
		value  T
		err    error
		answer = make(chan struct{}) // closed after value and err are set
	)
	patience := time.NewTimer(memberPatience)
	defer patience.Stop()
	for range membersAsked {
		start(func() {
			v, e := ask(ctx)
			once.Do(func() {
				value, err = v, e
				close(answer)
			})
		})
		patience.Reset(memberPatience)
		select {
		case <-answer:
			return value, err
		case <-patience.C:
		}
	}
	<-answer // each of them ends with ctx
	return value, err
}

// commitSomewhere sends a transaction to one member after the other until one
// has a leader to take it to: one without has done nothing with it. Any other
// error may come of a transaction that took place, and is returned.
func commitSomewhere(ctx context.Context, txn func(context.Context) clientv3.Txn) (*clientv3.TxnResponse, error) {
	ctx = clientv3.WithRequireLeader(ctx)
	resp, err := txn(ctx).Commit()
	for wait := retryFirst; errors.Is(err, rpctypes.ErrNoLeader) && ctx.Err() == nil; {
		wait = pause(ctx, wait)
		resp, err = txn(ctx).Commit()
	}
	return resp, err
}
