package record

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
	op     Op
	given  []assignment // in declared order
}

type assignment struct {
	row   int
	value Value
}

// A Param is one decoded parameter of a query string, or one flag of a
// command line, in the order given.
type Param struct{ Name, Value string }

// A Change is one field of an Input as the audit log shows it.
type Change struct{ Path, Value string }

// ReadBody reads one record from a JSON body: ParseObject, then ReadObject.
func (s *Schema[T]) ReadBody(body []byte, op Op) (Input[T], error) { panic("soon") }

// ReadObject checks a parsed object against the schema. Members under "_links"
// are ignored at every level. Errors carry the path of the field:
// UnknownField, NotSettable (a ReadOnly field), BadValue, BadReason,
// ArrayWanted, ArrayUnwanted, DuplicateValue, MissingField (inside an array's
// element) and whatever the row's Check says. Fields that cannot be modified
// pass here under Modify, since they may repeat the record's own key; take
// them out with Without, Apply refuses what is left.
func (s *Schema[T]) ReadObject(o Body, op Op) (Input[T], error) { panic("soon") }

// ReadFlags reads one record from a command line: each Param is a flag without
// its hyphen (or an alias, or the REST path) and its text. The errors are
// those of ReadObject, and TwiceField.
func (s *Schema[T]) ReadFlags(flags []Param, op Op) (Input[T], error) { panic("soon") }

// ReadText reads one field's value from text as the command line has it:
// arrays separated by commas; "" and "-" clear a Clearable field.
func (s *Schema[T]) ReadText(path, text string) (Value, error) { panic("soon") }

// Has reports whether the field was given, be it as null.
func (in Input[T]) Has(path string) bool { panic("soon") }

// Get returns the value given for the field, the absent Value when it was not
// given or given as null.
func (in Input[T]) Get(path string) Value { panic("soon") }

// Paths returns the paths of the fields given, in declared order.
func (in Input[T]) Paths() []string { panic("soon") }

// Len returns the number of fields given.
func (in Input[T]) Len() int { panic("soon") }

// Without returns the input less the named fields.
func (in Input[T]) Without(paths ...string) Input[T] { panic("soon") }

// With returns the input with the field set to a value, which is not checked:
// it is for values that the program itself supplies. It panics if the schema
// has no such field.
func (in Input[T]) With(path string, v Value) Input[T] { panic("soon") }

// New makes a record: the Default of every row not given, then the values
// given. MissingField for the first Required row, in declared order, that was
// not given.
func (in Input[T]) New() (*T, error) { panic("soon") }

// Apply stores the values given in t, which must be the caller's own copy.
// NotPatchable for a Key or CreateOnly field, NothingToSet when no field is
// given; in both cases t is unchanged.
func (in Input[T]) Apply(t *T) error { panic("soon") }

// Changes lists the fields given and what they became in the record after,
// in declared order, for the audit log: as Get shows them, secrets as
// "sha256:" and their fingerprint.
func (in Input[T]) Changes(after *T) []Change { panic("soon") }
