package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/sshd"
)

// vaults are all tables with sealed secrets.
func vaults() []seal.Vault {
	return []seal.Vault{seal.VaultOf(duo.Profiles), seal.VaultOf(sshd.HostKeys)}
}

// openKeys takes the keyset into use and keeps an eye on its file. Where other
// servers may be on the same store, they hear of this one.
func (n *node) openKeys(ctx context.Context, cfg nodeConfig) (err error) {
	ring := seal.Config{Store: n.store, Path: cfg.keyset, Tables: tables(), Logger: n.log}
	if len(cfg.store.Endpoints) > 0 {
		if ring.Host, err = os.Hostname(); err != nil {
			return err
		}
	}
	if n.keys, err = seal.Prepare(ctx, ring); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var looking sync.WaitGroup
	looking.Go(func() { n.keys.Run(ctx) })
	n.open.add(func() error {
		stop()
		looking.Wait()
		return nil
	})
	return nil
}

// reloadOnHangup reads the keyset file at every SIGHUP, at once instead of at
// the next look; what is wrong with it is in the log.
func (n *node) reloadOnHangup(ctx context.Context) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for {
			select {
			case <-hangups:
				n.log.InfoContext(ctx, "SIGHUP: the keyset file is read again")
				_ = n.keys.Reload(ctx) // logged there
			case <-ctx.Done():
				return
			}
		}
	})
	n.open.add(func() error {
		signal.Stop(hangups)
		stop()
		waiting.Wait()
		return nil
	})
}
