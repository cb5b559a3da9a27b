package rest

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// levels are the values of privilege_level. All commands there are belong to
// the lowest, so it changes nothing.
var levels = []string{"admin", "advanced", "diagnostic"}

// A wish is a query string of the passthrough in REST's names.
type wish[T any] struct {
	params []record.Param
	// exactly are the paths of fields that are asked for by a plain value, and
	// filtered is whether any field is asked for at all.
	exactly  []string
	filtered bool
	fields   []*record.Field[T] // to be shown
}

// field returns the field of a flag or another spelling of it, with hyphens or
// underscores.
func (d *directory[T]) field(name string) (*record.Field[T], bool) {
	flag := strings.ReplaceAll(name, "_", "-")
	if path := d.flags[flag]; path != "" {
		return d.Schema.Field(path)
	}
	return d.Schema.FieldByFlag(flag)
}

// path is the path of a name, "" when it names nothing.
func (d *directory[T]) path(name string) string {
	f, ok := d.field(name)
	if !ok {
		return ""
	}
	return f.Path
}

// wish reads the query string.
func (d *directory[T]) wish(x *exchange) (wish[T], error) {
	w := wish[T]{fields: slices.Clone(d.shown)}
	if x.opts.has("job_results_uuid") {
		return w, unexpected("job_results_uuid")
	}
	lenient := slices.ContainsFunc(x.params, func(p record.Param) bool {
		yes, err := readBool(p)
		return p.Name == "ignore_unknown_fields" && yes && err == nil
	})
	for _, p := range x.params {
		var err error
		switch p.Name {
		case "privilege_level":
			if !slices.Contains(levels, p.Value) {
				err = badValue(p, strings.Join(levels, "|"))
			}
		case "force":
			_, err = readBool(p)
		case "fields":
			p.Value, err = d.wishFields(&w, p.Value, lenient)
			w.params = append(w.params, p)
		case "order_by", "$orderBy":
			p.Value, err = d.paths(p, " ", false)
			w.params = append(w.params, p)
		case "query_fields":
			p.Value, err = d.paths(p, "", lenient)
			w.params = append(w.params, p)
		case "query", "max_records", "offset", "return_records", "ignore_unknown_fields":
			w.params = append(w.params, p)
		default:
			err = d.wishFilter(&w, p)
		}
		if err != nil {
			return w, err
		}
	}
	return w, nil
}

// wishFilter reads a parameter that names a field. Where a page begins goes by
// REST's names, since it may need fields that the command line has not.
func (d *directory[T]) wishFilter(w *wish[T], p record.Param) error {
	if strings.HasPrefix(p.Name, "start.") {
		w.params = append(w.params, p)
		return nil
	}
	path := d.path(p.Name)
	if path == "" {
		return unexpected(p.Name)
	}
	value := d.Schema.StoredFilter(path, p.Value)
	if value == "-" {
		value = "null"
	}
	if value != "" && value != "null" && !strings.ContainsAny(value, `*|!<>{}"`) && !strings.Contains(value, "..") {
		w.exactly = append(w.exactly, path)
	}
	w.filtered = true
	w.params = append(w.params, record.Param{Name: path, Value: value})
	return nil
}

func unexpected(name string) error {
	return fault.New(fault.UnknownField, name, `Unexpected argument "%s"`, name)
}

// exact reports whether the wish names one record by all of its keys.
func (d *directory[T]) exact(w wish[T]) bool {
	return !slices.ContainsFunc(d.named, func(path string) bool { return !slices.Contains(w.exactly, path) })
}

// wishFields reads a list of fields and returns it in REST's names.
func (d *directory[T]) wishFields(w *wish[T], list string, lenient bool) (string, error) {
	if strings.Contains(list, "*") {
		return "", fault.New(fault.AllFields, "fields", `"fields" takes the names of the fields that are wanted, not "*".`)
	}
	if list == "" {
		return "", nil
	}
	names, err := d.paths(record.Param{Name: "fields", Value: list}, "", lenient)
	if err != nil {
		return "", err
	}
	for path := range strings.SplitSeq(names, ",") {
		if f, ok := d.Schema.Field(path); ok && !slices.Contains(w.fields, f) {
			w.fields = append(w.fields, f)
		}
	}
	return names, nil
}

// paths translates names between commas. What stands behind the names, if
// there is something to part it from them, is kept.
func (d *directory[T]) paths(p record.Param, behind string, lenient bool) (string, error) {
	var paths []string
	for item := range strings.SplitSeq(p.Value, ",") {
		name, rest := strings.TrimSpace(item), ""
		if i := strings.Index(name, behind); behind != "" && i >= 0 {
			name, rest = name[:i], name[i:]
		}
		f, ok := d.field(name)
		switch {
		case ok:
			paths = append(paths, f.Path+rest)
		case !lenient:
			return "", fault.New(fault.UnknownSelection, p.Name, `The value "%s" is invalid for field "%s" (<field,...>)`, name, p.Name)
		}
	}
	return strings.Join(paths, ","), nil
}

// respell puts the command line's name into an error in the place of a path.
func (d *directory[T]) respell(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code == fault.UnknownField { // which has the name already
		return err
	}
	name := d.name(f.Target)
	if name == "" {
		return err
	}
	said := *f
	said.Target = name
	for _, quote := range []string{`"`, `'`} {
		said.Msg = strings.ReplaceAll(said.Msg, quote+f.Target+quote, quote+name+quote)
	}
	if s, ok := errors.AsType[*statusError](err); ok {
		return &statusError{&said, s.status}
	}
	return &said
}

// name returns what the command line calls the field of a path: for an owner's
// UUID, which it does not have, the field of the owner's name.
func (d *directory[T]) name(path string) string {
	whole, _, _ := strings.Cut(path, ".")
	return cmp.Or(d.called[path], d.called[whole+".name"])
}
