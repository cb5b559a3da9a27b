package store

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A quick decoder reads documents of one Go type as encoding/json writes them:
// members in declared order, no spaces, texts without escapes. It is several
// times faster than encoding/json, which a start reads a million records with,
// and puts all texts of a record into one piece of memory. What is spelt in
// any other way it leaves to encoding/json, and so what it does not know: it
// never has an opinion of its own on what a document means.
type quick struct {
	members []quickMember
	readers sync.Pool // of *quickReader
}

type quickMember struct {
	head  []byte // `"name":`
	field int
	kind  quickKind
	inner *quick // of an object
}

type quickKind uint8

const (
	quickOther quickKind = iota // left to encoding/json
	quickText
	quickFlag
	quickNumber
	quickObject
	quickOwn // a text that the type itself reads
)

// newQuick returns a decoder for a struct type, nil for a type that has
// members whose names are not plain to see.
func newQuick(t reflect.Type) *quick {
	q := new(quick)
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case f.Anonymous || strings.Contains(options, "string"):
			return nil
		case !f.IsExported() || tag == "-":
			continue
		case name == "":
			name = f.Name
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil
		}
		m := quickMember{head: append(quoted, ':'), field: i}
		m.kind, m.inner = quickKindOf(f.Type)
		q.members = append(q.members, m)
	}
	return q
}

var (
	readsJSON = reflect.TypeFor[json.Unmarshaler]()
	readsText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func quickKindOf(t reflect.Type) (quickKind, *quick) {
	switch pointer := reflect.PointerTo(t); {
	case pointer.Implements(readsJSON):
		return quickOwn, nil
	case pointer.Implements(readsText):
		return quickOther, nil
	}
	switch t.Kind() {
	case reflect.String:
		return quickText, nil
	case reflect.Bool:
		return quickFlag, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return quickNumber, nil
	case reflect.Struct:
		if inner := newQuick(t); inner != nil {
			return quickObject, inner
		}
	default:
	}
	return quickOther, nil
}

// decode reads a document into a struct that is zero, and reports false when
// it has to be left to encoding/json; the struct may then hold anything.
func (q *quick) decode(doc []byte, into reflect.Value) bool {
	r, ok := q.readers.Get().(*quickReader)
	if !ok {
		r = new(quickReader)
	}
	defer func() {
		r.rest = nil // it may be part of something large
		q.readers.Put(r)
	}()
	r.rest, r.texts, r.gathered = doc, r.texts[:0], r.gathered[:0]
	if !q.object(r, into) || len(r.rest) > 0 {
		return false
	}
	all := string(r.gathered)
	for i := range r.texts {
		t := &r.texts[i]
		t.into.SetString(all[t.from:t.to])
	}
	clear(r.texts) // they point into the record
	return true
}

// A quickReader is one decoding under way.
type quickReader struct {
	rest     []byte
	texts    []quickWaiting
	gathered []byte // the texts' bytes
}

// A quickWaiting is a text that is set when all of them are known.
type quickWaiting struct {
	into     reflect.Value
	from, to int
}

func (q *quick) object(r *quickReader, into reflect.Value) bool {
	if !r.take('{') {
		return false
	}
	if r.take('}') {
		return true
	}
	for i := range q.members {
		m := &q.members[i]
		if !bytes.HasPrefix(r.rest, m.head) {
			continue // left out
		}
		r.rest = r.rest[len(m.head):]
		if !m.value(r, into.Field(m.field)) {
			return false
		}
		if r.take('}') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
	return false
}

func (m *quickMember) value(r *quickReader, into reflect.Value) bool {
	switch m.kind {
	case quickText:
		text, ok := r.text()
		if ok {
			from := len(r.gathered)
			r.gathered = append(r.gathered, text...)
			r.texts = append(r.texts, quickWaiting{into, from, len(r.gathered)})
		}
		return ok
	case quickFlag:
		for _, word := range []string{"true", "false"} {
			if rest, ok := bytes.CutPrefix(r.rest, []byte(word)); ok {
				r.rest = rest
				into.SetBool(word == "true")
				return true
			}
		}
	case quickNumber:
		return r.number(into)
	case quickObject:
		return m.inner.object(r, into)
	case quickOwn:
		before := r.rest
		if _, ok := r.text(); ok {
			own := into.Addr().Interface().(json.Unmarshaler) //nolint:forcetypeassert // quickKindOf saw to it
			return own.UnmarshalJSON(before[:len(before)-len(r.rest)]) == nil
		}
	case quickOther:
	}
	return false
}

func (r *quickReader) take(b byte) bool {
	if len(r.rest) == 0 || r.rest[0] != b {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// text takes a text without escapes and returns what is between its quotes.
func (r *quickReader) text() ([]byte, bool) {
	if !r.take('"') {
		return nil, false
	}
	ascii := true
	for i, b := range r.rest {
		switch {
		case b == '"':
			text := r.rest[:i]
			r.rest = r.rest[i+1:]
			return text, ascii || utf8.Valid(text)
		case b == '\\' || b < ' ':
			return nil, false
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false
}

// number takes a whole number that fits.
func (r *quickReader) number(into reflect.Value) bool {
	end := 0
	for end < len(r.rest) && strings.IndexByte("-0123456789.eE+", r.rest[end]) >= 0 {
		end++
	}
	text := string(r.rest[:end])
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text || into.OverflowInt(n) {
		return false
	}
	r.rest = r.rest[end:]
	into.SetInt(n)
	return true
}
