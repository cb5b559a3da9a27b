package record

import (
	"cmp"
	"slices"
)

// A top keeps the first limit records of an order out of any number offered,
// in a heap whose root is the last of those kept. Records equal by the order
// stay as they came, which is by key.
type top[T any] struct {
	schema *Schema[T]
	order  []sortTerm
	limit  int
	kept   []ranked[T]
}

// A ranked record has its sort values and its place among those offered.
type ranked[T any] struct {
	record *T
	values []Value
	place  int
}

// offer considers a record at its place. What is kept is a copy.
func (h *top[T]) offer(t *T, place int) {
	if len(h.kept) < h.limit {
		h.kept = append(h.kept, ranked[T]{clone(t), h.schema.sortValues(nil, h.order, t), place})
		if len(h.kept) == h.limit {
			for i := len(h.kept)/2 - 1; i >= 0; i-- {
				h.down(i)
			}
		}
		return
	}
	root := &h.kept[0]
	if h.schema.compareBy(h.order, t, root.values) >= 0 { // an equal one came earlier
		return
	}
	*root.record, root.place = *t, place
	root.values = h.schema.sortValues(root.values[:0], h.order, t)
	h.down(0)
}

// down moves an entry below those that come after it in the order.
func (h *top[T]) down(i int) {
	for {
		last := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(h.kept) && h.compare(h.kept[child], h.kept[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		h.kept[i], h.kept[last] = h.kept[last], h.kept[i]
		i = last
	}
}

func (h *top[T]) compare(a, b ranked[T]) int {
	for i, o := range h.order {
		if c := o.compare(a.values[i], b.values[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.place, b.place)
}

// sorted returns the records kept, in order.
func (h *top[T]) sorted() []*T {
	slices.SortFunc(h.kept, h.compare)
	records := make([]*T, len(h.kept))
	for i, r := range h.kept {
		records[i] = r.record
	}
	return records
}

func clone[T any](t *T) *T {
	c := *t
	return &c
}
