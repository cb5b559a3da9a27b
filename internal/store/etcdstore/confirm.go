package etcdstore

import (
	"context"
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
	ctx  context.Context // ends with the store
	work *sync.WaitGroup // the store's
	ask  func(context.Context) (store.Revision, error)

	mu     sync.Mutex // guards what follows
	asking bool
	ended  bool
	next   *question // not put yet; nil when nobody waits
}

type question struct {
	done chan struct{} // closed after what follows is set
	answer
	err error
}

// An answer is a revision no older than any commit acknowledged anywhere
// before it was asked for.
type answer struct {
	rev   store.Revision
	asked time.Time
}

// newest returns an answer that was asked for after the call began.
func (c *confirmer) newest(ctx context.Context) (answer, error) {
	q := c.join()
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-c.ctx.Done():
		return answer{}, errClosed
	}
}

// join returns the next question, and sees to it that it is put.
func (c *confirmer) join() *question {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = &question{done: make(chan struct{})}
	}
	if !c.asking && !c.ended {
		c.asking = true
		c.work.Go(c.putAll)
	}
	return c.next
}

// end keeps further questions from being put, so that the store can wait for
// its work.
func (c *confirmer) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// putAll puts questions until nobody waits.
func (c *confirmer) putAll() {
	for {
		c.mu.Lock()
		q := c.next
		c.next = nil
		c.asking = q != nil
		c.mu.Unlock()
		if q == nil {
			return
		}
		q.asked = time.Now()
		q.rev, q.err = c.put()
		close(q.done)
	}
}

func (c *confirmer) put() (store.Revision, error) {
	ctx, cancel := context.WithTimeout(c.ctx, confirmTimeout)
	defer cancel()
	return c.ask(ctx)
}

// newest reads the revision off the head key: 0 before the first commit.
func newest(head []*mvccpb.KeyValue) store.Revision {
	if len(head) == 0 {
		return 0
	}
	return store.Revision(head[0].ModRevision)
}
