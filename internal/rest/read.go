package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

func isNotFound(err error) bool { return fault.Is(err, fault.NotFound) }

// readOne answers GET of one record.
func (m *mounted[T]) readOne(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	q, fills := m.plainOne, m.plainFills
	if len(x.params) > 0 {
		var err error
		if q, err = m.Schema.ParseQuery(x.params, record.OneMode); err != nil {
			return err
		}
		fills = m.computed && len(q.NeedsComputed()) > 0
	}
	t, err := m.find(x)
	if err != nil {
		return err
	}
	if err := m.expect(q, t); err != nil {
		return err
	}
	if fills {
		if err := m.Reader.Fill(x.ctx, []*T{t}); err != nil {
			return err
		}
	}
	e := x.encoder()
	m.appendRecord(&e, t, q.Selection(), x.hal)
	x.reply(http.StatusOK, &e)
	return nil
}

// find returns the record that the path names.
func (m *mounted[T]) find(x *exchange) (t *T, err error) {
	err = m.byKey(x, func(key []string) error {
		t, err = m.Reader.Find(x.ctx, x.caller, key)
		return err
	})
	return t, err
}

// list answers GET of a collection.
func (m *mounted[T]) list(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	if x.opts.has("job_results_uuid") {
		return m.results(x)
	}
	q := m.plainList
	if len(x.params) > 0 {
		var err error
		if q, err = m.Schema.ParseQuery(x.params, record.ListMode); err != nil {
			return err
		}
	}
	page, err := q.Run(x.ctx, m.Reader.Rows(x.ctx, x.caller.Asking(q), q.From()), m.fill())
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
	x.appendPageLinks(&e, m.Path, page.Next)
	e.close('}')
	x.reply(http.StatusOK, &e)
	return nil
}

// appendRecords writes the "records" member.
func (m *mounted[T]) appendRecords(e *encoder, rows []*T, sel record.Selection, hal bool) {
	e.name("records")
	e.open('[')
	for _, t := range rows {
		e.next()
		m.appendRecord(e, t, sel, hal)
	}
	e.close(']')
}

// appendPageLinks writes the "_links" of a list: self under HAL, and next
// wherever the list was cut, which is told in a Link header too.
func (x *exchange) appendPageLinks(e *encoder, path string, next []record.Param) {
	if !x.hal && next == nil {
		return
	}
	e.name("_links")
	e.open('{')
	if x.hal {
		self := "/api" + path
		if raw := x.r.URL.RawQuery; raw != "" {
			self += "?" + raw
		}
		e.link("self", self)
	}
	if next != nil {
		href := x.nextHref(path, next)
		e.link("next", href)
		x.w.Header()["Link"] = []string{"<" + href + `>; rel="next"`}
	}
	e.close('}')
}

// nextHref returns the URL that goes on where this request stopped: the same
// parameters, behind those that say where to start.
func (x *exchange) nextHref(path string, next []record.Param) string {
	var b strings.Builder
	b.WriteString("/api")
	b.WriteString(path)
	b.Write(appendQuery(nil, append(slices.Clip(next), x.opts.given...)))
	return b.String()
}
