package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// An Endpoint mounts a path that does something instead of holding records.
type Endpoint struct {
	// Path is where it is found under /api, with keys in braces:
	// "/duoplane/profiles/{owner.uuid}/test". Privileges are judged by what
	// stands before the first key.
	Path string
	// Keys say what the keys in Path are, in order. They are UUIDs, which
	// stand there in any letter case.
	Keys []string
	// Get and Post are what the methods do; nil for a method there is not.
	Get, Post Acting
	// Name is a word for the endpoint in the documents. Tag, Title and Doc are
	// as in Resource.
	Name, Tag, Title, Doc string
}

// An Action is what one method of an Endpoint does. What it takes and what it
// answers are declared like records: GET takes the fields of Input as
// parameters, POST as members of the body.
type Action[I, O any] struct {
	// Operation is the id of the operation, Summary what it does in a few words.
	Operation, Summary string
	// Input may be nil for an action that takes nothing.
	Input  *record.Schema[I]
	Output *record.Schema[O]
	// Do does it. Key holds the keys in the path; in may be made into a value
	// with New, or applied. It applies the caller's scope itself.
	Do func(ctx context.Context, caller svm.Caller, key []string, in record.Input[I]) (*O, error)
	// Outdated, if any, is told of a POST that could not be done because what is
	// known of the accounts is too old to tell who asks: caller has the name
	// that was given, of whom nobody knows whether it is theirs.
	Outdated func(ctx context.Context, caller svm.Caller, in record.Input[I])
	// Hold is how long Do may wait for something to happen. Such requests are
	// not among those that MaxRequests bounds: Do bounds them itself.
	Hold time.Duration
}

// Acting is an Action of any types.
type Acting interface {
	handler(method string) handler
	document(method string) actionDoc
	hold() time.Duration
	outdated() func(x *exchange) error
}

// prefix is the part of the path before its first key.
func (e Endpoint) prefix() string {
	before, _, _ := strings.Cut(e.Path, "/{")
	return before
}

func (e Endpoint) routes(*API) []*route {
	r := &route{path: e.prefix(), pattern: e.Path}
	if e.Get != nil {
		r.get, r.hold = e.Get.handler(http.MethodGet), e.Get.hold()
	}
	if e.Post != nil {
		r.post, r.hold = e.Post.handler(http.MethodPost), max(r.hold, e.Post.hold())
		r.outdated = e.Post.outdated()
	}
	return []*route{r}
}

func (a Action[I, O]) hold() time.Duration { return a.Hold }

func (a Action[I, O]) outdated() func(x *exchange) error {
	if a.Outdated == nil {
		return nil
	}
	schema := a.input()
	return func(x *exchange) error {
		b, err := x.readBody()
		if err != nil {
			return err
		}
		in, err := schema.ReadBody(b, record.Modify)
		if err != nil {
			return err
		}
		name, _, _ := x.r.BasicAuth()
		a.Outdated(x.ctx, svm.Caller{Name: name, From: visitorOf(x.ctx, x.r.RemoteAddr).from}, in)
		return nil
	}
}

// input returns the declaration of what the action takes.
func (a Action[I, O]) input() *record.Schema[I] {
	if a.Input == nil {
		return record.NewSchema[I]("nothing")
	}
	return a.Input
}

func (a Action[I, O]) handler(method string) handler {
	schema := a.input()
	return func(x *exchange) error {
		read := readParams[I]
		if method == http.MethodPost {
			read = readMembers[I]
		}
		in, err := read(x, schema)
		if err != nil {
			return err
		}
		if a.Hold > 0 {
			x.api.inFlight.Add(-1)
			defer x.api.inFlight.Add(1)
		}
		key := make([]string, len(x.keys)) // Do may keep it
		for i, k := range x.keys {
			key[i] = strings.ToLower(k)
		}
		out, err := a.Do(x.ctx, x.caller, key, in)
		if err != nil {
			return err
		}
		e := x.encoder()
		e.open('{')
		a.Output.Show(out, a.Output.All(), fields{&e})
		e.close('}')
		x.reply(http.StatusOK, &e)
		return nil
	}
}

// readParams reads the input of a GET.
func readParams[I any](x *exchange, schema *record.Schema[I]) (record.Input[I], error) {
	if err := x.noBody(); err != nil {
		return record.Input[I]{}, err
	}
	return schema.ReadFlags(x.params, record.Modify)
}

// readMembers reads the input of a POST, which may do without a body.
func readMembers[I any](x *exchange, schema *record.Schema[I]) (record.Input[I], error) {
	if _, err := schema.ParseQuery(x.params, record.CreateMode); err != nil {
		return record.Input[I]{}, err
	}
	b, err := x.readBody()
	if err != nil {
		return record.Input[I]{}, err
	}
	if len(strings.TrimSpace(string(b))) == 0 {
		b = []byte("{}")
	}
	return schema.ReadBody(b, record.Modify)
}
