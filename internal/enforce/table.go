package enforce

import (
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
)

// A Step is one question to Duo in a login.
type Step string

// The steps, in order.
const (
	PingStep    Step = "ping"
	PreauthStep Step = "preauth"
	AuthStep    Step = "auth"
	StatusStep  Step = "status"
)

// A verdict is what one answer, or its absence, means for the login.
type verdict struct {
	ended    bool // no further try
	allow    bool
	failOpen bool // allowed only because Duo did not answer
	reason   Reason
}

func refuse(r Reason) verdict { return verdict{ended: true, reason: r} }
func admit(r Reason) verdict  { return verdict{ended: true, allow: true, reason: r} }
func again(r Reason) verdict  { return verdict{reason: r} }

// afterError rules on a call that failed. It is the whole of fail_mode: only
// ping and preauth ask it, since from the choice of a factor on a silent
// service must not be a way around the person who would have said no; and
// only an outage in the wide sense does, wrong keys included as ONTAP and Duo
// Unix have it. A clear refusal (4xx, a redirect, a FAIL) and a rate limit are
// answers, not outages.
func afterError(step Step, kind duoapi.Kind, mode duo.FailMode) verdict {
	if kind == duoapi.KindCancelled {
		return refuse(NoAnswer)
	}
	early := step == PingStep || step == PreauthStep
	if early && mode == duo.Safe && outage(kind) {
		return verdict{ended: true, allow: true, failOpen: true, reason: reasonOf(kind)}
	}
	return refuse(reasonOf(kind))
}

// outage reports whether a kind of failure counts as "Duo cannot be reached".
// Kinds that a later version of the client may add do not.
func outage(kind duoapi.Kind) bool {
	switch kind {
	case duoapi.KindLookup, duoapi.KindConnect, duoapi.KindProxy, duoapi.KindProxyAuth,
		duoapi.KindTLSAuthority, duoapi.KindTLSName, duoapi.KindTLSExpired, duoapi.KindNotTLS, duoapi.KindTLS,
		duoapi.KindTimeout,
		duoapi.KindKey, duoapi.KindSignature, duoapi.KindClock, duoapi.KindUnauthorized,
		duoapi.KindServer, duoapi.KindMalformed, duoapi.KindTooLarge, duoapi.KindCutShort:
		return true
	default:
		return false
	}
}

// afterPreauth rules on preauth's answer; auth ends nothing.
func afterPreauth(result duoapi.PreauthResult) verdict {
	switch result {
	case duoapi.PreauthAuth:
		return verdict{}
	case duoapi.PreauthAllow:
		return admit(Bypass)
	case duoapi.PreauthEnroll:
		return refuse(EnrollFirst)
	case duoapi.PreauthDeny:
		return refuse(DuoDenied)
	default:
		return refuse(reasonOf(duoapi.KindMalformed))
	}
}

// afterState rules on the outcome of one attempt with a factor. What a person
// decided ends the login; what went astray may be tried again.
func afterState(factor duoapi.Factor, s duoapi.State) verdict {
	switch s.Result {
	case duoapi.Allow:
		return admit(Approved)
	case duoapi.Waiting:
		return again(TimedOut)
	case duoapi.Deny:
		return afterDeny(factor, s.Status)
	default:
		return refuse(reasonOf(duoapi.KindMalformed))
	}
}

func afterDeny(factor duoapi.Factor, status string) verdict {
	switch status {
	case "fraud":
		return refuse(Fraud)
	case "locked_out":
		return refuse(LockedOut)
	case "timeout":
		return again(TimedOut)
	case "push_failed":
		return again(PushFailed)
	case "sent":
		return again(CodesSent)
	}
	if factor == duoapi.FactorPasscode {
		return again(WrongPasscode)
	}
	return refuse(PersonRefused)
}
