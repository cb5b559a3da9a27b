package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
)

type note struct {
	Text string `json:"text"`
}

// A safe is a record with a secret.
type safe struct {
	Name   string        `json:"name"`
	Secret secret.Sealed `json:"secret"`
}

func (s *safe) Secrets() []secret.Slot {
	return []secret.Slot{{Place: secret.Place{Table: safes.Name, Owner: s.Name, Field: "secret"}, Secret: &s.Secret}}
}

var (
	notes  = &store.Table[note]{Name: "notes", DocVersion: 1}
	safes  = &store.Table[safe]{Name: "safes", DocVersion: 1}
	tables = []store.Codec{safes, notes, seal.Witnesses}
	vaults = []seal.Vault{seal.VaultOf(safes)}
)

const canary = "canary-in-the-backup"

func none(int, int) {}

func nothingMore(context.Context) (int, error) { return 0, nil }

// A world is a store with records and its keyset.
type world struct {
	store *memstore.Store
	keys  *seal.Keyset
}

func newWorld(tb testing.TB, records int) *world {
	tb.Helper()
	keys, err := seal.InMemory()
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{memstore.New(tables...), keys}
	tb.Cleanup(func() { _ = w.store.Close() })
	if err := seal.Check(tb.Context(), w.store, keys, time.Unix(1, 0), tables...); err != nil {
		tb.Fatal(err)
	}
	for i := range records {
		key := fmt.Sprintf("%03d", i)
		s := &safe{Name: key, Secret: secret.Fresh(secret.NewText(canary))}
		if _, err := keys.SealFor(nil, s.Secrets()...); err != nil {
			tb.Fatal(err)
		}
		w.put(tb, safes.Put(key, 0, s), notes.Put("owner/"+key+" <é \u2028\x00\">", 0, &note{Text: "line\nof " + key}))
	}
	return w
}

func (w *world) put(tb testing.TB, changes ...store.Change) {
	tb.Helper()
	if _, err := w.store.Commit(tb.Context(), changes...); err != nil {
		tb.Fatal(err)
	}
}

func (w *world) backup(tb testing.TB) *backup.Backup {
	tb.Helper()
	snap, err := w.store.Snapshot(tb.Context(), store.Linearizable)
	if err != nil {
		tb.Fatal(err)
	}
	return &backup.Backup{
		Source: backup.OfSnapshot(snap, tables, nothingMore), Tables: tables, Keys: w.keys, Report: none,
		Header: backup.Header{
			Program: "0.1.0", Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Cluster: backup.Cluster{Name: "cluster-1", UUID: "7c1f0a52-3b6e-11f0-9d44-d039ea4b1c20"},
		},
	}
}

// file returns the backup of all records.
func (w *world) file(tb testing.TB) []byte {
	tb.Helper()
	var file bytes.Buffer
	if _, err := w.backup(tb).Write(tb.Context(), &file); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

func (w *world) check() *backup.Check {
	return &backup.Check{Tables: tables, Vaults: vaults, Keys: w.keys, Report: none}
}

// A filling keeps what it is given.
type filling struct {
	docs  []store.Document
	fail  int // this many documents, and then an error
	ended bool
	stops int
}

func (f *filling) Add(d store.Document) error {
	if f.fail > 0 && len(f.docs) == f.fail {
		return context.DeadlineExceeded
	}
	f.docs = append(f.docs, d)
	return nil
}

func (f *filling) End(context.Context) error { f.ended = true; return nil }

func (f *filling) Stop() { f.stops++ }
