package seed_test

import (
	"path/filepath"
	"testing"

	"github.com/duoplane/duoplane/bench/seed"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// open opens a data directory's store as the product does.
func open(t *testing.T, dir string) (*etcdstore.Store, *seal.Ring) {
	t.Helper()
	tables := append(svm.Tables(), duo.Profiles, seal.Witnesses)
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: filepath.Join(dir, "store"), Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Prepare(t.Context(), seal.Config{Store: s, Path: filepath.Join(dir, "keyset.json"), Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	return s, keys
}

func TestTheProductKnowsTheOwnersThatWereMade(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	const n = 5
	if err := seed.Fill(t.Context(), dir, n); err != nil {
		t.Fatal(err)
	}
	s, keys := open(t, dir)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	snap, err := s.Snapshot(t.Context(), store.Local)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		owner, ok := svm.ByName(snap, seed.Name(i))
		if !ok || owner.UUID != seed.UUID(i) || svm.Names(snap).Of(owner.UUID) != seed.Name(i) {
			t.Errorf("owner %d is %+v, %v", i, owner, ok)
		}
		p, _ := duo.Profiles.Get(snap, seed.UUID(i))
		if p == nil {
			t.Fatalf("owner %d has no profile", i)
		}
		key, err := keys.Open(duo.SecretKeyPlace(p), p.SecretKey)
		if want, _ := seed.Profile(i).SecretKey.Fresh(); err != nil || key.IsZero() || !key.Equal(want) {
			t.Errorf("the secret key of owner %d does not open: %v", i, err)
		}
	}
	if snap.Len(duo.Profiles.Name) != n || snap.Len(svm.SVMs.Name) != n {
		t.Errorf("%d profiles and %d SVMs, want %d", snap.Len(duo.Profiles.Name), snap.Len(svm.SVMs.Name), n)
	}
}
