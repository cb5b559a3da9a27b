package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A kind of login.
type kind string

const (
	push     kind = "push"     // approved at once
	passcode kind = "passcode" // and the right one
)

// What the project aims at.
const (
	aimBeyond = time.Millisecond // of the engine, beyond the replies, at the median
	aimFaster = 2.0              // than login_duo, over the slow line
)

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
	costs []loginCost // a round each
	first loginCost   // the one before the rounds
}

// A comparison is all sides on one line with one kind of login.
type comparison struct {
	kind  kind
	delay time.Duration
	sides []*side
}

// compare lets the sides log in over a line, in turns. The first login of
// each does not count with the others: it is the one that connects.
func (s *sim) compare(ctx context.Context, dir, binary string, k kind, delay time.Duration, rounds int) (c comparison, err error) {
	l, err := openLine(ctx, s.addr(), delay)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	engine, err := startEngine(ctx, &errand{Host: "localhost:" + l.port(), IKey: s.told.IKey, SKey: s.told.SKey, CAFile: s.told.CAFile})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, engine.stop()) }()
	unix, err := newUnixSide(dir, l.port(), s)
	if err != nil {
		return c, err
	}
	c = comparison{kind: k, delay: delay, sides: []*side{{name: "engine", login: engine.login}, {name: "login_duo", login: unix.login}}}
	if k == push { // without a terminal nobody types a passcode
		gate, err := startGate(ctx, dir, binary, l.port(), s)
		if err != nil {
			return c, err
		}
		defer func() { err = errors.Join(err, gate.stop()) }()
		c.sides = append(c.sides, &side{name: "duoplane login", login: gate.login})
	}
	for _, side := range c.sides {
		if side.first, err = s.measure(ctx, l, side, k); err != nil {
			return c, err
		}
	}
	order := slices.Clone(c.sides)
	for range rounds {
		for _, side := range order {
			cost, err := s.measure(ctx, l, side, k)
			if err != nil {
				return c, err
			}
			side.costs = append(side.costs, cost)
		}
		slices.Reverse(order)
	}
	return c, nil
}

// measure is one login of one side, with what the line and the journal saw.
func (s *sim) measure(ctx context.Context, l *line, side *side, k kind) (loginCost, error) {
	_, last, err := s.requests(ctx, 0)
	if err != nil {
		return loginCost{}, err
	}
	before := l.traffic()
	wall, cpu, err := side.login(ctx, k)
	if err != nil {
		return loginCost{}, fmt.Errorf("%s: %w", side.name, err)
	}
	after := l.traffic()
	n, _, err := s.requests(ctx, last)
	if err != nil {
		return loginCost{}, err
	}
	return loginCost{
		wall: wall, cpu: cpu, beyond: wall - (after.waited - before.waited),
		requests: n, handshakes: after.handshakes - before.handshakes,
	}, nil
}

// median is the side's value at the median of its rounds.
func median[T cmp.Ordered](s *side, value func(loginCost) T) T {
	all := make([]T, 0, len(s.costs))
	for _, c := range s.costs {
		all = append(all, value(c))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func wallOf(c loginCost) time.Duration   { return c.wall }
func cpuOf(c loginCost) time.Duration    { return c.cpu }
func beyondOf(c loginCost) time.Duration { return c.beyond }

// report prints the table and what it says of the aims.
func report(out io.Writer, all []comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s %7s  %-14s %9s %9s %12s %9s %11s   %s\n",
		"login", "added", "side", "wall", "CPU", "beyond line", "requests", "handshakes", "first login")
	for _, c := range all {
		for _, s := range c.sides {
			fmt.Fprintf(&b, "%-10s %7s  %-14s %9s %9s %12s %9d %11d   %s, %d requests, %d handshakes\n", c.kind, c.delay, s.name,
				ms(median(s, wallOf)), ms(median(s, cpuOf)), ms(median(s, beyondOf)),
				median(s, func(c loginCost) int { return c.requests }), median(s, func(c loginCost) int { return c.handshakes }),
				ms(s.first.wall), s.first.requests, s.first.handshakes)
		}
	}
	fmt.Fprintf(&b, "\nmedians of %d logins a side\n", len(all[0].sides[0].costs))
	for _, c := range all {
		engine, unix := c.sides[0], c.sides[1]
		if c.delay == 0 {
			fmt.Fprintf(&b, "%-8s engine beyond the replies: %s (aim: at most %s)\n", c.kind, ms(median(engine, beyondOf)), ms(aimBeyond))
			continue
		}
		for i, s := range c.sides {
			if i != 1 {
				fmt.Fprintf(&b, "%-8s login_duo / %s with %s added: %.2f (aim: at least %.1f)\n", c.kind, s.name, c.delay,
					float64(median(unix, wallOf))/float64(median(s, wallOf)), aimFaster)
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
