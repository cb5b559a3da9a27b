package sshd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Visit is what is kept of an account's logins over SSH. Its key is the
// owner's UUID and the account's name.
type Visit struct {
	// Last is when the account was last let in, zero for never.
	Last time.Time `json:"last,omitzero"`
	// Failed counts the logins refused since.
	Failed int `json:"failed,omitempty"`
}

// Visits is the table of visits. Key: owner's UUID / account's name.
var Visits = &store.Table[Visit]{Name: "visit", DocVersion: 1}

// Tables are the tables of the store that this package keeps.
func Tables() []store.Codec { return []store.Codec{HostKeys, Visits} }

// lines tell of the visit before, as ONTAP words it for people and for
// programs.
func (v Visit) lines(person bool) string {
	if v.Last.IsZero() && v.Failed == 0 {
		return ""
	}
	last, failed := "Last login time: ", "Unsuccessful login attempts since last login: "
	if person {
		last, failed = "Last Login : ", "Unsuccessful login attempts since last login - "
	}
	var b strings.Builder
	if !v.Last.IsZero() {
		b.WriteString(last + v.Last.Local().Format("1/2/2006 15:04:05") + "\r\n")
	}
	if v.Failed > 0 {
		fmt.Fprintf(&b, "%s%d\r\n", failed, v.Failed)
	}
	return b.String()
}

// A VisitorsStore keeps the table; every store.Store is one.
type VisitorsStore interface {
	Snapshot(ctx context.Context, c store.Consistency) (store.Snapshot, error)
	Commit(ctx context.Context, changes ...store.Change) (store.Revision, error)
}

// Visitors keeps when accounts logged in and how often somebody failed to. It
// writes beside the logins, which never wait for it, and a note that cannot be
// written is lost. Its methods may be called concurrently.
type Visitors struct {
	store VisitorsStore
	named func(ctx context.Context, user string) (svm.Owner, string, bool)
	log   *slog.Logger
	slots chan struct{} // bounds the writes under way
	notes sync.WaitGroup
}

const (
	// maxNotes is how many visits are written at a time; under a flood of
	// failures some of them go uncounted.
	maxNotes = 64
	noteTime = 10 * time.Second
	noteTry  = 8
)

// NewVisitors returns the visitors' book of a store. named finds the account
// that a user name means; (*account.Service).Named does.
func NewVisitors(s VisitorsStore, named func(context.Context, string) (svm.Owner, string, bool), log *slog.Logger) *Visitors {
	return &Visitors{store: s, named: named, log: log, slots: make(chan struct{}, maxNotes)}
}

// Admitted notes a login and returns the visit before it; a zero Visit when
// that is not known.
func (v *Visitors) Admitted(ctx context.Context, who account.Principal, at time.Time) Visit {
	key := store.JoinKey(who.Caller.Owner.UUID, who.Caller.Name)
	var before Visit
	if snap, err := v.store.Snapshot(ctx, store.Local); err == nil {
		if kept, _ := Visits.Get(snap, key); kept != nil {
			before = *kept
		}
	}
	v.note(ctx, key, func(Visit) Visit { return Visit{Last: at.UTC()} })
	return before
}

// Refused counts a failed login of the account that a user name means, if any.
func (v *Visitors) Refused(ctx context.Context, user string) {
	if owner, name, ok := v.named(ctx, user); ok {
		v.note(ctx, store.JoinKey(owner.UUID, name), func(before Visit) Visit {
			before.Failed++
			return before
		})
	}
}

// Close waits for the notes under way.
func (v *Visitors) Close() { v.notes.Wait() }

// note writes on while the connection it is about may be gone.
func (v *Visitors) note(ctx context.Context, key string, change func(Visit) Visit) {
	select {
	case v.slots <- struct{}{}:
	default:
		return
	}
	v.notes.Go(func() {
		defer func() { <-v.slots }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
		defer cancel()
		if err := v.write(ctx, key, change); err != nil {
			v.log.DebugContext(ctx, "a visit was not noted", slog.Any("error", err))
		}
	})
}

func (v *Visitors) write(ctx context.Context, key string, change func(Visit) Visit) (err error) {
	for range noteTry {
		var snap store.Snapshot
		if snap, err = v.store.Snapshot(ctx, store.Linearizable); err != nil {
			return err
		}
		before, version := Visits.Get(snap, key)
		if before == nil {
			before = new(Visit)
		}
		after := change(*before)
		if _, err = v.store.Commit(ctx, Visits.Put(key, version, &after)); !fault.Is(err, fault.Raced) {
			return err
		}
	}
	return err
}
