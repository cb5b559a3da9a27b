package rest

import (
	"net/http"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// create answers POST of a collection: one record, or many under "records".
func (m *mounted[T]) create(x *exchange) error {
	if _, err := m.Schema.ParseQuery(x.params, record.CreateMode); err != nil {
		return err
	}
	body, err := x.body()
	if err != nil {
		return err
	}
	if body.Has("records") {
		return m.createRecords(x, body)
	}
	in, err := m.Schema.ReadObject(body, record.Create)
	if err != nil {
		return err
	}
	made, err := m.Service.Create(x.ctx, x.caller, in)
	if err != nil {
		return err
	}
	x.w.Header()["Location"] = []string{m.href(made.Record)}
	return m.replyChanged(x, http.StatusCreated, made.Record)
}

// modifyOne answers PATCH of one record.
func (m *mounted[T]) modifyOne(x *exchange) error {
	if err := m.confirm(x); err != nil {
		return err
	}
	body, err := x.body()
	if err != nil {
		return err
	}
	in, err := m.Schema.ReadObject(body, record.Modify)
	if err != nil {
		return err
	}
	var changed *T
	err = m.byKey(x, func(key []string) error {
		rest, err := m.dropKey(in, key)
		if err != nil {
			return err
		}
		if rest.Len() == 0 {
			return fault.New(fault.NothingToSet, "", "No values were given to apply.")
		}
		if _, err = m.Modifier.Modify(x.ctx, x.caller, key, rest); err != nil || !x.opts.records {
			return err
		}
		changed, err = m.Reader.Find(x.ctx, x.caller, key)
		return err
	})
	if err != nil {
		return err
	}
	return m.replyChanged(x, http.StatusOK, changed)
}

// confirm reads the query string of a change of one record. It may repeat the
// record's identity, as NetApp's Ansible collection does on accounts; what
// contradicts the path finds nothing.
func (m *mounted[T]) confirm(x *exchange) error {
	q, err := m.Schema.ParseQuery(x.params, record.OneMode)
	if err != nil || !q.Filtered() {
		return err
	}
	t, err := m.find(x)
	if err != nil {
		return err
	}
	return m.expect(q, t)
}

// expect refuses a record that is not the one the query string describes.
func (m *mounted[T]) expect(q record.Query[T], t *T) error {
	if q.Match(t) {
		return nil
	}
	return m.notFound()
}

// dropKey takes the key's fields out of a modification that repeats them. One
// that differs from the path is refused: records do not move.
func (m *mounted[T]) dropKey(in record.Input[T], key []string) (record.Input[T], error) {
	for i, path := range m.keys {
		if !in.Has(path) {
			continue
		}
		if in.Get(path).String() != key[i] {
			return in, notPatchable(path)
		}
		in = in.Without(path)
	}
	return in, nil
}

func notPatchable(path string) error {
	return fault.New(fault.NotPatchable, path, "Field '%s' is not supported in the body of PATCH request", path)
}

// deleteOne answers DELETE of one record.
func (m *mounted[T]) deleteOne(x *exchange) error {
	if err := m.confirm(x); err != nil {
		return err
	}
	if err := x.noBody(); err != nil {
		return err
	}
	var gone *T
	err := m.byKey(x, func(key []string) (err error) {
		if x.opts.records {
			if gone, err = m.Service.Find(x.ctx, x.caller, key); err != nil {
				return err
			}
		}
		return m.Service.Delete(x.ctx, x.caller, key)
	})
	if err != nil {
		return err
	}
	return m.replyChanged(x, http.StatusOK, gone)
}

// replyChanged answers a change of one record: an empty object, or the record
// if return_records asks for it.
func (m *mounted[T]) replyChanged(x *exchange, status int, t *T) error {
	if !x.opts.records {
		x.replyEmpty(status)
		return nil
	}
	rows := []*T{t}
	if m.computed {
		if err := m.Reader.Fill(x.ctx, rows); err != nil {
			return err
		}
	}
	e := x.encoder()
	e.open('{')
	e.name("num_records")
	e.integer(1)
	m.appendRecords(&e, rows, m.Schema.All(), x.hal)
	e.close('}')
	x.reply(status, &e)
	return nil
}
