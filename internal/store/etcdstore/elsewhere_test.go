package etcdstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestAMemberThatKeepsSilentIsNotWaitedFor(t *testing.T) {
	silent := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	slow := func(context.Context) (int, error) {
		<-time.After(2 * memberPatience)
		return 1, nil
	}
	quick := func(context.Context) (int, error) { return 2, nil }
	refusing := func(context.Context) (int, error) { return 0, rpctypes.ErrPermissionDenied }
	type member = func(context.Context) (int, error)
	tests := []struct {
		name    string
		members []member
		want    int
		err     error
		took    time.Duration
	}{
		{"the first answers", []member{quick}, 2, nil, 0},
		{"the first refuses", []member{refusing}, 0, rpctypes.ErrPermissionDenied, 0},
		{"the first is silent", []member{silent, quick}, 2, nil, memberPatience},
		{"two are silent", []member{silent, silent, quick}, 2, nil, 2 * memberPatience},
		{"the first is slow and the second silent", []member{slow, silent, silent}, 1, nil, 2 * memberPatience},
		{"all are silent", []member{silent, silent, silent}, 0, context.DeadlineExceeded, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var work sync.WaitGroup
				var asked atomic.Int64
				began := time.Now()
				got, err := elsewhere(ctx, work.Go, func(ctx context.Context) (int, error) {
					return tt.members[asked.Add(1)-1](ctx)
				})
				if got != tt.want || !errors.Is(err, tt.err) || time.Since(began) != tt.took {
					t.Errorf("%d, %v after %v; want %d, %v after %v", got, err, time.Since(began), tt.want, tt.err, tt.took)
				}
				work.Wait() // nobody is left behind
			})
		})
	}
}

// A scriptedTxn fails as it is told, and then commits.
type scriptedTxn struct {
	clientv3.Txn

	errs *[]error
}

func (s scriptedTxn) Commit() (*clientv3.TxnResponse, error) {
	if len(*s.errs) == 0 {
		return &clientv3.TxnResponse{}, nil
	}
	err := (*s.errs)[0]
	*s.errs = (*s.errs)[1:]
	return nil, err
}

func TestATransactionIsSentAgainOnlyWhereItDidNothing(t *testing.T) {
	tests := []struct {
		name  string
		errs  []error
		want  error
		tries int
	}{
		{"members without a leader", []error{rpctypes.ErrNoLeader, rpctypes.ErrNoLeader}, nil, 3},
		{"a leader that failed meanwhile", []error{rpctypes.ErrTimeoutDueToLeaderFail}, rpctypes.ErrTimeoutDueToLeaderFail, 1},
		{"an end that nobody knows", []error{rpctypes.ErrNoLeader, rpctypes.ErrTimeout}, rpctypes.ErrTimeout, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				_, err := commitSomewhere(t.Context(), func(context.Context) clientv3.Txn {
					tries++
					return scriptedTxn{errs: &tt.errs}
				})
				if !errors.Is(err, tt.want) || tries != tt.tries {
					t.Errorf("%v after %d tries, want %v after %d", err, tries, tt.want, tt.tries)
				}
			})
		})
	}
}

func TestATransactionThatAMemberSwallowedHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work, callers sync.WaitGroup
		swallowed := make(chan struct{})
		q := queue{patience: sendPatience, ctx: t.Context(), work: &work, hopeless: func(*attempt) bool { return false }}
		var sent atomic.Int64
		q.send = func(_ context.Context, attempts []*attempt) {
			sent.Add(1)
			if name(attempts[0]) == "swallowed" {
				<-swallowed
			}
			for _, a := range attempts {
				a.finish(1, nil)
			}
		}
		commit := func(key string, within time.Duration) {
			callers.Go(func() {
				began := time.Now()
				if err := q.do(t.Context(), try(samples.Put(key, 0, nil))); err != nil || time.Since(began) > within {
					t.Errorf("%s: %v after %v", key, err, time.Since(began))
				}
			})
			synctest.Wait()
		}
		for range stuckMost {
			commit("swallowed", time.Hour)
			commit("other", sendPatience)
			<-time.After(2 * sendPatience)
			commit("later", 0)
		}
		commit("swallowed", time.Hour)
		commit("waits", time.Hour) // too many are on their way
		<-time.After(time.Minute)
		if n := sent.Load(); n != 3*stuckMost+1 {
			t.Errorf("%d were sent", n)
		}
		close(swallowed)
		callers.Wait()
		commit("afterwards", 0)
		callers.Wait()
		work.Wait()
		if q.busy || q.stuck != 0 {
			t.Errorf("at the end busy %t, %d stuck", q.busy, q.stuck)
		}
	})
}
