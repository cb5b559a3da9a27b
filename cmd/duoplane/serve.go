package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/duoplane/duoplane/internal/account"
)

func (o *serveOptions) run(ctx context.Context, env environ) (err error) {
	log := o.newLogger(env.stderr)
	password, err := choosePassword(env.lookup)
	if err != nil {
		return err
	}
	c, err := o.claim(ctx)
	if err != nil {
		return err
	}
	var open closers
	defer func() { err = open.close(err) }()
	open.add(c.close)
	r := ready{APIURL: "https://" + hostPort(c.listener.Addr()), SSHAddr: c.ssh.addr(), SSHDoors: c.ssh.bound(), MetricsURL: metricsURL(c.metrics), AdminUser: account.AdminName}
	front, err := o.openFront(c, &r, log)
	if err != nil {
		return err
	}
	open.add(front.abandon)

	records := o.storeConfig(c.data, c.etcd)
	records.MaxAge = o.MaxPolicyAge
	n, err := openNode(ctx, nodeConfig{
		store: records, local: o.Reads == "local", keyset: c.keyset, auditDir: c.data.join("audit"), duoRoots: c.duoRoots, log: log,
	})
	_, c.unused = errors.AsType[storeError](err)
	if err != nil {
		return err
	}
	open.add(func() error { return n.open.close(nil) })
	n.reloadOnHangup(ctx)
	cluster, made, err := n.found(ctx, cmp.Or(o.ClusterName, firstCluster), password)
	if err != nil {
		return err
	}
	if o.ClusterName != "" && o.ClusterName != cluster.Name {
		log.WarnContext(ctx, "--cluster-name is taken on the first start alone", slog.String("given", o.ClusterName), slog.String("cluster", cluster.Name))
	}
	if made {
		if err := password.print(env.stdout); err != nil {
			return err
		}
	}
	r.ClusterUUID = cluster.UUID
	api, err := front.attach(n)
	if err != nil {
		return err
	}
	ssh, err := n.sshEdges(ctx, o.sshOptions, c.ssh, cluster)
	if err != nil {
		return err
	}
	control, err := n.openControl(ctx, c.data)
	if err != nil {
		return err
	}
	open.add(func() error { return clearReady(o.ReadyFile) })
	return serveEdges(n.watch(ctx), log, drain{o.DrainDelay, o.ShutdownTimeout}, func() error {
		if _, err := fmt.Fprintf(env.stdout, "Duoplane serves cluster %s at %s/api%s%s\n", cluster.Name, r.APIURL, trust(r.CAFile), c.ssh.said()+metricsSaid(r.MetricsURL)); err != nil {
			return err
		}
		return writeReady(o.ReadyFile, r)
	}, slices.Concat(n.metricsEdge(c.metrics), []edge{api}, ssh, control)...)
}

// openFront has the REST edge listen, so that whoever asks while the records
// are loaded learns that it takes a while.
func (o *serveOptions) openFront(c *claim, r *ready, log *slog.Logger) (*front, error) {
	cert, err := o.certificate(c, r)
	if err != nil {
		return nil, err
	}
	f, err := newFront(c.listener, cert, log)
	if err == nil {
		f.start()
	}
	return f, err
}

// certificate returns the one given, or one of our own; then clients have to
// be given its authority.
func (o *serveOptions) certificate(c *claim, r *ready) (tls.Certificate, error) {
	if c.cert != nil {
		return *c.cert, nil
	}
	r.CAFile = c.data.join("tls", caFile)
	return ownCertificate(c.data.join("tls"), certNames(o.APIListen, c.listener.Addr()))
}

func trust(caFile string) string {
	if caFile == "" {
		return ""
	}
	return ", to be trusted by " + caFile
}
