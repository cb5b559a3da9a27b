package account

import (
	"slices"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Standing is what an owner's accounts tell of a user who logs in, as far as
// it matters to the second factor. The zero Standing is that of a user nobody
// here knows.
type Standing struct {
	// Known is whether there is an account of that name.
	Known bool
	// Groups are the account's groups.
	Groups []string
	// KeyOnly is whether a public key is all the account logs in with over SSH.
	KeyOnly bool
}

// StandingOf returns the standing of an owner's user.
func StandingOf(snap store.Snapshot, owner svm.Owner, user string) Standing {
	a, _ := Accounts.Get(snap, store.JoinKey(owner.UUID, user))
	if a == nil {
		return Standing{}
	}
	return Standing{Known: true, Groups: a.Groups, KeyOnly: a.keyOnly()}
}

func (a *Account) keyOnly() bool {
	i := slices.IndexFunc(a.Applications, func(app Application) bool { return app.Name == SSH })
	return i >= 0 && a.Applications[i].Second == methodNone && slices.Equal(a.Applications[i].Methods, []string{MethodPublicKey})
}
