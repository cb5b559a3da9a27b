package duosim

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
)

// A document is a reply's object with its members in order. Values are text,
// int, documents and, in JSON alone, lists of text or documents.
type document []member

type member struct {
	name  string
	value any
}

// with returns the document with one more member.
func (d document) with(name string, value any) document {
	return append(d, member{name, value})
}

// MarshalJSON writes the members in their order.
func (d document) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range d {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		value, err := plainJSON(m.value)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", m.name, err)
		}
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// plainJSON is json.Marshal without the escapes that only HTML needs.
func plainJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// BSON element types, and nothing more than the Duo Unix of that age reads.
const (
	bsonText  = 0x02
	bsonDoc   = 0x03
	bsonInt32 = 0x10
)

// bson encodes the document as Duo Unix up to 1.11 reads it. A number is an
// int32: a wider one reads as missing there.
func (d document) bson() ([]byte, error) {
	out := make([]byte, 4, 256)
	for _, m := range d {
		var err error
		if out, err = appendElement(out, m); err != nil {
			return nil, err
		}
	}
	out = append(out, 0)
	return sized(out, 0)
}

func appendElement(out []byte, m member) ([]byte, error) {
	switch v := m.value.(type) {
	case string:
		out = appendName(out, bsonText, m.name)
		at := len(out)
		out = append(out, 0, 0, 0, 0)
		out = append(out, v...)
		out = append(out, 0)
		binary.LittleEndian.PutUint32(out[at:], uint32(len(v)+1)) //nolint:gosec // G115: replies are far smaller
		return out, nil
	case int:
		if v < math.MinInt32 || v > math.MaxInt32 {
			return nil, fmt.Errorf("encode %s: %d does not fit into 32 bits", m.name, v)
		}
		return binary.LittleEndian.AppendUint32(appendName(out, bsonInt32, m.name), uint32(v)), nil //nolint:gosec // G115: two's complement is what is wanted
	case document:
		inner, err := v.bson()
		if err != nil {
			return nil, err
		}
		return append(appendName(out, bsonDoc, m.name), inner...), nil
	default:
		return nil, fmt.Errorf("encode %s: BSON has no form for %T here", m.name, m.value)
	}
}

func appendName(out []byte, kind byte, name string) []byte {
	return append(append(append(out, kind), name...), 0)
}

func sized(out []byte, at int) ([]byte, error) {
	if len(out) > math.MaxInt32 {
		return nil, fmt.Errorf("a document of %d bytes is too large for BSON", len(out))
	}
	binary.LittleEndian.PutUint32(out[at:], uint32(len(out))) //nolint:gosec // G115: just checked
	return out, nil
}
