package duo

import (
	"context"
	"sync"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Tables of the store.
var (
	// Profiles are kept by their owner's UUID.
	Profiles = &store.Table[Profile]{Name: "duo_profile", DocVersion: 1, Key: func(p *Profile) string { return p.Owner.UUID }}
	Groups   = &store.Table[Group]{Name: "duo_group", DocVersion: 1} // key: owner's UUID / name
)

// A Sealer turns fresh secrets into sealed ones; *seal.Ring is one.
type Sealer interface {
	// SealFor seals what is fresh in the slots, in place, with the key that a
	// state of the store says. The changes it returns belong into the same
	// commit.
	SealFor(snap store.Snapshot, slots ...secret.Slot) ([]store.Change, error)
}

// A Prober tells whether Duo answers a profile.
type Prober interface {
	// Status returns "Ok" or a short reason, within ctx's deadline. It keeps
	// what it learnt for a short time.
	Status(ctx context.Context, p *Profile) string
}

// maxProbes bounds how many profiles one request probes at a time.
const maxProbes = 32

// A ProfileService reads and changes profiles.
type ProfileService struct {
	*owned.Service[Profile]
	ledger *audit.Ledger
	svms   *svm.Service
	sealer Sealer
	prober Prober
}

// NewProfileService returns the service over the ledger's store.
func NewProfileService(ledger *audit.Ledger, svms *svm.Service, sealer Sealer, prober Prober) *ProfileService {
	s := &ProfileService{ledger: ledger, svms: svms, sealer: sealer, prober: prober}
	s.Service = owned.NewService(owned.Kind[Profile]{
		Schema:  ProfileSchema(),
		Table:   Profiles,
		Owner:   func(p *Profile) *svm.Owner { return &p.Owner },
		Prepare: s.prepare,
	}, ledger, svms)
	return s
}

// prepare seals what was given in plain.
func (s *ProfileService) prepare(_ context.Context, c owned.Change[Profile]) ([]store.Change, error) {
	p := c.After
	if p == nil {
		return nil, nil
	}
	if err := p.checkProxyPassword(); err != nil {
		return nil, err
	}
	return s.sealer.SealFor(c.Snapshot, p.Secrets()...)
}

// Secrets returns the profile's secrets with their places.
func (p *Profile) Secrets() []secret.Slot {
	return []secret.Slot{{Place: SecretKeyPlace(p), Secret: &p.SecretKey}, {Place: ProxyPasswordPlace(p), Secret: &p.ProxyPassword}}
}

// SecretKeyPlace is where a profile's secret key is sealed for.
func SecretKeyPlace(p *Profile) secret.Place {
	return secret.Place{Table: Profiles.Name, Owner: p.Owner.UUID, Field: "secret_key"}
}

// ProxyPasswordPlace is where a profile's proxy password is sealed for.
func ProxyPasswordPlace(p *Profile) secret.Place {
	return secret.Place{Table: Profiles.Name, Owner: p.Owner.UUID, Field: "proxy_password"}
}

// Fill finds out the status of each profile, which must be private copies.
// Profiles not probed when ctx ends say so in their status.
func (s *ProfileService) Fill(ctx context.Context, rows []*Profile) error {
	if len(rows) == 1 { // the usual read, at no cost when the status is known
		rows[0].Status = s.prober.Status(ctx, rows[0])
		return nil
	}
	slots := make(chan struct{}, maxProbes)
	var wg sync.WaitGroup
	for _, p := range rows {
		slots <- struct{}{}
		wg.Go(func() {
			p.Status = s.prober.Status(ctx, p)
			<-slots
		})
	}
	wg.Wait()
	return nil
}

// NewGroupService returns the service that reads and changes groups.
func NewGroupService(ledger *audit.Ledger, svms *svm.Service) *owned.Service[Group] {
	return owned.NewService(owned.Kind[Group]{
		Schema: GroupSchema(),
		Table:  Groups,
		Owner:  func(g *Group) *svm.Owner { return &g.Owner },
		Name:   func(g *Group) string { return g.Name },
	}, ledger, svms)
}
