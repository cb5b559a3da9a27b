package rest

import (
	"slices"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/door"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
)

// Services are the domain behind the routes.
type Services struct {
	Profiles *duo.ProfileService
	Groups   *owned.Service[duo.Group]
	Accounts *account.Service
	Roles    *account.RoleService
	SVMs     *svm.Service
	Cluster  *svm.ClusterService
	Nodes    *svm.NodeService
	Messages *loginmsg.Service
	Trail    *trail.Service

	Logins    *logins.Table
	Explainer *diagnose.Explainer
	Tester    *diagnose.Tester
	Door      *door.Door

	// Version is this program's, which the cluster reports.
	Version string
}

const (
	pathAccounts = "/security/accounts"
	pathAudit    = "/security/audit/messages"
	pathDuo      = "/security/authentication/duo"
	pathKeys     = "/security/authentication/publickeys"
	pathMessages = "/security/login/messages"
	pathNodes    = "/cluster/nodes"
	pathSVMs     = "/svm/svms"
)

// Routes lists all that the API serves, beside the jobs it starts itself. The
// ids of the operations are ONTAP's: generated clients name their functions
// after them.
func Routes(s Services) []Mounted {
	return slices.Concat(s.duo(), s.accounts(), s.cluster(), s.ours(), s.cli(), s.cliOurs())
}

func (s *Services) duo() []Mounted {
	return []Mounted{
		Resource[duo.Profile]{
			Path: pathDuo + "/profiles", Schema: s.Profiles.Schema(), Service: s.Profiles,
			Operations: Operations{
				List: "duo_collection_get", Create: "duo_create", ModifyMany: "duo_modify_collection", DeleteMany: "account_duo_delete_collection",
				Read: "duo_get", Modify: "duo_modify", Delete: "account_duo_delete",
			},
			Links: ownerLink(func(p *duo.Profile) svm.Owner { return p.Owner }),
			Tag:   "Security", Title: "Duo profiles",
			Doc: "How logins to the cluster or an SVM go through Duo. An owner has at most one profile.",
		},
		Resource[duo.Group]{
			Path: pathDuo + "/groups", Schema: s.Groups.Schema(), Service: s.Groups,
			Operations: Operations{
				List: "duogroup_collection_get", Create: "duogroup_create", ModifyMany: "duogroup_modify_collection", DeleteMany: "account_duogroup_delete_collection",
				Read: "duogroup_get", Modify: "duogroup_modify", Delete: "account_duogroup_delete",
			},
			Links: ownerLink(func(g *duo.Group) svm.Owner { return g.Owner }),
			Tag:   "Security", Title: "Duo groups",
			Doc: "Groups whose members go through Duo, less the users they exclude. An owner without groups sends everybody through Duo.",
		},
	}
}

func (s *Services) accounts() []Mounted {
	keys := s.Accounts.PublicKeys()
	return []Mounted{
		Resource[account.Account]{
			Path: pathAccounts, Schema: s.Accounts.Schema(), Service: s.Accounts,
			Operations: Operations{
				List: "account_collection_get", Create: "account_create", ModifyMany: "account_modify_collection", DeleteMany: "account_delete_collection",
				Read: "account_get", Modify: "account_modify", Delete: "account_delete",
			},
			Links: ownerLink(func(a *account.Account) svm.Owner { return a.Owner }),
			Tag:   "Security", Title: "accounts",
			Doc: "Who may log in, to the cluster or to one SVM.",
		},
		Resource[account.PublicKey]{
			Path: pathKeys, Schema: keys.Schema(), Service: keys,
			Operations: Operations{
				List: "publickey_collection_get", Create: "publickey_create", ModifyMany: "publickey_modify_collection", DeleteMany: "publickey_delete_collection",
				Read: "publickey_get", Modify: "publickey_modify", Delete: "publickey_delete",
			},
			Links: map[string]func(*account.PublicKey) string{
				"owner": func(k *account.PublicKey) string { return "/api" + pathSVMs + "/" + k.Owner.UUID },
				"account": func(k *account.PublicKey) string {
					return "/api" + pathAccounts + "/" + k.Owner.UUID + "/" + escaped(k.Account)
				},
			},
			Tag: "Security", Title: "public keys",
			Doc: "Keys by which accounts may prove themselves over SSH. An account has up to a hundred, and an SVM's account changes its own alone.",
		},
		Resource[account.Role]{
			Path: "/security/roles", Schema: account.RoleSchema(), Reader: s.Roles,
			Operations: Operations{List: "role_collection_get", Read: "role_get"},
			Links:      ownerLink(func(r *account.Role) svm.Owner { return r.Owner }),
			Tag:        "Security", Title: "roles",
			Doc: "What accounts may do. The roles are built in.",
		},
		Resource[loginmsg.Messages]{
			Path: pathMessages, Schema: loginmsg.Schema(), Modifier: s.Messages,
			Operations: Operations{
				List: "login_messages_collection_get", ModifyMany: "login_messages_modify_collection",
				Read: "login_messages_get", Modify: "login_messages_modify",
			},
			Links: map[string]func(*loginmsg.Messages) string{"svm": func(m *loginmsg.Messages) string { return linkToSVM(m.Owner) }},
			Tag:   "Security", Title: "login messages",
			Doc: "What SSH logins show: a banner before them and a message of the day after them. The cluster and every SVM have theirs, which need not be made.",
		},
		Resource[trail.Message]{
			Path: pathAudit, Schema: trail.Schema(), Reader: s.Trail,
			Operations: Operations{List: "security_audit_log_collection_get", Read: "security_audit_log_get"},
			Links: map[string]func(*trail.Message) string{
				"node": func(m *trail.Message) string { return "/api" + pathNodes + "/" + m.Node().UUID },
				"svm":  func(m *trail.Message) string { return linkToSVM(m.SVM()) },
			},
			Tag: "Security", Title: "audit messages",
			Doc: "The audit log of this server: a line for every change and for every login that was decided or refused. An account of an SVM sees the lines about its SVM.",
		},
	}
}

func (s *Services) cluster() []Mounted {
	return []Mounted{
		Resource[svm.SVM]{
			Path: pathSVMs, Schema: s.SVMs.Schema(), Service: s.SVMs,
			Operations: Operations{
				List: "svm_collection_get", Create: "svm_create", ModifyMany: "svm_modify_collection", DeleteMany: "svm_delete_collection",
				Read: "svm_get", Modify: "svm_modify", Delete: "svm_delete",
			},
			Tag: "SVM", Title: "SVMs",
			Doc: "Storage VMs: the tenants that own Duo profiles, groups and accounts. Deleting one deletes what it owns.",
		},
		Resource[svm.Cluster]{
			Path: "/cluster", Schema: svm.ClusterSchema(s.Version), Reader: s.Cluster, Singleton: true,
			Operations: Operations{Read: "cluster_get"},
			Tag:        "Cluster", Title: "cluster",
			Doc: "The whole that this server administers.",
		},
		Resource[svm.Node]{
			Path: pathNodes, Schema: svm.NodeSchema(s.Version), Reader: s.Nodes,
			Operations: Operations{List: "nodes_get", Read: "node_get"},
			Tag:        "Cluster", Title: "nodes",
			Doc: "The machines of the cluster, as far as clients ask for them.",
		},
	}
}

// linkToSVM returns the URL of an SVM, "" if it is gone.
func linkToSVM(o svm.Owner) string {
	if o.Name == "" {
		return ""
	}
	return "/api" + pathSVMs + "/" + o.UUID
}

// ownerLink links a record's owner to the SVM it is, or to the cluster under
// the same path, as ONTAP does.
func ownerLink[T any](owner func(*T) svm.Owner) map[string]func(*T) string {
	return map[string]func(*T) string{"owner": func(t *T) string { return "/api" + pathSVMs + "/" + owner(t).UUID }}
}
