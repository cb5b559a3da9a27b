package seal

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

const (
	// resealMost is how many records one commit seals anew: few enough that the
	// changes of others hardly have to wait, or race with it.
	resealMost = 50
	// reportEvery is how often the records are told of.
	reportEvery = 200 * time.Millisecond
)

// A resealing is the walk over all records that another key sealed.
type resealing struct {
	ring  *Ring
	job   Rotation
	keys  *Keyset // its primary is the key that seals
	done  int
	total int
	left  int // records that do not open, of the last walk
	told  time.Time
}

// reseal seals all records with the key that seals. It walks until it finds
// none that is left: a change that began before the key was promoted loses its
// race and is made anew, so that nothing comes back behind the walk.
func (r *Ring) reseal(ctx context.Context, job Rotation, key KeyID) (end Progress, err error) {
	keys, ok := r.keys().SealingWith(key)
	if !ok {
		return end, ErrForeignKey
	}
	snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return end, err
	}
	w := &resealing{ring: r, job: job, keys: keys}
	if w.total, err = stale(ctx, snap, job.Vaults, keys, key); err != nil {
		return end, err
	}
	line, err := job.Ledger.Begin(job.Actor, audit.Entry{
		Event: "reseal", Resource: "key", Key: key.String(),
		Fields: []audit.Field{{Path: "records", Value: strconv.Itoa(w.total)}},
	})
	if err != nil {
		return end, err
	}
	err = w.run(ctx)
	line.End(err)
	return Progress{Step: StepDone, Key: key, Done: w.done, Total: w.total, Left: w.left}, err
}

func (w *resealing) run(ctx context.Context) error {
	for {
		began := w.done
		w.left = 0
		for _, v := range w.job.Vaults {
			if err := w.walk(ctx, v); err != nil {
				return err
			}
		}
		if w.done == began {
			return nil
		}
	}
}

// walk goes over one table, each time on the newest state.
func (w *resealing) walk(ctx context.Context, v Vault) error {
	most := resealMost
	for from := ""; ; {
		snap, err := w.ring.cfg.Store.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return err
		}
		changes, next, left, err := w.collect(snap, v, from, most)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			_, err = w.ring.cfg.Store.Commit(ctx, changes...)
		}
		if fault.Is(err, fault.Raced) { // the fewer records, the likelier that nobody changes one
			most = max(1, most/2)
			continue
		}
		if err != nil {
			return err
		}
		w.done += len(changes)
		w.left += left
		w.report()
		if next == "" {
			return nil
		}
		from, most = next, min(2*most, resealMost)
	}
}

// collect seals the first records from a key on that another key sealed, and
// tells where to go on: "" at the end of the table.
func (w *resealing) collect(snap store.Snapshot, v Vault, from string, most int) (changes []store.Change, next string, left int, err error) {
	for row := range snap.Rows(v.table, from) {
		if !slices.ContainsFunc(v.Keys(row.Value), func(id KeyID) bool { return id != w.keys.primary }) {
			continue
		}
		if len(changes) == most {
			return changes, row.Key, left, nil
		}
		record, slots := v.open(row.Value)
		if _, err := w.keys.SealFor(snap, slots...); err != nil {
			return nil, "", 0, err
		}
		if slices.ContainsFunc(v.Keys(record), func(id KeyID) bool { return id != w.keys.primary }) {
			left++
			if slices.Equal(v.Keys(record), v.Keys(row.Value)) {
				continue
			}
		}
		changes = append(changes, store.Change{Op: store.Put, Table: v.table, Key: row.Key, Expect: row.Version, Value: record})
	}
	return changes, "", left, nil
}

func (w *resealing) report() {
	if now := time.Now(); now.Sub(w.told) >= reportEvery {
		w.told = now
		w.job.Report(Progress{Step: StepSealing, Key: w.keys.primary, Done: w.done, Total: w.total})
	}
}

// stale counts the records with a secret that another key sealed than the one
// that seals, and that opens.
func stale(ctx context.Context, snap store.Snapshot, vaults []Vault, keys *Keyset, key KeyID) (n int, err error) {
	for _, v := range vaults {
		for row := range snap.Rows(v.table, "") {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			_, slots := v.open(row.Value)
			for _, slot := range slots {
				if id, err := keyOf(slot.Secret.Cipher()); err == nil && id != key && keys.Has(id) {
					if _, err := keys.Open(slot.Place, *slot.Secret); err == nil {
						n++
						break
					}
				}
			}
		}
	}
	return n, nil
}
