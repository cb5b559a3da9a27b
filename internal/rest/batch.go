package rest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/duoplane/duoplane/internal/fault"
)

// workers is how many records of one bulk call are in progress at once.
const workers = 8

// A batch is the work of one bulk call with a "records" body.
type batch struct {
	verb      string // the request's method
	request   string // its id
	count     int
	serial    bool
	keepGoing bool
	name      func(i int) string
	do        func(ctx context.Context, i int) error
	undo      func(ctx context.Context, i int) error // nil: nothing is ever undone
}

// run does the records, several at once unless they must be done serially.
// After a failure, unless the batch keeps going, no further record is begun
// and those that were done are undone, last first.
func (b *batch) run(ctx context.Context, a *API) outcome {
	errs := make([]error, b.count)
	done := make([]bool, b.count)
	var next atomic.Int64
	var stop atomic.Bool
	work := func() {
		for !stop.Load() {
			i := int(next.Add(1)) - 1
			if i >= b.count {
				return
			}
			if errs[i] = guard(func() error { return b.do(ctx, i) }); errs[i] == nil {
				done[i] = true
			} else if !b.keepGoing {
				stop.Store(true)
			}
		}
	}
	crew := min(workers, b.count)
	if b.serial {
		crew = 1
	}
	var wg sync.WaitGroup
	for range crew {
		wg.Go(work)
	}
	wg.Wait()

	var out outcome
	for i, err := range errs {
		if err != nil {
			out.failed = append(out.failed, a.recordFailed(ctx, b.request, b.verb, b.name(i), err))
		}
	}
	if len(out.failed) > 0 && !b.keepGoing && b.undo != nil {
		out.undone = b.rollBack(ctx, a, done)
	}
	out.result = b.result(out)
	return out
}

// rollBack undoes what was done and returns what could not be undone. It must
// not stop because the time of the call is over.
func (b *batch) rollBack(ctx context.Context, a *API, done []bool) (failed []refusal) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	for i, ok := range slices.Backward(done) {
		if !ok {
			continue
		}
		if err := guard(func() error { return b.undo(ctx, i) }); err != nil {
			failed = append(failed, a.recordFailed(ctx, b.request, "Rollback of "+b.verb, b.name(i), err))
		}
	}
	return failed
}

// result is what the job says of the whole; zero when all went well.
func (b *batch) result(out outcome) refusal {
	switch {
	case len(out.failed) == 0:
		return refusal{}
	case b.keepGoing:
		return refuse(fault.New(fault.RecordsFailed, "", "%d of %d records failed. The results of the job tell which.", len(out.failed), b.count))
	case len(out.undone) > 0:
		return refuse(fault.New(fault.RecordFailed, "", "%s %d records could not be rolled back.", out.failed[0].message, len(out.undone)))
	default:
		return out.failed[0]
	}
}

// guard turns a panic into an error with its stack.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// recordFailed makes the error of one record ready for the wire and logs what
// is a fault of ours.
func (a *API) recordFailed(ctx context.Context, request, verb, name string, err error) refusal {
	why := refuse(err)
	if why.status >= http.StatusInternalServerError {
		a.log.ErrorContext(ctx, "record of a bulk call failed", slog.String("request", request), slog.String("verb", verb), slog.Any("error", err))
	}
	return refuse(fault.New(fault.RecordFailed, why.target, `%s of record "%s" failed. Reason: %s`, verb, name, why.message))
}
