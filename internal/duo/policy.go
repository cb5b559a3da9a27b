package duo

import (
	"context"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Policy rules on logins by the profiles and groups as they are stored. It
// may be used concurrently.
type Policy struct{ ledger *audit.Ledger }

// NewPolicy returns the Policy of the ledger's store.
func NewPolicy(ledger *audit.Ledger) *Policy { return &Policy{ledger} }

// Rule rules on a login by the newest state, or by the last one known while
// the store cannot be reached. NoSuchOwner when the login's owner does not
// exist, so that nobody slips in by an SVM that was deleted; Outdated when the
// store has been out of reach for too long; else what its Snapshot returns.
func (p *Policy) Rule(ctx context.Context, login Login) (Ruling, error) {
	snap, err := p.ledger.Latest(ctx)
	if err != nil {
		return Ruling{}, err
	}
	return RuleIn(snap, login)
}

// RuleIn rules on a login by one state. The profile in the Ruling is a copy
// that knows its owner's name.
func RuleIn(snap store.Snapshot, login Login) (Ruling, error) {
	names := svm.Names(snap)
	if names.Of(login.Owner.UUID) == "" {
		return Ruling{}, fault.New(fault.NoSuchOwner, "owner.uuid", "The SVM with the UUID %q does not exist.", login.Owner.UUID)
	}
	own, _ := Profiles.Get(snap, login.Owner.UUID)
	cluster, _ := Profiles.Get(snap, svm.ClusterOf(snap).UUID)
	ruling := Govern(login, own, cluster, func(owner string) []*Group { return groupsOf(snap, owner) })
	if ruling.Profile != nil {
		named := *ruling.Profile
		named.Owner.Name = names.Of(named.Owner.UUID)
		ruling.Profile = &named
	}
	return ruling, nil
}

func groupsOf(snap store.Snapshot, owner string) []*Group {
	var all []*Group
	for _, g := range Groups.Under(snap, store.JoinKey(owner, "")) {
		all = append(all, g)
	}
	return all
}
