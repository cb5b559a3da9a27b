package rest

import (
	"fmt"
	"strings"
)

// paths adds a resource's paths with their operations.
func (d *description) paths(to *ordered) {
	if d.actions != nil {
		d.actionPath(to)
		return
	}
	ops := d.Operations
	if d.Singleton {
		to.set(d.Path, ordered{{"get", d.operation(ops.Read, "Read "+d.Title, d.oneParams(), d.record(), "")}})
		return
	}
	var many ordered
	if ops.List != "" {
		params := append(d.filters(), refs("fields", "order_by", "max_records", "offset", "query", "query_fields", "return_records", "return_timeout", "ignore_unknown_fields", "job_results_uuid", "pretty")...)
		many.set("get", d.operation(ops.List, "List "+d.Title, params, d.page(), ""))
	}
	if ops.Create != "" {
		params := append([]apiParameter{d.body("_create")}, refs("return_changed", "return_timeout", "continue_on_failure", "serial_records", "pretty")...)
		many.set("post", d.operation(ops.Create, "Create one or several of "+d.Title, params, d.changed("201", "The record was created."), "job_started"))
	}
	bulk := append(d.filters(), refs("max_records", "return_changed", "return_timeout", "continue_on_failure", "serial_records", "pretty")...)
	if ops.ModifyMany != "" {
		params := append([]apiParameter{d.body("_modify_many")}, bulk...)
		many.set("patch", d.operation(ops.ModifyMany, "Modify the "+d.Title+" that a query selects, or those listed", params, d.page(), "job_started"))
	}
	if ops.DeleteMany != "" {
		params := append([]apiParameter{{
			Name: "records", In: "body", Description: "The keys of the records to delete, instead of a query.",
			Schema: objectOf("", entry{"records", recordsSchema()}),
		}}, bulk...)
		many.set("delete", d.operation(ops.DeleteMany, "Delete the "+d.Title+" that a query selects, or those listed", params, d.page(), "job_started"))
	}
	to.set(d.Path, many)

	var one ordered
	if ops.Read != "" {
		one.set("get", d.operation(ops.Read, "Read one of "+d.Title, d.oneParams(), d.record(), ""))
	}
	options := refs("return_changed", "return_timeout", "pretty")
	if ops.Modify != "" {
		params := append(append(d.keyParams(), d.body("_modify")), options...)
		one.set("patch", d.operation(ops.Modify, "Modify one of "+d.Title, params, d.changed("200", "The record was modified."), ""))
	}
	if ops.Delete != "" {
		params := append(d.keyParams(), options...)
		one.set("delete", d.operation(ops.Delete, "Delete one of "+d.Title, params, d.changed("200", "The record was deleted."), ""))
	}
	to.set(d.template(), one)
}

// operation puts one operation together. Job is the shared response to a call
// that runs as a job, "" where there is none.
func (d *description) operation(id, summary string, params []apiParameter, success entry, job string) apiOperation {
	op := apiOperation{Tags: []string{d.Tag}, Summary: summary, Description: d.Doc, OperationID: id, Parameters: params}
	op.Responses.set(success.name, success.value)
	if job != "" {
		op.Responses.set("202", refResponse(job))
	}
	op.Responses.set("401", refResponse("unauthorized"))
	op.Responses.set("403", refResponse("forbidden"))
	op.Responses.set("default", refResponse("failed"))
	return op
}

func refs(names ...string) []apiParameter {
	params := make([]apiParameter, len(names))
	for i, name := range names {
		params[i] = refParameter(name)
	}
	return params
}

// template is the path of one record. Tools take no dots in the names of
// parameters, and in a path the name is not sent, so it may be another.
func (d *description) template() string {
	names := make([]string, len(d.Keys))
	for i, k := range d.Keys {
		names[i] = k.parameter()
	}
	return d.Path + "/{" + strings.Join(names, "}/{") + "}"
}

func (f fieldDoc) parameter() string { return strings.ReplaceAll(f.Path, ".", "_") }

// keyParams are the key's fields in the path.
func (d *description) keyParams() []apiParameter {
	params := make([]apiParameter, len(d.Keys))
	for i, k := range d.Keys {
		params[i] = apiParameter{Name: k.parameter(), In: "path", Required: true, Type: "string", Description: k.Doc}
	}
	return params
}

func (d *description) oneParams() []apiParameter {
	return append(d.keyParams(), refs("fields", "ignore_unknown_fields", "return_timeout", "pretty")...)
}

// filters are the fields as query parameters. All are text, since operators
// may stand before and in the value.
func (d *description) filters() []apiParameter {
	var params []apiParameter
	for _, f := range d.Fields {
		if !f.readable() {
			continue
		}
		names := []string{f.Path}
		for _, c := range f.Elem {
			names = append(names, f.Path+"."+c.Name)
		}
		for _, name := range names {
			params = append(params, apiParameter{
				Name: name, In: "query", Type: "string",
				Description: fmt.Sprintf("Only records whose %s matches.", name),
			})
		}
	}
	return params
}

func (d *description) body(suffix string) apiParameter {
	return apiParameter{
		Name: "info", In: "body", Required: true, Schema: refTo(d.Name + suffix),
		Description: "Members may be nested or dotted (\"" + strings.Join(dotted(d), "\", \"") + "\").",
	}
}

// dotted returns up to two nested fields as examples of dotted spelling.
func dotted(d *description) []string {
	names := make([]string, 0, 2)
	for _, f := range d.Fields {
		if strings.Contains(f.Path, ".") && f.creatable() && len(names) < 2 {
			names = append(names, f.Path)
		}
	}
	if len(names) == 0 {
		names = append(names, "a.b")
	}
	return names
}

func (d *description) record() entry {
	return entry{"200", apiResponse{Description: "The record.", Schema: refTo(d.Name)}}
}

func (d *description) page() entry {
	return entry{"200", apiResponse{
		Description: "The records, or their number.", Schema: refTo(d.Name + "_list"),
		Headers: ordered{{"Link", textSchema("The next page, when the list was cut.")}},
	}}
}

// changed is the answer to a change of one record: an empty object unless the
// record is asked for.
func (d *description) changed(status, text string) entry {
	r := apiResponse{Description: text, Schema: objectOf("Empty, unless return_records=true.",
		entry{"num_records", &apiSchema{Type: "integer"}},
		entry{"records", arrayOf(refTo(d.Name))})}
	if status == "201" {
		r.Schema.Properties.set("job", &apiSchema{Type: "object", Description: "The job, if one ended within return_timeout."})
		r.Headers = ordered{{"Location", textSchema("URL of the new record.")}}
	}
	return entry{status, r}
}
