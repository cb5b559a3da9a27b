package seal_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
)

// A safe is a record with two secrets, the second of which may be absent.
type safe struct {
	Name   string        `json:"name"`
	First  secret.Sealed `json:"first"`
	Second secret.Sealed `json:"second,omitzero"`
	Count  int           `json:"count"`
}

func (s *safe) Secrets() []secret.Slot {
	return []secret.Slot{
		{Place: secret.Place{Table: safes.Name, Owner: s.Name, Field: "first"}, Secret: &s.First},
		{Place: secret.Place{Table: safes.Name, Owner: s.Name, Field: "second"}, Secret: &s.Second},
	}
}

var (
	safes  = &store.Table[safe]{Name: "safe", DocVersion: 1}
	data   = []store.Codec{safes, seal.Witnesses}
	vaults = []seal.Vault{seal.VaultOf(safes)}
	who    = audit.Who{Name: "root", Via: "control"}
)

// A world is one body of data that servers work on, each with a keyset file of
// its own.
type world struct {
	*testing.T
	data *memstore.Data
	log  *audit.Log
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{T: t, data: memstore.NewData(), log: audittest.New(t)}
}

func (w *world) open() store.Store {
	w.Helper()
	s, err := w.data.Open(append(data, seal.Holders)...)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = s.Close() })
	return s
}

// file returns a path for a keyset.
func (w *world) file() string { return filepath.Join(w.TempDir(), "keyset.json") }

func (w *world) config(s store.Store, path, host string) seal.Config {
	return seal.Config{Store: s, Path: path, Tables: data, Host: host, Logger: slog.New(slog.NewTextHandler(w.Output(), nil))}
}

// serve starts a server.
func (w *world) serve(s store.Store, path, host string) *seal.Ring {
	w.Helper()
	r, err := seal.Prepare(w.Context(), w.config(s, path, host))
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// job is a rotation that keeps what it reports.
func (w *world) job(s store.Store, report func(seal.Progress)) seal.Rotation {
	return seal.Rotation{Vaults: vaults, Ledger: audit.NewLedger(s, w.log), Actor: who, Report: func(p seal.Progress) {
		w.Logf("%+v", p)
		if report != nil {
			report(p)
		}
	}}
}

func (w *world) rotate(s store.Store, r *seal.Ring) {
	w.Helper()
	if err := r.Rotate(w.Context(), w.job(s, nil)); err != nil {
		w.Fatal(err)
	}
}

func plainOf(name string) secret.Text { return secret.NewText("canary of " + name) }

// put adds a record with its secret as a service does: it tries again when it
// loses a race.
func (w *world) put(s store.Store, r *seal.Ring, name string) {
	w.Helper()
	ledger := audit.NewLedger(s, w.log)
	err := ledger.Do(w.Context(), who, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		_, version := safes.Get(snap, name)
		v := &safe{Name: name, First: secret.Fresh(plainOf(name))}
		changes, err := r.SealFor(snap, v.Secrets()...)
		return audit.Entry{Event: "create", Resource: "safe", Key: name}, append(changes, safes.Put(name, version, v)), err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// bump changes a record without giving its secret, as a service does.
func (w *world) bump(s store.Store, r *seal.Ring, name string) {
	w.Helper()
	ledger := audit.NewLedger(s, w.log)
	err := ledger.Do(w.Context(), who, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		stored, version := safes.Get(snap, name)
		v := new(*stored)
		v.Count++
		changes, err := r.SealFor(snap, v.Secrets()...)
		return audit.Entry{Event: "modify", Resource: "safe", Key: name}, append(changes, safes.Put(name, version, v)), err
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) snapshot(s store.Store) store.Snapshot {
	w.Helper()
	snap, err := s.Snapshot(w.Context(), store.Linearizable)
	if err != nil {
		w.Fatal(err)
	}
	return snap
}

// mustOpen checks that every secret of the data opens, and counts the records.
func (w *world) mustOpen(s store.Store, r *seal.Ring) int {
	w.Helper()
	n := 0
	for name, v := range safes.All(w.snapshot(s), "") {
		n++
		if got, err := r.Open(v.Secrets()[0].Place, v.First); err != nil || !got.Equal(plainOf(name)) {
			w.Errorf("the secret of %s: %v", name, err)
		}
	}
	return n
}

// states returns "state records" of every key, in the order of the file.
func (w *world) states(r *seal.Ring) []string {
	w.Helper()
	list, err := r.List(w.Context(), vaults)
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, k := range list {
		out = append(out, fmt.Sprintf("%s %d", k.State, k.Records))
		if k.State != seal.Missing && k.Made.IsZero() {
			w.Errorf("nobody knows when key %s was made", k.ID)
		}
	}
	return out
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
