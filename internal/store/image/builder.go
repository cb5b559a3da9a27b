package image

import (
	"strings"

	"github.com/duoplane/duoplane/internal/store"
)

// A Builder makes images. It is not safe for concurrent use; the images are.
type Builder struct {
	places  map[string]int
	codecs  []store.Codec
	shelves []shelf // never handed out, so that copying them touches nothing a reader sees
	last    []shelf // those of the latest image
	dirty   []bool  // shelves that differ from last
	doomed  []string
}

// NewBuilder starts with empty tables.
func NewBuilder(tables store.Tables) *Builder {
	b := &Builder{places: make(map[string]int, len(tables))}
	for name, codec := range tables {
		b.places[name] = len(b.shelves)
		b.codecs = append(b.codecs, codec)
		b.shelves = append(b.shelves, shelf{new(tree), new(keyTree)})
		b.last = append(b.last, shelf{new(tree), new(keyTree)})
	}
	b.dirty = make([]bool, len(b.shelves))
	return b
}

// Put writes a record of a declared table.
func (b *Builder) Put(table, key string, version store.Version, value any) {
	i := b.touch(table)
	before, replaced := b.shelves[i].records.Set(key, entry{version, value})
	after := b.codecs[i].IndexOf(value)
	if replaced {
		if text := b.codecs[i].IndexOf(before.value); text != after {
			b.unindex(i, key, text)
		}
	}
	if after != "" {
		b.shelves[i].keys.Set(after, key)
	}
}

// unindex takes a text away from a record, unless another one has it by now.
func (b *Builder) unindex(i int, key, text string) {
	if owner, ok := b.shelves[i].keys.Get(text); ok && owner == key {
		b.shelves[i].keys.Delete(text)
	}
}

// A Record is what Load takes.
type Record struct {
	Table, Key string
	Version    store.Version
	Value      any
}

// Load is Put for many records of empty tables. Given in order of table and
// key it is several times faster, and the nodes of the trees become full: in
// order alone they would stay half empty behind the one that grows, so every
// second record goes into the gaps between the others.
func (b *Builder) Load(records []Record) {
	for first := range 2 {
		for n := first; n < len(records); n += 2 {
			r := &records[n]
			i := b.touch(r.Table)
			b.shelves[i].records.Load(r.Key, entry{r.Version, r.Value})
			if text := b.codecs[i].IndexOf(r.Value); text != "" {
				b.shelves[i].keys.Load(text, r.Key)
			}
		}
	}
}

// Delete removes a record, if it is there.
func (b *Builder) Delete(table, key string) {
	i := b.touch(table)
	if before, there := b.shelves[i].records.Delete(key); there {
		b.unindex(i, key, b.codecs[i].IndexOf(before.value))
	}
}

// DeleteUnder removes every record whose key begins with prefix.
func (b *Builder) DeleteUnder(table, prefix string) {
	i := b.touch(table)
	b.doomed = b.doomed[:0]
	b.shelves[i].records.Ascend(prefix, func(key string, _ entry) bool {
		if !strings.HasPrefix(key, prefix) {
			return false
		}
		b.doomed = append(b.doomed, key)
		return true
	})
	for _, key := range b.doomed {
		b.Delete(table, key)
	}
	clear(b.doomed)
}

// Version returns the version of a record as built so far, 0 when absent.
func (b *Builder) Version(table, key string) store.Version {
	e, _ := b.shelves[placeOf(b.places, table)].records.Get(key)
	return e.version
}

// Image returns what was built so far as the state at a revision.
func (b *Builder) Image(rev store.Revision) *Image {
	m := &Image{rev: rev, places: b.places, shelves: make([]shelf, len(b.shelves))}
	for i, dirty := range b.dirty {
		if dirty {
			b.last[i] = shelf{b.shelves[i].records.Copy(), b.shelves[i].keys.Copy()}
			b.dirty[i] = false
		}
		m.shelves[i] = b.last[i]
	}
	return m
}

func (b *Builder) touch(table string) int {
	i := placeOf(b.places, table)
	b.dirty[i] = true
	return i
}
