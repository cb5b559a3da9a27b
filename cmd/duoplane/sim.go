package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
)

// simDrain is how long the simulator's clients may take to end: a tool for
// tests should not keep them waiting.
const simDrain = 2 * time.Second

func (o *simOptions) run(ctx context.Context, env environ) (err error) {
	var open closers
	defer func() { err = open.close(err) }()

	log := o.newLogger(env.stderr)
	seed, err := o.readSeed()
	if err != nil {
		return err
	}
	if err := clearReady(o.ReadyFile); err != nil {
		return err
	}
	api, control, err := o.listen(ctx)
	if err != nil {
		return err
	}
	open.add(func() error { return errors.Join(closeListener(api), closeListener(control)) })
	dir, err := os.MkdirTemp("", "duoplane-sim-")
	if err != nil {
		return fmt.Errorf("make a folder for the certificate: %w", err)
	}
	open.add(func() error { return os.RemoveAll(dir) })
	sim, err := newSimulator(simConfig{
		api: api, control: control, listen: o.simListenOptions, seed: seed, autoApprove: o.AutoApprove, dir: dir, log: log,
	})
	if err != nil {
		return err
	}
	open.add(func() error { return clearReady(o.ReadyFile) })
	return serveEdges(ctx, log, drain{timeout: simDrain}, func() error {
		if err := sim.print(env.stdout); err != nil {
			return err
		}
		var r ready
		sim.describe(&r)
		return writeReady(o.ReadyFile, r)
	}, sim.edges...)
}

// readSeed reads the seed file, or makes up what a first try needs.
func (o *simOptions) readSeed() (duosim.Seed, error) {
	if o.Seed == "" {
		return duosim.Seed{Users: samplePhones()}, nil
	}
	data, err := os.ReadFile(o.Seed)
	if err != nil {
		return duosim.Seed{}, faultf("seed", "%v", err)
	}
	seed, err := duosim.ParseSeed(data)
	if err != nil {
		return duosim.Seed{}, faultf("seed", "%s: %v", o.Seed, err)
	}
	return seed, nil
}
