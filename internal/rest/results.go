package rest

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// results answers GET of a collection with job_results_uuid: those records of
// a bulk call that are there now, and what went wrong. Filters and fields
// apply, paging does not.
func (m *mounted[T]) results(x *exchange) error {
	j := m.api.jobs.find(x.caller, strings.ToLower(x.opts.jobResults))
	if j == nil {
		return fault.New(fault.NotFound, "job_results_uuid", msgNotFound)
	}
	if j.path() != "/api"+m.Path {
		return fault.New(fault.JobForeign, "job_results_uuid", "The job belongs to another API.")
	}
	select {
	case <-j.done:
	default:
		return fault.New(fault.JobRunning, "job_results_uuid", "The job is still running.")
	}
	q, err := m.Schema.ParseQuery(slices.DeleteFunc(x.params, isPaging), record.ListMode)
	if err != nil {
		return err
	}
	out := m.api.jobs.outcome(j)
	page, err := q.Run(x.ctx, m.present(x, out.keys), m.fill())
	if err != nil {
		return err
	}
	e := x.encoder()
	e.open('{')
	if q.ReturnRecords() {
		m.appendRecords(&e, page.Records, q.Selection(), x.hal)
	}
	e.name("num_records")
	e.integer(int64(page.Count))
	if len(out.failed) > 0 {
		e.problems("errors", out.failed)
	}
	if len(out.undone) > 0 {
		e.problems("rollback_errors", out.undone)
	}
	x.appendPageLinks(&e, m.Path, nil)
	e.close('}')
	x.reply(http.StatusOK, &e)
	return nil
}

// present yields the records under the given keys that are there now.
func (m *mounted[T]) present(x *exchange, keys [][]string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for _, key := range keys {
			t, err := m.Reader.Find(x.ctx, x.caller, key)
			if isNotFound(err) {
				continue
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func isPaging(p record.Param) bool {
	switch p.Name {
	case "max_records", "offset", "order_by", "$orderBy":
		return true
	}
	return len(p.Name) > len("start.") && p.Name[:len("start.")] == "start."
}
