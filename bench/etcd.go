package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// A rawEtcd is an etcd in this process on the same disk as Duoplane's, with
// nothing around it: what a durable write costs at least.
type rawEtcd struct {
	etcd   *embed.Etcd
	client *clientv3.Client
	value  string
}

// startRawEtcd starts one whose values shall have the size of a profile's
// document.
func startRawEtcd(dir string, value []byte) (*rawEtcd, error) {
	cfg, err := etcdConfig(filepath.Join(dir, "etcd"), "bench")
	if err != nil {
		return nil, err
	}
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
	return &rawEtcd{etcd: etcd, client: v3client.New(etcd.Server), value: string(value)}, nil
}

// etcdConfig is that of an etcd which listens nowhere, in the folder of a
// member of a name.
func etcdConfig(dir, name string) (*embed.Config, error) {
	member, err := url.Parse("http://" + name + ".invalid:2380")
	if err != nil {
		return nil, err
	}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.Name = dir, name
	cfg.LogLevel = "fatal" // it has no past to complain about
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.AdvertisePeerUrls, cfg.AdvertiseClientUrls = []url.URL{*member}, []url.URL{*member}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 10, 100 // there is nobody to elect but itself
	return cfg, nil
}

// put writes one document of a writer's own.
func (r *rawEtcd) put(ctx context.Context, writer, i int) error {
	text := fmt.Sprintf("%08d", i)
	_, err := r.client.Put(ctx, fmt.Sprintf("/bench/profile/%d", writer), text+r.value[len(text):])
	return err
}

func (r *rawEtcd) close() error {
	_ = r.client.Close() // reports only that its context ended
	r.etcd.Close()
	return nil
}
