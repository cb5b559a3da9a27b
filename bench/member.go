package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/process"
	"github.com/duoplane/duoplane/internal/durable"
)

const (
	memberCommand = "etcd-member"
	members       = 3
)

// A member is one member of an etcd cluster of three, as its process is told.
type member struct {
	Dir, Name    string
	Client, Peer string // URLs
	Cluster      string // all members
	PEM          string // certificate and key, for clients
	Ready        string
}

// startMembers starts a cluster of three, each a process of its own, and
// returns the URLs for clients, who trust ca.pem in env.Dir.
func startMembers(ctx context.Context, env *harness.Env) (endpoints []string, err error) {
	pem, _, err := certificate(env.Dir)
	if err != nil {
		return nil, err
	}
	addrs, err := freePorts(ctx, 2*members)
	if err != nil {
		return nil, err
	}
	all := make([]member, members)
	var cluster []string
	for i := range all {
		name := fmt.Sprintf("member%d", i)
		all[i] = member{
			Dir: filepath.Join(env.Dir, name), Name: name, PEM: pem, Ready: filepath.Join(env.Dir, name+".json"),
			Client: "https://" + addrs[2*i], Peer: "http://" + addrs[2*i+1],
		}
		endpoints = append(endpoints, all[i].Client)
		cluster = append(cluster, name+"="+all[i].Peer)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for i := range all {
		m := &all[i]
		m.Cluster = strings.Join(cluster, ",")
		text, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		p, err := process.Start(ctx, process.Command{Program: self, Args: []string{memberCommand, m.Name}, Stdin: text, Ready: m.Ready}, &struct{}{})
		if err != nil {
			return nil, err
		}
		env.Defer(func() error { p.Kill(); return nil }) // its data is thrown away
	}
	return endpoints, nil
}

// serveMember is a member's process. It is ready when it listens: a leader is
// found once there are two.
func serveMember(ctx context.Context, _ []string, stdin io.Reader, _ io.Writer) error {
	var m member
	if err := json.NewDecoder(stdin).Decode(&m); err != nil {
		return err
	}
	client, err := url.Parse(m.Client)
	if err != nil {
		return err
	}
	peer, err := url.Parse(m.Peer)
	if err != nil {
		return err
	}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.Name, cfg.LogLevel = m.Dir, m.Name, "fatal"
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	cfg.InitialCluster = m.Cluster
	cfg.ClientTLSInfo = transport.TLSInfo{CertFile: m.PEM, KeyFile: m.PEM}
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	defer etcd.Close()
	if err := durable.Replace(m.Ready, []byte("{}"), 0o600); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-etcd.Err():
		return err
	}
}
