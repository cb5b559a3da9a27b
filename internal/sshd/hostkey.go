package sshd

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A HostKey is the identity that all servers of one store show: the seed of an
// ed25519 key in base64, sealed.
type HostKey struct {
	Seed secret.Sealed `json:"seed"`
	// Fingerprint is that of the public key, for people who look.
	Fingerprint string `json:"fingerprint"`
}

// HostKeys is the table of the host key.
var HostKeys = &store.Table[HostKey]{Name: "host_key", DocVersion: 1}

const hostKeyKey = "ed25519"

func hostKeyPlace() secret.Place {
	return secret.Place{Table: HostKeys.Name, Owner: hostKeyKey, Field: "seed"}
}

// Secrets returns the key's secret with its place.
func (k *HostKey) Secrets() []secret.Slot {
	return []secret.Slot{{Place: hostKeyPlace(), Secret: &k.Seed}}
}

// A Sealer seals secrets and opens them; *seal.Ring is one.
type Sealer interface {
	// SealFor seals what is fresh in the slots, in place, with the key that a
	// state of the store says. The changes it returns belong into the same
	// commit.
	SealFor(snap store.Snapshot, slots ...secret.Slot) ([]store.Change, error)
	// Open returns the plain secret.
	Open(place secret.Place, s secret.Sealed) (secret.Text, error)
}

// EnsureHostKey returns the store's host key, which whoever asks first makes.
func EnsureHostKey(ctx context.Context, ledger *audit.Ledger, sealer Sealer) (ssh.Signer, error) {
	made, err := newHostKey()
	if err != nil {
		return nil, err
	}
	var kept *HostKey
	err = ledger.Do(ctx, svm.Starter(), func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		if kept, _ = HostKeys.Get(snap, hostKeyKey); kept != nil {
			return audit.Entry{}, nil, nil
		}
		kept = new(*made)
		changes, err := sealer.SealFor(snap, kept.Secrets()...)
		entry := audit.Entry{
			Event: "create", Resource: "host_key", Key: hostKeyKey,
			Fields: []audit.Field{{Path: "fingerprint", Value: made.Fingerprint}},
		}
		return entry, append(changes, HostKeys.Put(hostKeyKey, 0, kept)), err
	})
	if err != nil {
		return nil, fmt.Errorf("keep the SSH host key: %w", err)
	}
	return kept.open(sealer)
}

func newHostKey() (*HostKey, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make an SSH host key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("make an SSH host key: %w", err)
	}
	seed := secret.NewText(base64.StdEncoding.EncodeToString(private.Seed()))
	return &HostKey{Seed: secret.Fresh(seed), Fingerprint: ssh.FingerprintSHA256(signer.PublicKey())}, nil
}

func (k *HostKey) open(sealer Sealer) (ssh.Signer, error) {
	text, err := sealer.Open(hostKeyPlace(), k.Seed)
	if err != nil {
		return nil, err
	}
	seed, err := base64.StdEncoding.DecodeString(text.Reveal()) //nolint:forbidigo // the key is made of it
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("the stored SSH host key is damaged")
	}
	return ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed))
}
