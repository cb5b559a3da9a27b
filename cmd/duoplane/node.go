package main

import (
	"context"
	"crypto/x509"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/metrics"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
)

// clusterTime is how long a start waits for an etcd cluster, which may have to
// elect a leader first.
const clusterTime = 30 * time.Second

// firstCluster is the name a cluster gets that is given none.
const firstCluster = "cluster-1"

// nodeConfig is what a node is built from.
type nodeConfig struct {
	store    etcdstore.Config // Tables and Logger are filled in
	local    bool             // reads see what has reached this process
	keyset   string           // file; made for a store without records
	auditDir string
	duoRoots *x509.CertPool // nil: the system's
	log      *slog.Logger
}

// A node is one process's part of the product: the store and the services over
// it. Everything in it is ready to be called.
type node struct {
	log      *slog.Logger
	store    *etcdstore.Store
	ledger   *audit.Ledger
	svms     *svm.Service
	accounts *account.Service
	profiles *duo.ProfileService
	groups   *owned.Service[duo.Group]
	messages *loginmsg.Service
	trail    *trail.Service
	keys     *seal.Ring
	guard    *guard
	metrics  *metrics.Metrics
	open     closers
	room     []byte         // see heapRoom
	tidying  sync.WaitGroup // see loading
}

// tables are all tables of the store that hold data; seal.Holders, which is
// about the processes that run, comes beside them.
func tables() []store.Codec {
	return slices.Concat(svm.Tables(), sshd.Tables(), []store.Codec{account.Accounts, account.PublicKeys, duo.Profiles, duo.Groups, loginmsg.Table, seal.Witnesses})
}

// openNode opens audit log, store and keyset. The log is the last to be closed:
// a commit that the store's end cuts off still writes how it ended. The caller
// closes the node.
func openNode(ctx context.Context, cfg nodeConfig) (_ *node, err error) {
	n := &node{log: cfg.log, metrics: newMetrics(), room: make([]byte, heapRoom)}
	defer func() {
		if err != nil {
			err = n.open.close(err)
		}
	}()
	log, err := n.openAudit(ctx, cfg.auditDir)
	if err != nil {
		return nil, err
	}
	cfg.store.Tables, cfg.store.Logger, cfg.store.Committed = append(tables(), seal.Holders), cfg.log, n.metrics.Committed
	n.open.add(func() error { n.tidying.Wait(); return nil })
	loaded := n.loading()
	n.store, err = openStore(ctx, cfg.store)
	loaded()
	if err != nil {
		return nil, storeError{err}
	}
	n.open.add(n.store.Close)
	if err := n.openKeys(ctx, cfg); err != nil {
		return nil, err
	}
	links := duolink.New(duolink.Config{Secrets: n.keys, RootCAs: cfg.duoRoots, UserAgent: "Duoplane/" + version, Observe: n.metrics.DuoCall})
	n.open.add(func() error { links.Close(); return nil })

	n.ledger = audit.NewLedger(n.store, log)
	if cfg.local {
		n.ledger = audit.NewLedger(localReads{n.store}, log)
	}
	n.svms = svm.NewService(n.ledger, duo.Profiles, duo.Groups, account.Accounts, account.PublicKeys, loginmsg.Table, sshd.Visits)
	n.accounts = account.NewService(account.Config{Ledger: n.ledger, SVMs: n.svms, Logger: n.log})
	n.profiles = duo.NewProfileService(n.ledger, n.svms, n.keys, links)
	n.groups = duo.NewGroupService(n.ledger, n.svms)
	n.messages = loginmsg.NewService(n.ledger, n.svms)
	n.trail = trail.NewService(n.ledger)
	n.guard = n.newGuard(links)
	n.measure()
	return n, nil
}

// A storeError is why the store could not be opened; nothing in it was changed.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }

func openStore(ctx context.Context, cfg etcdstore.Config) (*etcdstore.Store, error) {
	if len(cfg.Endpoints) == 0 {
		return etcdstore.Open(ctx, cfg)
	}
	limited, cancel := context.WithTimeout(ctx, clusterTime)
	defer cancel()
	slow := time.AfterFunc(2*time.Second, func() {
		cfg.Logger.WarnContext(ctx, "waiting for the etcd cluster", slog.Any("endpoints", cfg.Endpoints), slog.Duration("at_most", clusterTime))
	})
	defer slow.Stop()
	s, err := etcdstore.Open(limited, cfg)
	if err != nil && ctx.Err() == nil {
		err = faultf("etcd-endpoints", "%s cannot be used (waited up to %s): %v", strings.Join(cfg.Endpoints, ", "), clusterTime, err)
	}
	return s, err
}

// localReads makes every snapshot one of what has reached this process. A
// change computed from too old a one loses its race and is computed anew.
type localReads struct{ store.Store }

func (s localReads) Snapshot(ctx context.Context, _ store.Consistency) (store.Snapshot, error) {
	return s.Store.Snapshot(ctx, store.Local)
}

// openAudit opens the audit log and brings it to the disk from then on.
func (n *node) openAudit(ctx context.Context, dir string) (*audit.Log, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := audit.Open(audit.Config{Dir: dir, Logger: n.log})
	if err != nil {
		return nil, err
	}
	n.open.add(log.Close)
	n.metrics.Audit(log.Stats)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var syncing sync.WaitGroup
	syncing.Go(func() { log.Run(ctx) })
	n.open.add(func() error {
		stop()
		syncing.Wait()
		return nil
	})
	return log, nil
}

// found makes what a store begins with, on the very first start alone: the
// cluster, and its administrator with the password. It reports whether the
// administrator was made.
func (n *node) found(ctx context.Context, clusterName string, p adminPassword) (svm.Cluster, bool, error) {
	cluster, err := n.svms.EnsureCluster(ctx, clusterName)
	if err != nil {
		return svm.Cluster{}, false, err
	}
	made, err := n.accounts.EnsureAdmin(ctx, p.text)
	return cluster, made, err
}

// api returns the handler of the REST edge over the node's services.
func (n *node) api() (*rest.API, error) {
	api, err := rest.New(rest.Config{
		Authenticate: func(ctx context.Context, given rest.Credentials) (rest.Principal, error) {
			return n.accounts.Begin(ctx, account.Credentials{
				Application: account.HTTP, User: given.User, Password: given.Password,
				From: given.From, Via: "rest", Request: given.Request,
			})
		},
		ScopeTo: n.svms.ScopeTo,
		Resources: rest.Routes(rest.Services{
			Profiles: n.profiles, Groups: n.groups, Accounts: n.accounts, Roles: account.NewRoleService(n.ledger),
			SVMs: n.svms, Cluster: svm.NewClusterService(n.ledger), Nodes: svm.NewNodeService(n.ledger),
			Messages: n.messages, Trail: n.trail,
			Logins: n.guard.logins, Explainer: n.guard.explainer, Tester: n.guard.tester, Door: n.guard.door,
			Version: version,
		}),
		About:  rest.About{Title: "Duoplane", Version: version, URL: projectURL},
		Logger: n.log, Observe: n.metrics.Requests,
	})
	if err != nil {
		return nil, err
	}
	n.measureREST(api)
	return api, nil
}

// watch returns a context that also ends when the store has stopped by itself,
// with that as its cause.
func (n *node) watch(ctx context.Context) context.Context {
	ctx, stop := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-n.store.Failed():
			stop(n.store.Err())
		case <-ctx.Done():
		}
	})
	n.open.add(func() error {
		stop(nil)
		watching.Wait()
		return nil
	})
	return ctx
}
