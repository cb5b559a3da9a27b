package account

import (
	"context"
	"net/netip"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A KeyOffer is a public key that somebody wants to get in with over SSH.
type KeyOffer struct {
	// User is as in Credentials, Key the key in SSH's wire form.
	User string
	Key  []byte
	// Proven and Partial are as in Credentials.
	Proven  string
	Partial bool
	// From is the address of the connection, Via the edge, Request the id of
	// the session.
	From         netip.Addr
	Via, Request string
}

// AuthorizeKey returns whom a key lets in, or one step further. It says nothing
// about who offers the key: the caller must have seen it used, or ask again
// once it has. Unauthenticated when the account has not that key, is locked or
// does not log in with keys; Unavailable and Outdated as Authenticate.
//
// Clients offer all keys they have until one fits, so a key that does not is no
// failed login and leaves no audit line. It reads the newest state this process
// has seen.
func (s *Service) AuthorizeKey(ctx context.Context, o KeyOffer) (Principal, error) {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return Principal{}, err
	}
	found := find(snap, o.User)
	next, ok := found.account.opens(SSH, MethodPublicKey, o.Proven)
	if !ok || next != "" && !o.Partial || found.account.Locked || !found.hasKey(snap, o.Key) {
		return Principal{}, fault.New(fault.Unauthenticated, "", "User is not authorized.")
	}
	c := Credentials{Application: SSH, User: o.User, From: o.From, Via: o.Via, Request: o.Request}
	return found.who(c, next), nil
}

func (f candidate) hasKey(snap store.Snapshot, blob []byte) bool {
	for _, k := range PublicKeys.Under(snap, publicKeysOf(f.owner.UUID, f.account.Name)) {
		if k.is(blob) {
			return true
		}
	}
	return false
}

// Named returns the account that a user name means, as Authenticate reads it;
// false when there is none or the accounts are not known.
func (s *Service) Named(ctx context.Context, user string) (owner svm.Owner, name string, ok bool) {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return svm.Owner{}, "", false
	}
	found := find(snap, user)
	return found.owner, found.account.Name, found.exists
}
