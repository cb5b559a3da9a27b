package storetest

import (
	"context"
	"errors"
	"sync"

	"github.com/duoplane/duoplane/internal/store"
)

// ErrFault is the cause of every fault that a Faulty makes.
var ErrFault = errors.New("storetest: a fault on purpose")

// A Fault is what becomes of one call.
type Fault uint8

const (
	// Pass lets the call through.
	Pass Fault = iota
	// FailAndDoNothing is Unavailable, and nothing happened.
	FailAndDoNothing
	// FailButDo is Unavailable, but a commit happened.
	FailButDo
	// LoseRace is Raced: somebody else was faster. Of a Snapshot it is Pass.
	LoseRace
)

// A Faulty is a Store whose calls fail as a script says; calls behind the end
// of the script pass.
type Faulty struct {
	store.Store

	mu        sync.Mutex // guards the scripts
	commits   []Fault
	snapshots []Fault
}

// NewFaulty wraps a store; script is for the commits to come.
func NewFaulty(s store.Store, script ...Fault) *Faulty {
	return &Faulty{Store: s, commits: script}
}

// OnCommit appends to the script of commits.
func (f *Faulty) OnCommit(script ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits = append(f.commits, script...)
}

// OnSnapshot appends to the script of snapshots.
func (f *Faulty) OnSnapshot(script ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshots = append(f.snapshots, script...)
}

// Left returns how many faults of both scripts have not come to pass.
func (f *Faulty) Left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.commits) + len(f.snapshots)
}

// Commit implements store.Store.
func (f *Faulty) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	switch f.next(&f.commits) {
	case FailAndDoNothing:
		return 0, store.Unreached(ErrFault)
	case FailButDo:
		if _, err := f.Store.Commit(ctx, changes...); err != nil {
			return 0, err
		}
		return 0, store.Unreached(ErrFault)
	case LoseRace:
		return 0, store.Raced()
	case Pass:
	}
	return f.Store.Commit(ctx, changes...)
}

// Snapshot implements store.Store.
func (f *Faulty) Snapshot(ctx context.Context, c store.Consistency) (store.Snapshot, error) {
	if fault := f.next(&f.snapshots); fault == FailAndDoNothing || fault == FailButDo {
		return nil, store.Unreached(ErrFault)
	}
	return f.Store.Snapshot(ctx, c)
}

func (f *Faulty) next(script *[]Fault) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(*script) == 0 {
		return Pass
	}
	first := (*script)[0]
	*script = (*script)[1:]
	return first
}
