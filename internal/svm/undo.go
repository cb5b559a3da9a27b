package svm

import (
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// A Made is a record that was just made: what the services of all kinds of
// records return from Create, and take in Unmake to take that back.
type Made[T any] struct {
	// Record is the caller's own copy.
	Record *T
	// Wrote is the version that was written, as in Undo.
	Wrote store.Version
}

// Check is Undo's for a record that is to be removed again.
func (m Made[T]) Check(now store.Version) error { return unchanged(m.Wrote, now) }

// An Undo is what it takes to take a modification back: what the services of
// all kinds of records return from Modify and take in Restore.
type Undo[T any] struct {
	// Before is the record as it was before. It may be shared: read only.
	Before *T
	// Wrote is the version that the modification wrote. A record that has
	// another one has been changed by somebody else since.
	Wrote store.Version
}

// Check refuses, as Raced, to take back a modification of a record that has
// another version by now: the later change would be lost.
func (u Undo[T]) Check(now store.Version) error { return unchanged(u.Wrote, now) }

func unchanged(wrote, now store.Version) error {
	if now == wrote {
		return nil
	}
	return fault.New(fault.Raced, "", "The record was changed by someone else since; it stays as that change left it.")
}
