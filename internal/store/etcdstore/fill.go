package etcdstore

import (
	"context"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

const (
	// fillKey follows the prefix in the key that is there while a store is being
	// filled; no table can have its name. A store with it is not opened.
	fillKey = "RESTORE"
	// fillMost and fillBytes keep one transaction within what etcd takes by
	// default, fillAhead bounds those under way.
	fillMost  = 100
	fillBytes = 512 << 10
	fillAhead = 4
)

// ErrUnfinished says that a restore into the store was begun and has not ended.
var ErrUnfinished = errors.New("etcdstore: a restore into this store was begun and has not ended: " +
	"run duoplane restore again with the same file, or empty the store")

// A Filling puts documents into an empty store, which nobody opens until it is
// whole. One that was interrupted is taken up by the next with the same mark;
// what is there already is written again. Its methods are for one goroutine.
type Filling struct {
	raw  *Raw
	mark string

	batch []clientv3.Op
	size  int
	group *errgroup.Group
	ctx   context.Context // ends with the first transaction that fails
}

// Fill begins a Filling, or goes on with one of the same mark, which tells what
// the store is filled with. The first documents are there from the beginning:
// a server that starts on the empty store at the same moment loses its race
// against them. InUse when the store is not empty.
func (r *Raw) Fill(ctx context.Context, mark string, first ...store.Document) (_ *Filling, resumed bool, err error) {
	f := &Filling{raw: r, mark: mark}
	f.group, f.ctx = errgroup.WithContext(ctx)
	f.group.SetLimit(fillAhead)
	there, err := r.client.Get(ctx, r.keys.fill())
	if err != nil {
		return nil, false, readError(err)
	}
	if len(there.Kvs) > 0 {
		if string(there.Kvs[0].Value) != mark {
			return nil, false, fault.New(fault.InUse, "", "A restore of another backup into this store was begun and has not ended: end it with that file, or empty the store.")
		}
		return f, true, nil
	}
	if err := r.mustBeEmpty(ctx); err != nil {
		return nil, false, err
	}
	ops := []clientv3.Op{clientv3.OpPut(r.keys.fill(), mark)}
	for _, d := range first {
		ops = append(ops, r.put(d))
	}
	// An empty range passes for a key that was never made.
	nothing := clientv3.Compare(clientv3.CreateRevision(r.keys.prefix), "=", 0).WithPrefix()
	return f, false, r.commit(ctx, nothing, ops)
}

func (r *Raw) mustBeEmpty(ctx context.Context) error {
	resp, err := r.client.Get(ctx, r.keys.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return readError(err)
	}
	if resp.Count > 0 {
		return fault.New(fault.InUse, "", "The store is not empty: it holds %d keys under %s. A backup is restored into an empty store only.", resp.Count, r.keys.prefix)
	}
	return nil
}

func (r *Raw) put(d store.Document) clientv3.Op {
	return clientv3.OpPut(r.keys.join(d.Table, d.Key), string(d.Doc))
}

// Add puts one document into the store, some time before End returns.
func (f *Filling) Add(d store.Document) error {
	if err := f.ctx.Err(); err != nil {
		return context.Cause(f.ctx)
	}
	f.batch = append(f.batch, f.raw.put(d))
	if f.size += len(d.Key) + len(d.Doc); len(f.batch) == fillMost || f.size >= fillBytes {
		f.flush()
	}
	return nil
}

func (f *Filling) flush() {
	batch := f.batch
	f.batch, f.size = nil, 0
	if len(batch) > 0 {
		f.group.Go(func() error { return f.raw.commit(f.ctx, f.mine(), batch) })
	}
}

// mine holds while the store is being filled with what this Filling puts: if
// another one with the same mark ends it first, servers may have changed it.
func (f *Filling) mine() clientv3.Cmp {
	return clientv3.Compare(clientv3.Value(f.raw.keys.fill()), "=", f.mark)
}

// End waits for all documents and opens the store to servers.
func (f *Filling) End(ctx context.Context) error {
	f.flush()
	if err := f.group.Wait(); err != nil {
		return err
	}
	return f.raw.commit(ctx, f.mine(), []clientv3.Op{
		clientv3.OpDelete(f.raw.keys.fill()), clientv3.OpPut(f.raw.keys.head(), ""),
	})
}

// Stop waits for what is under way and leaves the rest to another Filling.
func (f *Filling) Stop() { _ = f.group.Wait() } // why it stops is known already

// commit makes one transaction.
func (r *Raw) commit(ctx context.Context, condition clientv3.Cmp, ops []clientv3.Op) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	resp, err := r.client.Txn(ctx).If(condition).Then(ops...).Commit()
	if err != nil {
		return fmt.Errorf("etcdstore: fill: %w", err)
	}
	if !resp.Succeeded {
		return fault.New(fault.Raced, "", "Somebody else has begun to use the store, or to restore into it.")
	}
	return nil
}
