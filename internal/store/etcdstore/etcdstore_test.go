package etcdstore_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

func embedded(tb testing.TB) storetest.Opener {
	tb.Helper()
	dir := tb.TempDir()
	return func(tb testing.TB, tables ...store.Codec) store.Store {
		tb.Helper()
		s, err := etcdstore.Open(tb.Context(), etcdstore.Config{Dir: dir, Tables: tables, Logger: logger(tb)})
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
}

func logger(tb testing.TB) *slog.Logger {
	tb.Helper()
	return slog.New(slog.NewTextHandler(tb.Output(), nil))
}

func TestSuiteOnTheEmbeddedEtcd(t *testing.T) { storetest.Run(t, embedded) }

func TestAStoreOfSeveralPagesIsLoadedWhole(t *testing.T) {
	open := embedded(t)
	s := open(t, things)
	const n = 5500 // more than two pages
	for from := 0; from < n; from += 500 {
		var changes []store.Change
		for i := from; i < from+500; i++ {
			key := fmt.Sprintf("%05d", i)
			changes = append(changes, things.Put(key, 0, &thing{Name: key}))
		}
		if _, err := s.Commit(t.Context(), changes...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, things)
	defer s.Close() //nolint:errcheck // other tests look
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for key, got := range things.All(snap, "") {
		if want := fmt.Sprintf("%05d", i); key != want || got.Name != want {
			t.Fatalf("record %d is %q with %q", i, key, got.Name)
		}
		i++
	}
	if i != n || snap.Len("things") != n {
		t.Errorf("%d records, Len says %d, want %d", i, snap.Len("things"), n)
	}
}
