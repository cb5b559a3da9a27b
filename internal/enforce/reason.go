package enforce

import (
	"slices"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/fault"
)

// A Reason is the stable word for why a login was let in or refused. Beside
// the words here it is a duo.RulingReason where Duo was not asked, or a
// duoapi.Kind where Duo could not be.
type Reason string

// Reasons to let in.
const (
	Approved Reason = "approved" // the second factor was given
	Bypass   Reason = "bypass"   // Duo lets this user in without one
)

// Reasons to refuse.
const (
	DuoDenied     Reason = "denied"         // Duo refuses this user before any factor
	EnrollFirst   Reason = "enroll"         // the user has to enrol a device first
	PersonRefused Reason = "refused"        // the person said no
	Fraud         Reason = "fraud"          // the person reported a fraud
	LockedOut     Reason = "locked_out"     // too many failures
	TimedOut      Reason = "timed_out"      // nobody answered in time
	WrongPasscode Reason = "wrong_passcode" // the passcode does not fit
	CodesSent     Reason = "codes_sent"     // SMS codes went out and used up the last try
	NoFactor      Reason = "no_factor"      // the user has no device for what the profile asks
	NoAnswer      Reason = "no_answer"      // the user gave no answer or went away
	PushFailed    Reason = "push_failed"    // the push could not be delivered
)

// Reasons to refuse that are faults of ours, whatever fail_mode says.
const (
	PolicyUnknown  Reason = "policy_unavailable" // the profiles cannot be read
	PolicyOutdated Reason = "policy_outdated"    // the store has been out of reach for too long to go by what is known of the profiles
	ProfileUnfit   Reason = "profile_unusable"   // the profile's secrets cannot be opened
	NotRecorded    Reason = "audit_unavailable"  // the decision cannot be written down
	DeadlinePassed Reason = "deadline"           // the login as a whole took too long
)

// unruled is the reason when no ruling could be had.
func unruled(err error) Reason {
	if fault.Is(err, fault.Outdated) {
		return PolicyOutdated
	}
	return PolicyUnknown
}

// Reasons returns every reason that a Decision can have.
func Reasons() []Reason {
	all := slices.Clone(ownReasons)
	for _, r := range duo.Spared() {
		all = append(all, Reason(r))
	}
	for _, k := range duoapi.Kinds() {
		all = append(all, reasonOf(k))
	}
	return all
}

// ownReasons are those that are neither the profile's nor a call's.
var ownReasons = []Reason{
	Approved, Bypass,
	DuoDenied, EnrollFirst, PersonRefused, Fraud, LockedOut, TimedOut, WrongPasscode, CodesSent, NoFactor, NoAnswer, PushFailed,
	PolicyUnknown, PolicyOutdated, ProfileUnfit, NotRecorded, DeadlinePassed,
}

// reasonOf makes the reason of a call that failed.
func reasonOf(kind duoapi.Kind) Reason { return Reason(kind) }
