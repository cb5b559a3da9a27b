package duo

import (
	"context"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// Draft returns an owner's profile as a change would make it, without storing
// anything: a private copy in which secrets that were given are fresh. Without
// fields it is the profile as it is stored. For an owner without a profile the
// fields are those of a new one. The refusals are those of Modify and Create.
func (s *ProfileService) Draft(ctx context.Context, caller svm.Caller, owner string, in record.Input[Profile]) (*Profile, error) {
	p, err := s.Find(ctx, caller, []string{owner})
	switch {
	case fault.Is(err, fault.NotFound) && in.Len() > 0:
		return s.draftNew(ctx, caller, owner, in)
	case err != nil || in.Len() == 0:
		return p, err
	}
	if err := in.Apply(p); err != nil {
		return nil, err
	}
	return p, p.checkProxyPassword()
}

func (s *ProfileService) draftNew(ctx context.Context, caller svm.Caller, owner string, in record.Input[Profile]) (*Profile, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	p, err := in.New()
	if err != nil {
		return nil, err
	}
	if p.Owner, _, err = s.svms.Resolve(snap, caller, svm.Owner{UUID: owner}); err != nil {
		return nil, err
	}
	return p, p.checkProxyPassword()
}
