package etcdstore

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/store"
)

// An attempt is one Commit on its way to etcd.
type attempt struct {
	changes []store.Change
	cmps    []clientv3.Cmp
	ops     []clientv3.Op
	steps   []step // what it does to the mirror
	size    int    // bytes of documents

	done chan struct{} // closed after what follows is set
	rev  store.Revision
	err  error
}

// prepare makes an attempt of changes that passed the check. A value is
// decoded again for the mirror, so that this process sees what every other
// will.
func (k *keyspace) prepare(changes []store.Change) (*attempt, error) {
	a := &attempt{
		changes: changes,
		cmps:    make([]clientv3.Cmp, 0, len(changes)),
		ops:     make([]clientv3.Op, 0, len(changes)+1),
		steps:   make([]step, len(changes)),
		done:    make(chan struct{}),
	}
	for i := range changes {
		c := &changes[i]
		a.steps[i] = step{op: c.Op, table: c.Table, key: c.Key}
		key := k.join(c.Table, c.Key)
		if c.Op != store.DeleteUnder {
			a.cmps = append(a.cmps, clientv3.Compare(clientv3.ModRevision(key), "=", int64(c.Expect)))
		}
		switch c.Op {
		case store.Put:
			doc, err := k.tables[c.Table].Encode(c.Value)
			if err != nil {
				return nil, fmt.Errorf("etcdstore: commit %s/%s: %w", c.Table, c.Key, err)
			}
			if a.steps[i].key, a.steps[i].value, err = decode(k.tables[c.Table], []byte(c.Key), doc); err != nil {
				return nil, err
			}
			a.ops = append(a.ops, clientv3.OpPut(key, string(doc)))
			a.size += len(doc)
		case store.Delete:
			a.ops = append(a.ops, clientv3.OpDelete(key))
		case store.DeleteUnder:
			a.ops = append(a.ops, clientv3.OpDelete(key, clientv3.WithPrefix()))
		case store.Require:
		}
	}
	return a, nil
}

// finish tells the attempt's caller what became of it.
func (a *attempt) finish(rev store.Revision, err error) {
	a.rev, a.err = rev, err
	close(a.done)
}

// send takes attempts to etcd in one transaction and finishes them. One alone
// is etcd's transaction; several are transactions inside one, so that each
// holds or fails by itself. They must not touch what another one of them does.
func (s *Store) send(ctx context.Context, attempts []*attempt) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	resp, err := s.take(ctx, attempts)
	if err != nil {
		for _, a := range attempts {
			a.finish(0, s.commitError(ctx, err))
		}
		return
	}
	s.settle(attempts, resp)
}

// take makes one transaction of attempts and commits it.
func (s *Store) take(ctx context.Context, attempts []*attempt) (*clientv3.TxnResponse, error) {
	if s.confirm == nil {
		return s.join(ctx, attempts).Commit()
	}
	return commitSomewhere(ctx, func(ctx context.Context) clientv3.Txn { return s.join(ctx, attempts) })
}

// join makes one transaction of attempts.
func (s *Store) join(ctx context.Context, attempts []*attempt) clientv3.Txn {
	var cmps []clientv3.Cmp
	var ops []clientv3.Op
	if len(attempts) == 1 {
		cmps, ops = attempts[0].cmps, attempts[0].ops
	} else {
		for _, a := range attempts {
			ops = append(ops, clientv3.OpTxn(a.cmps, a.ops, nil))
		}
	}
	txn := s.client.Txn(ctx).If(cmps...)
	if s.confirm == nil {
		return txn.Then(ops...)
	}
	return txn.Then(append(ops, clientv3.OpPut(s.keys.head(), ""))...).Else(clientv3.OpGet(s.keys.head()))
}

// settle finishes attempts by etcd's answer.
func (s *Store) settle(attempts []*attempt, resp *clientv3.TxnResponse) {
	rev := store.Revision(resp.Header.Revision)
	if !resp.Succeeded && s.confirm != nil {
		rev = newest(resp.Responses[0].GetResponseRange().Kvs)
	}
	held := make([]bool, len(attempts))
	var steps []step
	for i, a := range attempts {
		held[i] = resp.Succeeded
		if len(attempts) > 1 {
			held[i] = resp.Responses[i].GetResponseTxn().Succeeded
		}
		if held[i] {
			steps = append(steps, a.steps...)
		}
	}
	if wrote(resp.Responses) {
		s.mirror.commit(rev, steps)
	}
	for i, a := range attempts {
		if held[i] {
			a.finish(rev, nil)
		} else {
			a.finish(rev, store.Raced())
		}
	}
}

// wrote reports whether a transaction changed anything, and so made the
// revision in its response instead of finding it.
func wrote(responses []*etcdserverpb.ResponseOp) bool {
	for _, r := range responses {
		if r.GetResponsePut() != nil || r.GetResponseDeleteRange().GetDeleted() > 0 || wrote(r.GetResponseTxn().GetResponses()) {
			return true
		}
	}
	return false
}
