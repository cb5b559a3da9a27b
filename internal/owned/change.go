package owned

import (
	"context"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Create adds a record. An owner that is not given is the one the caller is
// confined to, else the cluster. NoSuchOwner, OwnerMismatch, Exists, and what
// the kind's rules refuse.
func (s *Service[T]) Create(ctx context.Context, caller svm.Caller, in record.Input[T]) (svm.Made[T], error) {
	var created *T
	wrote, err := s.ledger.Put(ctx, caller, func(snap store.Snapshot) (entry audit.Entry, changes []store.Change, err error) {
		created, entry, changes, err = s.creation(ctx, snap, caller, in)
		return entry, changes, err
	})
	if err != nil {
		return svm.Made[T]{}, err
	}
	return svm.Made[T]{Record: new(*created), Wrote: wrote}, nil
}

// Unmake takes a creation back: that of a bulk call that failed half-way.
// NotFound when the record has been deleted since, Raced when it has been
// changed or made anew, and what the kind's rules refuse.
func (s *Service[T]) Unmake(ctx context.Context, caller svm.Caller, made svm.Made[T]) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version := s.lookUp(snap, caller, s.keyOf(made.Record))
		if stored == nil {
			return audit.Entry{}, nil, s.notFound()
		}
		if err := made.Check(version); err != nil {
			return audit.Entry{}, nil, err
		}
		return s.deletion(ctx, snap, caller, stored, version)
	})
}

// Modify changes a record and returns what takes that back. NotFound,
// NothingToSet, NotPatchable for a key that is not the record's own, and what
// the kind's rules refuse.
func (s *Service[T]) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[T]) (svm.Undo[T], error) {
	return s.Edit(ctx, caller, key, func(stored *T) (Step[T], error) {
		if stored == nil {
			return Step[T]{}, s.notFound()
		}
		return Step[T]{Input: in}, nil
	})
}

// Delete removes a record; NotFound when it is not there.
func (s *Service[T]) Delete(ctx context.Context, caller svm.Caller, key []string) error {
	_, err := s.Edit(ctx, caller, key, func(stored *T) (Step[T], error) {
		if stored == nil {
			return Step[T]{}, s.notFound()
		}
		return Step[T]{Delete: true}, nil
	})
	return err
}

// A Step is what Edit does to one record.
type Step[T any] struct {
	// Input makes the record where there is none, and else modifies it.
	Input record.Input[T]
	// Delete removes it instead.
	Delete bool
}

// Edit makes a change that depends on how a record stands, in one: decide is
// shown the record under the key, or nil where there is none in scope, and
// says what becomes of it. The record is shared, so decide does not change it;
// decide may be called again with a fresher one, so it keeps nothing. Edit
// returns the record as it was before, nil for one it made, and the version it
// wrote. What decide, Create, Modify and Delete refuse.
func (s *Service[T]) Edit(
	ctx context.Context, caller svm.Caller, key []string, decide func(stored *T) (Step[T], error),
) (undo svm.Undo[T], err error) {
	undo.Wrote, err = s.ledger.Put(ctx, caller, func(snap store.Snapshot) (entry audit.Entry, changes []store.Change, err error) {
		stored, version := s.lookUp(snap, caller, s.storeKey(key))
		undo.Before = stored
		step, err := decide(stored)
		switch {
		case err != nil:
		case stored == nil:
			_, entry, changes, err = s.creation(ctx, snap, caller, step.Input)
		case step.Delete:
			entry, changes, err = s.deletion(ctx, snap, caller, stored, version)
		default:
			entry, changes, err = s.modification(ctx, snap, caller, stored, version, step.Input)
		}
		return entry, changes, err
	})
	return undo, err
}

func (s *Service[T]) creation(
	ctx context.Context, snap store.Snapshot, caller svm.Caller, in record.Input[T],
) (*T, audit.Entry, []store.Change, error) {
	after, err := in.New()
	if err != nil {
		return nil, audit.Entry{}, nil, err
	}
	owner, require, err := s.svms.Resolve(snap, caller, *s.kind.Owner(after))
	if err != nil {
		return nil, audit.Entry{}, nil, err
	}
	*s.kind.Owner(after) = owner
	if stored, _ := s.kind.Table.Get(snap, s.keyOf(after)); stored != nil {
		keys := s.kind.Schema.Keys()
		return nil, audit.Entry{}, nil, fault.New(fault.Exists, keys[len(keys)-1], "duplicate entry")
	}
	changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, After: after, Input: in})
	changes = append(changes, require, s.kind.Table.Put(s.keyOf(after), 0, after))
	return after, s.entry("create", after, in), changes, err
}

func (s *Service[T]) modification(
	ctx context.Context, snap store.Snapshot, caller svm.Caller, stored *T, version store.Version, in record.Input[T],
) (audit.Entry, []store.Change, error) {
	after := s.named(snap, stored)
	if err := in.Apply(after); err != nil {
		return audit.Entry{}, nil, err
	}
	changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, Before: stored, After: after, Input: in})
	changes = append(changes, s.kind.Table.Put(s.keyOf(after), version, after))
	return s.entry("modify", after, in), changes, err
}

func (s *Service[T]) deletion(
	ctx context.Context, snap store.Snapshot, caller svm.Caller, stored *T, version store.Version,
) (audit.Entry, []store.Change, error) {
	changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, Before: stored})
	changes = append(changes, s.kind.Table.Delete(s.keyOf(stored), version))
	return s.entry("delete", s.named(snap, stored), record.Input[T]{}), changes, err
}

// Restore takes a modification back: that of a bulk change that failed
// half-way. NotFound when the record has been deleted since, Raced when it has
// been changed, and what the kind's rules refuse.
func (s *Service[T]) Restore(ctx context.Context, caller svm.Caller, undo svm.Undo[T]) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		key := s.keyOf(undo.Before)
		stored, version := s.lookUp(snap, caller, key)
		if stored == nil {
			return audit.Entry{}, nil, s.notFound()
		}
		if err := undo.Check(version); err != nil {
			return audit.Entry{}, nil, err
		}
		back := s.named(snap, undo.Before)
		changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, Before: stored, After: back, Undo: true})
		changes = append(changes, s.kind.Table.Put(key, version, back))
		return s.entry("restore", back, record.Input[T]{}), changes, err
	})
}

// named returns a copy of a record with the name its owner has now.
func (s *Service[T]) named(snap store.Snapshot, t *T) *T {
	row := *t
	owner := s.kind.Owner(&row)
	owner.Name = svm.Names(snap).Of(owner.UUID)
	return &row
}

func (s *Service[T]) prepare(ctx context.Context, c Change[T]) ([]store.Change, error) {
	if s.kind.Prepare == nil {
		return nil, nil
	}
	return s.kind.Prepare(ctx, c)
}

// entry is the change's audit line: the fields given, as they read after the
// change, so that masks and normal forms are what is logged.
func (s *Service[T]) entry(event string, t *T, in record.Input[T]) audit.Entry {
	owner := s.kind.Owner(t)
	e := audit.Entry{Event: event, Resource: s.kind.Schema.Name(), Key: owner.Name, Owner: owner.UUID}
	if s.kind.Name != nil {
		e.Key += "/" + s.kind.Name(t)
	}
	for _, c := range in.Changes(t) {
		e.Fields = append(e.Fields, audit.Field{Path: c.Path, Value: c.Value})
	}
	return e
}
