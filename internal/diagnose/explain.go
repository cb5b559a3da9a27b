// Package diagnose answers an administrator's two questions about Duo without
// a login: what would happen to this user (Explainer), and does this profile,
// or a change of it not yet made, work (Tester).
package diagnose

import (
	"context"
	"fmt"
	"strings"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// An Explanation tells what would happen to a login.
type Explanation struct {
	Login duo.Login
	// Known is whether the user has an account of the owner.
	Known  bool
	Ruling duo.Ruling
	// Tries is how many second factors the user may try.
	Tries int
	// Hidden is whether the governing profile is one that the caller does not
	// see: then its owner is told, and nothing of its settings.
	Hidden bool
}

// An Explainer tells what would happen to a login, asking neither Duo nor the
// user. It may be used concurrently.
type Explainer struct {
	ledger *audit.Ledger
	svms   *svm.Service
}

// NewExplainer returns the Explainer over the ledger's store.
func NewExplainer(ledger *audit.Ledger, svms *svm.Service) *Explainer {
	return &Explainer{ledger, svms}
}

// Explain tells what would happen to the login that in names. NoSuchOwner,
// also for owners out of the caller's scope; MissingField.
func (e *Explainer) Explain(ctx context.Context, caller svm.Caller, _ []string, in record.Input[duo.Login]) (*Explanation, error) {
	login, err := in.New()
	if err != nil {
		return nil, err
	}
	snap, err := e.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if login.Owner, _, err = e.svms.Resolve(snap, caller, login.Owner); err != nil {
		return nil, err
	}
	standing := account.StandingOf(snap, login.Owner, login.User)
	if standing.Known {
		login.Groups = standing.Groups
	}
	x := &Explanation{Login: *login, Known: standing.Known}
	if x.Ruling, err = duo.RuleIn(snap, *login); err != nil {
		return nil, err
	}
	if p := x.Ruling.Profile; p != nil {
		x.Hidden = !caller.Scope.Sees(p.Owner.UUID)
		if x.Tries = p.MaxPrompts; standing.KeyOnly {
			x.Tries = 1
		}
	}
	return x, nil
}

// shown is whether the profile's settings are of interest and may be told.
func (x *Explanation) shown() bool { return x.Ruling.Asked && !x.Hidden }

// group is the group that decided, "" where it is not to be told.
func (x *Explanation) group() string {
	if x.Hidden {
		return ""
	}
	return x.Ruling.Group
}

// method is what the user meets first.
func (x *Explanation) method() string {
	switch {
	case !x.shown():
		return ""
	case x.Ruling.Profile.AutoPush:
		return methodPush
	}
	return methodMenu
}

// withoutDuo is what would become of the login if Duo could not be reached.
func (x *Explanation) withoutDuo() string {
	switch {
	case !x.shown():
		return ""
	case x.Ruling.Profile.FailMode == duo.Safe:
		return wordAllow
	}
	return wordDeny
}

// summary is all of it in sentences.
func (x *Explanation) summary() string {
	said := []string{x.sentence()}
	if !x.Known {
		groups := "; no groups were given"
		if len(x.Login.Groups) > 0 {
			groups = "; the groups given were taken"
		}
		said = append(said, fmt.Sprintf("%s has no account %s%s.", x.Login.Owner.Name, x.Login.User, groups))
	}
	if x.shown() {
		p := x.Ruling.Profile
		method := "A menu offers the ways to prove who it is"
		if p.AutoPush {
			method = "A push, or else a call, goes out at once"
		}
		said = append(said, fmt.Sprintf("%s; tries: %d.", method, x.Tries))
		outcome := "is let in without Duo"
		if x.withoutDuo() == wordDeny {
			outcome = "is refused"
		}
		said = append(said, fmt.Sprintf("If Duo cannot be reached, the login %s (fail_mode %s).", outcome, p.FailMode))
	}
	return strings.Join(said, " ")
}

// sentence is the ruling in words.
func (x *Explanation) sentence() string {
	user, owner := x.Login.User, x.Login.Owner.Name
	profile := ""
	if x.Ruling.Profile != nil {
		profile = "the profile of " + x.Ruling.Profile.Owner.Name
	}
	group := ""
	if name := x.group(); name != "" {
		group = " " + name
	}
	switch x.Ruling.Reason {
	case duo.NoProfile:
		return fmt.Sprintf("%s is not asked: neither %s nor the cluster has a profile.", user, owner)
	case duo.Disabled:
		return fmt.Sprintf("%s is not asked: %s is switched off.", user, profile)
	case duo.Everybody:
		return fmt.Sprintf("%s is asked: %s governs, and no group limits it.", user, profile)
	case duo.Member:
		return fmt.Sprintf("%s is asked: %s governs, and the user is in its group%s.", user, profile, group)
	case duo.NotMember:
		return fmt.Sprintf("%s is not asked: %s governs, and the user is in none of its groups.", user, profile)
	case duo.Excluded:
		return fmt.Sprintf("%s is not asked: %s governs, and its group%s excludes the user.", user, profile, group)
	}
	return ""
}
