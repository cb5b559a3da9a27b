package etcdstore_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

func TestANearlyFullDiskTakesNoChangesAndIsStillRead(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Logf("the free space is not known on %s", runtime.GOOS)
		return
	}
	dir := t.TempDir()
	cfg := etcdstore.Config{Dir: dir, Tables: []store.Codec{things}}
	s := mustOpen(t, cfg)
	if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{"a"})); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	cfg.MinFree = 1 << 62 // no disk has that
	s = mustOpen(t, cfg)
	_, err := s.Commit(t.Context(), things.Put("b", 0, &thing{"b"}))
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a change on a full disk: %v", err)
	}
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil {
		t.Fatalf("a read: %v", err)
	}
	if got, _ := things.Get(snap, "a"); got == nil {
		t.Error("the record is not there")
	}
	if got, _ := things.Get(snap, "b"); got != nil {
		t.Error("the change that was refused has happened")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func mustOpen(t *testing.T, cfg etcdstore.Config) *etcdstore.Store {
	t.Helper()
	s, err := etcdstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
