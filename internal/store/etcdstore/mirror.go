package etcdstore

import (
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

// A mirror keeps the image in step with etcd. It is told every change twice:
// by the watch, which also has the changes of other processes, and by each
// commit of this process as soon as etcd answers it. Whichever comes first is
// applied, provided that everything before it is; the other is dropped. So a
// commit does not wait for the watch unless somebody else wrote in between.
type mirror struct {
	keys    *keyspace
	publish func(*view) // called with mu held, so that views come in order

	mu      sync.Mutex // guards what follows
	builder *image.Builder
	rev     store.Revision            // of builder
	early   map[store.Revision][]step // commits that came before what is before them
}

// A step is one change of a record; DeleteUnder has a prefix for a key.
type step struct {
	op    store.Op
	table string
	key   string
	value any
}

// replace starts anew from what was loaded.
func (m *mirror) replace(builder *image.Builder, rev store.Revision) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.builder, m.rev = builder, rev
	m.settle()
}

// revision returns how far the mirror is.
func (m *mirror) revision() store.Revision {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rev
}

// commit takes the steps of one commit of this process, which etcd gave a
// revision of its own.
func (m *mirror) commit(rev store.Revision, steps []step) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.builder == nil || rev <= m.rev {
		return
	}
	if m.early == nil {
		m.early = make(map[store.Revision][]step)
	}
	m.early[rev] = steps
	if rev == m.rev+1 {
		m.settle()
	}
}

// settle applies the early commits whose turn has come and publishes.
func (m *mirror) settle() {
	for rev := range m.early {
		if rev <= m.rev {
			delete(m.early, rev)
		}
	}
	for {
		steps, ok := m.early[m.rev+1]
		if !ok {
			break
		}
		delete(m.early, m.rev+1)
		m.rev++
		for i := range steps {
			m.apply(m.rev, &steps[i])
		}
	}
	m.publish(&view{image: m.builder.Image(m.rev)})
}

func (m *mirror) apply(rev store.Revision, s *step) {
	switch s.op {
	case store.Put:
		m.builder.Put(s.table, s.key, store.Version(rev), s.value)
	case store.Delete:
		m.builder.Delete(s.table, s.key)
	case store.DeleteUnder:
		m.builder.DeleteUnder(s.table, s.key)
	case store.Require:
	}
}

// notified takes notifications of the watch, each of which holds whole
// revisions. An error means that a record cannot be decoded: what the image
// would have to hold is then not known until the next replace.
func (m *mirror) notified(batch []clientv3.WatchResponse) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range batch {
		if err := m.follow(&batch[i]); err != nil {
			m.builder = nil // it may be in the middle of a revision
			m.publish(&view{err: err})
			return err
		}
	}
	m.settle()
	return nil
}

func (m *mirror) follow(resp *clientv3.WatchResponse) error {
	seen := m.rev
	if resp.IsProgressNotify() {
		m.rev = max(seen, store.Revision(resp.Header.Revision))
	}
	for _, e := range resp.Events {
		rev := store.Revision(e.Kv.ModRevision)
		if rev <= seen {
			continue // a commit of our own was first, or a reconnection sent it again
		}
		s, err := m.step(e)
		if err != nil {
			return err
		}
		m.apply(rev, &s)
		m.rev = rev
	}
	return nil
}

// step returns one that does nothing for a key that is none of ours.
func (m *mirror) step(e *clientv3.Event) (step, error) {
	table, key, ok := m.keys.split(e.Kv.Key)
	switch {
	case string(e.Kv.Key) == m.keys.fill() && e.Type == clientv3.EventTypePut:
		return step{}, ErrUnfinished // it was empty, so that nothing is lost by it
	case !ok:
		return step{op: store.Require}, nil
	case e.Type == clientv3.EventTypeDelete:
		return step{op: store.Delete, table: table.TableName(), key: string(key)}, nil
	}
	text, value, err := decode(table, key, e.Kv.Value)
	return step{op: store.Put, table: table.TableName(), key: text, value: value}, err
}
