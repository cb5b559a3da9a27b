package svm

import (
	"context"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// Resolve finds the owner that a caller names by name, by UUID or by both.
// Where neither is given it is the SVM the caller is confined to, else the
// cluster. The change returned makes a Commit depend on the owner's being
// there still. NoSuchOwner, also for owners out of the caller's scope;
// OwnerMismatch when name and UUID are of different owners.
func (s *Service) Resolve(snap store.Snapshot, caller Caller, given Owner) (Owner, store.Change, error) {
	cluster, version := Clusters.Get(snap, ClusterKey)
	if cluster == nil {
		return Owner{}, store.Change{}, fault.New(fault.Unavailable, "", "The cluster is not set up yet.")
	}
	uuid, err := resolveUUID(snap, caller, cluster, given)
	if err != nil {
		return Owner{}, store.Change{}, err
	}
	if uuid == cluster.UUID && caller.Scope.Sees(uuid) {
		return cluster.Owner(), Clusters.Require(ClusterKey, version), nil
	}
	vm, version := SVMs.Get(snap, uuid)
	if vm == nil || !caller.Scope.Sees(uuid) {
		return Owner{}, store.Change{}, noSuchOwner(given)
	}
	return Owner{UUID: uuid, Name: vm.Name}, SVMs.Require(uuid, version), nil
}

func resolveUUID(snap store.Snapshot, caller Caller, cluster *Cluster, given Owner) (string, error) {
	uuid := strings.ToLower(given.UUID)
	if given.Name == "" {
		switch single, ok := caller.Scope.Single(); {
		case uuid != "":
			return uuid, nil
		case ok:
			return single, nil
		}
		return cluster.UUID, nil
	}
	named, ok := ByName(snap, given.Name)
	switch {
	case !ok, !caller.Scope.Sees(named.UUID): // or a mismatch would tell that the name is taken
		return "", noSuchOwner(given)
	case uuid != "" && uuid != named.UUID:
		return "", fault.New(fault.OwnerMismatch, "owner.uuid",
			"The UUID %q is not that of the SVM %q; give one of the two, or both of the same SVM.", given.UUID, given.Name)
	}
	return named.UUID, nil
}

func noSuchOwner(given Owner) error {
	if given.Name != "" {
		return fault.New(fault.NoSuchOwner, "owner.name", "The SVM %q does not exist.", given.Name)
	}
	return fault.New(fault.NoSuchOwner, "owner.uuid", "The SVM with the UUID %q does not exist.", given.UUID)
}

// ScopeTo confines a caller to the owner that a request names beside its body
// (the headers X-Dot-SVM-Name and X-Dot-SVM-UUID). Naming the cluster changes
// nothing. NoSuchOwner and OwnerMismatch as in Resolve.
func (s *Service) ScopeTo(ctx context.Context, caller Caller, given Owner) (Caller, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return Caller{}, err
	}
	owner, _, err := s.Resolve(snap, caller, given)
	if err != nil {
		return Caller{}, err
	}
	if owner.UUID != ClusterOf(snap).UUID {
		caller.Scope = Within(owner.UUID)
	}
	return caller, nil
}
