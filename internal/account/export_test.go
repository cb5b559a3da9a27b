package account

import (
	"context"
	"testing"
)

// CheapHashes makes the service's hashes cost next to nothing.
func (s *Service) CheapHashes() {
	s.hasher = newHasher(4, cost{memory: 8, passes: 1, lanes: 1})
}

// HoldHashes keeps every hash from being made until the function returned is
// called.
func (s *Service) HoldHashes(tb testing.TB) (release func()) {
	tb.Helper()
	if err := s.hasher.slots.Acquire(context.Background(), 4); err != nil {
		tb.Fatal(err)
	}
	return func() { s.hasher.slots.Release(4) }
}

// Administers exports administers.
func (a *Account) Administers() bool { return a.administers() }

// ReadKey exports readKey.
func ReadKey(text string) ([]byte, error) { return readKey(text) }
