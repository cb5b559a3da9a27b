package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// A result is how a measurement went.
type result struct {
	Measurement
	sides  []string // in the order of the table
	rounds []Round
	took   time.Duration
	err    error
}

// errLate says that the time was up.
var errLate = errors.New("the time was up")

// failed reports whether something went wrong: not so when the machine lacks
// what is needed, nor when the small form ran out of time.
func (r *result) failed(quick bool) bool {
	return r.err != nil && !errors.Is(r.err, ErrMissing) && (!quick || !errors.Is(r.err, errLate))
}

// take takes a measurement: all rounds, or as many as came to an end.
func take(ctx context.Context, m Measurement, env *Env, rounds int) (r result) {
	r.Measurement = m
	began := time.Now()
	defer func() { r.took, r.Notes = time.Since(began), slices.Concat(m.Notes, env.notes) }()
	if r.err = os.MkdirAll(env.Dir, 0o700); r.err != nil {
		return r
	}
	defer func() { r.err = errors.Join(r.err, os.RemoveAll(env.Dir)) }()
	defer func() { r.err = errors.Join(r.err, env.end()) }()
	env.Say("%s  starting: %s", m.Name, m.Title)
	sides, err := m.Start(ctx, env)
	if err != nil {
		r.err = fmt.Errorf("start: %w", err)
		return r
	}
	for _, s := range sides {
		r.sides = append(r.sides, s.Name)
	}
	for n := range rounds {
		round := make(Round, len(sides))
		for _, s := range sides {
			figures, err := s.Run(ctx, n)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				r.err = fmt.Errorf("round %d, %s: %w", n+1, s.Name, err)
				return r
			}
			round[s.Name] = figures
			env.Say("%s  round %d of %d  %s: %s", m.Name, n+1, rounds, s.Name, figures)
		}
		r.rounds = append(r.rounds, round)
		slices.Reverse(sides)
	}
	return r
}

// String prints the figures on one line.
func (f Figures) String() string {
	parts := make([]string, len(f))
	for i, one := range f {
		parts[i] = one.Name + " " + one.Unit.print(one.Value)
	}
	return strings.Join(parts, ", ")
}
