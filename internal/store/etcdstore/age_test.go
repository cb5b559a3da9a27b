package etcdstore_test

import (
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

func TestWhatWasSeenLastCountsForItsTimeAndNoLonger(t *testing.T) {
	const limit = 2 * time.Second
	g := newGate(t, startMember(t))
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{
		Endpoints: []string{"unix://" + g.path}, Tables: []store.Codec{heads, tails}, MaxAge: limit, Logger: logger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	local := func() error {
		_, err := s.Snapshot(t.Context(), store.Local)
		return err
	}

	// Nobody reads or writes, and still its age is known.
	var oldest time.Duration
	opened := time.Now()
	eventually(t, func() bool {
		oldest = max(oldest, s.Age())
		return time.Since(opened) > limit+limit/2
	})
	if err := local(); err != nil || s.Usable() != nil {
		t.Fatalf("with the cluster there, at most %v old: %v", oldest, err)
	}

	began, age := time.Now(), s.Age()
	g.shut()
	if err := local(); err != nil {
		t.Errorf("the cluster has just gone: %v", err)
	}
	eventually(t, func() bool { return local() != nil })
	if gone := age + time.Since(began); gone < limit || !fault.Is(local(), fault.Outdated) || !fault.Is(s.Usable(), fault.Outdated) || s.Age() < limit {
		t.Errorf("after %v: %v, %v, %v old", gone, local(), s.Usable(), s.Age())
	}

	g.open(t)
	eventually(t, func() bool { return local() == nil })
	if s.Age() >= limit || s.Usable() != nil {
		t.Errorf("after it came back: %v old, %v", s.Age(), s.Usable())
	}
}

func TestAnEmbeddedStoreIsAlwaysYoung(t *testing.T) {
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: t.TempDir(), MaxAge: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // other tests look
	if _, err := s.Snapshot(t.Context(), store.Local); err != nil || s.Age() != 0 || s.Usable() != nil {
		t.Errorf("%v, %v old, %v", err, s.Age(), s.Usable())
	}
}
