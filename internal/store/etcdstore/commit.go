package etcdstore

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// Commit implements store.Store. After Raced, too, the next snapshot has what
// the commit raced with.
func (s *Store) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	if err := ctx.Err(); err != nil {
		return 0, store.Unreached(err)
	}
	if err := s.writable(); err != nil {
		return 0, store.Unreached(err)
	}
	if err := s.keys.tables.Check(changes); err != nil {
		return 0, err
	}
	txn, steps, err := s.txn(ctx, changes)
	if err != nil {
		return 0, err
	}
	resp, err := txn.Commit()
	if err != nil {
		return 0, commitError(ctx, err)
	}
	rev := store.Revision(resp.Header.Revision)
	switch {
	case resp.Succeeded && ownRevision(resp):
		s.mirror.commit(rev, steps)
	case !resp.Succeeded && s.confirm != nil:
		rev = newest(resp.Responses[0].GetResponseRange().Kvs)
	}
	if err := s.arrival.wait(ctx, rev); err != nil {
		return 0, store.Unreached(err)
	}
	if !resp.Succeeded {
		return 0, store.Raced()
	}
	return rev, nil
}

func (s *Store) writable() error {
	if err := s.Err(); err != nil {
		return err
	}
	return s.view.Load().err
}

// ownRevision reports whether a transaction changed anything, and so made the
// revision in its response instead of finding it.
func ownRevision(resp *clientv3.TxnResponse) bool {
	for _, r := range resp.Responses {
		if r.GetResponsePut() != nil || r.GetResponseDeleteRange().GetDeleted() > 0 {
			return true
		}
	}
	return false
}

// txn makes etcd's transaction of changes that passed the check, and the steps
// it takes the mirror. A value is decoded again for the mirror, so that this
// process sees what every other will.
func (s *Store) txn(ctx context.Context, changes []store.Change) (clientv3.Txn, []step, error) {
	cmps := make([]clientv3.Cmp, 0, len(changes))
	ops := make([]clientv3.Op, 0, len(changes)+1)
	steps := make([]step, len(changes))
	for i := range changes {
		c := &changes[i]
		steps[i] = step{op: c.Op, table: c.Table, key: c.Key}
		key := s.keys.join(c.Table, c.Key)
		if c.Op != store.DeleteUnder {
			cmps = append(cmps, clientv3.Compare(clientv3.ModRevision(key), "=", int64(c.Expect)))
		}
		switch c.Op {
		case store.Put:
			doc, err := s.keys.tables[c.Table].Encode(c.Value)
			if err != nil {
				return nil, nil, fmt.Errorf("etcdstore: commit %s/%s: %w", c.Table, c.Key, err)
			}
			if steps[i].value, err = s.keys.decode(c.Table, c.Key, doc); err != nil {
				return nil, nil, err
			}
			ops = append(ops, clientv3.OpPut(key, string(doc)))
		case store.Delete:
			ops = append(ops, clientv3.OpDelete(key))
		case store.DeleteUnder:
			ops = append(ops, clientv3.OpDelete(key, clientv3.WithPrefix()))
		case store.Require:
		}
	}
	txn := s.client.Txn(ctx).If(cmps...)
	if s.confirm == nil {
		return txn.Then(ops...), steps, nil
	}
	return txn.Then(append(ops, clientv3.OpPut(s.keys.head(), ""))...).Else(clientv3.OpGet(s.keys.head())), steps, nil
}

// commitError tells apart what the operator or the caller can do something
// about.
func commitError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil: // etcd reports the end of a context in its own words
		return store.Unreached(errors.Join(ctx.Err(), err))
	case errors.Is(err, rpctypes.ErrNoSpace):
		return fault.Wrap(err, fault.Unavailable, "", "The configuration store is full; the administrator must make room.")
	case errors.Is(err, rpctypes.ErrTooManyOps), errors.Is(err, rpctypes.ErrRequestTooLarge):
		return fmt.Errorf("etcdstore: commit: %w", err)
	}
	return store.Unreached(fmt.Errorf("etcdstore: commit: %w", err))
}
