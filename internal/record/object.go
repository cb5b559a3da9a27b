package record

// A Body is one strict JSON object as parsed by ParseObject: no member twice
// (dotted members expanded: {"a.b":1} is {"a":{"b":1}}), text valid UTF-8
// without NUL. It keeps the order of its members and is immutable.
type Body struct{ members []jsonMember }

type jsonMember struct {
	name string
}

// ParseObject reads a body that must be one JSON object nested at most 16
// deep. Errors: BadJSON with the place, BadBody when it is JSON but not such
// an object, TwiceField with the dotted path.
func ParseObject(body []byte) (Body, error) { panic("soon") }

// Len returns the number of members.
func (o Body) Len() int { panic("soon") }

// Has reports whether the object has a member of that name, at its top level.
func (o Body) Has(name string) bool { panic("soon") }

// Names returns the names of the members at the top level, in order.
func (o Body) Names() []string { panic("soon") }

// Objects returns the member that holds an array of objects ("records"), and
// false when there is no such member. ArrayWanted when it is not an array,
// BadBody when an element is not an object.
func (o Body) Objects(name string) (elements []Body, ok bool, err error) { panic("soon") }

// Without returns the object less the named members of its top level.
func (o Body) Without(names ...string) Body { panic("soon") }
