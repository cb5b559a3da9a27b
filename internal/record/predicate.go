package record

import (
	"slices"
	"strings"
)

// A predicate is one typed question about a scalar that is there. It does not
// allocate.
type predicate interface {
	holds(v Value) bool
}

type (
	isAnything  struct{}
	isText      string                    // exactly this text
	isWord      []string                  // one of few texts
	isAmong     map[string]bool           // one of many texts
	isBetween   struct{ low, high int64 } // number, truth or instant, ends included
	isTextRange struct {                  // text by its bytes
		low, high string // "" is no bound
		open      bool   // the ends are left out
	}
	isLike []string // texts with any text between them
)

func (isAnything) holds(Value) bool    { return true }
func (p isText) holds(v Value) bool    { return v.text == string(p) }
func (p isWord) holds(v Value) bool    { return slices.Contains(p, v.text) }
func (p isAmong) holds(v Value) bool   { return p[v.text] }
func (p isBetween) holds(v Value) bool { return p.low <= v.num && v.num <= p.high }

func (p isTextRange) holds(v Value) bool {
	if p.open && (v.text == p.low || v.text == p.high) {
		return false
	}
	return v.text >= p.low && (p.high == "" || v.text <= p.high)
}

func (p isLike) holds(v Value) bool {
	if v.kind == textValue {
		return p.matches(v.text)
	}
	// A number's or an instant's text fits the buffer, and the conversion stays
	// on the stack because matches keeps nothing.
	var buf [32]byte
	return p.matches(string(v.appendScalar(buf[:0])))
}

// matches finds the pieces in order, each as early as possible: the first at
// the beginning, the last at the end. One piece is the whole text.
func (p isLike) matches(text string) bool {
	last := len(p) - 1
	if last == 0 {
		return text == p[0]
	}
	text, ok := strings.CutPrefix(text, p[0])
	if !ok {
		return false
	}
	for _, piece := range p[1:last] {
		i := strings.Index(text, piece)
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
	return strings.HasSuffix(text, p[last])
}

// found reports whether the predicate holds for a value: for an array if it
// does for any element, for an object if it does for the column ("" is any).
func found(v Value, column string, p predicate) bool {
	switch v.kind {
	case absent:
		return false
	case listValue:
		for i := range v.more.list {
			if found(v.more.list[i], column, p) {
				return true
			}
		}
		return false
	case objectValue:
		for i := range v.more.members {
			if m := &v.more.members[i]; (column == "" || m.Name == column) && found(m.Value, "", p) {
				return true
			}
		}
		return false
	default:
		return p.holds(v)
	}
}
