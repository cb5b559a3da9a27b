package rest

import (
	"strconv"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/record"
)

// An encoder writes one JSON document. It is hand-written because every
// response passes through it: it knows the few shapes there are, needs no
// reflection and lays the text out as ONTAP does, where an empty object is a
// brace, a line break and a brace.
type encoder struct {
	buf    []byte
	pretty bool
	depth  int
	inner  bool // the innermost container has a member already
}

func (e *encoder) open(bracket byte) {
	e.buf = append(e.buf, bracket)
	e.depth++
	e.inner = false
}

func (e *encoder) close(bracket byte) {
	e.depth--
	e.line()
	e.buf = append(e.buf, bracket)
	e.inner = true
}

// next starts a member or an element.
func (e *encoder) next() {
	if e.inner {
		e.buf = append(e.buf, ',')
	}
	e.inner = true
	e.line()
}

func (e *encoder) line() {
	if !e.pretty {
		return
	}
	e.buf = append(e.buf, '\n')
	for range e.depth {
		e.buf = append(e.buf, ' ', ' ')
	}
}

// name starts a member of an object; its value follows.
func (e *encoder) name(name string) {
	e.next()
	e.buf = appendQuoted(e.buf, name)
	e.buf = append(e.buf, ':')
	if e.pretty {
		e.buf = append(e.buf, ' ')
	}
}

func (e *encoder) text(s string) { e.buf = appendQuoted(e.buf, s) }

func (e *encoder) integer(n int64) { e.buf = strconv.AppendInt(e.buf, n, 10) }

// self writes the "_links" member of an object that links to one place.
func (e *encoder) self(href string) {
	e.name("_links")
	e.open('{')
	e.link("self", href)
	e.close('}')
}

func (e *encoder) link(rel, href string) {
	e.name(rel)
	e.open('{')
	e.name("href")
	e.text(href)
	e.close('}')
}

// value writes a record's value. An absent value and a secret are null: the
// first does not occur in a projection, the second must not be seen if it does.
func (e *encoder) value(v record.Value) {
	switch {
	case v == record.Present(v.Str()):
		e.text(v.Str())
	case v == record.Flag(true), v == record.Flag(false):
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case v == record.Integer(v.Int()):
		e.integer(v.Int())
	case v.Items() != nil:
		e.open('[')
		for _, item := range v.Items() {
			e.next()
			e.value(item)
		}
		e.close(']')
	case v.Members() != nil:
		e.open('{')
		for _, m := range v.Members() {
			e.name(m.Name)
			e.value(m.Value)
		}
		e.close('}')
	case v.Equal(noItems):
		e.open('[')
		e.close(']')
	case !v.Time().IsZero():
		e.buf = append(e.buf, '"')
		e.buf = v.Time().AppendFormat(e.buf, timeLayout)
		e.buf = append(e.buf, '"')
	default:
		e.buf = append(e.buf, "null"...)
	}
}

// noItems is an array that is there and empty.
var noItems = record.List()

// timeLayout is ISO 8601 with zone, as ONTAP prints instants.
const timeLayout = "2006-01-02T15:04:05Z07:00"

const lowerHex = "0123456789abcdef"

// appendQuoted appends a JSON string. What JavaScript takes for line ends is
// escaped, HTML is not, and bytes that are not UTF-8 become U+FFFD: the same
// text as encoding/json with SetEscapeHTML(false).
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = appendControl(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(b, s[start:i]...)
			b = append(b, `\ufffd`...)
			start = i + size
		} else if r == '\u2028' || r == '\u2029' {
			b = append(b, s[start:i]...)
			b = append(b, `\u202`...)
			b = append(b, lowerHex[r&15])
			start = i + size
		}
		i += size
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendControl(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
}
