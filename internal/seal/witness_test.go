package seal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
)

type thing struct{}

var things = &store.Table[thing]{Name: "things", DocVersion: 1}

func open(t *testing.T) *memstore.Store {
	t.Helper()
	s := memstore.New(Witnesses, things)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestAStoreKnowsItsKeyset(t *testing.T) {
	s := open(t)
	path := filepath.Join(t.TempDir(), "keyset.json")
	cfg := Config{Store: s, Path: path, Tables: []store.Codec{Witnesses, things}}
	first, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{})); err != nil {
		t.Fatal(err)
	}
	again, err := Prepare(t.Context(), cfg)
	if err != nil || again.keys().Primary() != first.keys().Primary() {
		t.Errorf("second start: %v", err)
	}

	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("start without the keyset file: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a new keyset file was made for old data")
	}

	if _, err := Create(path); err != nil {
		t.Fatal(err)
	}
	_, err = Prepare(t.Context(), cfg)
	if !errors.Is(err, ErrForeignKey) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), first.keys().Primary().String()) {
		t.Errorf("start with another keyset file: %v", err)
	}
}

func TestARotatedKeysetStillFits(t *testing.T) {
	s := open(t)
	k := inMemory(t)
	if err := Check(t.Context(), s, k, time.Now(), Witnesses, things); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), s, rotated(t, k), time.Now(), Witnesses, things); err != nil {
		t.Errorf("rotated: %v", err)
	}
}

func TestRecordsWithoutAWitnessAreRefused(t *testing.T) {
	s := open(t)
	if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{})); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), s, inMemory(t), time.Now(), Witnesses, things); err == nil {
		t.Error("a keyset was accepted for records it never saw")
	}
}

func TestAWitnessWithAnotherTextIsRefused(t *testing.T) {
	s := open(t)
	k := inMemory(t)
	known, err := k.Seal(witnessPlace(), secret.Fresh(secret.NewText("else")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), Witnesses.Put(WitnessKey, 0, &Witness{Known: known})); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), s, k, time.Now(), Witnesses); err == nil {
		t.Error("accepted")
	}
}

func TestOfServersStartingTogetherOneKeysetWins(t *testing.T) {
	s := open(t)
	const servers = 8
	var wg sync.WaitGroup
	accepted := make(chan KeyID, servers)
	for range servers {
		k := inMemory(t)
		wg.Go(func() {
			switch err := Check(t.Context(), s, k, time.Now(), Witnesses, things); {
			case err == nil:
				accepted <- k.Primary()
			case !errors.Is(err, ErrForeignKey):
				t.Errorf("check: %v", err)
			}
		})
	}
	wg.Wait()
	if len(accepted) != 1 {
		t.Errorf("%d keysets were accepted", len(accepted))
	}
}

// A lateStore is one that another server fills at the moment it is looked at.
type lateStore struct {
	store.Store

	first func()
}

func (s *lateStore) Snapshot(ctx context.Context, c store.Consistency) (store.Snapshot, error) {
	if f := s.first; f != nil {
		s.first = nil
		f()
	}
	return s.Store.Snapshot(ctx, c)
}

func TestServersThatStartAtOnceShareTheFirstOnesKeyset(t *testing.T) {
	s := open(t)
	cfg := Config{Store: s, Path: filepath.Join(t.TempDir(), "keyset.json"), Tables: []store.Codec{Witnesses, things}}
	late := cfg
	late.Store = &lateStore{s, func() {
		if _, err := Prepare(t.Context(), cfg); err != nil {
			t.Error(err)
		}
	}}
	if _, err := Prepare(t.Context(), late); err != nil {
		t.Errorf("the slower one: %v", err)
	}
}
