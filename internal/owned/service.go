// Package owned serves records that belong to an owner (the cluster or an
// SVM): Duo profiles, Duo groups, accounts. It is the one place where an
// owner is found, a caller confined to its scope, a change checked, written
// to the audit log and committed. What is peculiar to one kind of record is
// its Prepare function.
package owned

import (
	"context"
	"iter"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Kind declares one kind of owned record.
type Kind[T any] struct {
	Schema *record.Schema[T]
	Table  *store.Table[T]
	// Owner finds the owner inside a record.
	Owner func(*T) *svm.Owner
	// Name returns the part of the key that follows the owner's UUID. Nil
	// where an owner has at most one record.
	Name func(*T) string
	// Prepare applies the domain's rules to a change before it is committed
	// and may complete after (it is private). It returns changes to commit
	// along. It may be called again with fresher records when a commit is
	// retried, so it keeps no state.
	Prepare func(ctx context.Context, c Change[T]) ([]store.Change, error)
}

// A Change is one change of one record on its way to the store.
type Change[T any] struct {
	Snapshot store.Snapshot
	Caller   svm.Caller
	// Before is what is stored, nil on create. It is shared: read only.
	Before *T
	// After is what shall be stored, nil on delete.
	After *T
	// Input is what the caller gave.
	Input record.Input[T]
	// Undo says that the change takes back one that the caller was let make
	// before; Input is empty then.
	Undo bool
}

// A Service offers reading and changing one kind of owned record. Its methods
// may be called concurrently. All of them confine themselves to the caller's
// scope: a record outside of it is NotFound.
type Service[T any] struct {
	kind   Kind[T]
	ledger *audit.Ledger
	svms   *svm.Service
}

// NewService returns the service for one kind of record.
func NewService[T any](kind Kind[T], ledger *audit.Ledger, svms *svm.Service) *Service[T] {
	return &Service[T]{kind: kind, ledger: ledger, svms: svms}
}

// Schema returns the kind's declaration.
func (s *Service[T]) Schema() *record.Schema[T] { return s.kind.Schema }

// Rows yields the records in scope in order of key, from the first key >=
// from; nil begins at the start. A yielded record is good until the next one
// is asked for.
func (s *Service[T]) Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		snap, err := s.ledger.Snapshot(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		names := svm.Names(snap)
		only, single := caller.Only(snap)
		start := s.storeKey(from)
		if single && start < only {
			start = only
		}
		var row T
		for _, stored := range s.kind.Table.All(snap, start) {
			uuid := s.kind.Owner(stored).UUID
			if single && uuid > only {
				return
			}
			if !caller.Scope.Sees(uuid) {
				continue
			}
			row = *stored
			s.kind.Owner(&row).Name = names.Of(uuid)
			if !yield(&row, nil) {
				return
			}
		}
	}
}

// Find returns one record as a private copy, or NotFound.
func (s *Service[T]) Find(ctx context.Context, caller svm.Caller, key []string) (*T, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	stored, _ := s.lookUp(snap, caller, s.storeKey(key))
	if stored == nil {
		return nil, s.notFound()
	}
	return s.named(snap, stored), nil
}

// Fill finds out computed fields; a kind that has some embeds Service and
// brings its own.
func (s *Service[T]) Fill(context.Context, []*T) error { return nil }

// lookUp returns the record under the store's key, nil when there is none in
// the caller's scope.
func (s *Service[T]) lookUp(snap store.Snapshot, caller svm.Caller, storeKey string) (*T, store.Version) {
	stored, version := s.kind.Table.Get(snap, storeKey)
	if stored == nil || !caller.Scope.Sees(s.kind.Owner(stored).UUID) {
		return nil, 0
	}
	return stored, version
}

func (s *Service[T]) notFound() error {
	keys := s.kind.Schema.Keys()
	return fault.New(fault.NotFound, keys[len(keys)-1], "entry doesn't exist")
}

// storeKey turns the parts of a key, or the first of them, into the store's.
func (s *Service[T]) storeKey(parts []string) string {
	switch {
	case len(parts) == 0:
		return ""
	case s.kind.Name == nil || len(parts) == 1:
		return parts[0]
	}
	return store.JoinKey(parts[0], parts[1])
}

func (s *Service[T]) keyOf(t *T) string {
	if s.kind.Name == nil {
		return s.kind.Owner(t).UUID
	}
	return store.JoinKey(s.kind.Owner(t).UUID, s.kind.Name(t))
}
