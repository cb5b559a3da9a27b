package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Command mounts in the private passthrough a command whose verb is none of
// a Directory's: POST of the whole path, with the values in the body.
type Command[I, O any] struct {
	// Name is the command: "security login duo test".
	Name string
	// Method and Path below /api are those by which privileges are judged: of
	// the REST call that does the same.
	Method, Path string
	// Input and Output declare what the command takes and what it tells; Output
	// is nil for one that tells nothing. The fields of Output go by their flags,
	// else by their paths with underscores.
	Input  *record.Schema[I]
	Output *record.Schema[O]
	// Do does it. It applies the caller's scope itself.
	Do func(ctx context.Context, caller svm.Caller, in record.Input[I]) (*O, error)
}

func (c Command[I, O]) describe() description { return description{private: true} }

func (c Command[I, O]) routes(*API) []*route {
	takes := Directory[I]{Name: c.Name, Schema: c.Input}.compile()
	r := &route{path: c.Path, pattern: takes.Path, postAs: c.Method}
	r.post = takes.answer(func(x *exchange) error {
		in, err := takes.given(x)
		if err != nil {
			return err
		}
		out, err := c.Do(x.ctx, x.caller, in)
		switch {
		case err != nil:
			return err
		case c.Output == nil:
			x.replyCLI(cliReply{status: http.StatusOK, changed: 1})
		default:
			c.tell(x, out)
		}
		return nil
	})
	return []*route{r}
}

// tell answers with one record, as GET of a Directory does.
func (c Command[I, O]) tell(x *exchange, out *O) {
	told := Directory[O]{Name: c.Name, Schema: c.Output, Keys: []string{}, flags: make(map[string]string)}
	var fields []*record.Field[O]
	for i := range c.Output.Fields() {
		f := &c.Output.Fields()[i]
		switch {
		case f.Path == "owner.uuid":
			continue
		case f.Path == "owner.name":
			told.flags[f.Path] = flagVserver
		case f.Flag == "":
			told.flags[f.Path] = strings.ReplaceAll(f.Path, ".", "-")
		}
		fields = append(fields, f)
	}
	e := x.encoder()
	e.open('{')
	e.name("records")
	e.open('[')
	e.next()
	told.compile().appendRow(&e, out, fields)
	e.close(']')
	e.name("num_records")
	e.integer(1)
	e.close('}')
	x.reply(http.StatusOK, &e)
}

// given reads the body of a POST, whose query string has options alone.
func (d *directory[T]) given(x *exchange) (record.Input[T], error) {
	w, err := d.wish(x)
	if err != nil {
		return record.Input[T]{}, err
	}
	if _, err := d.Schema.ParseQuery(w.params, record.CreateMode); err != nil {
		return record.Input[T]{}, err
	}
	body, err := x.body()
	if err != nil {
		return record.Input[T]{}, err
	}
	return d.Schema.ReadNamed(body, record.Create, d.path)
}
