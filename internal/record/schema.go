package record

// A Schema is a resource's declaration, checked and compiled once. It is
// immutable and may be shared.
type Schema[T any] struct {
	name   string
	fields []Field[T]
}

// NewSchema compiles a declaration. The name ("duo_profile") stands for the
// resource in the audit log and the reference. It panics on a faulty
// declaration, which is a mistake of the program.
func NewSchema[T any](name string, fields ...Field[T]) *Schema[T] { panic("soon") }

// Name returns the name of the resource.
func (s *Schema[T]) Name() string { return s.name }

// Fields returns the rows in declared order. They must not be changed.
func (s *Schema[T]) Fields() []Field[T] { return s.fields }

// Field returns the row of a REST path.
func (s *Schema[T]) Field(path string) (*Field[T], bool) { panic("soon") }

// FieldByFlag returns the row of a command-line flag or alias, without hyphen.
func (s *Schema[T]) FieldByFlag(flag string) (*Field[T], bool) { panic("soon") }

// Keys returns the paths of the rows that make up the key, in declared order.
func (s *Schema[T]) Keys() []string { panic("soon") }

// KeyOf returns the key of a record, one text for each of Keys.
func (s *Schema[T]) KeyOf(t *T) []string { panic("soon") }
