package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/duosim/duosimtest"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

const nodePassword = "correct-horse-9"

// openTestNode opens a node on a store of its own, with a simulated Duo that it
// trusts, and closes it with the test.
func openTestNode(tb testing.TB) (*node, svm.Cluster, *duosimtest.Service) {
	tb.Helper()
	sim := duosimtest.Start(tb, duosim.Config{Logger: slog.New(slog.DiscardHandler)})
	dir := tb.TempDir()
	n, err := openNode(tb.Context(), nodeConfig{
		store: etcdstore.Config{Dir: filepath.Join(dir, "store")}, keyset: filepath.Join(dir, "keyset"),
		auditDir: filepath.Join(dir, "audit"), duoRoots: sim.Pool, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.open.close(nil); err != nil {
			tb.Error(err)
		}
	})
	cluster, _, err := n.found(context.Background(), "cluster-1", adminPassword{text: secret.NewText(nodePassword)})
	if err != nil {
		tb.Fatal(err)
	}
	return n, cluster, sim
}

func TestABusyNodeIsNotCollectedAllTheTime(t *testing.T) {
	n, _, _ := openTestNode(t)
	runtime.GC()
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(goal)
	next, live := goal[0].Value.Uint64(), goal[1].Value.Uint64()
	if next < live+heapRoom {
		t.Errorf("with %d bytes live the next collection is at %d, less than %d later", live, next, heapRoom)
	}
	runtime.KeepAlive(n)
}

func TestALoadLeavesTheCollectorAsItWas(t *testing.T) {
	for _, percent := range []int{usualGC, 50, -1} {
		before := debug.SetGCPercent(percent)
		n, _, _ := openTestNode(t)
		if got := debug.SetGCPercent(before); got != percent {
			t.Errorf("GOGC was %d, is %d behind a load", percent, got)
		}
		n.tidying.Wait()
	}
}
