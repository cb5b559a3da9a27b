package etcdstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

func TestAllWhoWaitShareTheNextQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var work, callers sync.WaitGroup
		asked := 0 // by one goroutine at a time
		answer := make(chan store.Revision)
		c := &confirmer{ctx: t.Context(), work: &work, ask: func(context.Context) (store.Revision, error) {
			asked++
			return <-answer, nil
		}}
		want := func(rev store.Revision) {
			callers.Go(func() {
				if got, err := c.newest(t.Context()); got.rev != rev || err != nil {
					t.Errorf("got %d, %v; want %d", got.rev, err, rev)
				}
			})
		}
		want(1)
		synctest.Wait() // the first question is put
		for range 100 {
			want(2) // too late for it: what they wrote may be newer than its answer
		}
		synctest.Wait()
		answer <- 1
		answer <- 2
		callers.Wait()
		work.Wait()
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
		want(3)
		answer <- 3
		callers.Wait()
		work.Wait()
	})
}

func TestAConfirmationEndsWithItsCallerAndWithTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		life, end := context.WithCancel(t.Context())
		var work sync.WaitGroup
		c := &confirmer{ctx: life, work: &work, ask: func(ctx context.Context) (store.Revision, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.newest(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller with a deadline: %v", err)
		}
		if _, err := c.newest(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a question without an answer: %v", err)
		}
		c.end()
		end()
		if _, err := c.newest(t.Context()); !errors.Is(err, errClosed) {
			t.Errorf("after the end: %v", err)
		}
		work.Wait()
	})
}

func TestArrivalsWakeThoseTheyAreFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a arrival
		results := make(chan store.Revision, 10)
		waitFor := func(rev store.Revision) {
			if err := a.wait(t.Context(), rev); err == nil {
				results <- rev
			}
		}
		for rev := range store.Revision(5) {
			go waitFor(rev + 1)
		}
		synctest.Wait()
		a.reach(3)
		synctest.Wait()
		if len(results) != 3 {
			t.Errorf("%d woke at 3", len(results))
		}
		waitFor(2)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.wait(gone, 9); !errors.Is(err, context.Canceled) || len(a.waiting) != 2 {
			t.Errorf("a caller who has gone: %v, %d wait", err, len(a.waiting))
		}
		a.fail(errLoading)
		synctest.Wait()
		if err := a.wait(t.Context(), 1); !errors.Is(err, errLoading) || len(results) != 4 {
			t.Errorf("while unknown: %v, %d woke", err, len(results))
		}
		a.reach(6)
		if err := a.wait(t.Context(), 6); err != nil {
			t.Errorf("known again: %v", err)
		}
	})
}

func TestTheLagIsWhatSomebodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a arrival
		wants := func(revisions int64, since time.Duration) {
			t.Helper()
			if r, s := a.lag(time.Now()); r != revisions || s != since {
				t.Errorf("%d revisions for %s, want %d for %s", r, s, revisions, since)
			}
		}
		a.reach(10)
		wants(0, 0)
		short, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := a.wait(short, 14); err == nil {
			t.Error("revision 14 came")
		}
		wants(4, 3*time.Second) // nobody waits any more; it is missing all the same
		a.reach(12)
		wants(2, 3*time.Second)
		a.reach(14)
		wants(0, 0)
	})
}
