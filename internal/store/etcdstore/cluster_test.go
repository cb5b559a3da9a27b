package etcdstore_test

import (
	"context"
	"flag"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

var program = flag.String("etcd", "", "run this program as the members of clusters, not the etcd that is linked in")

// A member is an etcd with a socket, as an administrator would run one.
type member struct {
	dir      string
	endpoint string
	stop     func() // as an administrator would; what it has stays
}

func startMember(tb testing.TB) *member {
	tb.Helper()
	dir := tb.TempDir()
	if *program != "" {
		var err error
		if dir, err = os.MkdirTemp("", "etcd"); err != nil { //nolint:usetesting // a test's own has commas, which end an URL there
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	m := &member{dir: dir, endpoint: "unix://" + filepath.Join(dir, "client.sock")}
	m.start(tb)
	tb.Cleanup(func() { m.stop() })
	return m
}

// start runs the member: for the first time, or after stop once more.
func (m *member) start(tb testing.TB) {
	tb.Helper()
	client, err := url.Parse(m.endpoint)
	if err != nil {
		tb.Fatal(err)
	}
	if *program != "" {
		m.stop = m.run(tb, client)
		return
	}
	peer := url.URL{Scheme: "http", Host: "member.invalid:2380"}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(m.dir, "data")
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = nil, []url.URL{peer}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	<-etcd.Server.ReadyNotify()
	m.stop = sync.OnceFunc(etcd.Close)
}

// run does the same with a program.
func (m *member) run(tb testing.TB, client *url.URL) (stop func()) {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), *program, "--data-dir=data", "--logger=zap", "--log-level=error",
		"--listen-client-urls="+m.endpoint, "--advertise-client-urls=http://member.invalid:2379",
		"--listen-peer-urls=http://127.0.0.1:0", "--initial-advertise-peer-urls=http://member.invalid:2380",
		"--initial-cluster=default=http://member.invalid:2380", "--heartbeat-interval=10", "--election-timeout=100")
	cmd.Dir, cmd.Stderr = m.dir, tb.Output()
	_ = os.Remove(client.Path) // a killed one leaves it behind
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // that it was told to end
		close(ended)
	}()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended
	}
	tick, late := time.NewTicker(10*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(tb.Context(), "unix", client.Path)
		if err == nil {
			_ = conn.Close()
			return stop
		}
		select {
		case <-tick.C:
		case <-ended:
			tb.Fatal("it ended at once")
		case <-late:
			stop()
			tb.Fatal(err)
		}
	}
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
