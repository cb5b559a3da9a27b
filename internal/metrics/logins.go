package metrics

import (
	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/logins"
)

var (
	loginsTotal = &Family{
		Name: "duoplane_logins_total", Kind: Counter,
		Help: "Decisions about second factors, by decision and by the reason the login log gives.",
		Labels: []Label{
			label("decision", logins.Allow, logins.Deny),
			label("reason", enforce.Reasons()...),
		},
	}
	loginsFailOpen = &Family{
		Name: "duoplane_logins_fail_open_total", Kind: Counter,
		Help: "Logins let in only because Duo could not be asked and the profile's fail_mode is safe.",
	}
	loginsInProgress = &Family{
		Name: "duoplane_logins_in_progress", Kind: Gauge,
		Help: "Logins that wait for their second factor now.",
	}
	firstFactorFailures = &Family{
		Name: "duoplane_first_factor_failures_total", Kind: Counter,
		Help: "Passwords refused, by what they were for and by error code: unauthenticated is a wrong one, too_many one that was not looked at because of the failures before it.",
		Labels: []Label{
			label("application", account.HTTP, account.SSH),
			label("code", fault.Unauthenticated, fault.TooMany, fault.Busy, fault.Unavailable, fault.Outdated, fault.Timeout, fault.Internal),
		},
	}
	loginFamilies = []*Family{loginsTotal, loginsFailOpen, loginsInProgress, firstFactorFailures}
)

// Logins are where the numbers of logins are kept.
type Logins struct {
	// Counts returns the decisions so far; (*logins.Table).Counts does.
	Counts func() map[logins.Outcome]int64
	// Deciding returns how many are being made; (*enforce.Engine).Deciding does.
	Deciding func() int64
	// Failures returns the refused passwords so far; (*account.Service).Failures does.
	Failures func() map[account.Failure]int64
}

// Logins has the numbers of logins asked for at every scrape.
func (m *Metrics) Logins(from Logins) {
	m.poll(func(tell func(*Family, float64, ...string)) {
		// What has not happened yet is there as 0, so that its first time is seen.
		failOpen := int64(0)
		tell(loginsTotal, 0, logins.Allow, string(enforce.Approved))
		tell(loginsTotal, 0, logins.Deny, string(enforce.PersonRefused))
		for outcome, n := range from.Counts() {
			tell(loginsTotal, float64(n), outcome.Decision, outcome.Reason)
			if outcome.FailOpen {
				failOpen += n
			}
		}
		tell(loginsFailOpen, float64(failOpen))
		tell(loginsInProgress, float64(from.Deciding()))
		for _, application := range []string{account.HTTP, account.SSH} {
			tell(firstFactorFailures, 0, application, string(fault.Unauthenticated))
			tell(firstFactorFailures, 0, application, string(fault.TooMany))
		}
		for failure, n := range from.Failures() {
			tell(firstFactorFailures, float64(n), failure.Application, string(failure.Code))
		}
	}, loginFamilies...)
}
