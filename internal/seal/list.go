package seal

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

// A KeyState is what a key is there for.
type KeyState string

// The states of a key.
const (
	Sealing KeyState = "sealing" // everything new is sealed with it
	Opening KeyState = "opening" // it opens what it sealed before a rotation
	Waiting KeyState = "waiting" // it is in the file and was not used yet
	Missing KeyState = "missing" // records need it, and the file lacks it
)

// A KeyInfo is what is known of one key.
type KeyInfo struct {
	ID    KeyID    `json:"id"`
	State KeyState `json:"state"`
	// Made is when the store first heard of it; zero where it did not yet.
	Made time.Time `json:"made,omitzero"`
	// Records is how many records hold a secret that it sealed.
	Records int `json:"records"`
}

// List tells of all keys of the file, in its order, and then of those that are
// missing in it.
func (r *Ring) List(ctx context.Context, vaults []Vault) ([]KeyInfo, error) {
	r.look(ctx)
	if err := r.Err(); err != nil {
		return nil, err
	}
	snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return nil, err
	}
	w, now, _, err := sealing(snap)
	if err != nil {
		return nil, err
	}
	records := count(snap, vaults)
	keys := r.keys()
	var list []KeyInfo
	for _, id := range keys.enabled {
		list = append(list, KeyInfo{id, keys.stateOf(id, now), w.made(id), records[id]})
		delete(records, id)
	}
	missing := len(list)
	for id, n := range records {
		list = append(list, KeyInfo{id, Missing, w.made(id), n})
	}
	slices.SortFunc(list[missing:], func(a, b KeyInfo) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return list, nil
}

// stateOf returns the state of a key of the file while another one seals: what
// was added behind that one waits.
func (k *Keyset) stateOf(id, sealing KeyID) KeyState {
	switch at := slices.Index(k.enabled, sealing); {
	case id == sealing:
		return Sealing
	case slices.Index(k.enabled, id) > at:
		return Waiting
	}
	return Opening
}

// Nodes tells of the servers that run, or have died a moment ago.
func (r *Ring) Nodes(ctx context.Context) ([]Holder, error) {
	snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return nil, err
	}
	var nodes []Holder
	for row := range snap.Rows(Holders.Name, "") {
		nodes = append(nodes, *row.Value.(*Holder))
	}
	slices.SortFunc(nodes, func(a, b Holder) int { return strings.Compare(a.String(), b.String()) })
	return nodes, nil
}
