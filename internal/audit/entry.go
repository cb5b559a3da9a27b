// Package audit keeps one JSON line for every change and every refused
// credential. A change whose line cannot be written does not happen.
package audit

import "github.com/duoplane/duoplane/internal/svm"

// An Entry is what one line tells, but for the time and the outcome, which
// the Log adds.
type Entry struct {
	// Event is what happened: "create", "modify", "delete", "login", ...
	Event string
	// Caller is who did it, from where, by which edge, under which request id.
	Caller svm.Caller
	// Resource is the kind of record ("duo_profile"), Key its identity as
	// shown to people ("svm1", "svm1/storage-admins"), Owner its owner's UUID.
	Resource, Key, Owner string
	// Fields are the fields given and what they became, in the order of the
	// declaration. Secrets appear by fingerprint only.
	Fields []Field
}

// A Field is one changed field of an Entry.
type Field struct {
	Path  string
	Value string
}
