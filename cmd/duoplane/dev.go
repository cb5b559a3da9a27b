package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	devCluster   = firstCluster
	passwordFile = "password"
)

func (o *devOptions) run(ctx context.Context, env environ) (err error) {
	var open closers
	defer func() { err = open.close(err) }()

	log := o.newLogger(env.stderr)
	password, err := choosePassword(env.lookup, sampleNames()...)
	if err != nil {
		return err
	}
	at, err := o.claim(ctx)
	if err != nil {
		return err
	}
	open.add(at.close)
	sim, err := newSimulator(simConfig{
		api: at.sim, control: at.control, listen: o.simListenOptions, seed: duosim.Seed{Users: samplePhones()},
		autoApprove: o.AutoApprove, dir: at.dir, log: log,
	})
	if err != nil {
		return err
	}
	n, err := openNode(ctx, nodeConfig{
		store: etcdstore.Config{Dir: at.join("store")}, keyset: at.join("keyset.json"), auditDir: at.join("audit"),
		duoRoots: sim.roots, log: log,
	})
	if err != nil {
		return err
	}
	open.add(func() error { return n.open.close(nil) })
	b := banner{dir: at.dir, autoApprove: o.AutoApprove, sim: sim}
	cluster, err := n.furnish(ctx, at, sim, password, &b.ready)
	if err != nil {
		return err
	}
	cert, err := ownCertificate(at.dir, certNames(o.APIListen, at.api.Addr()))
	if err != nil {
		return err
	}
	front, err := newFront(at.api, cert, log)
	if err != nil {
		return err
	}
	api, err := front.attach(n)
	if err != nil {
		return err
	}
	ssh, err := n.sshEdges(ctx, o.sshOptions, at.ssh, cluster)
	if err != nil {
		return err
	}
	open.add(func() error { return clearReady(o.ReadyFile) })
	return serveEdges(n.watch(ctx), log, drain{timeout: o.ShutdownTimeout}, func() error {
		if err := b.print(env.stdout); err != nil {
			return err
		}
		return writeReady(o.ReadyFile, b.ready)
	}, slices.Concat(n.metricsEdge(at.metrics), sim.edges, []edge{api}, ssh)...)
}

// A devClaim is what duoplane dev must have before it begins.
type devClaim struct {
	api, sim, control net.Listener
	ssh               sshDoors
	metrics           net.Listener // nil: none
	dir               string
}

func (o *devOptions) claim(ctx context.Context) (*devClaim, error) {
	c := &devClaim{}
	var errs [6]error
	c.api, errs[0] = listen(ctx, "api-listen", o.APIListen)
	c.sim, c.control, errs[1] = o.listen(ctx)
	c.dir, errs[2] = newTempDir(o.Dir)
	errs[3] = clearReady(o.ReadyFile)
	c.ssh, errs[4] = o.openDoors(ctx)
	c.metrics, errs[5] = o.openMetrics(ctx)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *devClaim) join(name string) string { return filepath.Join(c.dir, name) }

// close gives the addresses free and removes all that was kept.
func (c *devClaim) close() error {
	err := errors.Join(closeListener(c.api), closeListener(c.sim), closeListener(c.control), closeListener(c.metrics), c.ssh.close())
	if c.dir != "" {
		err = errors.Join(err, os.RemoveAll(c.dir))
	}
	return err
}

// furnish makes cluster, administrator and samples, and notes what a script
// needs to know of them.
func (n *node) furnish(ctx context.Context, at *devClaim, sim *simulator, password adminPassword, r *ready) (svm.Cluster, error) {
	cluster, _, err := n.found(ctx, devCluster, password)
	if err != nil {
		return svm.Cluster{}, err
	}
	vm, err := n.populate(ctx, sim, password.reveal())
	if err != nil {
		return svm.Cluster{}, err
	}
	*r = ready{
		APIURL: "https://" + hostPort(at.api.Addr()), CAFile: at.join(caFile), SSHAddr: at.ssh.addr(), SSHDoors: at.ssh.bound(), MetricsURL: metricsURL(at.metrics), ClusterUUID: cluster.UUID, SVMUUID: vm.UUID,
		AdminUser: account.AdminName, AdminPassword: password.reveal(),
	}
	sim.describe(r)
	return cluster, durable.Replace(at.join(passwordFile), []byte(r.AdminPassword), 0o600)
}
