package record

import (
	"context"
	"errors"
	"iter"
	"math"
	"strconv"

	"github.com/duoplane/duoplane/internal/fault"
)

const (
	maxPage   = 10000 // records in one page
	fillBatch = 256   // records handed to fill at a time
	patience  = 256   // records read between two looks at the clock
)

// A Page is one answer to a query.
type Page[T any] struct {
	Records []*T    // nil when a read says return_records=false
	Count   int     // number of records in this page, returned or only counted
	Next    []Param // the request for the next page; nil when this is the last
}

// A Filler brings the Computed fields of records up to date, in the records
// themselves, which are private to the caller of Run.
type Filler[T any] = func(ctx context.Context, records []*T) error

// Run evaluates the query over rows, which come in ascending order of key and
// begin no later than From. A record that rows yields need only be good until
// the next one is asked for: what Run keeps is a copy, and fill gets copies.
// Fill is called for the records whose Computed fields are needed: those of
// the page, or, where Computed fields decide, those that pass all else. It
// may be nil for a schema without Computed fields.
//
// A page ends at max_records or at 10,000 records. A list without order_by
// ends at ctx's deadline too, and Next goes on where it ended; with order_by a
// missed deadline is SlowOrder. With return_records=false and no max_records,
// Run counts all there are. Errors of rows and of fill come back as they are.
func (q Query[T]) Run(ctx context.Context, rows iter.Seq2[*T, error], fill Filler[T]) (Page[T], error) {
	r := run[T]{Query: q, fill: fill, keep: q.records || q.mode == BulkMode, limit: maxPage}
	switch ordered := len(q.order) > 0; {
	case q.max > 0:
		r.limit = min(q.max, maxPage)
	case !r.keep && (!ordered || q.start == nil):
		r.limit, r.order = math.MaxInt, nil // an order does not change a count
	}
	r.filling = r.decidedByComputed()
	collect := r.list
	if len(r.order) > 0 {
		collect = r.rank
	}
	page, err := collect(ctx, rows)
	if err == nil && !r.filling && q.showsComputed() && len(page.Records) > 0 {
		err = r.complete(ctx, page.Records)
	}
	if err != nil {
		return Page[T]{}, err
	}
	return page, nil
}

// A run is one evaluation of a query.
type run[T any] struct {
	Query[T]
	fill    Filler[T]
	keep    bool // collect the records, not only their number
	filling bool // Computed fields are needed before records are chosen
	limit   int
}

// list takes the first records that match, in order of key.
func (r *run[T]) list(ctx context.Context, rows iter.Seq2[*T, error]) (Page[T], error) {
	var page Page[T]
	skip := r.offset
	for t, err := range r.matching(ctx, rows) {
		switch {
		case err != nil && t != nil && errors.Is(err, context.DeadlineExceeded):
			page.Next = r.NextFrom(t)
			if skip > 0 {
				page.Next = append(page.Next, Param{"offset", strconv.Itoa(skip)})
			}
			return page, nil
		case err != nil:
			return page, err
		case skip > 0:
			skip--
			continue
		case page.Count == r.limit:
			page.Next = r.NextFrom(t)
			return page, nil
		}
		page.Count++
		if r.keep {
			page.Records = append(page.Records, clone(t))
		}
	}
	return page, nil
}

// rank takes the first records of an order.
func (r *run[T]) rank(ctx context.Context, rows iter.Seq2[*T, error]) (Page[T], error) {
	best := top[T]{schema: r.schema, order: r.order, limit: r.offset + r.limit + 1}
	place := 0
	for t, err := range r.matching(ctx, rows) {
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return Page[T]{}, fault.Wrap(err, fault.SlowOrder, "order_by", "Sorting did not end in time; filter the records or leave out \"order_by\".")
		case err != nil:
			return Page[T]{}, err
		case r.start != nil && r.precedes(t, r.start):
			continue
		}
		best.offer(t, place)
		place++
	}
	records := best.sorted()
	records = records[min(r.offset, len(records)):]
	var page Page[T]
	if len(records) > r.limit {
		page.Next = r.NextFrom(records[r.limit])
		records = records[:r.limit]
	}
	page.Count = len(records)
	if r.keep {
		page.Records = records
	}
	return page, nil
}
