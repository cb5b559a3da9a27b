package duosim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
)

// maxParams bounds how many parameters one request may carry.
const maxParams = 200

var (
	errTooManyParams = errors.New("too many parameters")
	errNotAnObject   = errors.New("the body is not one JSON object of plain values")
)

// A param is one decoded parameter of a request.
type param struct{ name, value string }

// params are a request's parameters in the order they came.
type params []param

// parseForm decodes a query or a form body. What the client sent is only a
// carrier: the signature is over the names and values encoded again.
func parseForm(raw string) (params, error) {
	var out params
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if len(out) == maxParams {
			return nil, errTooManyParams
		}
		name, value, _ := strings.Cut(pair, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		out = append(out, param{n, v})
	}
	return out, nil
}

// parseJSON reads the parameters of a JSON body: one object whose values are
// text, numbers or booleans. Names given twice are kept twice, to be refused
// like those of a form.
func parseJSON(body []byte) (params, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, errNotAnObject
	}
	var out params
	for dec.More() {
		if len(out) == maxParams {
			return nil, errTooManyParams
		}
		name, err := dec.Token()
		if err != nil {
			return nil, errNotAnObject
		}
		value, err := dec.Token()
		if err != nil {
			return nil, errNotAnObject
		}
		text, ok := scalarText(value)
		if !ok {
			return nil, errNotAnObject
		}
		out = append(out, param{name.(string), text})
	}
	if _, err := dec.Token(); err != nil {
		return nil, errNotAnObject
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotAnObject
	}
	return out, nil
}

// scalarText gives a JSON value as a form would carry it. Null and everything
// with members has no such form.
func scalarText(tok json.Token) (string, bool) {
	switch v := tok.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	default:
		return "", false
	}
}

// get returns the value of a parameter, "" when absent.
func (p params) get(name string) string {
	for _, q := range p {
		if q.name == name {
			return q.value
		}
	}
	return ""
}

// twice returns the first name that is given more than once, "" when none is.
func (p params) twice() string {
	seen := make(map[string]bool, len(p))
	for _, q := range p {
		if seen[q.name] {
			return q.name
		}
		seen[q.name] = true
	}
	return ""
}

// canonical joins the parameters as they are signed: sorted by encoded name and
// then by encoded value. With whole true they are sorted as whole "name=value"
// strings instead, as Duo Unix does; the two differ only where one name begins
// another.
func (p params) canonical(whole bool) string {
	type pair struct{ name, value string }
	pairs := make([]pair, len(p))
	for i, q := range p {
		pairs[i] = pair{percentEncode(q.name), percentEncode(q.value)}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if whole {
			return strings.Compare(a.name+"="+a.value, b.name+"="+b.value)
		}
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var out strings.Builder
	for i, q := range pairs {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(q.name)
		out.WriteByte('=')
		out.WriteString(q.value)
	}
	return out.String()
}

// percentEncode encodes every byte but letters, digits and _ . ~ - with upper
// case hex digits. A blank becomes %20, never a plus sign.
func percentEncode(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '~', c == '-':
			out.WriteByte(c)
		default:
			out.WriteByte('%')
			out.WriteByte(hexDigits[c>>4])
			out.WriteByte(hexDigits[c&15])
		}
	}
	return out.String()
}
