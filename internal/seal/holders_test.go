package seal_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/store"
)

// A cluster test runs in a bubble, where waiting costs nothing.
func inCluster(t *testing.T, do func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { do(newWorld(t)) })
}

func TestARotationWaitsUntilEveryServerHasTheKey(t *testing.T) {
	inCluster(t, func(w *world) {
		ctx, end := context.WithCancel(w.Context())
		var running sync.WaitGroup
		one, two := w.open(), w.open()
		mine, copied := w.file(), w.file()
		a := w.serve(one, mine, "node-a")
		copyFile(w.T, mine, copied)
		b := w.serve(two, copied, "node-b")
		running.Go(func() { a.Run(ctx) })
		running.Go(func() { b.Run(ctx) })
		w.put(one, a, "x")

		waited := false
		err := a.Rotate(ctx, w.job(one, func(p seal.Progress) {
			if p.Step == seal.StepWaiting {
				waited = true
				if diff := cmp.Diff([]string{"node-b (" + copied + ")"}, p.Nodes); diff != "" {
					w.Error(diff)
				}
				w.put(two, b, "meanwhile")
				copyFile(w.T, mine, copied)
			}
			w.mustOpen(one, a)
			w.mustOpen(two, b)
		}))
		if err != nil || !waited {
			w.Errorf("waited: %v; %v", waited, err)
		}
		w.put(two, b, "y")
		if n := w.mustOpen(one, a); n != 3 {
			w.Errorf("%d records", n)
		}
		nodes, err := a.Nodes(ctx)
		if err != nil || len(nodes) != 2 || len(nodes[1].Keys) != 2 {
			w.Errorf("nodes %+v, %v", nodes, err)
		}
		end()
		running.Wait()
		if nodes, err := a.Nodes(w.Context()); err != nil || len(nodes) != 0 {
			w.Errorf("after the end there are nodes %+v, %v", nodes, err)
		}
	})
}

func TestARotationDoesNotWaitForTheDead(t *testing.T) {
	inCluster(t, func(w *world) {
		one := w.open()
		mine, copied := w.file(), w.file()
		a := w.serve(one, mine, "node-a")
		copyFile(w.T, mine, copied)
		w.serve(w.open(), copied, "node-b") // and is never heard of again
		w.put(one, a, "x")
		ctx, end := context.WithCancel(w.Context())
		var running sync.WaitGroup
		running.Go(func() { a.Run(ctx) })
		w.rotate(one, a)
		w.mustOpen(one, a)
		// Come back with the old file, it is refused.
		_, err := seal.Prepare(ctx, w.config(w.open(), copied, "node-b"))
		if err == nil || !strings.Contains(err.Error(), "a key is missing in it") {
			w.Errorf("a server without the key starts: %v", err)
		}
		synctest.Wait()
		end()
		running.Wait()
	})
}

// TestAServerThatComesDuringARotationIsWaitedFor starts a server with the old
// file after all others were judged, in the last moment before the key seals.
func TestAServerThatComesDuringARotationIsWaitedFor(t *testing.T) {
	inCluster(t, func(w *world) {
		plain := w.open()
		mine, copied := w.file(), w.file()
		a := w.serve(plain, mine, "node-a")
		w.put(plain, a, "x")
		copyFile(w.T, mine, copied)
		ctx, end := context.WithCancel(w.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer end()
		var late *seal.Ring
		lateStore := w.open()
		s := &promotionWatch{Store: plain, before: func() {
			late = w.serve(lateStore, copied, "node-c")
			running.Go(func() { late.Run(ctx) })
		}}
		tool, err := seal.Attach(ctx, w.config(s, mine, ""))
		if err != nil {
			w.Fatal(err)
		}
		running.Go(func() { a.Run(ctx) })
		waited := false
		job := w.job(s, func(p seal.Progress) {
			if p.Step == seal.StepWaiting && late != nil {
				waited = true
				copyFile(w.T, mine, copied)
			}
			if late != nil {
				w.mustOpen(lateStore, late)
			}
		})
		if err := tool.Rotate(ctx, job); err != nil || !waited {
			w.Errorf("waited for the late one: %v; %v", waited, err)
		}
		w.mustOpen(lateStore, late)
	})
}

// A promotionWatch calls a function before the commit that changes which key
// seals.
type promotionWatch struct {
	store.Store
	before func()
}

func (s *promotionWatch) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	for _, c := range changes {
		if w, ok := c.Value.(*seal.Witness); ok && s.before != nil {
			snap, err := s.Snapshot(ctx, store.Linearizable)
			if err != nil {
				return 0, err
			}
			old, _ := seal.Witnesses.Get(snap, "keyset")
			was, _ := old.Key()
			if is, err := w.Key(); err == nil && is != was {
				do := s.before
				s.before = nil
				do()
			}
		}
	}
	return s.Store.Commit(ctx, changes...)
}
