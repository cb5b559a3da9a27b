package audit

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// attempts is how often Do tries a change that others overtake. One retry is
// enough for two writers of one record; a script that patches one record from
// fifty connections needs more, and every writer that loses a race has lost
// it to one that won.
const attempts = 16

// A Ledger makes changes: each with its audit line, each on the newest state.
// Its methods may be called concurrently.
type Ledger struct {
	store store.Store
	log   *Log
}

// NewLedger returns a Ledger that commits to s and writes lines to l.
func NewLedger(s store.Store, l *Log) *Ledger { return &Ledger{store: s, log: l} }

// Snapshot returns the newest state, for reading.
func (l *Ledger) Snapshot(ctx context.Context) (store.Snapshot, error) {
	return l.store.Snapshot(ctx, store.Linearizable)
}

// Local returns the newest state this process has seen, for reading what is
// asked for all the time and may be a moment old in a cluster.
func (l *Ledger) Local(ctx context.Context) (store.Snapshot, error) {
	return l.store.Snapshot(ctx, store.Local)
}

// An Attempt looks at a state and says what to change and what the audit line
// tells of it. It may be called again with a newer state, so it keeps nothing
// from one call to the next. Without changes there is nothing to commit and
// no line.
type Attempt func(snap store.Snapshot) (Entry, []store.Change, error)

// Do makes one change. An error of attempt is returned as it is and leaves no
// line, for nothing was changed. Raced when others were faster sixteen times;
// Unavailable when the line cannot be written; else what the Commit returned.
func (l *Ledger) Do(ctx context.Context, a Actor, attempt Attempt) (err error) {
	var line *Pending
	defer func() {
		if line != nil {
			line.End(err)
		}
	}()
	for try := 1; ; try++ {
		snap, err := l.Snapshot(ctx)
		if err != nil {
			return err
		}
		entry, changes, err := attempt(snap)
		if err != nil || len(changes) == 0 {
			return err
		}
		if line, err = l.begin(line, a, entry); err != nil {
			return err
		}
		_, err = l.store.Commit(ctx, changes...)
		if !fault.Is(err, fault.Raced) || try == attempts || !pause(ctx, try) {
			return err
		}
	}
}

// begin keeps the line of the attempt before if it still tells the truth.
func (l *Ledger) begin(line *Pending, a Actor, e Entry) (*Pending, error) {
	if line != nil && line.entry.equal(e) {
		return line, nil
	}
	if line != nil {
		line.End(fault.New(fault.Raced, "", "the record changed meanwhile"))
	}
	return l.log.Begin(a, e)
}

// pause waits a little, longer with every try and never twice the same, so
// that racing writers come apart. It reports false when ctx ended.
func pause(ctx context.Context, try int) bool {
	longest := 250 * time.Microsecond << min(try, 6)
	t := time.NewTimer(rand.N(longest)) //nolint:gosec // chance, not secrecy
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Note writes the line of an event that changes nothing, such as a refused
// credential. Unavailable when it cannot be written.
func (l *Ledger) Note(a Actor, e Entry, o Outcome, reason string) error {
	return l.log.Write(a, e, o, reason)
}
