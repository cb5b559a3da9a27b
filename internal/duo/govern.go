package duo

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/svm"
)

// A Login is who wants in, as far as it decides whether Duo is asked.
type Login struct {
	// Owner is the cluster or the SVM the login is for.
	Owner svm.Owner
	// User is the account's name; Groups are the names of its groups.
	User   string
	Groups []string
}

// A Ruling says whether a login goes through Duo, and why.
type Ruling struct {
	// Asked is whether the second factor is asked for.
	Asked bool
	// Reason is the rule that decided.
	Reason RulingReason
	// Profile is the governing profile, nil when there is none.
	Profile *Profile
	// Group is the group that decided, "" where none did.
	Group string
}

// RulingReason is a stable word for the rule that decided a Ruling.
type RulingReason string

// The reasons of a Ruling.
const (
	NoProfile RulingReason = "no_profile" // neither the SVM nor the cluster has a profile
	Disabled  RulingReason = "disabled"   // the governing profile is switched off
	Everybody RulingReason = "everybody"  // no groups are configured: everybody is asked
	Member    RulingReason = "member"     // the user is in a group and not excluded from it
	NotMember RulingReason = "not_member" // groups are configured, the user is in none
	Excluded  RulingReason = "excluded"   // every group of the user's excludes the user
)

// RulingReasons returns all of them.
func RulingReasons() []RulingReason {
	return append(Spared(), Everybody, Member)
}

// Spared returns the reasons of a Ruling by which nobody is asked.
func Spared() []RulingReason { return []RulingReason{NoProfile, Disabled, NotMember, Excluded} }

// Govern rules on a login. own is the profile of the login's owner, cluster
// the cluster's, either may be nil; groups are those of the governing
// profile's owner. The owner's own profile governs even when it is disabled:
// switching Duo off for one SVM must not switch the cluster's on instead.
func Govern(login Login, own, cluster *Profile, groups func(ownerUUID string) []*Group) Ruling {
	profile := own
	if profile == nil {
		profile = cluster
	}
	switch {
	case profile == nil:
		return Ruling{Reason: NoProfile}
	case !profile.Enabled:
		return Ruling{Reason: Disabled, Profile: profile}
	}
	ruling := ruleByGroups(login, groups(profile.Owner.UUID))
	ruling.Profile = profile
	return ruling
}

// ruleByGroups asks the members of groups, and everybody where there are
// none. A user excluded from one group is still asked as member of another.
func ruleByGroups(login Login, groups []*Group) Ruling {
	if len(groups) == 0 {
		return Ruling{Asked: true, Reason: Everybody}
	}
	excludedFrom := ""
	for _, g := range groups {
		if !memberOf(login, g.Name) {
			continue
		}
		if !slices.Contains(g.ExcludedUsers, login.User) {
			return Ruling{Asked: true, Reason: Member, Group: g.Name}
		}
		excludedFrom = g.Name
	}
	if excludedFrom != "" {
		return Ruling{Reason: Excluded, Group: excludedFrom}
	}
	return Ruling{Reason: NotMember}
}

// memberOf compares group names without regard to case, as directories do;
// user names are compared exactly, as ONTAP does.
func memberOf(login Login, group string) bool {
	return slices.ContainsFunc(login.Groups, func(name string) bool { return strings.EqualFold(name, group) })
}
