package main

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/duoplane/duoplane/internal/localca"
)

// An etcdCluster is an etcd as its administrators run it: over TLS, with
// users.
type etcdCluster struct {
	endpoint, caFile, passwordFile string
	stop                           func()
}

const etcdPassword = "s3cret-of-etcd"

func startEtcd(t *testing.T) etcdCluster {
	t.Helper()
	dir := t.TempDir()
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(dir, "server.pem")
	c := etcdCluster{caFile: filepath.Join(dir, "ca.pem"), passwordFile: filepath.Join(dir, "password")}
	for _, err := range []error{
		localca.SaveLeaf(server, leaf),
		os.WriteFile(c.caFile, ca.PEM(), 0o600),
		os.WriteFile(c.passwordFile, []byte(etcdPassword+"\n"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := etcdConfig(filepath.Join(dir, "etcd"), "https")
	cfg.ClientTLSInfo = transport.TLSInfo{CertFile: server, KeyFile: server}
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.stop = sync.OnceFunc(etcd.Close)
	t.Cleanup(c.stop)
	<-etcd.Server.ReadyNotify()
	c.endpoint = "https://" + etcd.Clients[0].Addr().String()
	c.addUser(t, ca)
	return c
}

// addUser makes etcd ask for a password from now on.
func (c etcdCluster) addUser(t *testing.T, ca *localca.CA) {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{c.endpoint}, TLS: &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}, Logger: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // nothing is left to lose
	ctx := t.Context()
	for _, do := range []func() error{
		func() error { _, err := client.UserAdd(ctx, "root", etcdPassword); return err },
		func() error { _, err := client.UserGrantRole(ctx, "root", "root"); return err },
		func() error { _, err := client.AuthEnable(ctx); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
}

// options are those of a server on the cluster.
func (c etcdCluster) options(dir string) []string {
	return []string{
		"serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0", "--etcd-endpoints", c.endpoint,
		"--etcd-ca-file", c.caFile, "--etcd-user=root", "--etcd-password-file", c.passwordFile,
	}
}

func TestTwoServersOnOneEtcdCluster(t *testing.T) {
	etcd, dir := startEtcd(t), t.TempDir()
	env := []string{passwordVariable + "=" + testPassword}
	one := start(t, env, etcd.options(filepath.Join(dir, "one"))...)
	if _, err := os.Stat(filepath.Join(dir, "one", "store")); !os.IsNotExist(err) {
		t.Errorf("an embedded store was made beside the cluster: %v", err)
	}

	// Without the keyset of the first one, the second does not start.
	stranger := launch(t, env, etcd.options(filepath.Join(dir, "two"))...)
	if code := stranger.wait(); code != exitFailed || !strings.Contains(stranger.stderr.String(), "keyset.json is missing, and this data needs it") {
		t.Errorf("a server without the keyset ended with %d:\n%s", code, stranger.output())
	}
	keyset := filepath.Join(dir, "one", "keyset.json")
	two := start(t, env, append(etcd.options(filepath.Join(dir, "two")), "--keyset-file", keyset)...)
	if one.ready.ClusterUUID != two.ready.ClusterUUID {
		t.Errorf("they serve two clusters, %s and %s", one.ready.ClusterUUID, two.ready.ClusterUUID)
	}

	// What one acknowledged, the other one shows.
	one.client(testPassword).must(201, "POST", "/api/svm/svms", `{"name":"tenant1"}`)
	if got := count(t, two.client(testPassword), "/api/svm/svms?name=tenant1"); got != 1 {
		t.Error("the other server does not know the SVM")
	}
	for _, p := range []*program{one, two} {
		if code := p.signal(syscall.SIGTERM); code != exitOK {
			t.Errorf("SIGTERM ended it with %d:\n%s", code, p.output())
		}
		mustNotHold(t, "output", p.output(), etcdPassword)
	}
}

func TestLocalReadsGoOnWithoutTheCluster(t *testing.T) {
	etcd := startEtcd(t)
	p := start(t, []string{passwordVariable + "=" + testPassword},
		append(etcd.options(filepath.Join(t.TempDir(), "data")), "--reads=local")...)
	c := p.client(testPassword)
	c.must(201, "POST", "/api/svm/svms", `{"name":"tenant1"}`)
	etcd.stop()
	if got := count(t, c, "/api/svm/svms?name=tenant1"); got != 1 {
		t.Error("the SVM is gone with the cluster")
	}
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("without the cluster SIGTERM ended it with %d:\n%s", code, p.output())
	}
}

func TestAnEtcdClusterThatRefusesIsNamed(t *testing.T) {
	etcd := startEtcd(t)
	if err := os.WriteFile(etcd.passwordFile, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, nil, etcd.options(dir)...)
	if code := p.wait(); code != exitFailed || !strings.Contains(p.stderr.String(), "--etcd-endpoints: "+etcd.endpoint) {
		t.Errorf("it ended with %d:\n%s", code, p.output())
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder made for the start is still there: %v", err)
	}
}
