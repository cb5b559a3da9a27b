package seal

import (
	"context"
	"fmt"
	"slices"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// Drop removes the keys from the file that opened what was sealed before a
// rotation and that no record needs any more, and returns them. No record can
// come to need them again: whoever seals makes the commit depend on the key
// that seals. InUse when records still need one of them. A backup made before
// the rotation needs them too: it cannot be restored with the file as it is
// then.
func (r *Ring) Drop(ctx context.Context, job Rotation) ([]KeyID, error) {
	release, err := r.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := r.Reload(ctx); err != nil {
		return nil, err
	}
	snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return nil, err
	}
	_, now, _, err := sealing(snap)
	if err != nil {
		return nil, err
	}
	records := count(snap, job.Vaults)
	var old []KeyID
	for _, id := range r.keys().enabled {
		if r.keys().stateOf(id, now) != Opening {
			continue
		}
		if n := records[id]; n > 0 {
			return nil, fault.New(fault.InUse, "", "Key %s still seals %d records; run \"duoplane keys rotate\" to its end first.", id, n)
		}
		old = append(old, id)
	}
	if len(old) == 0 {
		return nil, nil
	}
	line, err := job.Ledger.Begin(job.Actor, audit.Entry{Event: "delete", Resource: "key", Key: fmt.Sprint(old)})
	if err != nil {
		return nil, err
	}
	_, err = update(r.cfg.Path, func(k *Keyset) (*Keyset, error) {
		k, ok := k.SealingWith(now) // the primary of the file cannot be removed from it
		if !ok {
			return nil, ErrForeignKey
		}
		return k.without(slices.DeleteFunc(slices.Clone(old), func(id KeyID) bool { return !k.Has(id) }))
	})
	line.End(err)
	if err != nil {
		return nil, err
	}
	return old, r.Reload(ctx)
}
