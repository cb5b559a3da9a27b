package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// memberVariable holds the description of the member that a child of the test
// binary is to be.
const memberVariable = "DUOPLANE_TEST_ETCD_MEMBER"

// A member is one etcd of the cluster, in a process of its own, so that it can
// be killed and frozen. It listens on sockets in its folder.
type member struct {
	Name    string
	Dir     string
	Peer    string // URL under which the others reach it: a proxy's
	Cluster string // names and URLs of all

	process *exec.Cmd
	stdin   io.Closer // the child ends with it, and so with its parent
	client  *clientv3.Client
}

func (m *member) socket(name string) string { return filepath.Join(m.Dir, name+".sock") }

// runMember is the life of a child.
func runMember(description string) error {
	var m member
	if err := json.Unmarshal([]byte(description), &m); err != nil {
		return err
	}
	peer, err := url.Parse(m.Peer)
	if err != nil {
		return err
	}
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir = m.Name, filepath.Join(m.Dir, "data")
	cfg.ListenPeerUrls = []url.URL{{Scheme: "unix", Host: m.socket("peer")}} // etcd takes a peer's socket from there
	cfg.ListenClientUrls = []url.URL{{Scheme: "unix", Path: m.socket("client")}}
	cfg.AdvertisePeerUrls = []url.URL{*peer}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	cfg.InitialCluster = m.Cluster
	cfg.TickMs, cfg.ElectionMs = 50, 500
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	defer etcd.Close()
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
	return nil
}

// start runs the member; what it has on its disk is there again.
func (m *member) start(t *testing.T) {
	t.Helper()
	for _, name := range []string{"peer", "client"} {
		_ = os.Remove(m.socket(name)) // left behind by a kill
	}
	doc, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m.process = exec.Command(self)
	m.process.Env = append(os.Environ(), memberVariable+"="+string(doc))
	m.process.Stderr = t.Output()
	if m.stdin, err = m.process.StdinPipe(); err == nil {
		err = m.process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// kill ends the member as a loss of power would.
func (m *member) kill() {
	_ = m.process.Process.Signal(syscall.SIGCONT) // else nothing can be waited for
	_ = m.process.Process.Kill()
	_ = m.process.Wait() // that it was killed
	_ = m.stdin.Close()
}

func (m *member) freeze() { _ = m.process.Process.Signal(syscall.SIGSTOP) }
func (m *member) thaw()   { _ = m.process.Process.Signal(syscall.SIGCONT) }

// dial makes the client by which the test asks the member itself.
func (m *member) dial(t *testing.T) {
	t.Helper()
	var err error
	m.client, err = clientv3.New(clientv3.Config{
		Endpoints: []string{"unix://" + m.socket("client")}, Logger: zap.NewNop(), Context: context.WithoutCancel(t.Context()),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// leads reports whether the member takes itself for the leader.
func (m *member) leads(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	s, err := m.client.Status(ctx, m.client.Endpoints()[0])
	if err != nil {
		return false, fmt.Errorf("ask %s: %w", m.Name, err)
	}
	return s.Leader == s.Header.MemberId, nil
}
