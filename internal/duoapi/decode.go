package duoapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Errors of decoding name fields, never values: they end in Error.Detail and
// a value may be anything.
var (
	errEmpty = errors.New("the body is empty")
	errUTF8  = errors.New("the body is not UTF-8")
	errJSON  = errors.New("the body is not a JSON object")
	errTwice = errors.New("the body holds the same field twice")
)

// raw is one JSON value, nil when absent.
type raw json.RawMessage

func (v raw) absent() bool { return len(v) == 0 || string(v) == "null" }

// object is a JSON object by exact field names. encoding/json would take
// other letter case and the last of two equal names, which is no way to read
// an answer that lets people in.
type object map[string]raw

func readObject(body []byte) (object, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, errEmpty
	case !utf8.Valid(body):
		return nil, errUTF8
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errJSON
	}
	o := make(object)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, errJSON
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, errJSON
		}
		key, _ := name.(string)
		if _, there := o[key]; there {
			return nil, errTwice
		}
		o[key] = raw(v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, errJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return o, nil
}

// A decoder takes fields out of an object and keeps the first error, so that
// a reply is read in one go and judged once. Unknown fields are no error: Duo
// adds some from time to time.
type decoder struct {
	object object
	err    error
}

// decode starts on the object in v, which stands in the field named.
func decode(v raw, field string) *decoder {
	o, err := readObject(v)
	if err != nil {
		err = fmt.Errorf("the field %q is not an object", field)
	}
	return &decoder{object: o, err: err}
}

func (d *decoder) fail(field, how string) {
	if d.err == nil {
		d.err = fmt.Errorf("the field %q %s", field, how)
	}
}

// text is a string, "" when absent.
func (d *decoder) text(field string) string {
	v := d.object[field]
	if v.absent() {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		d.fail(field, "is not a text")
	}
	return s
}

// must is a string that may be neither absent nor empty.
func (d *decoder) must(field string) string {
	s := d.text(field)
	if s == "" {
		d.fail(field, "is missing")
	}
	return s
}

// word is a string that is one of some.
func (d *decoder) word(field string, known ...string) string {
	s := d.must(field)
	if !slices.Contains(known, s) {
		d.fail(field, "has an unknown value")
		return ""
	}
	return s
}

// number is a whole number, or a string of one; 0 when absent.
func (d *decoder) number(field string) int64 {
	v := d.object[field]
	if v.absent() {
		return 0
	}
	n, ok := looseInt(v)
	if !ok {
		d.fail(field, "is not a whole number")
	}
	return n
}

// digits is a string of digits that some versions of the service send as a
// number; "" when absent.
func (d *decoder) digits(field string) string {
	v := d.object[field]
	if v.absent() {
		return ""
	}
	s, ok := v.digits()
	if !ok {
		d.fail(field, "is not a code")
	}
	return s
}

// digits is a string, or a whole number as it stands.
func (v raw) digits() (string, bool) {
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	var s string
	err := json.Unmarshal(v, &s)
	return s, err == nil
}

// texts is a list of strings, nil when absent.
func (d *decoder) texts(field string) []string {
	var out []string
	for _, v := range d.list(field) {
		var s string
		if v.absent() || json.Unmarshal(v, &s) != nil {
			d.fail(field, "is not a list of texts")
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (d *decoder) list(field string) []raw {
	v := d.object[field]
	if v.absent() {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(v, &items) != nil {
		d.fail(field, "is not a list")
		return nil
	}
	out := make([]raw, len(items))
	for i, item := range items {
		out[i] = raw(item)
	}
	return out
}

// looseText is a string or nothing.
func looseText(v raw) string {
	var s string
	_ = json.Unmarshal(v, &s) // anything else counts as absent
	return s
}

// looseInt reads a whole number, written as a number or as a string.
func looseInt(v raw) (int64, bool) {
	digits := string(v)
	if len(v) > 0 && v[0] == '"' {
		digits = looseText(v)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}
