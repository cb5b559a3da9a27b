package loginmsg

import (
	"context"
	"iter"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Service reads and changes the texts. Its methods may be called
// concurrently and confine themselves to the caller's scope: an owner outside
// of it is NotFound.
type Service struct {
	ledger *audit.Ledger
	svms   *svm.Service
}

// NewService returns the service over the ledger's store. The owners' service
// should have Table among those whose records go with an SVM.
func NewService(ledger *audit.Ledger, svms *svm.Service) *Service { return &Service{ledger, svms} }

// Rows yields the texts of the owners in scope in order of their UUIDs, from
// the first that is not less than from; nil begins at the start. A yielded
// record is good until the next one is asked for.
func (s *Service) Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*Messages, error] {
	return func(yield func(*Messages, error) bool) {
		snap, err := s.ledger.Snapshot(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		first := ""
		if len(from) > 0 {
			first = from[0]
		}
		only, single := caller.Scope.Single()
		if single && first < only {
			first = only
		}
		cluster := svm.ClusterOf(snap).UUID
		var row Messages
		for owner := range svm.Owners(snap, first) {
			if single && owner.UUID > only {
				return
			}
			if !caller.Scope.Sees(owner.UUID) {
				continue
			}
			if row, _ = of(snap, owner, cluster); !yield(&row, nil) {
				return
			}
		}
	}
}

// of returns an owner's texts and their version, 0 if none were ever set.
func of(snap store.Snapshot, owner svm.Owner, cluster string) (Messages, store.Version) {
	var m Messages
	stored, version := Table.Get(snap, owner.UUID)
	if stored != nil {
		m = *stored
	}
	m.Owner, m.Cluster = owner, owner.UUID == cluster
	return m, version
}

// Find returns an owner's texts, or NotFound.
func (s *Service) Find(ctx context.Context, caller svm.Caller, key []string) (*Messages, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	m, _, _, err := s.find(snap, caller, key)
	return m, err
}

// find returns what is found under a key, its version, and what a change of it
// depends on.
func (s *Service) find(snap store.Snapshot, caller svm.Caller, key []string) (*Messages, store.Version, store.Change, error) {
	missing := fault.New(fault.NotFound, "uuid", "entry doesn't exist")
	if len(key) != 1 || key[0] == "" {
		return nil, 0, store.Change{}, missing
	}
	owner, require, err := s.svms.Resolve(snap, caller, svm.Owner{UUID: key[0]})
	switch {
	case fault.Is(err, fault.NoSuchOwner):
		return nil, 0, store.Change{}, missing
	case err != nil:
		return nil, 0, store.Change{}, err
	}
	m, version := of(snap, owner, svm.ClusterOf(snap).UUID)
	return &m, version, require, nil
}

// Fill does nothing: nothing is computed.
func (*Service) Fill(context.Context, []*Messages) error { return nil }

// Modify changes an owner's texts and returns what takes that back.
// NotFound, NothingToSet, and Denied for an account that is not the cluster's
// and would change whether the cluster's message is shown.
func (s *Service) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[Messages]) (undo svm.Undo[Messages], err error) {
	undo.Wrote, err = s.ledger.Put(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version, require, err := s.find(snap, caller, key)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		undo.Before = stored
		after := *stored
		if err := in.Apply(&after); err != nil {
			return audit.Entry{}, nil, err
		}
		if after.WithoutCluster != stored.WithoutCluster && caller.Owner.UUID != svm.ClusterOf(snap).UUID {
			return audit.Entry{}, nil, fault.New(fault.Denied, "show_cluster_message",
				"Only an account of the cluster may change whether the cluster's message is shown.")
		}
		return entry("modify", &after, in), []store.Change{require, Table.Put(after.Owner.UUID, version, &after)}, nil
	})
	return undo, err
}

// Restore takes a modification back: that of a bulk change that failed
// half-way. NotFound when the owner has been deleted since, Raced when the texts
// have been changed.
func (s *Service) Restore(ctx context.Context, caller svm.Caller, undo svm.Undo[Messages]) error {
	return s.ledger.Do(ctx, caller, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		now, version, require, err := s.find(snap, caller, []string{undo.Before.Owner.UUID})
		if err == nil {
			err = undo.Check(version)
		}
		if err != nil {
			return audit.Entry{}, nil, err
		}
		back := *undo.Before
		back.Owner = now.Owner
		return entry("restore", &back, record.Input[Messages]{}), []store.Change{require, Table.Put(back.Owner.UUID, version, &back)}, nil
	})
}

func entry(event string, m *Messages, in record.Input[Messages]) audit.Entry {
	e := audit.Entry{Event: event, Resource: Table.Name, Key: m.Owner.Name, Owner: m.Owner.UUID}
	for _, c := range in.Changes(m) {
		e.Fields = append(e.Fields, audit.Field(c))
	}
	return e
}
