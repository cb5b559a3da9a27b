package audit

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// attempts is how often Do tries a change that others overtake. Writers in
// this process wait for each other; one in another process, or one whose
// change depends on the same other record, can win a race, and hardly so many
// in a row.
const attempts = 16

// A Ledger makes changes: each with its audit line, each on the newest state.
// Its methods may be called concurrently.
type Ledger struct {
	store store.Store
	log   *Log
	lanes lanes
}

// NewLedger returns a Ledger that commits to s and writes lines to l.
func NewLedger(s store.Store, l *Log) *Ledger { return &Ledger{store: s, log: l} }

// Snapshot returns the newest state, for reading.
func (l *Ledger) Snapshot(ctx context.Context) (store.Snapshot, error) {
	return l.store.Snapshot(ctx, store.Linearizable)
}

// Local returns the newest state this process has seen, for reading what is
// asked for all the time and may be a moment old in a cluster. Outdated when
// the store has been out of reach for too long.
func (l *Ledger) Local(ctx context.Context) (store.Snapshot, error) {
	return l.store.Snapshot(ctx, store.Local)
}

// patience is how long Latest waits for the store.
const patience = time.Second

// Latest returns the newest state if the store tells of it at once, else the
// newest this process has seen: for logins, which go on for a while though the
// store cannot be reached. Outdated when that while is over.
func (l *Ledger) Latest(ctx context.Context) (store.Snapshot, error) {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if snap, err := l.Snapshot(short); err == nil {
		return snap, nil
	}
	return l.Local(ctx)
}

// An Attempt looks at a state and says what to change and what the audit line
// tells of it. It may be called again with a newer state, so it keeps nothing
// from one call to the next. Without changes there is nothing to commit and
// no line.
type Attempt func(snap store.Snapshot) (Entry, []store.Change, error)

// Do makes one change. An error of attempt is returned as it is and leaves no
// line, for nothing was changed. Raced when others were faster sixteen times;
// Unavailable when the line cannot be written; Timeout when changes of the same
// record before it did not end by ctx's end; else what the Commit returned.
func (l *Ledger) Do(ctx context.Context, a Actor, attempt Attempt) error {
	_, err := l.Put(ctx, a, attempt)
	return err
}

// Put is Do and returns the version that the records written have, 0 when there
// was nothing to commit.
func (l *Ledger) Put(ctx context.Context, a Actor, attempt Attempt) (wrote store.Version, err error) {
	c := change{ledger: l, actor: a}
	defer func() { c.end(err) }()
	for try := 1; ; {
		snap, err := l.Snapshot(ctx)
		if err != nil {
			return 0, err
		}
		entry, changes, err := attempt(snap)
		if err != nil || len(changes) == 0 {
			return 0, err
		}
		waited, err := c.enter(ctx, entry)
		if err != nil {
			return 0, err
		}
		if waited { // the snapshot is from before the others' changes
			continue
		}
		if err := c.begin(entry); err != nil {
			return 0, err
		}
		revision, err := l.store.Commit(ctx, changes...)
		if !fault.Is(err, fault.Raced) || try == attempts || !pause(ctx, try) {
			return store.Version(revision), err
		}
		try++
	}
}

// A change is one Do on its way.
type change struct {
	ledger *Ledger
	actor  Actor
	lane   *lane
	line   *Pending
}

// enter takes the record's lane and reports whether it had to wait for it.
func (c *change) enter(ctx context.Context, e Entry) (waited bool, err error) {
	if c.lane != nil && c.lane.key == e.lane() {
		return false, nil
	}
	c.ledger.lanes.leave(c.lane)
	c.lane, waited, err = c.ledger.lanes.enter(ctx, e.lane())
	return waited, err
}

// begin writes the line, unless that of the attempt before still tells the
// truth.
func (c *change) begin(e Entry) (err error) {
	if c.line != nil && c.line.entry.equal(e) {
		return nil
	}
	if c.line != nil {
		c.line.End(fault.New(fault.Raced, "", "the record changed meanwhile"))
	}
	c.line, err = c.ledger.log.Begin(c.actor, e)
	return err
}

func (c *change) end(err error) {
	if c.line != nil {
		c.line.End(err)
	}
	c.ledger.lanes.leave(c.lane)
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

// Begin writes the line of a change that takes more than one commit. The caller
// makes the commits and ends the line. Unavailable when it cannot be written:
// the change must not be made then.
func (l *Ledger) Begin(a Actor, e Entry) (*Pending, error) { return l.log.Begin(a, e) }

// Read yields the lines of this process's log, as Log.Read does.
func (l *Ledger) Read(from Place) iter.Seq2[Raw, error] { return l.log.Read(from) }

// Note writes the line of an event that changes nothing, such as a refused
// credential. Unavailable when it cannot be written.
func (l *Ledger) Note(a Actor, e Entry, o Outcome, reason string) error {
	return l.log.Write(a, e, o, reason)
}
