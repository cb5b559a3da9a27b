package etcdstore_test

import (
	"crypto/tls"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"github.com/duoplane/duoplane/internal/localca"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

// startSecureMember runs an etcd that speaks TLS and asks for root's password.
func startSecureMember(t *testing.T) (endpoint string, client *tls.Config) {
	t.Helper()
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("127.0.0.1", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "leaf.pem")
	if err := localca.SaveLeaf(file, leaf); err != nil {
		t.Fatal(err)
	}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "data")
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = nil, []url.URL{{Scheme: "http", Host: "member.invalid:2380"}}
	cfg.ListenClientUrls = []url.URL{{Scheme: "https", Host: "127.0.0.1:0"}}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.BcryptCost = uint(bcrypt.MinCost) // the default takes seconds under the race detector
	cfg.ClientTLSInfo.CertFile, cfg.ClientTLSInfo.KeyFile = file, file
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	<-etcd.Server.ReadyNotify()

	endpoint = "https://" + etcd.Clients[0].Addr().String()
	client = &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}
	admin, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, TLS: client})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close() //nolint:errcheck // a test's own client
	if _, err := admin.UserAdd(t.Context(), "root", "right-password"); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.UserGrantRole(t.Context(), "root", "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AuthEnable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return endpoint, client
}

func TestAClusterWithTLSAndPasswords(t *testing.T) {
	endpoint, client := startSecureMember(t)
	cfg := etcdstore.Config{
		Endpoints: []string{endpoint}, TLS: client, User: "root", Password: secret.NewText("right-password"),
		Tables: []store.Codec{things}, Prefix: "/elsewhere/", Logger: logger(t),
	}
	s, err := etcdstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{})); err != nil {
		t.Error(err)
	}
	if snap, err := s.Snapshot(t.Context(), store.Linearizable); err != nil || snap.Len("things") != 1 {
		t.Errorf("snapshot: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	cfg.Password = secret.NewText("wrong-password")
	if _, err = etcdstore.Open(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("with a wrong password: %v", err)
	}
	t.Log(err)
	cfg.User = ""
	if _, err = etcdstore.Open(t.Context(), cfg); err == nil {
		t.Error("opened without a password")
	}
	t.Log(err)
}
