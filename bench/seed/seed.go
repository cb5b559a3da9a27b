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

// batch is how many owners go in one commit: 7 MB.
const batch = 8000

// A nameRow reserves an owner's name, as in the package svm.
type nameRow struct {
	UUID string `json:"uuid"`
}

var names = &store.Table[nameRow]{Name: "svm_name", DocVersion: 1}

// UUID returns the UUID of the i-th owner. They ascend with i.
func UUID(i int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", i, i) }

// Name returns the name of the i-th owner.
func Name(i int) string { return fmt.Sprintf("svm%07d", i) }

// Profile returns the profile of the i-th owner, its secret key fresh. Half of
// the profiles are secure, half push by themselves, one in four both; comments
// are in no order.
func Profile(i int, d Duo) *duo.Profile {
	key := secret.NewText(d.SKey)
	p := &duo.Profile{
		Owner:          svm.Owner{UUID: UUID(i), Name: Name(i)},
		IntegrationKey: d.IKey, SecretKey: secret.Fresh(key), Fingerprint: key.Fingerprint(), APIHost: d.Host,
		Enabled: true, AutoPush: i%2 == 0, PushInfo: true, FailMode: duo.Safe, MaxPrompts: 1 + i%3,
		Comment: fmt.Sprintf("tenant %08x of the measurement", rand.New(rand.NewPCG(1, uint64(i))).Uint32()), //nolint:gosec // figures, not secrets
	}
	if i%4 < 2 {
		p.FailMode = duo.Secure
	}
	return p
}

// Duo is the service that all profiles point to.
type Duo struct{ Host, IKey, SKey string }

// Fill adds owners 0 to n-1, each with a profile, to a data directory that
// "duoplane serve" has made and does not use at the moment.
func Fill(ctx context.Context, dataDir string, n int, d Duo) (err error) {
	keys, err := seal.Open(filepath.Join(dataDir, "keyset.json"))
	if err != nil {
		return err
	}
	s, err := etcdstore.Open(ctx, etcdstore.Config{
		Dir: filepath.Join(dataDir, "store"), Tables: []store.Codec{svm.SVMs, names, duo.Profiles},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for from := 0; from < n; from += batch {
		changes := make([]store.Change, 0, 3*batch)
		for i := from; i < min(from+batch, n); i++ {
			p := Profile(i, d)
			if p.SecretKey, err = keys.Seal(duo.SecretKeyPlace(p), p.SecretKey); err != nil {
				return err
			}
			changes = append(changes,
				svm.SVMs.Put(UUID(i), 0, &svm.SVM{UUID: UUID(i), Name: Name(i)}),
				names.Put(Name(i), 0, &nameRow{UUID(i)}),
				duo.Profiles.Put(UUID(i), 0, p))
		}
		if _, err := s.Commit(ctx, changes...); err != nil {
			return fmt.Errorf("add owners from %d: %w", from, err)
		}
	}
	return nil
}

// Document returns a profile as it is stored.
func Document() ([]byte, error) {
	keys, err := seal.InMemory()
	if err != nil {
		return nil, err
	}
	p := Profile(0, Duo{Host: "127.0.0.1:8444", IKey: "DIXXXXXXXXXXXXXXXXXX", SKey: "0123456789012345678901234567890123456789"})
	if p.SecretKey, err = keys.Seal(duo.SecretKeyPlace(p), p.SecretKey); err != nil {
		return nil, err
	}
	return duo.Profiles.Encode(p)
}
