package rest

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
)

// cliPath is where the private passthrough of the command line begins.
const cliPath = "/private/cli"

// Flags that several kinds of records have.
const (
	flagVserver  = "vserver"
	flagUsername = "username"
)

// A Directory mounts a kind of record in the private passthrough, which is the
// command line's names over REST's framework: the words of the directory are
// the path, the verbs show, create, modify and delete are GET, POST, PATCH and
// DELETE, and fields go by their flags, with underscores. It stands beside the
// Resource of the same schema and service, and is in no document.
type Directory[T any] struct {
	// Name is the directory: "security login duo".
	Name string
	// Path is the path below /api by which privileges are judged: the
	// Resource's.
	Path string
	// Schema, Reader, Modifier and Service are as in Resource.
	Schema   *record.Schema[T]
	Reader   Reader[T]
	Modifier Modifier[T]
	Service  Service[T]
	// Keys are the flags of the fields that name a record and are always
	// shown; nil stands for the fields that are Key or Shown.
	Keys []string
	// flags are the flags, by path, of fields whose rows have none.
	flags map[string]string
}

// directory is a Directory compiled for serving.
type directory[T any] struct {
	*mounted[T]

	flags  map[string]string  // Directory's, by flag
	shown  []*record.Field[T] // the fields always shown
	called map[string]string  // names as they are shown, by path
}

func (c Directory[T]) routes(a *API) []*route {
	if c.Service != nil {
		c.Modifier = c.Service
	}
	if c.Modifier != nil {
		c.Reader = c.Modifier
	}
	d := c.compile()
	d.api = a
	r := &route{path: c.Path, pattern: d.Path, get: d.answer(d.show)}
	if c.Modifier != nil {
		r.patch = d.change(d.modify)
	}
	if c.Service != nil {
		r.post, r.delete = d.answer(d.create), d.change(d.remove)
	}
	return []*route{r}
}

func (c Directory[T]) compile() *directory[T] {
	d := &directory[T]{
		mounted: &mounted[T]{Resource: Resource[T]{
			Path:   cliPath + "/" + strings.ReplaceAll(c.Name, " ", "/"),
			Schema: c.Schema, Reader: c.Reader, Modifier: c.Modifier, Service: c.Service,
		}},
		flags: make(map[string]string), called: make(map[string]string),
	}
	for path, flag := range c.flags {
		d.flags[flag] = path
	}
	for i := range c.Schema.Fields() {
		f := &c.Schema.Fields()[i]
		flag := f.Flag
		if own := c.flags[f.Path]; own != "" {
			flag = own
		}
		d.computed = d.computed || f.Use.Has(record.Computed)
		if flag == "" {
			continue
		}
		d.called[f.Path] = strings.ReplaceAll(flag, "-", "_")
		if slices.Contains(c.Keys, flag) || c.Keys == nil && (f.Use.Has(record.Key) || f.Use.Has(record.Shown)) {
			d.shown = append(d.shown, f)
			d.named = append(d.named, f.Path)
		}
	}
	d.says = d.called
	return d
}

func (c Directory[T]) describe() description { return description{private: true} }

// answer is a handler whose errors speak the command line's names.
func (d *directory[T]) answer(h handler) handler {
	return func(x *exchange) error {
		if err := h(x); err != nil {
			return d.respell(err)
		}
		return nil
	}
}

// change is a handler that also tells, when it fails, that nothing was changed.
func (d *directory[T]) change(h handler) handler {
	return func(x *exchange) error {
		if err := h(x); err != nil {
			x.replyCLI(cliReply{failure: d.respell(err)})
		}
		return nil
	}
}

// A cliReply is what a change comes to.
type cliReply struct {
	status  int
	changed int
	output  string // what the command says
	failure error
	links   func(e *encoder) // where to go on; nil for nowhere
}

// replyCLI answers a change.
func (x *exchange) replyCLI(r cliReply) {
	e := x.encoder()
	e.open('{')
	e.name("num_records")
	e.integer(int64(r.changed))
	if r.failure != nil {
		why := x.refused(r.failure)
		r.status = why.status
		x.refusal(&e, why)
	} else {
		e.name("cli_output")
		e.text(r.output)
	}
	if r.links != nil {
		r.links(&e)
	}
	e.close('}')
	x.reply(r.status, &e)
}
