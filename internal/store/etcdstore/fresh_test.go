package etcdstore

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/duoplane/duoplane/internal/store"
)

func TestOnlyAnAnswerToALaterQuestionMakesYounger(t *testing.T) {
	var f freshness
	f.begin(time.Minute)
	now := f.epoch
	f.mark(now.Add(3 * time.Second))
	f.mark(now.Add(2 * time.Second)) // its answer was slow
	if at := time.Duration(f.at.Load()); at != 3*time.Second {
		t.Errorf("confirmed at %v", at)
	}
}

// A deafWatcher hands out a first watch that brings nothing, as from a member
// that has fallen behind.
type deafWatcher struct {
	clientv3.Watcher

	calls atomic.Int64
}

func (d *deafWatcher) Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan {
	if d.calls.Add(1) > 1 {
		return d.Watcher.Watch(ctx, key, opts...)
	}
	never := make(chan clientv3.WatchResponse)
	context.AfterFunc(ctx, func() { close(never) })
	return never
}

func TestAWatchThatBringsNothingIsBegunAnew(t *testing.T) {
	endpoint := startSocket(t)
	var deaf *deafWatcher
	s, err := open(t.Context(), Config{Endpoints: []string{endpoint}, Tables: []store.Codec{samples}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))},
		func(ctx context.Context, cfg Config) (*clientv3.Client, error) {
			client, err := dial(ctx, cfg)
			if err == nil {
				deaf = &deafWatcher{Watcher: client.Watcher}
				client.Watcher = deaf
			}
			return client, err
		})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	other, err := Open(t.Context(), Config{Endpoints: []string{endpoint}, Tables: []store.Codec{samples}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Commit(t.Context(), samples.Put("a", 0, aSample())); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil || snap.Len("samples") != 1 || deaf.calls.Load() != 2 {
		t.Errorf("%v after %d watches", err, deaf.calls.Load())
	}
}

// startSocket runs an etcd of one member and returns its endpoint.
func startSocket(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	client := url.URL{Scheme: "unix", Path: filepath.Join(dir, "client.sock")}
	peer := url.URL{Scheme: "http", Host: "member.invalid:2380"}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "data")
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = nil, []url.URL{peer}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	<-etcd.Server.ReadyNotify()
	return client.String()
}
