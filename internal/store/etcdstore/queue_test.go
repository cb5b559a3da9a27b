package etcdstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// A fakeEtcd takes groups from a queue and answers when told to.
type fakeEtcd struct {
	queue   queue
	work    sync.WaitGroup
	groups  []string // names of the attempts of each, joined
	answers chan error
	lost    string // names of hopeless attempts
}

func newFakeEtcd(t *testing.T) *fakeEtcd {
	t.Helper()
	f := &fakeEtcd{answers: make(chan error)}
	f.queue = queue{ctx: t.Context(), work: &f.work}
	f.queue.hopeless = func(a *attempt) bool { return strings.Contains(f.lost, name(a)) }
	f.queue.send = func(_ context.Context, attempts []*attempt) {
		var names []string
		for _, a := range attempts {
			names = append(names, name(a))
		}
		f.groups = append(f.groups, strings.Join(names, " "))
		err := <-f.answers
		for _, a := range attempts {
			a.finish(1, err)
		}
	}
	return f
}

// attempts are named by the key of their first change.
func name(a *attempt) string { return a.changes[0].Key }

func try(changes ...store.Change) *attempt {
	return &attempt{changes: changes, done: make(chan struct{})}
}

func TestThoseWhoWaitGoTogether(t *testing.T) {
	put := func(key string) store.Change { return samples.Put(key, 0, nil) }
	read := func(key string) store.Change { return samples.Require(key, 0) }
	many := make([]store.Change, store.MaxChanges+1)
	for i := range many {
		many[i] = put("many")
	}
	type one = []store.Change
	tests := []struct {
		name     string
		attempts []one // behind one that is under way
		size     int   // of each
		want     []string
	}{
		{"strangers", []one{{put("a")}, {samples.Delete("b", 0)}, {read("c")}}, 1, []string{"a b c"}},
		{"writers of one record", []one{{put("a")}, {samples.Delete("a", 0)}, {put("b")}}, 1, []string{"a b", "a"}},
		{"a reader behind the writer", []one{{put("a")}, {put("b"), read("a")}}, 1, []string{"a", "b"}},
		{"a writer behind the reader", []one{{put("b"), read("a")}, {put("a")}}, 1, []string{"b", "a"}},
		{"two readers", []one{{put("a"), read("x")}, {put("b"), read("x")}}, 1, []string{"a b"}},
		{"one that removes many", []one{{put("a")}, {samples.DeleteUnder("b")}, {put("c")}}, 1, []string{"a c", "b"}},
		{"one that removes many, first", []one{{samples.DeleteUnder("b")}, {put("c")}}, 1, []string{"b", "c"}},
		{"one with too many changes", []one{{put("a")}, many, {put("c")}}, 1, []string{"a c", "many"}},
		{"more than one request holds", []one{{put("a")}, {put("b")}, {put("c")}}, groupBytes / 2, []string{"a b", "c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeEtcd(t)
				var callers sync.WaitGroup
				call := func(a *attempt) {
					callers.Go(func() {
						if err := f.queue.do(t.Context(), a); err != nil || a.rev != 1 || a.err != nil {
							t.Errorf("%s: %v, %v at %d", name(a), err, a.err, a.rev)
						}
					})
					synctest.Wait()
				}
				call(try(samples.Put("first", 0, nil)))
				for _, changes := range tt.attempts {
					a := try(changes...)
					a.size = tt.size
					call(a)
				}
				for range len(tt.want) + 1 {
					f.answers <- nil
				}
				callers.Wait()
				f.work.Wait()
				if diff := cmp.Diff(append([]string{"first"}, tt.want...), f.groups); diff != "" {
					t.Errorf("groups (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAFailureIsEverybodysWhoWentTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeEtcd(t)
		trouble := errors.New("trouble")
		var callers sync.WaitGroup
		for _, key := range []string{"first", "a", "b"} {
			a := try(samples.Put(key, 0, nil))
			callers.Go(func() {
				if err := f.queue.do(t.Context(), a); err != nil || (a.err != nil) != (key != "first") {
					t.Errorf("%s: %v, %v", key, err, a.err)
				}
			})
			synctest.Wait()
		}
		f.answers <- nil
		f.answers <- trouble
		callers.Wait()
		f.work.Wait()
	})
}

func TestTheHopelessAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeEtcd(t)
		var callers sync.WaitGroup
		call := func(key string, want fault.Code) {
			a := try(samples.Put(key, 0, nil))
			callers.Go(func() {
				if err := f.queue.do(t.Context(), a); err != nil || fault.CodeOf(a.err) != want {
					t.Errorf("%s: %v, %v; want %q", key, err, a.err, want)
				}
			})
			synctest.Wait()
		}
		f.lost = "x"
		call("x", fault.Raced)
		call("first", "")
		call("x", fault.Raced)
		call("y", fault.Raced)
		f.lost = "x y" // seen by the time their turn comes
		f.answers <- nil
		callers.Wait()
		call("z", "")
		f.answers <- nil
		callers.Wait()
		f.work.Wait()
		if diff := cmp.Diff([]string{"first", "z"}, f.groups); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
	})
}

func TestWhoGoesAwayWhileWaitingIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeEtcd(t)
		var callers sync.WaitGroup
		callers.Go(func() { _ = f.queue.do(t.Context(), try(samples.Put("first", 0, nil))) })
		synctest.Wait()
		gone, leave := context.WithCancel(t.Context())
		callers.Go(func() {
			if err := f.queue.do(gone, try(samples.Put("a", 0, nil))); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		f.answers <- nil
		callers.Wait()
		f.work.Wait()
		if diff := cmp.Diff([]string{"first"}, f.groups); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
	})
}

func TestWhoWaitsWhenTheStoreClosesIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeEtcd(t)
		var callers sync.WaitGroup
		callers.Go(func() { _ = f.queue.do(t.Context(), try(samples.Put("first", 0, nil))) })
		synctest.Wait()
		a := try(samples.Put("a", 0, nil))
		callers.Go(func() {
			if err := f.queue.do(t.Context(), a); err != nil || !fault.Is(a.err, fault.Unavailable) {
				t.Errorf("waiting: %v, %v", err, a.err)
			}
		})
		synctest.Wait()
		f.queue.end()
		if err := f.queue.do(t.Context(), try(samples.Put("late", 0, nil))); !errors.Is(err, errClosed) {
			t.Errorf("late: %v", err)
		}
		f.answers <- nil
		callers.Wait()
		f.work.Wait()
	})
}
