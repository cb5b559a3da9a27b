package record

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/duoplane/duoplane/internal/fault"
)

// An Op is what the caller of a body or of flags wants to do with the record.
type Op uint8

// The operations. They decide which fields may be given.
const (
	Create Op = iota + 1 // a new record
	Modify               // some fields of an existing record
	Lookup               // only the fields that identify a record (bulk DELETE)
)

// An Input is what a caller gave for one record: checked values by field. A
// field given as null is in it with the absent Value. The zero Input has no
// schema and only answers that it is empty; an Input is immutable.
type Input[T any] struct {
	schema *Schema[T]
	given  []assignment // in declared order
}

type assignment struct {
	row   int
	value Value
}

// A Param is one decoded parameter of a query string, or one flag of a
// command line.
type Param struct{ Name, Value string }

// A Change is one field of an Input as the audit log shows it.
type Change struct{ Path, Value string }

// ReadBody reads one record from a JSON body: ParseObject, then ReadObject.
func (s *Schema[T]) ReadBody(body []byte, op Op) (Input[T], error) {
	o, err := ParseObject(body)
	if err != nil {
		return Input[T]{}, err
	}
	return s.ReadObject(o, op)
}

// ReadObject checks a parsed object against the schema. Members under "_links"
// are ignored at every level; a plain text stands for the ".name" below it
// ("owner": "svm1"). Errors carry the path of the field: UnknownField,
// NotSettable (a ReadOnly field), BadValue, BadReason, ArrayWanted,
// ArrayUnwanted, DuplicateValue, MissingField (inside an array's element) and
// whatever the row's Check says. Fields that cannot be modified pass here
// under Modify, since they may repeat what the record has: Apply sees to it.
func (s *Schema[T]) ReadObject(o Body, op Op) (Input[T], error) {
	in := Input[T]{schema: s}
	if err := in.readObject("", o, op); err != nil {
		return Input[T]{}, err
	}
	in.sort()
	return in, nil
}

func (in *Input[T]) readObject(path string, o Body, op Op) error {
	for _, m := range o.members {
		if m.name == linksName {
			continue
		}
		if err := in.readMember(join(path, m.name), m.value, op); err != nil {
			return err
		}
	}
	return nil
}

func (in *Input[T]) readMember(path string, v jsonValue, op Op) error {
	s := in.schema
	if row, ok := s.paths[path]; ok {
		if err := s.settable(row, op); err != nil {
			return err
		}
		value, err := s.shapes[row].read(v)
		if err != nil {
			return err
		}
		return in.give(row, value)
	}
	if _, ok := s.groups[path]; !ok {
		return unexpected(path)
	}
	_, named := s.paths[path+".name"]
	switch {
	case v.kind == jsonObject:
		return in.readObject(path, *v.object, op)
	case v.kind == jsonText && named:
		return in.readMember(path+".name", v, op)
	case v.kind == jsonArray:
		return fault.New(fault.ArrayUnwanted, path, "Field \"%s\" takes one value, not an array.", path)
	default:
		return invalid(fault.BadValue, v.literal(), path, "<object>")
	}
}

// ReadFlags reads one record from a command line: each Param is a flag without
// its hyphen (or an alias, or the REST path) and its text. The errors are
// those of ReadObject, and TwiceField.
func (s *Schema[T]) ReadFlags(flags []Param, op Op) (Input[T], error) {
	in := Input[T]{schema: s}
	for _, flag := range flags {
		row, ok := s.flags[flag.Name]
		if !ok {
			row, ok = s.paths[flag.Name]
		}
		if !ok {
			return Input[T]{}, unexpected(flag.Name)
		}
		if err := s.settable(row, op); err != nil {
			return Input[T]{}, err
		}
		value, err := s.shapes[row].parse(flag.Value)
		if err != nil {
			return Input[T]{}, err
		}
		if in.Has(s.fields[row].Path) {
			return Input[T]{}, givenTwice(s.fields[row].Path)
		}
		if err := in.give(row, value); err != nil {
			return Input[T]{}, err
		}
	}
	in.sort()
	return in, nil
}

// settable refuses rows that the operation does not take.
func (s *Schema[T]) settable(row int, op Op) error {
	use := s.fields[row].Use
	switch {
	case op == Lookup && !use.Has(Key) && !use.Has(Shown),
		op == Modify && use.Has(ReadOnly) && !use.Has(Key),
		op == Create && use.Has(ReadOnly):
		return notSettable(s.fields[row].Path)
	default:
		return nil
	}
}

func (in *Input[T]) give(row int, v Value) error {
	if err := in.schema.check(row, v); err != nil {
		return err
	}
	in.given = append(in.given, assignment{row, v})
	return nil
}

// check runs the row's own rule on a value that is there.
func (s *Schema[T]) check(row int, v Value) error {
	f := &s.fields[row]
	if f.Check == nil || v.IsZero() {
		return nil
	}
	err := f.Check(v)
	if err == nil {
		return nil
	}
	refusal, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return fmt.Errorf("check field %s: %w", f.Path, err)
	}
	named := *refusal
	named.Target = cmp.Or(named.Target, f.Path)
	return &named
}

func (in *Input[T]) sort() {
	slices.SortFunc(in.given, func(a, b assignment) int { return cmp.Compare(a.row, b.row) })
}
