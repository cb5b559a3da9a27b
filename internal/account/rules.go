package account

import (
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// mayChange confines an SVM's accounts to changing their own passwords,
// whatever their role's path allows. Before is nil on create.
func mayChange(caller svm.Caller, before *Account, in record.Input[Account]) error {
	if !confined(caller) {
		return nil
	}
	itself := before != nil && isCaller(caller, before.Owner, before.Name)
	if itself && in.Has("password") && in.Without("password", "owner.uuid", "owner.name", "name").Len() == 0 {
		return nil
	}
	return denied()
}

// confined reports whether the caller is an SVM's account, as against one of
// the cluster that a header confines.
func confined(caller svm.Caller) bool {
	_, single := caller.Scope.Single()
	return single && caller.Scope.Sees(caller.Owner.UUID)
}

func isCaller(caller svm.Caller, owner svm.Owner, name string) bool {
	return owner.UUID == caller.Owner.UUID && name == caller.Name
}

func denied() error { return fault.New(fault.Denied, "", "not authorized for that command") }

// checkRole tells whether the account's role exists for its kind of owner.
func (a *Account) checkRole() error {
	if roleOf(a.Role, a.Scope) != nil {
		return nil
	}
	code := fault.NoSuchRole
	if roleOf(a.Role, ClusterScope) != nil || roleOf(a.Role, SVMScope) != nil {
		code = fault.RoleScope
	}
	owner := "an SVM"
	if a.Scope == ClusterScope {
		owner = "the cluster"
	}
	return fault.New(code, "role.name", "An account of %s cannot have the role %q; its roles are %s.", owner, a.Role,
		strings.Join(roleNames(a.Scope), ", "))
}

// keepAnAdmin refuses, as LastAdmin, a change that would leave no account able
// to administer the cluster. Else the change returned makes the Commit depend
// on one that remains: of two requests that each take away one of the last
// two, the second finds that its remaining one has changed.
func keepAnAdmin(snap store.Snapshot, before, after *Account) ([]store.Change, error) {
	if !before.administers() || after != nil && after.administers() {
		return nil, nil
	}
	prefix := store.JoinKey(before.Owner.UUID, "")
	for row := range snap.Rows(Accounts.Name, prefix) {
		other, isAccount := row.Value.(*Account)
		if !isAccount || !strings.HasPrefix(row.Key, prefix) {
			break
		}
		if other.Name != before.Name && other.administers() {
			return []store.Change{Accounts.Require(row.Key, row.Version)}, nil
		}
	}
	return nil, fault.New(fault.LastAdmin, "",
		"The account %q is the last unlocked one that can administer the cluster over http; make another one first.", before.Name)
}
