package record

import (
	"slices"
)

// A Mode says what kind of request a query string belongs to, and so which
// parameters it may have.
type Mode uint8

// The modes.
const (
	ListMode   Mode = 1 << iota // GET of a collection: everything
	OneMode                     // one record: fields, ignore_unknown_fields, return_records, filters on its identity; max_records means nothing
	BulkMode                    // PATCH or DELETE by query: filters, start, max_records, return_records; NoFilter without a filter
	CreateMode                  // POST: return_records; a filter gives FilterOnCreate
)

// A Query is a parsed query string: filters, cross-field query, selection of
// fields, order and paging. It is immutable and may be shared.
type Query[T any] struct {
	schema  *Schema[T]
	mode    Mode
	filters []filter[T] // in declared order
	cross   *crossQuery
	// crossComputed says that the cross-field query needs Computed fields.
	crossComputed bool
	picked        picks // what fields and filters ask for
	selection     Selection
	order         []sortTerm
	start         *cursor
	offset        int
	max           int  // 0: as many as fit
	records       bool // return_records
	given         []Param
}

// A filter is one parameter that names a field.
type filter[T any] struct {
	ref      ref
	expr     expression
	test     matcher
	get      func(*T) Value
	computed bool
}

// Match reports whether the record passes the filters and the cross-field
// query. Computed fields are read as they stand. It does not allocate.
func (q Query[T]) Match(t *T) bool {
	for i := range q.filters {
		if f := &q.filters[i]; !f.test.match(f.get(t), f.ref.column) {
			return false
		}
	}
	return q.cross == nil || q.schema.matchCross(q.cross, t)
}

// matchCheap is Match less the questions that need Computed fields.
func (q *Query[T]) matchCheap(t *T) bool {
	for i := range q.filters {
		if f := &q.filters[i]; !f.computed && !f.test.match(f.get(t), f.ref.column) {
			return false
		}
	}
	return q.cross == nil || q.crossComputed || q.schema.matchCross(q.cross, t)
}

// Filtered reports whether any filter or cross-field query is there.
func (q Query[T]) Filtered() bool { return len(q.filters) > 0 || q.cross != nil }

// Pinned returns the one text that the field with a Lookup of that name must
// hold in every record that matches; false when the query leaves it open.
func (q Query[T]) Pinned(lookup string) (text string, ok bool) {
	for i := range q.filters {
		f := &q.filters[i]
		if f.ref.column == "" && q.schema.fields[f.ref.row].Lookup == lookup && len(f.expr) == 1 && f.expr[0].exact() && !f.expr[0].negated {
			return f.expr[0].pieces[0], true
		}
	}
	return "", false
}

// Selection returns the fields to show.
func (q Query[T]) Selection() Selection { return q.selection }

// ReturnRecords returns the parameter return_records, by default true when
// reading and false otherwise.
func (q Query[T]) ReturnRecords() bool { return q.records }

// NeedsComputed returns the paths of the Computed fields the query depends on
// or shows, in declared order.
func (q Query[T]) NeedsComputed() []string {
	var paths []string
	for row := range q.schema.fields {
		if q.schema.computed(row) && (q.picked.rows[row] || q.decidedBy(row)) {
			paths = append(paths, q.schema.fields[row].Path)
		}
	}
	return paths
}

// decidedBy reports whether which records are shown, or their order, depends
// on the row.
func (q *Query[T]) decidedBy(row int) bool {
	return slices.ContainsFunc(q.filters, func(f filter[T]) bool { return f.ref.row == row }) ||
		slices.ContainsFunc(q.order, func(o sortTerm) bool { return o.row == row }) ||
		q.cross != nil && slices.Contains(q.cross.rows, row)
}

// decidedByComputed reports whether Computed fields decide, so that they are
// needed for all records and not for those of the page alone.
func (q *Query[T]) decidedByComputed() bool {
	for row := range q.schema.fields {
		if q.schema.computed(row) && q.decidedBy(row) {
			return true
		}
	}
	return false
}

// showsComputed reports whether a record shown needs Computed fields.
func (q *Query[T]) showsComputed() bool {
	for row, in := range q.picked.rows {
		if in && q.schema.computed(row) {
			return true
		}
	}
	return false
}
