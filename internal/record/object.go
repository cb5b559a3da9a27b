package record

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// A Body is one strict JSON object as parsed by ParseObject: no member twice
// (dotted members expanded: {"a.b":1} is {"a":{"b":1}}), text valid UTF-8
// without NUL. It keeps the order of its members and is immutable.
type Body struct {
	members []jsonMember
	index   map[string]int
}

// A jsonMember is one member of a Body. It is implied when only dotted names
// spoke of it so far, so that its own name may still come.
type jsonMember struct {
	name    string
	value   jsonValue
	implied bool
}

// A jsonValue is any JSON value. Text holds a string, or a number as written.
type jsonValue struct {
	kind   jsonKind
	text   string
	list   []jsonValue
	object *Body
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonTrue
	jsonFalse
	jsonNumber
	jsonText
	jsonArray
	jsonObject
)

// literal is a value as a message repeats it.
func (v jsonValue) literal() string {
	switch v.kind {
	case jsonNull:
		return "null"
	case jsonTrue:
		return "true"
	case jsonFalse:
		return "false"
	case jsonArray:
		return "[…]"
	case jsonObject:
		return "{…}"
	default:
		return v.text
	}
}

// Len returns the number of members.
func (o Body) Len() int { return len(o.members) }

// Has reports whether the object has a member of that name, at its top level.
func (o Body) Has(name string) bool {
	_, ok := o.index[name]
	return ok
}

// IsNull reports whether the object has a member of that name that is null.
func (o Body) IsNull(name string) bool {
	i, ok := o.index[name]
	return ok && o.members[i].value.kind == jsonNull
}

// Names returns the names of the members at the top level, in order.
func (o Body) Names() []string {
	names := make([]string, len(o.members))
	for i, m := range o.members {
		names[i] = m.name
	}
	return names
}

// Objects returns the member that holds an array of objects ("records"), and
// false when there is no such member. ArrayWanted when it is not an array,
// BadBody when an element is not an object.
func (o Body) Objects(name string) (elements []Body, ok bool, err error) {
	i, ok := o.index[name]
	if !ok {
		return nil, false, nil
	}
	v := o.members[i].value
	if v.kind != jsonArray {
		return nil, true, fault.New(fault.ArrayWanted, name, "Field \"%s\" takes an array.", echo(name))
	}
	elements = make([]Body, len(v.list))
	for i, item := range v.list {
		if item.kind != jsonObject {
			return nil, true, fault.New(fault.BadBody, name, "Element %d of \"%s\" is not an object.", i+1, echo(name))
		}
		elements[i] = *item.object
	}
	return elements, true, nil
}

// Without returns the object less the named members of its top level.
func (o Body) Without(names ...string) Body {
	left := Body{index: make(map[string]int, len(o.members))}
	for _, m := range o.members {
		if !slices.Contains(names, m.name) {
			left.add(m)
		}
	}
	return left
}

func (o *Body) add(m jsonMember) {
	if o.index == nil {
		o.index = make(map[string]int)
	}
	o.index[m.name] = len(o.members)
	o.members = append(o.members, m)
}

// put stores a value under a dotted name while the object is being parsed;
// path is where the object stands, for errors.
func (o *Body) put(path, name string, v jsonValue, implied bool) error {
	head, rest, dotted := strings.Cut(name, ".")
	if dotted {
		inner := &Body{}
		if err := inner.put(join(path, head), rest, v, false); err != nil {
			return err
		}
		return o.put(path, head, jsonValue{kind: jsonObject, object: inner}, true)
	}
	i, ok := o.index[head]
	if !ok {
		o.add(jsonMember{name: head, value: v, implied: implied})
		return nil
	}
	m := &o.members[i]
	if m.value.kind != jsonObject || v.kind != jsonObject || !m.implied && !implied {
		return givenTwice(join(path, head))
	}
	m.implied = m.implied && implied
	for _, inner := range v.object.members {
		if err := m.value.object.put(join(path, head), inner.name, inner.value, inner.implied); err != nil {
			return err
		}
	}
	return nil
}

// givenTwice does not repeat the values: one of them may be a secret.
func givenTwice(path string) error {
	path = echo(path)
	return fault.New(fault.TwiceField, path, "Field \"%s\" was specified twice.", path)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
