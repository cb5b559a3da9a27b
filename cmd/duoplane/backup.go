package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// backupOptions are those of duoplane backup.
type backupOptions struct {
	toolOptions

	File string `arg:"" name:"file" help:"File to write; it must not be there yet. It gets mode 0600."`
}

func (o *backupOptions) run(ctx context.Context, env environ) (err error) {
	if _, err := os.Lstat(o.File); err == nil {
		return fmt.Errorf("%s is there already; choose another name", o.File)
	}
	at, err := o.enter(ctx, env, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	at.unused = false
	show := newProgress(env.stderr, "backing up")
	var h backup.Header
	err = durable.CreateBy(o.File, 0o600, func(w io.Writer) (err error) {
		defer show.end()
		if at.control != nil {
			h, err = at.control.backup(ctx, w, show.report)
		} else {
			h, err = at.backup(ctx, w, show.report)
		}
		return err
	})
	if err != nil {
		return interrupted(ctx, err, "there is no backup")
	}
	return say(env.stdout, "%s holds the %d records of cluster %s at revision %d. Their secrets open with the keyset that has key %s. Keep a copy of that file elsewhere.",
		o.File, h.Records, h.Cluster.Name, h.Revision, h.Key)
}

// backup reads the store itself.
func (s *site) backup(ctx context.Context, w io.Writer, report func(done, total int)) (h backup.Header, err error) {
	keys, err := seal.Open(s.keyset)
	if err != nil {
		return h, faultf("keyset-file", "%v", err)
	}
	s.records.Tables = append(tables(), seal.Holders)
	raw, err := etcdstore.OpenRaw(ctx, s.records)
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	reading, err := readSoon(ctx, raw)
	if err != nil {
		return h, err
	}
	cluster, err := clusterIn(ctx, reading)
	if err != nil {
		return h, err
	}
	b := newBackup(reading, keys, cluster, report)
	err = s.audited("backup", cluster, func() error {
		h, err = b.Write(ctx, w)
		return err
	})
	return h, err
}

// readSoon gives an etcd cluster as long to answer as a server does.
func readSoon(ctx context.Context, raw *etcdstore.Raw) (*etcdstore.Reading, error) {
	limited, cancel := context.WithTimeout(ctx, clusterTime)
	defer cancel()
	reading, err := raw.Read(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, faultf("etcd-endpoints", "the cluster does not answer (waited %s): %v", clusterTime, err)
	}
	return reading, err
}

// clusterIn returns the cluster whose records they are.
func clusterIn(ctx context.Context, from backup.Source) (svm.Cluster, error) {
	doc, err := from.Document(ctx, svm.Clusters.Name, svm.ClusterKey)
	if err != nil {
		return svm.Cluster{}, err
	}
	if doc == nil {
		return svm.Cluster{}, errors.New("the store holds no cluster: no server was ever started on it")
	}
	value, err := svm.Clusters.Decode(doc)
	if err != nil {
		return svm.Cluster{}, err
	}
	return *value.(*svm.Cluster), nil
}

func newBackup(from backup.Source, keys *seal.Keyset, cluster svm.Cluster, report func(done, total int)) *backup.Backup {
	return &backup.Backup{
		Source: from, Tables: tables(), Keys: keys, Report: report,
		Header: backup.Header{
			Program: version, Made: time.Now().UTC().Truncate(time.Second),
			Cluster: backup.Cluster{Name: cluster.Name, UUID: cluster.UUID},
		},
	}
}

// backup answers with the file. The state is a snapshot of the server's own, so
// that the store has no work with it and the slowest reader no effect on it.
func (c *controlEdge) backup(w http.ResponseWriter, r *http.Request) error {
	keys, err := c.node.keys.Keyset()
	if err != nil {
		return err
	}
	snap, err := c.node.store.Snapshot(r.Context(), store.Linearizable)
	if err != nil {
		return err
	}
	cluster := svm.ClusterOf(snap)
	line, err := c.node.ledger.Begin(callerOf(r), clusterEntry("backup", cluster))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	b := newBackup(backup.OfSnapshot(snap, tables(), c.node.store.Undeclared), keys, cluster, func(int, int) {})
	_, err = b.Write(r.Context(), &patient{w: w, to: http.NewResponseController(w)})
	line.End(err)
	return err
}

// A patient writer gives up when a reader takes nothing for a minute.
type patient struct {
	w       io.Writer
	to      *http.ResponseController
	written bool
}

func (p *patient) Write(b []byte) (int, error) {
	p.written = true
	if err := p.to.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

// backup takes the file from the server, and checks on the way that it arrives
// whole.
func (c *controlClient) backup(ctx context.Context, w io.Writer, report func(done, total int)) (backup.Header, error) {
	body, err := c.call(ctx, http.MethodPost, "/backup")
	if err != nil {
		return backup.Header{}, err
	}
	defer body.Close() //nolint:errcheck // only read
	r, err := backup.NewReader(io.TeeReader(body, w))
	if err != nil {
		return backup.Header{}, c.lost(err)
	}
	n := 0
	for _, err := range r.Documents() {
		if err != nil {
			return backup.Header{}, c.lost(err)
		}
		if n++; n%1000 == 0 {
			report(n, r.Header().Records)
		}
	}
	return r.Header(), nil
}
