package record

import (
	"slices"

	"github.com/duoplane/duoplane/internal/fault"
)

// Nothing returns the input in which no field is given, to be made into one
// by With.
func (s *Schema[T]) Nothing() Input[T] { return Input[T]{schema: s} }

// Has reports whether the field was given, be it as null.
func (in Input[T]) Has(path string) bool { return in.find(path) >= 0 }

// Get returns the value given for the field, the absent Value when it was not
// given or given as null.
func (in Input[T]) Get(path string) Value {
	if i := in.find(path); i >= 0 {
		return in.given[i].value
	}
	return Value{}
}

func (in Input[T]) find(path string) int {
	return slices.IndexFunc(in.given, func(a assignment) bool { return in.schema.fields[a.row].Path == path })
}

// Paths returns the paths of the fields given, in declared order.
func (in Input[T]) Paths() []string {
	paths := make([]string, len(in.given))
	for i, a := range in.given {
		paths[i] = in.schema.fields[a.row].Path
	}
	return paths
}

// Len returns the number of fields given.
func (in Input[T]) Len() int { return len(in.given) }

// Without returns the input less the named fields.
func (in Input[T]) Without(paths ...string) Input[T] {
	left := Input[T]{schema: in.schema}
	for _, a := range in.given {
		if !slices.Contains(paths, in.schema.fields[a.row].Path) {
			left.given = append(left.given, a)
		}
	}
	return left
}

// With returns the input with the field set to a value, which is not checked:
// it is for values that the program itself supplies. It panics if the schema
// has no such field.
func (in Input[T]) With(path string, v Value) Input[T] {
	row, ok := in.schema.paths[path]
	if !ok {
		panic("record: schema " + in.schema.name + " has no field " + path)
	}
	out := in.Without(path)
	out.given = append(out.given, assignment{row, v})
	out.sort()
	return out
}

// New makes a record: the Default of every row not given, then the values
// given. MissingField for the first Required row, in declared order, that was
// not given.
func (in Input[T]) New() (*T, error) {
	t := new(T)
	for row := range in.schema.fields {
		f := &in.schema.fields[row]
		if f.Use.Has(Required) && in.Get(f.Path).IsZero() {
			return nil, missing(f.Path)
		}
		if !f.Default.IsZero() && f.Set != nil && !in.Has(f.Path) {
			f.Set(t, f.Default)
		}
	}
	in.set(t)
	return t, nil
}

// Apply stores the values given in t, which must be the caller's own copy. A
// Key or CreateOnly field may repeat what the record has; with any other value
// it is NotPatchable. NothingToSet when no field is left to set. After an
// error t is unchanged.
func (in Input[T]) Apply(t *T) error {
	change := Input[T]{schema: in.schema}
	for _, a := range in.given {
		f := &in.schema.fields[a.row]
		fixed := f.Use.Has(Key) || f.Use.Has(CreateOnly) || f.Set == nil
		switch {
		case !fixed:
			change.given = append(change.given, a)
		case !f.Get(t).Equal(a.value):
			return fault.New(fault.NotPatchable, f.Path, "Field '%s' is not supported in the body of PATCH request", f.Path)
		}
	}
	if change.Len() == 0 {
		return fault.New(fault.NothingToSet, "", "The request names no field to modify.")
	}
	change.set(t)
	return nil
}

func (in Input[T]) set(t *T) {
	for _, a := range in.given {
		if set := in.schema.fields[a.row].Set; set != nil {
			set(t, a.value)
		}
	}
}

// Changes lists the fields given and what they became in the record after,
// in declared order, for the audit log: as Get shows them, secrets as
// "sha256:" and their fingerprint, guessable ones as a fixed word.
func (in Input[T]) Changes(after *T) []Change {
	changes := make([]Change, len(in.given))
	for i, a := range in.given {
		f := &in.schema.fields[a.row]
		shown := f.Get(after)
		if f.Kind == Secret {
			shown = a.value
		}
		changes[i] = Change{Path: f.Path, Value: shown.String()}
		if f.Kind == Secret && !f.Use.Has(Guessable) && !a.value.IsZero() {
			changes[i].Value = "sha256:" + a.value.Secret().Fingerprint()
		}
	}
	return changes
}
