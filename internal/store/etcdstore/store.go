// Package etcdstore keeps records in etcd: in an etcd of this process's own,
// which listens nowhere, or in a cluster elsewhere. After the client is there
// the two are one path.
//
// A record of a table lives under <prefix><table>/<key> as its table's
// document. Reads come from an image of all tables in memory, fed by one watch
// on the prefix; a commit is one etcd transaction, answered once the image has
// it.
package etcdstore

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

// DefaultPrefix is where keys live when the Config does not say otherwise.
const DefaultPrefix = "/duoplane/v1/"

// A Config says where the records are. Exactly one of Dir and Endpoints is
// given.
type Config struct {
	// Dir is the data directory of the embedded etcd, made with mode 0700
	// when absent. One process uses it at a time.
	Dir string
	// MinFree is how many bytes of the disk under Dir are kept back: with less,
	// changes are refused as Unavailable and reads go on. 0 is 128 MB.
	MinFree uint64
	// Endpoints are the URLs of an etcd cluster's members.
	Endpoints []string
	// TLS is how to talk to Endpoints; nil speaks plain HTTP/2.
	TLS *tls.Config
	// User and Password log in to Endpoints where etcd asks for it.
	User     string
	Password secret.Text
	// Prefix begins every key and ends in a slash; "" is DefaultPrefix.
	Prefix string
	// MaxAge is for how long what was seen last may be read as Local while
	// Endpoints cannot be reached; 0 is for ever.
	MaxAge time.Duration
	// Tables are all tables of the store. Keys of other tables under the
	// prefix are left alone.
	Tables []store.Codec
	// Committed is told how long every Commit took, the wait for the snapshot
	// included, and how it ended. It must not block. Nil: nobody is told.
	Committed func(took time.Duration, err error)
	// Logger gets what an operator acts on; nil discards it.
	Logger *slog.Logger

	watches *atomic.Int64 // counts the streams of the watch; nil: nobody does
}

var (
	errClosed  = errors.New("etcdstore: closed")
	errLoading = errors.New("etcdstore: not loaded yet")
)

// A Store is a store.Store on etcd.
type Store struct {
	log       *slog.Logger
	keys      keyspace
	committed func(took time.Duration, err error)

	client *clientv3.Client
	server *server // the embedded etcd, or nil
	room   room

	mirror  mirror
	view    atomic.Pointer[view]
	arrival arrival
	queue   queue
	confirm *confirmer // nil where the image has every acknowledged commit anyway
	fresh   freshness
	watched watched

	watches, watchBreaks, loads atomic.Int64

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup
	once sync.Once
}

// A view is what readers get: an image, or why there is none.
type view struct {
	image *image.Image
	err   error
}

// Open connects, loads every record and starts to follow changes. It returns
// when the store is ready, or fails with a reason that an operator can act on;
// with Endpoints that do not answer it waits until ctx ends. An undecodable
// record is an error. Close ends everything Open started.
func Open(ctx context.Context, cfg Config) (*Store, error) { return open(ctx, cfg, dial) }

func open(ctx context.Context, cfg Config, dial func(context.Context, Config) (*clientv3.Client, error)) (*Store, error) {
	tables, err := cfg.check()
	if err != nil {
		return nil, err
	}
	s := &Store{log: cfg.Logger, keys: keyspace{cfg.Prefix, tables}, committed: cfg.Committed}
	s.mirror.keys, s.mirror.publish = &s.keys, s.publish
	s.view.Store(&view{err: errLoading})
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.queue = queue{ctx: s.ctx, work: &s.work, hopeless: s.hopeless, send: s.send}
	if cfg.Dir != "" {
		if s.server, err = startServer(ctx, cfg.Dir, cfg.Logger); err == nil {
			s.client = s.server.client()
			s.room = room{dir: cfg.Dir, want: cmp.Or(cfg.MinFree, minFree), log: cfg.Logger}
		}
	} else {
		cfg.watches = &s.watches
		if s.client, err = dial(ctx, cfg); err == nil {
			s.confirm = &confirmer{ctx: s.ctx, work: &s.work, ask: s.readHead}
			s.queue.patience = sendPatience
		}
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	s.fresh.begin(cfg.MaxAge)
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.work.Go(func() { s.follow(s.ctx) })
	if s.confirm != nil {
		s.work.Go(func() { s.keepFresh(s.ctx) })
	}
	return s, nil
}

func (cfg *Config) check() (store.Tables, error) {
	if (cfg.Dir == "") == (len(cfg.Endpoints) == 0) {
		return nil, errors.New("etcdstore: exactly one of a data directory and etcd endpoints must be given")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = DefaultPrefix
	}
	if cfg.Prefix[len(cfg.Prefix)-1] != '/' {
		return nil, errors.New("etcdstore: the key prefix must end in a slash")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Committed == nil {
		cfg.Committed = func(time.Duration, error) {}
	}
	return store.NewTables(cfg.Tables...)
}

// Snapshot implements store.Store. On an embedded etcd every snapshot is
// linearizable at no cost. On a cluster, Linearizable asks it for its newest
// commit, once for all who wait at that moment, and waits until the image has
// it.
func (s *Store) Snapshot(ctx context.Context, c store.Consistency) (store.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, store.Unreached(err)
	}
	if c == store.Linearizable {
		if err := s.current(ctx); err != nil {
			return nil, store.Unreached(err)
		}
	} else if err := s.usable(); err != nil {
		return nil, err
	}
	v := s.view.Load()
	if v.err != nil {
		return nil, store.Unreached(v.err)
	}
	return v.image, nil
}

// current returns when the image has every commit acknowledged before the call.
func (s *Store) current(ctx context.Context) error {
	if s.confirm == nil {
		return s.server.err()
	}
	answer, err := s.confirm.newest(ctx)
	if err != nil {
		return err
	}
	if err := s.arrival.wait(ctx, answer.rev); err != nil {
		return err
	}
	s.fresh.mark(answer.asked)
	return nil
}

// Failed is closed when the embedded etcd has stopped by itself, after an
// error from which it cannot recover, such as a disk that takes no more; Err
// has the reason. Nothing acknowledged is lost then: opening the store again,
// once the cause is gone, finds everything. Never closed on a cluster.
func (s *Store) Failed() <-chan struct{} {
	if s.server == nil {
		return nil
	}
	return s.server.life.Done()
}

// Err returns why Failed is closed, or nil.
func (s *Store) Err() error {
	if s.server == nil {
		return nil
	}
	return s.server.err()
}

// Close implements store.Store. Commits under way are cut off.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		s.queue.end()
		if s.confirm != nil {
			s.confirm.end()
		}
		s.stop()
		s.work.Wait()
		s.publish(&view{err: errClosed})
		if cerr := s.client.Close(); cerr != nil && !errors.Is(cerr, context.Canceled) {
			err = cerr
		}
		if s.server != nil {
			err = errors.Join(err, s.server.close())
		}
	})
	return err
}

// publish shows a view to readers and then lets go those who wait for it.
func (s *Store) publish(v *view) {
	s.view.Store(v)
	if v.err != nil {
		s.arrival.fail(v.err)
		return
	}
	s.arrival.reach(v.image.Revision())
}
