package audit

import (
	"context"
	"sync"

	"github.com/duoplane/duoplane/internal/fault"
)

// lanes make the changes of one record go one after the other within this
// process, in the order they came, so that writers of the same record wait for
// each other instead of racing. They are no part of correctness: that is the
// store's, which also sees other processes.
type lanes struct {
	mu   sync.Mutex // guards open and the users of every lane
	open map[laneKey]*lane
}

type laneKey struct{ resource, owner, key string }

func (e Entry) lane() laneKey { return laneKey{e.Resource, e.Owner, e.Key} }

type lane struct {
	key   laneKey
	users int           // in the lane or waiting for it
	taken chan struct{} // holds one value while somebody is in the lane
}

// enter waits until the lane is free and takes it, and reports whether it had
// to wait. Timeout when ctx ends first.
func (l *lanes) enter(ctx context.Context, key laneKey) (in *lane, waited bool, err error) {
	l.mu.Lock()
	if l.open == nil {
		l.open = make(map[laneKey]*lane)
	}
	in = l.open[key]
	if in == nil {
		in = &lane{key: key, taken: make(chan struct{}, 1)}
		l.open[key] = in
	}
	in.users++
	l.mu.Unlock()
	select {
	case in.taken <- struct{}{}:
		return in, false, nil
	default:
	}
	select {
	case in.taken <- struct{}{}:
		return in, true, nil
	case <-ctx.Done():
		l.drop(in)
		return nil, true, fault.Wrap(ctx.Err(), fault.Timeout, "", "Other changes of the same record did not end in time.")
	}
}

// leave frees a lane; nil is no lane.
func (l *lanes) leave(in *lane) {
	if in == nil {
		return
	}
	<-in.taken
	l.drop(in)
}

func (l *lanes) drop(in *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if in.users--; in.users == 0 {
		delete(l.open, in.key)
	}
}
