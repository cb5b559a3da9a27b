package rest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
)

// A form is the use a schema is for.
type form uint8

const (
	returned form = iota // in a response
	created              // in a request that creates: fields have defaults
	modified             // in a request that modifies: what is not there stays as it is
)

func (f form) given() bool { return f != returned }

// definitions adds what a resource's bodies look like: the record as it is
// returned, and as it may be given on create and in a modification. Bodies
// name no required members, since an equally good body gives them dotted or
// in "records"; their descriptions tell.
func (d *description) definitions(to *ordered) {
	if d.actions != nil {
		d.actionDefinitions(to)
		return
	}
	to.set(d.Name, d.schema("A record as it is returned.", fieldDoc.readable, d.linked, returned))
	list := objectOf("A page of records, or the job that a change of several was.",
		entry{"records", arrayOf(refTo(d.Name))},
		entry{"num_records", &apiSchema{Type: "integer", Description: "Number of records in this page."}},
		entry{"errors", arrayOf(refTo("problem"))},
		entry{"rollback_errors", arrayOf(refTo("problem"))},
		entry{"job", &apiSchema{Type: "object", Description: "The job, if one ended within return_timeout."}},
		entry{"_links", refTo("page_links")})
	if d.listed {
		to.set(d.Name+"_list", list)
	}
	if !d.writable {
		return
	}
	for _, body := range []struct {
		suffix, doc string
		offered     bool
		takes       func(fieldDoc) bool
		form        form
	}{
		{"_create", "What may be given of a new record, or several such under \"records\".", d.Operations.Create != "", fieldDoc.creatable, created},
		{"_modify", "What may be given in a modification.", d.Operations.Modify != "", fieldDoc.modifiable, modified},
	} {
		if !body.offered {
			continue
		}
		s := d.schema(body.doc, body.takes, nil, body.form)
		if body.form == created {
			s.Description += " Required: " + strings.Join(d.required(), ", ") + "."
			s.Properties.set("records", recordsSchema())
		}
		to.set(d.Name+body.suffix, s)
		if body.form == modified && d.Operations.ModifyMany != "" {
			many := d.schema("What to give to every record that the query selects, or under \"records\" several records with their keys.", body.takes, nil, modified)
			many.Properties.set("records", recordsSchema())
			to.set(d.Name+"_modify_many", many)
		}
	}
}

// maxRecords is how many elements package record takes in an array.
const maxRecords = 10_000

func (d *description) required() []string {
	names := []string{}
	for _, f := range d.Fields {
		if f.Use.Has(record.Required) {
			names = append(names, f.Path)
		}
	}
	if len(names) == 0 {
		names = append(names, "nothing")
	}
	return names
}

func recordsSchema() *apiSchema {
	s := arrayOf(&apiSchema{Type: "object"})
	s.Description = "Several records in one call, which runs as a job."
	s.MaxItems, s.OmitEmpty = maxRecords, true
	return s
}

// schema builds an object out of the fields that pass.
func (d *description) schema(doc string, passes func(fieldDoc) bool, linked []string, use form) *apiSchema {
	root := objectOf(doc)
	for _, f := range d.Fields {
		if passes(f) {
			root.nest(strings.Split(f.Path, "."), f, use)
		}
	}
	if use.given() {
		return root
	}
	for _, name := range linked {
		if s := root.property(name); s != nil {
			s.Properties.set("_links", refTo("self_links"))
		}
	}
	root.Properties.set("_links", refTo("self_links"))
	return root
}

func (s *apiSchema) property(name string) *apiSchema {
	i := slices.IndexFunc(s.Properties, func(e entry) bool { return e.name == name })
	if i < 0 {
		return nil
	}
	return s.Properties[i].value.(*apiSchema)
}

// nest adds a field below its parents. A parent that may be given as a plain
// name has no type in a request.
func (s *apiSchema) nest(path []string, f fieldDoc, use form) {
	if len(path) == 1 {
		s.Properties.set(path[0], f.schema(use))
		return
	}
	parent := s.property(path[0])
	if parent == nil {
		parent = objectOf("")
		s.Properties.set(path[0], parent)
	}
	if use.given() && len(path) == 2 && path[1] == "name" {
		parent.Type, parent.Description = "", "An object; its name alone may be given instead."
	}
	parent.nest(path[1:], f, use)
}

func (f fieldDoc) schema(use form) *apiSchema {
	s := &apiSchema{Description: f.Doc, ReadOnly: !use.given() && !f.creatable()}
	switch f.Kind {
	case record.Bool:
		s.Type, s.Nullable = "boolean", use != created
	case record.Int:
		s.Type, s.Nullable = "integer", use != created
		if f.Min != 0 || f.Max != 0 {
			s.Minimum, s.Maximum = &f.Min, &f.Max
		}
	case record.Time:
		s.Type, s.Format = "string", "date-time"
	case record.Strings:
		s.Type, s.MaxItems = "array", f.Max
		s.Items = &apiSchema{Type: "string", Enum: f.Enum}
	case record.Objects:
		s.Type, s.MaxItems = "array", f.Max
		s.Items = columns(f.Elem)
	case record.Enum:
		s.Type, s.Enum = "string", f.Enum
	default:
		s.Type, s.MaxLength = "string", f.Max
	}
	s.Example = f.example()
	if use == created {
		s.Default = jsonOf(f.Default)
	}
	if use.given() {
		s.OmitEmpty = s.Type == "array"
		if f.Use.Has(record.Clearable) {
			s.Type = "" // null clears it, and OpenAPI 2 has no word for that
			s.MaxLength, s.MaxItems, s.Items = 0, 0, nil
			s.Description += " null takes the value away."
		}
	}
	return s
}

func columns(elem []record.Column) *apiSchema {
	s := objectOf("")
	for _, c := range elem {
		f := fieldDoc{Kind: c.Kind, Doc: c.Doc, Example: c.Example, Enum: c.Enum}
		s.Properties.set(c.Name, f.schema(returned))
		s.property(c.Name).ReadOnly = false
	}
	return s
}

// example returns the declared example in the field's own type, nil for none.
func (f fieldDoc) example() any {
	switch f.Kind {
	case record.Int:
		if n, err := strconv.ParseInt(f.Example, 10, 64); err == nil {
			return n
		}
		return nil
	case record.Bool:
		if b, err := strconv.ParseBool(f.Example); err == nil {
			return b
		}
		return nil
	case record.Strings:
		if f.Example != "" {
			return strings.Split(f.Example, ",")
		}
		return nil
	case record.Objects, record.Secret:
		return nil
	default:
		if f.Example == "" {
			return nil
		}
		return f.Example
	}
}

// jsonOf returns a default as a plain value, nil when there is none.
func jsonOf(v record.Value) any {
	switch {
	case v == record.Flag(true), v == record.Flag(false):
		return v.Bool()
	case v == record.Integer(v.Int()):
		return v.Int()
	case v.Str() != "":
		return v.Str()
	}
	return nil
}
