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
func (s *Service[T]) Create(ctx context.Context, caller svm.Caller, in record.Input[T]) (*T, error) {
	var created *T
	err := s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		after, err := in.New()
		if err != nil {
			return audit.Entry{}, nil, err
		}
		owner, require, err := s.svms.Resolve(snap, caller, *s.kind.Owner(after))
		if err != nil {
			return audit.Entry{}, nil, err
		}
		*s.kind.Owner(after) = owner
		if stored, _ := s.kind.Table.Get(snap, s.keyOf(after)); stored != nil {
			keys := s.kind.Schema.Keys()
			return audit.Entry{}, nil, fault.New(fault.Exists, keys[len(keys)-1], "duplicate entry")
		}
		created = after
		changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, After: after, Input: in})
		changes = append(changes, require, s.kind.Table.Put(s.keyOf(after), 0, after))
		return s.entry("create", after, in), changes, err
	})
	if err != nil {
		return nil, err
	}
	answer := *created
	return &answer, nil
}

// Modify changes a record and returns it as it was before. NotFound,
// NothingToSet, NotPatchable for a key that is not the record's own, and what
// the kind's rules refuse.
func (s *Service[T]) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[T]) (*T, error) {
	var before *T
	err := s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version, err := s.find(snap, caller, key)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		before = stored
		after := *stored
		s.kind.Owner(&after).Name = svm.Names(snap).Of(s.kind.Owner(&after).UUID)
		if err := in.Apply(&after); err != nil {
			return audit.Entry{}, nil, err
		}
		changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, Before: stored, After: &after, Input: in})
		changes = append(changes, s.kind.Table.Put(s.keyOf(&after), version, &after))
		return s.entry("modify", &after, in), changes, err
	})
	return before, err
}

// Delete removes a record; NotFound when it is not there.
func (s *Service[T]) Delete(ctx context.Context, caller svm.Caller, key []string) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version, err := s.find(snap, caller, key)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		gone := *stored
		s.kind.Owner(&gone).Name = svm.Names(snap).Of(s.kind.Owner(&gone).UUID)
		changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, Before: stored})
		changes = append(changes, s.kind.Table.Delete(s.keyOf(stored), version))
		return s.entry("delete", &gone, record.Input[T]{}), changes, err
	})
}

// Restore puts a record back as Modify returned it: the undo of a bulk change
// that failed half-way. NotFound when it has been deleted since, and what the
// kind's rules refuse.
func (s *Service[T]) Restore(ctx context.Context, caller svm.Caller, before *T) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		key := s.keyOf(before)
		stored, version, err := s.findAt(snap, caller, key)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		back := *before
		s.kind.Owner(&back).Name = svm.Names(snap).Of(s.kind.Owner(&back).UUID)
		changes, err := s.prepare(ctx, Change[T]{Snapshot: snap, Caller: caller, Before: stored, After: &back, Undo: true})
		changes = append(changes, s.kind.Table.Put(key, version, &back))
		return s.entry("restore", &back, record.Input[T]{}), changes, err
	})
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
