package record

import (
	"fmt"
	"slices"
	"strings"
)

// A Schema is a resource's declaration, checked and compiled once. It is
// immutable and may be shared.
type Schema[T any] struct {
	name   string
	fields []Field[T]
	shapes []shape         // of fields, without T
	paths  map[string]int  // rows by REST path
	flags  map[string]int  // rows by flag and alias
	groups map[string]span // rows below a path: "owner" → owner.uuid, owner.name
	keys   []int           // rows of the key
	tree   []node          // every readable row, nested
}

// A span is the rows from the first to before the last.
type span struct{ first, last int }

// A ref names a row, or one column of an Objects row.
type ref struct {
	row    int
	column string // "" for the row itself
}

// NewSchema compiles a declaration. The name ("duo_profile") stands for the
// resource in the audit log and the reference. It panics on a faulty
// declaration, which is a mistake of the program.
func NewSchema[T any](name string, fields ...Field[T]) *Schema[T] {
	s := &Schema[T]{
		name: name, fields: slices.Clone(fields),
		paths: make(map[string]int), flags: make(map[string]int), groups: make(map[string]span),
	}
	for i := range s.fields {
		s.declare(i)
	}
	for path := range s.groups {
		if _, ok := s.paths[path]; ok {
			panic(fmt.Sprintf("record: schema %s: %q is both a field and the beginning of others", name, path))
		}
	}
	s.tree = s.nest(span{0, len(s.fields)}, 0, s.everything())
	return s
}

func (s *Schema[T]) declare(i int) {
	f := &s.fields[i]
	if err := checkDeclaration(f); err != nil {
		panic(fmt.Sprintf("record: schema %s, field %q: %v", s.name, f.Path, err))
	}
	if f.Kind == Secret {
		f.Use |= WriteOnly
	}
	s.enter(s.paths, f.Path, i)
	for _, flag := range append([]string{f.Flag}, f.Aliases...) {
		if flag != "" {
			s.enter(s.flags, flag, i)
		}
	}
	for dot := range len(f.Path) {
		if f.Path[dot] == '.' {
			s.enterGroup(f.Path[:dot], i)
		}
	}
	if f.Use.Has(Key) {
		s.keys = append(s.keys, i)
	}
	s.shapes = append(s.shapes, shapeOf(f))
}

func (s *Schema[T]) enter(names map[string]int, name string, row int) {
	if _, ok := names[name]; ok {
		panic(fmt.Sprintf("record: schema %s: %q is declared twice", s.name, name))
	}
	names[name] = row
}

func (s *Schema[T]) enterGroup(path string, row int) {
	g, ok := s.groups[path]
	switch {
	case !ok:
		g = span{row, row}
	case g.last != row:
		panic(fmt.Sprintf("record: schema %s: the fields of %q do not stand together", s.name, path))
	}
	s.groups[path] = span{g.first, row + 1}
}

// Name returns the name of the resource.
func (s *Schema[T]) Name() string { return s.name }

// Fields returns the rows in declared order. They must not be changed.
func (s *Schema[T]) Fields() []Field[T] { return s.fields }

// Field returns the row of a REST path.
func (s *Schema[T]) Field(path string) (*Field[T], bool) { return s.lookup(s.paths, path) }

// FieldByFlag returns the row of a command-line flag or alias, without hyphen.
func (s *Schema[T]) FieldByFlag(flag string) (*Field[T], bool) { return s.lookup(s.flags, flag) }

func (s *Schema[T]) lookup(names map[string]int, name string) (*Field[T], bool) {
	row, ok := names[name]
	if !ok {
		return nil, false
	}
	return &s.fields[row], true
}

// Keys returns the paths of the rows that make up the key, in declared order.
func (s *Schema[T]) Keys() []string {
	paths := make([]string, len(s.keys))
	for i, row := range s.keys {
		paths[i] = s.fields[row].Path
	}
	return paths
}

// KeyOf returns the key of a record, one text for each of Keys.
func (s *Schema[T]) KeyOf(t *T) []string {
	key := make([]string, len(s.keys))
	for i, row := range s.keys {
		key[i] = s.fields[row].Get(t).String()
	}
	return key
}

// ReadKey reads the parts of a key as somebody wrote them and returns them as
// KeyOf spells them: a UUID in lower case, a number without leading zeros. It
// is false when no record can have the key.
func (s *Schema[T]) ReadKey(parts []string) ([]string, bool) {
	if len(parts) != len(s.keys) {
		return nil, false
	}
	key := make([]string, len(parts))
	for i, part := range parts {
		sh := &s.shapes[s.keys[i]]
		if part == "" {
			return nil, false
		}
		if sh.kind == String {
			key[i] = part // whatever it holds, it is spelled as it is
			continue
		}
		v, err := sh.scalar(part)
		if err != nil {
			return nil, false
		}
		key[i] = v.String()
	}
	return key, true
}

func (s *Schema[T]) keyValues(t *T) []Value {
	values := make([]Value, len(s.keys))
	for i, row := range s.keys {
		values[i] = s.fields[row].Get(t)
	}
	return values
}

// resolve finds what a filter or an order names: a row, a column of an Objects
// row ("applications.application"), or by its beginning alone the row that
// ends in ".name" ("owner" for "owner.name").
func (s *Schema[T]) resolve(name string) (ref, bool) {
	if row, ok := s.paths[name]; ok {
		return ref{row: row}, true
	}
	if row, ok := s.paths[name+".name"]; ok {
		return ref{row: row}, true
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return ref{}, false
	}
	row, ok := s.paths[name[:dot]]
	if !ok || s.shapes[row].column(name[dot+1:]) == nil {
		return ref{}, false
	}
	return ref{row: row, column: name[dot+1:]}, true
}

// path spells a ref as resolve reads it.
func (s *Schema[T]) path(r ref) string {
	if r.column == "" {
		return s.fields[r.row].Path
	}
	return s.fields[r.row].Path + "." + r.column
}

// shape returns the shape of what a ref names.
func (s *Schema[T]) shape(r ref) *shape {
	if r.column == "" {
		return &s.shapes[r.row]
	}
	return s.shapes[r.row].column(r.column)
}

func (s *Schema[T]) readable(row int) bool { return !s.fields[row].Use.Has(WriteOnly) }
func (s *Schema[T]) computed(row int) bool { return s.fields[row].Use.Has(Computed) }
