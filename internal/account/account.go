// Package account holds the accounts that log in: who they are, what their
// roles allow, and how a password becomes a Principal.
//
// An account belongs to the cluster or to one SVM, and sees what its owner
// sees. A cluster's account logs in under its name, an SVM's account under
// the SVM's name, a backslash and its own ("svm1\vsadmin"): ONTAP tells the
// two apart by the address they call, and here there is one address for all.
package account

import (
	"slices"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Applications an account may log in with that this program serves. The
// others are kept for clients that set them.
const (
	HTTP = "http" // the REST API and the console
	SSH  = "ssh"  // the command line
)

// The kinds of owners an account may have, as Account.Scope names them.
const (
	ClusterScope = "cluster"
	SVMScope     = "svm"
)

// An Account is one login. Its key is the owner's UUID and the name.
type Account struct {
	Owner        svm.Owner     `json:"owner"`
	Name         string        `json:"name"`
	Applications []Application `json:"applications"`
	Role         string        `json:"role"`
	// Scope is ClusterScope or SVMScope, after the owner.
	Scope   string `json:"scope"`
	Locked  bool   `json:"locked,omitempty"`
	Comment string `json:"comment,omitempty"`
	// Groups are the groups the account is a member of, as Duo groups name
	// them. ONTAP asks a directory for them; here they stand in the account.
	Groups []string `json:"groups,omitempty"`
	// Since is the state of the store that the account was made from: it tells
	// the account from a later one of the same name. 0 in accounts of a version
	// that did not keep it.
	Since store.Revision `json:"since,omitempty"`
	// Password is absent while none was given; then nobody logs in with it.
	Password Hash `json:"password_hash,omitzero"`
}

// An Application is one way to log in and what proves the account there.
type Application struct {
	Name    string   `json:"application"`
	Methods []string `json:"authentication_methods"` // sorted
	// Second is a second method ONTAP asks for after the first, or "none".
	// Duo is none of them: it comes on top.
	Second string `json:"second_authentication_method"`
}

// Accounts is the table of accounts. Key: owner's UUID / name.
var Accounts = &store.Table[Account]{Name: "account", DocVersion: 1}

// opens reports whether a method is a step into an application, after the
// method that was proven before it, if any, and which method has to follow:
// "" when it is the last step.
func (a *Account) opens(application, method, proven string) (next string, ok bool) {
	i := slices.IndexFunc(a.Applications, func(app Application) bool { return app.Name == application })
	switch {
	case i < 0:
		return "", false
	case proven != "":
		app := &a.Applications[i]
		return "", app.Second == method && slices.Contains(app.Methods, proven)
	}
	app := &a.Applications[i]
	if app.Second != methodNone {
		next = app.Second
	}
	return next, slices.Contains(app.Methods, method)
}

// takesPassword reports whether a password is the step into the application
// that the credentials say it is.
func (a *Account) takesPassword(c Credentials) bool {
	if c.own {
		return true
	}
	next, ok := a.opens(c.Application, MethodPassword, c.Proven)
	return ok && (next == "" || c.Partial)
}

// usable reports whether the right password lets the account in, or one step
// further.
func (a *Account) usable(c Credentials) bool {
	return !a.Locked && !a.Password.IsZero() && a.takesPassword(c)
}

// administers reports whether the account can administer the whole cluster as
// it stands. Only http counts: a server need not have an SSH front end, and an
// administrator who can log in nowhere is none.
func (a *Account) administers() bool {
	return a.Scope == ClusterScope && a.Role == RoleAdmin && a.usable(Credentials{Application: HTTP})
}
