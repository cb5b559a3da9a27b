package etcdstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/duoplane/duoplane/internal/store"
)

// confirmTimeout bounds one question to the cluster; those who wait have
// deadlines of their own.
const confirmTimeout = 5 * time.Second

// A confirmer asks the cluster which commit is the newest. All who ask while
// a question is under way share the next one: an answer is good only for
// those who asked before it was put.
type confirmer struct {
	s *Store

	mu     sync.Mutex // guards what follows
	asking bool
	next   *question // not put yet; nil when nobody waits
}

type question struct {
	done chan struct{} // closed after what follows is set
	rev  store.Revision
	err  error
}

func newConfirmer(s *Store) *confirmer { return &confirmer{s: s} }

// newest returns a revision no older than any commit acknowledged anywhere
// before the call.
func (c *confirmer) newest(ctx context.Context) (store.Revision, error) {
	c.mu.Lock()
	q := c.next
	if q == nil {
		q = &question{done: make(chan struct{})}
		c.next = q
	}
	if !c.asking && c.s.ctx.Err() == nil {
		c.asking = true
		c.s.work.Go(c.ask)
	}
	c.mu.Unlock()
	select {
	case <-q.done:
		return q.rev, q.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-c.s.ctx.Done():
		return 0, errClosed
	}
}

// ask puts questions until nobody waits.
func (c *confirmer) ask() {
	for {
		c.mu.Lock()
		q := c.next
		c.next = nil
		c.asking = q != nil
		c.mu.Unlock()
		if q == nil {
			return
		}
		q.rev, q.err = c.s.readHead()
		close(q.done)
	}
}

func (s *Store) readHead() (store.Revision, error) {
	ctx, cancel := context.WithTimeout(s.ctx, confirmTimeout)
	defer cancel()
	resp, err := s.client.Get(ctx, s.prefix+headKey)
	if err != nil {
		return 0, fmt.Errorf("etcdstore: learn the newest revision: %w", err)
	}
	return newest(resp.Kvs), nil
}

// newest reads the revision off the head key: 0 before the first commit.
func newest(head []*mvccpb.KeyValue) store.Revision {
	if len(head) == 0 {
		return 0
	}
	return store.Revision(head[0].ModRevision)
}
