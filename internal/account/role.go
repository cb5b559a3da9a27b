package account

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Names of the built-in roles.
const (
	RoleAdmin           = "admin"
	RoleLogin           = "login"
	RoleNone            = "none"
	RoleReadonly        = "readonly"
	RoleVsadmin         = "vsadmin"
	RoleVsadminReadonly = "vsadmin-readonly"
)

// An Access is what a privilege allows on its path and all below it.
type Access string

// The access levels, in ONTAP's words.
const (
	AccessNone   Access = "none"
	AccessRead   Access = "readonly"
	AccessModify Access = "read_modify"
	AccessAll    Access = "all"
)

// methods lists what each level allows.
var methods = map[Access][]string{
	AccessRead:   {"GET", "HEAD", "OPTIONS"},
	AccessModify: {"GET", "HEAD", "OPTIONS", "PATCH"},
	AccessAll:    {"GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"},
}

// A Privilege is one line of a role. Of the privileges whose path leads to a
// request's path, the one with the longest path decides.
type Privilege struct {
	Path   string
	Access Access
}

// A Role is a built-in role of one owner.
type Role struct {
	Owner      svm.Owner
	Name       string
	Scope      string
	Privileges []Privilege
}

const (
	pathDuo      = "/api/security/authentication/duo"
	pathDuoCLI   = "/api/private/cli/security/login/duo"
	pathAccounts = "/api/security/accounts"
	pathAudit    = "/api/security/audit/messages"
	pathKeys     = "/api/security/authentication/publickeys"
	pathMessages = "/api/security/login/messages"

	pathAuthenticate = "/api/duoplane/authenticate"
	pathExplain      = "/api/duoplane/explain"
	pathLogins       = "/api/duoplane/logins"
	pathTest         = "/api/duoplane/profiles"
)

// builtin are the roles there are, in order of name. An SVM's administrator
// may change accounts and public keys only as far as their services let it: its
// own password, its own keys. The role login is for other login services: it
// asks for second factors and does nothing else, so that its password may lie on
// hosts that are trusted less.
var builtin = []Role{
	{Name: RoleAdmin, Scope: ClusterScope, Privileges: []Privilege{{"/api", AccessAll}}},
	{Name: RoleLogin, Scope: ClusterScope, Privileges: []Privilege{{"/api", AccessNone}, {pathAuthenticate, AccessAll}}},
	{Name: RoleLogin, Scope: SVMScope, Privileges: []Privilege{{"/api", AccessNone}, {pathAuthenticate, AccessAll}}},
	{Name: RoleNone, Scope: ClusterScope, Privileges: []Privilege{{"/api", AccessNone}}},
	{Name: RoleNone, Scope: SVMScope, Privileges: []Privilege{{"/api", AccessNone}}},
	{Name: RoleReadonly, Scope: ClusterScope, Privileges: []Privilege{{"/api", AccessRead}}},
	{Name: RoleVsadmin, Scope: SVMScope, Privileges: []Privilege{
		{"/api", AccessNone},
		{"/api/cluster", AccessRead},
		{pathExplain, AccessRead},
		{pathLogins, AccessRead},
		{pathTest, AccessAll},
		{pathDuoCLI, AccessAll},
		{pathAccounts, AccessModify},
		{pathAudit, AccessRead},
		{pathDuo, AccessAll},
		{pathKeys, AccessAll},
		{pathMessages, AccessModify},
		{"/api/security/roles", AccessRead},
		{"/api/svm/svms", AccessRead},
	}},
	{Name: RoleVsadminReadonly, Scope: SVMScope, Privileges: []Privilege{
		{"/api", AccessNone},
		{"/api/cluster", AccessRead},
		{pathExplain, AccessRead},
		{pathLogins, AccessRead},
		{pathDuoCLI, AccessRead},
		{pathAccounts, AccessRead},
		{pathAudit, AccessRead},
		{pathDuo, AccessRead},
		{pathKeys, AccessRead},
		{pathMessages, AccessRead},
		{"/api/security/roles", AccessRead},
		{"/api/svm/svms", AccessRead},
	}},
}

func roleOf(name, scope string) *Role {
	i := slices.IndexFunc(builtin, func(r Role) bool { return r.Name == name && r.Scope == scope })
	if i < 0 {
		return nil
	}
	return &builtin[i]
}

// roleNames lists the roles an owner of a kind may give.
func roleNames(scope string) []string {
	var names []string
	for _, r := range builtin {
		if r.Scope == scope {
			names = append(names, r.Name)
		}
	}
	return names
}

// May reports whether the role allows an HTTP method on a path, which begins
// with "/api" and holds no dot segments.
func (r *Role) May(method, path string) bool {
	best := Privilege{Access: AccessNone}
	for _, p := range r.Privileges {
		if leads(p.Path, path) && len(p.Path) >= len(best.Path) {
			best = p
		}
	}
	return slices.Contains(methods[best.Access], method)
}

// leads reports whether a privilege's path is a request's path or above it.
func leads(privilege, path string) bool {
	rest, ok := strings.CutPrefix(path, privilege)
	return ok && (rest == "" || rest[0] == '/')
}

// A Principal is an account that has proven itself.
type Principal struct {
	Caller svm.Caller
	Role   string
	// Scope is that of the account: ClusterScope or SVMScope.
	Scope string
	// Since is the account's: a later account of the same name has another.
	Since store.Revision
	// Groups are the account's groups, for Duo.
	Groups []string
	// KeyOnly is whether a public key is all the account logs in with over SSH.
	KeyOnly bool
	// Next is the method that the account has to prove yet before it is let
	// in, "" when it has proven all. Only who asks for partial proof sees one.
	Next string
}

// Who returns the caller, as the edges pass it on.
func (p Principal) Who() svm.Caller { return p.Caller }

// May reports whether the account's role allows an HTTP method on a path,
// which begins with "/api" and holds no dot segments.
func (p Principal) May(method, path string) bool {
	r := roleOf(p.Role, p.Scope)
	return r != nil && r.May(method, path)
}
