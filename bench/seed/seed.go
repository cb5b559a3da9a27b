// Package seed fills a data directory with owners, as many as a measurement
// asks for: straight into the store, since a million requests would take
// longer than everything that is measured.
package seed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	// batch is how many owners go in one commit: 6 MB.
	batch = 6000
	// settling is how many small commits follow the large ones, so that etcd
	// takes a snapshot. Without it the next start would read all that was
	// written again, which after growth by requests is never much.
	settling = 1100
)

// UUID returns the UUID of the i-th owner. They ascend with i.
func UUID(i int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", i, i) }

// Name returns the name of the i-th owner.
func Name(i int) string { return fmt.Sprintf("svm%07d", i) }

// Profile returns the profile of the i-th owner, its secret key fresh. Half of
// the profiles are secure, half push by themselves; comments are in no order.
// Every owner has an application of its own in one account of Duo's.
func Profile(i int) *duo.Profile {
	chance := rand.New(rand.NewPCG(1, uint64(i))) //nolint:gosec // figures, not secrets
	key := secret.NewText(fmt.Sprintf("%020x%020x", chance.Uint64(), i))
	p := &duo.Profile{
		Owner: svm.Owner{UUID: UUID(i), Name: Name(i)}, APIHost: "api-3f9c21ab.duosecurity.example",
		IntegrationKey: fmt.Sprintf("DI%018X", i), SecretKey: secret.Fresh(key), Fingerprint: key.Fingerprint(),
		Enabled: true, AutoPush: i%2 == 0, PushInfo: true, FailMode: duo.Safe, MaxPrompts: 1 + i%3,
		Comment: fmt.Sprintf("tenant %08x", chance.Uint32()),
	}
	if i%4 < 2 {
		p.FailMode = duo.Secure
	}
	return p
}

// Document returns a profile as it is stored.
func Document() ([]byte, error) {
	keys, err := seal.InMemory()
	if err != nil {
		return nil, err
	}
	p := Profile(0)
	if p.SecretKey, err = keys.Seal(duo.SecretKeyPlace(p), p.SecretKey); err != nil {
		return nil, err
	}
	return duo.Profiles.Encode(p)
}

// Fill adds owners 0 to n-1, each with a profile, to a data directory that
// "duoplane serve" has made and does not use at the moment.
func Fill(ctx context.Context, dataDir string, n int) (err error) {
	keys, err := seal.Open(filepath.Join(dataDir, "keyset.json"))
	if err != nil {
		return err
	}
	s, err := etcdstore.Open(ctx, etcdstore.Config{
		Dir: filepath.Join(dataDir, "store"), Tables: []store.Codec{svm.SVMs, duo.Profiles},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for from := 0; from < n; from += batch {
		changes, err := owners(keys, from, min(from+batch, n))
		if err != nil {
			return err
		}
		if _, err := s.Commit(ctx, changes...); err != nil {
			return fmt.Errorf("add owners from %d: %w", from, err)
		}
	}
	return settle(ctx, s)
}

// owners are the changes that make owners from one to before another.
func owners(keys *seal.Keyset, from, to int) ([]store.Change, error) {
	changes := make([]store.Change, 0, 2*(to-from))
	for i := from; i < to; i++ {
		p := Profile(i)
		var err error
		if p.SecretKey, err = keys.Seal(duo.SecretKeyPlace(p), p.SecretKey); err != nil {
			return nil, err
		}
		changes = append(changes,
			svm.SVMs.Put(UUID(i), 0, &svm.SVM{UUID: UUID(i), Name: Name(i)}),
			duo.Profiles.Put(UUID(i), 0, p))
	}
	return changes, nil
}

// settle changes the first SVM again and again.
func settle(ctx context.Context, s store.Store) error {
	for i := range settling {
		snap, err := s.Snapshot(ctx, store.Local)
		if err != nil {
			return err
		}
		first, version := svm.SVMs.Get(snap, UUID(0))
		if first == nil {
			return nil
		}
		after := *first
		after.Comment = fmt.Sprintf("commit %d", i)
		if _, err := s.Commit(ctx, svm.SVMs.Put(UUID(0), version, &after)); err != nil {
			return err
		}
	}
	return nil
}
