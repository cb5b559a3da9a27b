package rest

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Reader is what the domain offers of a readable resource. Every method
// applies the caller's scope itself: what is outside does not exist.
type Reader[T any] interface {
	// Rows yields the records in ascending order of key, starting with the
	// first key that is not less than from (nil: with the first of all). A
	// record is good until the next one is asked for and is not changed here.
	Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*T, error]
	// Find returns a private copy of the record under a key, or NotFound.
	Find(ctx context.Context, caller svm.Caller, key []string) (*T, error)
	// Fill brings the Computed fields of records up to date in the records
	// themselves, which are private. It is not called for a schema without
	// such fields.
	Fill(ctx context.Context, rows []*T) error
}

// A Modifier is what the domain offers of a resource whose records come and go
// with something else and can be changed.
type Modifier[T any] interface {
	Reader[T]
	// Modify changes the record under a key and returns what takes that back.
	Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[T]) (svm.Undo[T], error)
	// Restore takes a Modify back in a bulk call that failed later: Raced when
	// somebody else has changed the record since.
	Restore(ctx context.Context, caller svm.Caller, undo svm.Undo[T]) error
}

// A Service is what the domain offers of a resource whose records can be made,
// changed and removed.
type Service[T any] interface {
	Modifier[T]
	// Create makes a record and returns it with what takes that back.
	Create(ctx context.Context, caller svm.Caller, in record.Input[T]) (svm.Made[T], error)
	// Unmake takes a Create back in a bulk call that failed later: Raced when
	// somebody else has changed the record since.
	Unmake(ctx context.Context, caller svm.Caller, made svm.Made[T]) error
	// Delete removes the record under a key.
	Delete(ctx context.Context, caller svm.Caller, key []string) error
}

// A Resource mounts one kind of record in the API.
type Resource[T any] struct {
	// Path is where the collection is found under /api:
	// "/security/accounts". The key's fields follow as further segments.
	Path string
	// Schema declares the fields.
	Schema *record.Schema[T]
	// One of the three answers: Reader, for a resource that can only be read,
	// Modifier or Service. It takes the place of those above it.
	Reader   Reader[T]
	Modifier Modifier[T]
	Service  Service[T]
	// Singleton says that Path names one record, found under the nil key.
	Singleton bool
	// Operations are the ids of the operations there are.
	Operations Operations
	// Links gives, by the name of an object in the record ("owner"), the URL
	// of what it refers to; "" for nowhere.
	Links map[string]func(*T) string
	// Tag is the chapter of the reference, Title the plural the reference
	// calls the records by ("Duo profiles"), Doc a sentence or two on them.
	Tag, Title, Doc string
}

// Operations holds the operationId of every operation a resource supports;
// one without an id does not exist and is answered with 405.
type Operations struct {
	List, Create, ModifyMany, DeleteMany string // on the collection
	Read, Modify, Delete                 string // on one record
}

// Mounted is a Resource of any type.
type Mounted interface {
	routes(a *API) []*route
	describe() description
}

// mounted is a Resource compiled for serving.
type mounted[T any] struct {
	Resource[T]
	api      *API
	keys     []string          // paths of the key's fields
	named    []string          // paths of the fields that tell records apart to people
	says     map[string]string // what people call the fields, by path; the path itself if nothing
	computed bool
	// The queries of requests without a query string, which are most.
	plainOne, plainList record.Query[T]
	plainFills          bool // plainOne shows Computed fields
}

func (r Resource[T]) routes(a *API) []*route {
	if r.Service != nil {
		r.Modifier = r.Service
	}
	if r.Modifier != nil {
		r.Reader = r.Modifier
	}
	m := &mounted[T]{Resource: r, api: a, keys: r.Schema.Keys()}
	for _, f := range r.Schema.Fields() {
		m.computed = m.computed || f.Use.Has(record.Computed)
		if f.Use.Has(record.Key) || f.Use.Has(record.Shown) {
			m.named = append(m.named, f.Path)
		}
	}
	m.plainOne = m.plain(record.OneMode)
	m.plainList = m.plain(record.ListMode)
	m.plainFills = len(m.plainOne.NeedsComputed()) > 0
	if r.Singleton {
		return []*route{{path: r.Path, pattern: r.Path, get: m.readOne}}
	}
	ops := r.Operations
	collection := &route{
		path: r.Path, pattern: r.Path,
		get:    when(ops.List, m.list),
		post:   when(ops.Create, m.create),
		patch:  when(ops.ModifyMany, m.modifyMany),
		delete: when(ops.DeleteMany, m.deleteMany),
	}
	one := &route{
		path: r.Path, pattern: r.instancePattern(),
		get:    when(ops.Read, m.readOne),
		patch:  when(ops.Modify, m.modifyOne),
		delete: when(ops.Delete, m.deleteOne),
	}
	return []*route{collection, one}
}

func (r Resource[T]) instancePattern() string {
	if r.Singleton {
		return r.Path
	}
	return r.Path + "/{" + strings.Join(r.Schema.Keys(), "}/{") + "}"
}

func when(operationID string, h handler) handler {
	if operationID == "" {
		return nil
	}
	return h
}

// plain returns the query of a request without parameters.
func (r Resource[T]) plain(mode record.Mode) record.Query[T] {
	q, err := r.Schema.ParseQuery(nil, mode)
	if err != nil {
		panic(fmt.Sprintf("rest: %s cannot be read without parameters: %v", r.Path, err))
	}
	return q
}

// fill returns what record.Query.Run calls for Computed fields.
func (m *mounted[T]) fill() func(context.Context, []*T) error {
	if !m.computed {
		return nil
	}
	return m.Reader.Fill
}

// byKey calls f with the key in the path, spelled as the records have it, and,
// where that is not found and the path has a plus in it, again with the plus
// read as a space.
func (m *mounted[T]) byKey(x *exchange, f func(key []string) error) error {
	if m.Singleton {
		return f(nil)
	}
	err := m.atKey(x.keys, f)
	if !isNotFound(err) {
		return err
	}
	spaced, ok := spacedURL(x.r.URL)
	if !ok {
		return err
	}
	segments, splitErr := splitPath(spaced, nil)
	if splitErr != nil || len(segments) < len(x.keys) {
		return err
	}
	return m.atKey(segments[len(segments)-len(x.keys):], f)
}

func (m *mounted[T]) atKey(parts []string, f func(key []string) error) error {
	key, ok := m.Schema.ReadKey(parts)
	if !ok {
		return m.notFound()
	}
	return f(key)
}

func (m *mounted[T]) notFound() error {
	return fault.New(fault.NotFound, m.keys[len(m.keys)-1], msgNotFound)
}

// href returns the URL of a record.
func (m *mounted[T]) href(t *T) string {
	b := make([]byte, 0, 128)
	b = append(b, "/api"...)
	b = append(b, m.Path...)
	if !m.Singleton {
		for _, key := range m.Schema.KeyOf(t) {
			b = append(b, '/')
			b = appendEscaped(b, key)
		}
	}
	return string(b)
}
