package account

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A PublicKeyService reads and changes public keys. Its methods may be called
// concurrently and confine themselves to the caller's scope. A key's key is
// the owner's UUID, the account's name and the index in decimal.
type PublicKeyService struct {
	*owned.Service[PublicKey]
	accounts *Service
}

// PublicKeys returns the service for the public keys of the accounts.
func (s *Service) PublicKeys() *PublicKeyService {
	return &PublicKeyService{accounts: s, Service: owned.NewService(owned.Kind[PublicKey]{
		Schema:  PublicKeySchema(),
		Table:   PublicKeys,
		Owner:   func(k *PublicKey) *svm.Owner { return &k.Owner },
		Name:    (*PublicKey).suffix,
		Prepare: preparePublicKey,
	}, s.ledger, s.svms)}
}

// preparePublicKey makes a new key depend on its account as it stands, so that
// no key outlives the account it was made for and opens a later one of that
// name. An SVM's account changes its own keys, whatever its role's path allows:
// with another's it could log in as somebody else.
func preparePublicKey(_ context.Context, c owned.Change[PublicKey]) ([]store.Change, error) {
	about := cmp.Or(c.Before, c.After)
	if !c.Undo && confined(c.Caller) && !isCaller(c.Caller, about.Owner, about.Account) {
		return nil, denied()
	}
	if c.Before != nil {
		return nil, nil
	}
	key := store.JoinKey(c.After.Owner.UUID, c.After.Account)
	a, version := Accounts.Get(c.Snapshot, key)
	if a == nil {
		return nil, fault.New(fault.BadReason, "account.name", "The account %q does not exist.", c.After.Account)
	}
	c.After.Scope = a.Scope
	return []store.Change{Accounts.Require(key, version)}, nil
}

// Create adds a key. Beside what every owned record refuses: BadReason when
// the account does not exist, the key is not one that is taken, or all indexes
// are; Denied for an SVM's account and a key of another, as for Modify and
// Delete.
func (s *PublicKeyService) Create(ctx context.Context, caller svm.Caller, in record.Input[PublicKey]) (svm.Made[PublicKey], error) {
	if in.Has("index") {
		return s.Service.Create(ctx, caller, in)
	}
	for {
		index, err := s.freeIndex(ctx, caller, in)
		if err != nil {
			return svm.Made[PublicKey]{}, err
		}
		k, err := s.Service.Create(ctx, caller, in.With("index", record.Integer(int64(index))))
		if !fault.Is(err, fault.Exists) || ctx.Err() != nil {
			return k, err
		} // else somebody else was faster to take it
	}
}

func (s *PublicKeyService) freeIndex(ctx context.Context, caller svm.Caller, in record.Input[PublicKey]) (int, error) {
	snap, err := s.accounts.ledger.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	given := svm.Owner{UUID: in.Get("owner.uuid").Str(), Name: in.Get("owner.name").Str()}
	owner, _, err := s.accounts.svms.Resolve(snap, caller, given)
	if err != nil {
		return 0, err
	}
	next := 0
	for _, k := range PublicKeys.Under(snap, publicKeysOf(owner.UUID, in.Get("account.name").Str())) {
		if k.Index > next {
			break
		}
		next = k.Index + 1
	}
	if next > maxIndex {
		return 0, fault.New(fault.BadReason, "index", "The account has keys at every index from 0 to %d; delete one first.", maxIndex)
	}
	return next, nil
}

// Rows yields the keys in scope in order of key, from the first >= from.
func (s *PublicKeyService) Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*PublicKey, error] {
	return s.Service.Rows(ctx, caller, storeParts(from))
}

// Find returns one key, or NotFound.
func (s *PublicKeyService) Find(ctx context.Context, caller svm.Caller, key []string) (*PublicKey, error) {
	return s.Service.Find(ctx, caller, storeParts(key))
}

// Modify changes a key and returns what takes that back.
func (s *PublicKeyService) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[PublicKey]) (svm.Undo[PublicKey], error) {
	return s.Service.Modify(ctx, caller, storeParts(key), in)
}

// Delete removes a key; NotFound when it is not there.
func (s *PublicKeyService) Delete(ctx context.Context, caller svm.Caller, key []string) error {
	return s.Service.Delete(ctx, caller, storeParts(key))
}

// storeParts joins account and index as the store's key has them.
func storeParts(key []string) []string {
	switch len(key) {
	case 0, 1:
		return key
	case 2:
		return []string{key[0], key[1] + "!"}
	}
	index, ok := readIndex(key[2])
	if !ok {
		return []string{key[0], key[1] + "!" + key[2] + "?"} // no key's
	}
	return []string{key[0], fmt.Sprintf("%s!%02d", key[1], index)}
}
