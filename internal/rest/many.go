package rest

import (
	"iter"
	"net/http"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// modifyMany answers PATCH of a collection: every record that the query
// selects, or those listed under "records".
func (m *mounted[T]) modifyMany(x *exchange) error {
	body, err := x.body()
	if err != nil {
		return err
	}
	if body.Has("records") {
		return m.modifyRecords(x, body)
	}
	q, err := m.Schema.ParseQuery(x.params, record.BulkMode)
	if err != nil {
		return err
	}
	in, err := m.Schema.ReadObject(body, record.Modify)
	if err != nil {
		return err
	}
	for _, path := range m.keys {
		if in.Has(path) {
			return notPatchable(path)
		}
	}
	if in.Len() == 0 {
		return fault.New(fault.NothingToSet, "", "No values were given to apply.")
	}
	return m.each(x, q, func(t *T) (*T, error) {
		key := m.Schema.KeyOf(t)
		if _, err := m.Modifier.Modify(x.ctx, x.caller, key, in); err != nil || !x.opts.records {
			return nil, err
		}
		return m.Reader.Find(x.ctx, x.caller, key)
	})
}

// deleteMany answers DELETE of a collection.
func (m *mounted[T]) deleteMany(x *exchange) error {
	if x.r.ContentLength != 0 {
		body, err := x.body()
		switch {
		case err != nil:
			return err
		case body.Has("records"):
			return m.deleteRecords(x, body)
		case body.Len() > 0:
			return fault.New(fault.BodyUnwanted, "", "DELETE takes no body but a list of records.")
		}
	}
	q, err := m.Schema.ParseQuery(x.params, record.BulkMode)
	if err != nil {
		return err
	}
	return m.each(x, q, func(t *T) (*T, error) {
		return t, m.Service.Delete(x.ctx, x.caller, m.Schema.KeyOf(t))
	})
}

// A tally is what a change by query has come to.
type tally[T any] struct {
	done   int
	rows   []*T // the records changed, if the client wants them
	first  error
	failed []refusal
	next   []record.Param
}

// each reads the records that the query selects and changes one after the
// other. The first failure ends it, unless the client said to go on; so does
// the end of return_timeout, with a link to go on from there.
func (m *mounted[T]) each(x *exchange, q record.Query[T], change func(*T) (*T, error)) error {
	sum, err := m.changeEach(x, q, m.Reader.Rows(x.ctx, x.caller.Asking(q), q.From()), change)
	if err != nil {
		return err
	}
	return m.replyTally(x, sum)
}

func (m *mounted[T]) changeEach(x *exchange, q record.Query[T], rows iter.Seq2[*T, error], change func(*T) (*T, error)) (tally[T], error) {
	deadline := x.began.Add(max(x.opts.timeout, time.Second))
	page, err := q.Run(x.ctx, rows, m.fill())
	if err != nil {
		return tally[T]{}, err
	}
	sum := tally[T]{next: page.Next}
	for i, t := range page.Records {
		if i > 0 && time.Now().After(deadline) {
			sum.next = q.NextFrom(t)
			break
		}
		after, err := change(t)
		if isNotFound(err) { // gone since the list was read
			continue
		}
		if err != nil {
			sum.failed = append(sum.failed, x.api.recordFailed(x.ctx, x.id, x.r.Method, m.nameOf(t), err))
			if sum.first = err; !x.opts.keepGoing {
				break
			}
			continue
		}
		sum.done++
		if x.opts.records && after != nil {
			sum.rows = append(sum.rows, after)
		}
	}
	return sum, nil
}

// replyTally answers a change by query.
func (m *mounted[T]) replyTally(x *exchange, sum tally[T]) error {
	e := x.encoder()
	e.open('{')
	status := http.StatusOK
	if sum.first == nil && x.opts.records {
		if m.computed {
			if err := m.Reader.Fill(x.ctx, sum.rows); err != nil {
				return err
			}
		}
		m.appendRecords(&e, sum.rows, m.Schema.All(), x.hal)
	}
	e.name("num_records")
	e.integer(int64(sum.done))
	switch {
	case sum.first == nil:
		x.appendPageLinks(&e, m.Path, sum.next)
	case x.opts.keepGoing:
		r := refuse(fault.New(fault.RecordsFailed, "", "Some of the records could not be changed."))
		status = r.status
		x.refusal(&e, r)
		e.problems("errors", sum.failed)
	default:
		r := refuse(sum.first)
		if status = r.status; status >= http.StatusInternalServerError {
			x.err = sum.first
		}
		x.refusal(&e, r)
	}
	e.close('}')
	x.reply(status, &e)
	return nil
}

// problems writes a list of what went wrong, as job results have it.
func (e *encoder) problems(name string, list []refusal) {
	e.name(name)
	e.open('[')
	for _, r := range list {
		e.next()
		e.open('{')
		e.name("message")
		e.text(r.message)
		e.name("code")
		e.text(r.number)
		e.close('}')
	}
	e.close(']')
}
