package account

import (
	"context"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// AdminName is the name of the first account.
const AdminName = "admin"

// EnsureAdmin makes the account AdminName with all rights over HTTP and SSH,
// if the cluster has no account at all, and reports whether it did. The
// cluster is there already. PasswordLength, PasswordContent.
func (s *Service) EnsureAdmin(ctx context.Context, password secret.Text) (made bool, err error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil || hasAccounts(snap) {
		return false, err
	}
	if err := checkPassword(password); err != nil {
		return false, err
	}
	if err := checkPasswordFor(AdminName, password); err != nil {
		return false, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return false, err
	}
	err = s.ledger.Do(ctx, svm.Starter(), func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		if made = !hasAccounts(snap); !made {
			return audit.Entry{}, nil, nil
		}
		owner := svm.ClusterOf(snap).Owner()
		admin := &Account{
			Owner: owner, Name: AdminName, Scope: ClusterScope, Role: RoleAdmin, Since: snap.Revision(), Password: hash,
			Applications: []Application{
				{Name: HTTP, Methods: []string{MethodPassword}, Second: methodNone},
				{Name: SSH, Methods: []string{MethodPassword}, Second: methodNone},
			},
		}
		entry := audit.Entry{Event: "create", Resource: "account", Key: owner.Name + "/" + AdminName, Owner: owner.UUID}
		return entry, []store.Change{Accounts.Put(store.JoinKey(owner.UUID, AdminName), 0, admin)}, nil
	})
	return made && err == nil, err
}

func hasAccounts(snap store.Snapshot) bool {
	for range Accounts.Under(snap, store.JoinKey(svm.ClusterOf(snap).UUID, "")) {
		return true
	}
	return false
}
