package record

// ReadNamed reads one record from an object whose members are named and
// written as on a command line: a text or number is read as ReadFlags reads
// it, anything else as ReadObject does. pathOf returns the REST path of a
// member's name, "" for one that names nothing. The errors are those of
// ReadObject, and TwiceField for two names of one field.
func (s *Schema[T]) ReadNamed(o Body, op Op, pathOf func(name string) string) (Input[T], error) {
	in := Input[T]{schema: s}
	for _, m := range o.members {
		path := pathOf(m.name)
		row, ok := s.paths[path]
		if !ok {
			return Input[T]{}, unexpected(m.name)
		}
		if err := s.settable(row, op); err != nil {
			return Input[T]{}, err
		}
		value, err := s.shapes[row].readSpelled(m.value)
		if err != nil {
			return Input[T]{}, err
		}
		if in.Has(path) {
			return Input[T]{}, givenTwice(path)
		}
		if err := in.give(row, value); err != nil {
			return Input[T]{}, err
		}
	}
	in.sort()
	return in, nil
}

func (sh *shape) readSpelled(v jsonValue) (Value, error) {
	if v.kind == jsonText || v.kind == jsonNumber && sh.kind != Bool {
		return sh.parse(v.text)
	}
	return sh.read(v)
}
