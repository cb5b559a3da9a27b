package record

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String returns the value as one line of text, as the command line and the
// audit log show it: arrays with commas, times as RFC 3339 in UTC, secrets as
// a fixed word, the absent value as "".
func (v Value) String() string {
	if v.kind == textValue {
		return v.text
	}
	return string(v.appendText(nil))
}

// GoString keeps a secret hidden from %#v too.
func (v Value) GoString() string { return "record.Value(" + strconv.Quote(v.String()) + ")" }

// appendScalar is apart from appendText so that a caller's buffer stays on the
// stack: in functions that call each other the compiler would give that up.
func (v Value) appendScalar(dst []byte) []byte {
	switch v.kind {
	case textValue:
		return append(dst, v.text...)
	case boolValue:
		return strconv.AppendBool(dst, v.num == 1)
	case intValue:
		return strconv.AppendInt(dst, v.num, 10)
	case timeValue:
		return v.Time().AppendFormat(dst, time.RFC3339Nano)
	case secretValue:
		return append(dst, "[redacted]"...)
	default:
		return dst
	}
}

func (v Value) appendText(dst []byte) []byte {
	switch v.kind {
	case listValue:
		for i, item := range v.more.list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.appendText(dst)
		}
		return dst
	case objectValue:
		return v.appendMembers(dst)
	default:
		return v.appendScalar(dst)
	}
}

func (v Value) appendMembers(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range v.more.members {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, m.Name...), '=')
		dst = m.Value.appendText(dst)
	}
	return append(dst, '}')
}

// Equal reports whether two values are the same: kind, order of elements and
// names of members included.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind || v.num != o.num || v.text != o.text {
		return false
	}
	if v.more == nil || o.more == nil {
		return v.more == o.more
	}
	return v.more.secret.Equal(o.more.secret) &&
		slices.EqualFunc(v.more.list, o.more.list, Value.Equal) &&
		slices.EqualFunc(v.more.members, o.more.members, func(a, b Member) bool {
			return a.Name == b.Name && a.Value.Equal(b.Value)
		})
}

// compareScalars orders two scalars of one kind. The absent value comes before
// every other, so that ascending lists begin with what is not set.
func compareScalars(a, b Value) int {
	switch {
	case a.kind == absent || b.kind == absent:
		return cmp.Compare(min(a.kind, textValue), min(b.kind, textValue))
	case a.kind == textValue:
		return strings.Compare(a.text, b.text)
	default:
		return cmp.Compare(a.num, b.num)
	}
}
