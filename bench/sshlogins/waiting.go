package sshlogins

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
)

const (
	emptyName   = "nobody waits"
	waitingName = "a thousand wait"
)

// slowPhones leaves every push unanswered for longer than a turn lasts.
const slowPhones = `
settings: {auto_approve_delay: 50s, push_life: 60s}
`

// A crowd waits for its telephones.
type crowd struct {
	server *duoplane.Server
	sim    *duoplane.Sim
	who    target // waits
	other  target // is not asked
	size   int
}

func startWaiting(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
	who, err := newPerson()
	if err != nil {
		return nil, err
	}
	sim, err := startSim(ctx, env, slowPhones)
	if err != nil {
		return nil, err
	}
	server, err := serve(ctx, env, sim, who)
	if err != nil {
		return nil, err
	}
	c := &crowd{
		server: server, sim: sim, size: harness.Pick(env, 1000, 20),
		who:   target{name: waitingName, addr: server.SSHAddr, user: who.name, command: command, auth: who.byKey()},
		other: target{name: emptyName, addr: server.SSHAddr, user: unasked, command: command, auth: who.byKey()},
	}
	return []harness.Side{{Name: emptyName, Run: c.quiet}, {Name: waitingName, Run: c.wait}}, nil
}

// quiet is the other login when nobody waits.
func (c *crowd) quiet(ctx context.Context, _ int) (harness.Figures, error) {
	p50, err := c.other.serially(ctx, 20)
	return harness.Figures{harness.Took(oneLogin, p50)}, err
}

// wait has a crowd wait, looks, and lets it go.
func (c *crowd) wait(ctx context.Context, _ int) (harness.Figures, error) {
	before, err := c.server.Memory()
	if err != nil {
		return nil, err
	}
	_, last, err := c.sim.Requests(ctx, 0)
	if err != nil {
		return nil, err
	}
	patience, leave := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer leave()
	ended := make(chan error, c.size)
	for range c.size {
		waiting.Go(func() {
			client, err := c.who.connect(patience)
			if err == nil {
				err = errors.Join(errors.New("a login came through that nobody approved"), client.Close())
			}
			ended <- err
		})
	}
	if err := c.allAsked(ctx, last, ended); err != nil {
		return nil, err
	}
	p50, err := c.other.serially(ctx, 20)
	if err != nil {
		return nil, err
	}
	during, err := c.server.Memory()
	return harness.Figures{
		harness.Took(oneLogin, p50),
		{Name: "a waiting login", Value: (during.Resident - before.Resident) / float64(c.size), Unit: harness.Bytes},
	}, err
}

// allAsked waits until Duo has been asked for everybody's push: a preauth, an
// auth and a first status each.
func (c *crowd) allAsked(ctx context.Context, last int64, ended <-chan error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for seen := 0; seen < 3*c.size; {
		select {
		case err := <-ended:
			return fmt.Errorf("a login that should wait has ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		n, now, err := c.sim.Requests(ctx, last)
		if err != nil {
			return err
		}
		seen, last = seen+n, now
	}
	return nil
}
