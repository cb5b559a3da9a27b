package record

import (
	"context"
	"errors"
	"iter"
)

// matching yields the rows of the page or behind it that match, in order of
// key, each good until the next. When the clock runs out it yields the first
// record it did not look at together with the context's error.
func (r *run[T]) matching(ctx context.Context, rows iter.Seq2[*T, error]) iter.Seq2[*T, error] {
	if r.filling {
		return r.filled(ctx, r.cheap(ctx, rows))
	}
	return r.cheap(ctx, rows)
}

// cheap asks the questions that need no Computed field.
func (r *run[T]) cheap(ctx context.Context, rows iter.Seq2[*T, error]) iter.Seq2[*T, error] {
	only, bounded := r.onlyKey()
	return func(yield func(*T, error) bool) {
		read := 0
		for t, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if read++; read%patience == 0 && ctx.Err() != nil {
				yield(t, ctx.Err())
				return
			}
			if bounded && r.schema.fields[r.schema.keys[0]].Get(t).text > only {
				return
			}
			if r.start != nil && len(r.order) == 0 && r.precedes(t, r.start) || !r.matchCheap(t) {
				continue
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}

// filled finds out the Computed fields, some records at a time, and asks the
// questions that need them.
func (r *run[T]) filled(ctx context.Context, rows iter.Seq2[*T, error]) iter.Seq2[*T, error] {
	size := fillBatch
	if r.limit < fillBatch {
		size = min(fillBatch, r.offset+r.limit+1) // what is behind the page costs nothing
	}
	return func(yield func(*T, error) bool) {
		var batch []*T
		flush := func() bool {
			if len(batch) == 0 {
				return true
			}
			if err := r.complete(ctx, batch); err != nil {
				yield(batch[0], err)
				return false
			}
			for _, t := range batch {
				if r.Match(t) && !yield(t, nil) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		for t, err := range rows {
			if err != nil {
				if len(batch) > 0 {
					t = batch[0]
				}
				yield(t, err)
				return
			}
			batch = append(batch, clone(t))
			if len(batch) == size && !flush() {
				return
			}
		}
		flush()
	}
}

// complete calls fill.
func (r *run[T]) complete(ctx context.Context, records []*T) error {
	if r.fill == nil {
		return errors.New("record: Computed fields are needed, but there is nothing to fill them")
	}
	return r.fill(ctx, records)
}
