// Package image holds the state that backends serve reads from: copy-on-write
// trees of decoded records, one per table, all at one revision. An Image is
// never changed; a Builder, owned by one goroutine, makes the next one at the
// cost of the nodes it touches.
package image

import (
	"fmt"
	"iter"
	"strings"

	"github.com/tidwall/btree"

	"github.com/duoplane/duoplane/internal/store"
)

type entry struct {
	version store.Version
	value   any
}

type tree = btree.Map[string, entry]

// An Image is a store.Snapshot. It may be shared between goroutines.
type Image struct {
	rev   store.Revision
	index map[string]int // table name to its place in trees, shared by all images of a builder
	trees []*tree
}

// Revision implements store.Snapshot.
func (m *Image) Revision() store.Revision { return m.rev }

// Row implements store.Snapshot.
func (m *Image) Row(table, key string) (store.Row, bool) {
	e, ok := m.table(table).Get(key)
	if !ok {
		return store.Row{}, false
	}
	return store.Row{Key: key, Version: e.version, Value: e.value}, true
}

// Rows implements store.Snapshot.
func (m *Image) Rows(table, from string) iter.Seq[store.Row] {
	t := m.table(table)
	return func(yield func(store.Row) bool) {
		t.Ascend(from, func(key string, e entry) bool {
			return yield(store.Row{Key: key, Version: e.version, Value: e.value})
		})
	}
}

// Len implements store.Snapshot.
func (m *Image) Len(table string) int { return m.table(table).Len() }

// table panics on a table that was not declared: an empty answer would hide
// the mistake until it looks like lost data.
func (m *Image) table(name string) *tree {
	i, ok := m.index[name]
	if !ok {
		panic(fmt.Sprintf("store: table %q was not declared when the store was opened", name))
	}
	return m.trees[i]
}

// A Builder makes images. It is not safe for concurrent use; the images are.
type Builder struct {
	index  map[string]int
	trees  []*tree // never handed out, so that copying them touches nothing a reader sees
	last   []*tree // the trees of the latest image
	dirty  []bool  // trees that differ from last
	doomed []string
}

// NewBuilder starts with empty tables.
func NewBuilder(tables store.Tables) *Builder {
	b := &Builder{index: make(map[string]int, len(tables))}
	for name := range tables {
		b.index[name] = len(b.trees)
		b.trees = append(b.trees, new(tree))
		b.last = append(b.last, new(tree))
	}
	b.dirty = make([]bool, len(b.trees))
	return b
}

// Put writes a record of a declared table.
func (b *Builder) Put(table, key string, version store.Version, value any) {
	b.touch(table).Set(key, entry{version, value})
}

// Append is Put for a key greater than all before it; loading in order this
// way is several times faster.
func (b *Builder) Append(table, key string, version store.Version, value any) {
	b.touch(table).Load(key, entry{version, value})
}

// Delete removes a record, if it is there.
func (b *Builder) Delete(table, key string) { b.touch(table).Delete(key) }

// DeleteUnder removes every record whose key begins with prefix.
func (b *Builder) DeleteUnder(table, prefix string) {
	t := b.touch(table)
	b.doomed = b.doomed[:0]
	t.Ascend(prefix, func(key string, _ entry) bool {
		if !strings.HasPrefix(key, prefix) {
			return false
		}
		b.doomed = append(b.doomed, key)
		return true
	})
	for _, key := range b.doomed {
		t.Delete(key)
	}
	clear(b.doomed)
}

// Version returns the version of a record as built so far, 0 when absent.
func (b *Builder) Version(table, key string) store.Version {
	e, _ := b.trees[b.index[table]].Get(key)
	return e.version
}

// Image returns what was built so far as the state at a revision.
func (b *Builder) Image(rev store.Revision) *Image {
	m := &Image{rev: rev, index: b.index, trees: make([]*tree, len(b.trees))}
	for i, dirty := range b.dirty {
		if dirty {
			b.last[i] = b.trees[i].Copy()
			b.dirty[i] = false
		}
		m.trees[i] = b.last[i]
	}
	return m
}

func (b *Builder) touch(table string) *tree {
	i, ok := b.index[table]
	if !ok {
		panic(fmt.Sprintf("store: table %q was not declared when the store was opened", table))
	}
	b.dirty[i] = true
	return b.trees[i]
}
