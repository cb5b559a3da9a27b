// Package memstore keeps records in memory. It obeys the whole contract of
// package store, short of durability, and passes the same suite as the
// durable backends; records travel through their tables' codecs, so a value
// that cannot be stored fails here too.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

var errClosed = errors.New("memstore: closed")

// A Data is what outlives a Store: open several on one Data for several
// clients of the same records, or one after the other for a restart.
type Data struct {
	mu     sync.Mutex // guards everything below and every Store's builder
	rev    store.Revision
	docs   map[place]document
	stores []*Store
}

type place struct{ table, key string }

type document struct {
	version store.Version
	text    []byte
}

// NewData returns an empty Data.
func NewData() *Data { return &Data{docs: make(map[place]document)} }

// A Store is a store.Store in memory.
type Store struct {
	data    *Data
	tables  store.Tables
	builder *image.Builder
	current atomic.Pointer[image.Image] // nil once closed
}

// New returns an empty Store of its own. It panics when the tables are not
// well declared.
func New(tables ...store.Codec) *Store {
	s, err := NewData().Open(tables...)
	if err != nil {
		panic(err)
	}
	return s
}

// Open returns a Store on the data. A document that its table cannot decode
// is an error.
func (d *Data) Open(codecs ...store.Codec) (*Store, error) {
	tables, err := store.NewTables(codecs...)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &Store{data: d, tables: tables, builder: image.NewBuilder(tables)}
	for at, doc := range d.docs {
		codec, ok := tables[at.table]
		if !ok {
			continue
		}
		value, err := codec.Decode(doc.text)
		if err != nil {
			return nil, fmt.Errorf("memstore: load %s/%s: %w", at.table, at.key, err)
		}
		s.builder.Put(at.table, at.key, doc.version, value)
	}
	s.current.Store(s.builder.Image(d.rev))
	d.stores = append(d.stores, s)
	return s, nil
}

// Snapshot implements store.Store; every snapshot is linearizable.
func (s *Store) Snapshot(ctx context.Context, _ store.Consistency) (store.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, store.Unreached(err)
	}
	m := s.current.Load()
	if m == nil {
		return nil, store.Unreached(errClosed)
	}
	return m, nil
}

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	if err := ctx.Err(); err != nil {
		return 0, store.Unreached(err)
	}
	if err := s.tables.Check(changes); err != nil {
		return 0, err
	}
	docs := make([][]byte, len(changes))
	for i := range changes {
		if changes[i].Op != store.Put {
			continue
		}
		var err error
		if docs[i], err = s.tables[changes[i].Table].Encode(changes[i].Value); err != nil {
			return 0, fmt.Errorf("memstore: commit %s/%s: %w", changes[i].Table, changes[i].Key, err)
		}
	}
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	return s.data.commit(s, changes, docs)
}

// commit is called with mu held.
func (d *Data) commit(s *Store, changes []store.Change, docs [][]byte) (store.Revision, error) {
	if !slices.Contains(d.stores, s) {
		return 0, store.Unreached(errClosed)
	}
	for i := range changes {
		c := &changes[i]
		if c.Op != store.DeleteUnder && d.docs[place{c.Table, c.Key}].version != c.Expect {
			return 0, store.Raced()
		}
	}
	values, err := d.decode(changes, docs)
	if err != nil {
		return 0, err
	}
	d.rev++
	for i := range changes {
		d.keep(&changes[i], docs[i])
	}
	for i, open := range d.stores {
		open.apply(d.rev, changes, values[i])
	}
	return d.rev, nil
}

// decode returns the values as each open store will see them, before any of
// them changes.
func (d *Data) decode(changes []store.Change, docs [][]byte) ([][]any, error) {
	values := make([][]any, len(d.stores))
	for i, open := range d.stores {
		values[i] = make([]any, len(changes))
		for j := range changes {
			codec, ok := open.tables[changes[j].Table]
			if !ok || changes[j].Op != store.Put {
				continue
			}
			var err error
			if values[i][j], err = codec.Decode(docs[j]); err != nil {
				return nil, fmt.Errorf("memstore: commit %s/%s: %w", changes[j].Table, changes[j].Key, err)
			}
		}
	}
	return values, nil
}

func (d *Data) keep(c *store.Change, doc []byte) {
	switch c.Op {
	case store.Put:
		d.docs[place{c.Table, c.Key}] = document{store.Version(d.rev), doc}
	case store.Delete:
		delete(d.docs, place{c.Table, c.Key})
	case store.DeleteUnder:
		for at := range d.docs {
			if at.table == c.Table && len(at.key) >= len(c.Key) && at.key[:len(c.Key)] == c.Key {
				delete(d.docs, at)
			}
		}
	case store.Require:
	}
}

func (s *Store) apply(rev store.Revision, changes []store.Change, values []any) {
	for i := range changes {
		c := &changes[i]
		if _, ok := s.tables[c.Table]; !ok {
			continue
		}
		switch c.Op {
		case store.Put:
			s.builder.Put(c.Table, c.Key, store.Version(rev), values[i])
		case store.Delete:
			s.builder.Delete(c.Table, c.Key)
		case store.DeleteUnder:
			s.builder.DeleteUnder(c.Table, c.Key)
		case store.Require:
		}
	}
	s.current.Store(s.builder.Image(rev))
}

// Close implements store.Store. The Data stays.
func (s *Store) Close() error {
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	s.current.Store(nil)
	s.data.stores = slices.DeleteFunc(s.data.stores, func(open *Store) bool { return open == s })
	return nil
}
