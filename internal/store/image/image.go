// Package image holds the state that backends serve reads from: copy-on-write
// trees of decoded records, one per table, all at one revision. An Image is
// never changed; a Builder, owned by one goroutine, makes the next one at the
// cost of the nodes it touches.
package image

import (
	"fmt"
	"iter"

	"github.com/tidwall/btree"

	"github.com/duoplane/duoplane/internal/store"
)

type entry struct {
	version store.Version
	value   any
}

type tree = btree.Map[string, entry]

// A keyTree has the keys of records by the text that their table indexes.
type keyTree = btree.Map[string, string]

// A shelf holds one table. That of an image is never written to.
type shelf struct {
	records *tree
	keys    *keyTree
}

// An Image is a store.Snapshot. It may be shared between goroutines.
type Image struct {
	rev     store.Revision
	places  map[string]int // table name to its place in shelves, shared by all images of a builder
	shelves []shelf
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

// Find implements store.Snapshot.
func (m *Image) Find(table, text string) (store.Row, bool) {
	key, ok := m.shelf(table).keys.Get(text)
	if !ok {
		return store.Row{}, false
	}
	return m.Row(table, key)
}

// Len implements store.Snapshot.
func (m *Image) Len(table string) int { return m.table(table).Len() }

func (m *Image) table(name string) *tree { return m.shelf(name).records }

func (m *Image) shelf(name string) shelf { return m.shelves[placeOf(m.places, name)] }

// placeOf panics on a table that was not declared: an empty answer would hide
// the mistake until it looks like lost data.
func placeOf(places map[string]int, name string) int {
	i, ok := places[name]
	if !ok {
		panic(fmt.Sprintf("store: table %q was not declared when the store was opened", name))
	}
	return i
}
