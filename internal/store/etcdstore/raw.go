package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/store"
)

// rawPage is how many documents are in memory at once while a Reading is walked.
const rawPage = 20_000

// A Raw reads and writes documents as they are stored, without an image of them
// in memory: for tools that go through a store once, whatever its size. Like a
// Store it has the data directory for itself.
type Raw struct {
	keys   keyspace
	client *clientv3.Client
	server *server // the embedded etcd, or nil
}

// OpenRaw connects as Open does, and reads nothing.
func OpenRaw(ctx context.Context, cfg Config) (*Raw, error) {
	tables, err := cfg.check()
	if err != nil {
		return nil, err
	}
	r := &Raw{keys: keyspace{cfg.Prefix, tables}}
	if cfg.Dir == "" {
		r.client, err = dial(ctx, cfg)
		return r, err
	}
	if r.server, err = startServer(ctx, cfg.Dir, cfg.Logger); err != nil {
		return nil, err
	}
	r.client = r.server.client()
	return r, nil
}

// Close gives the store free.
func (r *Raw) Close() error {
	err := r.client.Close()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if r.server != nil {
		err = errors.Join(err, r.server.close())
	}
	return err
}

// A Reading is the store as it was at one revision. It is good for as long as
// etcd keeps that revision; ErrCompacted afterwards.
type Reading struct {
	raw *Raw
	rev int64
}

// ErrCompacted says that the revision of a Reading is no longer kept.
var ErrCompacted = errors.New("etcdstore: the cluster no longer keeps the revision that was being read")

// Read returns the newest state. An error when a restore into the store has not
// ended.
func (r *Raw) Read(ctx context.Context) (*Reading, error) {
	resp, err := r.client.Get(ctx, r.keys.fill())
	switch {
	case err != nil:
		return nil, readError(err)
	case len(resp.Kvs) > 0:
		return nil, ErrUnfinished
	}
	return &Reading{r, resp.Header.Revision}, nil
}

func readError(err error) error {
	if errors.Is(err, rpctypes.ErrCompacted) {
		return ErrCompacted
	}
	return fmt.Errorf("etcdstore: read: %w", err)
}

// Revision returns the revision.
func (g *Reading) Revision() store.Revision { return store.Revision(g.rev) }

// Len returns the number of documents in a table.
func (g *Reading) Len(ctx context.Context, table string) (int, error) {
	resp, err := g.raw.client.Get(ctx, g.raw.keys.join(table, ""), clientv3.WithPrefix(), clientv3.WithCountOnly(), clientv3.WithRev(g.rev))
	if err != nil {
		return 0, readError(err)
	}
	return int(resp.Count), nil
}

// Document returns one document, nil when it is not there.
func (g *Reading) Document(ctx context.Context, table, key string) ([]byte, error) {
	resp, err := g.raw.client.Get(ctx, g.raw.keys.join(table, key), clientv3.WithRev(g.rev))
	if err != nil || len(resp.Kvs) == 0 {
		return nil, err
	}
	return resp.Kvs[0].Value, nil
}

// Documents yields the documents of a table in ascending byte order of key, and
// ends with an error.
func (g *Reading) Documents(ctx context.Context, table string) iter.Seq2[store.Document, error] {
	begin := g.raw.keys.join(table, "")
	end := clientv3.GetPrefixRangeEnd(begin)
	return func(yield func(store.Document, error) bool) {
		for from := begin; ; {
			resp, err := g.raw.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(rawPage), clientv3.WithRev(g.rev))
			if err != nil {
				yield(store.Document{}, readError(err))
				return
			}
			for _, kv := range resp.Kvs {
				if !yield(store.Document{Table: table, Key: strings.TrimPrefix(string(kv.Key), begin), Doc: kv.Value}, nil) {
					return
				}
			}
			if !resp.More {
				return
			}
			from = string(resp.Kvs[len(resp.Kvs)-1].Key) + "\x00"
		}
	}
}

// Undeclared reports the number of keys under the prefix that belong to no
// declared table, at the newest revision: a newer program wrote them.
func (s *Store) Undeclared(ctx context.Context) (int, error) {
	return undeclared(ctx, s.client, &s.keys, 0)
}

// Undeclared is as for Store, at the Reading's revision.
func (g *Reading) Undeclared(ctx context.Context) (int, error) {
	return undeclared(ctx, g.raw.client, &g.raw.keys, g.rev)
}

// undeclared counts what is before, between and behind the tables, and in none.
func undeclared(ctx context.Context, client *clientv3.Client, keys *keyspace, rev int64) (int, error) {
	known := []string{keys.head(), keys.fill()}
	for name := range maps.Keys(keys.tables) {
		known = append(known, keys.join(name, ""))
	}
	slices.Sort(known)
	n := 0
	from := keys.prefix
	for _, next := range append(known, clientv3.GetPrefixRangeEnd(keys.prefix)) {
		if from < next {
			resp, err := client.Get(ctx, from, clientv3.WithRange(next), clientv3.WithCountOnly(), clientv3.WithRev(rev))
			if err != nil {
				return 0, readError(err)
			}
			n += int(resp.Count)
		}
		from = clientv3.GetPrefixRangeEnd(next)
		if !strings.HasSuffix(next, "/") {
			from = next + "\x00" // a key of its own
		}
	}
	return n, nil
}
