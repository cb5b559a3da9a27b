// Package store is the contract between the domain and whatever keeps its
// records: a snapshot to read, one commit to write. Backends are in the
// packages below it, and all pass the suite in storetest.
package store

import (
	"context"
	"iter"
)

// A Revision numbers the states of the whole store; it only grows. Commits that
// went together may share one.
type Revision int64

// A Version is the Revision at which a record was last written. 0 stands for
// "absent".
type Version int64

// Consistency says how fresh a snapshot must be.
type Consistency uint8

const (
	// Linearizable is no older than any commit acknowledged anywhere before the call.
	Linearizable Consistency = iota
	// Local is the newest this process has seen, as long as it is young enough
	// to be used; never waits for a network.
	Local
)

// MaxChanges is how many changes every backend takes in one Commit. A backend
// may take more.
const MaxChanges = 100

// A Store holds versioned records in tables. Its methods may be called
// concurrently.
type Store interface {
	// Snapshot returns one point in time over all tables. A snapshot is
	// immutable, cheap and never closed. Unavailable when the state is not
	// known, or, with Linearizable, could not be confirmed by ctx's deadline.
	// Outdated, with Local, when the store has been out of reach for longer
	// than its backend lets anybody rely on what it saw last.
	Snapshot(ctx context.Context, c Consistency) (Snapshot, error)

	// Commit applies every change or none. When it returns nil the changes
	// are durable and every later Snapshot of this Store has them. An
	// expectation that does not hold: Raced, nothing happened, and every
	// later Snapshot of this Store has what the commit raced with.
	// Unavailable or Timeout: it may or may not have happened.
	Commit(ctx context.Context, changes ...Change) (Revision, error)

	// Close ends background work and waits for it.
	Close() error
}

// A Snapshot is one point in time over all tables.
type Snapshot interface {
	Revision() Revision
	// Row returns the record under a key, or false.
	Row(table, key string) (Row, bool)
	// Find returns the record with a text that the table indexes, or false.
	Find(table, text string) (Row, bool)
	// Rows yields a table's records in ascending byte order of key, starting
	// with the first key >= from.
	Rows(table, from string) iter.Seq[Row]
	// Len returns the number of records in a table.
	Len(table string) int
}

// A Row is one stored record. Value is a pointer to the table's Go type; it
// is shared and must not be changed.
type Row struct {
	Key     string
	Version Version
	Value   any
}

// A Document is a record as its table writes it, for what goes through whole
// stores: see Table.
type Document struct {
	Table, Key string
	Doc        []byte
}

// An Op is what a Change does.
type Op uint8

// The operations of a Change.
const (
	Put         Op = iota + 1 // write Value under Key
	Delete                    // remove the record under Key
	DeleteUnder               // remove every record whose key begins with Key
	Require                   // change nothing, but depend on Key's version
)

// A Change is one step of a Commit; Table's methods make them.
type Change struct {
	Op    Op
	Table string
	Key   string
	// Expect is the version the record must have for the whole Commit to
	// happen; 0 means that it must be absent. DeleteUnder ignores it.
	Expect Version
	// Value is a pointer to the table's type, for Put.
	Value any
}
