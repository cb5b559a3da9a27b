package etcdstore_test

import (
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
