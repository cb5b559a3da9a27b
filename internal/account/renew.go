package account

import (
	"context"
	"slices"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/svm"
)

// Renew returns somebody who is logged in as they stand by now, with the role,
// the groups and the owner's name of today. Unauthenticated when the account is
// gone, locked or no longer has the application they came through; Unavailable
// when the accounts are not known. An account made anew under the name is
// another one.
//
// It reads the newest state this process has seen and is cheap: callers ask
// before everything they do for somebody.
func (s *Service) Renew(ctx context.Context, p Principal) (Principal, error) {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return Principal{}, err
	}
	a, _ := at(snap, p.Caller.Owner, p.Caller.Name)
	owner := svm.Names(snap).Of(p.Caller.Owner.UUID)
	if owner == "" || a.account == nil || a.account.Since != p.Since || a.account.Locked || !a.account.has(p.Caller.Via) {
		return Principal{}, fault.New(fault.Unauthenticated, "", "the account is locked, gone, or does not log in this way any more")
	}
	p.Caller.Owner.Name = owner
	p.Scope, p.Role, p.Groups, p.KeyOnly = a.account.Scope, a.account.Role, a.account.Groups, p.Caller.Via == SSH && a.account.keyOnly()
	return p, nil
}

// has reports whether the account has an application.
func (a *Account) has(application string) bool {
	return slices.ContainsFunc(a.Applications, func(app Application) bool { return app.Name == application })
}
