package etcdstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

// TestAFirstStartThatWasKilledIsMadeAnew has the folder as kill -9 leaves it
// in the first milliseconds: etcd has a log, and no member is in it.
func TestAFirstStartThatWasKilledIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "first-start"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := wal.Create(zap.NewNop(), filepath.Join(dir, "etcd", "member", "wal"), []byte{8, 1, 16, 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := etcdstore.Config{Dir: dir, Tables: []store.Codec{things}, Logger: logger(t)}
	s, err := etcdstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{})); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	if _, err := os.Stat(filepath.Join(dir, "first-start")); !os.IsNotExist(err) {
		t.Errorf("the next start would begin from nothing: %v", err)
	}

	s, err = etcdstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil || snap.Len("things") != 1 {
		t.Errorf("the record is gone: %v", err)
	}
}
