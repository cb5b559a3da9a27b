package record

import (
	"strings"
)

// An expression is the right side of a filter, as parsed: alternatives of
// which one must hold. ONTAP's grammar, made precise:
//
//	expression  = term *( "|" term )
//	term        = *"!" ( "null" / comparison / range / operand )
//	comparison  = ( "<" / "<=" / ">" / ">=" ) operand
//	range       = operand ".." operand
//
// An operand is made of plain text, "*", quoted text and text in braces.
//
// A negation concerns one term, not the list. "*" is any text, but what is not
// set matches null alone, so "*" also means "is set". Quotes and braces may
// stand anywhere in an operand and make what they enclose literal; braces
// nest. Quoted emptiness ("" or {}) is null, since the two are one to ONTAP.
// Wildcards do not go into comparisons and ranges.
type expression []term

// A term is one alternative.
type term struct {
	negated bool
	op      operator
	pieces  []string // for like: the texts between the wildcards; one piece is an exact text
	low     string   // the operand of a comparison, the lower end of a range
	high    string   // the upper end of a range
}

type operator uint8

const (
	like operator = iota
	isNull
	less
	lessOrEqual
	greater
	greaterOrEqual
	between
)

// comparisons lists the longer sign first, so that "<=" is not read as "<".
var comparisons = []struct {
	sign string
	op   operator
}{{"<=", lessOrEqual}, {">=", greaterOrEqual}, {"<", less}, {">", greater}}

// exact reports whether the term asks for one given text.
func (t term) exact() bool { return t.op == like && len(t.pieces) == 1 }

// anything reports whether the term is "*", which asks for any value at all.
func (t term) anything() bool {
	return t.op == like && len(t.pieces) > 1 && strings.Join(t.pieces, "") == ""
}

// operands points to the texts the term compares with.
func (t *term) operands() []*string {
	switch t.op {
	case isNull:
		return nil
	case like:
		texts := make([]*string, len(t.pieces))
		for i := range t.pieces {
			texts[i] = &t.pieces[i]
		}
		return texts
	case between:
		return []*string{&t.low, &t.high}
	default:
		return []*string{&t.low}
	}
}

// String prints the expression so that it parses to itself.
func (e expression) String() string {
	var b strings.Builder
	for i, t := range e {
		if i > 0 {
			b.WriteByte('|')
		}
		t.print(&b)
	}
	return b.String()
}

func (t term) print(b *strings.Builder) {
	if t.negated {
		b.WriteByte('!')
	}
	switch t.op {
	case isNull:
		b.WriteString("null")
	case like:
		for i, piece := range t.pieces {
			if i > 0 {
				b.WriteByte('*')
			}
			b.WriteString(quote(piece))
		}
	case between:
		b.WriteString(quote(t.low) + ".." + quote(t.high))
	default:
		for _, c := range comparisons {
			if c.op == t.op {
				b.WriteString(c.sign + quote(t.low))
			}
		}
	}
}

// quote writes a text so that an operand reads it literally.
func quote(text string) string {
	plain := !strings.ContainsAny(text, `*|"{}!<>=`) && !strings.Contains(text, "..") &&
		!strings.HasPrefix(text, ".") && !strings.HasSuffix(text, ".") && text != "null"
	switch {
	case plain:
		return text
	case !strings.Contains(text, `"`):
		return `"` + text + `"`
	}
	// A quote is literal in braces only, a lone brace in quotes only.
	parts := strings.Split(text, `"`)
	for i, part := range parts {
		if part != "" {
			parts[i] = `"` + part + `"`
		}
	}
	return strings.Join(parts, `{"}`)
}
