package etcdstore_test

import (
	"net/url"
	"path/filepath"
	"testing"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

// A member is an etcd with a socket, as an administrator would run one.
type member struct {
	etcd     *embed.Etcd
	dir      string
	endpoint string
}

func startMember(tb testing.TB) *member {
	tb.Helper()
	dir := tb.TempDir()
	m := &member{dir: dir, endpoint: "unix://" + filepath.Join(dir, "client.sock")}
	m.start(tb)
	tb.Cleanup(func() { m.etcd.Close() })
	return m
}

func (m *member) start(tb testing.TB) {
	tb.Helper()
	client, err := url.Parse(m.endpoint)
	if err != nil {
		tb.Fatal(err)
	}
	peer := url.URL{Scheme: "http", Host: "member.invalid:2380"}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(m.dir, "data")
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = nil, []url.URL{peer}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	if m.etcd, err = embed.StartEtcd(cfg); err != nil {
		tb.Fatal(err)
	}
	<-m.etcd.Server.ReadyNotify()
}

func (m *member) open(tb testing.TB, tables ...store.Codec) *etcdstore.Store {
	tb.Helper()
	s, err := etcdstore.Open(tb.Context(), etcdstore.Config{Endpoints: []string{m.endpoint}, Tables: tables, Logger: logger(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func clustered(tb testing.TB) storetest.Opener {
	tb.Helper()
	m := startMember(tb)
	return func(tb testing.TB, tables ...store.Codec) store.Store {
		tb.Helper()
		return m.open(tb, tables...)
	}
}

func TestSuiteOnACluster(t *testing.T) { storetest.Run(t, clustered) }

func TestSharedSuiteOnACluster(t *testing.T) { storetest.RunShared(t, clustered) }
