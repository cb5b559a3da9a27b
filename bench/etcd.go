package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// An etcdFloor is an etcd in this process on the same disk as Duoplane's, with
// nothing around it: what a durable write costs at least.
type etcdFloor struct {
	etcd   *embed.Etcd
	client *clientv3.Client
}

func startEtcd(dir string) (*etcdFloor, error) {
	member, err := url.Parse("http://bench.invalid:2380") // a name; nothing listens there
	if err != nil {
		return nil, err
	}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "floor-etcd")
	cfg.LogLevel = "fatal" // it has no past to complain about
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.AdvertisePeerUrls, cfg.AdvertiseClientUrls = []url.URL{*member}, []url.URL{*member}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, fmt.Errorf("start the bare etcd: %w", err)
	}
	select {
	case <-etcd.Server.ReadyNotify():
	case err := <-etcd.Err():
		etcd.Close()
		return nil, fmt.Errorf("start the bare etcd: %w", err)
	case <-time.After(time.Minute):
		etcd.Close()
		return nil, fmt.Errorf("the bare etcd is not ready after a minute")
	}
	return &etcdFloor{etcd: etcd, client: v3client.New(etcd.Server)}, nil
}

// put writes one document of the given size.
func (f *etcdFloor) put(ctx context.Context, i, size int) error {
	text := fmt.Sprint(i)
	_, err := f.client.Put(ctx, "/bench/profile", text+strings.Repeat("x", max(0, size-len(text))))
	return err
}

func (f *etcdFloor) close() {
	_ = f.client.Close() // nothing is kept
	f.etcd.Close()
}
