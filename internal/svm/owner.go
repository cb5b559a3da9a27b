// Package svm holds the things that own Duo configuration: the cluster and
// its storage VMs.
package svm

import "github.com/duoplane/duoplane/internal/audit"

// An Owner is the cluster or one SVM, as profiles, groups and accounts refer
// to it. The UUID is the identity; the Name may change by a rename and is
// joined in on reading.
type Owner struct {
	UUID string `json:"uuid"`
	Name string `json:"-"`
}

// A Scope is what a caller may see: everything, or one SVM's records. The zero
// Scope sees nothing, so a forgotten scope closes rather than opens.
type Scope struct {
	all   bool
	owner string
}

// Everything is the scope of a cluster's account.
func Everything() Scope { return Scope{all: true} }

// Within is the scope of one owner's records.
func Within(ownerUUID string) Scope { return Scope{owner: ownerUUID} }

// Sees reports whether records of the owner are in scope.
func (s Scope) Sees(ownerUUID string) bool {
	return s.all || (s.owner != "" && s.owner == ownerUUID)
}

// Single returns the one owner the scope is confined to, and false when it is
// not confined to one.
func (s Scope) Single() (uuid string, ok bool) { return s.owner, !s.all && s.owner != "" }

// A Caller is who asks: the identity for the audit log and what it may see.
// Edges make one from verified credentials and nobody else does.
type Caller struct {
	// Name is the account's name, Owner the account's owner.
	Name  string
	Owner Owner
	// Scope confines every read and change.
	Scope Scope
	// about is the owner whose records alone the caller wants to read, as far
	// as it is known: see Asking.
	about Owner
	// From is the client's address without port, Via the edge ("rest", "ssh",
	// "start"), Request the id under which logs and audit know this request.
	From, Via, Request string
}

// Who tells the audit log who the caller is.
func (c Caller) Who() audit.Who {
	return audit.Who{Name: c.Name, Owner: c.Owner.UUID, From: c.From, Via: c.Via, Request: c.Request}
}
