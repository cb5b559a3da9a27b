package main

import (
	"context"
	"errors"
	"os"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/seal"
)

// keysOptions are those of duoplane keys.
type keysOptions struct {
	List   keysListOptions   `cmd:"" help:"List the keys: what each is there for, since when, and how many records it seals."`
	Rotate keysRotateOptions `cmd:"" help:"Put a fresh key in place and seal all secrets anew with it, also while they are served. Interrupted, it goes on when it is run again."`
	Drop   keysDropOptions   `cmd:"" help:"Remove the keys that seal nothing any more from the keyset file. Backups made while they did cannot be restored with the file then."`
}

type (
	keysListOptions   struct{ keysTool }
	keysRotateOptions struct{ keysTool }
	keysDropOptions   struct{ keysTool }
)

// keysTool are the options of all of them.
type keysTool struct{ toolOptions }

func (o *keysTool) faults() []error {
	if o.DataDir == "" {
		return append(o.storeOptions.faults(), faultf("data-dir", "is required: name the server's folder, for example --data-dir=/var/lib/duoplane"))
	}
	return o.toolOptions.faults()
}

// A keyring is what the commands work with: the ring of a server that runs, or
// one of their own.
type keyring interface {
	list(ctx context.Context) (*keyList, error)
	rotate(ctx context.Context, report func(seal.Progress)) error
	drop(ctx context.Context) ([]seal.KeyID, error)
}

// A keyList is the keys and the servers that have them.
type keyList struct {
	Keys  []seal.KeyInfo `json:"keys"`
	Nodes []seal.Holder  `json:"nodes,omitempty"`
}

// work has something done with the keys of a store.
func (o *keysTool) work(ctx context.Context, env environ, do func(keyring) error) (err error) {
	at, err := o.enter(ctx, env, false)
	if err != nil {
		return err
	}
	at.unused = false
	defer func() { err = errors.Join(err, at.close()) }()
	if at.control != nil {
		return do(at.control)
	}
	var open closers
	defer func() { err = open.close(err) }()
	log, err := at.auditLog()
	if err != nil {
		return err
	}
	open.add(log.Close)
	at.records.Tables = append(tables(), seal.Holders)
	s, err := openStore(ctx, at.records)
	if err != nil {
		return err
	}
	open.add(s.Close)
	ring, err := seal.Attach(ctx, seal.Config{Store: s, Path: at.keyset, Tables: tables(), Logger: at.log})
	if err != nil {
		return err
	}
	return do(ringTool{ring, audit.NewLedger(s, log), operator(os.Getuid(), "tool")})
}

// A ringTool is a Ring with who uses it.
type ringTool struct {
	ring   *seal.Ring
	ledger *audit.Ledger
	who    audit.Who
}

func (t ringTool) list(ctx context.Context) (*keyList, error) {
	keys, err := t.ring.List(ctx, vaults())
	if err != nil {
		return nil, err
	}
	nodes, err := t.ring.Nodes(ctx)
	return &keyList{keys, nodes}, err
}

func (t ringTool) rotate(ctx context.Context, report func(seal.Progress)) error {
	return t.ring.Rotate(ctx, seal.Rotation{Vaults: vaults(), Ledger: t.ledger, Actor: t.who, Report: report})
}

func (t ringTool) drop(ctx context.Context) ([]seal.KeyID, error) {
	return t.ring.Drop(ctx, seal.Rotation{Vaults: vaults(), Ledger: t.ledger, Actor: t.who})
}

func (o *keysListOptions) run(ctx context.Context, env environ) error {
	return o.work(ctx, env, func(k keyring) error {
		list, err := k.list(ctx)
		if err != nil {
			return err
		}
		return list.print(env.stdout)
	})
}

func (o *keysRotateOptions) run(ctx context.Context, env environ) error {
	show := newProgress(env.stderr, "sealing anew")
	err := o.work(ctx, env, func(k keyring) error {
		defer show.end()
		return k.rotate(ctx, func(p seal.Progress) {
			if p.Step == seal.StepSealing {
				show.report(p.Done, p.Total)
				return
			}
			show.end()
			_ = say(env.stdout, "%s", tellStep(p)) // what is shown is no part of the work
		})
	})
	return interrupted(ctx, err, "nothing is lost; run duoplane keys rotate again to go on")
}

func (o *keysDropOptions) run(ctx context.Context, env environ) error {
	return o.work(ctx, env, func(k keyring) error {
		dropped, err := k.drop(ctx)
		if err != nil {
			return err
		}
		if len(dropped) == 0 {
			return say(env.stdout, "There is no key that could be dropped.")
		}
		return say(env.stdout, "Dropped: %s.", join(dropped))
	})
}
