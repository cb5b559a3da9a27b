package record

import (
	"context"
	"iter"
)

// A Mode says what kind of request a query string belongs to, and so which
// parameters it may have.
type Mode uint8

// The modes.
const (
	ListMode   Mode = iota + 1 // GET of a collection: everything
	OneMode                    // GET of one record: fields, ignore_unknown_fields, return_records
	BulkMode                   // PATCH or DELETE by query: filters, max_records, return_records, start; NoFilter without a filter
	CreateMode                 // POST: return_records; a filter gives FilterOnCreate
)

// A Query is a parsed query string: filters, cross-field query, selection of
// fields, order and paging. It is immutable and may be shared.
type Query[T any] struct {
	schema *Schema[T]
}

// ParseQuery reads the decoded parameters of a request that concern records.
// The edge takes its own parameters (return_timeout, pretty,
// continue_on_failure, ...) out first: whatever is neither a field nor a
// parameter of the mode gives UnknownField.
func (s *Schema[T]) ParseQuery(params []Param, mode Mode) (Query[T], error) { panic("soon") }

// Match reports whether the record passes the filters and the cross-field
// query. Computed fields are read as they stand. It does not allocate.
func (q Query[T]) Match(t *T) bool { panic("soon") }

// String returns the query in canonical form, as an encoded query string:
// parsing it in the same mode gives an equal query.
func (q Query[T]) String() string { panic("soon") }

// Params returns the canonical form as decoded parameters.
func (q Query[T]) Params() []Param { panic("soon") }

// Filtered reports whether any filter or cross-field query is there.
func (q Query[T]) Filtered() bool { panic("soon") }

// NeedsComputed returns the paths of the Computed fields the query depends on
// or shows, in declared order.
func (q Query[T]) NeedsComputed() []string { panic("soon") }

// Selection returns the fields to show.
func (q Query[T]) Selection() Selection { panic("soon") }

// ReturnRecords returns the parameter return_records, by default true when
// reading and false otherwise.
func (q Query[T]) ReturnRecords() bool { panic("soon") }

// From returns the least key that can match, nil for no bound: where to start
// reading rows. It may have fewer parts than a key.
func (q Query[T]) From() []string { panic("soon") }

// NextFrom returns the parameters of the request that goes on with record t
// where this one ended, for a bulk change that ran out of time before t.
func (q Query[T]) NextFrom(t *T) []Param { panic("soon") }

// A Page is one answer to a query.
type Page[T any] struct {
	Records []*T    // nil when the query says return_records=false
	Count   int     // number of records in this page, returned or counted
	Next    []Param // the request for the next page; nil when this is the last
}

// Run evaluates the query over rows, which come in ascending order of key and
// start no later than From. A nil fill means that the schema has no Computed
// fields; otherwise it is called with records whose Computed fields are
// needed and brings them up to date, either in the records (then rows must
// yield private copies) or by putting filled copies in their places.
//
// A page ends at max_records, at 10,000 records, or, for a list without
// order_by, at ctx's deadline; then Next tells how to go on. With order_by a
// missed deadline is SlowOrder.
func (q Query[T]) Run(ctx context.Context, rows iter.Seq2[*T, error], fill func(context.Context, []*T) error) (Page[T], error) {
	panic("soon")
}
