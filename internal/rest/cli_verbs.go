package rest

import (
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// show answers GET: the keys, and of the other fields those asked for.
func (d *directory[T]) show(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	w, err := d.wish(x)
	if err != nil {
		return err
	}
	q, err := d.Schema.ParseQuery(w.params, record.ListMode)
	if err != nil {
		return err
	}
	page, err := q.Run(x.ctx, d.Reader.Rows(x.ctx, x.caller.Asking(q), q.From()), d.fill())
	if err != nil {
		return err
	}
	e := x.encoder()
	e.open('{')
	if q.ReturnRecords() {
		e.name("records")
		e.open('[')
		for _, t := range page.Records {
			e.next()
			d.appendRow(&e, t, w.fields)
		}
		e.close(']')
	}
	e.name("num_records")
	e.integer(int64(page.Count))
	x.appendPageLinks(&e, d.Path, x.nextCLI(page.Next))
	e.close('}')
	x.reply(http.StatusOK, &e)
	return nil
}

// appendRow writes one record: one member for every field that is set.
func (d *directory[T]) appendRow(e *encoder, t *T, fields []*record.Field[T]) {
	e.open('{')
	for _, f := range fields {
		v := f.Get(t)
		if v.IsZero() {
			continue
		}
		e.name(d.called[f.Path])
		if f.Kind == record.Enum { // the passthrough has underscores where the command line has hyphens
			v = record.Text(strings.ReplaceAll(strings.ToLower(f.Said(v.Str())), "-", "_"))
		} else if len(f.Words) > 0 {
			v = record.Text(f.Said(v.Str()))
		}
		e.value(v)
	}
	e.close('}')
}

// nextCLI returns the parameters of the next page: those of this one, in the
// client's own words, behind where to start.
func (x *exchange) nextCLI(next []record.Param) []record.Param {
	if next == nil {
		return nil
	}
	var params []record.Param
	for _, p := range next {
		if strings.HasPrefix(p.Name, "start.") {
			params = append(params, p)
		}
	}
	for _, p := range x.params {
		if !strings.HasPrefix(p.Name, "start.") {
			params = append(params, p)
		}
	}
	return params
}

// create answers POST.
func (d *directory[T]) create(x *exchange) error {
	w, err := d.wish(x)
	if err != nil {
		return err
	}
	if _, err := d.Schema.ParseQuery(w.params, record.CreateMode); err != nil {
		return err
	}
	body, err := x.body()
	if err != nil {
		return err
	}
	in, err := d.Schema.ReadNamed(body, record.Create, d.path)
	if err != nil {
		return err
	}
	if _, err := d.Service.Create(x.ctx, x.caller, in); err != nil {
		return err
	}
	x.replyCLI(cliReply{status: http.StatusCreated, changed: 1})
	return nil
}

// modify answers PATCH: the records by the query, the values by the body.
func (d *directory[T]) modify(x *exchange) error {
	body, err := x.body()
	if err != nil {
		return err
	}
	in, err := d.Schema.ReadNamed(body, record.Modify, d.path)
	if err != nil {
		return err
	}
	for _, path := range d.named {
		if in.Has(path) {
			return notPatchable(path)
		}
	}
	if in.Len() == 0 {
		return fault.New(fault.NothingToSet, "", "No values were given to apply.")
	}
	return d.each(x, "modified", record.Input[T]{}, func(t *T) error {
		_, err := d.Modifier.Modify(x.ctx, x.caller, d.Schema.KeyOf(t), in)
		return err
	})
}

// remove answers DELETE. A body, which NetApp's Ansible collection may send,
// can say once more which record is meant.
func (d *directory[T]) remove(x *exchange) error {
	b, err := x.readBody()
	if err != nil {
		return err
	}
	var meant record.Input[T]
	if len(strings.TrimSpace(string(b))) > 0 {
		body, err := record.ParseObject(b)
		if err != nil {
			return err
		}
		if meant, err = d.Schema.ReadNamed(body, record.Lookup, d.path); err != nil {
			return err
		}
	}
	return d.each(x, "deleted", meant, func(t *T) error {
		return d.Service.Delete(x.ctx, x.caller, d.Schema.KeyOf(t))
	})
}

// each changes the records of the query that are also what is meant.
func (d *directory[T]) each(x *exchange, done string, meant record.Input[T], change func(*T) error) error {
	w, err := d.wish(x)
	if err != nil {
		return err
	}
	if !w.filtered {
		return fault.New(fault.NoFilter, "", `A change needs a query on at least one field; "%s=*" means all.`, d.called[d.named[0]])
	}
	q, err := d.Schema.ParseQuery(w.params, record.BulkMode)
	if err != nil {
		return err
	}
	rows := d.only(d.Reader.Rows(x.ctx, x.caller.Asking(q), q.From()), meant)
	sum, err := d.changeEach(x, q, rows, func(t *T) (*T, error) { return nil, change(t) })
	if err != nil {
		return err
	}
	r := cliReply{status: http.StatusOK, changed: sum.done}
	switch exact := d.exact(w); {
	case sum.first != nil:
		r.failure = d.respell(sum.first)
	case exact && sum.done == 0:
		return fault.New(fault.NotFound, "", msgNotFound)
	case !exact:
		r.output = counted(sum.done, done)
	}
	if sum.next != nil && r.failure == nil {
		r.links = func(e *encoder) { x.appendPageLinks(e, d.Path, x.nextCLI(sum.next)) }
	}
	x.replyCLI(r)
	return nil
}

// only leaves the records that have the values given.
func (d *directory[T]) only(rows iter.Seq2[*T, error], meant record.Input[T]) iter.Seq2[*T, error] {
	if meant.Len() == 0 {
		return rows
	}
	return func(yield func(*T, error) bool) {
		for t, err := range rows {
			if err == nil && !d.is(t, meant) {
				continue
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func (d *directory[T]) is(t *T, meant record.Input[T]) bool {
	for _, path := range meant.Paths() {
		if f, _ := d.Schema.Field(path); !f.Get(t).Equal(meant.Get(path)) {
			return false
		}
	}
	return true
}

// counted is what the command line says after a change by query.
func counted(n int, done string) string {
	switch n {
	case 0:
		return "There are no entries matching your query."
	case 1:
		return "1 entry was " + done + "."
	default:
		return fmt.Sprintf("%d entries were %s.", n, done)
	}
}
