package svm

import (
	"context"
	"iter"
	"strings"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
)

// An OwnedTable holds records whose keys begin with their owner's UUID; every
// *store.Table is one.
type OwnedTable interface {
	DeleteUnder(prefix string) store.Change
}

// A Service reads and changes SVMs. Its methods may be called concurrently
// and confine themselves to the caller's scope: an SVM outside of it is
// NotFound.
type Service struct {
	schema *record.Schema[SVM]
	ledger *audit.Ledger
	owned  []OwnedTable
}

// NewService returns the service over the ledger's store. When an SVM is
// deleted, its records in the owned tables go with it.
func NewService(ledger *audit.Ledger, owned ...OwnedTable) *Service {
	return &Service{schema: Schema(), ledger: ledger, owned: owned}
}

// Schema returns the declaration of an SVM.
func (s *Service) Schema() *record.Schema[SVM] { return s.schema }

// Rows yields the SVMs in scope in order of UUID, from the first key >= from;
// nil begins at the start. They are shared and must not be changed.
func (s *Service) Rows(ctx context.Context, caller Caller, from []string) iter.Seq2[*SVM, error] {
	return func(yield func(*SVM, error) bool) {
		snap, err := s.ledger.Snapshot(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		first := ""
		if len(from) > 0 {
			first = from[0]
		}
		if only, ok := caller.Only(snap); ok {
			if vm, _ := SVMs.Get(snap, only); vm != nil && only >= first && caller.Scope.Sees(only) {
				yield(vm, nil)
			}
			return
		}
		for key, vm := range SVMs.All(snap, first) {
			if caller.Scope.Sees(key) && !yield(vm, nil) {
				return
			}
		}
	}
}

// Find returns a copy of one SVM, or NotFound.
func (s *Service) Find(ctx context.Context, caller Caller, key []string) (*SVM, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	vm, _, err := find(snap, caller, key)
	if err != nil {
		return nil, err
	}
	return new(*vm), nil
}

// Fill does nothing: no field of an SVM is computed.
func (*Service) Fill(context.Context, []*SVM) error { return nil }

func find(snap store.Snapshot, caller Caller, key []string) (*SVM, store.Version, error) {
	if len(key) == 1 && caller.Scope.Sees(key[0]) {
		if vm, version := SVMs.Get(snap, key[0]); vm != nil {
			return vm, version, nil
		}
	}
	return nil, 0, fault.New(fault.NotFound, "uuid", "entry doesn't exist")
}

// Create adds an SVM with a UUID of its own. Exists when the cluster or an SVM
// has the name; Denied for a caller confined to an SVM.
func (s *Service) Create(ctx context.Context, caller Caller, in record.Input[SVM]) (Made[SVM], error) {
	if !caller.Scope.all {
		return Made[SVM]{}, fault.New(fault.Denied, "", "not authorized for that command")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Made[SVM]{}, fault.Wrap(err, fault.Internal, "", "No UUID could be made for the SVM.")
	}
	var created *SVM
	wrote, err := s.ledger.Put(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		vm, err := in.New()
		if err != nil {
			return audit.Entry{}, nil, err
		}
		vm.UUID = id.String()
		changes, err := naming(snap, "", vm.Name)
		created = vm
		return s.entry("create", vm, in), append(changes, SVMs.Put(vm.UUID, 0, vm)), err
	})
	if err != nil {
		return Made[SVM]{}, err
	}
	return Made[SVM]{new(*created), wrote}, nil
}

// Unmake takes a creation back: that of a bulk call that failed half-way.
// NotFound when the SVM has been deleted since, Raced when it has been changed
// or somebody has given it records of its own.
func (s *Service) Unmake(ctx context.Context, caller Caller, made Made[SVM]) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version, err := find(snap, caller, []string{made.Record.UUID})
		if err == nil {
			err = made.Check(version)
		}
		if err == nil && s.ownsAnything(snap, stored) {
			err = fault.New(fault.Raced, "", "The SVM has got records of its own since; it stays, with them.")
		}
		if err != nil {
			return audit.Entry{}, nil, err
		}
		return s.entry("delete", stored, record.Input[SVM]{}), s.deletion(stored, version), nil
	})
}

func (s *Service) ownsAnything(snap store.Snapshot, vm *SVM) bool {
	for _, table := range s.owned {
		under := table.DeleteUnder(vm.UUID)
		for row := range snap.Rows(under.Table, under.Key) {
			if strings.HasPrefix(row.Key, under.Key) {
				return true
			}
			break
		}
	}
	return false
}

// deletion is an SVM's, with everything it owns.
func (s *Service) deletion(vm *SVM, version store.Version) []store.Change {
	changes := []store.Change{SVMs.Delete(vm.UUID, version)}
	for _, table := range s.owned {
		changes = append(changes, table.DeleteUnder(vm.UUID))
	}
	return changes
}

// Modify changes an SVM, its name included, and returns what takes that back.
// NotFound, NothingToSet, Exists for a name that is taken.
func (s *Service) Modify(ctx context.Context, caller Caller, key []string, in record.Input[SVM]) (undo Undo[SVM], err error) {
	undo.Wrote, err = s.ledger.Put(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version, err := find(snap, caller, key)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		undo.Before = stored
		after := *stored
		if err := in.Apply(&after); err != nil {
			return audit.Entry{}, nil, err
		}
		changes, err := naming(snap, stored.Name, after.Name)
		return s.entry("modify", &after, in), append(changes, SVMs.Put(after.UUID, version, &after)), err
	})
	return undo, err
}

// Restore takes a modification back: that of a bulk change that failed
// half-way. NotFound when the SVM has been deleted since, Raced when it has been
// changed, Exists when its name has been taken.
func (s *Service) Restore(ctx context.Context, caller Caller, undo Undo[SVM]) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		before := undo.Before
		stored, version, err := find(snap, caller, []string{before.UUID})
		if err == nil {
			err = undo.Check(version)
		}
		if err != nil {
			return audit.Entry{}, nil, err
		}
		changes, err := naming(snap, stored.Name, before.Name)
		return s.entry("restore", before, record.Input[SVM]{}), append(changes, SVMs.Put(before.UUID, version, before)), err
	})
}

// Delete removes an SVM and in the same moment everything it owns. NotFound
// when it is not there.
func (s *Service) Delete(ctx context.Context, caller Caller, key []string) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version, err := find(snap, caller, key)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		return s.entry("delete", stored, record.Input[SVM]{}), s.deletion(stored, version), nil
	})
}

func (s *Service) entry(event string, vm *SVM, in record.Input[SVM]) audit.Entry {
	e := audit.Entry{Event: event, Resource: s.schema.Name(), Key: vm.Name, Owner: vm.UUID}
	for _, c := range in.Changes(vm) {
		e.Fields = append(e.Fields, audit.Field(c))
	}
	return e
}

// OwnerNames returns the names of all owners in the caller's scope, the
// cluster's first; nil when they cannot be read.
func (s *Service) OwnerNames(ctx context.Context, caller Caller) []string {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil
	}
	var names []string
	if cluster := ClusterOf(snap); caller.Scope.Sees(cluster.UUID) {
		names = append(names, cluster.Name)
	}
	for vm, err := range s.Rows(ctx, caller, nil) {
		if err != nil {
			return nil
		}
		names = append(names, vm.Name)
	}
	return names
}
