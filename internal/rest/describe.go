package rest

import (
	"maps"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
)

// A description is what the documents need to know of a resource.
type description struct {
	Path, Pattern    string
	Name             string // the schema's name, of which definitions' names are made
	Tag, Title, Doc  string
	Singleton        bool
	Operations       Operations
	Keys             []fieldDoc
	Fields           []fieldDoc
	actions          []actionDoc // of an Endpoint
	linked           []string    // objects that have "_links"
	writable, listed bool
	private          bool // in no document
}

// A fieldDoc is a record.Field without its type.
type fieldDoc struct {
	Path, Flag, Doc, Example string
	Kind                     record.Kind
	Use                      record.Use
	Default                  record.Value
	Enum                     []string
	Min, Max                 int64
	Elem                     []record.Column
	// Syntax tells what may be given: "1..3", "safe, secure".
	Syntax string
	// given and returned, where not "", are what Given and Returned say.
	given, returned string
}

func (r Resource[T]) describe() description {
	d := description{
		Path: r.Path, Pattern: r.instancePattern(), Name: r.Schema.Name(),
		Tag: r.Tag, Title: r.Title, Doc: r.Doc,
		Singleton: r.Singleton, Operations: r.Operations,
		linked:   slices.Sorted(maps.Keys(r.Links)),
		writable: r.Modifier != nil || r.Service != nil, listed: !r.Singleton,
	}
	d.Fields = fieldDocs(r.Schema)
	for i, f := range d.Fields {
		if d.writable && r.Operations.Create == "" && f.modifiable() {
			d.Fields[i].given = "modify"
		}
		if f.Use.Has(record.Key) && !r.Singleton {
			d.Keys = append(d.Keys, f)
		}
	}
	return d
}

func fieldDocs[T any](schema *record.Schema[T]) []fieldDoc {
	var docs []fieldDoc
	for i := range schema.Fields() {
		f := &schema.Fields()[i]
		docs = append(docs, fieldDoc{
			Path: f.Path, Flag: f.Flag, Doc: f.Doc, Example: f.Example,
			Kind: f.Kind, Use: f.Use, Default: f.Default, Enum: f.Enum, Min: f.Min, Max: f.Max, Elem: f.Elem,
			Syntax: strings.Trim(f.Syntax(), "<>"),
		})
	}
	return docs
}

// creatable, modifiable and readable tell where the field may occur.
func (f fieldDoc) creatable() bool { return !f.Use.Has(record.ReadOnly) }

func (f fieldDoc) modifiable() bool {
	return f.creatable() && !f.Use.Has(record.CreateOnly) && !f.Use.Has(record.Key)
}

func (f fieldDoc) readable() bool { return !f.Use.Has(record.WriteOnly) }

// Given says in words when the field may be given.
func (f fieldDoc) Given() string {
	switch {
	case f.given != "":
		return f.given
	case !f.creatable():
		return "never"
	case f.Use.Has(record.Required) && f.modifiable():
		return "required on create, may be modified"
	case f.Use.Has(record.Required):
		return "required on create"
	case f.modifiable():
		return "create, modify"
	}
	return "create"
}

// Returned says in words when the field is returned.
func (f fieldDoc) Returned() string {
	switch {
	case f.returned != "":
		return f.returned
	case !f.readable():
		return "never"
	case f.Use.Has(record.Key), f.Use.Has(record.Shown):
		return "always"
	}
	return "when set"
}

// DefaultText is the default in JSON's spelling, "" for none.
func (f fieldDoc) DefaultText() string { return f.Default.String() }

// Type says in words what the field holds: its type, and what of it may be
// given.
func (f fieldDoc) Type() string {
	if f.Kind == record.String && !f.creatable() {
		return "text"
	}
	switch f.Kind {
	case record.Bool:
		return "boolean"
	case record.Int:
		return "integer, " + f.Syntax
	case record.Time:
		return "time, " + f.Syntax
	case record.Strings:
		return "array of " + f.Syntax
	case record.Objects:
		return "array of objects"
	case record.Secret:
		return "secret " + f.Syntax
	case record.Enum:
		return "one of " + f.Syntax
	default:
		return f.Syntax
	}
}
