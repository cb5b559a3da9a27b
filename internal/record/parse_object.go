package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxDepth is how deep a body may nest, dots of its names included.
const maxDepth = 16

// ParseObject reads a body that must be one JSON object nested at most 16
// deep. Errors: BadJSON with the place, BadBody when it is JSON but not such
// an object, TwiceField with the dotted path.
//
// encoding/json alone would take a repeated member (the last wins), broken
// UTF-8 and half a surrogate pair (both replaced): here they are refused.
func ParseObject(body []byte) (Body, error) {
	if err := checkJSON(body); err != nil {
		return Body{}, err
	}
	p := objectParser{json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	v, err := p.value("", 0)
	if err != nil {
		return Body{}, err
	}
	if v.kind != jsonObject {
		return Body{}, fault.New(fault.BadBody, "", "The body must be one JSON object.")
	}
	return *v.object, nil
}

// checkJSON refuses everything that is not one well-formed JSON text.
func checkJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.BadBody, "", "The body is empty; it must be one JSON object.")
	}
	if !utf8.Valid(body) {
		return badJSON(body, invalidUTF8(body), "is not valid UTF-8")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		at := len(body)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(syntax.Offset)
		}
		return badJSON(body, at, "is not valid JSON")
	}
	if at, ok := halfSurrogate(body); ok {
		return badJSON(body, at, "has one half of a surrogate pair")
	}
	return nil
}

// badJSON tells the place only: the text around it may be a secret.
func badJSON(body []byte, at int, what string) error {
	before := body[:min(at, len(body))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := max(1, len(before)-1-bytes.LastIndexByte(before, '\n'))
	return fault.New(fault.BadJSON, "", "The body %s at line %d, column %d.", what, line, column)
}

func invalidUTF8(body []byte) int {
	at := 0
	for at < len(body) {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at + 1
}

// halfSurrogate finds a \u escape of well-formed JSON that is half a pair.
func halfSurrogate(body []byte) (at int, found bool) {
	for {
		i := bytes.IndexByte(body[at:], '\\')
		if i < 0 {
			return 0, false
		}
		at += i
		if body[at+1] != 'u' {
			at += 2
			continue
		}
		r := escaped(body[at:])
		if utf16.IsSurrogate(r) {
			if utf16.DecodeRune(r, escaped(body[at+6:])) == utf8.RuneError {
				return at + 1, true
			}
			at += 6
		}
		at += 6
	}
}

// escaped returns the code unit of the \uXXXX that b begins with, else -1.
func escaped(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		digit := rune(c - '0')
		if c > '9' {
			digit = rune(c|0x20-'a') + 10
		}
		r = r<<4 | digit
	}
	return r
}

// An objectParser walks the tokens of a body that is known to be well-formed.
type objectParser struct{ dec *json.Decoder }

// value reads the next value; path and depth are where it stands.
func (p objectParser) value(path string, depth int) (jsonValue, error) {
	token, err := p.dec.Token()
	if err != nil {
		return jsonValue{}, fault.Wrap(err, fault.BadJSON, "", "The body is not valid JSON.")
	}
	switch t := token.(type) {
	case json.Delim:
		if depth >= maxDepth {
			return jsonValue{}, tooDeep()
		}
		if t == '[' {
			return p.array(path, depth+1)
		}
		return p.object(path, depth+1)
	case string:
		return jsonValue{kind: jsonText, text: t}, checkNUL(path, t)
	case json.Number:
		return jsonValue{kind: jsonNumber, text: t.String()}, nil
	case bool:
		if t {
			return jsonValue{kind: jsonTrue}, nil
		}
		return jsonValue{kind: jsonFalse}, nil
	default:
		return jsonValue{kind: jsonNull}, nil
	}
}

func (p objectParser) array(path string, depth int) (jsonValue, error) {
	v := jsonValue{kind: jsonArray}
	for p.dec.More() {
		item, err := p.value(path, depth)
		if err != nil {
			return jsonValue{}, err
		}
		if len(v.list) == maxElements {
			return jsonValue{}, fault.New(fault.BadBody, echo(path), "An array holds more than %d elements.", maxElements)
		}
		v.list = append(v.list, item)
	}
	return v, p.close()
}

func (p objectParser) object(path string, depth int) (jsonValue, error) {
	o := &Body{}
	for p.dec.More() {
		member, err := p.value(path, depth) // the name: well-formed JSON has nothing else here
		if err != nil {
			return jsonValue{}, err
		}
		name := member.text
		below := depth + strings.Count(name, ".")
		if below > maxDepth {
			return jsonValue{}, tooDeep()
		}
		v, err := p.value(join(path, name), below)
		if err != nil {
			return jsonValue{}, err
		}
		if err := o.put(path, name, v, false); err != nil {
			return jsonValue{}, err
		}
	}
	return jsonValue{kind: jsonObject, object: o}, p.close()
}

// close takes the bracket that ends an array or an object.
func (p objectParser) close() error {
	if _, err := p.dec.Token(); err != nil {
		return fault.Wrap(err, fault.BadJSON, "", "The body is not valid JSON.")
	}
	return nil
}

func checkNUL(path, text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return fault.New(fault.BadBody, echo(path), "The body holds a NUL character.")
	}
	return nil
}

func tooDeep() error {
	return fault.New(fault.BadBody, "", "The body is nested deeper than %d levels.", maxDepth)
}
