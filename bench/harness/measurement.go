// Package harness runs measurements: comparisons of sides that do the same
// work in the same run and take turns, so that a busy machine hurts all alike.
// It goes round as often as it is told, changing the order each time, and
// reports medians over the rounds and what a measurement reads off them.
package harness

import (
	"context"
	"errors"
	"fmt"
)

// A Measurement is one comparison.
type Measurement struct {
	// Name is what -only takes and what the report calls it: "P1".
	Name string
	// Title says in a line what is compared; Notes are the conditions that a
	// reader needs to judge it by, each a sentence or more.
	Title string
	Notes []string
	// Start brings up what is measured and returns the sides. Whatever it
	// starts it hands to env.Defer, which holds even when Start fails. Wraps
	// ErrMissing when the machine lacks what is needed.
	Start func(ctx context.Context, env *Env) ([]Side, error)
	// Aims are the numbers that are read off the figures.
	Aims []Aim
}

// A Side is one of the things compared.
type Side struct {
	Name string
	// Run is the side's turn in a round, counted from 0: it does its share of
	// the work and says how that went. An error ends the measurement.
	Run func(ctx context.Context, round int) (Figures, error)
}

// ErrMissing says that a measurement cannot be taken on this machine: the
// report says so, and the run has not failed for it. Wrap it with what is
// missing and how to come by it.
var ErrMissing = errors.New("not on this machine")

// An Env is what a measurement works with. It is for one goroutine.
type Env struct {
	// Dir is a folder of the measurement's own, removed after it; Common is
	// one of the whole run, for what several measurements share. Both are on
	// the disk that is measured.
	Dir, Common string
	// Binary is the duoplane to measure.
	Binary string
	// Quick asks for the small form: a check that everything can be measured,
	// with figures that mean little.
	Quick bool
	// Say tells the user how far it is, on a line of its own.
	Say func(format string, args ...any)

	deferred []func() error
	notes    []string
}

// Note adds to the conditions what is known only now, such as a peer's version.
func (e *Env) Note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// Defer has something ended after the measurement, the last one first. What
// it returns is part of how the measurement went: a server that ends badly
// measured nothing.
func (e *Env) Defer(end func() error) { e.deferred = append(e.deferred, end) }

// end ends what was deferred.
func (e *Env) end() error {
	var errs []error
	for len(e.deferred) > 0 {
		last := len(e.deferred) - 1
		errs = append(errs, e.deferred[last]())
		e.deferred = e.deferred[:last]
	}
	return errors.Join(errs...)
}

// Pick returns full, or quick for the small form.
func Pick[T any](e *Env, full, quick T) T {
	if e.Quick {
		return quick
	}
	return full
}
