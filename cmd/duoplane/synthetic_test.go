package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A madeUp is a backup of records that were never stored, with its keyset: the
// quickest way to many of them. Every tenant has a profile.
type madeUp struct{ file, keyset string }

// madeUpKey is the secret key of all of them.
var madeUpKey = secret.NewText("made-up-key-0123456789made-up-key-012345")

func tenantUUID(i int) string { return fmt.Sprintf("%08x-0000-7000-8000-000000000000", i) }

// synthetic makes the backup of as many tenants.
func synthetic(t *testing.T, tenants int) madeUp {
	t.Helper()
	dir := t.TempDir()
	m := madeUp{filepath.Join(dir, "made-up.backup"), filepath.Join(dir, "keyset.json")}
	keys, err := seal.Create(m.keyset)
	if err != nil {
		t.Fatal(err)
	}
	cluster := svm.Cluster{Name: "cluster-1", UUID: uuid.NewString()}
	docs := newDocuments(t)
	docs.add(svm.Clusters.Name, svm.ClusterKey, &cluster)
	known, err := keys.Seal(secret.Place{Table: seal.Witnesses.Name, Owner: seal.WitnessKey, Field: "known"}, secret.Fresh(secret.NewText("duoplane")))
	if err != nil {
		t.Fatal(err)
	}
	docs.add(seal.Witnesses.Name, seal.WitnessKey, &seal.Witness{Known: known})
	profile := duo.Profile{APIHost: "api-3f9c21ab.duosecurity.com", IntegrationKey: "DIQ7M2K9T4V1B8N3C6X5", Enabled: true, AutoPush: true, PushInfo: true, FailMode: duo.Safe, MaxPrompts: 1}
	profile.Fingerprint = madeUpKey.Fingerprint()
	for i := range tenants {
		// Ascending, as the order of a backup has to be.
		id, name := tenantUUID(i), fmt.Sprintf("tenant%07d", i)
		docs.add(svm.SVMs.Name, id, &svm.SVM{UUID: id, Name: name})
		p := profile
		p.Owner.UUID, p.SecretKey = id, secret.Fresh(madeUpKey)
		if _, err := keys.SealFor(nil, p.Secrets()...); err != nil {
			t.Fatal(err)
		}
		docs.add(duo.Profiles.Name, id, &p)
	}
	b := newBackup(docs, keys, cluster, func(int, int) {})
	err = durable.CreateBy(m.file, 0o600, func(w io.Writer) error {
		_, err := b.Write(t.Context(), w)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// restore puts the records into a data directory, with the keyset.
func (m madeUp) restore(t *testing.T, dir string) {
	t.Helper()
	m.lay(t, dir)
	mustTool(t, "restore", m.file, "--data-dir", dir)
}

// lay makes a data directory with nothing but the keyset.
func (m madeUp) lay(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keyset.json"), []byte(read(t, m.keyset)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// documents are a backup.Source in memory; they are added in order of key.
type documents struct {
	t      *testing.T
	codecs store.Tables
	tables map[string][]store.Document
}

var _ backup.Source = (*documents)(nil)

func newDocuments(t *testing.T) *documents {
	t.Helper()
	codecs, err := store.NewTables(tables()...)
	if err != nil {
		t.Fatal(err)
	}
	return &documents{t, codecs, map[string][]store.Document{}}
}

func (d *documents) add(table, key string, value any) {
	d.t.Helper()
	doc, err := d.codecs[table].Encode(value)
	if err != nil {
		d.t.Fatal(err)
	}
	d.tables[table] = append(d.tables[table], store.Document{Table: table, Key: key, Doc: doc})
}

func (d *documents) Revision() store.Revision { return 1 }

func (d *documents) Len(_ context.Context, table string) (int, error) {
	return len(d.tables[table]), nil
}

func (d *documents) Document(_ context.Context, table, key string) ([]byte, error) {
	for _, doc := range d.tables[table] {
		if doc.Key == key {
			return doc.Doc, nil
		}
	}
	return nil, nil
}

func (d *documents) Documents(_ context.Context, table string) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		for _, doc := range d.tables[table] {
			if !yield(doc, nil) {
				return
			}
		}
	}
}

func (d *documents) Undeclared(context.Context) (int, error) { return 0, nil }
