package seal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// judgeEvery is how often the other servers are looked at while a rotation
// waits for them.
const judgeEvery = time.Second

// endsSoon is how long a rotation may take to end that was given up.
const endsSoon = 10 * time.Second

// A Step is how far a rotation is.
type Step string

// The steps of a rotation, in their order.
const (
	StepAdded    Step = "added"    // a fresh key is in the file
	StepFound    Step = "found"    // the file has a key that waits, or a rotation was interrupted: it goes on
	StepWaiting  Step = "waiting"  // other servers have not got the key yet
	StepPromoted Step = "promoted" // everything new is sealed with the key
	StepSealing  Step = "sealing"  // records are sealed anew
	StepDone     Step = "done"     // no record that opens is left to be sealed anew
)

// A Progress tells how far a rotation is.
type Progress struct {
	Step Step  `json:"step"`
	Key  KeyID `json:"key"`
	// Done of Total records are sealed anew.
	Done  int `json:"done,omitempty"`
	Total int `json:"total,omitempty"`
	// Nodes are the servers that are waited for, as text.
	Nodes []string `json:"nodes,omitempty"`
	// Left counts the records that do not open, and so were left as they are.
	Left int `json:"left,omitempty"`
	// Note is what an operator should know beside.
	Note string `json:"note,omitempty"`
}

// A Rotation is one run of Rotate.
type Rotation struct {
	// Vaults are all tables with secrets.
	Vaults []Vault
	// Ledger takes the audit lines, Actor is who rotates.
	Ledger *audit.Ledger
	Actor  audit.Actor
	// Report is told of every step, and of the records while they are sealed.
	Report func(Progress)
}

// Rotate puts a fresh key in the place of the one that seals, in an order in
// which no server ever meets a secret that it cannot open:
//
//  1. The key is added to the file. It opens and does not seal.
//  2. All other servers that run have it; until then Rotate waits.
//  3. The witness is sealed with it. From that commit on it seals on every
//     server, and a server that lacks it does not start.
//  4. All records are sealed anew.
//
// The old key stays in the file: backups need it. Drop removes it.
//
// Rotate may be ended at any moment, and by the death of the process; the next
// one goes on where it was. InUse while another one runs in this process.
func (r *Ring) Rotate(ctx context.Context, job Rotation) error {
	release, err := r.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	key, found, err := r.choose(ctx, job)
	if err != nil {
		return err
	}
	step := StepAdded
	if found {
		step = StepFound
	}
	job.Report(Progress{Step: step, Key: key})
	if err := r.putInPlace(ctx, job, key); err != nil {
		return err
	}
	note := r.settle(ctx, key)
	job.Report(Progress{Step: StepPromoted, Key: key, Note: note})
	end, err := r.reseal(ctx, job, key)
	if err != nil {
		return err
	}
	err = r.note(ctx, func(w *Witness) bool {
		change := w.Unfinished
		w.Unfinished = false
		return change
	})
	if err == nil {
		job.Report(end)
	}
	return err
}

// alone has the keys for this caller until release is called. A rotation whose
// client has gone ends soon, and is waited for; any other one is InUse.
func (r *Ring) alone(ctx context.Context) (release func(), err error) {
	soon := time.NewTimer(endsSoon)
	defer soon.Stop()
	select {
	case r.rotating <- struct{}{}:
		return func() { <-r.rotating }, nil
	case <-soon.C:
		return nil, fault.New(fault.InUse, "", "A rotation is under way.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// putInPlace makes the key the one that seals as soon as all servers have it.
func (r *Ring) putInPlace(ctx context.Context, job Rotation, key KeyID) error {
	for {
		judged, err := r.await(ctx, job, key)
		if err != nil || judged == 0 {
			return err
		}
		if err := r.promote(ctx, job, key, judged); !errors.Is(err, errJudgeAgain) {
			return err
		}
	}
}

// choose returns the key to rotate to: one that waits in the file, the one that
// seals when a rotation to it did not end, else a fresh one.
func (r *Ring) choose(ctx context.Context, job Rotation) (key KeyID, found bool, err error) {
	if err := r.Reload(ctx); err != nil {
		return 0, false, err
	}
	snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return 0, false, err
	}
	w, now, _, err := sealing(snap)
	if err != nil {
		return 0, false, err
	}
	keys := r.keys()
	if keys.stateOf(keys.newest(), now) == Waiting {
		return keys.newest(), true, r.hear(ctx, keys.newest())
	}
	old, err := stale(ctx, snap, job.Vaults, keys, now)
	if err != nil || w.Unfinished || old > 0 {
		return now, true, err
	}
	return r.add(ctx, job)
}

// add puts a fresh key into the file, unless somebody else was faster.
func (r *Ring) add(ctx context.Context, job Rotation) (key KeyID, found bool, err error) {
	known := r.keys().newest()
	var line *audit.Pending
	after, err := update(r.cfg.Path, func(k *Keyset) (next *Keyset, err error) {
		if found = k.newest() != known; found {
			return k, nil
		}
		if next, err = k.add(); err != nil {
			return nil, err
		}
		line, err = job.Ledger.Begin(job.Actor, audit.Entry{Event: "create", Resource: "key", Key: next.newest().String()})
		return next, err
	})
	if line != nil {
		line.End(err)
	}
	if err != nil {
		return 0, false, err
	}
	if err := r.Reload(ctx); err != nil {
		return 0, false, err
	}
	return after.newest(), found, r.hear(ctx, after.newest())
}

// hear notes in the store when it first heard of a key.
func (r *Ring) hear(ctx context.Context, key KeyID) error {
	return r.note(ctx, func(w *Witness) bool {
		if !w.made(key).IsZero() {
			return false
		}
		w.Keys = append(slices.Clip(w.Keys), Heard{key, r.cfg.Now().UTC()})
		return true
	})
}

// note changes what the witness tells beside the key that seals, if change says
// so.
func (r *Ring) note(ctx context.Context, change func(*Witness) bool) error {
	for {
		snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return err
		}
		w, _, version, err := sealing(snap)
		if err != nil {
			return err
		}
		next := *w
		if !change(&next) {
			return nil
		}
		if _, err = r.cfg.Store.Commit(ctx, Witnesses.Put(WitnessKey, version, &next)); !fault.Is(err, fault.Raced) {
			return err
		}
	}
}

// await returns when all servers that run have the key, with the version of the
// witness by which that was judged; 0 when the key seals already.
func (r *Ring) await(ctx context.Context, job Rotation, key KeyID) (store.Version, error) {
	seen := watch{}
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	for told := ""; ; {
		if err := r.Reload(ctx); err != nil {
			return 0, err
		}
		if !r.keys().Has(key) {
			return 0, fmt.Errorf("key %s is no longer in the keyset file %s", key, r.cfg.Path)
		}
		snap, err := r.cfg.Store.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return 0, err
		}
		_, now, version, err := sealing(snap)
		if err != nil || now == key {
			return 0, err
		}
		lacking := r.without(snap, key, seen)
		if len(lacking) == 0 {
			return version, nil
		}
		if text := fmt.Sprint(lacking); text != told {
			told = text
			job.Report(Progress{Step: StepWaiting, Key: key, Nodes: lacking})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// without returns the other servers that run and have not got the key.
func (r *Ring) without(snap store.Snapshot, key KeyID, seen watch) []string {
	var lacking []string
	for row := range snap.Rows(Holders.Name, "") {
		h := row.Value.(*Holder)
		if row.Key != r.holder.id && !slices.Contains(h.Keys, key) && seen.alive(row.Key, row.Version, time.Now()) {
			lacking = append(lacking, h.String())
		}
	}
	slices.Sort(lacking)
	return slices.Compact(lacking)
}

var errJudgeAgain = errors.New("seal: a server came or changed its keys meanwhile")

// promote makes a key the one that seals, on all servers in one moment.
func (r *Ring) promote(ctx context.Context, job Rotation, key KeyID, judged store.Version) error {
	keys, ok := r.keys().SealingWith(key)
	if !ok {
		return fmt.Errorf("%w: %s", ErrForeignKey, key)
	}
	known, err := keys.testify()
	if err != nil {
		return err
	}
	entry := audit.Entry{Event: "modify", Resource: "key", Key: key.String(), Fields: []audit.Field{{Path: "state", Value: string(Sealing)}}}
	return job.Ledger.Do(ctx, job.Actor, func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		w, _, version, err := sealing(snap)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		if version != judged {
			return audit.Entry{}, nil, errJudgeAgain
		}
		return entry, []store.Change{Witnesses.Put(WitnessKey, version, &Witness{Known: known, Keys: w.Keys, Unfinished: true})}, nil
	})
}

// settle makes a key the primary of the file, where the file may be written.
// Nothing depends on it but a store that would be begun with the file.
func (r *Ring) settle(ctx context.Context, key KeyID) (note string) {
	_, err := update(r.cfg.Path, func(k *Keyset) (*Keyset, error) {
		if k.primary == key {
			return k, nil
		}
		next, ok := k.SealingWith(key)
		if !ok {
			return nil, ErrForeignKey
		}
		return next, nil
	})
	if err != nil {
		r.cfg.Logger.WarnContext(ctx, "the keyset file keeps its former primary key", slog.Any("error", err))
		return "The keyset file could not be rewritten and keeps its former primary key; that does no harm."
	}
	r.look(ctx)
	return ""
}
