package memstore_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

func fresh(testing.TB) storetest.Opener {
	data := memstore.NewData()
	return func(tb testing.TB, tables ...store.Codec) store.Store {
		tb.Helper()
		s, err := data.Open(tables...)
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
}

func TestSuite(t *testing.T) { storetest.Run(t, fresh) }

func TestSharedSuite(t *testing.T) { storetest.RunShared(t, fresh) }
