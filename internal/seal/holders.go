package seal

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

const (
	lookEvery = 2 * time.Second
	// beatEvery is how often a server says that it is there, deadAfter how long
	// it may be silent before it is taken for gone.
	beatEvery = 20 * time.Second
	deadAfter = 90 * time.Second
	// announceTime bounds one word of a server, leaveTime its last.
	announceTime = 10 * time.Second
	leaveTime    = time.Second
)

// A Holder is one running server and the keys it has at hand.
type Holder struct {
	Host string  `json:"host"`
	File string  `json:"file"` // its keyset file
	Keys []KeyID `json:"keys"`
}

// String names the server and its file.
func (h Holder) String() string { return fmt.Sprintf("%s (%s)", h.Host, h.File) }

// Holders is the table of the servers that run on a store, by an id that each
// makes up at its start. A server writes its record again and again, so a
// record whose version stays the same is that of a server that died. It is
// about processes, not data, and so belongs into no backup.
var Holders = &store.Table[Holder]{Name: "key_holder", DocVersion: 1}

// A holder is this process's own record, and what it has seen of others.
type holder struct {
	id string

	mu        sync.Mutex // guards what follows
	announced []KeyID    // nil before the first time
	beat      time.Time  // the last one
	others    watch
}

func newHolder() holder { return holder{id: rand.Text(), others: watch{}} }

// A watch remembers since when the version of each server's record is what it
// is, by this process's own clock.
type watch map[string]sighting

type sighting struct {
	version store.Version
	since   time.Time
}

// alive notes a record and reports whether its server is alive, as far as can
// be told: whoever is seen for the first time is.
func (w watch) alive(id string, version store.Version, now time.Time) bool {
	if seen, ok := w[id]; ok && seen.version == version {
		return now.Sub(seen.since) < deadAfter
	}
	w[id] = sighting{version, now}
	return true
}

// Run looks at the file when it has changed, and tells the other servers, until
// ctx ends.
func (r *Ring) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.look(ctx)
			if r.cfg.Host != "" {
				r.beat(ctx)
			}
		case <-ctx.Done():
			if r.cfg.Host != "" {
				r.leave(context.WithoutCancel(ctx))
			}
			return
		}
	}
}

// beat announces this server when it is time or its keys have changed, and
// removes the records of servers that died. What fails is tried again at the
// next tick.
func (r *Ring) beat(ctx context.Context) {
	now := time.Now()
	r.holder.mu.Lock()
	due := now.Sub(r.holder.beat) >= beatEvery || !slices.Equal(r.holder.announced, r.keys().enabled)
	r.holder.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, announceTime)
	defer cancel()
	if r.announce(ctx) == nil {
		r.bury(ctx, now)
	}
}

// announce tells the other servers which keys this one has. Where that is news,
// the witness is written too, unchanged: a rotation that judged the servers
// before then cannot go on without judging them again.
func (r *Ring) announce(ctx context.Context) error {
	r.holder.mu.Lock()
	defer r.holder.mu.Unlock()
	for {
		snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return err
		}
		w, _, version, err := sealing(snap)
		if err != nil {
			return err
		}
		keys := r.keys()
		if err := keys.Check(w); err != nil {
			return err
		}
		before, at := Holders.Get(snap, r.holder.id)
		changes := []store.Change{Holders.Put(r.holder.id, at, &Holder{Host: r.cfg.Host, File: r.cfg.Path, Keys: keys.enabled})}
		if before == nil || !slices.Equal(before.Keys, keys.enabled) {
			changes = append(changes, Witnesses.Put(WitnessKey, version, w))
		}
		_, err = r.cfg.Store.Commit(ctx, changes...)
		if err == nil {
			r.holder.announced, r.holder.beat = keys.enabled, time.Now()
		}
		if !fault.Is(err, fault.Raced) {
			return err
		}
	}
}

// bury removes the records of servers that died. One that lives after all
// announces itself anew.
func (r *Ring) bury(ctx context.Context, now time.Time) {
	snap, err := r.cfg.Store.Snapshot(ctx, store.Local)
	if err != nil {
		return
	}
	r.holder.mu.Lock()
	defer r.holder.mu.Unlock()
	for row := range snap.Rows(Holders.Name, "") {
		if row.Key != r.holder.id && !r.holder.others.alive(row.Key, row.Version, now) {
			// Another server may be faster, which is as well.
			_, _ = r.cfg.Store.Commit(ctx, Holders.Delete(row.Key, row.Version))
		}
	}
	maps.DeleteFunc(r.holder.others, func(id string, _ sighting) bool {
		_, there := snap.Row(Holders.Name, id)
		return !there
	})
}

// leave removes this server's own record.
func (r *Ring) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	snap, err := r.cfg.Store.Snapshot(ctx, store.Local)
	if err != nil {
		return
	}
	if _, version := Holders.Get(snap, r.holder.id); version != 0 {
		_, _ = r.cfg.Store.Commit(ctx, Holders.Delete(r.holder.id, version)) // else it is taken for dead after a while
	}
}
