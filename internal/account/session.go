package account

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// A Session is a Principal who may come again with the same credentials, as a
// client does on a kept connection. Its methods may be called concurrently.
type Session struct {
	Principal

	service *Service
	user    string // as given
	found   candidate
	seen    atomic.Int64 // a store.Revision at which all was as when it began
	until   time.Time    // when the password has to be looked at again
}

// Begin authenticates as Authenticate does.
func (s *Service) Begin(ctx context.Context, c Credentials) (*Session, error) {
	x, err := s.begin(ctx, c)
	if err != nil {
		s.failed.add(c.Application, fault.CodeOf(err))
	}
	return x, err
}

func (s *Service) begin(ctx context.Context, c Credentials) (*Session, error) {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return nil, err
	}
	found := find(snap, c.User)
	t := s.memory.tag(found.key, found.version, c.Password)
	if err := s.admit(ctx, c, found, t); err != nil {
		return nil, err
	}
	x := &Session{Principal: found.principal(c), service: s, user: c.User, found: found, until: s.memory.until(t)}
	x.seen.Store(int64(snap.Revision()))
	return x, nil
}

// Stands reports whether Begin would let the same credentials in again, as the
// same Principal and without a look at the password: it was looked at less
// than five minutes ago, and since then nothing has happened to the account,
// nor to what its name means. After a change through this process it has
// returned false by the time the change is answered.
func (x *Session) Stands(ctx context.Context) bool {
	if !x.service.now().Before(x.until) {
		return false
	}
	snap, err := x.service.ledger.Local(ctx)
	if err != nil {
		return false
	}
	revision := int64(snap.Revision())
	if revision == x.seen.Load() {
		return true
	}
	now := find(snap, x.user)
	if now.key != x.found.key || now.version != x.found.version || now.owner != x.found.owner {
		return false
	}
	x.seen.Store(revision)
	return true
}
