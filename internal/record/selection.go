package record

// A Selection is the set of fields to show, in declared order. It belongs to
// the schema that made it. The zero Selection shows nothing.
type Selection struct{ nodes []node }

type node struct{}

// ParseSelection reads a fields parameter: names, dotted names, braces
// ("version.{major,minor}"), "*", "**", "!" before a name to leave it out.
// The result includes the key and whatever is Shown. With ignoreUnknown
// unknown names are skipped. Errors, all with target "fields":
// UnknownSelection, NotReadable, Braces.
func (s *Schema[T]) ParseSelection(fields string, ignoreUnknown bool) (Selection, error) {
	panic("soon")
}

// All returns the selection of every readable field: fields=*.
func (s *Schema[T]) All() Selection { panic("soon") }

// Identity returns the selection of the key and whatever is Shown.
func (s *Schema[T]) Identity() Selection { panic("soon") }

// Includes reports whether the selection shows the field, or any field below
// the path.
func (sel Selection) Includes(path string) bool { panic("soon") }

// Project returns the selected fields of a record as an object: nested
// members in declared order, unset fields left out.
func (s *Schema[T]) Project(t *T, sel Selection) Value { panic("soon") }
