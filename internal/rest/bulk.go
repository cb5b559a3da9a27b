package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// createRecords answers POST with a "records" body.
func (m *mounted[T]) createRecords(x *exchange, body record.Body) error {
	inputs, err := m.readRecords(body, record.Create)
	if err != nil {
		return err
	}
	caller, keys, made := x.caller, make([][]string, len(inputs)), make([]svm.Made[T], len(inputs))
	b := m.batch(x, inputs)
	b.do = func(ctx context.Context, i int) (err error) {
		if made[i], err = m.Service.Create(ctx, caller, inputs[i]); err == nil {
			keys[i] = m.Schema.KeyOf(made[i].Record)
		}
		return err
	}
	b.undo = func(ctx context.Context, i int) error { return m.Service.Unmake(ctx, caller, made[i]) }
	return m.startBatch(x, b, keys)
}

// modifyRecords answers PATCH with a "records" body.
func (m *mounted[T]) modifyRecords(x *exchange, body record.Body) error {
	inputs, err := m.readRecords(body, record.Modify)
	if err != nil {
		return err
	}
	keys, err := m.keysOf(inputs)
	if err == nil {
		err = m.distinct(inputs, keys)
	}
	if err != nil {
		return err
	}
	caller, undo := x.caller, make([]svm.Undo[T], len(inputs))
	b := m.batch(x, inputs)
	b.do = func(ctx context.Context, i int) (err error) {
		undo[i], err = m.Modifier.Modify(ctx, caller, keys[i], inputs[i].Without(m.keys...))
		return err
	}
	b.undo = func(ctx context.Context, i int) error { return m.Modifier.Restore(ctx, caller, undo[i]) }
	return m.startBatch(x, b, keys)
}

// deleteRecords answers DELETE with a "records" body. It goes on after a
// failure and undoes nothing.
func (m *mounted[T]) deleteRecords(x *exchange, body record.Body) error {
	inputs, err := m.readRecords(body, record.Lookup)
	if err != nil {
		return err
	}
	keys, err := m.keysOf(inputs)
	if err != nil {
		return err
	}
	caller := x.caller
	b := m.batch(x, inputs)
	b.keepGoing = true
	b.do = func(ctx context.Context, i int) error { return m.Service.Delete(ctx, caller, keys[i]) }
	return m.startBatch(x, b, keys)
}

func (m *mounted[T]) batch(x *exchange, inputs []record.Input[T]) *batch {
	return &batch{
		verb: x.r.Method, request: x.id, count: len(inputs),
		serial: x.opts.serial, keepGoing: x.opts.keepGoing,
		name: func(i int) string { return m.nameOfInput(inputs[i], i) },
	}
}

// readRecords reads the members of "records". What cannot be parsed is refused
// at once; everything else is found out by the job.
func (m *mounted[T]) readRecords(body record.Body, op record.Op) ([]record.Input[T], error) {
	if rest := body.Without("records"); rest.Len() > 0 {
		name := rest.Names()[0]
		return nil, fault.New(fault.ExclusiveFields, name, `Field "%s" cannot be used with field "records".`, name)
	}
	objects, _, err := body.Objects("records")
	switch {
	case err != nil:
		return nil, err
	case len(objects) == 0:
		return nil, fault.New(fault.NothingToSet, "records", "No records were given.")
	}
	inputs := make([]record.Input[T], len(objects))
	for i, o := range objects {
		if inputs[i], err = m.Schema.ReadObject(o, op); err != nil {
			return nil, inRecord(err, i)
		}
	}
	return inputs, nil
}

// inRecord puts the place of a record before the field at fault.
func inRecord(err error, i int) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	in := *f
	in.Target = "records[" + strconv.Itoa(i) + "]"
	if f.Target != "" {
		in.Target += "." + f.Target
	}
	return &in
}

// keysOf returns the key that each input must hold.
func (m *mounted[T]) keysOf(inputs []record.Input[T]) ([][]string, error) {
	keys := make([][]string, len(inputs))
	for i, in := range inputs {
		for _, path := range m.keys {
			if !in.Has(path) {
				return nil, inRecord(fault.New(fault.MissingField, path, `Field "%s" is required to tell which record is meant.`, path), i)
			}
			keys[i] = append(keys[i], in.Get(path).String())
		}
	}
	return keys, nil
}

// distinct refuses a record that is listed twice: which of its changes is the
// later one would be chance, and neither could be taken back.
func (m *mounted[T]) distinct(inputs []record.Input[T], keys [][]string) error {
	seen := make(map[string]bool, len(keys))
	for i, key := range keys {
		id := strings.Join(key, "\x00") // no key has one
		if seen[id] {
			return fault.New(fault.DuplicateValue, "records["+strconv.Itoa(i)+"]",
				`The record "%s" is given more than once in field "records".`, m.nameOfInput(inputs[i], i))
		}
		seen[id] = true
	}
	return nil
}

// nameOf tells a record apart for people: "owner.name: svm1, name: admins".
func (m *mounted[T]) nameOf(t *T) string {
	return m.name(func(path string) record.Value {
		f, _ := m.Schema.Field(path)
		return f.Get(t)
	})
}

func (m *mounted[T]) nameOfInput(in record.Input[T], i int) string {
	if name := m.name(in.Get); name != "" {
		return name
	}
	return fmt.Sprintf("number %d", i+1)
}

func (m *mounted[T]) name(value func(path string) record.Value) string {
	var parts []string
	for _, path := range m.named {
		if v := value(path); !v.IsZero() {
			parts = append(parts, cmp.Or(m.says[path], path)+": "+v.String())
		}
	}
	return strings.Join(parts, ", ")
}

// startBatch runs the batch as a job and answers with a link to it: 202, or
// the outcome if it is there within the return_timeout that was asked for.
func (m *mounted[T]) startBatch(x *exchange, b *batch, keys [][]string) error {
	j, err := m.api.jobs.start(x.ctx, x.caller, x.r.Method+" /api"+m.Path, func(ctx context.Context) outcome {
		out := b.run(ctx, m.api)
		out.keys = slices.DeleteFunc(keys, func(k []string) bool { return k == nil })
		return out
	})
	if err != nil {
		return err
	}
	results := "/api" + m.Path + "?job_results_uuid=" + j.id
	e := x.encoder()
	e.open('{')
	status := http.StatusAccepted
	if x.opts.has("return_timeout") && j.wait(x.ctx, x.opts.timeout) {
		r := m.api.jobs.outcome(j).result
		switch {
		case r.status != 0:
			status = r.status
			x.refusal(&e, r)
		case x.r.Method == http.MethodPost:
			status = http.StatusCreated
		default:
			status = http.StatusOK
		}
	}
	e.name("job")
	e.open('{')
	e.name("uuid")
	e.text(j.id)
	e.name("_links")
	e.open('{')
	e.link("self", "/api"+jobsPath+"/"+j.id)
	e.link("results", results)
	e.close('}')
	e.close('}')
	e.close('}')
	if x.r.Method == http.MethodPost && status < http.StatusMultipleChoices {
		x.w.Header()["Location"] = []string{results}
	}
	x.reply(status, &e)
	return nil
}

// wait reports whether the job ended within the time.
func (j *job) wait(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-j.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
