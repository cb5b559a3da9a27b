// Package logins measures what a second factor costs: Duoplane's engine, over
// its client and links as the server has them, and "duoplane login" with its
// server, beside Debian's login_duo, all against the simulator.
//
// Two kinds of login are measured, a push that is approved at once and a
// passcode, each next to the service and at the other end of a slow line: a TCP
// proxy that adds to every round trip, the one of the TCP handshake included.
// All sides run with fail mode secure, and a login that was let in for another
// reason than Duo's yes ends the measurement.
package logins

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
)

// A kind of login.
type kind string

const (
	push     kind = "push"     // approved at once
	passcode kind = "passcode" // and the right one
)

// The sides.
const (
	engineName = "engine"
	unixName   = "login_duo"
	gateName   = "duoplane login"
)

// slow is what the slow line adds to a round trip.
const slow = 50 * time.Millisecond

// Measurements are both kinds of login on both lines.
func Measurements() []harness.Measurement {
	notes := []string{
		"The engine is a process of its own that has logged in before, as a server has; login_duo is a process a login, as sshd starts it, and so is duoplane login, which asks a server; their time includes the user's shell. Beyond the line is what is left of the time without the waits for the other end's answers. The first login is the one that connects.",
	}
	far := fmt.Sprintf(", %s away", slow)
	return []harness.Measurement{
		{Name: "L1", Title: "second factor by push, beside Debian's login_duo", Notes: notes, Start: start(push, 0), Aims: near()},
		{Name: "L2", Title: "second factor by passcode, beside Debian's login_duo", Notes: notes, Start: start(passcode, 0), Aims: near()},
		{Name: "L3", Title: "second factor by push" + far, Notes: notes, Start: start(push, slow), Aims: distant(engineName, gateName)},
		{Name: "L4", Title: "second factor by passcode" + far, Notes: notes, Start: start(passcode, slow), Aims: distant(engineName)},
	}
}

func near() []harness.Aim {
	return []harness.Aim{harness.Value("beyond the line", engineName, harness.Seconds).AtMost(0.001)}
}

func distant(sides ...string) (aims []harness.Aim) {
	for _, side := range sides {
		aims = append(aims, harness.Ratio("login", unixName, side).AtLeast(2))
	}
	return aims
}

// A loginCost is what one login cost.
type loginCost struct {
	wall, cpu  time.Duration
	beyond     time.Duration // of wall, what was not waiting for the other end
	requests   int           // of Duo's API
	handshakes int           // TLS
}

// A side is one of the things compared.
type side struct {
	name  string
	login func(ctx context.Context, k kind) (wall, cpu time.Duration, err error)
}

// A contest is one kind of login on one line.
type contest struct {
	kind kind
	line *line
	sim  *duoplane.Sim
}

// start brings up the line and the sides. The first login of each does not
// count with the others: it is the one that connects.
func start(k kind, delay time.Duration) func(context.Context, *harness.Env) ([]harness.Side, error) {
	return func(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
		if _, err := os.Stat(loginDuo); err != nil || os.Geteuid() != 0 {
			return nil, fmt.Errorf("%w: Debian's package login-duo, run by root", harness.ErrMissing)
		}
		sim, err := duoplane.StartSim(ctx, env.Binary, env.Dir, seed)
		if err != nil {
			return nil, err
		}
		env.Defer(sim.Stop)
		c := contest{kind: k, sim: sim}
		if c.line, err = openLine(ctx, sim.Addr(), delay); err != nil {
			return nil, err
		}
		env.Defer(c.line.close)
		sides, err := c.open(ctx, env)
		if err != nil {
			return nil, err
		}
		logins := harness.Pick(env, 4, 1)
		turns := make([]harness.Side, len(sides))
		for i, s := range sides {
			first, err := c.measure(ctx, s)
			if err != nil {
				return nil, err
			}
			turns[i] = harness.Side{Name: s.name, Run: func(ctx context.Context, _ int) (harness.Figures, error) {
				f, err := c.turn(ctx, s, logins)
				return append(f, harness.Took("first login", first.wall)), err
			}}
		}
		return turns, nil
	}
}

// open starts the sides.
func (c *contest) open(ctx context.Context, env *harness.Env) ([]side, error) {
	engine, err := startEngine(ctx, &errand{Host: "localhost:" + c.line.port(), IKey: c.sim.IKey, SKey: c.sim.SKey, CAFile: c.sim.CAFile})
	if err != nil {
		return nil, err
	}
	env.Defer(engine.stop)
	unix, err := newUnixSide(env.Dir, c.line.port(), c.sim)
	if err != nil {
		return nil, err
	}
	sides := []side{{engineName, engine.login}, {unixName, unix.login}}
	if c.kind == push { // without a terminal nobody types a passcode
		gate, err := startGate(ctx, env, c.line.port(), c.sim)
		if err != nil {
			return nil, err
		}
		sides = append(sides, side{gateName, gate.login})
	}
	return sides, nil
}

// turn is a side's turn: some logins, one after another.
func (c *contest) turn(ctx context.Context, s side, logins int) (harness.Figures, error) {
	var costs []loginCost
	for range logins {
		cost, err := c.measure(ctx, s)
		if err != nil {
			return nil, err
		}
		costs = append(costs, cost)
	}
	return harness.Figures{
		harness.Took("login", median(costs, func(c loginCost) time.Duration { return c.wall })),
		harness.Took("processor", median(costs, func(c loginCost) time.Duration { return c.cpu })),
		harness.Took("beyond the line", median(costs, func(c loginCost) time.Duration { return c.beyond })),
		{Name: "requests", Value: float64(median(costs, func(c loginCost) int { return c.requests })), Unit: harness.Count},
		{Name: "handshakes", Value: float64(median(costs, func(c loginCost) int { return c.handshakes })), Unit: harness.Count},
	}, nil
}

// measure is one login of one side, with what the line and the journal saw.
func (c *contest) measure(ctx context.Context, s side) (loginCost, error) {
	_, last, err := c.sim.Requests(ctx, 0, "")
	if err != nil {
		return loginCost{}, err
	}
	before := c.line.traffic()
	wall, cpu, err := s.login(ctx, c.kind)
	if err != nil {
		return loginCost{}, fmt.Errorf("%s: %w", s.name, err)
	}
	after := c.line.traffic()
	n, _, err := c.sim.Requests(ctx, last, "")
	if err != nil {
		return loginCost{}, err
	}
	return loginCost{
		wall: wall, cpu: cpu, beyond: wall - (after.waited - before.waited),
		requests: n, handshakes: after.handshakes - before.handshakes,
	}, nil
}

// median is the middle value.
func median[T cmp.Ordered](costs []loginCost, value func(loginCost) T) T {
	all := make([]T, 0, len(costs))
	for _, c := range costs {
		all = append(all, value(c))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
