package etcdstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"

	"github.com/duoplane/duoplane/internal/fault"
)

// How the embedded etcd is set up.
const (
	quota            = 8 << 30 // bytes of the database; etcd advises no more
	maxTxnOps        = 100_000
	maxRequest       = 16 << 20 // bytes of one commit
	snapshotEvery    = 1000     // transactions between snapshots, and at most read again at the start
	snapshotCatchUp  = 100      // transactions kept in memory behind a snapshot; no follower needs them
	keepFiles        = 2        // log segments and snapshots beside those in use
	historyKept      = "1m"
	closeTimeout     = 5 * time.Second
	memberName       = "duoplane"
	memberURL        = "http://duoplane.invalid:2380" // a name for the member; nothing listens there
	subDir, lockName = "etcd", "lock"
)

// A server is the etcd in this process. It listens nowhere: its client calls
// its functions.
type server struct {
	lock *fileutil.LockedFile
	etcd *embed.Etcd

	life context.Context // ends when etcd fails; its cause says why
	fail context.CancelCauseFunc
}

// startServer locks the data directory and starts etcd in it.
func startServer(ctx context.Context, dir string, log *slog.Logger) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := fileutil.TryLockFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fileutil.ErrLocked) {
		return nil, fault.Wrap(err, fault.InUse, "", "data directory %s is in use by another Duoplane; stop it or choose another --data-dir", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	s := &server{lock: lock}
	s.life, s.fail = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := s.start(ctx, dir, log); err != nil {
		return nil, errors.Join(fmt.Errorf("start etcd in data directory %s: %w", dir, err), s.close())
	}
	return s, nil
}

// start runs etcd's start in a goroutine of its own, since etcd panics, hangs
// or ends its goroutines where it finds its files damaged. One that hangs is
// left behind.
func (s *server) start(ctx context.Context, dir string, log *slog.Logger) error {
	first, err := makeFolder(dir)
	if err != nil {
		return err
	}
	cfg, err := s.config(filepath.Join(dir, subDir), log)
	if err != nil {
		return err
	}
	started := make(chan *embed.Etcd, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				s.fail(fmt.Errorf("etcd cannot read its files, restore them from a backup: %v", r))
			}
		}()
		etcd, err := embed.StartEtcd(cfg)
		if err != nil {
			s.fail(err)
			return
		}
		started <- etcd
	}()
	select {
	case s.etcd = <-started:
	case <-s.life.Done():
		return s.err()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.elect(ctx); err != nil || !first {
		return err
	}
	return born(dir)
}

func (s *server) config(dir string, log *slog.Logger) (*embed.Config, error) {
	member, err := url.Parse(memberURL)
	if err != nil {
		return nil, err
	}
	cfg := embed.NewConfig()
	cfg.Dir = dir
	cfg.Name = memberName
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.AdvertisePeerUrls, cfg.AdvertiseClientUrls = []url.URL{*member}, []url.URL{*member}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.InitialClusterToken = rand.Text() // a new cluster is like no other; an old one keeps its own
	cfg.QuotaBackendBytes = quota
	cfg.MaxTxnOps, cfg.MaxRequestBytes = maxTxnOps, maxRequest
	cfg.SnapshotCount, cfg.SnapshotCatchUpEntries = snapshotEvery, snapshotCatchUp
	cfg.MaxWalFiles, cfg.MaxSnapFiles = keepFiles, keepFiles
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = embed.CompactorModePeriodic, historyKept
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zapLogger(log, s))
	return cfg, nil
}

func (s *server) client() *clientv3.Client { return v3client.New(s.etcd.Server) }

// err returns why etcd failed, or nil.
func (s *server) err() error { return context.Cause(s.life) }

// close stops etcd and gives the data directory free. An etcd that failed may
// not stop; it is left behind after a while, and with it its own lock.
func (s *server) close() error {
	if s.etcd != nil {
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			s.etcd.Close()
		}()
		if s.err() == nil {
			<-stopped
		} else {
			select {
			case <-stopped:
			case <-time.After(closeTimeout):
			}
		}
	}
	return s.lock.Close()
}
