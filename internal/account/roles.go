package account

import (
	"context"
	"iter"
	"slices"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// RoleSchema returns the declaration of a role.
func RoleSchema() *record.Schema[Role] {
	owner := svm.OwnerFields("the role", func(r *Role) *svm.Owner { return &r.Owner })
	for i := range owner {
		owner[i].Use = owner[i].Use&^record.CreateOnly | record.ReadOnly
		owner[i].Set = nil
	}
	return record.NewSchema("role", append(owner, roleFields...)...)
}

var roleFields = []record.Field[Role]{
	{
		Path: "name", Flag: "role", Kind: record.String, Use: record.Key | record.ReadOnly,
		Doc: "Name of the role.", Label: "Role Name", Example: RoleAdmin,
		Get: func(r *Role) record.Value { return record.Text(r.Name) },
	},
	{
		Path: "privileges", Kind: record.Objects, Use: record.ReadOnly | record.Unsorted,
		Elem: []record.Column{
			{Name: "path", Kind: record.String, Doc: "Path the privilege is for, with all below it.", Example: "/api"},
			{
				Name: "access", Kind: record.Enum, Doc: "What it allows there.", Example: string(AccessAll),
				Enum: []string{string(AccessAll), string(AccessNone), "read_create", "read_create_delete", "read_create_modify", string(AccessModify), string(AccessRead)},
			},
		},
		Doc: "What the role allows; of several paths the longest decides.",
		Get: func(r *Role) record.Value { return showPrivileges(r.Privileges) },
	},
	{
		Path: "builtin", Kind: record.Bool, Use: record.ReadOnly,
		Doc: "Always true: roles cannot be made.",
		Get: func(*Role) record.Value { return record.Flag(true) },
	},
	{
		Path: "scope", Kind: record.Enum, Enum: []string{ClusterScope, SVMScope}, Use: record.ReadOnly,
		Doc: "Whether the role is for the cluster's accounts or an SVM's.", Example: ClusterScope,
		Get: func(r *Role) record.Value { return record.Text(r.Scope) },
	},
}

func showPrivileges(privileges []Privilege) record.Value {
	items := make([]record.Value, len(privileges))
	for i, p := range privileges {
		items[i] = record.Object(
			record.Member{Name: "path", Value: record.Text(p.Path)},
			record.Member{Name: "access", Value: record.Text(string(p.Access))},
		)
	}
	return record.List(items...)
}

// A RoleService reads the built-in roles of every owner.
type RoleService struct{ ledger *audit.Ledger }

// NewRoleService returns the service over the ledger's store.
func NewRoleService(ledger *audit.Ledger) *RoleService { return &RoleService{ledger} }

// Rows yields the roles in scope in order of key, from the first key >= from.
func (s *RoleService) Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*Role, error] {
	return func(yield func(*Role, error) bool) {
		snap, err := s.ledger.Snapshot(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		cluster := svm.ClusterOf(snap).UUID
		first := ""
		if len(from) > 0 {
			first = from[0]
		}
		if single, ok := caller.Scope.Single(); ok && single > first {
			first = single
		}
		for owner := range svm.Owners(snap, first) {
			if single, ok := caller.Scope.Single(); ok && owner.UUID > single {
				return
			}
			if !caller.Scope.Sees(owner.UUID) {
				continue
			}
			for r := range rolesOf(owner, cluster) {
				if slices.Compare([]string{owner.UUID, r.Name}, from) >= 0 && !yield(r, nil) {
					return
				}
			}
		}
	}
}

// rolesOf yields an owner's roles in order of name.
func rolesOf(owner svm.Owner, cluster string) iter.Seq[*Role] {
	scope := SVMScope
	if owner.UUID == cluster {
		scope = ClusterScope
	}
	return func(yield func(*Role) bool) {
		for _, r := range builtin {
			r.Owner = owner
			if r.Scope == scope && !yield(&r) {
				return
			}
		}
	}
}

// Find returns the role with the key, or NotFound.
func (s *RoleService) Find(ctx context.Context, caller svm.Caller, key []string) (*Role, error) {
	for r, err := range s.Rows(ctx, caller, key) {
		if err != nil {
			return nil, err
		}
		if slices.Equal([]string{r.Owner.UUID, r.Name}, key) {
			return r, nil
		}
		break // the first at or behind the key is another one
	}
	return nil, fault.New(fault.NotFound, "name", "entry doesn't exist")
}

// Fill does nothing: no field of a role is computed.
func (*RoleService) Fill(context.Context, []*Role) error { return nil }
