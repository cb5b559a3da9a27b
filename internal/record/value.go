package record

import (
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

// A Kind says what a field holds and so how it is read, compared and printed.
type Kind uint8

// The kinds of fields.
const (
	String  Kind = iota + 1 // free text, compared by its bytes, case-sensitively
	Enum                    // one of the words in Field.Enum, read in any letter case
	Bool                    // true or false
	Int                     // a whole number
	Time                    // an instant, RFC 3339 on the wire
	Strings                 // an array of free text
	Objects                 // an array of objects with the columns in Field.Elem
	Secret                  // write-only text: never read, printed, filtered or sorted by
	UUID                    // text kept in lower case and read in any letter case; its form is not checked
)

// String returns the word the reference uses for the kind.
func (k Kind) String() string {
	words := [...]string{"", "string", "enum", "boolean", "integer", "time", "array of strings", "array of objects", "secret", "UUID"}
	if int(k) >= len(words) {
		return ""
	}
	return words[k]
}

// A Value is one field's value in one record: absent (the zero Value), a
// scalar, a secret, an array or an object. It is immutable and comparable
// only through Equal.
type Value struct {
	kind valueKind
	num  int64
	text string
	more *composite
}

type valueKind uint8

const (
	absent valueKind = iota
	textValue
	boolValue
	intValue
	timeValue
	secretValue
	listValue
	objectValue
)

// scalar reports whether it is one value that is there and may be looked at.
func (k valueKind) scalar() bool { return k >= textValue && k <= timeValue }

// composite holds what few values need, to keep Value small.
type composite struct {
	list    []Value
	members []Member
	secret  secret.Text
}

// A Member is one named value of an object.
type Member struct {
	Name  string
	Value Value
}

// Text returns a text value; "" is the absent value, as ONTAP leaves out what
// is not set.
func Text(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{kind: textValue, text: s}
}

// Present returns a text value that is shown even when it is empty, for the
// few fields that clients expect to find whether set or not.
func Present(s string) Value { return Value{kind: textValue, text: s} }

// Flag returns a truth value.
func Flag(b bool) Value {
	v := Value{kind: boolValue}
	if b {
		v.num = 1
	}
	return v
}

// Integer returns a whole number.
func Integer(n int64) Value { return Value{kind: intValue, num: n} }

// Instant returns a point in time, to the microsecond; the zero time is the
// absent value.
func Instant(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	return Value{kind: timeValue, num: t.UnixMicro()}
}

// Hidden returns a secret; the absent secret is the absent value.
func Hidden(t secret.Text) Value {
	if t.IsZero() {
		return Value{}
	}
	return Value{kind: secretValue, more: &composite{secret: t}}
}

// List returns an array. The slice must not be changed afterwards.
func List(items ...Value) Value {
	return Value{kind: listValue, more: &composite{list: items}}
}

// Texts returns an array of text, and the absent value for an empty one.
func Texts(items []string) Value {
	if len(items) == 0 {
		return Value{}
	}
	list := make([]Value, len(items))
	for i, s := range items {
		list[i] = Value{kind: textValue, text: s}
	}
	return List(list...)
}

// Object returns an object with its members in the given order.
func Object(members ...Member) Value {
	return Value{kind: objectValue, more: &composite{members: members}}
}

// IsZero reports whether the value is absent.
func (v Value) IsZero() bool { return v.kind == absent }

// Str returns the text of a text value, else "".
func (v Value) Str() string { return v.text }

// Bool returns the truth of a truth value, else false.
func (v Value) Bool() bool { return v.kind == boolValue && v.num == 1 }

// Int returns the number of a whole number, else 0.
func (v Value) Int() int64 {
	if v.kind != intValue {
		return 0
	}
	return v.num
}

// Time returns the instant of a point in time, in UTC, else the zero time.
func (v Value) Time() time.Time {
	if v.kind != timeValue {
		return time.Time{}
	}
	return time.UnixMicro(v.num).UTC()
}

// Secret returns the secret of a secret value, else the absent one.
func (v Value) Secret() secret.Text {
	if v.kind != secretValue {
		return secret.Text{}
	}
	return v.more.secret
}

// Items returns the elements of an array, else nil. They must not be changed.
func (v Value) Items() []Value {
	if v.kind != listValue {
		return nil
	}
	return v.more.list
}

// Strings returns the texts of an array of text, else nil, in a new slice.
func (v Value) Strings() []string {
	if v.kind != listValue {
		return nil
	}
	out := make([]string, len(v.more.list))
	for i, item := range v.more.list {
		out[i] = item.text
	}
	return out
}

// Members returns the members of an object, else nil. They must not be changed.
func (v Value) Members() []Member {
	if v.kind != objectValue {
		return nil
	}
	return v.more.members
}

// Member returns the named member of an object, else the absent value.
func (v Value) Member(name string) Value {
	for _, m := range v.Members() {
		if m.Name == name {
			return m.Value
		}
	}
	return Value{}
}
