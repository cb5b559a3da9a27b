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
	// abreast is how many come at a time: of one address, a server lets no more
	// than 32 be on their way to a first factor.
	abreast = 16
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
	before float64 // bytes resident before anybody has waited
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
	if c.before == 0 { // what a crowd has left behind serves the next one
		m, err := c.server.Memory()
		if err != nil {
			return nil, err
		}
		c.before = m.Resident
	}
	patience, leave := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer leave()
	if err := c.gather(ctx, func(ended chan<- error) {
		waiting.Go(func() {
			client, err := c.who.connect(patience)
			if err == nil {
				err = errors.Join(errors.New("a login came through that nobody approved"), client.Close())
			}
			ended <- err
		})
	}); err != nil {
		return nil, err
	}
	p50, err := c.other.serially(ctx, 20)
	if err != nil {
		return nil, err
	}
	during, err := c.server.Memory()
	return harness.Figures{
		harness.Took(oneLogin, p50),
		{Name: "a waiting login", Value: (during.Resident - c.before) / float64(c.size), Unit: harness.Bytes},
	}, err
}

// gather has the crowd come, some at a time, and returns when Duo has been
// asked for everybody's push.
func (c *crowd) gather(ctx context.Context, come func(ended chan<- error)) error {
	_, last, err := c.sim.Requests(ctx, 0, duoplane.PushPath)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	ended := make(chan error, c.size)
	for here, seen := 0, 0; seen < c.size; {
		for ; here < c.size && here-seen < abreast; here++ {
			come(ended)
		}
		select {
		case err := <-ended:
			return fmt.Errorf("a login that should wait has ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		n, now, err := c.sim.Requests(ctx, last, duoplane.PushPath)
		if err != nil {
			return err
		}
		seen, last = seen+n, now
	}
	return nil
}
