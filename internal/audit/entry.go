// Package audit keeps one JSON line for every change and every refused
// credential, in a file only the service's own user may read. A change whose
// line cannot be written does not happen.
//
// A line is written before its change, with the outcome "begun" and room
// behind it, and rewritten in place afterwards: so a change has exactly one
// line, and a crash in between leaves a line that says honestly that its end
// is not known. A line survives the end of the process in any way once Begin
// has returned; it survives a loss of power from the next sync on (see
// Log.Run), because a second disk sync in every change would nearly double
// its cost.
package audit

import (
	"slices"

	"github.com/duoplane/duoplane/internal/fault"
)

// An Entry is what one line tells, but for the time, the actor and the
// outcome, which the Log adds.
type Entry struct {
	// Event is what happened: "create", "modify", "delete", "login", ...
	Event string
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

func (e Entry) equal(o Entry) bool {
	return e.Event == o.Event && e.Resource == o.Resource && e.Key == o.Key && e.Owner == o.Owner &&
		slices.Equal(e.Fields, o.Fields)
}

// Who is the person or program behind a line.
type Who struct {
	// Name is the account's name as given, Owner its owner's UUID; Owner is ""
	// when no account was proven.
	Name, Owner string
	// From is the client's address without port, Via the edge ("rest", "ssh",
	// "start"), Request the id under which logs know the request.
	From, Via, Request string
}

// An Actor tells who it is; svm.Caller is one. It is an interface because the
// owners' own changes are audited too, so this package stands below them.
type Actor interface{ Who() Who }

// Who makes a Who its own Actor, for events before anybody is proven.
func (w Who) Who() Who { return w }

// An Outcome is how an event ended.
type Outcome string

// The outcomes of an event.
const (
	Begun   Outcome = "begun"   // a change that is under way, or was when the process died
	Done    Outcome = "done"    // the change is stored; the event happened
	Failed  Outcome = "failed"  // nothing was changed; the reason is a fault code
	Unknown Outcome = "unknown" // the store did not say whether the change is stored
	Refused Outcome = "refused" // a credential or a login was refused
)

// outcomeOf tells from a commit's error what became of the change. What the
// store could not confirm may have happened all the same.
func outcomeOf(err error) Outcome {
	switch fault.CodeOf(err) {
	case "":
		return Done
	case fault.Unavailable, fault.Timeout, fault.Internal:
		return Unknown
	default:
		return Failed
	}
}
