package sshd_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
)

func TestAllServersOfAStoreShowOneHostKey(t *testing.T) {
	s := memstore.New(sshd.Tables()...)
	ledger := audit.NewLedger(s, audittest.New(t))
	keys := must(seal.InMemory())(t)
	made := make(chan ssh.Signer)
	const servers = 4
	for range servers {
		go func() {
			signer, err := sshd.EnsureHostKey(t.Context(), ledger, keys)
			if err != nil {
				t.Error(err)
			}
			made <- signer
		}()
	}
	seen := map[string]bool{}
	for range servers {
		if k := <-made; k != nil {
			seen[ssh.FingerprintSHA256(k.PublicKey())] = true
		}
	}
	snap := must(s.Snapshot(t.Context(), store.Linearizable))(t)
	kept, _ := sshd.HostKeys.Get(snap, "ed25519")
	if len(seen) != 1 || kept == nil || !seen[kept.Fingerprint] {
		t.Errorf("the servers show %v", seen)
	}
	if _, err := sshd.EnsureHostKey(t.Context(), ledger, must(seal.InMemory())(t)); err == nil {
		t.Error("a key sealed with another keyset was opened")
	}
}

func TestAServerWithoutAuthenticationIsNotMade(t *testing.T) {
	if _, err := sshd.New(sshd.Config{}); err == nil || !strings.Contains(err.Error(), "required") {
		t.Errorf("got %v", err)
	}
}
