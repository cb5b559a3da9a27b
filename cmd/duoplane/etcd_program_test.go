package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"github.com/duoplane/duoplane/internal/durable"
)

// etcdConfig is that of an etcd of one member on a free port, quick to elect
// itself.
func etcdConfig(dir, scheme string) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Dir = dir
	anyPort := url.URL{Scheme: scheme, Host: "127.0.0.1:0"}
	peer := url.URL{Scheme: "http", Host: "member.invalid:2380"}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = nil, []url.URL{peer}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{anyPort}, []url.URL{anyPort}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.BcryptCost = uint(bcrypt.MinCost) // the default takes seconds under the race detector
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	return cfg
}

// etcdMain is an etcd of its own process, for a scenario to kill: etcd DIR FILE
// keeps its data in DIR and tells its address in the ready file FILE.
func etcdMain() {
	if err := runEtcd(os.Args[1], os.Args[2]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
}

func runEtcd(dir, file string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	etcd, err := embed.StartEtcd(etcdConfig(dir, "http"))
	if err != nil {
		return err
	}
	defer etcd.Close()
	<-etcd.Server.ReadyNotify()
	doc, err := json.Marshal(map[string]string{"etcd_url": "http://" + etcd.Clients[0].Addr().String()})
	if err != nil {
		return err
	}
	if err := durable.Replace(file, doc, 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
