package rest

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
)

// An actionDoc is what the documents need to know of one method of an
// Endpoint.
type actionDoc struct {
	Method, Operation, Summary string
	// The names and fields of what it takes and of what it answers.
	InputName, OutputName string
	Input, Output         []fieldDoc
}

func (a Action[I, O]) document(method string) actionDoc {
	in := a.input()
	d := actionDoc{
		Method: method, Operation: a.Operation, Summary: a.Summary,
		InputName: in.Name(), OutputName: a.Output.Name(), Output: fieldDocs(a.Output),
	}
	for _, f := range fieldDocs(in) {
		if f.given = "optional"; f.Use.Has(record.Required) {
			f.given = "required"
		}
		f.returned = "never"
		d.Input = append(d.Input, f)
	}
	return d
}

func (e Endpoint) describe() description {
	d := description{Path: e.Path, Pattern: e.Path, Name: e.Name, Tag: e.Tag, Title: e.Title, Doc: e.Doc}
	for _, name := range strings.Split(e.Path, "{")[1:] {
		name, _, _ = strings.Cut(name, "}")
		d.Keys = append(d.Keys, fieldDoc{Path: name, Doc: e.Keys[len(d.Keys)]})
	}
	for _, m := range []struct {
		name string
		do   Acting
	}{{"GET", e.Get}, {"POST", e.Post}} {
		if m.do == nil {
			continue
		}
		doc := m.do.document(m.name)
		d.actions = append(d.actions, doc)
		for _, f := range slices.Concat(doc.Input, doc.Output) {
			d.addField(f)
		}
	}
	return d
}

// addField adds a field to the endpoint's table, or what is new of it where it
// is both taken and answered.
func (d *description) addField(f fieldDoc) {
	i := slices.IndexFunc(d.Fields, func(other fieldDoc) bool { return other.Path == f.Path })
	switch {
	case i < 0:
		d.Fields = append(d.Fields, f)
	case f.given == "":
		d.Fields[i].returned = f.Returned()
	}
}

// actionPath adds an endpoint's path with its operations.
func (d *description) actionPath(to *ordered) {
	var methods ordered
	for _, a := range d.actions {
		params := append(d.keyParams(), a.parameters()...)
		success := entry{"200", apiResponse{Description: "What came of it.", Schema: refTo(a.OutputName)}}
		methods.set(strings.ToLower(a.Method), d.operation(a.Operation, a.Summary, params, success, ""))
	}
	to.set(d.actionTemplate(), methods)
}

// actionTemplate is the path with names of keys that tools take.
func (d *description) actionTemplate() string {
	path := d.Path
	for _, k := range d.Keys {
		path = strings.Replace(path, "{"+k.Path+"}", "{"+k.parameter()+"}", 1)
	}
	return path
}

func (a *actionDoc) parameters() []apiParameter {
	var params []apiParameter
	switch {
	case len(a.Input) == 0:
	case a.Method == "POST":
		body := apiParameter{Name: "info", In: "body", Description: "Members may be nested or dotted.", Schema: refTo(a.InputName)}
		for _, f := range a.Input {
			body.Required = body.Required || f.Use.Has(record.Required)
		}
		params = append(params, body)
	default:
		for _, f := range a.Input {
			params = append(params, f.queryParameter())
		}
	}
	return append(params, refs("pretty")...)
}

func (f fieldDoc) queryParameter() apiParameter {
	p := apiParameter{Name: f.Path, In: "query", Type: "string", Description: f.Doc, Required: f.Use.Has(record.Required)}
	switch f.Kind {
	case record.Bool:
		p.Type = "boolean"
	case record.Int:
		p.Type = "integer"
	case record.Strings:
		p.Description += " Several are separated by commas."
	default:
	}
	return p
}

// actionDefinitions adds what an endpoint's bodies look like. Endpoints may
// share an answer.
func (d *description) actionDefinitions(to *ordered) {
	for _, a := range d.actions {
		if a.Method == "POST" && len(a.Input) > 0 {
			to.define(a.InputName, actionSchema("What may be given.", a.Input, created))
		}
		to.define(a.OutputName, actionSchema("What is answered.", a.Output, returned))
	}
}

func actionSchema(doc string, fields []fieldDoc, use form) *apiSchema {
	root := objectOf(doc)
	var required []string
	for _, f := range fields {
		root.nest(strings.Split(f.Path, "."), f, use)
		if use.given() && f.Use.Has(record.Required) {
			required = append(required, f.Path)
		}
	}
	if len(required) > 0 {
		root.Description += " Required: " + strings.Join(required, ", ") + "."
	}
	return root
}

// define is set for a name that may be there already.
func (o *ordered) define(name string, value any) {
	if !slices.ContainsFunc(*o, func(e entry) bool { return e.name == name }) {
		o.set(name, value)
	}
}
